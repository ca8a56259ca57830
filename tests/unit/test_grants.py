"""Granting, the clock law, days that close."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import audit, folding
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import Unprocessable, WalletFull
from chalicelib.domain.granting import Grant, lot_fields
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import GENESIS
from chalicelib.domain.lots import Draw, LotId, Origin, Source
from chalicelib.domain.wallet import OPEN_LOTS, Wallet, take_free
from tests.builders import CATALOG, DAY, NOON, lot, stamp

EMPTY = Wallet(wallet_id="acct_a")
PROMO = Grant(credits=10, source=Source.PROMO, reason="welcome")


def test_a_wallet_never_written_reads_as_zeros() -> None:
    assert (EMPTY.seq, EMPTY.head, EMPTY.available(NOON), EMPTY.left) == (0, GENESIS, 0, 0)
    assert not EMPTY.is_below(100, NOON)


def test_a_grant_makes_one_lot_named_by_its_entry() -> None:
    decision = grant(EMPTY, PROMO, CATALOG, stamp())

    assert decision.wallet.available(NOON) == 10
    assert [each.id for each in decision.wallet.lots] == [LotId(1)]
    assert decision.entry.facts["draws"] == [{"lot_id": "lot_1", "credits": 10}]
    assert decision.entry.facts["prev_hash"] == "0" * 64
    assert decision.entry.private
    assert decision.entry.private.fields == {"actor": "acct_tester", "reason": "welcome"}
    assert decision.wallet.head == decision.entry.hash


def test_debt_is_paid_first() -> None:
    decision = grant(replace(EMPTY, debt=4), PROMO, CATALOG, stamp())

    assert (decision.wallet.debt, decision.wallet.available(NOON)) == (0, 6)
    assert (decision.entry.facts["granted"], decision.entry.facts["paid_to_debt"]) == (10, 4)
    assert decision.entry.facts["credits"] == 6
    assert decision.wallet.today
    assert decision.wallet.today.flows == {Flow.GRANTED: 10, Flow.PAID_TO_DEBT: 4}


def test_a_debt_larger_than_the_grant_leaves_no_lot() -> None:
    decision = grant(replace(EMPTY, debt=40), PROMO, CATALOG, stamp())

    assert (decision.wallet.debt, decision.wallet.lots, decision.entry.facts["draws"]) == (30, (), [])


def test_debt_lowers_what_is_available_but_never_below_nothing() -> None:
    owing = Wallet(wallet_id="acct_a", lots=(lot(1, 10),), debt=4)

    assert owing.available(NOON) == 6
    assert replace(owing, debt=11).available(NOON) == 0


def test_times_of_entries_never_decrease() -> None:
    first = grant(EMPTY, PROMO, CATALOG, stamp(NOON))
    second = grant(first.wallet, PROMO, CATALOG, stamp(NOON - timedelta(hours=1)))

    assert second.entry.at == first.entry.at == NOON


def test_a_full_wallet_refuses_what_nobody_paid_for() -> None:
    full = Wallet(wallet_id="acct_a", lots=tuple(lot(n, 1) for n in range(1, OPEN_LOTS + 1)), seq=OPEN_LOTS)

    with pytest.raises(WalletFull):
        grant(full, PROMO, CATALOG, stamp())
    assert len(grant(full, replace(PROMO, source=Source.PURCHASE), CATALOG, stamp()).wallet.lots) == OPEN_LOTS + 1


def test_an_end_in_the_past_is_refused() -> None:
    with pytest.raises(Unprocessable, match="expires_at"):
        grant(EMPTY, replace(PROMO, expires_at=NOON), CATALOG, stamp())


def test_a_wallet_counts_no_further_than_its_integers() -> None:
    rich = Wallet(wallet_id="acct_a", lots=(lot(1, 2**53 - 5),), seq=1)

    with pytest.raises(Unprocessable, match="more than a wallet can hold"):
        grant(rich, PROMO, CATALOG, stamp())


def test_low_is_judged_by_what_was_bought_last() -> None:
    granted = grant(EMPTY, PROMO, CATALOG, stamp()).wallet
    bought = grant(granted, replace(PROMO, credits=50, source=Source.PURCHASE), CATALOG, stamp()).wallet

    assert (granted.last_purchase, bought.last_purchase) == (0, 50)
    assert granted.is_below(11, NOON)
    assert not granted.is_below(10, NOON)
    assert grant(bought, PROMO, CATALOG, stamp()).wallet.last_purchase == 50


def test_the_first_entry_of_a_day_closes_the_day_before() -> None:
    first = grant(EMPTY, PROMO, CATALOG, stamp(NOON))
    same = grant(first.wallet, PROMO, CATALOG, stamp(NOON + timedelta(hours=11)))
    later = grant(same.wallet, PROMO, CATALOG, stamp(NOON + 3 * DAY))

    assert same.closed_day is None
    closed = later.closed_day
    assert closed
    assert (closed.day.date, closed.day.first_seq, closed.last_seq) == (NOON.date(), 1, 2)
    assert (closed.left, closed.held, closed.debt, closed.head) == (20, 0, 0, same.wallet.head)
    assert closed.day.kinds == {"notice": (1, 0), "grant": (2, 20)}  # latched: ten credits are few
    assert later.wallet.today
    assert later.wallet.today.first_seq == 3


def test_a_transferred_lot_says_where_it_came_from() -> None:
    moved = lot(5, 3, days=20, origin=Origin("team_b", LotId(2)), purchase_id="pur_x")

    fields = lot_fields(moved)

    assert fields["origin"] == {"wallet_id": "team_b", "lot_id": "lot_2"}
    assert {"noticed_at", "purchase_id"} <= fields.keys()


def test_draws_are_taken_from_their_own_lots() -> None:
    taken = take_free((lot(1, 5), lot(2, 5)), [Draw(LotId(2), 3)])

    assert [each.free for each in taken] == [5, 2]


def test_the_auditor_finds_nothing_in_an_honest_history() -> None:
    first = grant(replace(EMPTY), PROMO, CATALOG, stamp())
    second = grant(first.wallet, replace(PROMO, expires_at=NOON + 30 * DAY), CATALOG, stamp(NOON + DAY))

    assert list(audit.faults(second.wallet, [first.entry, second.entry])) == []
    assert folding.fold("acct_a", [second.entry], start=first.wallet) == replace(second.wallet, due_at=None)


def test_the_auditor_rebuilds_transferred_lots() -> None:
    books = folding._Books("acct_a")
    moved = lot(5, 3, days=20, origin=Origin("team_b", LotId(2)))
    facts = {"lot": lot_fields(moved), "granted": 3, "paid_to_debt": 0}

    folding.STEPS["grant"](books, facts)

    assert books.lots[LotId(5)] == moved


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda wallet: replace(wallet, debt=-1), "debt is -1"),
        (lambda wallet: replace(wallet, lots=(replace(wallet.lots[0], free=-1),)), "-1 free"),
        (lambda wallet: replace(wallet, lots=(replace(wallet.lots[0], free=99),)), "99 free"),
        (lambda wallet: replace(wallet, lots=()), "folding the entries does not give the wallet"),
        (lambda wallet: replace(wallet, lots=()), "10 came in, 0 went out, but 0 are left"),
    ],
)
def test_the_auditor_says_what_a_wallet_breaks(spoil: object, said: str) -> None:
    decision = grant(EMPTY, PROMO, CATALOG, stamp())
    spoiled = spoil(decision.wallet)  # type: ignore[operator]

    assert any(said in fault for fault in audit.faults(spoiled, [decision.entry]))


def test_the_auditor_sees_a_broken_chain_times_that_fall_and_grants_that_repeat() -> None:
    bought = replace(PROMO, kind="purchase", source=Source.PURCHASE, purchase_id="pur_1")
    first = grant(EMPTY, bought, CATALOG, stamp())
    second = grant(first.wallet, bought, CATALOG, stamp())
    early = grant(replace(first.wallet, last_at=None), bought, CATALOG, stamp(NOON - DAY))

    assert "pur_1 was granted 2 times" in list(audit.faults(second.wallet, [first.entry, second.entry]))
    assert any("earlier than" in said for said in audit.faults(early.wallet, [first.entry, early.entry]))
    broken = replace(second.entry, hash=b"x" * 32)
    assert any("is not what was written" in said for said in audit.faults(second.wallet, [first.entry, broken]))


def test_entries_out_of_order_are_refused() -> None:
    first = grant(EMPTY, PROMO, CATALOG, stamp())

    with pytest.raises(ValueError, match="does not follow"):
        folding.fold("acct_a", [first.entry, first.entry])
