"""Random histories of grants and purchases: the fold of the entries is the wallet, and every invariant holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import audit
from chalicelib.domain.errors import Refusal
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Lot, LotId, Source, burn_down, burn_order
from chalicelib.domain.wallet import Wallet, take_free
from tests.builders import CATALOG, DAY, NOON, stamp

GRANTS = st.builds(
    Grant,
    credits=st.integers(1, 10**9),
    source=st.sampled_from(Source),
    expires_at=st.none() | st.integers(1, 800).map(lambda days: NOON + days * DAY),
    priority=st.integers(1, 100),
    reason=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
HOURS = st.integers(-50, 2000)
LOTS = st.lists(
    st.builds(
        Lot,
        id=st.builds(LotId, st.integers(1, 10**6), st.integers(0, 19)),
        source=st.sampled_from(Source),
        granted=st.just(100),
        free=st.integers(0, 100),
        priority=st.integers(1, 3),
        granted_at=st.integers(-3, 0).map(lambda days: NOON + days * DAY),
        expires_at=st.none() | st.integers(-3, 3).map(lambda days: NOON + days * DAY),
    ),
    max_size=8,
    unique_by=lambda lot: lot.id,
)


@given(st.lists(st.tuples(GRANTS, HOURS), max_size=20))
def test_the_fold_of_any_history_is_the_wallet(steps: list[tuple[Grant, int]]) -> None:
    wallet, history = Wallet(wallet_id="acct_a"), []
    for number, (wanted, hours) in enumerate(steps):
        kind = "purchase" if wanted.source is Source.PURCHASE else "grant"
        unique = replace(wanted, kind=kind, purchase_id=f"pur_{number}" if kind == "purchase" else None)
        try:
            decision = grant(wallet, unique, CATALOG, stamp(NOON + timedelta(hours=hours)))
        except Refusal:
            continue
        assert decision.before == wallet
        assert decision.entry.facts["available_after"] == decision.wallet.available(decision.entry.at)
        wallet = decision.wallet
        history.append(decision.entry)

    assert list(audit.faults(wallet, history)) == []


@given(LOTS, st.integers(1, 900))
def test_draws_pay_exactly_or_all_there_is(lots: list[Lot], credits: int) -> None:
    spendable = sum(lot.free for lot in lots if lot.is_spendable(NOON))

    draws = burn_down(lots, credits, now=NOON)

    assert sum(draw.credits for draw in draws) == min(credits, spendable)
    assert all(draw.credits > 0 for draw in draws)
    left = take_free(lots, draws)
    assert min((lot.free for lot in left), default=0) >= 0
    drained = {draw.lot_id for draw in draws[:-1]}
    assert all(lot.free == 0 for lot in left if lot.id in drained)


@given(LOTS)
def test_burn_order_is_total(lots: list[Lot]) -> None:
    keys = [burn_order(lot) for lot in lots]

    assert len(set(keys)) == len(keys)
