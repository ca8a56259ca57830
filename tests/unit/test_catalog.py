"""The catalogue: what ships is right, and what is wrong is named by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.domain.catalog import Incentive, Limits, LowBalance, MeterKind, Rate, Terms
from chalicelib.domain.catalog_file import parse
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.money import Money
from chalicelib.domain.strict_toml import WrongCatalog

SHIPPED = (Path(__file__).parents[2] / "chalicelib/catalog.toml").read_text(encoding="utf-8")
GOOD = """currency = "usd"
[low_balance]
credits = 100
percent_of_last_purchase = 10
[packages.starter]
name = "1,000 credits"
credits = 1000
price_minor = 1000
[meters.calls]
name = "Calls"
kind = "counter"
[plans.free]
name = "Free"
self_service = true
price_minor_month = 0
included_credits = 5
quotas = { calls = 10 }
[plans.free.rates]
calls = { credits = 1, per = 10 }
"""
THRESHOLDS = "thresholds = [80, 90, 100]\n"
GOOD = THRESHOLDS + GOOD
LIMITS = """[limits]
commands_per_hour = 30
provider_attempts_per_hour = 50
"""
INCENTIVE = """
[incentive]
name = "20% off"
percent_off = 20
first_payments = 1
"""


def test_the_shipped_catalogue_sells_what_was_asked_for() -> None:
    packages = parse(SHIPPED).packages

    assert packages["starter"].price == Money(1000, "usd")
    assert (packages["starter"].credits, packages["growth"].credits) == (1000, 5000)
    assert packages["growth"].price == Money(4000, "usd")
    assert [each.saves_percent for each in packages.values()] == [0, 20, 28]


def test_a_package_is_found_by_its_name() -> None:
    assert parse(GOOD).package("starter").expires_after_days is None
    with pytest.raises(InvalidRequest, match="package_id"):
        parse(GOOD).package("other")


def test_low_is_the_larger_of_both_lines() -> None:
    low = LowBalance(credits=100, percent_of_last_purchase=10)

    assert [low.line(None), low.line(500), low.line(5000)] == [100, 100, 500]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("credits = 1000", "credits = 0", "line 8: packages.starter.credits"),
        ("credits = 1000", "credits = 1.5", "line 8: packages.starter.credits"),
        ("credits = 1000", "credits = true", "line 8: packages.starter.credits"),
        ("credits = 1000\n", "", "line 6: packages.starter.credits"),
        ("price_minor = 1000", "price_minor = -1", "line 9: packages.starter.price_minor"),
        ("price_minor = 1000", "price = 1000", "line 9: packages.starter.price: unknown"),
        ('name = "1,000 credits"', 'name = " "', "line 7: packages.starter.name"),
        ("packages.starter", "packages.Starter", "line 6: packages.Starter"),
        ("[packages.starter]", "[[packages]]", "a table with something in it"),
        ("[packages.starter]", "[packages]", "a table is wanted"),
        ('"usd"', "1", "line 2: currency"),
        ('"usd"', '"USD"', "line 2: currency: three small letters"),
        ('"usd"', '"bitcoin"', "line 2: currency: three small letters"),
        ("percent_of_last_purchase = 10", "percent_of_last_purchase = 101", "line 5: low_balance.percent"),
        ("[low_balance]", "[low]", "low: unknown"),
        ('currency = "usd"', 'currency = "usd', "line 2"),
        ("[80, 90, 100]", "[90, 80]", "line 1: thresholds"),
        ("[80, 90, 100]", "[80, 80]", "line 1: thresholds"),
        ("[80, 90, 100]", "[80, 101]", "line 1: thresholds"),
        ("[80, 90, 100]", "[80, true]", "line 1: thresholds"),
        ("[80, 90, 100]", "[]", "line 1: thresholds"),
        ("[80, 90, 100]", "80", "line 1: thresholds"),
        ('kind = "counter"', 'kind = "meter"', "line 12: meters.calls.kind"),
        ("[meters.calls]", "[meters.Calls]", "line 10: meters.Calls"),
        ("self_service = true", "self_service = 1", "line 15: plans.free.self_service"),
        ("price_minor_month", "price", "line 16: plans.free.price: unknown"),
        ("quotas = { calls = 10 }", "quotas = { calls = -1 }", "line 18: plans.free.quotas.calls"),
        ("quotas = { calls = 10 }", "quotas = { cells = 1 }", "line 18: plans.free.quotas.cells: unknown"),
        ("quotas = { calls = 10 }", "quotas = 10", "line 18: plans.free.quotas"),
        (
            "calls = { credits = 1, per = 10 }",
            "calls = { credits = 1, per = 0 }",
            "line 20: plans.free.rates",
        ),
        ("calls = { credits = 1, per = 10 }", "calls = { credits = 1, pro = 1 }", "rates.calls.pro: unknown"),
        ("[plans.free.rates]\ncalls = { credits = 1, per = 10 }", "rates = 5", "plans.free.rates: a table is wanted"),
        ("plans.free", "plans.basic", "one of them must be free"),
        ("commands_per_hour = 30", "commands_per_hour = 0", "line 22: limits.commands_per_hour"),
        ("commands_per_hour = 30", "commands_per_hour = 1.5", "line 22: limits.commands_per_hour"),
        ("commands_per_hour = 30", "commands_per_hour = true", "line 22: limits.commands_per_hour"),
        ("commands_per_hour = 30", "commands_per_hour = 1000000001", "line 22: limits.commands_per_hour"),
        ("commands_per_hour = 30", "commands_per_day = 30", "line 22: limits.commands_per_day: unknown"),
        ("commands_per_hour = 30", "", "line 21: limits.commands_per_hour"),
        ("attempts_per_hour = 50", "attempts_per_hour = 9", "line 23: limits.provider_attempts.*from 10 to"),
        ("attempts_per_hour = 50", "attempts_per_hour = 50.0", "line 23: limits.provider_attempts_per_hour"),
        ("attempts_per_hour = 50", "attempts_per_hour = false", "line 23: limits.provider_attempts_per_hour"),
        ("attempts_per_hour = 50", "attempts_per_day = 50", "line 23: limits.provider_attempts_per_day: unknown"),
    ],
)
def test_a_wrong_catalogue_names_the_line(old: str, new: str, said: str) -> None:
    with pytest.raises(WrongCatalog, match=said):
        parse((GOOD + LIMITS).replace(old, new))


def test_limits_are_read_and_are_60_and_120_where_nothing_is_said() -> None:
    usual = Limits(commands_per_hour=300, provider_attempts_per_hour=120)

    assert parse(GOOD + LIMITS).limits == Limits(commands_per_hour=30, provider_attempts_per_hour=50)
    assert parse(GOOD + LIMITS.replace("provider_attempts_per_hour = 50", "")).limits == Limits(commands_per_hour=30)
    assert parse(GOOD).limits == parse(SHIPPED).limits == usual
    with pytest.raises(WrongCatalog, match="line 1: limits: a table is wanted"):
        parse(f"limits = 30\n{GOOD}")


def test_plans_and_meters_are_read() -> None:
    read = parse(GOOD + INCENTIVE)

    terms = read.plan("free").terms("calls")
    assert (terms.quota, terms.rate, read.meter("calls").name) == (10, Rate(credits=1, per=10), "Calls")
    assert read.plan("free").included_credits == 5
    assert read.incentive == Incentive(name="20% off", percent_off=20, first_payments=1)
    assert read.plan_or_free("gone").plan_id == "free"


def test_what_is_not_on_offer_is_refused_by_its_field() -> None:
    with pytest.raises(InvalidRequest, match="meter"):
        parse(GOOD).meter("other")
    with pytest.raises(InvalidRequest, match="plan_id"):
        parse(GOOD).plan("other")


def test_the_shipped_plans_are_those_that_were_asked_for() -> None:
    shipped = parse(SHIPPED)

    assert list(shipped.plans) == ["free", "pro", "team", "enterprise"]
    assert list(shipped.meters) == ["pull_requests", "repositories", "api_calls", "predictions", "feedback"]
    assert shipped.meter("repositories").kind is MeterKind.GAUGE
    assert shipped.plan("enterprise").terms("pull_requests").quota is None
    assert [plan.year_saves_percent for plan in shipped.plans.values()] == [None, 16, 16, 16]


@pytest.mark.parametrize(("used", "cost"), [(0, 0), (10, 0), (11, 1), (20, 1), (21, 2), (110, 10), (111, 11)])
def test_the_cost_of_a_total_is_rounded_up_once(used: int, cost: int) -> None:
    assert parse(GOOD).plan("free").terms("calls").cost(used) == cost


def test_unlimited_and_without_a_rate_cost_nothing() -> None:
    assert Terms(quota=None, rate=Rate(credits=1, per=1)).cost(10**9) == 0
    assert Terms(quota=1, rate=None).cost(10**9) == 0


def test_packages_that_fit_no_grid_are_refused() -> None:
    odd = """[packages.odd]
name = "odd"
credits = 1001
price_minor = 5
"""

    with pytest.raises(WrongCatalog, match="multiples of a rounder number"):
        parse(GOOD + odd)


def test_notices_come_thirty_and_seven_days_ahead_unless_the_catalogue_says_otherwise() -> None:
    assert parse(GOOD).notice_days == (30, 7)
    assert parse(f"notice_days = [60, 14, 7]\n{GOOD}").notice_days == (60, 14, 7)


@pytest.mark.parametrize("days", ["[]", "7", "[7, 30]", "[30, 30]", "[30, 6]", "[30, true]", '["30"]', "[30, 7.0]"])
def test_notices_that_would_come_too_late_or_in_no_order_are_refused(days: str) -> None:
    with pytest.raises(WrongCatalog, match="line 1: notice_days"):
        parse(f"notice_days = {days}\n{GOOD}")
