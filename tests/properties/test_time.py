"""Random histories under jobs that come when they like: nothing ends silently, twice, or to be spent after all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import audit
from chalicelib.domain.errors import Refusal
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.times import from_text
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.services.ports import Change
from tests.builders import CATALOG, DAY, stamp
from tests.rounds import Clockwork

SOURCES = st.sampled_from([Source.PURCHASE, Source.PROMO])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(1, 50), st.none() | st.integers(1, 60), SOURCES),
        st.tuples(st.just("use"), st.sampled_from(["calls", "extra", "seats"]), st.integers(1, 60)),
        st.tuples(st.just("plan"), st.sampled_from(["pro", None])),
        st.tuples(st.just("expire")),
        st.tuples(st.just("alert")),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 24, 7 * 24, 31 * 24, 100 * 24]), st.integers(-3599, 3599)),
    ),
    min_size=1,
    max_size=40,
)
NOTICE = timedelta(days=7)


@pytest.mark.timeout(600)
@settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_no_lot_ends_silently_twice_or_to_be_spent_after_all(steps: Sequence[Any]) -> None:
    clock = Clockwork()
    for step in [*steps, ("wait", 24, 0), ("alert",), ("expire",)]:
        take(step, clock)

    history = clock.store.history_of("acct_a")
    assert list(audit.faults(clock.store.wallet("acct_a"), history)) == []
    check_ends(history, clock)
    check_messages(history, clock)


def take(step: Any, clock: Clockwork) -> None:
    wallet = clock.store.wallet("acct_a")
    if step[0] == "wait":
        clock.now += timedelta(hours=step[1], seconds=step[2])  # a clock may go back a little
    elif step[0] == "expire":
        assert clock.expire().failures == []
    elif step[0] == "alert":
        assert clock.alert().failures == []
    elif decision := decided(step, wallet, clock.now):
        clock.store.commit(Change(decisions=[decision]))


def decided(step: Any, wallet: Wallet, now: datetime) -> Decision | None:
    try:
        if step[0] == "grant":
            _, credits, days, source = step
            ends = now + days * DAY if days else None
            return grant(wallet, Grant(credits=credits, source=source, expires_at=ends), CATALOG, stamp(now))
        if step[0] == "plan":
            return set_plan(wallet, step[1], CATALOG, stamp(now))
        _, meter, amount = step
        gauge = meter == "seats"
        use = Use(wallet_id="acct_a", meter=meter, quantity=None if gauge else amount, set_to=amount if gauge else None)
        return decide(wallet, use, CATALOG, stamp(now))
    except Refusal:
        return None


def steps_of(history: Sequence[Entry]) -> list[tuple[datetime, dict[str, Any]]]:
    return [(entry.at, step) for entry in history for step in (*entry.facts.get("also", ()), entry.facts)]


def check_ends(history: Sequence[Entry], clock: Clockwork) -> None:
    """Rebuild, from the entries alone, when each lot ended, and hold every draw and every expiry against it."""
    lots: dict[str, dict[str, Any]] = {}
    last_notice: dict[str, datetime] = {}
    expired: list[str] = []
    for at, step in steps_of(history):
        if "lot" in step:
            lots[step["lot"]["lot_id"]] = step["lot"]
        if step["kind"] == "notice" and step.get("is_last"):
            assert step["lot_id"] not in last_notice
            last_notice[step["lot_id"]] = at
        for draw in step["draws"]:
            end = end_of(lots[draw["lot_id"]], last_notice)
            if step["kind"] == "usage":
                assert end is None or at < end
        if step["kind"] == "expiry":
            lot = lots[step["lot_id"]]
            end = end_of(lot, last_notice)
            assert end is not None
            assert end <= at
            assert end == from_text(step["ended_at"])
            if is_covered(lot):
                assert end - last_notice[step["lot_id"]] >= NOTICE
            expired.append(step["lot_id"])
    assert len(set(expired)) == len(expired)
    now = max(clock.now, history[-1].at) if history else clock.now
    ended = {lot for lot, facts in lots.items() if (end := end_of(facts, last_notice)) and end <= now}
    left = {str(lot.id) for lot in clock.store.wallet("acct_a").lots}
    assert not ended & left or clock.now < history[-1].at  # the last sweep booked them all


def is_covered(lot: dict[str, Any]) -> bool:
    if lot["expires_at"] is None or lot["source"] == "plan":
        return False
    return from_text(lot["expires_at"]) - from_text(lot["granted_at"]) >= timedelta(days=14)


def end_of(lot: dict[str, Any], last_notice: dict[str, datetime]) -> datetime | None:
    """When a lot ends, as rules 36 and 37 say it in words."""
    if lot["expires_at"] is None:
        return None
    expires_at = from_text(lot["expires_at"])
    if not is_covered(lot):
        return expires_at
    noticed = last_notice.get(lot["lot_id"])
    return max(expires_at, noticed + NOTICE) if noticed else None


def check_messages(history: Sequence[Entry], clock: Clockwork) -> None:
    """As many messages as the entries say were told; each sent once, none twice."""
    told = sum(len(step.get("told", [])) + ("is_last" in step) for _, step in steps_of(history))
    assert len(clock.store.messages) == told
    assert sorted(name for _, name in clock.carrier.sent) == sorted(
        name for (_, name), each in clock.store.messages.items() if each.sent_at
    )
