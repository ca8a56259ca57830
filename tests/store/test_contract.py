"""What `services.ports.Store` promises, kept alike by the fake and by every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import InsufficientCredits
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import LotId, Origin, Source
from chalicelib.domain.purchases import Progress, Status
from chalicelib.domain.settling import settle
from chalicelib.domain.usage import Use
from chalicelib.domain.wallet import Decision, MeterState, RunningPlan, Wallet
from chalicelib.services.once import Claim, Recorded, once
from chalicelib.services.ports import Change, Checkout, LostRace, Oddity, Store
from chalicelib.services.reading import BEYOND
from chalicelib.services.using import Event, Till, record_batch, record_usage
from tests.builders import CATALOG, DAY, NOON, patience, payment, purchase, stamp


def five(wallet: Wallet) -> Decision:
    return grant(wallet, Grant(credits=5, source=Source.PROMO, reason="gift"), CATALOG, stamp())


def give(store: Store, wallet_id: str, key: str, **more: object) -> Decision:
    decision = grant(store.wallet(wallet_id), Grant(credits=5, source=Source.PROMO), CATALOG, stamp(**more))  # type: ignore[arg-type]
    receipt = Claim.on(wallet_id, key, operation="grant", body={}).receipt(seq=decision.wallet.seq)
    store.commit(Change(decisions=[decision], receipts=[receipt]))
    return decision


def test_what_was_never_written_reads_as_nothing(store: Store, wallet_id: str) -> None:
    assert store.wallet(wallet_id) == Wallet(wallet_id=wallet_id)
    assert store.wallet_and_purchase(wallet_id, "pur_x") == (Wallet(wallet_id=wallet_id), None)
    assert store.purchase(wallet_id, "pur_x") is None
    assert store.receipt(wallet_id, "k") is None
    assert store.entry(wallet_id, 1) is None
    assert store.snapshot(wallet_id, 100) is None
    assert store.customer(wallet_id) is None
    assert store.checkout(wallet_id, "pur_x") is None
    assert not store.history(wallet_id, kind=None, before=BEYOND, limit=5).entries


def test_what_was_committed_reads_back_field_for_field(store: Store, wallet_id: str) -> None:
    first = give(store, wallet_id, "k1")
    second = give(store, wallet_id, "k2", now=NOON + DAY)

    assert store.wallet(wallet_id) == second.wallet
    assert [store.entry(wallet_id, seq) for seq in (1, 2)] == [first.entry, second.entry]
    assert store.receipt(wallet_id, "k2") == Claim.on(wallet_id, "k2", operation="grant", body={}).receipt(seq=2)


def test_a_wallet_with_everything_in_it_reads_back(store: Store, wallet_id: str) -> None:
    decision = grant(Wallet(wallet_id=wallet_id), Grant(credits=5, source=Source.PLAN), CATALOG, stamp())
    full = replace(
        decision.wallet.lots[0],
        id=LotId(7, 3),
        held=2,
        set_aside=1,
        priority=9,
        expires_at=NOON + DAY,
        noticed_at=NOON,
        purchase_id="pur_01kajy9w0001234567ab",
        origin=Origin("team_x", LotId(3, 1)),
    )
    wallet = replace(decision.wallet, lots=(full, decision.wallet.lots[0]), debt=3, last_purchase=0)
    running = RunningPlan(
        plan_id="pro", set_by="admin", anchor=NOON, period_start=NOON, spent=9, granted=("free", "pro")
    )
    meters = {"calls": MeterState(5), "seats": MeterState(3, 7), "empty": MeterState(0)}
    wallet = replace(wallet, plan=running, meters=meters)

    store.commit(Change(decisions=[replace(decision, wallet=wallet)]))

    assert store.wallet(wallet_id) == wallet


def test_what_becomes_empty_is_removed(store: Store, wallet_id: str) -> None:
    first = give(store, wallet_id, "k1")
    second = five(first.wallet)
    bare = replace(second, wallet=replace(second.wallet, lots=(), today=None, last_purchase=None))

    store.commit(Change(decisions=[bare]))

    assert store.wallet(wallet_id) == bare.wallet


def test_a_stale_decision_writes_nothing(store: Store, wallet_id: str) -> None:
    stale = five(store.wallet(wallet_id))
    kept = give(store, wallet_id, "k1")

    with pytest.raises(LostRace):
        store.commit(Change(decisions=[stale]))

    assert store.wallet(wallet_id) == kept.wallet
    assert store.entry(wallet_id, 1) == kept.entry


def test_a_spent_key_writes_nothing(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, "k1")

    with pytest.raises(LostRace):
        give(store, wallet_id, "k1")

    assert store.wallet(wallet_id).seq == 1


def test_keys_of_any_printable_text_stay_apart(store: Store, wallet_id: str) -> None:
    for key in ("e#000000000001", "k#k1", "~" * 128, "!", "a/b?c=d&e"):
        give(store, wallet_id, key)

    assert store.wallet(wallet_id).seq == 5
    assert len(store.history(wallet_id, kind=None, before=BEYOND, limit=100).entries) == 5


def test_once_replays_across_the_store(store: Store, wallet_id: str) -> None:
    claim = Claim.on(wallet_id, "k1", operation="grant", body={"credits": 5})

    first, again = (once(store, claim, five, patience=patience()) for _ in range(2))

    assert (first.replayed, again.replayed) == (False, True)
    assert first.entry == again.entry


def test_erased_entries_read_back_without_what_was_erased(store: Store, wallet_id: str) -> None:
    decision = five(store.wallet(wallet_id))
    store.commit(Change(decisions=[replace(decision, entry=replace(decision.entry, private=None))]))

    entry = store.entry(wallet_id, 1)

    assert entry
    assert (entry.private, entry.canonical) == (None, decision.entry.canonical)


def test_history_pages_newest_first_whole_and_by_kind(store: Store, wallet_id: str) -> None:
    wallet = store.wallet(wallet_id)
    for number in range(12):
        kind = "purchase" if number % 4 == 0 else "usage"
        decision = grant(wallet, Grant(kind=kind, credits=1, source=Source.PROMO), CATALOG, stamp())
        store.commit(Change(decisions=[decision]))
        wallet = decision.wallet

    def seqs(kind: str | None, limit: int) -> list[int]:
        found: list[int] = []
        before: int | None = BEYOND
        while before:
            page = store.history(wallet_id, kind=kind, before=before, limit=limit)
            found += [entry.seq for entry in page.entries]
            before = page.next_seq
        return found

    assert seqs(None, 5) == list(range(12, 0, -1))
    assert seqs("purchase", 2) == [9, 5, 1]
    assert seqs("usage", 3) == [12, 11, 10, 8, 7, 6, 4, 3, 2]
    assert seqs("grant", 3) == []


def test_every_hundredth_entry_brings_a_snapshot(store: Store, wallet_id: str) -> None:
    decision = five(replace(store.wallet(wallet_id), seq=0))
    wallet = decision.wallet
    store.commit(Change(decisions=[decision]))
    for _ in range(100):
        decision = five(replace(wallet, lots=wallet.lots[:3]))
        wallet = decision.wallet
        store.commit(Change(decisions=[decision]))
        if wallet.seq == 100:
            hundredth = wallet

    assert store.snapshot(wallet_id, 100) == hundredth
    assert store.wallet(wallet_id).seq == 101


def test_a_purchase_is_written_once_and_moves_by_its_version(store: Store, wallet_id: str) -> None:
    opened = purchase(wallet_id=wallet_id, return_path="/x", save_card=True)
    store.commit(Change(new_purchase=opened))
    with pytest.raises(LostRace):
        store.commit(Change(new_purchase=opened))

    known = replace(opened, version=2, session_id="cs_test_1", session_expires_at=NOON + DAY, customer_id="cus_1")
    checkout = Checkout(session_id="cs_test_1", url="https://pay.example/" + "x" * 400, expires_at=NOON + DAY)
    store.keep_checkout(known, checkout)

    assert store.purchase(wallet_id, opened.purchase_id) == known
    assert store.checkout(wallet_id, opened.purchase_id) == checkout
    with pytest.raises(LostRace):
        store.keep_checkout(known, replace(checkout, url="https://other.example/"))


def test_fulfilment_moves_wallet_and_purchase_together_or_not_at_all(store: Store, wallet_id: str) -> None:
    opened = purchase(wallet_id=wallet_id)
    store.commit(Change(new_purchase=opened))
    paid = payment(wallet_id=wallet_id, email="a@example.org", receipt_url="https://pay.example/r")
    settlement = settle(store.wallet(wallet_id), opened, paid, CATALOG, live=False, stamp=stamp())
    assert settlement
    assert settlement.decisions
    change = Change(decisions=settlement.decisions, purchase=settlement)

    store.commit(change)
    with pytest.raises(LostRace):
        store.commit(change)

    wallet, row = store.wallet_and_purchase(wallet_id, opened.purchase_id)
    assert (wallet, row) == (settlement.decisions[0].wallet, settlement.purchase)
    assert list(audit.faults(wallet, [settlement.decisions[0].entry])) == []


def test_a_settled_purchase_stops_a_grant_that_comes_late(store: Store, wallet_id: str) -> None:
    opened = purchase(wallet_id=wallet_id)
    store.commit(Change(new_purchase=opened))
    paid = settle(Wallet(wallet_id=wallet_id), opened, payment(wallet_id=wallet_id), CATALOG, live=False, stamp=stamp())
    failed = settle(
        Wallet(wallet_id=wallet_id),
        opened,
        payment(Progress.FAILED, wallet_id=wallet_id),
        CATALOG,
        live=False,
        stamp=stamp(),
    )
    assert paid
    assert paid.decisions
    assert failed
    store.commit(Change(purchase=failed))

    with pytest.raises(LostRace):
        store.commit(Change(decisions=paid.decisions, purchase=paid))

    assert store.wallet(wallet_id).seq == 0
    row = store.purchase(wallet_id, opened.purchase_id)
    assert row
    assert row.status is Status.FAILED


def test_recent_purchases_are_found_by_their_time(store: Store, wallet_id: str) -> None:
    from chalicelib.domain.purchases import purchase_id

    for hours in range(5):
        at = NOON + timedelta(hours=hours)
        new_id = purchase_id(wallet_id, f"k{hours}", at)
        store.commit(Change(new_purchase=purchase(wallet_id=wallet_id, purchase_id=new_id, created_at=at)))

    found = store.purchases_since(wallet_id, NOON + timedelta(hours=3))

    assert [each.created_at for each in found] == [NOON + timedelta(hours=3), NOON + timedelta(hours=4)]


def test_the_first_customer_stays(store: Store, wallet_id: str) -> None:
    store.keep_customer(wallet_id, "cus_1", email=None)
    store.keep_customer(wallet_id, "cus_2", email="a@example.org")

    assert store.customer(wallet_id) == "cus_1"


def test_an_event_is_kept_aside_once(store: Store, wallet_id: str) -> None:
    odd = Oddity(event_id=f"evt_{wallet_id}", type="t", reason="r", at=NOON, wallet_id=wallet_id)

    store.quarantine(odd)
    store.quarantine(replace(odd, reason="other"))


def test_wallets_do_not_see_each_other(store: Store, wallet_id: str, other_wallet_id: Callable[[], str]) -> None:
    give(store, wallet_id, "k1")
    other = other_wallet_id()

    assert store.wallet(other).seq == 0
    assert store.receipt(other, "k1") is None
    assert not store.history(other, kind="grant", before=BEYOND, limit=5).entries


def spend(store: Store, wallet_id: str, key: str, quantity: int, *, now: datetime = NOON, **more: Any) -> Entry:
    use = Use(wallet_id=wallet_id, meter="notes", quantity=quantity, **more)
    claim = Claim.on(wallet_id, key, operation="usage", body={"quantity": quantity})
    till = Till(store=store, catalog=CATALOG, patience=patience())
    return record_usage(till, Event(use, claim), stamp=stamp(now)).entry


def test_finished_days_are_read_with_what_was_reported_late(store: Store, wallet_id: str) -> None:
    spend(store, wallet_id, "k0", 5)
    spend(store, wallet_id, "k1", 7, now=NOON + 2 * DAY)
    spend(store, wallet_id, "k2", 1, now=NOON + 4 * DAY, at=NOON + timedelta(hours=1))
    spend(store, wallet_id, "k3", 2, now=NOON + 4 * DAY, at=NOON + 3 * DAY)
    spend(store, wallet_id, "k4", 4, now=NOON + 5 * DAY)

    days = store.days(wallet_id, NOON.date(), (NOON + 9 * DAY).date())

    assert [((day.date - NOON.date()).days, dict(day.meters), day.credits) for day in days] == [
        (0, {"notes": 6}, 0),
        (2, {"notes": 7}, 0),
        (3, {"notes": 2}, 0),
        (4, {}, 0),
    ]
    assert [day.date for day in store.days(wallet_id, (NOON + DAY).date(), (NOON + 2 * DAY).date())] == [
        (NOON + 2 * DAY).date()
    ]


def test_late_credits_count_on_their_own_day(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, "gift")
    use = Use(wallet_id=wallet_id, meter="extra", quantity=4, at=NOON)
    claim = Claim.on(wallet_id, "k1", operation="usage", body={})
    spend(store, wallet_id, "k0", 1, now=NOON + DAY)
    record_usage(
        Till(store=store, catalog=CATALOG, patience=patience()), Event(use, claim), stamp=stamp(NOON + 2 * DAY)
    )

    days = store.days(wallet_id, NOON.date(), (NOON + DAY).date())

    assert [(dict(day.meters), day.credits) for day in days] == [({"extra": 4}, 2), ({"notes": 1}, 0)]


def test_several_receipts_are_read_at_once(store: Store, wallet_id: str) -> None:
    for number in range(3):
        spend(store, wallet_id, f"k{number}", 1)

    found = store.receipts(wallet_id, ["k0", "k2", "k9", "k0"])

    assert {key: receipt.seq for key, receipt in found.items()} == {"k0": 1, "k2": 3}


def test_a_lost_race_names_the_keys_that_were_spent(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, "k1")
    decision = five(store.wallet(wallet_id))
    claims = [Claim.on(wallet_id, key, operation="grant", body={}) for key in ("k0", "k1", "k2")]

    with pytest.raises(LostRace) as lost:
        store.commit(Change(decisions=[decision], receipts=[claim.receipt(seq=2) for claim in claims]))

    assert lost.value.spent == (1,)
    assert store.receipt(wallet_id, "k0") is None


def test_a_batch_is_one_entry_with_a_receipt_for_each_use(store: Store, wallet_id: str) -> None:
    till = Till(store=store, catalog=CATALOG, patience=patience())
    events = [
        Event(
            Use(wallet_id=wallet_id, meter="calls", quantity=1, labels={"n": str(number)}),
            Claim.on(wallet_id, f"k{number}", operation="usage", body={"n": number}),
        )
        for number in range(12)
    ]

    first = record_batch(till, events, stamp=stamp())
    again = record_batch(till, events[:9], stamp=stamp())

    assert [each.nth for each in first[:10] if isinstance(each, Recorded)] == list(range(10))
    assert [isinstance(each, InsufficientCredits) for each in first[9:]] == [False, True, True]
    assert [each.replayed for each in again if isinstance(each, Recorded)] == [True] * 9
    assert store.receipt(wallet_id, "k9") == replace(events[9].claim.receipt(seq=1), nth=9)
    assert list(audit.faults(store.wallet(wallet_id), [e for e in [store.entry(wallet_id, 1)] if e])) == []


def test_a_page_before_the_first_entry_is_empty_and_asks_for_nothing_impossible(store: Store, wallet_id: str) -> None:
    for number in range(3):
        give(store, wallet_id, f"k{number}")

    assert not store.history(wallet_id, kind=None, before=1, limit=5).entries
    assert not store.history(wallet_id, kind="usage", before=1, limit=5).entries
    whole = store.history(wallet_id, kind=None, before=BEYOND, limit=3)
    assert ([entry.seq for entry in whole.entries], whole.next_seq) == ([3, 2, 1], None)
    assert store.history(wallet_id, kind=None, before=BEYOND, limit=2).next_seq == 2


def test_a_gauges_level_stands_on_days_on_which_it_was_not_set(store: Store, wallet_id: str) -> None:
    till = Till(store=store, catalog=CATALOG, patience=patience())
    seats = Event(
        Use(wallet_id=wallet_id, meter="seats", set_to=2), Claim.on(wallet_id, "s", operation="usage", body={})
    )
    record_usage(till, seats, stamp=stamp())
    spend(store, wallet_id, "k1", 1, now=NOON + 40 * DAY)
    spend(store, wallet_id, "k2", 1, now=NOON + 41 * DAY)

    days = store.days(wallet_id, (NOON + DAY).date(), (NOON + 40 * DAY).date())

    assert [dict(day.meters) for day in days] == [{"seats": 2, "notes": 1}]
    wallet = store.wallet(wallet_id)
    history = [entry for seq in range(1, wallet.seq + 1) if (entry := store.entry(wallet_id, seq))]
    assert list(audit.faults(wallet, history)) == []
