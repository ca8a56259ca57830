"""What was used in a wallet's last finished months: the only place that adds days up to months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise
from operator import itemgetter

from chalicelib.domain.catalog import Catalog, MeterKind
from chalicelib.domain.periods import Period, midnight, month_after, number_of
from chalicelib.domain.times import DAY

MOST_MONTHS = 3

Used = Mapping[str, int]  # of each meter what was used, of a gauge its highest level; what is missing wasn't used


@dataclass(frozen=True, slots=True)
class Month:
    """A finished month, and what was used in it."""

    period: Period
    used: Used


def finished_months(anchor: datetime, now: datetime, *, first_day: date) -> tuple[Period, ...]:
    """
    Find the last finished months, oldest first and at most three, counted back from the one that runs at *now*.

    They are the anchor's, before it as after it. None begins before *first_day*, the wallet's first.
    """
    running = number_of(anchor, now)
    starts = [month_after(anchor, running - back) for back in range(MOST_MONTHS, -1, -1)]
    months = [Period(start, end) for start, end in pairwise(starts)]
    return tuple(month for month in months if month.start >= _beginning(first_day))


def days_of(months: Sequence[Period]) -> tuple[date, date]:
    """
    Say which days make up *months*, of which there is at least one: the first and the last that must be read.

    A UTC day belongs to the month that holds its midnight: the day on which a month begins at noon, to the one before.
    """
    return _first_day(months[0].start), _first_day(months[-1].end) - DAY


def used_in(months: Sequence[Period], days: Sequence[tuple[date, Used]], catalog: Catalog) -> tuple[Month, ...]:
    """
    Add *days*, which come in any order, up to *months*: a counter's use is summed, of a gauge the highest level counts.

    On a day that is missing nothing was used. A gauge's level stands until the next day that names it, so days before
    the months tell the level at their beginning; one with the levels that stood then, the day before, does as well.
    """
    gauges = {name for name, meter in catalog.meters.items() if meter.kind is MeterKind.GAUGE}
    ordered = sorted(days, key=itemgetter(0))
    return tuple(Month(month, _used_in(month, ordered, gauges)) for month in months)


def _used_in(month: Period, days: Sequence[tuple[date, Used]], gauges: set[str]) -> Used:
    used: dict[str, int] = {}
    for day, amounts in days:
        if _beginning(day) < month.start:
            used |= {name: level for name, level in amounts.items() if name in gauges}
        elif _beginning(day) < month.end:
            for name, amount in amounts.items():
                before = used.get(name, 0)
                used[name] = max(before, amount) if name in gauges else before + amount
    return used


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _first_day(at: datetime) -> date:
    """The first day that begins at *at* or later."""
    return (at if at == midnight(at) else at + DAY).date()
