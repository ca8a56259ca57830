"""The one place that knows when a billing period ends: anchored, so that 31 January → 28 February → 31 March."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

from local.stripe.errors import Json

DAY_SECONDS = 86_400
MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def next_boundary(anchor: int, after: int, recurring: Json) -> int:
    """The first end of a period later than *after*, counted from the anchor; seconds since 1970."""
    count = recurring["interval_count"]
    if recurring["interval"] in DAYS:
        step = DAYS[recurring["interval"]] * count * DAY_SECONDS
        return int(anchor + ((after - anchor) // step + 1) * step)
    step = MONTHS[recurring["interval"]] * count
    boundary, passed = anchor, 0
    while boundary <= after:
        passed += step
        boundary = _months_after(anchor, passed)
    return boundary


def _months_after(anchor: int, months: int) -> int:
    start = datetime.fromtimestamp(anchor, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())
