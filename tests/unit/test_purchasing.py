"""Starting a purchase and fulfilling it, with the real `stripe` package over the stand-in and a store in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import Busy, Conflict, InvalidRequest, KeyReused, PaymentsUnavailable, TooManyRequests
from chalicelib.domain.purchases import OPEN_PURCHASES, Order, Status
from chalicelib.services.fulfilling import NotYetKnown, Outcome, fulfil
from chalicelib.services.ports import LostRace, Oddity, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.purchasing import Shop, Started, start_purchase
from tests.builders import NOON, catalog, patience, stamp
from tests.counter import Counter

ORDER = Order(wallet_id="acct_a", package_id="starter")
HINT = Oddity(event_id="evt_1", type="checkout.session.completed", reason="", at=NOON)


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_a_purchase_is_a_row_a_session_and_a_receipt(counter: Counter) -> None:
    begun = counter.buy()

    purchase = counter.store.purchases["acct_a", begun.purchase.purchase_id]
    assert purchase.status is Status.PENDING
    assert (purchase.session_id, purchase.customer_id) == (begun.purchase.session_id, counter.store.customers["acct_a"])
    assert begun.checkout.url.startswith("http")
    assert purchase.session_expires_at
    assert purchase.session_expires_at > NOON + timedelta(minutes=59)


def test_the_repeat_gets_the_same_purchase_and_page(counter: Counter) -> None:
    first, again = counter.buy(), counter.buy(now=NOON + timedelta(minutes=5))

    assert (again.purchase, again.checkout, again.replayed) == (first.purchase, first.checkout, True)
    assert len(counter.store.purchases) == 1


def test_one_customer_per_wallet(counter: Counter) -> None:
    counter.buy("k1")
    counter.buy("k2")

    assert len(counter.created("/v1/customers")) == 1
    assert len(counter.created("/v1/checkout/sessions")) == 2


def test_an_unknown_package_is_refused_before_anything_is_written(counter: Counter) -> None:
    with pytest.raises(InvalidRequest, match="package_id"):
        counter.buy(order=replace(ORDER, package_id="other"))

    assert (counter.store.purchases, counter.store.spent) == ({}, {})


def test_too_many_open_purchases_are_refused_and_spend_no_key(counter: Counter) -> None:
    for number in range(OPEN_PURCHASES):
        counter.buy(f"k{number}")

    with pytest.raises(TooManyRequests):
        counter.buy("one-more")
    assert ("acct_a", "one-more") not in counter.store.spent
    assert counter.buy("k3").replayed
    assert not counter.buy("one-more", now=NOON + timedelta(hours=2)).replayed


def test_a_key_spent_on_something_else_is_refused(counter: Counter) -> None:
    counter.buy("k1")
    with pytest.raises(KeyReused):
        counter.buy("k1", order=replace(ORDER, quantity=2), body={"quantity": 2})

    claim = counter.claim("k2")
    counter.store.spent["acct_a", "k2"] = claim.receipt(seq=1)
    with pytest.raises(KeyReused):
        counter.buy("k2")


def test_when_the_provider_fails_the_row_stands_and_the_key_may_be_tried_again(counter: Counter) -> None:
    counter.fail("open_checkout", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        counter.buy()

    begun = counter.buy()

    assert begun.replayed
    assert len(counter.store.purchases) == 1
    assert begun.purchase.session_id


def test_a_much_later_repeat_opens_a_session_that_lives_long_enough(counter: Counter) -> None:
    counter.fail("open_checkout", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        counter.buy()
    later = NOON + timedelta(hours=5)
    counter.clock = later

    begun = counter.buy(now=later)

    assert begun.purchase.session_expires_at
    assert begun.purchase.session_expires_at >= later + timedelta(minutes=59)


def test_a_purchase_that_ended_without_a_session_is_a_conflict(counter: Counter) -> None:
    counter.fail("open_checkout", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        counter.buy()
    name, row = next(iter(counter.store.purchases.items()))
    counter.store.purchases[name] = replace(row, status=Status.EXPIRED)

    with pytest.raises(Conflict):
        counter.buy()


def test_a_receipt_without_its_row_is_waited_for(counter: Counter) -> None:
    counter.store.spent["acct_a", "k1"] = counter.claim("k1").receipt(purchase_id="pur_lost")

    with pytest.raises(Busy):
        counter.buy("k1")


@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()])
@pytest.mark.parametrize(
    "call", ["receipt", "purchases_since", "commit", "customer", "keep_customer", "keep_checkout", "checkout"]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_trouble_at_any_call_of_the_store_ends_in_one_purchase(
    counter: Counter, call: str, when: str, trouble: Exception
) -> None:
    counter.fail(call, when, [trouble])

    begun = counter.buy()

    assert list(counter.store.purchases.values()) == [begun.purchase]
    assert len(counter.store.customers) == 1


def pay(counter: Counter, begun: Started, method: str = "card") -> str:
    session_id = str(begun.purchase.session_id)
    counter.control(f"sessions/{session_id}/pay", {"method": method})
    return session_id


def settle(counter: Counter, session_id: str, now: datetime = NOON) -> Outcome:
    return fulfil(counter.shop, session_id, event=HINT, stamp=stamp(now))


def test_a_paid_session_grants_once_however_often_it_is_told(counter: Counter) -> None:
    session_id = pay(counter, counter.buy())

    assert [settle(counter, session_id) for _ in range(3)] == [Outcome.SETTLED, Outcome.UNCHANGED, Outcome.UNCHANGED]
    wallet = counter.store.wallet("acct_a")
    assert wallet.available(NOON) == 1000
    assert list(audit.faults(wallet, counter.store.history_of("acct_a"))) == []


def test_an_open_session_changes_nothing(counter: Counter) -> None:
    begun = counter.buy()

    assert settle(counter, str(begun.purchase.session_id)) is Outcome.UNCHANGED


def test_a_bank_debit_grants_when_the_money_is_there(counter: Counter) -> None:
    begun = counter.buy()
    session_id = pay(counter, begun, "bank_debit")

    assert settle(counter, session_id) is Outcome.SETTLED
    assert counter.status(begun) is Status.AWAITING_PAYMENT
    assert counter.store.wallet("acct_a").seq == 0

    intent = counter.store.purchases["acct_a", begun.purchase.purchase_id].payment_id
    counter.control(f"payment_intents/{intent}/fail", {})
    settle(counter, session_id)
    assert counter.status(begun) is Status.FAILED

    counter.control(f"payment_intents/{intent}/settle", {})
    settle(counter, session_id)
    assert counter.status(begun) is Status.PAID
    assert counter.store.wallet("acct_a").available(NOON) == 1000


def test_an_expired_session_ends_the_purchase(counter: Counter) -> None:
    begun = counter.buy()
    counter.control(f"sessions/{begun.purchase.session_id}/expire", {})

    settle(counter, str(begun.purchase.session_id))

    assert counter.status(begun) is Status.EXPIRED


def test_a_session_that_is_not_ours_is_ignored(counter: Counter) -> None:
    assert settle(counter, "cs_test_unknown") is Outcome.IGNORED
    assert settle(counter, counter.foreign_session()) is Outcome.IGNORED


def test_a_payment_without_its_row_comes_again(counter: Counter) -> None:
    session_id = pay(counter, counter.buy())
    counter.store.purchases.clear()

    with pytest.raises(NotYetKnown):
        settle(counter, session_id)


def test_a_payment_that_does_not_fit_is_kept_aside_once(counter: Counter) -> None:
    begun = counter.buy()
    session_id = pay(counter, begun)
    name = ("acct_a", begun.purchase.purchase_id)
    counter.store.purchases[name] = replace(counter.store.purchases[name], price=begun.purchase.price * 2)

    assert [settle(counter, session_id) for _ in range(2)] == [Outcome.QUARANTINED] * 2
    assert [each.reason for each in counter.store.oddities.values()] == ["amount: 1000 is not 2000"]
    assert counter.store.wallet("acct_a").seq == 0


def test_fulfilment_gives_up_when_its_budget_is_spent(counter: Counter) -> None:
    session_id = pay(counter, counter.buy())
    counter.fail("commit", "before", [LostRace()] * 1000)

    with pytest.raises(Busy):
        settle(counter, session_id)


@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()])
@pytest.mark.parametrize(
    ("call", "when"), [("wallet_and_purchase", "before"), ("commit", "before"), ("commit", "after")]
)
def test_trouble_during_fulfilment_still_grants_once(
    counter: Counter, call: str, when: str, trouble: Exception
) -> None:
    session_id = pay(counter, counter.buy())
    counter.fail(call, when, [trouble])

    settle(counter, session_id)

    assert counter.store.wallet("acct_a").seq == 1
    assert counter.store.wallet("acct_a").available(NOON) == 1000


def test_fulfilment_is_one_read_and_one_write_of_the_store(counter: Counter) -> None:
    session_id = pay(counter, counter.buy())
    counter.calls.clear()

    settle(counter, session_id)

    assert counter.calls == ["payment", "wallet_and_purchase", "commit"]


def test_the_shop_is_what_buying_needs(counter: Counter) -> None:
    shop = Shop(store=counter.store, payments=counter.payments, catalog=catalog(), patience=patience())

    assert not start_purchase(shop, ORDER, counter.claim("k"), email=None, now=NOON).replayed
