"""Many writers of one wallet on engines whose transactions hold: exact to the credit, and nobody sees an error."""

from __future__ import annotations

import multiprocessing
import time
import uuid
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from random import Random

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import InsufficientCredits
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.usage import Use
from chalicelib.services.once import Claim, Patience
from chalicelib.services.ports import Change, Store
from chalicelib.services.using import Event, Till, record_usage
from chalicelib.store.dynamo import DynamoStore
from tests import engines
from tests.builders import CATALOG, NOON, stamp

pytestmark = pytest.mark.alone
PROCESSES, THREADS, USES, CREDITS = 4, 16, 50, 1000
BUDGET = 300.0  # seconds: with twice as many writers as a wallet is made for, waiting is all right, an error isn't


def patience(budget: float, seed: int) -> Patience:
    return Patience(budget=budget, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(seed).uniform)


def write(url: str, wallet_id: str, process: int) -> tuple[int, int]:
    """One process's writers: how many uses were charged, and how many refused."""
    store = DynamoStore(engines.connect(url), engines.NAMES)

    def writer(thread: int) -> tuple[int, int]:
        till = Till(store=store, catalog=CATALOG, patience=patience(BUDGET, process * THREADS + thread))
        charged = refused = 0
        for number in range(USES):
            use = Use(wallet_id=wallet_id, meter="calls", quantity=1)
            claim = Claim.on(wallet_id, f"{process}-{thread}-{number}", operation="usage", body={})
            try:
                record_usage(till, Event(use, claim), stamp=stamp())
                charged += 1
            except InsufficientCredits:
                refused += 1
        return charged, refused

    with ThreadPoolExecutor(THREADS) as pool:
        counts = list(pool.map(writer, range(THREADS)))
    return sum(charged for charged, _ in counts), sum(refused for _, refused in counts)


def fund(store: Store, credits: int) -> str:
    wallet_id = f"acct_{uuid.uuid4().hex}"
    wanted = Grant(credits=credits, source=Source.PROMO)
    store.commit(Change(decisions=[grant(store.wallet(wallet_id), wanted, CATALOG, stamp())]))
    return wallet_id


def whole_history(store: Store, wallet_id: str) -> list[Entry]:
    entries: list[Entry] = []
    before: int | None = 10**12 - 1
    while before:
        page = store.history(wallet_id, kind=None, before=before, limit=100)
        entries += page.entries
        before = page.next_seq
    return entries[::-1]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_sixty_four_writers_charge_exactly_what_is_there(kind: str) -> None:
    store = engines.store(kind)
    wallet_id = fund(store, CREDITS)
    url = engines.tables(kind)
    started = time.monotonic()

    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        counts = [pool.submit(write, url, wallet_id, process) for process in range(PROCESSES)]
        done = [each.result() for each in counts]

    passed = time.monotonic() - started
    charged, refused = (sum(column) for column in zip(*done, strict=True))
    quota = CATALOG.plans["free"].quotas["calls"] or 0
    wallet = store.wallet(wallet_id)
    history = whole_history(store, wallet_id)
    print(f"{kind}: {charged} charged, {refused} refused in {passed:.1f} s, {charged / passed:.0f} charges a second")
    assert (charged, refused) == (CREDITS + quota, PROCESSES * THREADS * USES - CREDITS - quota)
    assert wallet.available(NOON) == 0
    assert sum(-entry.facts["credits"] for entry in history if entry.kind == "usage") == CREDITS
    assert list(audit.faults(wallet, history)) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_thirty_two_writers_never_see_an_error(kind: str) -> None:
    store = engines.store(kind)
    wallet_id = fund(store, CREDITS)

    def writer(number: int) -> None:
        till = Till(store=store, catalog=CATALOG, patience=patience(10, number))
        for turn in range(5):
            use = Use(wallet_id=wallet_id, meter="calls", quantity=1)
            claim = Claim.on(wallet_id, f"{number}-{turn}", operation="usage", body={})
            record_usage(till, Event(use, claim), stamp=stamp())

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(writer, range(32)))

    wallet = store.wallet(wallet_id)
    assert wallet.meters["calls"].used == 160
    assert list(audit.faults(wallet, whole_history(store, wallet_id))) == []
