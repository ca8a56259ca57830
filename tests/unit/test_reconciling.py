"""Reconciliation: what Stripe and we differ in is found, healed where a machine may, and then there is nothing left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.purchases import Order, Status
from chalicelib.services.ports import Due, LostRace, PaymentsFailed
from chalicelib.services.purchasing import Started
from chalicelib.services.reconciling import HEALED, UNRIPE, WINDOW, Finding, Reconciliation, reconcile
from chalicelib.services.rounds import Errand
from tests.builders import CATALOG, DAY, NOON, patience, stamp
from tests.paid import Desk

HOUR = timedelta(hours=1)


class Books(Desk):
    """A desk two hours later: what was done there is old enough to be compared."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = NOON + 2 * HOUR

    def compare(self, *, apply: bool = True, time: Iterator[bool] | None = None) -> Reconciliation:
        errand = Errand(
            store=self.seen_store,
            catalog=CATALOG,
            patience=patience(),
            stamp=lambda: stamp(self.clock, actor="reconciliation"),
            has_time=lambda: next(time) if time else True,
        )
        return reconcile(self.shop, errand, apply=apply)

    def later(self) -> None:
        self.clock += 2 * HOUR

    def writes(self) -> int:
        names = ("commit", "quarantine", "put_off_purchase", "keep_checkout", "count_failure")
        return sum(self.calls.count(name) for name in names)


@pytest.fixture
def books() -> Books:
    return Books()


def found(compared: Reconciliation) -> list[Finding]:
    assert compared.report.failures == []
    return [each.finding for each in compared.differences]


def healed(books: Books, *findings: Finding) -> None:
    """It is only named without *apply*, healed with it, and the next run finds nothing and writes nothing."""
    books.calls.clear()
    assert found(books.compare(apply=False)) == list(findings)
    assert books.writes() == 0
    compared = books.compare()
    assert found(compared) == list(findings)
    assert compared.report.counts["healed"] == compared.report.counts["differences"] == len(findings)
    books.calls.clear()
    before = dict(books.store.purchases)
    assert found(books.compare()) == []
    assert (books.writes(), books.store.purchases) == (0, before)
    books.check()


def only_named(books: Books, finding: Finding, detail: str = "") -> None:
    """It is named each time, and nothing is ever written."""
    books.calls.clear()
    for _ in range(2):
        compared = books.compare()
        assert found(compared) == [finding]
        assert compared.differences[0].detail == detail
        assert compared.report.counts["healed"] == 0
    assert books.writes() == 0


def test_where_both_agree_nothing_is_found(books: Books) -> None:
    books.fulfilled()
    books.refund(250)
    books.taken()
    books.later()
    books.calls.clear()

    compared = books.compare()

    assert found(compared) == []
    assert compared.report.answer() == {
        "payments": 2,
        "purchases": 1,
        "differences": 0,
        "healed": 0,
        "failed": 0,
        "more": False,
    }
    assert books.writes() == 0


def test_what_was_paid_and_not_credited_is_credited(books: Books) -> None:
    healed(books, Finding.PAID_NOT_CREDITED)

    assert (books.row.status, books.stands()) == (Status.PAID, (1000, 0, 0))


def test_a_status_that_differs_is_brought_up(books: Books) -> None:
    books.fulfilled()
    books.clock = NOON
    other = books.buy("k2")
    books.control(f"sessions/{other.purchase.session_id}/expire", {})
    books.later()

    healed(books, Finding.STATUS_DIFFERS)

    assert books.status(other) is Status.EXPIRED


def test_a_refund_whose_event_was_lost_revokes(books: Books) -> None:
    books.fulfilled()
    books.refund(250)
    books.later()

    healed(books, Finding.REVOKED_TOO_LITTLE)

    assert books.stands() == (750, 0, 0)


def test_a_refund_that_failed_unheard_restores(books: Books) -> None:
    books.fulfilled()
    refund_id = books.refund(250)
    books.taken()
    books.control(f"refunds/{refund_id}/fail", {})
    books.later()

    healed(books, Finding.REVOKED_TOO_MUCH)

    assert books.stands() == (1000, 0, 0)


def test_a_dispute_whose_event_was_lost_sets_aside(books: Books) -> None:
    books.fulfilled()
    books.dispute()
    books.later()

    healed(books, Finding.FACTS_DIFFER)

    assert books.stands() == (0, 1000, 0)


def test_the_same_payment_is_looked_at_once_however_much_of_it_went_back(books: Books) -> None:
    books.fulfilled()
    for amount in (100, 150):
        books.refund(amount)
    books.dispute()
    books.later()

    healed(books, Finding.REVOKED_TOO_LITTLE)

    assert books.calls.count("money_back") == 1


def test_what_was_sent_away_comes_home_by_reconciliation(books: Books) -> None:
    books.fulfilled()
    books.move("acct_a", "team_b", 600)
    books.refund(1000)
    books.later()

    healed(books, Finding.REVOKED_TOO_LITTLE)

    assert books.stands("team_b") == (0, 0, 0)


# What a person must look at


def test_a_payment_that_does_not_fit_is_only_named(books: Books) -> None:
    books.row = replace(books.row, price=books.row.price * 2)

    only_named(books, Finding.MISMATCH, "amount: 1000 is not 2000")


def test_a_second_payment_is_only_named(books: Books) -> None:
    books.fulfilled()
    books.row = replace(books.row, payment_id="pi_other")

    only_named(books, Finding.MISMATCH, "second payment for a paid purchase")


def test_money_back_of_a_payment_that_is_not_the_purchases_is_only_named(books: Books) -> None:
    books.fulfilled()
    books.clock = NOON + WINDOW + DAY  # the session is older than the window
    books.refund(250)
    books.later()
    books.row = replace(books.row, payment_id="pi_other")

    only_named(books, Finding.MISMATCH, "money went back for a payment that is not the purchase's")


def test_what_was_credited_and_not_paid_is_only_named(books: Books) -> None:
    books.fulfilled()
    books.clock = NOON
    other = books.buy("k2")
    name = ("acct_a", other.purchase.purchase_id)
    row = books.store.purchases[name]
    books.store.purchases[name] = replace(row, status=Status.PAID, paid_at=NOON, paid_minor=1000)
    books.later()

    only_named(books, Finding.CREDITED_NOT_PAID)


@pytest.mark.parametrize("session_id", [None, "cs_test_gone"])
def test_what_was_credited_without_a_session_is_only_named(books: Books, session_id: str | None) -> None:
    books.fulfilled()
    books.clock = NOON + WINDOW + HOUR  # its session isn't in the window any more, its day is
    books.row = replace(books.row, session_id=session_id, paid_at=NOON + DAY)

    only_named(books, Finding.CREDITED_NOT_PAID)


def test_a_purchase_that_we_do_not_know_is_only_named(books: Books) -> None:
    books.store.purchases.clear()

    only_named(books, Finding.UNKNOWN_PURCHASE)


def test_money_back_for_a_purchase_that_we_do_not_know_is_only_named(books: Books) -> None:
    books.clock = NOON + WINDOW + DAY
    books.refund(250)
    books.later()
    books.store.purchases.clear()

    only_named(books, Finding.UNKNOWN_PURCHASE)


# What is nobody's business


def test_an_unpaid_session_that_does_not_fit_is_nothing(books: Books) -> None:
    books.fulfilled()
    books.clock = NOON
    other = books.buy("k2")
    name = ("acct_a", other.purchase.purchase_id)
    books.store.purchases[name] = replace(books.store.purchases[name], price=other.purchase.price * 2)
    books.later()

    assert found(books.compare()) == []


def test_a_session_that_the_customer_never_saw_is_nothing(books: Books) -> None:
    books.fulfilled()
    books.clock = NOON
    other = books.buy("k2")
    books.control(f"sessions/{other.purchase.session_id}/expire", {})
    name = ("acct_a", other.purchase.purchase_id)
    books.store.purchases[name] = replace(books.store.purchases[name], session_id="cs_test_other")
    books.later()

    assert found(books.compare()) == []


def test_the_payments_of_another_program_are_nothing(books: Books) -> None:
    books.fulfilled()
    session_id = books.foreign_session()
    paid = books.control(f"sessions/{session_id}/pay", {"method": "card"})
    books.control(f"payment_intents/{paid['payment_intent']}/refund", {})
    books.later()

    assert found(books.compare()) == []


def test_a_purchase_that_vanished_or_is_not_paid_after_all_is_nothing(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.fulfilled()
    books.clock = NOON
    other = books.buy("k2")
    name = ("acct_a", other.purchase.purchase_id)
    books.store.purchases[name] = replace(books.store.purchases[name], status=Status.FAILED)
    names = [("acct_a", "pur_gone"), name]
    monkeypatch.setattr(books.store, "paid_on", lambda _day, *, cursor=None: Due(names))
    books.later()

    assert found(books.compare()) == []


def test_an_older_session_that_did_pay_is_nothing(books: Books) -> None:
    books.fulfilled()
    books.clock = NOON + WINDOW + HOUR
    books.row = replace(books.row, paid_at=NOON + DAY)
    books.calls.clear()

    assert found(books.compare()) == []
    assert books.calls.count("payment") == 1


def test_the_last_hour_is_left_to_the_events(books: Books) -> None:
    books.clock = NOON + UNRIPE
    assert found(books.compare(apply=False)) == []
    books.clock += timedelta(seconds=1)
    assert found(books.compare(apply=False)) == [Finding.PAID_NOT_CREDITED]
    books.clock = NOON + WINDOW
    assert found(books.compare(apply=False)) == [Finding.PAID_NOT_CREDITED]
    books.clock += timedelta(seconds=1)
    assert found(books.compare(apply=False)) == []


# Pages, time, trouble


def test_all_pages_are_read(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.fulfilled()
    books.clock = NOON
    bought: list[Started] = [
        books.buy(f"k{nth}", order=Order(wallet_id="acct_a", package_id="starter")) for nth in range(2, 7)
    ]
    for each in bought:
        books.control(f"sessions/{each.purchase.session_id}/pay", {"method": "card"})
    monkeypatch.setattr("chalicelib.payments.checkout.PAGE", 2)
    monkeypatch.setattr("chalicelib.payments.money_back.PAGE", 2)
    books.later()

    healed(books, *[Finding.PAID_NOT_CREDITED] * 5)
    assert books.calls.count("recent_sessions") == 3
    for each in bought:
        row = books.store.purchases["acct_a", each.purchase.purchase_id]
        books.control(f"payment_intents/{row.payment_id}/refund", {"amount": 100})
    books.later()
    healed(books, *[Finding.REVOKED_TOO_LITTLE] * 5)
    assert books.stands() == (5500, 0, 0)


def test_all_pages_of_a_day_are_read(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.fulfilled()
    asked: list[tuple[Any, object]] = []

    def paid_on(day: Any, *, cursor: object = None) -> Due:
        asked.append((day, cursor))
        return Due([("acct_a", books.row.purchase_id)], cursor="more" if cursor is None else None)

    monkeypatch.setattr(books.store, "paid_on", paid_on)

    compared = books.compare()

    assert compared.report.counts["purchases"] == len(asked) == 2 * 36
    assert asked[:2] == [((NOON - WINDOW + 2 * HOUR).date(), None), ((NOON - WINDOW).date(), "more")]
    assert asked[-1] == (NOON.date(), "more")


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_without_time_it_stops_and_says_so(books: Books, turns: int) -> None:
    compared = books.compare(time=iter([True] * turns + [False] * 9))

    assert compared.report.more
    assert len(compared.differences) == min(turns, 1)


@pytest.mark.parametrize("call", ["recent_sessions", "recent_money_back", "paid_on", "money_back"])
def test_what_cannot_be_asked_is_reported_and_the_others_go_on(books: Books, call: str) -> None:
    books.refund(250)
    books.later()
    books.fail(call, "before", [PaymentsFailed("down")])

    compared = books.compare()

    assert [type(error) for _, _, error in compared.report.failures] == [PaymentsFailed]
    books.compare()
    assert (books.row.status, books.row.revoked) == (Status.PAID, 250)
    assert found(books.compare()) == []


def test_what_cannot_be_healed_is_reported(books: Books) -> None:
    books.fail("commit", "before", [LostRace()] * 1000)

    compared = books.compare()

    assert [finding.finding for finding in compared.differences] == [Finding.PAID_NOT_CREDITED]
    assert (compared.report.counts["healed"], len(compared.report.failures)) == (0, 1)


def test_every_kind_is_either_healed_or_for_a_person() -> None:
    for_persons = {Finding.MISMATCH, Finding.CREDITED_NOT_PAID, Finding.UNKNOWN_PURCHASE}

    assert set(Finding) == HEALED | for_persons
    assert not HEALED & for_persons
