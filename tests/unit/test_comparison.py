"""Plans side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chalicelib.domain.catalog import Interval
from chalicelib.domain.catalog_file import parse
from chalicelib.domain.comparison import Cell, Comparison, RowKind, compare
from chalicelib.domain.money import Money
from chalicelib.domain.options import option_of
from tests.builders import CATALOG, meter, plan, rate

SHIPPED = parse((Path(__file__).parents[2] / "chalicelib/catalog.toml").read_text(encoding="utf-8"))
MONTH, YEAR = Interval.MONTH, Interval.YEAR


def usd(amount_minor: int) -> Money:
    return Money(amount_minor, "usd")


def compared(
    plan_id: str = "free",
    interval: Interval = MONTH,
    price: int = 0,
    *,
    to: str = "team",
    first_time: bool = False,
    used: dict[str, int] | None = None,
) -> Comparison:
    current = option_of(SHIPPED, plan_id, interval, usd(price))
    return compare(SHIPPED, current, SHIPPED.plan(to), used=used or {}, first_time=first_time)


def cells(found: Comparison) -> dict[str, tuple[Cell, Cell]]:
    return {row.row: (row.current, row.other) for row in found.rows}


def test_plans_stand_side_by_side_row_by_row() -> None:
    assert cells(compared()) == {
        "quotas.pull_requests": (50, 2500),
        "rates.pull_requests": (rate(5), rate(3)),
        "quotas.repositories": (3, 100),
        "rates.repositories": (rate(100), rate(30)),
        "quotas.api_calls": (1000, 100_000),
        "rates.api_calls": (rate(1, 10), rate(1, 25)),
        "quotas.predictions": (0, 10_000),  # not in Free
        "rates.predictions": (rate(2), rate(1, 2)),
        "quotas.feedback": (None, None),  # unlimited in both
        "rates.feedback": (None, None),
        "included_credits": (0, 1000),
        "rollover_cap": (0, 1000),
        "prices.month": (usd(0), usd(9900)),
        "prices.year": (usd(0), usd(99_000)),
    }


def test_a_row_says_what_it_compares_in_words() -> None:
    found = {row.row: (row.kind, row.name) for row in compared().rows}

    assert found["quotas.pull_requests"] == (RowKind.QUOTA, "Pull requests")
    assert found["rates.pull_requests"] == (RowKind.RATE, "Pull requests over the quota")
    assert found["included_credits"] == (RowKind.INCLUDED_CREDITS, "Included credits")
    assert found["rollover_cap"] == (RowKind.ROLLOVER_CAP, "Credits that roll over")
    assert found["prices.year"] == (RowKind.PRICE, "Price a year")


def test_beside_each_quota_stands_what_was_used() -> None:
    used = {row.row: row.used for row in compared(used={"pull_requests": 60, "gone": 5}).rows if row.used is not None}

    assert used == {
        "quotas.pull_requests": 60,
        "quotas.repositories": 0,
        "quotas.api_calls": 0,
        "quotas.predictions": 0,
        "quotas.feedback": 0,
    }


def test_the_price_that_is_paid_stands_beside_the_others_whatever_the_catalogue_says() -> None:
    found = compared("pro", YEAR, 19_000)

    assert cells(found)["prices.month"] == (usd(2900), usd(9900))
    assert cells(found)["prices.year"] == (usd(19_000), usd(99_000))
    assert found.price_difference == usd(80_000)


def test_a_cheaper_plan_has_a_difference_below_nothing() -> None:
    assert compared("team", MONTH, 9900, to="pro").price_difference == usd(-7000)


def test_the_incentive_is_named_only_where_it_would_apply() -> None:
    assert compared(first_time=True).incentive == SHIPPED.incentive
    assert compared(first_time=False).incentive is None
    assert compared("team", MONTH, 0, first_time=True).incentive is None
    assert compared("free", YEAR, 0, first_time=True).incentive is None
    assert compared("pro", MONTH, 0, to="free", first_time=True).incentive is None


def test_a_plan_that_is_not_sold_at_the_interval_has_no_difference() -> None:
    monthly = plan("team", prices={MONTH: usd(9900)})
    current = option_of(CATALOG, "pro", YEAR, usd(29_000))

    found = compare(CATALOG, current, monthly, used={}, first_time=True)

    assert (found.price_difference, found.incentive) == (None, None)
    assert cells(found)["prices.year"] == (usd(29_000), None)


def test_money_of_two_currencies_has_no_difference() -> None:
    current = option_of(CATALOG, "pro", MONTH, Money(2900, "eur"))

    assert compare(CATALOG, current, CATALOG.plan("free"), used={}, first_time=False).price_difference is None


def test_a_plan_that_is_offered_no_more_has_frees_terms() -> None:
    found = compared("gone", MONTH, 1900, to="pro")

    assert (found.current.plan_id, found.current.name) == ("gone", "gone")
    assert cells(found)["quotas.pull_requests"] == (50, 500)
    assert cells(found)["prices.month"] == (usd(1900), usd(2900))


def test_a_new_meter_is_a_new_row_and_no_code() -> None:
    more = replace(CATALOG, meters={**CATALOG.meters, "exports": meter("exports")})
    current = option_of(more, "free", MONTH, usd(0))

    found = compare(more, current, more.plan("pro"), used={}, first_time=False)

    assert cells(found)["quotas.exports"] == (0, 0)
