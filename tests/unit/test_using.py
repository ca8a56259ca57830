"""Recording use through a store: once per key, alone and in batches, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import Busy, InsufficientCredits, KeyReused, QuotaExceeded, Refusal
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Draw, LotId, Source
from chalicelib.domain.quotes import quote
from chalicelib.domain.usage import Use
from chalicelib.domain.wallet import Wallet
from chalicelib.services.once import Claim, Recorded
from chalicelib.services.planning import override_plan
from chalicelib.services.ports import Change, LostRace, OutcomeUnknown, Throttled
from chalicelib.services.using import (
    CHUNK,
    Event,
    Result,
    Till,
    draws_of_use,
    record_batch,
    record_usage,
    use_facts,
)
from tests.builders import CATALOG, DAY, NOON, patience, stamp
from tests.fakes import Faulty, MemoryStore


def event(key: str, meter: str = "calls", amount: int = 1, *, wallet_id: str = "acct_a", **more: Any) -> Event:
    gauge = meter == "seats"
    use = Use(
        wallet_id=wallet_id,
        meter=meter,
        quantity=None if gauge else amount,
        set_to=amount if gauge else None,
        **more,
    )
    body = {"meter": meter, "amount": amount}
    return Event(use, Claim.on(wallet_id, key, operation="usage", body=body))


class Bench:
    """A store with credits in it, faults on request, and what was asked of it."""

    def __init__(self, credits: int = 100) -> None:
        self.store = MemoryStore()
        decision = grant(Wallet(wallet_id="acct_a"), Grant(credits=credits, source=Source.PROMO), CATALOG, stamp())
        self.store.commit(Change(decisions=[decision]))
        self.calls: list[str] = []
        self.troubles: dict[tuple[str, str], list[Exception]] = {}

    def point(self, name: str, when: str) -> None:
        if when == "before":
            self.calls.append(name)
        if self.troubles.get((name, when)):
            raise self.troubles[name, when].pop(0)

    @property
    def till(self) -> Till:
        return Till(store=Faulty(self.store, self.point), catalog=CATALOG, patience=patience())

    def record(self, one: Event) -> Recorded:
        return record_usage(self.till, one, stamp=stamp())

    def batch(self, *events: Event) -> list[Result]:
        return record_batch(self.till, events, stamp=stamp())

    def check(self, wallet_id: str = "acct_a") -> Wallet:
        wallet = self.store.wallet(wallet_id)
        assert list(audit.faults(wallet, self.store.history_of(wallet_id))) == []
        return wallet


@pytest.fixture
def bench() -> Bench:
    return Bench()


def kinds(results: Sequence[Result]) -> list[Any]:
    return [type(each) if isinstance(each, Refusal) else (each.entry.seq, each.nth, each.replayed) for each in results]


def test_a_use_is_two_round_trips(bench: Bench) -> None:
    bench.record(event("k1", amount=12))

    assert bench.calls == ["wallet", "commit"]
    assert bench.check().available(NOON) == 98


def test_a_use_reported_late_is_in_the_books_and_on_its_own_day(bench: Bench) -> None:
    bench.record(event("k1", amount=12))
    late = event("k2", amount=3, at=NOON)

    record_usage(bench.till, late, stamp=stamp(NOON + 2 * DAY))

    wallet = bench.check()
    assert (wallet.available(NOON), wallet.meters["calls"].used) == (95, 15)
    days = bench.store.days("acct_a", NOON.date(), (NOON + DAY).date())
    assert [(each.meters, each.credits) for each in days] == [({"calls": 15}, 5)]


def test_an_entry_of_one_use_is_its_own_facts(bench: Bench) -> None:
    entry = bench.record(event("k1", amount=12)).entry

    assert use_facts(entry, 0)["quantity"] == 12
    assert draws_of_use(entry, 0) == [Draw(LotId(1), 2)]


def test_a_repeat_changes_nothing_even_when_it_could_not_be_paid_now(bench: Bench) -> None:
    first = bench.record(event("k1", amount=110))

    again = bench.record(event("k1", amount=110))

    assert (again.entry, again.replayed) == (first.entry, True)
    assert bench.check().available(NOON) == 0


def test_a_batch_is_one_entry_and_two_round_trips(bench: Bench) -> None:
    results = bench.batch(*(event(f"k{n}") for n in range(40)))

    assert kinds(results) == [(2, n, False) for n in range(40)]
    assert bench.calls == ["wallet", "commit"]
    assert bench.check().available(NOON) == 70


def test_a_batch_goes_over_wallets_and_chunks_in_order(bench: Bench) -> None:
    events = [event(f"k{n}", wallet_id="acct_b" if n % 2 else "acct_a", meter="notes") for n in range(100)]

    results = bench.batch(*events)

    assert bench.check("acct_b").seq == 2
    assert bench.check().seq == 3
    assert kinds(results)[0] == (2, 0, False)
    assert kinds(results)[-1] == (2, 100 // 2 - CHUNK - 1, False)


def test_what_is_refused_fails_alone_and_spends_no_key(bench: Bench) -> None:
    results = bench.batch(event("k1", amount=12), event("k2", "locked", 5), event("k3", amount=500), event("k4"))

    assert kinds(results) == [(2, 0, False), QuotaExceeded, InsufficientCredits, (2, 1, False)]
    assert bench.calls == ["wallet", "receipts", "commit"]
    assert set(bench.store.spent) == {("acct_a", "k1"), ("acct_a", "k4")}
    bench.check()


def test_a_batch_of_refusals_writes_nothing(bench: Bench) -> None:
    assert kinds(bench.batch(event("k1", "locked", 5))) == [QuotaExceeded]
    assert bench.check().seq == 1


def test_a_key_twice_in_a_batch_is_a_replay_or_a_conflict(bench: Bench) -> None:
    results = bench.batch(event("k1"), event("k1"), event("k1", amount=2), event("k2", "locked", 5))
    refused = bench.batch(event("k3", "locked", 5), event("k3", "locked", 5))

    assert kinds(results) == [(2, 0, False), (2, 0, True), KeyReused, QuotaExceeded]
    assert kinds(refused) == [QuotaExceeded, QuotaExceeded]
    bench.check()


def test_a_repeated_batch_replays_each_event(bench: Bench) -> None:
    events = [event("k1"), event("k2", "extra", 9), event("k3", "seats", 3)]
    first = bench.batch(*events)

    again = bench.batch(*events, event("k4"))

    assert [replace(each, replayed=False) for each in again[:3] if isinstance(each, Recorded)] == first
    assert kinds(again) == [(2, 0, True), (2, 1, True), (2, 2, True), (3, 0, False)]
    bench.check()


def test_a_spent_key_with_another_body_fails_alone(bench: Bench) -> None:
    bench.record(event("k1"))

    results = bench.batch(event("k1", amount=2), event("k1"), event("k2"))

    assert kinds(results) == [KeyReused, (2, 0, True), (3, 0, False)]


def test_a_refusal_of_a_spent_key_is_the_first_answer(bench: Bench) -> None:
    bench.record(event("k1", amount=110))

    assert kinds(bench.batch(event("k1", amount=110))) == [(2, 0, True)]


def test_a_key_spent_on_a_purchase_is_a_conflict(bench: Bench) -> None:
    one = event("k1")
    bench.store.spent["acct_a", "k1"] = one.claim.receipt(purchase_id="pur_1")

    assert kinds(bench.batch(one)) == [KeyReused]


def test_a_single_use_of_a_batch_replays_as_an_increment(bench: Bench) -> None:
    bench.batch(event("k0"), event("k1", amount=12))

    again = bench.record(event("k1", amount=12))

    assert (again.replayed, again.nth) == (True, 1)
    assert use_facts(again.entry, again.nth)["used_before"] == 1


@pytest.mark.parametrize(
    ("call", "when", "trouble"),
    [
        ("commit", "after", OutcomeUnknown()),
        *(
            (call, "before", trouble)
            for call in ("wallet", "commit", "receipts")
            for trouble in (LostRace(), Throttled(), OutcomeUnknown())
        ),
    ],
)
def test_trouble_leaves_each_use_recorded_once(bench: Bench, call: str, when: str, trouble: Exception) -> None:
    bench.troubles[call, when] = [trouble]

    results = bench.batch(event("k1", amount=12), event("k2", "locked", 5), event("k3"))

    assert [isinstance(each, Recorded) for each in results] == [True, False, True]
    assert bench.check().available(NOON) == 97


def test_a_receipt_without_its_entry_is_waited_for(bench: Bench) -> None:
    one = event("k1")
    bench.store.spent["acct_a", "k1"] = one.claim.receipt(seq=99)

    assert kinds(bench.batch(one, event("k2"))) == [Busy, Busy]


def test_when_the_budget_is_spent_the_rest_is_busy(bench: Bench) -> None:
    bench.troubles["commit", "before"] = [LostRace()] * 10_000

    results = bench.batch(event("k1"), event("k2", wallet_id="acct_b"))

    assert kinds(results) == [Busy, Busy]
    assert bench.check().seq == 1


def test_each_use_of_a_batch_says_which_lots_paid_for_it(bench: Bench) -> None:
    second = grant(bench.store.wallet("acct_a"), Grant(credits=5, source=Source.PURCHASE), CATALOG, stamp())
    bench.store.commit(Change(decisions=[second]))
    results = bench.batch(event("k1", amount=10), event("k2", amount=98), event("k3", amount=4), event("k4", amount=1))
    entry = results[0].entry if isinstance(results[0], Recorded) else None
    assert entry

    assert [draws_of_use(entry, nth) for nth in range(4)] == [
        [],
        [Draw(LotId(1), 98)],
        [Draw(LotId(1), 2), Draw(LotId(2), 2)],
        [Draw(LotId(2), 1)],
    ]


def test_gauges_in_a_batch_know_their_level_and_peak(bench: Bench) -> None:
    results = bench.batch(event("k1", "seats", 5), event("k2", "seats", 1), event("k3", "seats", 4), event("k4"))
    entry = results[0].entry if isinstance(results[0], Recorded) else None
    assert entry

    facts = [use_facts(entry, nth) for nth in range(3)]

    assert use_facts(entry, 3)["used_before"] == 0
    assert [(each["used_before"], each["peak_before"]) for each in facts] == [(0, 0), (5, 5), (1, 5)]


def test_an_admins_plan_is_set_once_per_key(bench: Bench) -> None:
    claim = Claim.on("acct_a", "p1", operation="plan", body={"plan_id": "pro"})

    first = override_plan(bench.till, "pro", claim, stamp=stamp())
    again = override_plan(bench.till, "pro", claim, stamp=stamp())

    assert (first.entry.kind, again.replayed) == ("plan_change", True)
    assert bench.check().available(NOON) == 150


def test_a_quote_says_what_a_use_would_take_and_writes_nothing(bench: Bench) -> None:
    wallet = bench.store.wallet("acct_a")

    told = quote(wallet, "calls", 12, CATALOG, NOON)

    assert (told.allowed, told.from_quota, told.credits, told.shortfall) == (True, 10, 2, 0)
    assert told.draws == (Draw(LotId(1), 2),)
    assert told.quote_id.startswith("q_")
    assert told.offers is None


def test_a_quote_that_is_not_covered_says_what_is_missing(bench: Bench) -> None:
    short = quote(bench.store.wallet("acct_a"), "calls", 200, CATALOG, NOON)
    full = quote(bench.store.wallet("acct_a"), "locked", 2, CATALOG, NOON)
    seats = quote(bench.store.wallet("acct_a"), "seats", 3, CATALOG, NOON)

    assert (short.allowed, short.credits, short.shortfall) == (False, 190, 90)
    assert short.offers
    assert (full.allowed, full.credits, full.shortfall) == (False, 0, 0)
    assert (seats.allowed, seats.credits) == (True, 10)
