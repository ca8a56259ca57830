"""Adjustments: up makes a lot and pays debt first, down takes what is free; neither touches what isn't free."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import audit, folding
from chalicelib.domain.adjustments import adjust
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import Unprocessable, WalletFull
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import LARGEST_INTEGER
from chalicelib.domain.lots import LotId, Source
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.wallet import OPEN_LOTS, Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, lot, stamp

EMPTY = Wallet(wallet_id="acct_a")


def adjusted(wallet: Wallet, credits: int, **more: object) -> Decision:
    return adjust(wallet, credits, reason="counted wrong", catalog=CATALOG, stamp=stamp(**more))  # type: ignore[arg-type]


def holding(*lots: object, **more: object) -> Wallet:
    return replace(EMPTY, lots=lots, seq=9, last_purchase=0, **more)  # type: ignore[arg-type]


def test_up_makes_a_lot_of_its_own_source_without_an_end() -> None:
    decision = adjusted(EMPTY, 10)

    (made,) = decision.wallet.lots
    assert (made.id, made.source, made.free, made.expires_at) == (LotId(1), Source.ADJUSTMENT, 10, None)
    facts = decision.entry.facts
    assert (facts["kind"], facts["credits"], facts["granted"], facts["paid_to_debt"]) == ("adjustment", 10, 10, 0)
    assert facts["draws"] == [{"lot_id": "lot_1", "credits": 10}]
    assert decision.wallet.today
    assert decision.wallet.today.flows == {Flow.ADJUSTED: 10}
    assert decision.wallet.last_purchase == 0
    assert list(audit.faults(decision.wallet, [decision.entry])) == []


def test_who_and_why_are_private() -> None:
    for credits in (10, -4):
        entry = adjusted(holding(lot(1, 10)), credits).entry

        assert entry.private
        assert entry.private.fields == {"actor": "acct_tester", "reason": "counted wrong"}
        assert b"counted" not in entry.canonical


def test_up_pays_debt_first() -> None:
    decision = adjusted(replace(EMPTY, debt=4), 10)

    assert (decision.wallet.debt, decision.wallet.available(NOON)) == (0, 6)
    assert (decision.entry.facts["credits"], decision.entry.facts["paid_to_debt"]) == (6, 4)
    assert decision.wallet.today
    assert decision.wallet.today.flows == {Flow.ADJUSTED: 10, Flow.PAID_TO_DEBT: 4}


def test_down_takes_free_credits_in_burn_order() -> None:
    wallet = holding(lot(1, 10), lot(2, 5, days=9), lot(3, 7, priority=1))

    decision = adjusted(wallet, -13)

    assert decision.entry.facts["draws"] == [
        {"lot_id": "lot_3", "credits": -7},
        {"lot_id": "lot_2", "credits": -5},
        {"lot_id": "lot_1", "credits": -1},
    ]
    assert decision.entry.facts["credits"] == -13
    assert "lot" not in decision.entry.facts
    assert [(each.id, each.free) for each in decision.wallet.lots] == [(LotId(1), 9)]
    assert decision.wallet.today
    assert decision.wallet.today.flows == {Flow.ADJUSTED: -13}


def test_down_to_nothing_is_possible_and_further_is_refused() -> None:
    wallet = holding(lot(1, 10))

    assert adjusted(wallet, -10).wallet.lots == ()
    with pytest.raises(Unprocessable, match="credits: 10 are free"):
        adjusted(wallet, -11)


def test_what_is_held_set_aside_or_ended_is_not_free() -> None:
    wallet = holding(lot(1, 3, held=4, set_aside=5, granted=12), lot(2, 6, days=-1))

    assert adjusted(wallet, -3).wallet.left == 4 + 5 + 6
    with pytest.raises(Unprocessable, match="credits: 3 are free"):
        adjusted(wallet, -4)


def test_down_is_measured_by_what_is_free_whatever_is_owed() -> None:
    wallet = holding(lot(1, 10), debt=8)

    decision = adjusted(wallet, -10)

    assert (wallet.available(NOON), decision.wallet.available(NOON)) == (2, 0)
    assert decision.wallet.debt == 8
    assert decision.entry.facts["available_after"] == 0


def test_from_an_empty_wallet_nothing_can_be_taken() -> None:
    with pytest.raises(Unprocessable, match="credits: 0 are free"):
        adjusted(EMPTY, -1)


def test_a_full_wallet_refuses_another_lot_but_not_what_needs_none() -> None:
    full = holding(*(lot(n, 1) for n in range(1, OPEN_LOTS + 1)))

    with pytest.raises(WalletFull):
        adjusted(full, 1)
    with pytest.raises(WalletFull):
        adjusted(replace(full, debt=5), 6)
    assert adjusted(replace(full, debt=5), 5).wallet.debt == 0
    assert len(adjusted(full, -1).wallet.lots) == OPEN_LOTS - 1


def test_no_adjustment_brings_a_wallet_above_what_can_be_counted() -> None:
    wallet = holding(lot(1, LARGEST_INTEGER - 1))

    assert adjusted(wallet, 1).wallet.left == LARGEST_INTEGER
    with pytest.raises(Unprocessable, match="more than a wallet can hold"):
        adjusted(wallet, 2)


@pytest.mark.parametrize("credits", [5, -5])
def test_a_frozen_wallet_is_adjusted_as_any_other(credits: int) -> None:
    wallet = holding(lot(1, 10), frozen=True)

    decision = adjusted(wallet, credits)

    assert (decision.wallet.frozen, decision.wallet.available(NOON)) == (True, 10 + credits)


def test_up_and_down_again_leave_nothing_in_the_books() -> None:
    first = adjusted(EMPTY, 7)
    second = adjusted(first.wallet, -7, now=NOON + timedelta(hours=1))
    history = [first.entry, second.entry]

    assert second.wallet.lots == ()
    assert folding.total_flows(history) == {Flow.ADJUSTED: 0, Flow.PAID_TO_DEBT: 0}
    assert list(audit.faults(second.wallet, history)) == []


def test_what_fell_due_before_rides_on_the_entry() -> None:
    on_pro = set_plan(EMPTY, "pro", CATALOG, stamp())

    decision = adjusted(on_pro.wallet, -1, now=NOON + 31 * DAY)

    (renewal,) = decision.entry.facts["also"]
    assert (renewal["kind"], renewal["draws"]) == ("renewal", [{"lot_id": "lot_2.99", "credits": 80}])
    assert decision.entry.facts["draws"] == [{"lot_id": "lot_2.99", "credits": -1}]
    assert list(audit.faults(decision.wallet, [on_pro.entry, decision.entry])) == []


def test_down_below_the_line_of_a_low_balance_is_told() -> None:
    begun = grant(EMPTY, Grant(credits=150, source=Source.PROMO), CATALOG, stamp())

    decision = adjusted(begun.wallet, -60)

    assert [each.facts for each in decision.messages] == [{"available": 90, "low_below": 100}]
    assert list(audit.faults(decision.wallet, [begun.entry, decision.entry])) == []
