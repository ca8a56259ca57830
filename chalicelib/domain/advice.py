"""
Which plan, at which interval and with which packages, would have been the cheapest: the only place that recommends one.

An option is judged by nothing but what it would have cost for the wallet's own last finished months. What costs more
than today's is never recommended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.advice_wording import NO_MONTH, NOT_COMPARABLE, OTHER_CURRENCY, not_counted, recommendation_text
from chalicelib.domain.break_even import BreakEven, break_even
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.money import Money
from chalicelib.domain.options import Option, options_beside
from chalicelib.domain.periods import Period
from chalicelib.domain.replay import Replay, replay
from chalicelib.domain.spans import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """
    What all options would have cost, cheapest first, and the one to take.

    `current` is what the wallet is on, and one of the options; None if nothing is compared, or if it no longer allows
    what was used. `recommended` is `current` itself where nothing is cheaper. `message` says it, or why there is none.
    """

    current: Replay | None = None
    options: tuple[Replay, ...] = ()
    recommended: Replay | None = None
    break_even: BreakEven | None = None
    based_on: tuple[Period, ...] = ()
    not_counted: tuple[str, ...] = ()
    message: str

    def saves(self, option: Replay) -> Money | None:
        """Say what a month on an option costs less than on the current one; below 0: more. None: not known."""
        return option.saves(self.current) if self.current else None


def recommend(catalog: Catalog, months: Sequence[Month], current: Option, *, first_time: bool) -> Recommendation:
    """
    Price *months* again, finished ones, oldest first, on *current* and on every other option of the catalogue.

    *first_time*: the wallet never had a plan that is paid for, so the incentive would apply.
    """
    if not months:
        return Recommendation(message=NO_MONTH)
    if any(each.price.currency != current.price.currency for each in catalog.packages.values()):
        return Recommendation(message=OTHER_CURRENCY)
    used = [month.used for month in months]
    choices = [current, *options_beside(catalog, current, first_time=first_time)]
    replays = [found for choice in choices if (found := replay(choice, used, catalog))]
    options = tuple(sorted(replays, key=lambda each: (each.total, _changes(current, each.option))))
    today = next((each for each in options if each.option is current), None)
    best = options[0] if today else None
    return Recommendation(
        current=today,
        options=options,
        recommended=best,
        break_even=break_even(catalog, used, today, best) if today and best else None,
        based_on=tuple(month.period for month in months),
        not_counted=tuple(not_counted(catalog, months, options)),
        message=recommendation_text(today, best) if today and best else NOT_COMPARABLE,
    )


def _changes(current: Option, option: Option) -> int:
    """Count what would have to be changed: the plan, the interval."""
    return (option.plan.plan_id != current.plan.plan_id) + (option.interval is not current.interval)
