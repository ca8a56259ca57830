"""What use costs: round trips counted, write units as MiniStack reports them, read units from item sizes."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Wallet
from chalicelib.services.once import Claim, Patience, Recorded
from chalicelib.services.ports import Change
from chalicelib.services.using import Event, Till, record_batch, record_usage
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.items import entry_to_item
from chalicelib.wiring import catalog
from tests import engines
from tests.builders import DAY, NOON, stamp
from tests.meter import Meter, metered
from tests.trouble import KINDS, answered

OFFER: Catalog = catalog()
PATIENCE = Patience(budget=10, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(1).uniform)
LONG = 100_050  # entries; the next one brings no snapshot


@pytest.fixture
def store() -> DynamoStore:
    found = engines.store("ministack")
    assert isinstance(found, DynamoStore)
    return found


def funded(store: DynamoStore) -> str:
    """A wallet with four lots, as a customer of some years has."""
    wallet_id = f"acct_{uuid.uuid4().hex}"
    for _ in range(4):
        wanted = Grant(credits=5000, source=Source.PURCHASE, purchase_id="pur_01kajy9w0001234567ab")
        store.commit(Change(decisions=[grant(store.wallet(wallet_id), wanted, OFFER, stamp())]))
    return wallet_id


def event(wallet_id: str, quantity: int = 1, *, at: datetime | None = None) -> Event:
    use = Use(wallet_id=wallet_id, meter="predictions", quantity=quantity, at=at)
    claim = Claim.on(wallet_id, uuid.uuid4().hex, operation="usage", body={"quantity": quantity})
    return Event(use, claim)


def use(store: DynamoStore, wallet_id: str, now: datetime = NOON) -> Meter:
    till = Till(store=store, catalog=OFFER, patience=PATIENCE)
    with metered(store) as meter:
        record_usage(till, event(wallet_id), stamp=stamp(now))
    return meter


def test_a_use_is_two_round_trips_six_write_units_and_one_read_unit(store: DynamoStore) -> None:
    wallet_id = funded(store)

    same_day, next_day = use(store, wallet_id), use(store, wallet_id, NOON + DAY)

    print(f"use: {same_day}; the first of a day: {next_day}")
    assert same_day.calls == next_day.calls == ["GetItem", "TransactWriteItems"]
    assert (same_day.written, next_day.written) == (6, 8)
    assert same_day.read == 1


def test_forty_uses_in_a_batch_cost_two_and_a_half_write_units_each(store: DynamoStore) -> None:
    wallet_id = funded(store)
    till = Till(store=store, catalog=OFFER, patience=PATIENCE)

    with metered(store) as meter:
        results = record_batch(till, [event(wallet_id) for _ in range(40)], stamp=stamp())

    print(f"batch of 40: {meter}, {meter.written / 40:g} write units a use")
    assert all(isinstance(result, Recorded) for result in results)
    assert meter.calls == ["GetItem", "TransactWriteItems"]
    assert meter.written <= 40 * 2.5


def test_a_batch_of_forty_five_uses_is_an_entry_under_four_kilobytes(store: DynamoStore) -> None:
    from bench.units import size_of

    wallet_id = funded(store)
    till = Till(store=store, catalog=OFFER, patience=PATIENCE)
    results = record_batch(till, [event(wallet_id, 123) for _ in range(45)], stamp=stamp())

    assert isinstance(results[0], Recorded)
    size = size_of(entry_to_item(results[0].entry))

    print(f"entry of 45 uses: {size} bytes")
    assert size < 4096


def test_ninety_days_are_two_round_trips_and_five_read_units(store: DynamoStore) -> None:
    wallet_id = funded(store)
    till = Till(store=store, catalog=OFFER, patience=PATIENCE)
    for day in range(91):
        for meter in ("predictions", "api_calls", "pull_requests", "feedback"):
            one = event(wallet_id)
            one = replace(one, use=replace(one.use, meter=meter, quantity=12))
            if day % 10 == 0 or meter == "predictions":
                record_usage(till, one, stamp=stamp(NOON + day * DAY))
    last = (NOON + 90 * DAY).date()

    with metered(store) as meter_:
        wallet = store.wallet(wallet_id)
        days = store.days(wallet_id, last - timedelta(days=89), last)

    print(f"90-day chart: {meter_}")
    assert wallet.seq
    assert len(days) == 89  # and today's, which is in the wallet
    assert len(meter_.calls) == 2
    assert meter_.read <= 5


def test_a_long_history_costs_a_use_no_more(store: DynamoStore) -> None:
    short = use(store, funded(store))
    wallet_id = funded(store)
    wallet = replace(store.wallet(wallet_id), seq=LONG - 1)
    _pretend(store, wallet)

    long = use(store, wallet_id)

    print(f"use with 5 entries: {short}; with {LONG:,}: {long}")
    assert (long.calls, long.written, long.read) == (short.calls, short.written, short.read)


def _pretend(store: DynamoStore, wallet: Wallet) -> None:
    """Make the wallet's number as high as if it had so many entries, with the last 500 of them in place."""
    for seq in range(LONG - 500, LONG):
        made = Use(wallet_id=wallet.wallet_id, meter="feedback", quantity=1)
        decision = decide(replace(wallet, seq=seq - 1), made, OFFER, stamp())
        stored = replace(decision.before, seq=4) if seq == LONG - 500 else decision.before
        store.commit(Change(decisions=[replace(decision, before=stored)]))


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("together", [False, True])
def test_what_no_engine_makes_by_itself_ends_in_one_charge(store: DynamoStore, kind: str, *, together: bool) -> None:
    wallet_id = funded(store)
    till = Till(store=store, catalog=OFFER, patience=PATIENCE)
    one = event(wallet_id, 3)

    with answered(store.connection, kind, times=3) as struck:
        results = record_batch(till, [one], stamp=stamp()) if together else [record_usage(till, one, stamp=stamp())]

    assert struck == [kind] * 3
    assert [isinstance(result, Recorded) and result.entry.facts["credits"] for result in results] == [-6]
    assert store.wallet(wallet_id).seq == 5
