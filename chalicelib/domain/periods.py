"""Quota periods: anchored months `[start, end)`. The 31st becomes the 28th in February and the 31st again in March."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Period:
    """A quota period; `end` is the first instant outside."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


def midnight(at: datetime) -> datetime:
    """The beginning of a time's UTC day."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def month_after(anchor: datetime, months: int) -> datetime:
    """Go *months* on from the anchor itself, never from a month already cut short: so nothing drifts."""
    year, month = divmod(anchor.year * MONTHS + anchor.month - 1 + months, MONTHS)
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


def number_of(anchor: datetime, at: datetime) -> int:
    """Count the whole anchored months from the anchor to *at*, which is not before it."""
    months = (at.year - anchor.year) * MONTHS + at.month - anchor.month
    return months if month_after(anchor, months) <= at else months - 1


def period_at(anchor: datetime, at: datetime) -> Period:
    """Find the period that holds *at*."""
    number = number_of(anchor, at)
    return Period(month_after(anchor, number), month_after(anchor, number + 1))
