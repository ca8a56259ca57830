"""Statements: a month's sums out of its days, its edges, and what is refused rather than stated wrongly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.days import ClosedDay, Flow
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import GENESIS
from chalicelib.domain.lots import Source
from chalicelib.domain.statements import Books, BooksDiffer, Month, Statement, draw_up
from chalicelib.domain.times import from_text
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Wallet
from chalicelib.services.ports import Change
from chalicelib.services.stating import statement_of
from tests.builders import CATALOG, DAY, NOON, stamp
from tests.fakes import Faulty, MemoryStore
from tests.teller import Teller, bought

NOVEMBER, DECEMBER, JANUARY = Month.parse("2026-11"), Month.parse("2026-12"), Month.parse("2027-01")
LATER = NOON + 300 * DAY


@pytest.fixture
def teller() -> Teller:
    """1,000 credits bought on 22 November; 10 used on each of the next days, and 30 on 5 December."""
    teller = Teller()
    teller.give("acct_a", bought("pur_1"))
    for day in range(3):
        teller.now = NOON + (1 + day) * DAY
        teller.use(f"k{day}", "extra", 30)
    teller.now = NOON + 13 * DAY
    teller.use("k3", "extra", 90)
    return teller


def drawn(teller: Teller, month: Month, *, now: datetime = LATER) -> Statement:
    return statement_of(teller.store, "acct_a", month, now=now)


def edges(statement: Statement) -> tuple[int, int]:
    return statement.opening.left, statement.closing.left


def came_and_went(statement: Statement) -> dict[str, int]:
    return {column.value: credits for column, credits in statement.flows.items() if credits}


@pytest.mark.parametrize("text", ["1970-01", "2026-02", "2024-02", "2026-12", "9998-12"])
def test_a_month_is_read_as_it_is_written(text: str) -> None:
    assert str(Month.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026", "2026-1", "2026-13", "2026-00", "0000-01", "0001-01", "1969-12", "2026-11-01", "2026-11 "),
        *("２０２６-11", "2026/11", "-026-11", "+026-11", "2026-W1", "20261-1", "now"),
    ],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|year"):
        Month.parse(text)


def test_a_month_is_that_of_the_utc_day() -> None:
    assert Month.of(from_text("2026-12-01T00:30:00+01:00")) == NOVEMBER
    assert Month.of(NOVEMBER.end) == DECEMBER
    assert (NOVEMBER.last, str(NOVEMBER.end)) == (date(2026, 11, 30), "2026-12-01 00:00:00+00:00")
    assert [Month.parse(text).last.day for text in ("2026-02", "2024-02", "2026-12")] == [28, 29, 31]
    assert date(2026, 11, 30) in NOVEMBER
    assert date(2025, 11, 30) not in NOVEMBER


def test_a_month_closes_where_the_next_one_opens(teller: Teller) -> None:
    november, december = drawn(teller, NOVEMBER), drawn(teller, DECEMBER)

    assert (edges(november), edges(december)) == ((0, 970), (970, 940))
    assert (came_and_went(november), came_and_went(december)) == ({"bought": 1000, "used": 30}, {"used": 30})
    assert (november.kinds, december.kinds) == ({"purchase": (1, 1000), "usage": (3, -30)}, {"usage": (1, -30)})
    assert november.closing == december.opening
    assert (november.opening.seq, november.closing.seq, december.closing.seq) == (0, 4, 5)
    assert december.closing.head == teller.store.wallet("acct_a").head
    assert set(november.flows) == set(Flow)


def test_a_month_without_entries_closes_as_it_opened(teller: Teller) -> None:
    january = drawn(teller, JANUARY)

    assert january.opening == january.closing == Books.of(teller.store.wallet("acct_a"))
    assert (came_and_went(january), january.kinds) == ({}, {})


def test_a_month_without_entries_between_two_with_some_is_that_of_the_books() -> None:
    teller = Teller()
    for days in (0, 70):  # November and January
        teller.now = NOON + days * DAY
        teller.give("acct_a", Grant(credits=5, source=Source.PROMO))

    december = drawn(teller, DECEMBER)

    assert (edges(december), december.kinds) == ((5, 5), {})
    assert december.opening == december.closing == drawn(teller, NOVEMBER).closing
    assert (december.closing.seq, edges(drawn(teller, JANUARY))) == (1, (5, 10))


@pytest.mark.parametrize("month", ["1970-01", "2026-10"])
def test_before_a_wallet_began_its_statement_is_zeros(teller: Teller, month: str) -> None:
    for wallet_id in ("acct_a", "acct_never"):
        statement = statement_of(teller.store, wallet_id, Month.parse(month), now=LATER)

        assert statement.opening == statement.closing == Books()
        assert (statement.closing.seq, statement.closing.head) == (0, GENESIS)
        assert (came_and_went(statement), statement.kinds, statement.is_complete) == ({}, {}, True)


def test_a_month_that_runs_is_stated_up_to_now(teller: Teller) -> None:
    before = drawn(teller, DECEMBER, now=teller.now)
    teller.use("k4", "extra", 3)

    after = drawn(teller, DECEMBER, now=teller.now)

    assert (edges(before), edges(after)) == ((970, 940), (970, 939))
    assert (before.is_complete, after.is_complete) == (False, False)


def test_a_month_that_has_not_begun_is_refused(teller: Teller) -> None:
    with pytest.raises(InvalidRequest, match="month: is in the future"):
        drawn(teller, DECEMBER, now=NOVEMBER.end - timedelta(milliseconds=1))
    assert drawn(teller, DECEMBER, now=NOVEMBER.end).month == DECEMBER
    assert teller.calls.count("wallet") == 4  # the four uses


def test_a_month_is_complete_when_no_clock_can_add_to_it(teller: Teller) -> None:
    minute, moment = timedelta(minutes=1), timedelta(milliseconds=1)

    assert drawn(teller, NOVEMBER, now=NOVEMBER.end).is_complete  # there is a day of December already
    assert not drawn(teller, DECEMBER, now=DECEMBER.end + minute - moment).is_complete
    assert drawn(teller, DECEMBER, now=DECEMBER.end + minute).is_complete


def test_a_month_whose_last_day_runs_is_not_complete() -> None:
    teller = Teller(now=NOVEMBER.end - timedelta(hours=1))
    teller.give("acct_a", bought("pur_1"))

    assert not drawn(teller, NOVEMBER, now=NOVEMBER.end).is_complete
    teller.now = NOVEMBER.end
    teller.use("k1", "extra", 3)
    assert drawn(teller, NOVEMBER, now=NOVEMBER.end).is_complete


def test_a_use_that_is_reported_late_counts_with_its_entry() -> None:
    teller = Teller()
    teller.give("acct_a", bought("pur_1"))
    december_first = NOVEMBER.end + timedelta(hours=1)
    use = Use(wallet_id="acct_a", meter="extra", quantity=30, at=NOVEMBER.end - timedelta(hours=1))
    late = decide(teller.store.wallet("acct_a"), use, CATALOG, stamp(december_first))
    teller.store.commit(Change(decisions=[late]))

    assert late.late
    assert came_and_went(drawn(teller, NOVEMBER)) == {"bought": 1000}
    assert came_and_went(drawn(teller, DECEMBER)) == {"used": 10}


def test_what_is_held_counts_as_left_and_is_named(teller: Teller) -> None:
    teller.hold("h", 100)

    december = drawn(teller, DECEMBER)

    assert (december.closing.left, december.closing.held) == (940, 100)


def test_a_statement_takes_three_reads_or_one(teller: Teller) -> None:
    asked: list[str] = []
    store: Any = Faulty(teller.store, lambda name, when: asked.append(name) if when == "before" else None)

    for month in (NOVEMBER, DECEMBER, JANUARY):
        statement_of(store, "acct_a", month, now=LATER)

    assert asked == [*("wallet", "closed_days", "last_closed_day") * 2, "wallet"]


class Overtaken(MemoryStore):
    """While a statement is drawn up, the day ends and another begins: right after the wallet was read."""

    def __init__(self, next_at: datetime) -> None:
        super().__init__()
        self.next_at: datetime | None = next_at

    def wallet(self, wallet_id: str) -> Wallet:
        found, now = super().wallet(wallet_id), self.next_at
        if found.seq and now:
            self.next_at = None
            wanted = Grant(credits=7, source=Source.PROMO)
            self.commit(Change(decisions=[grant(found, wanted, CATALOG, stamp(now))]))
        return found


@pytest.mark.parametrize("days", [1, 20, 60])
@pytest.mark.parametrize("month", [NOVEMBER, DECEMBER])
def test_a_statement_is_of_one_moment_whatever_is_written_meanwhile(days: int, month: Month) -> None:
    store = Overtaken(NOON + days * DAY)
    first = grant(Wallet(wallet_id="acct_a"), Grant(credits=5, source=Source.PROMO), CATALOG, stamp())
    store.commit(Change(decisions=[first]))

    statement = statement_of(store, "acct_a", month, now=LATER)

    assert store.wallets["acct_a"].seq == 2
    assert (statement.closing.seq, statement.closing.left) == (1, 5)
    assert statement_of(store, "acct_a", JANUARY, now=LATER).closing.left == 12


def closed(teller: Teller) -> list[ClosedDay]:
    return teller.store.closed_days("acct_a", NOVEMBER.first, NOVEMBER.last)  # type: ignore[no-any-return]


def test_a_day_that_is_missing_leaves_no_statement(teller: Teller) -> None:
    wallet, days = teller.store.wallet("acct_a"), closed(teller)

    assert draw_up(wallet, NOVEMBER, days=days, now=LATER).closing.left == 970
    for place in range(len(days) - 1):
        with pytest.raises(BooksDiffer, match="begins with entry"):
            draw_up(wallet, NOVEMBER, days=[*days[:place], *days[place + 1 :]], now=LATER)


def test_sums_that_do_not_come_out_leave_no_statement(teller: Teller) -> None:
    wallet, days = teller.store.wallet("acct_a"), closed(teller)
    for column in Flow:
        wrong = replace(days[1], day=replace(days[1].day, flows={**days[1].day.flows, column: 7}))
        with pytest.raises(BooksDiffer, match="credits should be left"):
            draw_up(wallet, NOVEMBER, days=[days[0], wrong, *days[2:]], now=LATER)
