"""Random histories of grants, uses, plan changes and months equal the independent oracle, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import audit
from chalicelib.domain.catalog import MeterKind
from chalicelib.domain.errors import InsufficientCredits, QuotaExceeded, Refusal
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.plans import catch_up
from chalicelib.domain.quotes import quote
from chalicelib.domain.usage import Use, decide, decide_all
from chalicelib.domain.wallet import Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, PRO, stamp
from tests.oracle import Oracle

PLAIN = replace(CATALOG, plans={**CATALOG.plans, "pro": replace(PRO, included_credits=0, rollover_cap=0)})
METERS = st.sampled_from(sorted(CATALOG.meters))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("use"), METERS, st.integers(1, 40)),
        st.tuples(st.just("grant"), st.integers(1, 60), st.none() | st.integers(1, 13), st.integers(49, 51)),
        st.tuples(st.just("plan"), st.sampled_from(["free", "pro", None])),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 23, 24, 31 * 24, 65 * 24]), st.integers(0, 3599)),
    ),
    min_size=1,
    max_size=25,
)
STARTS = st.datetimes(datetime(2027, 1, 1), datetime(2028, 3, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001


@pytest.mark.timeout(600)
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STARTS, STEPS)
def test_a_history_equals_the_oracle(start: datetime, steps: Sequence[Any]) -> None:
    now = start.replace(tzinfo=NOON.tzinfo)
    wallet, history, oracle = Wallet(wallet_id="acct_a"), [], Oracle(PLAIN)
    for step in steps:
        if step[0] == "wait":
            now += timedelta(hours=step[1], seconds=step[2])
            continue
        decision = _take(step, wallet, oracle, now)
        if decision:
            wallet = decision.wallet
            history.append(decision.entry)
            _compare(wallet, oracle, now)

    assert list(audit.faults(wallet, history)) == []


def _take(step: Any, wallet: Wallet, oracle: Oracle, now: datetime) -> Decision | None:
    if step[0] == "grant":
        return _granted(step, wallet, oracle, now)
    if step[0] == "plan":
        oracle.begin(now)
        oracle.facts.append(
            {"kind": "plan", "at": now, "plan_id": step[1] or "free", "set_by": "admin" if step[1] else "default"}
        )
        return set_plan(wallet, step[1], PLAIN, stamp(now))
    return _used(step[1], step[2], wallet, oracle, now)


def _granted(step: Any, wallet: Wallet, oracle: Oracle, now: datetime) -> Decision:
    _, credits, days, priority = step
    expires_at = now + days * DAY if days else None  # under 14 days: it ends without a notice
    wanted = Grant(credits=credits, source=Source.PROMO, expires_at=expires_at, priority=priority)
    decision = grant(wallet, wanted, PLAIN, stamp(now))
    oracle.begin(now)
    fact = {"kind": "grant", "at": now, "credits": credits, "expires_at": expires_at, "ends_at": expires_at}
    number = decision.wallet.seq
    oracle.facts.append({**fact, "priority": priority, "bought": False, "number": number, "name": f"lot_{number}"})
    return decision


def _used(meter: str, amount: int, wallet: Wallet, oracle: Oracle, now: datetime) -> Decision | None:
    fresh = not oracle.facts
    oracle.begin(now)
    expected, available = oracle.price(now, meter, amount), oracle.available(now)
    told = quote(wallet, meter, amount, PLAIN, now)
    try:
        decision = decide(wallet, use_of(meter, amount), PLAIN, stamp(now))
    except QuotaExceeded:
        assert expected is None
        assert not told.allowed
    except InsufficientCredits as short:
        assert expected is not None
        assert (short.required, short.available) == (expected, available)  # noqa: PT017 - one branch of several
        assert (told.shortfall, told.allowed) == (expected - available, False)
    else:
        assert decision.entry.facts["credits"] == -(expected or 0)
        assert (told.credits, told.allowed) == (expected, True)
        assert sum(draw.credits for draw in told.draws) == expected
        oracle.facts.append({"kind": "use", "at": now, "meter": meter, "amount": amount, "credits": expected})
        return decision
    if fresh:
        oracle.facts.clear()  # a refused command begins no wallet
    return None


def use_of(meter: str, amount: int) -> Use:
    gauge = CATALOG.meters[meter].kind is MeterKind.GAUGE
    return Use(
        wallet_id="acct_a",
        meter=meter,
        quantity=None if gauge else amount,
        set_to=amount if gauge else None,
    )


def _compare(wallet: Wallet, oracle: Oracle, now: datetime) -> None:
    current = catch_up(wallet, PLAIN, now)
    assert wallet.available(now) == oracle.available(now)
    assert {str(lot.id): lot.free for lot in wallet.lots if lot.is_spendable(now)} == oracle.lots(now)
    assert (current.plan.period.start, current.plan.period.end) == oracle.period(now)
    for meter in CATALOG.meters.values():
        state = current.wallet.meters.get(meter.meter)
        if meter.kind is MeterKind.COUNTER:
            assert (state.used if state else 0) == oracle.total(now, meter.meter)
        else:
            assert (state.peak if state and state.peak else 0) == oracle.total(now, meter.meter)


QUANTITIES = st.lists(st.integers(1, 9), min_size=1, max_size=12)
COUNTERS = st.sampled_from(["calls", "extra"])


def rich(credits: int) -> Wallet:
    return grant(Wallet(wallet_id="acct_a"), Grant(credits=credits, source=Source.PROMO), CATALOG, stamp()).wallet


@settings(max_examples=500)
@given(COUNTERS, QUANTITIES)
def test_many_single_charges_are_one_big_charge(meter: str, quantities: list[int]) -> None:
    one_by_one = rich(1000)
    for quantity in quantities:
        one_by_one = decide(one_by_one, use_of(meter, quantity), CATALOG, stamp()).wallet

    at_once = decide(rich(1000), use_of(meter, sum(quantities)), CATALOG, stamp()).wallet

    assert one_by_one.available(NOON) == at_once.available(NOON)
    assert one_by_one.meters == at_once.meters


@settings(max_examples=500)
@given(st.lists(st.tuples(METERS, st.integers(1, 9)), min_size=1, max_size=12), st.integers(0, 30))
def test_a_batch_charges_what_its_uses_would_charge_alone(uses: list[tuple[str, int]], credits: int) -> None:
    begun = rich(credits + 1)
    alone, outcomes = begun, []
    for meter, amount in uses:
        try:
            decision = decide(alone, use_of(meter, amount), CATALOG, stamp())
            alone = decision.wallet
            outcomes.append(-decision.entry.facts["credits"])
        except Refusal as refusal:
            outcomes.append(type(refusal))

    batch = decide_all(begun, [use_of(*use) for use in uses], CATALOG, stamp())

    together = batch.decision.wallet if batch.decision else begun
    assert [type(each) if isinstance(each, Refusal) else each.credits for each in batch.outcomes] == outcomes
    assert together.available(NOON) == alone.available(NOON)
    assert together.meters == alone.meters
    assert [(lot.id, lot.free) for lot in together.lots] == [(lot.id, lot.free) for lot in alone.lots]
    if batch.decision and together.today and alone.today:
        assert together.today.meters == alone.today.meters
        assert list(audit.faults(together, [*history_of(begun), batch.decision.entry])) == []


def history_of(begun: Wallet) -> list[Any]:
    wanted = Grant(credits=begun.left, source=Source.PROMO)
    return [grant(Wallet(wallet_id="acct_a"), wanted, CATALOG, stamp()).entry]
