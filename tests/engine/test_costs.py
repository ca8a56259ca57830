"""What operations cost: round trips counted, write units as MiniStack reports them, read units from item sizes."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from chalicelib.domain.catalog import Limits
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.settling import settle
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.services.fulfilling import Outcome, fulfil
from chalicelib.services.limiting import Slot
from chalicelib.services.once import Claim, once
from chalicelib.services.ports import Change, Oddity
from chalicelib.services.reading import BEYOND, history_of
from chalicelib.store.dynamo import DynamoStore
from tests import engines
from tests.builders import CATALOG, NOON, patience, stamp
from tests.counter import Counter
from tests.meter import metered

HINT = Oddity(event_id="evt_1", type="checkout.session.completed", reason="", at=NOON)


@pytest.fixture
def store() -> DynamoStore:
    found = engines.store("ministack")
    assert isinstance(found, DynamoStore)
    return found


@pytest.fixture
def wallet_id() -> str:
    return f"acct_{uuid.uuid4().hex}"


def five(wallet: Wallet) -> Decision:
    return grant(wallet, Grant(credits=5, source=Source.PROMO), CATALOG, stamp())


def test_a_balance_is_one_round_trip_and_one_read_unit(store: DynamoStore, wallet_id: str) -> None:
    store.commit(Change(decisions=[five(Wallet(wallet_id=wallet_id))]))

    with metered(store) as meter:
        store.wallet(wallet_id)

    print(f"balance: {meter}")
    assert (len(meter.calls), meter.written) == (1, 0)
    assert meter.read <= 1


def test_a_fulfilment_is_two_round_trips_and_ten_write_units(store: DynamoStore) -> None:
    counter = Counter(wallet_id=f"acct_{uuid.uuid4().hex}")
    counter.seen_store = store
    begun = counter.buy()
    session_id = str(begun.purchase.session_id)
    counter.control(f"sessions/{session_id}/pay", {"method": "card"})

    shop = counter.shop
    with metered(store) as meter:
        outcome = fulfil(shop, session_id, event=HINT, stamp=stamp())

    print(f"fulfilment: {meter}")
    assert outcome is Outcome.SETTLED
    assert meter.calls == ["BatchGetItem", "TransactWriteItems"]
    assert meter.written <= 10
    assert meter.read <= 2


def test_a_purchase_that_is_counted_costs_one_round_trip_and_one_write_unit_more(store: DynamoStore) -> None:
    counter = Counter(wallet_id=f"acct_{uuid.uuid4().hex}")
    counter.seen_store = store
    counter.buy("k0")  # the customer is known from then on

    with metered(store) as plain:
        counter.buy("k1")
    counter.take_slot = Slot(store, Limits(), NOON).take
    with metered(store) as counted:
        counter.buy("k2")
    counter.take_slot = Slot(store, Limits(), NOON).take
    with metered(store) as repeated:
        assert counter.buy("k2").replayed

    print(f"purchase opened: {plain}; as the API does it: {counted}; its repeat: {repeated}")
    assert len(counted.calls) == len(plain.calls) + 1
    assert counted.written == plain.written + 1
    assert repeated.written == 0


def test_a_grant_is_two_round_trips(store: DynamoStore, wallet_id: str) -> None:
    claim = Claim.on(wallet_id, "k0", operation="grant", body={})
    once(store, claim, five, patience=patience())

    with metered(store) as meter:
        once(store, replace(claim, key="k1"), five, patience=patience())

    print(f"grant: {meter}")
    assert meter.calls == ["GetItem", "TransactWriteItems"]
    assert meter.written <= 7  # 6 and the index of kinds


@pytest.mark.parametrize("kind", [None, "grant"])
def test_a_page_of_25_entries_is_one_round_trip(store: DynamoStore, wallet_id: str, kind: str | None) -> None:
    wallet = Wallet(wallet_id=wallet_id)
    for _ in range(30):
        decision = five(replace(wallet, lots=wallet.lots[:2]))
        store.commit(Change(decisions=[decision]))
        wallet = decision.wallet

    with metered(store) as meter:
        page = history_of(store, wallet_id, kind=kind, since=None, until=None, before=BEYOND, limit=25)

    print(f"page of 25, kind {kind}: {meter}")
    assert (len(page.entries), len(meter.calls), meter.written) == (25, 1, 0)
    assert meter.read <= 4


def test_the_cost_of_a_settlement_does_not_hide_in_the_row() -> None:
    from bench.units import size_of
    from chalicelib.store import items
    from tests.builders import CATALOG, payment, purchase

    bought = purchase(
        wallet_id="a" * 64,
        session_id="cs_live_" + "a" * 58,
        customer_id="cus_" + "a" * 14,
        return_path="/" + "a" * 40,
        session_expires_at=NOON,
    )
    paid = payment(
        wallet_id="a" * 64,
        session_id="cs_live_" + "a" * 58,
        customer_id="cus_" + "a" * 14,
        payment_id="pi_" + "a" * 24,
        email="a" * 40 + "@example.org",
        receipt_url="https://pay.stripe.com/receipts/payment/" + "a" * 180,
        invoice_url="https://invoice.stripe.com/i/" + "a" * 100,
    )
    settlement = settle(Wallet(wallet_id="a" * 64), bought, paid, CATALOG, live=False, stamp=stamp())
    assert settlement
    assert settlement.decisions

    row, entry = items.purchase_to_item(settlement.purchase), items.entry_to_item(settlement.decisions[0].entry)

    print(f"purchase row {size_of(row)} bytes, purchase entry {size_of(entry)} bytes")
    assert size_of(row) <= 1024
    assert size_of(entry) <= 1024
