"""
When credits and quotas run out, by the wallet's own finished days: the only place that looks ahead.

What is expected adds up by the clock: each day has the mean of the known days of its weekday, spread evenly over the
day, and the week that begins today repeats for ever. Between two ends of lots nothing but spending happens: so a walk
from end to end gives what a walk from day to day would. All sums are exact integers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from math import lcm

from chalicelib.domain.lots import LotId
from chalicelib.domain.periods import midnight
from chalicelib.domain.times import DAY, MILLISECOND

HORIZON = timedelta(days=730)  # from the beginning of today on; nothing is said of what lies beyond
WEEK = 7  # days; also the fewest that must be known
HOUR = timedelta(hours=1)
DAY_MS = DAY // MILLISECOND
FASTER = Fraction(5, 4)  # the earliest instant assumes at least this much of the likely pace
SLOWER = Fraction(4, 5)  # and the latest at most this much


@dataclass(frozen=True, slots=True)
class Supply:
    """What a forecast needs to know of a lot: its free credits, and the first instant at which they can't pay."""

    lot_id: LotId
    free: int
    ends_at: datetime | None

    def is_open(self, at: datetime) -> bool:
        return self.ends_at is None or self.ends_at > at


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOut:
    """
    When something is used up, at the heaviest, the usual and the lightest pace; None: not within what is looked at.

    Rounded down to whole hours, but not to before the next hour; exact where the end of a lot is the cause.
    """

    earliest: datetime | None
    likely: datetime | None
    latest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When the credits are used up, if ever; and what each lot that ends will likely lose then, in whole credits."""

    runs_out: RunsOut | None
    lost: Mapping[LotId, int]


def forecast(
    pace: Sequence[int], *, spent_today: int, lots: Sequence[Supply], debt: int, now: datetime
) -> Forecast | None:
    """
    Say when the wallet's credits are used up: when what is free in open lots is no more than its debt (rule 46).

    *pace* is what uses and captures took on each finished UTC day, the last one yesterday; at most 28 days, whole
    credits. *lots* come in burn order. None: fewer than seven days are known, or nothing was spent in them.
    """
    curves = _curves(pace, spent_today, now)
    if not curves:
        return None
    supplies = [each for each in lots if each.is_open(now)]
    walks = [_walk(curve, supplies, debt * curve.unit, now) for curve in curves]
    _, likely, _ = curves
    _, (_, left), _ = walks
    horizon = likely.start + HORIZON
    lost = {each.lot_id: left[each.lot_id] // likely.unit for each in supplies if not each.is_open(horizon)}
    return Forecast(runs_out=_spread([at for at, _ in walks]), lost=lost)


def quota_runs_out(
    daily: Sequence[int], *, used: int, quota: int, now: datetime, period_end: datetime, used_today: int = 0
) -> RunsOut | None:
    """
    Say when *used* reaches *quota*, if before the period's end: by the paces of credits, on a meter's daily counts.

    *daily* is as a forecast's pace, in the meter's units. *used_today* is the part of *used* that today had already;
    without it the whole of today's use is expected to come.
    """
    curves = _curves(daily, used_today, now) if used < quota else ()
    hour = _hour_from(now)
    reached = []
    for curve in curves:
        goal = curve.ahead + (quota - used) * curve.unit
        at = max(hour, curve.hour_of(goal)) if curve.by(period_end) >= goal else None
        reached.append(at if at and at < period_end else None)
    return _spread(reached)


_Walked = tuple[datetime | None, Mapping[LotId, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curve:
    """
    How expected spending adds up from the beginning of today, one week repeating. `unit` amounts are one credit.

    `totals` are the sums before today, after today, and so on to the week's end. `ahead` is how far today's spending
    is on the curve already: nothing more is expected until the curve is there.
    """

    start: datetime
    totals: tuple[int, ...]
    unit: int
    ahead: int

    def by(self, at: datetime) -> int:
        """Say how high the curve is at *at*."""
        days, rest = divmod((at - self.start) // MILLISECOND, DAY_MS)
        weeks, day = divmod(days, WEEK)
        before, after = self.totals[day : day + 2]
        return weeks * self.totals[-1] + before + (after - before) * rest // DAY_MS

    def hour_of(self, amount: int) -> datetime:
        """Find the whole hour in which the curve, which must get there, first reaches an *amount* above 0."""
        weeks, rest = divmod(amount - 1, self.totals[-1])
        day = bisect_left(self.totals, rest + 1) - 1
        before, after = self.totals[day : day + 2]
        hour = (rest + 1 - before) * (DAY // HOUR) // (after - before)
        return self.start + timedelta(weeks=weeks, days=day, hours=hour)


def _curves(daily: Sequence[int], today: int, now: datetime) -> tuple[_Curve, ...]:
    """
    Draw the earliest, the likely and the latest curve; none if too little is known.

    The outer two are the means scaled so that their week is the heaviest and the lightest known one, or farther off.
    Known weeks are whole and counted backwards from yesterday; the mean week is the sum of the weekdays' means.
    """
    if len(daily) < WEEK or not any(daily):
        return ()
    recent = daily[::-1]
    weekdays = [recent[WEEK - 1 - ahead :: WEEK] for ahead in range(WEEK)]  # today's first
    unit = lcm(*map(len, weekdays))
    means = [sum(known) * (unit // len(known)) for known in weekdays]
    weeks = [sum(recent[first : first + WEEK]) for first in range(0, len(recent) - WEEK + 1, WEEK)]
    heaviest, lightest = (Fraction(week * unit, sum(means)) for week in (max(weeks), min(weeks)))
    factors = (max(heaviest, FASTER), Fraction(1), min(lightest, SLOWER))
    return tuple(_curve(means, unit, factor, today, now) for factor in factors)


def _curve(means: Sequence[int], unit: int, factor: Fraction, today: int, now: datetime) -> _Curve:
    """Scale the means, each a number of credits × *unit*, so that a millisecond's part of each is whole."""
    totals = tuple(accumulate((mean * factor.numerator * DAY_MS for mean in means), initial=0))
    fine = unit * factor.denominator * DAY_MS
    return _Curve(start=midnight(now), totals=totals, unit=fine, ahead=min(today * fine, totals[1]))


def _walk(curve: _Curve, supplies: Sequence[Supply], owed: int, now: datetime) -> _Walked:
    """
    Let *supplies* pay from end to end until no more is free than is *owed*.

    Returns when that is, and what is left of each then, or was at its end before; amounts are the curve's.
    """
    left = {each.lot_id: each.free * curve.unit for each in supplies}
    room = sum(left.values()) - owed
    if room <= 0:
        return None, left
    paid, since, horizon = curve.ahead, _hour_from(now), curve.start + HORIZON
    for end in sorted({min(each.ends_at or horizon, horizon) for each in supplies} | {horizon}):
        spending = max(0, curve.by(end) - paid)
        _pay(left, supplies, min(spending, room))
        if spending >= room:  # kept between the two ends, so that a slower pace is never answered with less
            return min(end, max(since, curve.hour_of(paid + room))), left
        room -= spending + sum(left[each.lot_id] for each in supplies if each.ends_at == end)
        if room <= 0:
            return end, left
        supplies = [each for each in supplies if each.ends_at != end and left[each.lot_id]]
        paid, since = paid + spending, max(since, end)
    return None, left


def _pay(left: dict[LotId, int], supplies: Sequence[Supply], amount: int) -> None:
    """Take *amount* from what is left, in burn order."""
    for each in supplies:
        drawn = min(left[each.lot_id], amount)
        left[each.lot_id] -= drawn
        amount -= drawn


def _hour_from(now: datetime) -> datetime:
    """Round up to the whole hour: an answer that says no less changes at most hourly with time alone."""
    start = midnight(now)
    return start - (start - now) // HOUR * HOUR


def _spread(instants: Sequence[datetime | None]) -> RunsOut | None:
    """Name the three instants; None if it doesn't even happen at the heaviest pace."""
    if not any(instants):
        return None
    earliest, likely, latest = instants
    return RunsOut(earliest=earliest, likely=likely, latest=latest)
