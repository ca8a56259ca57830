"""When credits and quotas run out, in numbers that can be checked by hand. NOON is a Sunday's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from chalicelib.domain.forecast import Forecast, RunsOut, Supply, forecast, quota_runs_out
from chalicelib.domain.lots import LotId
from tests.builders import DAY, NOON

HOUR, MINUTE = DAY / 24, DAY / 1440
TODAY = NOON - 12 * HOUR  # where the sums begin
STEADY = [24] * 28  # one an hour; 30 a day at the earliest, 19.2 at the latest
WORKDAYS = [0, 20, 20, 20, 20, 20, 0] * 4  # Sunday to Saturday
TWO_YEARS = 730 * DAY


def supply(seq: int, free: int, ends_at: datetime | None = None) -> Supply:
    return Supply(LotId(seq), free, ends_at)


def foreseen(
    *lots: Supply, pace: Sequence[int] = STEADY, spent_today: int = 12, debt: int = 0, now: datetime = NOON
) -> Forecast:
    told = forecast(pace, spent_today=spent_today, lots=lots, debt=debt, now=now)
    assert told
    return told


def likely(told: Forecast) -> datetime | None:
    assert told.runs_out
    return told.runs_out.likely


def lost(told: Forecast) -> dict[int, int]:
    return {lot_id.seq: credits for lot_id, credits in told.lost.items()}


def test_a_steady_pace_runs_out_between_five_quarters_and_four_fifths_of_it() -> None:
    told = foreseen(supply(1, 228))

    assert told.runs_out == RunsOut(
        earliest=TODAY + 8 * DAY,  # 12 + 228 at 30 a day
        likely=TODAY + 10 * DAY,  # at 24 a day
        latest=TODAY + 12 * DAY + 12 * HOUR,  # at 19.2 a day
    )
    assert told.lost == {}


@pytest.mark.parametrize(
    ("weeks", "earliest", "latest"),
    [
        ((30, 20, 10), 20, 60),  # a day, mean 20: 600 credits at 30 and at 10 a day
        ((21, 20, 19), 24, 37.5),  # nearer than 5/4 and 4/5: at 25 and at 16
        ((40, 20, 0), 15, None),  # a week without use, and it never runs out
    ],
)
def test_the_heaviest_and_the_lightest_week_set_the_outer_paces(
    weeks: Sequence[int], earliest: float, latest: float | None
) -> None:
    pace = [each for week in weeks for each in [week] * 7]

    assert foreseen(supply(1, 600), pace=pace, spent_today=0).runs_out == RunsOut(
        earliest=TODAY + earliest * DAY,
        likely=TODAY + 30 * DAY,
        latest=TODAY + latest * DAY if latest else None,
    )


def test_days_beyond_whole_weeks_count_for_their_weekday_only() -> None:
    pace = [70, 0, 0, *[10] * 7]  # three weekdays have means of 40, 5 and 5: a week of 90; the one known week is 70

    runs_out = foreseen(supply(1, 630), pace=pace, spent_today=0).runs_out

    assert runs_out
    assert (runs_out.likely, runs_out.latest) == (TODAY + 7 * 7 * DAY, TODAY + 9 * 7 * DAY)


def test_use_before_the_known_weeks_alone_is_enough() -> None:
    runs_out = foreseen(supply(1, 70), pace=[70, *[0] * 7], spent_today=0).runs_out

    saturday = TODAY + 6 * DAY  # its mean is 35
    assert runs_out == RunsOut(earliest=saturday + 7 * DAY + 14 * HOUR, likely=saturday + 8 * DAY, latest=None)


@pytest.mark.parametrize(
    ("free", "at"),
    [
        (50, TODAY + 3 * DAY + 12 * HOUR),  # Wednesday noon
        (100, TODAY + 6 * DAY),  # when Friday is over, not on Monday
        (110, TODAY + 8 * DAY + 12 * HOUR),  # Monday noon
    ],
)
def test_nothing_is_expected_at_weekends_without_use(free: int, at: datetime) -> None:
    assert likely(foreseen(supply(1, free), pace=WORKDAYS, spent_today=5)) == at


def test_the_only_lot_ends_before_it_is_used() -> None:
    end = TODAY + 5 * DAY + 17 * MINUTE

    told = foreseen(supply(1, 240, end))

    assert told.runs_out == RunsOut(earliest=end, likely=end, latest=end)
    assert lost(told) == {1: 131}  # 12 today, four days of 24, and less than one for the minutes


def test_a_lot_used_before_its_end_loses_nothing() -> None:
    told = foreseen(supply(1, 30, TODAY + 2 * DAY), supply(2, 90))

    assert likely(told) == TODAY + 5 * DAY + 12 * HOUR
    assert lost(told) == {1: 0}


def test_a_lot_that_pays_last_is_lost_at_its_end() -> None:
    told = foreseen(supply(1, 90), supply(2, 30, TODAY + 2 * DAY))

    assert likely(told) == TODAY + 4 * DAY + 6 * HOUR  # 36 until the end, 54 after it
    assert lost(told) == {2: 30}


def test_on_the_day_of_its_end_a_lot_pays_until_then() -> None:
    told = foreseen(supply(1, 240, TODAY + 30 * HOUR), supply(2, 24))

    assert likely(told) == TODAY + 54 * HOUR
    assert lost(told) == {1: 222}


def test_a_lot_that_ends_with_a_day_pays_nothing_on_the_next() -> None:
    told = foreseen(supply(1, 24, TODAY + DAY), supply(2, 24))

    assert likely(told) == TODAY + 2 * DAY
    assert lost(told) == {1: 12}


def test_a_lot_that_has_ended_counts_for_nothing() -> None:
    told = foreseen(supply(1, 500, NOON), supply(2, 12))

    assert likely(told) == TODAY + DAY
    assert lost(told) == {}


def test_what_is_owed_cannot_be_spent() -> None:
    assert likely(foreseen(supply(1, 228), debt=60)) == TODAY + 7 * DAY + 12 * HOUR


def test_an_end_can_leave_no_more_than_is_owed() -> None:
    end = TODAY + DAY

    told = foreseen(supply(1, 50, end), supply(2, 100), debt=110)

    assert told.runs_out == RunsOut(earliest=end, likely=end, latest=end)
    assert lost(told) == {1: 38}


def test_what_is_kept_back_for_debt_is_lost_at_its_end() -> None:
    told = foreseen(supply(1, 48, TODAY + 10 * DAY), debt=24)

    assert likely(told) == TODAY + 36 * HOUR
    assert lost(told) == {1: 24}


@pytest.mark.parametrize("debt", [48, 49])
def test_what_is_used_up_already_does_not_run_out(debt: int) -> None:
    told = foreseen(supply(1, 40, TODAY + 10 * DAY), supply(2, 8), debt=debt)

    assert told.runs_out is None
    assert lost(told) == {1: 40}


def test_a_wallet_without_lots_has_nothing_to_run_out() -> None:
    assert foreseen() == Forecast(runs_out=None, lost={})


@pytest.mark.parametrize(
    ("spent_today", "hours"),
    [
        (0, 24),  # 24 are expected by midnight, whatever the morning brought
        (6, 30),
        (24, 48),
        (500, 48),  # more than expected today changes no other day
    ],
)
def test_today_only_the_rest_of_the_expected_is_to_come(spent_today: int, hours: int) -> None:
    assert likely(foreseen(supply(1, 24), spent_today=spent_today)) == TODAY + hours * HOUR


@pytest.mark.parametrize(
    ("free", "minutes", "hour"),
    [
        (10, 0, 14),  # 50 + 10 of 100 a day are reached at 14:24
        (1, 0, 12),  # at 12:14
        (1, 1, 13),  # at 12:14, seen at 12:01
        (10, 150, 15),  # at 14:24, seen at 14:30
    ],
)
def test_hours_are_rounded_down_but_never_into_the_past(free: int, minutes: int, hour: int) -> None:
    told = foreseen(supply(1, free), pace=[100] * 7, spent_today=50, now=NOON + minutes * MINUTE)

    assert likely(told) == TODAY + hour * HOUR


def test_the_hour_never_passes_the_end_that_comes_next() -> None:
    end = NOON + 30 * MINUTE

    assert likely(foreseen(supply(1, 1, end), pace=[240] * 7, spent_today=120, now=NOON + MINUTE)) == end


def test_the_hour_never_falls_before_the_end_that_came_last() -> None:
    end = TODAY + 36 * HOUR + 30 * MINUTE

    told = foreseen(supply(1, 98, end), supply(2, 1), pace=[96] * 7, spent_today=48)  # at 12:45: 4 an hour

    assert likely(told) == end


def test_nothing_is_said_of_what_lies_beyond_two_years() -> None:
    last = 24 * 730 - 12

    assert likely(foreseen(supply(1, last))) == TODAY + TWO_YEARS
    assert likely(foreseen(supply(1, last + 1))) is None
    assert foreseen(supply(1, 30 * 730 - 12 + 1)).runs_out is None


def test_what_is_lost_is_said_even_if_the_credits_last_longer() -> None:
    told = foreseen(
        supply(1, 100, TODAY + DAY),
        supply(2, 10**6),
        supply(3, 7, TODAY + TWO_YEARS),
        supply(4, 8, TODAY + TWO_YEARS + MINUTE),
    )

    assert told.runs_out is None
    assert lost(told) == {1: 88, 3: 7}


@pytest.mark.parametrize("pace", [[], [24] * 6, [0] * 28])
def test_too_little_is_known(pace: Sequence[int]) -> None:
    assert forecast(pace, spent_today=9, lots=[supply(1, 10)], debt=0, now=NOON) is None
    assert quota_runs_out(pace, used=88, quota=100, now=NOON, period_end=NOON + 9 * DAY) is None


def test_seven_days_are_enough() -> None:
    assert likely(foreseen(supply(1, 12), pace=[24] * 7)) == TODAY + DAY


@pytest.mark.parametrize(
    ("period_end", "runs_out"),
    [
        (TODAY + 19 * HOUR, None),
        (TODAY + DAY, RunsOut(earliest=TODAY + 19 * HOUR, likely=None, latest=None)),
        (TODAY + 30 * HOUR, RunsOut(earliest=TODAY + 19 * HOUR, likely=TODAY + DAY, latest=None)),
        (TODAY + 9 * DAY, RunsOut(earliest=TODAY + 19 * HOUR, likely=TODAY + DAY, latest=TODAY + 30 * HOUR)),
    ],
)
def test_a_quota_runs_out_before_the_periods_end_or_not_at_all(period_end: datetime, runs_out: RunsOut | None) -> None:
    assert quota_runs_out(STEADY, used=88, used_today=12, quota=100, now=NOON, period_end=period_end) == runs_out


def test_a_quota_is_not_said_to_run_out_in_the_past_nor_in_the_next_period() -> None:
    now = NOON + MINUTE

    for_long = quota_runs_out([240] * 7, used=99, used_today=120, quota=100, now=now, period_end=NOON + DAY)
    ending = quota_runs_out([240] * 7, used=99, used_today=120, quota=100, now=now, period_end=NOON + 30 * MINUTE)

    assert for_long == RunsOut(earliest=NOON + HOUR, likely=NOON + HOUR, latest=NOON + 3 * HOUR)
    assert ending is None


def test_without_todays_use_the_whole_day_is_to_come() -> None:
    runs_out = quota_runs_out(STEADY, used=88, quota=108, now=NOON, period_end=NOON + 9 * DAY)

    assert runs_out == RunsOut(earliest=TODAY + 16 * HOUR, likely=TODAY + 20 * HOUR, latest=TODAY + 25 * HOUR)


@pytest.mark.parametrize("used", [100, 101])
def test_a_quota_reached_already_does_not_run_out(used: int) -> None:
    assert quota_runs_out(STEADY, used=used, quota=100, now=NOON, period_end=NOON + 9 * DAY) is None
