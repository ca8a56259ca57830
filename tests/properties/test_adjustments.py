"""Adjustments in random histories: the books hold whatever is owed, held or set aside, and the oracle agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import audit, folding
from chalicelib.domain.adjustments import adjust
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import Refusal
from chalicelib.domain.expiry import book_end
from chalicelib.domain.freezing import freeze
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.holding import Wish, place, release
from chalicelib.domain.lots import Source
from chalicelib.domain.moneyback import Dispute, DisputeState, MoneyFacts, Refund, RefundState
from chalicelib.domain.plans import catch_up
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.settling import settle, settle_facts
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, payment, purchase, stamp
from tests.oracle import Oracle

ADJUSTMENTS = st.tuples(st.just("adjust"), st.integers(-60, 60).filter(bool))
WAITS = st.tuples(st.just("wait"), st.sampled_from([0, 1, 24, 12 * 24]))
MONEY = st.lists(
    st.one_of(
        ADJUSTMENTS,
        WAITS,
        st.tuples(st.just("pay")),
        st.tuples(st.just("refund"), st.integers(1, 60)),
        st.tuples(st.just("dispute"), st.sampled_from(DisputeState)),
        st.tuples(st.just("use"), st.integers(1, 40)),
        st.tuples(st.just("hold"), st.integers(1, 40)),
        st.tuples(st.just("release")),
        st.tuples(st.just("freeze"), st.booleans()),
        st.tuples(st.just("end")),
    ),
    min_size=1,
    max_size=30,
)


class Books:
    """A buyer of 60 credits for 60, in good days and bad; refused commands change nothing."""

    def __init__(self) -> None:
        self.now = NOON
        self.wallet = Wallet(wallet_id="acct_a")
        self.row: Purchase = purchase(credits=60, expires_after_days=10)
        self.history: list[Any] = []
        self.refunded = 0

    def take(self, step: Sequence[Any]) -> None:
        name, *rest = step
        if name == "wait":
            self.now += timedelta(hours=rest[0])
            return
        before = self.wallet
        try:
            decisions = getattr(self, f"_{name}")(*rest)
        except Refusal:
            assert self.wallet == before
            return
        for decision in decisions:
            assert decision.before == self.wallet
            self.wallet = decision.wallet
            self.history.append(decision.entry)

    def _adjust(self, credits: int) -> list[Decision]:
        current = catch_up(self.wallet, CATALOG, self.now).wallet
        free, debt = current.free(self.now), current.debt
        decision = adjust(self.wallet, credits, reason="odd", catalog=CATALOG, stamp=stamp(self.now))
        if credits < 0:
            assert (decision.entry.facts["credits"], decision.wallet.debt) == (credits, debt)
            assert decision.wallet.free(self.now) == free + credits
        else:
            assert decision.wallet.free(self.now) - decision.wallet.debt == free - debt + credits
        return [decision]

    def _pay(self) -> list[Decision]:
        paid = payment(paid_minor=60)
        settlement = settle(self.wallet, self.row, paid, CATALOG, live=False, stamp=stamp(self.now))
        self.row = settlement.purchase if settlement else self.row
        return list(settlement.decisions) if settlement else []

    def _told(self, facts: MoneyFacts) -> list[Decision]:
        settlement = settle_facts(self.wallet, self.row, facts, CATALOG, stamp(self.now))
        self.row = settlement.purchase if settlement else self.row
        return list(settlement.decisions) if settlement else []

    def _refund(self, amount: int) -> list[Decision]:
        self.refunded += 1
        return self._told(MoneyFacts(refunds={f"re_{self.refunded}": Refund(amount, RefundState.GIVEN)}))

    def _dispute(self, state: DisputeState) -> list[Decision]:
        return self._told(MoneyFacts(disputes={"du_1": Dispute(40, state)}))

    def _use(self, credits: int) -> list[Decision]:
        use = Use(wallet_id="acct_a", meter="extra", quantity=3 * credits)
        return [decide(self.wallet, use, CATALOG, stamp(self.now))]

    def _hold(self, credits: int) -> list[Decision]:
        wish = Wish(wallet_id="acct_a", ttl=timedelta(hours=2), credits=credits)
        return [place(self.wallet, wish, CATALOG, stamp(self.now))]

    def _release(self) -> list[Decision]:
        holds = self.wallet.holds
        return [release(self.wallet, holds[0].hold_id, CATALOG, stamp(self.now))] if holds else []

    def _freeze(self, frozen: bool) -> list[Decision]:  # noqa: FBT001 - a step says it by its place
        return [freeze(self.wallet, frozen=frozen, reason="odd", catalog=CATALOG, stamp=stamp(self.now))]

    def _end(self) -> list[Decision]:
        decision = book_end(self.wallet, CATALOG, stamp(self.now))
        return [decision] if decision else []


@pytest.mark.timeout(600)
@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MONEY)
def test_the_books_hold_whatever_is_adjusted(steps: Sequence[Any]) -> None:
    books = Books()
    for step in steps:
        books.take(step)

    assert list(audit.faults(books.wallet, books.history)) == []
    flows = folding.total_flows(books.history)
    adjusted = [entry.facts for entry in books.history if entry.kind == "adjustment"]
    assert flows[Flow.ADJUSTED] == sum(facts.get("granted", facts["credits"]) for facts in adjusted)


PLAIN = st.lists(
    st.one_of(
        ADJUSTMENTS,
        WAITS,
        st.tuples(st.just("grant"), st.integers(1, 60), st.none() | st.integers(1, 13), st.integers(49, 51)),
        st.tuples(st.just("use"), st.integers(1, 40)),
    ),
    min_size=1,
    max_size=25,
)
FREE = replace(CATALOG, plans={"free": CATALOG.plans["free"]})


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PLAIN)
def test_a_history_with_adjustments_equals_the_oracle(steps: Sequence[Any]) -> None:
    now, wallet, oracle = NOON, Wallet(wallet_id="acct_a"), Oracle(FREE)
    for step in steps:
        if step[0] == "wait":
            now += timedelta(hours=step[1])
            continue
        try:
            wallet, fact = _taken(step, wallet, now)
        except Refusal:
            wanted = step[1] if step[0] == "use" else -step[1]
            assert wanted > oracle.available(now)
            continue
        oracle.facts.append(fact)
        assert wallet.available(now) == oracle.available(now)
        assert {str(lot.id): lot.free for lot in wallet.lots if not lot.has_ended(now)} == oracle.lots(now)


def _taken(step: Any, wallet: Wallet, now: datetime) -> tuple[Wallet, dict[str, Any]]:
    """Take a step, and say it as the oracle hears of it."""
    name, amount, *terms = step
    if name == "use":
        use = Use(wallet_id="acct_a", meter="extra", quantity=3 * amount)
        fact = {"kind": "use", "at": now, "meter": "extra", "amount": 3 * amount, "credits": amount}
        return decide(wallet, use, FREE, stamp(now)).wallet, fact
    if name == "adjust":
        after = adjust(wallet, amount, reason="odd", catalog=FREE, stamp=stamp(now)).wallet
        return after, {"kind": "take", "at": now, "credits": -amount} if amount < 0 else _lot(after, amount, now)
    ends = now + terms[0] * DAY if terms[0] else None
    wanted = Grant(credits=amount, source=Source.PROMO, expires_at=ends, priority=terms[1])
    after = grant(wallet, wanted, FREE, stamp(now)).wallet
    return after, _lot(after, amount, now, ends_at=ends, priority=terms[1])


def _lot(
    wallet: Wallet, credits: int, now: datetime, *, ends_at: datetime | None = None, priority: int = 50
) -> dict[str, Any]:
    fact = {"kind": "grant", "at": now, "credits": credits, "expires_at": ends_at, "ends_at": ends_at}
    return {**fact, "priority": priority, "bought": False, "number": wallet.seq, "name": f"lot_{wallet.seq}"}
