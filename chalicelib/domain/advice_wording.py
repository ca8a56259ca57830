"""A recommendation in words: what it comes to, and what its sums leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from chalicelib.domain.catalog import Catalog, Interval, MeterKind
from chalicelib.domain.periods import midnight
from chalicelib.domain.replay import Replay
from chalicelib.domain.spans import Month, days_of

NO_MONTH = "There is nothing to go by yet: a recommendation needs a whole month of use that is over."
NOT_COMPARABLE = "Your plan as it is offered now doesn't allow what you used, so nothing is compared with it."
OTHER_CURRENCY = "Your plan is paid in another currency than what is on offer, so nothing is compared with it."


def recommendation_text(current: Replay, recommended: Replay) -> str:
    """Say in a sentence what to take, and what today's option costs beside it."""
    if recommended is current:
        return "You are on the cheapest option for what you used."
    return (
        f"{_named(recommended)} would have cost {recommended.cost} a month for what you used; "
        f"{_named(current)} would have cost {current.cost}."
    )


def _named(replay: Replay) -> str:
    option = replay.option
    paid = f", paid {option.interval}ly," if option.price.amount_minor else ""
    return f"{option.plan.name}{' with credits' if replay.packages else ''}{paid}"


def not_counted(catalog: Catalog, months: Sequence[Month], options: Sequence[Replay]) -> Iterator[str]:
    """Say what the sums leave out, or take to be simpler than it is; only what matters for these months and options."""
    first, last = days_of([month.period for month in months])
    yield f"Only what you used from {first:%-d %B %Y} to {last:%-d %B %Y} is counted."
    if any(month.period.start != midnight(month.period.start) for month in months):
        yield "Whole days (UTC) are counted: one on which a month begins after midnight is part of the month before."
    yield from _of_meters(catalog, months)
    yield from _of_prices(options)
    yield from _of_credits(months, options)
    yield "Taxes are not counted."


def _of_meters(catalog: Catalog, months: Sequence[Month]) -> Iterator[str]:
    names = dict.fromkeys(name for month in months for name, amount in month.used.items() if amount)
    for name in names:
        if name not in catalog.meters:
            yield f"What you used of {name} is not counted: it is no longer on offer."
        elif catalog.meters[name].kind is MeterKind.GAUGE:
            yield (
                f"{catalog.meters[name].name}: the highest number at the end of a day is counted, in every month, "
                "whether it was reported in it or not."
            )


def _of_prices(options: Sequence[Replay]) -> Iterator[str]:
    if any(each.option.interval is Interval.YEAR and each.option.price.amount_minor for each in options):
        yield "A year is paid at once; a twelfth of its price is counted for each month."
    incentives = dict.fromkeys(each.option.incentive.name for each in options if each.option.incentive)
    for name in incentives:
        yield f"“{name}” is counted where it would apply; afterwards the full price is paid."


def _of_credits(months: Sequence[Month], options: Sequence[Replay]) -> Iterator[str]:
    if not any(each.packages for each in options):
        return
    yield "Credits that you have already are not counted: what goes over is counted as bought."
    if any(each.left_over for each in options):
        yield "Bought credits that would have been left over are not counted."
    lasted = months[-1].period.end - months[0].period.start
    ends = [package.expires_after_days for each in options for package, _ in each.packages]
    if any(days and timedelta(days=days) < lasted for days in ends):
        yield "Bought credits are counted as if they lasted for all these months."
