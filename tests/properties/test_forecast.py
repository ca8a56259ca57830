"""Random paces and lots: forecasts are ordered, never in the past, monotone, and equal a slow walk day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.domain.forecast import Forecast, RunsOut, Supply, forecast, quota_runs_out
from chalicelib.domain.lots import LotId
from tests.builders import DAY, NOON

HOUR, MINUTE, SECOND = DAY / 24, DAY / 1440, DAY / 86400
NEVER = datetime.max.replace(tzinfo=UTC)
HORIZON = 730


@dataclass(frozen=True, kw_only=True)
class Facts:
    pace: Sequence[int]
    spent_today: int
    lots: Sequence[Supply]
    debt: int
    now: datetime

    def told(self) -> Forecast | None:
        return forecast(self.pace, spent_today=self.spent_today, lots=self.lots, debt=self.debt, now=self.now)


def instants(runs_out: RunsOut | None) -> list[datetime]:
    """Earliest, likely, latest; never comes after everything."""
    found = (runs_out.earliest, runs_out.likely, runs_out.latest) if runs_out else (None, None, None)
    return [at or NEVER for at in found]


NOWS = st.integers(0, 8 * 24 * 60 * 4).map(lambda quarters: NOON + quarters * MINUTE / 4)
PACES = st.one_of(
    st.lists(st.integers(0, 40), min_size=7, max_size=28),
    st.lists(st.sampled_from([0, 0, 0, 25]), min_size=7, max_size=28),
    st.tuples(*[st.integers(0, 30)] * 4).map(lambda weeks: [each for each in weeks for _ in range(7)]),
)
MINUTES = st.one_of(
    st.integers(-60, 180),  # around now, where roundings meet
    st.integers(0, 30 * 24).map(lambda hours: hours * 60),
    st.integers(0, 60 * 24 * 60),
    st.integers(725, 735).map(lambda days: days * 24 * 60),
)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    now = draw(NOWS)
    ends = st.none() | MINUTES.map(lambda minutes: now + minutes * MINUTE)
    supplies = draw(st.lists(st.tuples(st.integers(0, 300), ends), max_size=5))
    return Facts(
        pace=draw(PACES.filter(any)),
        spent_today=draw(st.integers(0, 40)),
        lots=[Supply(LotId(seq), free, end) for seq, (free, end) in enumerate(supplies, 1)],
        debt=draw(st.sampled_from([0, 0, 1, 50])),
        now=now,
    )


def slow_pace(pace: Sequence[int], now: datetime, factor: Fraction) -> list[Fraction]:
    """What each day from today to the horizon is expected to take, by the weekdays of the calendar."""
    today = now.date()
    known = [((today - timedelta(days=ago)).weekday(), spent) for ago, spent in enumerate(reversed(pace), 1)]
    means = []
    for weekday in range(7):
        days = [spent for day, spent in known if day == weekday]
        means.append(Fraction(sum(days), len(days)))
    return [factor * means[(today + timedelta(days=ahead)).weekday()] for ahead in range(HORIZON)]


def slow_factors(pace: Sequence[int], now: datetime) -> list[Fraction]:
    week = sum(slow_pace(pace, now, Fraction(1))[:7], Fraction(0))
    weeks = [sum(pace[end - 7 : end]) for end in range(len(pace), 6, -7)]
    return [max(Fraction(5, 4), max(weeks) / week), Fraction(1), min(Fraction(4, 5), min(weeks) / week)]


def hours_up(now: datetime) -> datetime:
    whole = now.replace(minute=0, second=0)
    return whole if whole == now else whole + HOUR


def slow_stretches(given: Facts) -> Iterator[tuple[int, datetime, datetime]]:
    """Cut the days up to the horizon at the ends of lots: which day it is, its beginning, the end of the stretch."""
    today = given.now.replace(hour=0, minute=0, second=0)
    for ahead in range(HORIZON):
        begin, over = today + ahead * DAY, today + (ahead + 1) * DAY
        ends = {each.ends_at for each in given.lots if each.ends_at and begin < each.ends_at < over}
        yield from ((ahead, begin, end) for end in sorted(ends | {over}) if end > given.now)


def slow_walk(given: Facts, factor: Fraction) -> tuple[datetime, dict[LotId, int], dict[LotId, Fraction]]:
    """
    Walk day by day, and within a day from end to end, in fractions.

    Returns when the credits are used up, what each ending lot loses, and what the walk spent from each lot.
    """
    left = {each.lot_id: Fraction(each.free) for each in given.lots}
    spent = {each.lot_id: Fraction(0) for each in given.lots}
    lost: dict[LotId, int] = {}
    expected = slow_pace(given.pace, given.now, factor)
    done, since = {0: Fraction(given.spent_today)}, hours_up(given.now)

    def room(at: datetime) -> Fraction:
        return sum((left[each.lot_id] for each in given.lots if each.is_open(at)), Fraction(0)) - given.debt

    used_up = None if room(given.now) > 0 else NEVER
    for ahead, begin, end in slow_stretches(given):
        before = end - SECOND  # the lots that end with the stretch still pay
        if used_up is None:
            by_then = expected[ahead] * Fraction((end - begin) // SECOND, 24 * 3600)
            already = done.get(ahead, Fraction(0))
            due, most = max(Fraction(0), by_then - already), room(before)
            if due >= most:
                used_up = min(end, max(since, begin + int((already + most) / expected[ahead] * 24) * HOUR))
            done[ahead] = already + due
            pay = min(due, most)
            for each in given.lots:
                drawn = min(pay, left[each.lot_id]) if each.is_open(before) else Fraction(0)
                left[each.lot_id] -= drawn
                spent[each.lot_id] += drawn
                pay -= drawn
        ending = [each.lot_id for each in given.lots if each.ends_at == end]
        lost |= {lot_id: int(left[lot_id]) for lot_id in ending}
        since = max(since, end) if ending else since
        if used_up is None and room(end) <= 0:
            used_up = end
    return used_up or NEVER, lost, spent


@settings(max_examples=150, deadline=None)
@given(facts())
def test_a_forecast_is_what_a_slow_walk_finds(given: Facts) -> None:
    told = given.told()
    assert told

    earliest, likely, latest = (slow_walk(given, factor) for factor in slow_factors(given.pace, given.now))

    assert instants(told.runs_out) == [earliest[0], likely[0], latest[0]]
    assert told.lost == likely[1]
    for each in given.lots:
        if each.lot_id in told.lost:
            assert told.lost[each.lot_id] == int(each.free - likely[2][each.lot_id])
            assert 0 <= told.lost[each.lot_id] <= each.free


@settings(max_examples=500)
@given(facts())
def test_a_faster_pace_is_never_later_and_nothing_is_in_the_past(given: Facts) -> None:
    told = given.told()
    assert told

    earliest, likely, latest = instants(told.runs_out)

    assert given.now <= earliest <= likely <= latest
    assert told.runs_out is None or told.runs_out.earliest


@settings(max_examples=500)
@given(facts(), st.data())
def test_more_credits_never_run_out_sooner(given: Facts, data: st.DataObject) -> None:
    assume(given.lots)
    at = data.draw(st.integers(0, len(given.lots) - 1))
    lots = list(given.lots)
    lots[at] = replace(lots[at], free=lots[at].free + data.draw(st.integers(1, 300)))
    fewer, more = given.told(), replace(given, lots=lots).told()
    assert fewer
    assert more
    assume(sum(each.free for each in given.lots if each.is_open(given.now)) > given.debt)

    assert all(now <= then for now, then in zip(instants(fewer.runs_out), instants(more.runs_out), strict=True))


@settings(max_examples=300)
@given(facts(), st.integers(1, 3599), st.integers(1, 3599))
def test_within_an_hour_without_an_end_the_answer_stands(given: Facts, first: int, second: int) -> None:
    hour = given.now.replace(minute=0, second=0)
    assume(not any(each.ends_at and hour < each.ends_at < hour + HOUR for each in given.lots))

    told = [replace(given, now=hour + seconds * timedelta(seconds=1)).told() for seconds in (first, second)]

    assert told[0] == told[1]


@settings(max_examples=300)
@given(PACES.filter(any), st.integers(0, 40), st.integers(1, 500), NOWS, st.integers(1, 31 * 24 * 60))
def test_a_quota_is_a_lot_that_ends_with_its_period(
    pace: Sequence[int], used_today: int, missing: int, now: datetime, minutes: int
) -> None:
    end = now + minutes * MINUTE

    runs_out = quota_runs_out(
        pace, used=used_today, used_today=used_today, quota=used_today + missing, now=now, period_end=end
    )

    lots = [Supply(LotId(1), missing, end)]
    told = forecast(pace, spent_today=used_today, lots=lots, debt=0, now=now)
    assert told
    assert instants(runs_out) == [at if at < end else NEVER for at in instants(told.runs_out)]
