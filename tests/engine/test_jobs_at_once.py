"""Jobs that AWS starts twice, and spenders in their way: each thing is done once, and the books hold."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import InsufficientCredits
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.messages import Message, Recipient
from chalicelib.domain.usage import Use
from chalicelib.services.deadlines import announce_due, expire_due
from chalicelib.services.once import Claim, Patience
from chalicelib.services.ports import SHARDS, Change, Store
from chalicelib.services.reading import BEYOND
from chalicelib.services.rounds import Errand, Report
from chalicelib.services.sending import Post, send_due
from chalicelib.services.using import Event, Till, record_usage
from tests import engines
from tests.builders import CATALOG, DAY, NOON, stamp
from tests.rounds import Carrier

pytestmark = pytest.mark.alone
AT_ONCE, WALLETS, LOTS = 8, 20, 3
SPENDERS, SWEEPERS, TURNS, PRICE = 4, 2, 24, 10
END = NOON + 13 * DAY  # of lots too short-lived for a notice
MS = timedelta(milliseconds=1)


@pytest.fixture(params=engines.ATOMIC)
def store(request: pytest.FixtureRequest) -> Store:
    return engines.fresh(request.param)


@dataclass
class SlowCarrier(Carrier):
    """Takes every message, and time: so that several jobs are at the same one."""

    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, channel: str, message: Message, to: Recipient, *, now: datetime) -> None:
        time.sleep(0.002)
        with self.lock:
            super().send(channel, message, to, now=now)


class Clocks:
    """The machines' clocks around the end of a lot: they move on with every use, and don't agree."""

    def __init__(self, *, before: int) -> None:
        self._uses, self._before, self._lock = 0, before, threading.Lock()

    def read(self, random: Random, *, uses: int = 0) -> datetime:
        with self._lock:
            self._uses += uses
            passed = self._uses // SPENDERS
        return END + (passed - self._before + random.randint(-3, 3)) * MS


def patience(seed: int) -> Patience:
    return Patience(budget=10, monotonic=time.monotonic, sleep=time.sleep, uniform=Random(seed).uniform)


def errand(store: Store, now: Callable[[], datetime], seed: int) -> Errand:
    return Errand(
        store=store,
        catalog=CATALOG,
        patience=patience(seed),
        stamp=lambda: stamp(now(), actor="clock"),
        has_time=lambda: True,
    )


def give(store: Store, wallet_id: str, *grants: Grant) -> None:
    for each in grants:
        store.commit(Change(decisions=[grant(store.wallet(wallet_id), each, CATALOG, stamp())]))


def names(how_many: int) -> list[str]:
    return [f"acct_{uuid.uuid4().hex}" for _ in range(how_many)]


def history(store: Store, wallet_id: str) -> list[Entry]:
    """All entries, oldest first; what doesn't hold in them fails here."""
    found: list[Entry] = []
    before: int | None = BEYOND
    while before:
        page = store.history(wallet_id, kind=None, before=before, limit=100, consistent=True)
        found += page.entries
        before = page.next_seq
    entries = found[::-1]
    assert list(audit.faults(store.wallet(wallet_id), entries)) == []
    return entries


def at_once(job: Callable[[int], Report]) -> Counter[str]:
    """Run a job several times at the same moment, and add up what the runs say."""
    begin = threading.Barrier(AT_ONCE)

    def run(number: int) -> Report:
        begin.wait()
        return job(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        reports = list(pool.map(run, range(AT_ONCE)))
    assert [failure for report in reports for failure in report.failures] == []
    assert not any(report.more for report in reports)
    counts: Counter[str] = Counter()
    for report in reports:
        counts.update(report.counts)
    return counts


def test_eight_sweeps_at_once_book_each_lot_once(store: Store) -> None:
    wallets = names(WALLETS)
    for name in wallets:
        give(store, name, *(Grant(credits=10 + number, source=Source.PROMO, expires_at=END) for number in range(LOTS)))

    counts = at_once(lambda number: expire_due(errand(store, lambda: END, number)))

    print(f"8 sweeps at once: {counts['wallets']} looks, {counts['expired']} lots booked")
    assert counts["expired"] == WALLETS * LOTS
    for name in wallets:
        booked = [entry for entry in history(store, name) if entry.kind == "expiry"]
        assert sorted(entry.facts["lot_id"] for entry in booked) == ["lot_1", "lot_2", "lot_3"]
        assert (store.wallet(name).left, store.wallet(name).due_at) == (0, None)
    assert not any(store.due_wallets(shard, END + 1000 * DAY).names for shard in range(SHARDS))


def test_eight_jobs_at_once_send_each_message_once(store: Store) -> None:
    wallets, carrier = names(WALLETS), SlowCarrier(names=("email", "sns"))
    for name in wallets:
        lots = [Grant(credits=500, source=Source.PROMO, expires_at=NOON + (40 + days) * DAY) for days in (0, 1)]
        give(store, name, *lots)

    def job(number: int) -> Report:
        on_its_way = errand(store, lambda: NOON + 20 * DAY, number)
        return send_due(Post(on_its_way, carrier), announce_due(on_its_way))

    counts = at_once(job)

    told = [entry for name in wallets for entry in history(store, name) if entry.kind == "notice"]
    print(
        f"8 jobs at once: {counts['noticed']} notices, {counts['sent']} sent, {counts['elsewhere']} met another's hand"
    )
    assert (counts["noticed"], counts["sent"]) == (len(told), len(told)) == (WALLETS * 2, WALLETS * 2)
    assert (counts["later"], counts["parked"]) == (0, 0)
    assert set(Counter(carrier.sent).values()) == {1}
    assert len(carrier.sent) == WALLETS * 2 * len(carrier.names)
    assert not any(store.due_messages(shard, END + 1000 * DAY).names for shard in range(SHARDS))


def test_spenders_and_the_sweep_meet_at_the_very_end_of_a_lot(store: Store) -> None:
    [wallet_id] = names(1)
    clocks, spending = Clocks(before=TURNS // 2), threading.Event()
    ending, lasting = Grant(credits=1000, source=Source.PROMO, expires_at=END), Grant(credits=105, source=Source.PROMO)
    give(store, wallet_id, ending, lasting)

    def spend(spender: int) -> tuple[int, int]:
        till = Till(store=store, catalog=CATALOG, patience=patience(spender))
        random, charged, refused = Random(spender), 0, 0
        for turn in range(TURNS):
            use = Use(wallet_id=wallet_id, meter="extra", quantity=3 * PRICE)
            claim = Claim.on(wallet_id, f"{spender}-{turn}", operation="usage", body={})
            try:
                record_usage(till, Event(use, claim), stamp=stamp(clocks.read(random, uses=1)))
                charged += 1
            except InsufficientCredits:
                refused += 1
        return charged, refused

    def sweep(number: int) -> int:
        random, booked = Random(number), 0
        while spending.is_set():
            report = expire_due(errand(store, lambda: clocks.read(random), number))
            assert report.failures == []
            booked += report.counts["expired"]
        return booked

    spending.set()
    with ThreadPoolExecutor(SPENDERS + SWEEPERS) as pool:
        sweeps = [pool.submit(sweep, 100 + number) for number in range(SWEEPERS)]
        try:
            counts = list(pool.map(spend, range(SPENDERS)))
        finally:
            spending.clear()
        booked = sum(each.result() for each in sweeps)
    booked += expire_due(errand(store, lambda: END, 200)).counts["expired"]

    entries = history(store, wallet_id)
    uses, ends = ([entry for entry in entries if entry.kind == kind] for kind in ("usage", "expiry"))
    draws = [(draw["lot_id"], draw["credits"], entry.at) for entry in uses for draw in entry.facts["draws"]]
    from_ending = -sum(credits for lot_id, credits, _ in draws if lot_id == "lot_1")
    charged, refused = (sum(column) for column in zip(*counts, strict=True))
    print(
        f"{charged} uses charged, {refused} refused; {from_ending} of 1000 credits used, the end booked {booked} time"
    )
    assert (charged, charged + refused) == (len(uses), SPENDERS * TURNS)
    assert [at for lot_id, _, at in draws if lot_id == "lot_1" and at >= END] == []
    assert [(entry.facts["credits"], entry.at >= END) for entry in ends] == [(from_ending - 1000, True)]
    assert booked == 1
    assert store.wallet(wallet_id).left == 1105 - 1000 - (charged * PRICE - from_ending)
    assert 0 < from_ending < charged * PRICE
