"""What the store promises to operators: all about one wallet at once, and what hangs together with an id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.contacts import Contact, change_contact
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.messages import Message, MessageKind
from chalicelib.domain.subscriptions import Followed, Subscription
from chalicelib.domain.topups import TopUp
from chalicelib.domain.wallet import Wallet
from chalicelib.services.ports import Change, MessageCounts, Oddity, Store, WalletFile
from chalicelib.store import operating
from chalicelib.store.dynamo import DynamoStore
from tests import engines
from tests.builders import CATALOG, DAY, NOON, stamp
from tests.meter import metered


@pytest.fixture(params=engines.ALL)
def alone(request: pytest.FixtureRequest) -> Store:
    """A store that nobody else writes to."""
    return engines.fresh(request.param)


def give(store: Store, wallet_id: str, *kinds: str) -> Wallet:
    for kind in kinds:
        wanted = Grant(kind=kind, credits=1, source=Source.PROMO)
        store.commit(Change(decisions=[grant(store.wallet(wallet_id), wanted, CATALOG, stamp())]))
    return store.wallet(wallet_id)


def test_a_wallet_of_which_nothing_is_known_is_a_file_of_nothing(store: Store, wallet_id: str) -> None:
    assert store.wallet_file(wallet_id) == WalletFile(
        wallet=Wallet(wallet_id=wallet_id),
        subscription=Subscription(wallet_id=wallet_id),
        topup=TopUp(wallet_id=wallet_id),
        contact=Contact(wallet_id=wallet_id),
    )
    assert store.message_counts(wallet_id) == MessageCounts(0, 0)


def test_all_that_is_kept_once_per_wallet_is_read_at_once(store: Store, wallet_id: str) -> None:
    wallet = give(store, wallet_id, "grant")
    contact = Contact(wallet_id=wallet_id)
    changed = change_contact(wallet, contact, replace(contact, email="a@example.org"), CATALOG, stamp())
    assert changed
    row = Subscription(wallet_id=wallet_id, version=1, customer_id="cus_2")
    followed = Followed(before=Subscription(wallet_id=wallet_id), subscription=row)
    store.commit(Change(decisions=[changed.decision], contact=changed, subscription=followed))
    store.keep_customer(wallet_id, "cus_1", email="b@example.org")
    store.forget_customer(wallet_id, "cus_1")
    store.keep_customer(wallet_id, "cus_2", email="c@example.org")

    assert store.wallet_file(wallet_id) == WalletFile(
        wallet=changed.decision.wallet,
        subscription=row,
        topup=TopUp(wallet_id=wallet_id),
        contact=changed.contact,
        customer_id="cus_2",
        former_customer_id="cus_1",
        customer_email="c@example.org",
    )


def test_a_wallets_file_is_one_round_trip(store: Store, wallet_id: str) -> None:
    if not isinstance(store, DynamoStore):
        pytest.skip("no round trips")
    with metered(store) as meter:
        store.wallet_file(wallet_id)
        store.message_counts(wallet_id)

    assert meter.calls == ["BatchGetItem", "Query"]


def message(wallet_id: str, number: int) -> Message:
    return Message(
        message_id=f"msg_{number:024d}", wallet_id=wallet_id, kind=MessageKind.DEBT, at=NOON, facts={"debt": 1}
    )


def test_messages_that_wait_and_those_parked_are_counted(store: Store, wallet_id: str) -> None:
    row = Subscription(wallet_id=wallet_id)
    for number in range(3):
        followed = Followed(
            before=replace(row, version=number),
            subscription=replace(row, version=number + 1),
            messages=(message(wallet_id, number),),
        )
        store.commit(Change(subscription=followed))
    sent, parked = (store.outgoing(wallet_id, message(wallet_id, number).message_id) for number in (0, 1))
    assert sent
    assert parked
    store.keep_outgoing(replace(sent, version=2, due_at=None, sent_at=NOON))
    store.keep_outgoing(replace(parked, version=2, due_at=None, parked="no address is known"))

    assert store.message_counts(wallet_id) == MessageCounts(waiting=1, parked=1)


def test_of_many_messages_a_part_is_counted(store: Store, wallet_id: str) -> None:
    row = Subscription(wallet_id=wallet_id)
    for start in range(0, 102, 17):  # moto takes the longer for a transaction the more it holds
        followed = Followed(
            before=replace(row, version=start),
            subscription=replace(row, version=start + 17),
            messages=tuple(message(wallet_id, number) for number in range(start, start + 17)),
        )
        store.commit(Change(subscription=followed))

    assert store.message_counts(wallet_id) == MessageCounts(waiting=100, parked=0, more=True)


def test_entries_of_a_kind_are_read_forward_from_a_number(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, "grant", "purchase", "grant", "grant", "purchase", "grant")

    def seqs(kind: str, after: int, limit: int) -> list[list[int]]:
        pages: list[list[int]] = []
        place: int | None = after
        while place is not None:
            page = store.entries_after(wallet_id, kind=kind, after=place, limit=limit)
            pages.append([entry.seq for entry in page.entries])
            place = page.next_seq - 1 if page.next_seq else None
        return [page for page in pages if page]

    assert seqs("grant", 0, 10) == [[1, 3, 4, 6]]
    assert seqs("grant", 1, 2) == [[3, 4], [6]]
    assert seqs("purchase", 2, 10) == [[5]]
    assert seqs("purchase", 5, 10) == []
    assert seqs("revocation", 0, 10) == []


def odd(event_id: str, **more: Any) -> Oddity:
    return Oddity(event_id=event_id, type="charge.refunded", reason="why", at=NOON, **more)


def test_an_event_is_found_also_after_it_was_applied(store: Store, wallet_id: str) -> None:
    event = odd(f"evt_{wallet_id}", wallet_id=wallet_id)
    assert store.event(event.event_id) is None
    store.quarantine(event)

    before = store.event(event.event_id)
    store.release_oddity(event.event_id, NOON + DAY)

    assert before == event
    assert store.event(event.event_id) == replace(event, applied_at=NOON + DAY)
    assert store.oddity(event.event_id) is None


def test_events_are_found_by_what_they_speak_of(
    store: Store, wallet_id: str, other_wallet_id: Callable[[], str]
) -> None:
    own, other = f"a_{wallet_id}", other_wallet_id()
    by_wallet, by_payment = odd(f"evt_1_{own}", wallet_id=own), odd(f"evt_2_{own}", payment_id=f"pi_{own}")
    whole = odd(
        f"evt_3_{own}",
        wallet_id=other,
        purchase_id=f"pur_{own}",
        session_id=f"cs_{own}",
        subscription_id=f"sub_{own}",
        invoice_id=f"in_{own}",
        customer_id=f"cus_{own}",
    )
    for each in (by_wallet, by_payment, whole, odd(f"evt_4_{own}", wallet_id=other)):
        store.quarantine(each)
    store.release_oddity(whole.event_id, NOON)
    applied = replace(whole, applied_at=NOON)

    assert store.events_about({"wallet_id": own, "payment_id": f"pi_{own}"}) == ([by_wallet, by_payment], True)
    for name in ("purchase_id", "session_id", "subscription_id", "invoice_id", "customer_id"):
        assert store.events_about({name: getattr(whole, name)}) == ([applied], True)
    assert store.events_about({"wallet_id": "acct_none"}) == ([], True)


def test_no_more_than_three_looks_are_taken_into_what_is_kept_aside(
    alone: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operating, "EVENTS", 4)
    for number in range(12):
        alone.quarantine(odd(f"evt_{number:03d}", purchase_id="pur_1" if number in (0, 11) else None))

    found, is_all = alone.events_about({"purchase_id": "pur_1"})
    alone.quarantine(odd("evt_012", purchase_id="pur_1"))
    more, is_all_of_more = alone.events_about({"purchase_id": "pur_1"})

    assert [each.event_id for each in found] == ["evt_000", "evt_011"]
    if isinstance(alone, DynamoStore):
        assert [each.event_id for each in more] == ["evt_000", "evt_011"]
        assert not is_all_of_more
    else:
        assert is_all
