"""Which option would have been the cheapest, in sums that can be checked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from chalicelib.domain.advice import Recommendation, recommend
from chalicelib.domain.break_even import BreakEven, Holds, telling_meter
from chalicelib.domain.catalog import Catalog, Incentive, Interval, Package, Plan, Rate
from chalicelib.domain.catalog_file import parse
from chalicelib.domain.money import Money
from chalicelib.domain.options import Option, option_of
from chalicelib.domain.periods import Period
from chalicelib.domain.replay import Replay, to_buy
from chalicelib.domain.spans import Month
from tests.builders import CATALOG, catalog, meter, package, plan, rate

SHIPPED = parse((Path(__file__).parents[2] / "chalicelib/catalog.toml").read_text(encoding="utf-8"))
MONTH, YEAR = Interval.MONTH, Interval.YEAR
TAXES = "Taxes are not counted."
CHEAPEST = "You are on the cheapest option for what you used."


def usd(amount_minor: int) -> Money:
    return Money(amount_minor, "usd")


def months(*used: Mapping[str, int], hour: int = 0) -> list[Month]:
    """Months that end with November 2026, as many as there are uses."""
    first = 12 - len(used)
    return [
        Month(Period(datetime(2026, each, 1, hour, tzinfo=UTC), datetime(2026, each + 1, 1, hour, tzinfo=UTC)), amounts)
        for each, amounts in enumerate(used, first)
    ]


def advised(
    *used: Mapping[str, int],
    plan_id: str = "free",
    interval: Interval = MONTH,
    price: int = 0,
    of: Catalog = SHIPPED,
    first_time: bool = False,
) -> Recommendation:
    return recommend(of, months(*used), option_of(of, plan_id, interval, usd(price)), first_time=first_time)


def offer(
    *plans: Plan, packages: Sequence[Package] = (), incentive: Incentive | None = None, meters: str = "calls"
) -> Catalog:
    """An offer of these plans, whose first is called free, with counters and nothing else."""
    named = {each.plan_id: each for each in plans}
    counters = {name: meter(name) for name in meters.split()}
    return replace(catalog(*packages), plans=named, meters=counters, incentive=incentive)


def flat(
    plan_id: str, price: int, quota: int, overage: Rate | None = None, *, year: int | None = None, **more: int
) -> Plan:
    """A plan of calls."""
    prices = {MONTH: usd(price), **({YEAR: usd(year)} if year is not None else {})}
    rates = {"calls": overage} if overage else {}
    return plan(plan_id, prices=prices, quotas={"calls": quota}, rates=rates, **more)


def small(credits: int, price: int, **more: int | None) -> Package:
    return package(package_id="small", credits=credits, price=usd(price), **more)


def named(option: Option) -> tuple[str, str]:
    return option.plan.plan_id, option.interval.value


def totals(found: Recommendation) -> list[tuple[str, str, Fraction | int]]:
    return [(*named(each.option), each.total) for each in found.options]


def chosen(found: Recommendation) -> Replay:
    assert found.recommended
    return found.recommended


def saved(found: Recommendation) -> Money | None:
    return found.saves(chosen(found))


# What ships: Free has 50 pull requests, then 5 credits each; Pro 500 and 200 credits, then 4; predictions cost Free 2
# credits each, and Pro includes 1,000.


def test_every_option_is_priced_for_what_was_used_the_cheapest_first() -> None:
    found = advised(*[{"pull_requests": 60}] * 3, first_time=True)

    assert totals(found) == [
        ("free", "month", 1000),  # 3 × 10 × 5 = 150 credits: 1,000 for 10.00
        ("free", "year", 1000),
        ("pro", "year", 7250),  # 290.00 × 3 ÷ 12
        ("pro", "month", 8120),  # 3 × 29.00 less 20 % of the first
        ("team", "year", 24_750),
        ("team", "month", 27_720),
        ("enterprise", "year", 124_750),
        ("enterprise", "month", 139_720),
    ]
    assert found.message == CHEAPEST
    assert (chosen(found), saved(found), found.break_even) == (found.current, usd(0), None)


def test_a_months_cost_is_rounded_up_and_what_is_saved_down() -> None:
    found = advised(*[{"pull_requests": 60}] * 3)
    free, _, pro_yearly, *_ = found.options

    assert free.cost == usd(334)  # 1000 ÷ 3
    assert pro_yearly.cost == usd(2417)  # 7250 ÷ 3
    assert found.saves(pro_yearly) == usd(-2084)  # 6250 ÷ 3 more


def test_a_plan_that_includes_what_was_used_beats_credits() -> None:
    found = advised(*[{"pull_requests": 500, "predictions": 1000}] * 3, first_time=True)

    free = found.current
    assert free
    assert free.bought == 12_750  # 3 × (450 × 5 + 1000 × 2)
    assert {each.package_id: quantity for each, quantity in free.packages} == {"starter": 3, "growth": 2}
    assert free.total == 11_000
    assert free.left_over == 250
    assert named(chosen(found).option) == ("pro", "year")
    assert saved(found) == usd(1250)  # (110.00 - 72.50) ÷ 3
    assert found.message == (
        "Pro, paid yearly, would have cost 24.17 USD a month for what you used; "
        "Free with credits would have cost 36.67 USD."
    )


def test_an_upgrade_breaks_even_at_the_least_use_from_which_on_it_is_no_dearer() -> None:
    found = advised(*[{"pull_requests": 500, "predictions": 1000}] * 3)

    # Predictions take 6,000 credits; 3 × 5 × 133 are 1,995. Up to 8,000 cost 70.00, more cost 80.00, Pro costs 72.50.
    assert found.break_even == BreakEven(meter="pull_requests", least=184, most=None)
    assert (found.break_even.holds, found.break_even.quantity) == (Holds.FROM, 184)


def test_in_one_month_the_incentive_can_beat_the_yearly_price() -> None:
    found = advised({"pull_requests": 500, "predictions": 1000}, first_time=True)

    assert totals(found)[:3] == [("pro", "month", 2320), ("pro", "year", Fraction(7250, 3)), ("free", "month", 4000)]
    assert saved(found) == usd(1680)
    # 2,000 credits for predictions cost 20.00; five more, for one pull request, 30.00.
    assert found.break_even == BreakEven(meter="pull_requests", least=51, most=None)


def test_a_downgrade_breaks_even_at_the_greatest_use_up_to_which_it_is_no_dearer() -> None:
    found = advised(*[{"pull_requests": 20}] * 3, plan_id="pro", price=2900)

    assert named(chosen(found).option) == ("free", "month")
    assert saved(found) == usd(2900)
    assert found.message == (
        "Free would have cost 0.00 USD a month for what you used; Pro, paid monthly, would have cost 29.00 USD."
    )
    # At 2,116 Free takes 30,990 credits (230.00), Pro 18,792 (150.00 + 87.00); one more, and Free's cost 240.00.
    assert found.break_even == BreakEven(meter="pull_requests", least=0, most=2116)
    assert (found.break_even.holds, found.break_even.quantity) == (Holds.UP_TO, 2116)


def test_a_large_plan_can_be_left_for_a_smaller_one_with_credits() -> None:
    found = advised(*[{"pull_requests": 900, "repositories": 30}] * 3, plan_id="team", price=9900)

    pro = chosen(found)  # 400 × 4 + 10 × 50 - 200 = 1,900 credits a month
    assert (named(pro.option), pro.bought) == (("pro", "year"), 5700)
    assert pro.total == 7250 + 5000
    assert found.message.startswith("Pro with credits, paid yearly, would have cost 40.84 USD a month")


def test_the_same_plan_paid_yearly_is_cheaper_at_any_use() -> None:
    found = advised(*[{"pull_requests": 500, "predictions": 900, "repositories": 20}] * 3, plan_id="pro", price=2900)

    assert named(chosen(found).option) == ("pro", "year")
    assert saved(found) == usd(483)
    assert found.break_even is None


def test_what_an_admin_gave_is_not_given_up() -> None:
    found = advised(*[{"pull_requests": 500}] * 3, plan_id="pro", price=0)

    assert (found.message, chosen(found)) == (CHEAPEST, found.current)


def test_an_old_price_counts_as_it_is_paid() -> None:
    found = advised(*[{"pull_requests": 500, "predictions": 1000}] * 3, plan_id="pro", price=1900)

    assert found.message == CHEAPEST
    assert chosen(found).total == 5700


def test_plans_that_are_not_sold_by_themselves_are_options_too() -> None:
    found = advised({"pull_requests": 9000, "predictions": 90_000}, plan_id="team", price=9900)

    assert named(chosen(found).option) == ("enterprise", "year")
    assert not chosen(found).option.plan.self_service


def test_without_a_finished_month_nothing_is_recommended() -> None:
    found = advised()

    assert found == Recommendation(
        message="There is nothing to go by yet: a recommendation needs a whole month of use that is over."
    )


def test_what_a_plan_does_not_allow_at_any_price_is_no_option() -> None:
    found = advised({"locked": 2}, plan_id="pro", price=2900, of=CATALOG)  # Free allows one, and sells no more

    assert {named(each.option)[0] for each in found.options} == {"pro"}


def test_what_all_packages_together_do_not_hold_is_no_option() -> None:
    enough, more = (
        advised({"calls": use}, plan_id="pro", price=2900, of=CATALOG) for use in (10 + 100_000, 10 + 100_001)
    )

    assert ("free", "month") in [named(each.option) for each in enough.options]
    assert {named(each.option)[0] for each in more.options} == {"pro"}


def test_if_todays_plan_allows_what_was_used_no_more_nothing_is_compared_with_it() -> None:
    found = advised({"locked": 2}, of=CATALOG)

    assert (
        found.message == "Your plan as it is offered now doesn't allow what you used, so nothing is compared with it."
    )
    assert (found.current, found.recommended, found.break_even) == (None, None, None)
    assert [named(each.option) for each in found.options] == [("pro", "year"), ("pro", "month")]
    assert found.saves(found.options[0]) is None


def test_a_plan_that_is_offered_no_more_is_priced_by_frees_terms() -> None:
    found = advised({"calls": 20}, plan_id="gone", price=500, of=CATALOG)

    assert totals(found)[:3] == [
        ("free", "month", 1000),
        ("free", "year", 1000),
        ("gone", "month", 1500),
    ]
    assert found.message.endswith("gone with credits, paid monthly, would have cost 15.00 USD.")


def test_in_another_currency_nothing_is_compared() -> None:
    current = option_of(SHIPPED, "pro", MONTH, Money(2900, "eur"))

    found = recommend(SHIPPED, months({}), current, first_time=False)

    assert (found.options, found.recommended) == ((), None)
    assert found.message.startswith("Your plan is paid in another currency")


def test_of_equals_todays_option_is_first() -> None:
    equal = offer(flat("free", 500, 10), flat("twin", 500, 10))

    found = advised({"calls": 5}, plan_id="twin", price=500, of=equal)

    assert [named(each.option)[0] for each in found.options] == ["twin", "free"]
    assert (found.message, saved(found)) == (CHEAPEST, usd(0))


def test_of_equals_the_one_with_the_fewest_changes_is_first() -> None:
    equal = offer(flat("free", 500, 10, year=6000), flat("a", 900, 10, year=6000), flat("b", 500, 10))

    found = advised({"calls": 5}, plan_id="a", price=900, of=equal)

    assert [named(each.option) for each in found.options] == [
        ("free", "month"),
        ("a", "year"),
        ("b", "month"),
        ("free", "year"),
        ("a", "month"),
    ]


@pytest.mark.parametrize(
    ("needs", "bought"),
    [
        ([50, 50, 50], 0),
        ([60, 0, 0], 10),  # what is included later pays nothing that came before
        ([0, 80, 50], 0),  # 30 roll over
        ([0, 90, 80], 10 + 30),
        ([0, 0, 81], 1),  # more than the cap never does
        ([35, 60, 55], 0),  # of what rolled over, too, what is left rolls on
    ],
)
def test_included_credits_pay_first_and_roll_over_up_to_the_cap(needs: list[int], bought: int) -> None:
    assert to_buy(CATALOG.plan("pro"), needs) == bought  # 50 a month, 30 may roll over


def test_bought_credits_outlast_a_month() -> None:
    found = advised(*[{"calls": 10 + 333}] * 3, of=CATALOG)

    assert chosen(found).bought == 999
    assert chosen(found).total == 1000


@pytest.mark.parametrize(
    ("amount", "percent", "payments", "total"),
    [
        (1000, 20, 1, 2800),
        (1000, 20, 2, 2600),
        (1000, 20, 12, 2400),  # of three months only three are paid
        (1005, 10, 1, 3015 - 101),  # 100.5 is rounded up
        (1004, 10, 1, 3012 - 100),
    ],
)
def test_the_incentive_comes_off_the_first_payments(amount: int, percent: int, payments: int, total: int) -> None:
    incentive = Incentive(name="off", percent_off=percent, first_payments=payments)
    offered = offer(flat("free", 0, 0), flat("a", amount, 10, year=12_000), incentive=incentive)

    found = advised(*[{}] * 3, of=offered, first_time=True)

    assert totals(found) == [("free", "month", 0), ("a", "month", total), ("a", "year", 3000)]


@pytest.mark.parametrize(
    ("plan_id", "first_time", "counted"),
    [("free", True, {"a", "b"}), ("a", True, {"b"}), ("free", False, set())],
)
def test_the_incentive_is_for_the_first_plan_that_is_paid_for(
    plan_id: str, *, first_time: bool, counted: set[str]
) -> None:
    offered = replace(
        offer(flat("free", 0, 10), flat("a", 500, 10, year=5000), flat("b", 700, 10)), incentive=SHIPPED.incentive
    )

    found = advised({}, plan_id=plan_id, price=0, of=offered, first_time=first_time)

    assert {each.option.plan.plan_id for each in found.options if each.option.incentive} == counted


def test_a_break_even_can_lie_between_two_uses() -> None:
    small_steps = [small(1, 100)]
    offered = offer(flat("free", 0, 10, rate(1)), flat("a", 500, 20, rate(2)), packages=small_steps)

    found = advised({"calls": 18}, of=offered)

    # From 15 on five credits cost as much as the plan; at 25 both cost 15.00, at 26 17.00 and 16.00.
    assert found.break_even == BreakEven(meter="calls", least=15, most=25)
    assert (found.break_even.holds, found.break_even.quantity) == (Holds.WITHIN, 15)


def test_a_break_even_is_for_the_same_use_in_every_month_so_it_may_lie_above_the_mean() -> None:
    offered = offer(flat("free", 0, 8, rate(1)), flat("a", 10, 0, rate(1, 10)), packages=[small(1, 100)])

    found = advised({"calls": 10}, {}, {}, of=offered)

    assert named(chosen(found).option) == ("a", "month")  # one credit and 0.30 instead of two credits
    # Up to 8 a month Free takes nothing, at 9 three credits, as the other; at 10 it takes six.
    assert found.break_even == BreakEven(meter="calls", least=10, most=None)


def test_or_below_the_mean_if_that_is_nearer() -> None:
    offered = offer(flat("free", 0, 10, rate(1)), flat("a", 50, 20), packages=[small(1, 100)])

    found = advised({"calls": 10}, {"calls": 10}, {"calls": 11}, plan_id="a", price=50, of=offered)

    assert named(chosen(found).option) == ("free", "month")  # one credit for 1.00 instead of 1.50
    assert found.break_even == BreakEven(meter="calls", least=0, most=10)  # 11 in each month take three


def test_where_it_is_cheaper_only_for_uneven_use_nothing_breaks_even() -> None:
    offered = offer(flat("free", 0, 8, rate(40)), flat("a", 10, 0, rate(1, 10)), packages=[small(1, 1)])

    found = advised({"calls": 10}, {}, {}, of=offered)

    assert named(chosen(found).option) == ("a", "month")  # 0.31 instead of 80 credits for 0.80
    assert found.break_even is None  # 8 in each month take nothing, and 9 more than can be bought


def test_where_todays_option_does_not_allow_the_mean_in_every_month_nothing_breaks_even() -> None:
    offered = offer(flat("free", 0, 0, rate(1)), flat("a", 0, 0, rate(1, 2)), packages=[small(1, 100)])

    found = advised({"calls": 100}, {}, {}, of=offered)

    assert named(chosen(found).option) == ("a", "month")
    assert found.break_even is None  # 3 × 34 credits are more than 100 packages hold


def test_where_the_meter_that_matters_makes_no_difference_nothing_breaks_even() -> None:
    same = offer(flat("free", 900, 10, rate(1)), flat("a", 500, 10, rate(1)))
    roomier = offer(flat("free", 900, 10, rate(1)), flat("a", 500, 11, rate(1)))

    for offered in (same, roomier):
        found = advised({"calls": 5}, price=900, of=offered)

        assert named(chosen(found).option) == ("a", "month")
        assert found.break_even is None


def test_without_use_nothing_breaks_even() -> None:
    assert advised({}, plan_id="pro", price=2900).break_even is None
    assert advised({"feedback": 9}, plan_id="pro", price=2900).break_even is None  # unlimited
    assert advised({"gone": 9}, plan_id="pro", price=2900, of=replace(SHIPPED, meters={})).break_even is None


@pytest.mark.parametrize(
    ("used", "matters"),
    [
        ([{"calls": 20, "seats": 3, "notes": 10**6}], "calls"),  # ten credits and ten: the first of equals
        ([{"calls": 20, "seats": 3, "extra": 31}], "extra"),  # eleven
        ([{"calls": 15, "seats": 1}, {"calls": 15, "seats": 3}], "calls"),  # twice five, and ten
        ([{"calls": 14, "seats": 1}, {"calls": 15, "seats": 3}], "seats"),
        ([{"calls": 9, "seats": 1, "notes": 50}], "calls"),  # nine tenths of the quota, and a half
        ([{"calls": 9}, {"seats": 2}], "seats"),
        ([{"notes": 50}, {}], None),
    ],
)
def test_the_meter_that_costs_most_matters_or_the_one_that_fills_its_quota_most(
    used: Sequence[Mapping[str, int]], matters: str | None
) -> None:
    assert telling_meter(CATALOG, used, CATALOG.plan("free")) == matters


def test_only_what_matters_is_said_to_be_left_out() -> None:
    offered = offer(flat("free", 500, 10), flat("a", 900, 10))

    found = advised({"calls": 1}, {"calls": 2}, price=500, of=offered)

    assert found.not_counted == ("Only what you used from 1 October 2026 to 30 November 2026 is counted.", TAXES)
    assert found.based_on == tuple(month.period for month in months({}, {}))


def test_what_the_sums_leave_out_is_said() -> None:
    brief = replace(SHIPPED.package("starter"), expires_after_days=60)
    offered = replace(SHIPPED, packages={"starter": brief})
    used = {"pull_requests": 60, "repositories": 4, "gone": 1, "unused": 0}

    found = recommend(
        offered, months({}, used, used, hour=9), option_of(offered, "free", MONTH, usd(0)), first_time=True
    )

    assert found.not_counted == (
        "Only what you used from 2 September 2026 to 1 December 2026 is counted.",
        "Whole days (UTC) are counted: one on which a month begins after midnight is part of the month before.",
        "Repositories: the highest number at the end of a day is counted, in every month, "
        "whether it was reported in it or not.",
        "What you used of gone is not counted: it is no longer on offer.",
        "A year is paid at once; a twelfth of its price is counted for each month.",
        "“20% off the first month” is counted where it would apply; afterwards the full price is paid.",
        "Credits that you have already are not counted: what goes over is counted as bought.",
        "Bought credits that would have been left over are not counted.",
        "Bought credits are counted as if they lasted for all these months.",
        TAXES,
    )


@pytest.mark.parametrize(("days", "is_said"), [(29, True), (30, False), (None, False)])
def test_credits_that_outlast_the_months_need_no_word(days: int | None, *, is_said: bool) -> None:
    offered = offer(flat("free", 0, 10, rate(1)), packages=[small(1, 100, expires_after_days=days)])

    found = advised({"calls": 12}, of=offered)  # November

    assert ("Bought credits are counted as if they lasted for all these months." in found.not_counted) is is_said
    assert "Bought credits that would have been left over are not counted." not in found.not_counted


def test_money_without_minor_units_is_written_without() -> None:
    yen = Money(1500, "jpy")
    offered = offer(
        plan("free", prices={MONTH: yen}), plan("a", prices={MONTH: Money(0, "jpy")}), packages=[package(price=yen)]
    )

    found = recommend(offered, months({}), option_of(offered, "free", MONTH, yen), first_time=False)

    assert found.message.endswith("Free, paid monthly, would have cost 1,500 JPY.")


def test_a_wallet_that_is_paid_by_the_year_may_pay_by_the_month() -> None:
    cheap = offer(flat("free", 0, 0), flat("a", 100, 10, year=1200 + 12))

    found = advised({"calls": 5}, plan_id="a", interval=YEAR, price=1212, of=cheap)

    assert (named(chosen(found).option), saved(found)) == (("a", "month"), usd(1))
