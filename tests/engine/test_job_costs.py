"""What jobs cost: as much as there is to do, and next to nothing where there is nothing, however many wallets."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import pytest

from bench import crowd
from bench.crowd import LATER
from chalicelib.domain.times import DAY
from chalicelib.domain.usage import Use
from chalicelib.services.deadlines import announce_due, expire_due
from chalicelib.services.once import Claim
from chalicelib.services.rounds import Errand, Report
from chalicelib.services.sending import Post, send_due
from chalicelib.services.using import Event, Till, record_usage
from chalicelib.store.dynamo import DynamoStore
from chalicelib.wiring import catalog
from tests import engines
from tests.builders import patience, stamp
from tests.meter import Meter, metered
from tests.rounds import Carrier

OFFER = catalog()
DUE = (1, 5, 20)


def inhabited(**kinds: int) -> DynamoStore:
    """Give a store of its own with so many wallets of each kind."""
    store = engines.fresh("ministack")
    assert isinstance(store, DynamoStore)
    for kind, number in kinds.items():
        crowd.write(store, crowd.crowd(kind, number, OFFER))
    return store


def errand(store: DynamoStore, now: datetime = LATER) -> Errand:
    return Errand(
        store=store,
        catalog=OFFER,
        patience=patience(),
        stamp=lambda: stamp(now, actor="clock"),
        has_time=lambda: True,
    )


def expire_credits(store: DynamoStore) -> Report:
    return expire_due(errand(store))


def announce(store: DynamoStore) -> Report:
    return announce_due(errand(store))


def send(store: DynamoStore) -> Report:
    return send_due(Post(errand(store), Carrier()))


def send_alerts(store: DynamoStore) -> Report:
    return send_due(Post(errand(store), Carrier()), announce(store))


def measured(store: DynamoStore, job: Callable[[DynamoStore], Report], **done: int) -> Meter:
    with metered(store) as meter:
        report = job(store)
    assert {name: report.counts[name] for name in done} == done
    assert (report.failures, report.more) == ([], False)
    return meter


class Added(NamedTuple):
    """What one thing that is due adds to a job's cost."""

    calls: float
    written: float
    read: float

    def __str__(self) -> str:
        return f"{self.calls:g} round trips, {self.written:g} write units, {self.read:g} read units"


def each_of(meters: dict[int, Meter], nothing: Meter) -> Added:
    """Say what each thing that is due adds, if it is the same for all."""
    found = {
        Added(
            calls=(len(meter.calls) - len(nothing.calls)) / number,
            written=(meter.written - nothing.written) / number,
            read=(meter.read - nothing.read) / number,
        )
        for number, meter in meters.items()
    }
    [added] = found
    return added


@pytest.mark.parametrize(("job", "queries"), [(expire_credits, 8), (send_alerts, 16)])
def test_a_job_with_nothing_due_costs_the_same_at_20_and_at_400_wallets(
    job: Callable[[DynamoStore], Report], queries: int
) -> None:
    store = inhabited(quiet=20)
    few = measured(store, job, wallets=0)
    crowd.write(store, crowd.crowd("quiet", 400, OFFER))
    many = measured(store, job, wallets=0)

    print(f"{job.__name__}, nothing due, 20 wallets: {few}; 400 wallets: {many}")
    assert few.calls == many.calls == ["Query"] * queries
    assert few.written == many.written == 0
    assert few.read == many.read <= queries / 2


def test_an_expiry_costs_the_same_for_each_lot() -> None:
    nothing = measured(inhabited(quiet=20), expire_credits, expired=0)
    meters = {k: measured(inhabited(quiet=20, ending=k), expire_credits, expired=k) for k in DUE}

    added = each_of(meters, nothing)

    print(f"an expiry: {added}")
    assert added == Added(calls=3, written=9, read=2)  # read, write, and a look whether there is more


def test_a_notice_and_its_message_cost_the_same_for_each() -> None:
    nothing = inhabited(quiet=20)
    stores = {k: inhabited(quiet=20, telling=k) for k in DUE}
    noticed = {k: measured(store, announce, noticed=k) for k, store in stores.items()}
    sent = {k: measured(store, send, sent=k) for k, store in stores.items()}

    notice, message = each_of(noticed, measured(nothing, announce)), each_of(sent, measured(nothing, send))

    print(f"a notice with its message: {notice}; a message sent: {message}")
    assert notice == Added(calls=3, written=12, read=2)
    assert message == Added(calls=5, written=5, read=3)  # claimed before it is sent, and noted after


def test_a_use_costs_more_only_when_it_brings_a_nearer_deadline() -> None:
    store = inhabited(ending=1)
    [wallet] = crowd.crowd("ending", 1, OFFER)
    till = Till(store=store, catalog=OFFER, patience=patience())

    def use() -> Meter:
        made = Use(wallet_id=wallet.wallet_id, meter="predictions", quantity=1)
        claim = Claim.on(wallet.wallet_id, uuid.uuid4().hex, operation="usage", body={})
        with metered(store) as meter:
            record_usage(till, Event(made, claim), stamp=stamp(crowd.GRANTED))
        return meter

    plain = use()
    store.push_back(wallet.wallet_id, LATER + DAY)  # as after a job that failed
    nearer = use()

    print(f"use: {plain}; when it brings a nearer deadline: {nearer}")
    assert plain.calls == nearer.calls == ["GetItem", "TransactWriteItems"]
    assert plain.written == 6
    assert plain.written < nearer.written <= 10
    assert store.wallet(wallet.wallet_id).due_at == LATER
