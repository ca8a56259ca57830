"""Random small catalogues and months: advice is what trying everything finds, and never dearer than today's option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.domain.advice import Recommendation, recommend
from chalicelib.domain.break_even import BreakEven, break_even, telling_meter
from chalicelib.domain.catalog import Catalog, Incentive, Interval, LowBalance, MeterKind, Package, Plan, Rate
from chalicelib.domain.money import Money
from chalicelib.domain.options import Option, option_of
from chalicelib.domain.periods import Period
from chalicelib.domain.spans import Month
from tests.builders import DAY, NOON, meter, package, plan

MONTH, YEAR = Interval.MONTH, Interval.YEAR
METERS = {"calls": meter("calls"), "seats": meter("seats", MeterKind.GAUGE)}
PERIOD = 30 * DAY
STEP = 12  # every package holds a multiple of so many credits


@dataclass(frozen=True, kw_only=True)
class Facts:
    catalog: Catalog
    used: Sequence[Mapping[str, int]]
    current: Option
    first_time: bool

    def told(self) -> Recommendation:
        months = [
            Month(Period(NOON + n * PERIOD, NOON + (n + 1) * PERIOD), amounts) for n, amounts in enumerate(self.used)
        ]
        return recommend(self.catalog, months, self.current, first_time=self.first_time)


def usd(amount_minor: int) -> Money:
    return Money(amount_minor, "usd")


def prices(monthly: int | None, yearly: int | None) -> dict[Interval, Money]:
    found = {MONTH: monthly, YEAR: yearly}
    return {interval: usd(amount) for interval, amount in found.items() if amount is not None}


@st.composite
def plans(draw: st.DrawFn, plan_id: str, rates: st.SearchStrategy[Rate | None]) -> Plan:
    quotas = st.dictionaries(st.sampled_from(["calls", "seats"]), st.none() | st.integers(0, 6))
    drawn = {name: draw(rates) for name in METERS}
    return plan(
        plan_id,
        prices=prices(draw(st.none() | st.integers(0, 80)), draw(st.none() | st.integers(0, 900))),
        quotas=draw(quotas),
        rates={name: rate for name, rate in drawn.items() if rate},
        included_credits=draw(st.sampled_from([0, 0, 3, 10])),
        rollover_cap=draw(st.sampled_from([0, 0, 2, 20])),
    )


@st.composite
def packages(draw: st.DrawFn, count: int) -> dict[str, Package]:
    offered = [
        package(
            package_id=f"p{n}",
            credits=STEP * draw(st.integers(1, 4)),
            bonus_credits=STEP * draw(st.sampled_from([0, 0, 1])),
            price=usd(draw(st.integers(1, 90))),
        )
        for n in range(count)
    ]
    return {each.package_id: each for each in offered}


@st.composite
def facts(draw: st.DrawFn, rates: st.SearchStrategy[Rate | None], most_packages: int = 3) -> Facts:
    named = ["free", "a", "b"][: draw(st.integers(2, 3))]
    incentives = st.builds(
        Incentive, name=st.just("off"), percent_off=st.integers(1, 100), first_payments=st.integers(1, 4)
    )
    catalog = Catalog(
        packages=draw(packages(draw(st.integers(2, most_packages)))),
        low_balance=LowBalance(credits=0, percent_of_last_purchase=0),
        meters=METERS,
        plans={plan_id: draw(plans(plan_id, rates)) for plan_id in named},
        incentive=draw(st.none() | incentives),
    )
    amounts = st.dictionaries(st.sampled_from(list(METERS)), st.integers(0, 6))
    interval, price = draw(st.sampled_from(Interval)), usd(draw(st.integers(0, 200)))
    current = option_of(catalog, draw(st.sampled_from([*named, "gone"])), interval, price)
    used = draw(st.lists(amounts, min_size=1, max_size=3))
    return Facts(catalog=catalog, used=used, current=current, first_time=draw(st.booleans()))


CHEAP = st.none() | st.builds(Rate, credits=st.integers(1, 2), per=st.integers(1, 3))
DEAR = st.builds(Rate, credits=st.integers(40, 130), per=st.integers(1, 2))  # so that 100 of each package are soon used


@st.composite
def rungs(draw: st.DrawFn, plan_id: str, quotas: Sequence[int | None], least_price: int) -> Plan:
    rates = {"calls": draw(DEAR), "seats": Rate(credits=30, per=1)}
    paid_for = draw(st.sampled_from([["calls", "seats"]] * 4 + [["calls"], ["seats"]]))
    return plan(
        plan_id,
        prices={MONTH: usd(least_price + draw(st.integers(0, 600)))},
        quotas={"calls": draw(st.sampled_from(quotas)), "seats": draw(st.sampled_from([1, 2, None]))},
        rates={name: rates[name] for name in paid_for},
        included_credits=draw(st.sampled_from([0, 20, 100])),
        rollover_cap=draw(st.sampled_from([0, 50])),
    )


@st.composite
def ladders(draw: st.DrawFn) -> Facts:
    """Two plans, one mostly dearer and larger than the other, and use around their quotas."""
    small = draw(rungs("free", range(6), 0))
    large = draw(rungs("a", [*range(3, 12), None], small.prices[MONTH].amount_minor))
    catalog = Catalog(
        packages=draw(packages(2)),
        low_balance=LowBalance(credits=0, percent_of_last_purchase=0),
        meters=METERS,
        plans={"free": small, "a": large},
    )
    today = draw(st.sampled_from([small, large]))
    amounts = st.fixed_dictionaries({"calls": st.integers(0, 12), "seats": st.integers(0, 2)})
    used = draw(st.lists(amounts, min_size=1, max_size=3))
    current = Option(plan=today, interval=MONTH, price=today.prices[MONTH])
    return Facts(catalog=catalog, used=used, current=current, first_time=False)


# The same by trying everything, credit by credit.


def slow_cost(plan: Plan, name: str, amount: int) -> int | None:
    """What a meter's use takes in credits: the fewest that pay for each unit over the quota."""
    quota = plan.quotas.get(name, 0)
    over = 0 if quota is None else amount - quota
    if over <= 0:
        return 0
    if name not in plan.rates:
        return None
    rate = plan.rates[name]
    credits = 0
    while credits * rate.per < over * rate.credits:
        credits += 1
    return credits


def slow_needs(plan: Plan, used: Sequence[Mapping[str, int]]) -> list[int] | None:
    needs = []
    for amounts in used:
        costs = [slow_cost(plan, name, amounts.get(name, 0)) for name in METERS]
        if None in costs:
            return None
        needs.append(sum(cost or 0 for cost in costs))
    return needs


def slow_bought(plan: Plan, needs: Sequence[int]) -> int:
    """Spend credit by credit, from a jar that is filled anew each month with what the plan gives."""
    bought, jar = 0, 0
    for need in needs:
        jar = plan.included_credits + (jar if jar < plan.rollover_cap else plan.rollover_cap)
        for _ in range(need):
            if jar:
                jar -= 1
            else:
                bought += 1
    return bought


def slow_plan_price(option: Option, facts: Facts) -> Fraction:
    """Pay month by month."""
    amount, total = option.price.amount_minor, Fraction(0)
    incentive = facts.catalog.incentive
    is_new = facts.first_time and option.plan.plan_id != facts.current.plan.plan_id
    for nth in range(len(facts.used)):
        if option.interval is YEAR:
            total += Fraction(amount, 12)
        elif incentive and is_new and nth < incentive.first_payments:
            off = Fraction(amount * incentive.percent_off, 100)
            whole = int(off)
            total += amount - (whole + 1 if off - whole >= Fraction(1, 2) else whole)
        else:
            total += amount
    return total


def slow_packages(offered: Sequence[Package], credits: int, most: int) -> int | None:
    """The least price of all sets, up to *most* of each, that hold so many."""
    found = []
    for numbers in product(range(most + 1), repeat=len(offered)):
        chosen = list(zip(numbers, offered, strict=True))
        if sum(n * (each.credits + each.bonus_credits) for n, each in chosen) >= credits:
            found.append(sum(n * each.price.amount_minor for n, each in chosen))
    return min(found, default=None)


def slow_total(option: Option, facts: Facts) -> Fraction | None:
    needs = slow_needs(option.plan, facts.used)
    if needs is None:
        return None
    price = slow_packages(list(facts.catalog.packages.values()), slow_bought(option.plan, needs), most=6)
    assert price is not None  # three months of two meters take at most 72 credits: six packages of 12
    return slow_plan_price(option, facts) + price


def slow_options(facts: Facts) -> list[Option]:
    others = [
        Option(plan=plan, interval=interval, price=price)
        for plan in facts.catalog.plans.values()
        for interval, price in plan.prices.items()
    ]
    today = facts.current
    return [
        today,
        *(each for each in others if (each.plan.plan_id, each.interval) != (today.plan.plan_id, today.interval)),
    ]


def slow_table(facts: Facts) -> dict[tuple[str, Interval], Fraction]:
    found = {(each.plan.plan_id, each.interval): slow_total(each, facts) for each in slow_options(facts)}
    return {key: total for key, total in found.items() if total is not None}


@settings(max_examples=150, deadline=None)
@given(facts(CHEAP))
def test_what_is_recommended_is_the_cheapest_that_trying_everything_finds(given: Facts) -> None:
    told, table = given.told(), slow_table(given)

    assert {(each.option.plan.plan_id, each.option.interval): each.total for each in told.options} == table
    assert [each.total for each in told.options] == sorted(table.values())
    if told.current:
        assert told.recommended
        assert told.recommended.total == min(table.values())
    else:
        assert told.recommended is None
        assert (given.current.plan.plan_id, given.current.interval) not in table


@settings(max_examples=150, deadline=None)
@given(facts(CHEAP | DEAR))
def test_what_is_recommended_never_costs_more_than_todays_option(given: Facts) -> None:
    told = given.told()
    assume(told.current)
    best, today = told.recommended, told.current
    assert best
    assert today

    saved = told.saves(best)
    assert saved
    assert best.total <= today.total
    assert 0 <= saved.amount_minor <= Fraction(today.total - best.total, len(given.used)) < saved.amount_minor + 1
    assert best.cost.amount_minor <= today.cost.amount_minor
    assert (best is today) == (best.total == today.total)
    for each in told.options:
        assert each.cost.amount_minor * each.months >= each.total
        assert each.left_over >= 0


@settings(max_examples=100, deadline=None)
@given(facts(CHEAP | DEAR), st.integers(0, 2), st.sampled_from(list(METERS)), st.integers(1, 9))
def test_more_use_never_costs_less(given: Facts, month: int, name: str, more: int) -> None:
    assume(month < len(given.used))
    amounts = given.used[month]
    heavier = [*given.used]
    heavier[month] = {**amounts, name: amounts.get(name, 0) + more}

    lighter = {(each.option.plan.plan_id, each.option.interval): each.total for each in given.told().options}
    after = Facts(catalog=given.catalog, used=heavier, current=given.current, first_time=given.first_time).told()

    for each in after.options:
        assert each.total >= lighter[each.option.plan.plan_id, each.option.interval]


# Break-even: one use after the other, until today's option allows no more.


class Shelf:
    """The least price for each number of credits, from all sets of two packages, up to 100 of each."""

    def __init__(self, offered: Sequence[Package]) -> None:
        one, other = offered
        least: dict[int, int] = {}
        for n, m in product(range(101), repeat=2):
            credits = n * one.total_credits + m * other.total_credits
            price = n * one.price.amount_minor + m * other.price.amount_minor
            least[credits] = min(price, least.get(credits, price))
        self.prices: list[int] = []
        best = least[max(least)]
        for credits in range(max(least), -1, -1):
            best = min(best, least.get(credits, best))
            self.prices.append(best)
        self.prices.reverse()

    def price(self, credits: int) -> int | None:
        return self.prices[credits] if credits < len(self.prices) else None


def slow_break_even(facts: Facts, other: Option, name: str, *, usual: int) -> BreakEven | None:
    shelf = Shelf(list(facts.catalog.packages.values()))

    def cost(option: Option, use: int) -> Fraction | None:
        needs = slow_needs(option.plan, [{**amounts, name: use} for amounts in facts.used])
        price = None if needs is None else shelf.price(slow_bought(option.plan, needs))
        return None if price is None else slow_plan_price(option, facts) + price

    is_cheap: list[bool] = []
    while (today := cost(facts.current, len(is_cheap))) is not None:
        found = cost(other, len(is_cheap))
        is_cheap.append(found is not None and found <= today)
    cheap_uses = [use for use, cheap in enumerate(is_cheap) if cheap]
    if not cheap_uses:
        return None
    start = min(cheap_uses, key=lambda use: (abs(use - usual), -use))
    least = most = start
    while least > 0 and is_cheap[least - 1]:
        least -= 1
    while most + 1 < len(is_cheap) and is_cheap[most + 1]:
        most += 1
    if (least, most) == (0, len(is_cheap) - 1):
        return None
    return BreakEven(meter=name, least=least, most=None if most == len(is_cheap) - 1 else most)


@settings(max_examples=80, deadline=None)
@given(ladders())
def test_a_break_even_is_what_trying_one_use_after_the_other_finds(given: Facts) -> None:
    told = given.told()
    other = next((each for each in told.options if each is not told.current), None)
    name = telling_meter(given.catalog, given.used, given.current.plan)
    assume(told.current and other and name)
    assert told.current
    assert other
    assert name
    mean = Fraction(sum(amounts.get(name, 0) for amounts in given.used), len(given.used))
    usual = next(use for use in range(13) if use >= mean)

    found = break_even(given.catalog, given.used, told.current, other)

    assert found == slow_break_even(given, other.option, name, usual=usual)
    if other is told.recommended:
        assert told.break_even == found
