"""Spenders, jobs and events at the same moment, on engines whose transactions hold: one crossing is one charge."""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import pytest

from chalicelib.domain import audit
from chalicelib.domain.ledger import Entry
from chalicelib.domain.purchases import Status
from chalicelib.domain.usage import Use
from chalicelib.services.fulfilling import NotYetKnown
from chalicelib.services.hearing import apply_event
from chalicelib.services.once import Claim, Patience
from chalicelib.services.ports import Store
from chalicelib.services.reading import BEYOND
from chalicelib.services.rounds import Report
from chalicelib.services.topping_up import Charging, charge_due
from chalicelib.services.using import Event, Till, record_usage
from tests import engines
from tests.bank import hint_of
from tests.builders import CATALOG, stamp
from tests.topper import Topper

pytestmark = pytest.mark.alone
SPENDERS, JOBS, SPENDS = 6, 3, 200


@pytest.fixture(params=engines.ATOMIC)
def topper(request: pytest.FixtureRequest) -> Topper:
    store: Store = engines.fresh(request.param)
    return Topper(store=store, wallet_id=f"acct_{uuid.uuid4().hex}")


def patience(seed: int) -> Patience:
    return Patience(budget=10, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(seed).uniform)


def spend(topper: Topper, number: int) -> None:
    """Spend one credit."""
    till = Till(store=topper.seen_store, catalog=CATALOG, patience=patience(number))
    use = Use(wallet_id=topper.wallet_id, meter="extra", quantity=3)
    claim = Claim.on(topper.wallet_id, f"spend-{number}", operation="usage", body={})
    record_usage(till, Event(use, claim), stamp=stamp(topper.clock))


def charge(topper: Topper, seed: int) -> Report:
    charging = topper.charging()
    errand = replace(charging.errand, patience=patience(seed))
    return charge_due(Charging(errand, replace(charging.shop, patience=patience(seed))))


def hear(topper: Topper, place: int, seed: int) -> int:
    """Hear the events from a place on; gives up to which there were any."""
    told = topper.objects("event")
    shop = replace(topper.shop, patience=patience(seed))
    for event in told[place:]:
        try:
            apply_event(shop, hint_of(event), stamp=stamp(topper.clock, actor="stripe"))
        except NotYetKnown:
            return place
    return len(told)


def check(topper: Topper) -> None:
    """One payment, one purchase that it paid, one grant; and the books hold."""
    store, wallet_id = topper.store, topper.wallet_id
    assert topper.outcomes() == ["succeeded"]
    bought = [each for each in store.listed_purchases(wallet_id, before=None, limit=100) if each.topup_seq is not None]
    assert [(each.status, each.payment_id) for each in bought] == [(Status.PAID, topper.intents()[0]["id"])]
    entries: list[Entry] = []
    before = BEYOND
    while before:
        page = store.history(wallet_id, kind=None, before=before, limit=100, consistent=True)
        entries += page.entries
        before = page.next_seq or 0
    granted = [each for each in entries if each.facts.get("purchase_id") == bought[0].purchase_id]
    assert len(granted) == 1
    assert list(audit.faults(store.wallet(wallet_id), entries[::-1])) == []


@pytest.mark.timeout(300)
def test_two_hundred_spends_with_jobs_and_events_at_the_same_time_are_charged_once(topper: Topper) -> None:
    topper.use(750, "first")  # 250 are left: the fifty-first of what follows crosses the line
    spending = threading.Event()
    spending.set()

    def job(seed: int) -> int:
        begun = 0
        while spending.is_set():
            report = charge(topper, seed)
            assert report.failures == []
            begun += report.counts["begun"]
        return begun

    def events(seed: int) -> None:
        place = 0
        while spending.is_set():
            place = hear(topper, place, seed)
            time.sleep(0.005)

    started = time.monotonic()
    with ThreadPoolExecutor(SPENDERS + JOBS + 2) as pool:
        jobs = [pool.submit(job, 1000 + number) for number in range(JOBS)]
        listeners = [pool.submit(events, 2000 + number) for number in range(2)]
        try:
            list(pool.map(lambda number: spend(topper, number), range(SPENDS)))
        finally:
            spending.clear()
        begun = sum(each.result() for each in jobs)
        for each in listeners:
            each.result()
    begun += charge(topper, 3000).counts["begun"]
    hear(topper, 0, 3001)

    print(f"{SPENDS} spends in {time.monotonic() - started:.1f} s, {begun} payment begun")
    assert begun == 1
    check(topper)
    assert topper.available == 250 - SPENDS + 1000


@pytest.mark.parametrize("behaviour", ["ok", "declined"])
def test_jobs_that_aws_starts_at_once_charge_once(topper: Topper, behaviour: str) -> None:
    topper.card(behaviour)
    topper.use(900, "crossing")
    begin = threading.Barrier(8)

    def job(seed: int) -> Report:
        begin.wait()
        return charge(topper, seed)

    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(job, range(8)))

    assert [failure for report in reports for failure in report.failures] == []
    assert sum(report.counts["begun"] for report in reports) == 1
    if behaviour == "ok":
        check(topper)
    else:
        assert topper.outcomes() == ["canceled"]
        assert (topper.row.declines, topper.stands) == (1, "backing_off")
