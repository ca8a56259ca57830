"""Fifty deliveries of what goes back for one purchase, at once and among spends: revoked exactly what went back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import InsufficientCredits
from chalicelib.domain.usage import Use
from chalicelib.services.fulfilling import NotYetKnown, Outcome
from chalicelib.services.hearing import apply_event
from chalicelib.services.once import Claim, Patience
from chalicelib.services.using import Event, Till, record_usage
from tests import engines
from tests.bank import PER_CREDIT, Bank, hint_of
from tests.builders import CATALOG, stamp

DELIVERIES, SPENDS, AT_ONCE = 50, 20, 16
SPENT = 20  # credits each


@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_fifty_deliveries_among_spends_revoke_exactly_what_went_back(kind: str) -> None:
    store = engines.store(kind)
    bank = Bank(wallet_id=f"acct_{uuid.uuid4().hex}")
    bank.seen_store = store
    payment_id = bank.pay(begun := bank.buy())
    patience = Patience(budget=20, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(7).uniform)
    shop = replace(bank.shop, patience=patience)
    bank.refund(payment_id, 100)
    returned = bank.refund(payment_id, 50)
    lost = bank.dispute(payment_id, 333)
    bank.control(f"refunds/{returned}/fail", {})
    bank.close(lost, "lost")
    told = bank.objects("event")
    outcomes: list[Outcome] = []

    def deliver(number: int) -> None:
        try:
            outcomes.append(apply_event(shop, hint_of(told[number % len(told)]), stamp=stamp(actor="stripe")))
        except NotYetKnown:  # another has just settled it
            deliver(number)

    def spend(number: int) -> None:
        use = Use(wallet_id=bank.wallet_id, meter="extra", quantity=SPENT * PER_CREDIT)
        claim = Claim.on(bank.wallet_id, f"u{number}", operation="usage", body={})
        till = Till(store=store, catalog=CATALOG, patience=patience)
        try:
            record_usage(till, Event(use, claim), stamp=stamp())
        except InsufficientCredits:  # nothing is there yet, or it is set aside
            return

    work: list[Callable[[], None]] = [lambda n=n: deliver(n) for n in range(DELIVERIES)]  # type: ignore[misc]
    work += [lambda n=n: spend(n) for n in range(SPENDS)]  # type: ignore[misc]
    Random(7).shuffle(work)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda act: act(), work))

    wallet, row = store.wallet_and_purchase(bank.wallet_id, begun.purchase.purchase_id)
    history = [entry for seq in range(1, wallet.seq + 1) if (entry := store.entry(bank.wallet_id, seq))]
    spent = sum(-entry.facts["credits"] for entry in history if entry.kind == "usage")
    assert row
    assert list(audit.faults(wallet, history)) == []
    assert (row.revoked, row.owed, row.facts.refunded_minor, row.facts.lost_minor) == (433, 0, 100, 333)
    assert wallet.left - wallet.debt == 1000 - 433 - spent
    assert [entry.kind for entry in history if entry.kind == "revocation"] == ["revocation"]
    assert outcomes.count(Outcome.SETTLED) == 1
    assert store.oddity(told[0]["id"]) is None


@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_money_that_goes_back_while_it_is_heard_of_is_revoked_once_and_for_all_of_it(kind: str) -> None:
    """The facts grow between the deliveries: whatever each saw, the end is the target of them all."""
    store = engines.store(kind)
    bank = Bank(wallet_id=f"acct_{uuid.uuid4().hex}")
    bank.seen_store = store
    payment_id = bank.pay(begun := bank.buy())
    patience = Patience(budget=20, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(7).uniform)
    shop = replace(bank.shop, patience=patience)
    for event in bank.objects("event"):
        apply_event(shop, hint_of(event), stamp=stamp(actor="stripe"))

    def refund(number: int) -> None:
        bank.refund(payment_id, 10 + number)
        told = [each for each in bank.objects("event") if each["type"].startswith(("refund.", "charge.refund"))]
        for event in told[-3:]:
            apply_event(shop, hint_of(event), stamp=stamp(actor="stripe"))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(refund, range(AT_ONCE)))

    wallet, row = store.wallet_and_purchase(bank.wallet_id, begun.purchase.purchase_id)
    history = [entry for seq in range(1, wallet.seq + 1) if (entry := store.entry(bank.wallet_id, seq))]
    gone = sum(10 + number for number in range(AT_ONCE))
    assert row
    assert list(audit.faults(wallet, history)) == []
    assert (row.revoked, wallet.left, wallet.debt) == (gone, 1000 - gone, 0)
    assert sum(entry.facts["revoked"] for entry in history if entry.kind == "revocation") == gone
