"""
At what use one option is no dearer than another: the only place that looks for it. Exact, whatever steps prices take.

More use never costs less, on any option. So the costs at the ends of a range mostly say which option is cheaper all
over it, and only what they leave open has to be halved.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache

from chalicelib.domain.catalog import Catalog, Plan
from chalicelib.domain.offers import cheapest_packages
from chalicelib.domain.replay import Replay, credits_needed, price_of, to_buy
from chalicelib.domain.spans import Used


class Holds(StrEnum):
    """Where an option is no dearer: from a quantity on, up to one, or only between two; they all belong to it."""

    FROM = "from"
    UP_TO = "up_to"
    WITHIN = "within"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """
    The range of a meter's use in a month, ends included, in which an option is no dearer than today's.

    All other use is as it was, and this meter's is the same in every month. `most` None: however much.
    """

    meter: str
    least: int
    most: int | None

    @property
    def holds(self) -> Holds:
        if self.most is None:
            return Holds.FROM
        return Holds.WITHIN if self.least else Holds.UP_TO

    @property
    def quantity(self) -> int:
        """The use that tips it: the least if there is one, else the most."""
        return self.least or self.most or 0


def break_even(catalog: Catalog, used: Sequence[Used], today: Replay, other: Replay) -> BreakEven | None:
    """
    Find the range in which *other* is no dearer than *today*: the one that holds the mean use, or is nearest to it.

    The mean is rounded up. Uses that today's option doesn't allow at any price are not looked at. None: the meter that
    matters most makes no difference.
    """
    meter = telling_meter(catalog, used, today.option.plan)
    if meter is None or _take_the_same(today.option.plan, other.option.plan):
        return None
    pair = _Pair(_cost_of_use(today, meter, used, catalog), _cost_of_use(other, meter, used, catalog))
    usual = -(-sum(each.get(meter, 0) for each in used) // len(used))
    beyond = _beyond(pair.today, usual)
    starts = [pair.first(uses, dearer=False) for uses in (range(usual, beyond), range(min(usual, beyond))[::-1])]
    start = min((use for use in starts if use is not None), key=lambda use: abs(use - usual), default=None)
    if start is None:
        return None
    below = pair.first(range(start)[::-1], dearer=True)
    above = pair.first(range(start, beyond), dearer=True)
    if below is None and above is None:
        return None
    return BreakEven(meter=meter, least=0 if below is None else below + 1, most=None if above is None else above - 1)


def _take_the_same(plan: Plan, other: Plan) -> bool:
    """Say whether two plans take the same credits at any use, as one plan does at another interval."""
    terms = [(each.quotas, each.rates, each.included_credits, each.rollover_cap) for each in (plan, other)]
    return terms[0] == terms[1]


def telling_meter(catalog: Catalog, used: Sequence[Used], plan: Plan) -> str | None:
    """Choose the meter that costs the most credits; if none does, the one that fills most of its quota, if any."""
    overage = {name: sum(plan.terms(name).cost(each.get(name, 0)) for each in used) for name in catalog.meters}
    filled = {
        name: Fraction(sum(each.get(name, 0) for each in used), quota)
        for name in catalog.meters
        if (quota := plan.terms(name).quota)
    }
    for amounts in (overage, filled):
        most = max(amounts, key=lambda name: amounts[name], default=None)
        if most and amounts[most]:
            return most
    return None


_Cost = Callable[[int], Fraction | None]  # by a meter's use in each month; minor units; None: not to be had


def _cost_of_use(replayed: Replay, meter: str, used: Sequence[Used], catalog: Catalog) -> _Cost:
    """Let the use of *meter* vary. All other use stands, and the option allows it: it was replayed."""
    plan, rest = replayed.option.plan, catalog.meters.keys() - {meter}
    others = [credits_needed(plan, each, rest) or 0 for each in used]
    terms, fixed = plan.terms(meter), replayed.option.price_of(len(used))

    @cache
    def cost(use: int) -> Fraction | None:
        if terms.over(use) and not terms.rate:
            return None
        bought = to_buy(plan, [needed + terms.cost(use) for needed in others])
        packages = cheapest_packages(catalog, bought) if bought else ()
        return None if bought and not packages else fixed + price_of(packages)

    return cost


def _beyond(cost: _Cost, usual: int) -> int:
    """Find the least use that can't be had. There is one: the meter has a quota, and packages come to an end."""
    end = usual + 1
    while cost(end) is not None:
        end *= 2
    return bisect_left(range(end), x=True, key=lambda use: cost(use) is None)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What today's option costs, and the other, by use."""

    today: _Cost
    other: _Cost

    def first(self, uses: range, *, dearer: bool) -> int | None:
        """Find the first of *uses*, in their order, at which the other is dearer, or isn't. None: there is none."""
        if not uses:
            return None
        low, high = sorted((uses[0], uses[-1]))
        if _is_covered(self.other(high), self.today(low)):
            return None if dearer else uses[0]
        if not _is_covered(self.other(low), self.today(high)):
            return uses[0] if dearer else None
        half = len(uses) // 2
        found = self.first(uses[:half], dearer=dearer)
        return self.first(uses[half:], dearer=dearer) if found is None else found


def _is_covered(other: Fraction | None, today: Fraction | None) -> bool:
    """Say whether *other* can be had for no more than *today*."""
    return other is not None and (today is None or other <= today)
