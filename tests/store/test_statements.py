"""What the store promises about finished days: their books, in order, and the last one before a date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from chalicelib.domain.days import ClosedDay
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.holding import Wish, place
from chalicelib.domain.lots import Source
from chalicelib.domain.statements import Month
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision
from chalicelib.services.ports import Change, Store
from chalicelib.services.stating import statement_of
from tests.builders import CATALOG, DAY, NOON, stamp
from tests.exported import export_of, judged, stated

TODAY = NOON.date()  # 22 November


def write(store: Store, decision: Decision) -> Decision:
    store.commit(Change(decisions=[decision]))
    return decision


def give(store: Store, wallet_id: str, at: datetime) -> Decision:
    wanted = Grant(credits=100, source=Source.PROMO)
    return write(store, grant(store.wallet(wallet_id), wanted, CATALOG, stamp(at)))


def use(store: Store, wallet_id: str, at: datetime, *, happened: datetime | None = None, credits: int = 10) -> Decision:
    wanted = Use(wallet_id=wallet_id, meter="extra", quantity=3 * credits, at=happened)
    return write(store, decide(store.wallet(wallet_id), wanted, CATALOG, stamp(at)))


def hold(store: Store, wallet_id: str, at: datetime) -> Decision:
    wish = Wish(wallet_id=wallet_id, ttl=timedelta(hours=1), credits=7)
    return write(store, place(store.wallet(wallet_id), wish, CATALOG, stamp(at)))


def dates(days: Sequence[ClosedDay]) -> list[date]:
    return [each.day.date for each in days]


def test_a_wallet_without_a_past_has_no_finished_days(store: Store, wallet_id: str) -> None:
    assert list(store.closed_days(wallet_id, date(1970, 1, 1), date(2099, 1, 1))) == []
    assert store.last_closed_day(wallet_id, date(2099, 1, 1)) is None
    assert store.last_closed_day(wallet_id, date(1969, 12, 31)) is None


def test_finished_days_read_back_with_their_books(store: Store, wallet_id: str) -> None:
    decisions = [give(store, wallet_id, NOON), hold(store, wallet_id, NOON)]
    decisions += [use(store, wallet_id, NOON + days * DAY) for days in (1, 1, 9)]
    finished = [each.closed_day for each in decisions if each.closed_day]

    assert [each.held for each in finished] == [7, 0]
    assert list(store.closed_days(wallet_id, TODAY, TODAY + 30 * DAY)) == finished


def test_of_finished_days_those_between_two_dates_are_read_oldest_first(store: Store, wallet_id: str) -> None:
    for days in range(6):
        give(store, wallet_id, NOON + days * DAY)

    within = store.closed_days(wallet_id, TODAY + DAY, TODAY + 3 * DAY)

    assert dates(within) == [TODAY + DAY, TODAY + 2 * DAY, TODAY + 3 * DAY]
    assert dates(store.closed_days(wallet_id, TODAY + 4 * DAY, TODAY + 40 * DAY)) == [TODAY + 4 * DAY]  # the 5th runs


def test_the_last_finished_day_up_to_a_date_is_found(store: Store, wallet_id: str) -> None:
    for days in (0, 3, 50):
        give(store, wallet_id, NOON + days * DAY)

    def last(until: date) -> date | None:
        found = store.last_closed_day(wallet_id, until)
        return found.day.date if found else None

    assert [last(TODAY + days * DAY) for days in (-1, 0, 2, 3, 49, 50, 900)] == [
        *(None, TODAY, TODAY, TODAY + 3 * DAY),
        *(TODAY + 3 * DAY,) * 3,
    ]


def test_days_that_hold_only_what_was_reported_late_have_no_books(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, NOON)
    for days in range(2, 28):
        use(store, wallet_id, NOON + 28 * DAY, happened=NOON + days * DAY, credits=1)
    closing = give(store, wallet_id, NOON + 29 * DAY)

    assert dates(store.closed_days(wallet_id, TODAY, TODAY + 90 * DAY)) == [TODAY, TODAY + 28 * DAY]
    assert dates([each for each in [store.last_closed_day(wallet_id, TODAY + 27 * DAY)] if each]) == [TODAY]
    assert store.last_closed_day(wallet_id, TODAY + 28 * DAY) == closing.closed_day
    assert store.last_closed_day(wallet_id, TODAY - DAY) is None


def test_a_finished_day_stays_as_it_was_when_more_is_reported(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, NOON)
    closing = use(store, wallet_id, NOON + DAY)
    use(store, wallet_id, NOON + DAY, happened=NOON)

    assert store.last_closed_day(wallet_id, TODAY) == closing.closed_day


def test_the_days_of_one_wallet_are_not_those_of_another(
    store: Store, wallet_id: str, other_wallet_id: Callable[[], str]
) -> None:
    for name in (other_wallet_id(), f"{wallet_id}1"):
        for days in range(3):
            give(store, name, NOON + days * DAY)

    assert list(store.closed_days(wallet_id, TODAY, TODAY + 90 * DAY)) == []
    assert store.last_closed_day(wallet_id, TODAY + 90 * DAY) is None


def test_statements_and_an_export_of_what_was_stored_hold(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, NOON)
    for days in (1, 1, 2, 9, 12, 45):
        use(store, wallet_id, NOON + days * DAY)
    now = NOON + 45 * DAY
    months = [stated(store, wallet_id, month, now=now) for month in ("2026-10", "2026-11", "2026-12", "2027-01")]

    sizes = iter([2, 1, 3, 1000])
    found = judged(export_of(store, wallet_id, now=now, limit=lambda: next(sizes)), *months)

    assert found["faults"] == []
    assert [each["closing"] for each in months] == [0, 70, 50, 40]
    assert statement_of(store, wallet_id, Month.parse("2026-12"), now=now).is_complete
