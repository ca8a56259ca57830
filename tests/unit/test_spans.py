"""From days to months: which months are finished, which days are theirs, and what was used in them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from chalicelib.domain.periods import Period
from chalicelib.domain.spans import Month, days_of, finished_months, used_in
from tests.builders import CATALOG, NOON

LONG_AGO = date(2020, 1, 1)


def at(month: int, day: int, hour: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def starts(anchor: datetime, now: datetime, first_day: date = LONG_AGO) -> list[datetime]:
    return [month.start for month in finished_months(anchor, now, first_day=first_day)]


MONTHS = (Period(at(9, 15), at(10, 15)), Period(at(10, 15), at(11, 15)))


def used(*days: tuple[date, dict[str, int]], months: tuple[Period, ...] = MONTHS) -> list[dict[str, int]]:
    return [dict(month.used) for month in used_in(months, days, CATALOG)]


def test_the_last_three_months_before_the_running_one_are_finished() -> None:
    months = finished_months(at(1, 15), NOON, first_day=LONG_AGO)

    assert months == (Period(at(8, 15), at(9, 15)), *MONTHS)


def test_a_month_is_finished_at_its_end_and_not_before() -> None:
    assert starts(at(1, 15), at(11, 15))[-1] == at(10, 15)
    assert starts(at(1, 15), datetime(2026, 11, 14, 23, 59, 59, tzinfo=UTC))[-1] == at(9, 15)


def test_months_are_counted_back_to_before_the_anchor() -> None:
    assert starts(at(11, 15, 9), NOON) == [at(8, 15, 9), at(9, 15, 9), at(10, 15, 9)]


def test_the_anchors_day_does_not_drift_in_short_months() -> None:
    assert starts(at(1, 31, year=2027), at(4, 1, year=2027)) == [
        at(12, 31),
        at(1, 31, year=2027),
        at(2, 28, year=2027),
    ]


@pytest.mark.parametrize(
    ("first_day", "count"),
    [(date(2026, 8, 15), 3), (date(2026, 8, 16), 2), (date(2026, 10, 15), 1), (date(2026, 10, 16), 0)],
)
def test_a_month_that_begins_before_the_wallet_does_is_none(first_day: date, count: int) -> None:
    assert len(starts(at(1, 15), NOON, first_day)) == count


def test_the_days_of_months_are_those_whose_midnight_they_hold() -> None:
    assert days_of(MONTHS) == (date(2026, 9, 15), date(2026, 11, 14))
    assert days_of([Period(at(9, 15, 9), at(10, 15, 9))]) == (date(2026, 9, 16), date(2026, 10, 15))


def test_counters_are_summed_and_a_missing_day_has_nothing() -> None:
    assert used(
        (date(2026, 9, 15), {"calls": 5}),
        (date(2026, 10, 14), {"calls": 7, "notes": 1}),
        (date(2026, 10, 15), {"calls": 1}),
        (date(2026, 11, 15), {"calls": 100}),
    ) == [{"calls": 12, "notes": 1}, {"calls": 1}]


def test_a_day_on_which_a_month_begins_after_midnight_belongs_to_the_month_before() -> None:
    months = (Period(at(9, 15, 9), at(10, 15, 9)), Period(at(10, 15, 9), at(11, 15, 9)))

    found = used((date(2026, 9, 15), {"calls": 1}), (date(2026, 10, 15), {"calls": 2}), months=months)

    assert found == [{"calls": 2}, {}]


def test_of_a_gauge_the_highest_level_counts_and_it_stands_until_the_next_day_that_names_it() -> None:
    assert used(
        (date(2026, 9, 20), {"seats": 9}),
        (date(2026, 9, 25), {"seats": 4}),
        (date(2026, 10, 1), {"calls": 1}),
    ) == [{"seats": 9, "calls": 1}, {"seats": 4}]


def test_the_level_that_stands_at_a_months_beginning_is_one_of_its_levels() -> None:
    assert used((date(2026, 10, 1), {"seats": 9}), (date(2026, 10, 15), {"seats": 3}))[1] == {"seats": 9}


def test_days_before_the_months_tell_the_levels_at_their_beginning_and_nothing_else() -> None:
    assert used(
        (date(2026, 3, 1), {"seats": 8, "calls": 50}),
        (date(2026, 9, 14), {"seats": 6}),
    ) == [{"seats": 6}, {"seats": 6}]


def test_days_come_in_any_order() -> None:
    days = [(date(2026, 9, day), {"seats": level}) for day, level in ((30, 2), (10, 7), (5, 12), (20, 1))]

    assert used(*days) == [{"seats": 7}, {"seats": 2}]


def test_a_meter_that_is_offered_no_more_is_summed() -> None:
    assert used((date(2026, 9, 20), {"gone": 2}), (date(2026, 9, 21), {"gone": 3}))[0] == {"gone": 5}


def test_without_months_nothing_is_said() -> None:
    assert used_in((), [(date(2026, 9, 20), {"calls": 2})], CATALOG) == ()


def test_a_month_keeps_its_period() -> None:
    assert used_in(MONTHS[:1], [], CATALOG) == (Month(MONTHS[0], {}),)
