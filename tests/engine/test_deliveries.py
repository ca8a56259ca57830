"""One event, delivered fifty times by sixteen at once, on engines whose transactions hold: one lot, one entry."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import pytest

from chalicelib.domain import audit
from chalicelib.services.fulfilling import Outcome, fulfil
from chalicelib.services.once import Patience
from chalicelib.services.ports import Oddity
from chalicelib.services.reading import BEYOND
from tests import engines
from tests.builders import NOON, stamp
from tests.counter import Counter

HINT = Oddity(event_id="evt_1", type="checkout.session.completed", reason="", at=NOON)
DELIVERIES, AT_ONCE = 50, 16


@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_fifty_deliveries_grant_once(kind: str) -> None:
    store = engines.store(kind)
    counter = Counter(wallet_id=f"acct_{uuid.uuid4().hex}")
    counter.seen_store = store
    begun = counter.buy()
    session_id = str(begun.purchase.session_id)
    counter.control(f"sessions/{session_id}/pay", {"method": "card"})
    patience = Patience(budget=10, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(7).uniform)

    shop = replace(counter.shop, patience=patience)

    def deliver(_: int) -> Outcome:
        return fulfil(shop, session_id, event=HINT, stamp=stamp())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(deliver, range(DELIVERIES)))

    wallet = store.wallet(counter.wallet_id)
    history = store.history(counter.wallet_id, kind=None, before=BEYOND, limit=100).entries
    assert sorted(outcomes) == [Outcome.SETTLED] + [Outcome.UNCHANGED] * (DELIVERIES - 1)
    assert [(lot.granted, lot.purchase_id) for lot in wallet.lots] == [(1000, begun.purchase.purchase_id)]
    assert list(audit.faults(wallet, history)) == []


@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_one_key_at_sixteen_at_once_opens_one_purchase(kind: str) -> None:
    store = engines.store(kind)
    counter = Counter(wallet_id=f"acct_{uuid.uuid4().hex}")
    counter.seen_store = store

    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = list(pool.map(lambda _: counter.buy(), range(AT_ONCE)))

    assert len({each.purchase.purchase_id for each in begun}) == 1
    assert len({each.checkout.url for each in begun}) == 1
    assert len(store.purchases_since(counter.wallet_id, NOON)) == 1
