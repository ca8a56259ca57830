"""The names of what is on offer at Stripe, and what a price says that it is for."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.catalog import Incentive, Interval
from chalicelib.payments import offered

MONTHLY: dict[str, Any] = {
    "lookup_key": None,
    "metadata": {"tally_plan": "pro", "tally_interval": "month", "colour": "blue"},
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
}


def test_products_and_prices_are_named_after_what_they_are() -> None:
    assert (offered.package_product("starter"), offered.package_key("starter")) == ("tally_package_starter",) * 2
    assert offered.plan_product("pro") == "tally_plan_pro"
    assert [offered.plan_key("pro", each) for each in Interval] == ["tally_plan_pro_month", "tally_plan_pro_year"]


def test_tags_say_what_a_product_or_a_price_is_for() -> None:
    assert offered.package_tags("starter") == {"tally_package": "starter"}
    assert offered.plan_tags("pro") == {"tally_plan": "pro"}
    assert offered.plan_tags("pro", Interval.YEAR) == {"tally_plan": "pro", "tally_interval": "year"}


@pytest.mark.parametrize("interval", Interval)
def test_a_price_says_which_plan_it_is_without_its_lookup_key(interval: Interval) -> None:
    recurring = {"interval": str(interval), "interval_count": 1}

    price = {"lookup_key": None, "metadata": offered.plan_tags("pro", interval), "recurring": recurring}

    assert offered.read_plan(price) == ("pro", interval)


@pytest.mark.parametrize(
    "wrong",
    [
        {"metadata": None},
        {"metadata": {}},
        {"metadata": "tally_plan"},
        {"metadata": {"tally_plan": "pro"}},
        {"metadata": {"tally_interval": "month"}},
        {"metadata": {"tally_package": "starter"}},
        {"metadata": {"tally_plan": "", "tally_interval": "month"}},
        {"metadata": {"tally_plan": "Pro plan", "tally_interval": "month"}},
        {"metadata": {"tally_plan": 7, "tally_interval": "month"}},
        {"metadata": {"tally_plan": "pro", "tally_interval": "week"}},
        {"metadata": {"tally_plan": "pro", "tally_interval": ["month"]}},
        {"metadata": {"tally_plan": "pro", "tally_interval": "year"}},
        {"recurring": None},
        {"recurring": {"interval": "year", "interval_count": 1}},
        {"recurring": {"interval": "month", "interval_count": 3}},
        {"recurring": {"interval": "month"}},
    ],
)
def test_a_price_that_is_not_tagged_as_it_is_paid_is_of_no_plan(wrong: dict[str, Any]) -> None:
    assert offered.read_plan(MONTHLY) == ("pro", Interval.MONTH)
    assert offered.read_plan(MONTHLY | wrong) is None
    assert offered.read_plan({}) is None


@pytest.mark.parametrize(
    ("percent", "payments", "name"),
    [(20, 1, "tally_20_off_once"), (25, 1, "tally_25_off_once"), (20, 3, "tally_20_off_3_months")],
)
def test_other_terms_are_another_coupon_and_another_name_is_not(percent: int, payments: int, name: str) -> None:
    incentives = [Incentive(name=each, percent_off=percent, first_payments=payments) for each in ("Hello", "Welcome")]

    assert {offered.coupon_id(each) for each in incentives} == {name}
