"""Erasures among other commands at once: what was there is gone, what came later stays, and the books hold."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import pytest

from chalicelib.domain import audit
from chalicelib.domain.erasure import NO_DIGEST
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.purchases import Status
from chalicelib.domain.transfers import Order
from chalicelib.domain.usage import Use
from chalicelib.services.contacts import set_contact
from chalicelib.services.erasing import Erasure, erase_wallet
from chalicelib.services.hearing import apply_event
from chalicelib.services.once import Claim, Patience
from chalicelib.services.ports import Change
from chalicelib.services.transferring import transfer_credits
from chalicelib.services.using import Event, Till, record_usage
from tests import engines
from tests.bank import Bank, hint_of
from tests.builders import CATALOG, stamp

SPENDS, MOVES, ERASURES, AT_ONCE = 24, 10, 3, 8


@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_erasures_among_other_commands_leave_nothing_behind_and_break_nothing(kind: str) -> None:
    store, wallet_id, team = engines.store(kind), f"acct_{uuid.uuid4().hex}", f"team_{uuid.uuid4().hex}"
    patience = Patience(budget=20, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(7).uniform)
    till = Till(store=store, catalog=CATALOG, patience=patience)
    wanted = Grant(credits=100_000, source=Source.PROMO, reason="marker")
    store.commit(Change(decisions=[grant(store.wallet(wallet_id), wanted, CATALOG, stamp())]))
    done: list[Erasure] = []

    def spend(number: int) -> None:
        use = Use(wallet_id=wallet_id, meter="extra", quantity=3, labels={"who": "marker"})
        claim = Claim.on(wallet_id, f"u{number}", operation="usage", body={})
        record_usage(till, Event(use, claim), stamp=stamp())

    def move(number: int) -> None:
        order = Order(from_wallet_id=wallet_id, to_wallet_id=team, credits=1, note="marker")
        claim = Claim.on(wallet_id, f"t{number}", operation="transfer", body={})
        transfer_credits(till, order, claim, stamp=stamp())

    def set_address(number: int) -> None:
        set_contact(till, wallet_id, lambda before: replace(before, email=f"m{number}@example.org"), stamp=stamp())

    def erase(number: int) -> None:
        claim = Claim.on(wallet_id, f"e{number}", operation="erasure", body={})
        done.append(erase_wallet(till, claim, reason="ticket", stamp=stamp()))

    work: list[Callable[[], None]] = [lambda n=n: spend(n) for n in range(SPENDS)]  # type: ignore[misc]
    work += [lambda n=n: move(n) for n in range(MOVES)]  # type: ignore[misc]
    work += [lambda n=n: set_address(n) for n in range(ERASURES)]  # type: ignore[misc]
    work += [lambda n=n: erase(n) for n in range(ERASURES)]  # type: ignore[misc]
    Random(7).shuffle(work)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda act: act(), work))

    last = max(each.reached.last for each in done)
    assert all(each.done and each.erased >= each.reached.last for each in done)
    for name in (wallet_id, team):
        wallet = store.wallet(name)
        history = [entry for seq in range(1, wallet.seq + 1) if (entry := store.entry(name, seq))]
        assert list(audit.faults(wallet, history)) == []
        if name == wallet_id:
            assert {entry.seq for entry in history if not entry.private} == set(range(1, last + 1))
    erase(ERASURES)
    assert store.contact(wallet_id).email is None
    assert store.private_entries(team, first=1, last=10**6).entries == []
    blank = [receipt for n in range(SPENDS) if (receipt := store.receipt(wallet_id, f"u{n}"))]
    assert [receipt.digest for receipt in blank] == [NO_DIGEST] * SPENDS


@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_a_purchase_that_is_paid_while_it_is_erased_is_granted_once(kind: str) -> None:
    store = engines.store(kind)
    bank = Bank(wallet_id=f"acct_{uuid.uuid4().hex}")
    bank.seen_store = store
    begun = bank.buy()
    bank.pay(begun)
    patience = Patience(budget=20, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(7).uniform)
    bank_shop = replace(bank.shop, patience=patience)
    till = Till(store=store, catalog=CATALOG, patience=patience)

    def erase(number: int) -> None:
        claim = Claim.on(bank.wallet_id, f"e{number}", operation="erasure", body={})
        erase_wallet(till, claim, reason="ticket", stamp=stamp())

    def deliver(_number: int) -> None:
        for event in bank.objects("event"):
            apply_event(bank_shop, hint_of(event), stamp=stamp(actor="stripe"))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda number: (erase, deliver)[number % 2](number), range(AT_ONCE)))
    erase(AT_ONCE)

    wallet, row = store.wallet_and_purchase(bank.wallet_id, begun.purchase.purchase_id)
    history = [entry for seq in range(1, wallet.seq + 1) if (entry := store.entry(bank.wallet_id, seq))]
    assert row
    assert (row.status, row.email, row.receipt_url, row.invoice_url) == (Status.PAID, None, None, None)
    assert [entry.kind for entry in history].count("purchase") == 1
    assert list(audit.faults(wallet, history)) == []
