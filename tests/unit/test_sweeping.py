"""Sweeping: what nobody told us of is asked about, with growing pauses, and settled once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import PaymentsUnavailable
from chalicelib.domain.messages import MessageKind
from chalicelib.domain.purchases import Purchase, Status
from chalicelib.services.ports import Due, LostRace, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.purchasing import Started
from tests.builders import DAY, NOON
from tests.counter import Counter
from tests.fakes import MemoryStore

MINUTE = timedelta(minutes=1)
FIRST = NOON + 15 * MINUTE


@pytest.fixture
def counter() -> Counter:
    return Counter()


def pay(counter: Counter, begun: Started, method: str = "card") -> None:
    counter.control(f"sessions/{begun.purchase.session_id}/pay", {"method": method})


def row(counter: Counter, begun: Started) -> Purchase:
    return counter.store.purchases["acct_a", begun.purchase.purchase_id]


def sweep(counter: Counter, at: datetime = FIRST) -> dict[str, int | bool]:
    counter.clock = at
    return counter.sweep().answer()


def answer(**counts: int) -> dict[str, int | bool]:
    return {
        "purchases": 0,
        "subscriptions": 0,
        "settled": 0,
        "given_up": 0,
        "refunded": 0,
        "recalled": 0,
        "failed": 0,
        "more": False,
    } | counts


def without_session(counter: Counter, key: str = "k1") -> Purchase:
    """Begin a purchase whose checkout never opened."""
    counter.fail("open_checkout", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        counter.buy(key)
    return next(each for each in counter.store.purchases.values() if not each.session_id)


def test_a_payment_whose_event_was_lost_is_settled_and_granted_once(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun)

    assert sweep(counter, FIRST - MINUTE) == answer()
    assert sweep(counter) == answer(purchases=1, settled=1)
    assert sweep(counter, FIRST + DAY) == answer()
    assert row(counter, begun).status is Status.PAID
    assert row(counter, begun).due_at is None
    wallet, history = counter.store.wallet("acct_a"), counter.store.history_of("acct_a")
    assert [entry.kind for entry in history] == ["purchase"]
    assert list(audit.faults(wallet, history)) == []


def test_an_open_purchase_is_asked_about_again_later(counter: Counter) -> None:
    begun = counter.buy()

    assert sweep(counter) == answer(purchases=1)
    assert (row(counter, begun).status, row(counter, begun).due_at) == (Status.PENDING, FIRST + 15 * MINUTE)
    assert sweep(counter, FIRST + 14 * MINUTE) == answer()
    pay(counter, begun)
    assert sweep(counter, FIRST + 15 * MINUTE) == answer(purchases=1, settled=1)


def test_the_pauses_grow_from_a_quarter_of_an_hour_to_a_day(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun, "bank_debit")
    pauses, now = [], FIRST
    while now < NOON + 6 * DAY:
        sweep(counter, now)
        due_at = row(counter, begun).due_at
        assert due_at
        pauses.append((due_at - now) / MINUTE)
        now = due_at

    assert pauses[:5] == [15, 15, 22.5, 33.75, 50.625]
    assert pauses == sorted(pauses)
    assert pauses[-3:] == [24 * 60] * 3
    assert row(counter, begun).status is Status.AWAITING_PAYMENT


def test_an_expired_session_ends_the_purchase(counter: Counter) -> None:
    begun = counter.buy()
    counter.control(f"sessions/{begun.purchase.session_id}/expire", {})

    assert sweep(counter) == answer(purchases=1, settled=1)
    assert (row(counter, begun).status, row(counter, begun).due_at) == (Status.EXPIRED, None)
    assert sweep(counter, NOON + 10 * DAY) == answer()


def test_a_bank_debit_is_waited_for_until_the_money_is_there(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun, "bank_debit")

    assert sweep(counter) == answer(purchases=1, settled=1)
    assert row(counter, begun).status is Status.AWAITING_PAYMENT
    assert sweep(counter, NOON + DAY) == answer(purchases=1)
    counter.control(f"payment_intents/{row(counter, begun).payment_id}/settle", {})
    assert sweep(counter, NOON + 4 * DAY) == answer(purchases=1, settled=1)
    assert counter.store.wallet("acct_a").available(counter.clock) == 1000
    assert counter.store.messages == {}


def test_a_bank_debit_that_fails_is_told_once(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun, "bank_debit")
    sweep(counter)
    counter.control(f"payment_intents/{row(counter, begun).payment_id}/fail", {})

    assert [sweep(counter, NOON + days * DAY) for days in (4, 5, 6)] == [answer(purchases=1, settled=1)] + [
        answer()
    ] * 2

    assert (row(counter, begun).status, row(counter, begun).due_at) == (Status.FAILED, None)
    (told,) = counter.store.messages.values()
    assert (told.message.kind, told.message.at) == (MessageKind.PAYMENT_FAILED, NOON + 4 * DAY)
    assert told.due_at == told.message.at
    assert told.message.facts == {
        "purchase_id": begun.purchase.purchase_id,
        "credits": 1000,
        "amount_minor": 1000,
        "currency": "usd",
    }
    assert counter.store.wallet("acct_a").seq == 0


def test_a_declined_card_is_told_by_the_page_and_by_no_message(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun, "declined")
    sweep(counter)
    sweep(counter, NOON + 2 * DAY)

    assert not counter.store.messages
    assert counter.store.wallet("acct_a").seq == 0


def test_the_failure_is_written_again_after_a_lost_race_and_still_told_once(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun, "bank_debit")
    sweep(counter)
    counter.control(f"payment_intents/{row(counter, begun).payment_id}/fail", {})
    counter.fail("commit", "after", [OutcomeUnknown()])
    counter.fail("commit", "before", [LostRace()])

    sweep(counter, NOON + 4 * DAY)

    assert len(counter.store.messages) == 1


def test_a_purchase_without_a_session_is_given_up_after_two_days_and_not_before(counter: Counter) -> None:
    stuck = without_session(counter)
    name = ("acct_a", stuck.purchase_id)
    just = timedelta(milliseconds=1)

    assert sweep(counter) == answer(purchases=1)
    counter.store.purchases[name] = replace(counter.store.purchases[name], due_at=NOON)
    assert sweep(counter, NOON + 2 * DAY - just) == answer(purchases=1)
    assert counter.store.purchases[name].status is Status.PENDING
    counter.store.purchases[name] = replace(counter.store.purchases[name], due_at=NOON)
    assert sweep(counter, NOON + 2 * DAY) == answer(purchases=1, given_up=1)

    ended = counter.store.purchases[name]
    assert (ended.status, ended.due_at, ended.version) == (Status.EXPIRED, None, stuck.version + 1)
    assert (counter.store.wallet("acct_a").seq, counter.store.messages) == (0, {})
    assert "payment" not in counter.calls


def test_a_session_that_opens_while_its_purchase_is_given_up_wins(counter: Counter) -> None:
    stuck = without_session(counter)
    counter.clock = NOON + 2 * DAY

    def reopen(name: str, when: str) -> None:
        if (name, when) == ("commit", "before") and counter.calls.count("commit") == 2:
            counter.strike = lambda _name, _when: None
            counter.buy(now=counter.clock)

    counter.strike = reopen

    assert counter.sweep().answer() == answer(purchases=1)
    there = counter.store.purchases["acct_a", stuck.purchase_id]
    assert (there.status, bool(there.session_id)) == (Status.PENDING, True)


def test_without_an_answer_the_failure_is_reported_the_others_go_on_and_it_stands_behind_them(counter: Counter) -> None:
    first, second = counter.buy("k1"), counter.buy("k2")
    for each in (first, second):
        pay(counter, each)
    counter.fail("payment", "before", [PaymentsFailed("down")])

    counter.clock = FIRST
    report = counter.sweep()

    assert report.answer() == answer(purchases=2, settled=1, failed=1)
    ((wallet_id, name, error),) = report.failures
    assert (wallet_id, type(error)) == ("acct_a", PaymentsFailed)
    behind = counter.store.purchases["acct_a", name]
    assert (behind.status, behind.due_at) == (Status.PENDING, FIRST + 15 * MINUTE)
    assert sweep(counter, FIRST + 15 * MINUTE) == answer(purchases=1, settled=1)
    assert counter.store.wallet("acct_a").available(counter.clock) == 2000


@pytest.mark.parametrize("trouble", [Throttled(), OutcomeUnknown()])
@pytest.mark.parametrize("call", ["purchase", "put_off_purchase"])
def test_a_store_without_an_answer_is_reported(counter: Counter, call: str, trouble: Exception) -> None:
    begun = counter.buy()
    pay(counter, begun)
    counter.fail(call, "before", [trouble])

    assert sweep(counter) == answer(purchases=1, failed=1)
    assert sweep(counter) == answer(purchases=1, settled=1)


class Late:
    """A store whose index names what is no longer due, or no longer there."""

    def __init__(self, store: MemoryStore, names: Sequence[tuple[str, str]]) -> None:
        self._store, self._names = store, names

    def due_purchases(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        del until, cursor
        return Due(self._names if shard == 0 else ())

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_what_is_paid_or_gone_by_now_is_skipped(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun)
    sweep(counter)
    before = dict(counter.store.purchases)
    counter.calls.clear()
    counter.seen_store = Late(counter.store, [("acct_a", begun.purchase.purchase_id), ("acct_a", "pur_gone")])

    assert sweep(counter) == answer(purchases=2)
    assert (counter.store.purchases, counter.calls) == (before, [])


def test_somebody_else_at_it_is_no_failure(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun)
    counter.fail("put_off_purchase", "before", [LostRace()])

    assert sweep(counter) == answer(purchases=1)
    assert "payment" not in counter.calls


def test_a_payment_that_does_not_fit_is_kept_aside_once_and_put_off(counter: Counter) -> None:
    begun = counter.buy()
    pay(counter, begun)
    name = ("acct_a", begun.purchase.purchase_id)
    counter.store.purchases[name] = replace(counter.store.purchases[name], price=begun.purchase.price * 2)

    asked = sum(sweep(counter, FIRST + n * 15 * MINUTE)["purchases"] for n in range(10 * 24 * 4))

    assert asked < 25, "ten days of rounds, and ever longer pauses"
    (odd,) = counter.store.oddities.values()
    assert (odd.event_id, odd.type, odd.reason) == (f"sweep-{name[1]}", "sweep", "amount: 1000 is not 2000")
    assert (odd.wallet_id, odd.purchase_id, odd.at) == (*name, FIRST)
    assert counter.store.wallet("acct_a").seq == 0


def test_a_session_that_stripe_does_not_know_is_put_off(counter: Counter) -> None:
    begun = counter.buy()
    name = ("acct_a", begun.purchase.purchase_id)
    counter.store.purchases[name] = replace(counter.store.purchases[name], session_id="cs_test_unknown")

    assert sweep(counter) == answer(purchases=1)
    assert row(counter, begun).due_at == FIRST + 15 * MINUTE
