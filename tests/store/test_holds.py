"""Holds and transfers in the store: read back as they were written, and both ends in one transaction or neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.catalog import Rate, Terms
from chalicelib.domain.errors import HoldClosed, NotFound, Unprocessable
from chalicelib.domain.holds import HeldUse, Hold
from chalicelib.domain.lots import Draw, LotId, Origin, Source
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.settling import settle
from chalicelib.domain.transfers import MOST_HOLDERS, Holder, Moved, Order, transfer
from chalicelib.domain.wallet import Wallet
from chalicelib.services.once import Claim
from chalicelib.services.ports import Change, Checkout, LostRace, Store
from tests.builders import CATALOG, DAY, NOON, lot, payment, purchase, stamp
from tests.teller import HOUR, PROMO, Teller, bought

WalletId = Callable[[], str]
PUR = "pur_01kajy9w0001234567ab"


def held_use(**more: object) -> HeldUse:
    fields = {"meter": "calls", "quantity": 12, "base": 3, "period_start": NOON, "terms": Terms(quota=10, rate=None)}
    return HeldUse(**(fields | more))  # type: ignore[arg-type]


USES = {
    "quota and rate": held_use(terms=Terms(quota=12400, rate=Rate(credits=7, per=40))),
    "a quota of none": held_use(terms=Terms(quota=0, rate=Rate(credits=1, per=1)), base=0),
    "no rate": held_use(),
    "unlimited": held_use(terms=Terms(quota=None, rate=None)),
    "unlimited with a rate": held_use(terms=Terms(quota=None, rate=Rate(credits=3, per=2)), quantity=2**53 - 1),
}


def keep(store: Store, wallet: Wallet) -> Wallet:
    """Write a wallet that no command makes in one go, and give it as it was written."""
    teller = Teller(store=store)
    teller.give(wallet.wallet_id, PROMO)
    there = store.wallet(wallet.wallet_id)
    decision = transfer(there, Wallet(wallet_id="x"), order(there.wallet_id, "x", 1), CATALOG, stamp()).sent
    full = replace(decision.wallet, lots=wallet.lots, holds=wallet.holds, frozen=wallet.frozen)
    store.commit(Change(decisions=[replace(decision, wallet=full)]))
    return full


def order(sender: str, receiver: str, credits: int) -> Order:
    return Order(from_wallet_id=sender, to_wallet_id=receiver, credits=credits)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("use", [None, *USES.values()], ids=["credits", *USES])
def test_a_wallet_with_holds_reads_back_field_for_field(
    store: Store, wallet_id: str, use: HeldUse | None, *, frozen: bool
) -> None:
    draws = (Draw(LotId(7, 99), 12), Draw(LotId(3), 1), Draw(LotId(999_999_999_999, 1), 2**53 - 1))
    holds = (
        Hold(seq=5, draws=draws, lapses_at=NOON + HOUR, use=use),
        Hold(seq=999_999_999_999, draws=(), lapses_at=NOON + DAY, use=use),
    )
    lots = (lot(7, 5, id=LotId(7, 99), held=12), lot(3, 5, held=1))

    kept = keep(store, Wallet(wallet_id=wallet_id, lots=lots, holds=holds, frozen=frozen))

    assert store.wallet(wallet_id) == kept
    assert (kept.holds, kept.frozen) == (holds, frozen)


def test_a_wallet_full_of_holds_reads_back_and_loses_them_all(store: Store, wallet_id: str) -> None:
    holds = tuple(
        Hold(seq=100_000 + n, draws=(Draw(LotId(90_000 + n, n), n + 1),), lapses_at=NOON + n * HOUR, use=held_use())
        for n in range(50)
    )
    kept = keep(store, Wallet(wallet_id=wallet_id, holds=holds, frozen=True, lots=(lot(1, 5),)))
    assert store.wallet(wallet_id) == kept
    bare = transfer(
        replace(kept, frozen=False, holds=()), Wallet(wallet_id="x"), order(wallet_id, "x", 1), CATALOG, stamp()
    )

    store.commit(Change(decisions=[bare.sent]))

    assert store.wallet(wallet_id) == bare.sent.wallet
    assert (store.wallet(wallet_id).holds, store.wallet(wallet_id).frozen) == ((), False)


def test_the_snapshot_of_a_wallet_has_its_holds_and_its_freeze(store: Store, wallet_id: str) -> None:
    hold = Hold(seq=5, draws=(Draw(LotId(1, 2), 3),), lapses_at=NOON + HOUR, use=held_use())
    there = keep(store, Wallet(wallet_id=wallet_id, holds=(hold,), lots=(lot(1, 500),)))
    decision = transfer(replace(there, seq=99), Wallet(wallet_id="x"), order(wallet_id, "x", 1), CATALOG, stamp()).sent
    frozen = replace(decision.wallet, frozen=True)

    store.commit(Change(decisions=[replace(decision, before=there, wallet=frozen)]))

    snapshot = store.snapshot(wallet_id, 100)
    assert snapshot == replace(frozen, due_at=None)
    assert (snapshot.holds, snapshot.frozen) == ((hold,), True)


def test_a_hold_lives_and_ends_by_commands_alone(store: Store, wallet_id: str) -> None:
    teller = Teller(store=store)
    teller.give(wallet_id, PROMO)
    named: dict[str, Any] = {"wallet_id": wallet_id}
    credits, use, third = (
        str(each.entry.facts["hold_id"])
        for each in (
            teller.hold("h1", 30, **named),
            teller.hold("h2", meter="calls", quantity=15, **named),
            teller.hold("h3", meter="calls", quantity=3, **named),
        )
    )

    assert teller.capture("c1", credits, credits=40, **named).entry.facts["captured"] == 40
    assert teller.capture("c2", use, quantity=12, **named).entry.facts["captured"] == 2
    teller.release("r3", third, **named)
    for name, refusal in ((use, HoldClosed), ("hold_1", NotFound), ("hold_99", NotFound)):
        with pytest.raises(refusal):
            teller.release(f"x-{name}", name, **named)

    [wallet] = teller.check(wallet_id)
    assert (wallet.available(NOON), wallet.meters["calls"].used, wallet.holds) == (58, 12, ())


# Two wallets


def test_two_wallets_are_read_in_the_order_asked_for(store: Store, other_wallet_id: WalletId) -> None:
    one, other, missing = (other_wallet_id() for _ in range(3))
    teller = Teller(store=store)
    teller.give(one, PROMO)
    teller.give(other, PROMO, PROMO)
    first, second, nobody = store.wallet(one), store.wallet(other), Wallet(wallet_id=missing)

    assert (first.seq, second.seq) == (1, 2)
    assert store.two_wallets(one, other) == (first, second)
    assert store.two_wallets(other, one) == (second, first)
    assert store.two_wallets(one, missing) == (first, nobody)
    assert store.two_wallets(missing, one) == (nobody, first)
    assert store.two_wallets(one, one) == (first, first)
    assert store.two_wallets(missing, missing + "x") == (nobody, Wallet(wallet_id=missing + "x"))


def test_a_transfer_to_oneself_is_refused_as_such(store: Store, wallet_id: str) -> None:
    teller = Teller(store=store)
    teller.give(wallet_id, PROMO)

    with pytest.raises(Unprocessable, match="the very same wallet"):
        teller.move("k1", 1, sender=wallet_id, receiver=wallet_id)


class Pair:
    """A buyer with 1,000 credits of a purchase, and a team to which some are to move."""

    def __init__(self, store: Store, other_wallet_id: WalletId) -> None:
        self.store, self.buyer, self.team = store, other_wallet_id(), other_wallet_id()
        Teller(store=store).give(self.buyer, bought(PUR))

    def moved(self, credits: int = 150) -> Moved:
        sender, receiver = self.store.two_wallets(self.buyer, self.team)
        return transfer(sender, receiver, order(self.buyer, self.team, credits), CATALOG, stamp())

    def change(self, key: str = "k1", credits: int = 150) -> Change:
        moved = self.moved(credits)
        claim = Claim.on(self.buyer, key, operation="transfer", body={})
        return Change(
            decisions=[moved.sent, moved.received],
            receipts=[claim.receipt(seq=moved.sent.wallet.seq)],
            holders=moved.holders,
        )

    def row(self) -> Purchase:
        row = self.store.purchase(self.buyer, PUR)
        assert row
        return row

    def refused(self, change: Change) -> None:
        """Try to write it, and find that nothing of it was written."""
        wallets, row = self.store.two_wallets(self.buyer, self.team), self.store.purchase(self.buyer, PUR)
        with pytest.raises(LostRace):
            self.store.commit(change)
        assert self.store.two_wallets(self.buyer, self.team) == wallets
        assert self.store.purchase(self.buyer, PUR) == row
        for wallet in wallets:
            assert self.store.entry(wallet.wallet_id, wallet.seq + 1) is None
        assert self.store.receipt(self.buyer, change.receipts[0].key) is None

    def spread(self, holders: int) -> None:
        for number in range(holders):
            self.store.commit(Change(holders=[Holder(self.buyer, PUR, f"team_{number:02}")]))


@pytest.fixture
def pair(store: Store, other_wallet_id: WalletId) -> Pair:
    return Pair(store, other_wallet_id)


def test_a_transfer_writes_both_ends_one_receipt_and_the_holder(pair: Pair) -> None:
    change, before = pair.change(), pair.row()
    sent, received = change.decisions

    pair.store.commit(change)

    assert pair.store.two_wallets(pair.buyer, pair.team) == (sent.wallet, received.wallet)
    assert received.wallet.lots[0].origin == Origin(pair.buyer, LotId(1))
    assert pair.store.entry(pair.buyer, 2) == sent.entry
    assert pair.store.entry(pair.team, 1) == received.entry
    assert pair.store.receipt(pair.buyer, "k1") == change.receipts[0]
    assert pair.store.receipt(pair.team, "k1") is None
    assert pair.row() == replace(before, holders=(pair.team,), version=before.version + 1)
    Teller(store=pair.store).check(pair.buyer, pair.team)


@pytest.mark.parametrize("end", ["buyer", "team"])
def test_a_transfer_of_which_one_end_has_moved_writes_nothing(pair: Pair, end: str) -> None:
    change = pair.change()
    Teller(store=pair.store).give(getattr(pair, end), PROMO)

    pair.refused(change)


def test_a_transfer_whose_key_was_spent_writes_nothing(pair: Pair) -> None:
    pair.store.commit(pair.change())
    again = pair.change()

    with pytest.raises(LostRace) as lost:
        pair.store.commit(again)

    assert lost.value.spent == (0,)
    assert pair.store.wallet(pair.team).seq == 1


def test_a_purchase_whose_row_is_missing_moves_nowhere(store: Store, other_wallet_id: WalletId) -> None:
    pair = Pair(store, other_wallet_id)
    change = pair.change()
    [holder] = change.holders

    pair.refused(replace(change, holders=[replace(holder, purchase_id="pur_01kajy9w00000000none")]))
    assert store.purchase(pair.buyer, "pur_01kajy9w00000000none") is None


def test_a_twenty_first_holder_is_refused_and_the_twenty_may_get_more(pair: Pair) -> None:
    pair.spread(MOST_HOLDERS)
    version = pair.row().version
    assert len(pair.row().holders) == MOST_HOLDERS

    pair.refused(pair.change())

    pair.store.commit(Change(holders=[Holder(pair.buyer, PUR, "team_07")]))
    assert (len(pair.row().holders), pair.row().version) == (MOST_HOLDERS, version + 1)


def test_the_twentieth_holder_is_written_and_holds_more_later(pair: Pair) -> None:
    pair.spread(MOST_HOLDERS - 1)

    pair.store.commit(pair.change("k1"))
    pair.store.commit(pair.change("k2"))

    assert len(pair.row().holders) == MOST_HOLDERS
    assert pair.team in pair.row().holders
    assert pair.store.wallet(pair.team).available(NOON) == 300


def test_a_name_within_another_is_another_holder(pair: Pair) -> None:
    pair.spread(MOST_HOLDERS)

    for name in ("team_0", "team_070", "eam_07", "am"):
        with pytest.raises(LostRace):
            pair.store.commit(Change(holders=[Holder(pair.buyer, PUR, name)]))


def test_holders_survive_what_is_written_to_the_row_later(store: Store, wallet_id: str) -> None:
    opened = purchase(wallet_id=wallet_id)
    store.commit(Change(new_purchase=opened))
    store.commit(Change(holders=[Holder(wallet_id, PUR, "team_b")]))
    known = replace(opened, version=3, session_id="cs_test_1", customer_id="cus_1")
    store.keep_checkout(known, Checkout(session_id="cs_test_1", url="https://pay.example/", expires_at=NOON + DAY))
    store.commit(Change(holders=[Holder(wallet_id, PUR, "team_a")]))
    row = store.purchase(wallet_id, PUR)
    assert row
    assert (row.holders, row.version, row.session_id) == (("team_a", "team_b"), 4, "cs_test_1")

    settled = settle(store.wallet(wallet_id), row, payment(wallet_id=wallet_id), CATALOG, live=False, stamp=stamp())
    assert settled
    assert settled.decisions
    store.commit(Change(purchase=settled, decisions=[settled.decisions[0]]))

    assert store.purchase(wallet_id, PUR) == settled.purchase
    assert (settled.purchase.holders, settled.purchase.version) == (("team_a", "team_b"), 5)


def test_what_was_decided_before_a_row_got_a_holder_is_decided_afresh(store: Store, wallet_id: str) -> None:
    opened = purchase(wallet_id=wallet_id)
    store.commit(Change(new_purchase=opened))
    paid = payment(wallet_id=wallet_id)
    stale = settle(store.wallet(wallet_id), opened, paid, CATALOG, live=False, stamp=stamp())
    assert stale
    assert stale.decisions
    store.commit(Change(holders=[Holder(wallet_id, PUR, "team_b")]))

    with pytest.raises(LostRace):
        store.commit(Change(purchase=stale, decisions=[stale.decisions[0]]))
    with pytest.raises(LostRace):
        store.keep_checkout(
            replace(opened, version=2), Checkout(session_id="cs_1", url="https://pay.example/", expires_at=NOON)
        )

    assert store.wallet(wallet_id).seq == 0
    row = store.purchase(wallet_id, PUR)
    assert row == replace(opened, version=2, holders=("team_b",))


def test_a_change_with_a_stale_holder_among_good_ones_writes_none(store: Store, wallet_id: str) -> None:
    ids = [f"pur_01kajy9w000123456{n:03}" for n in range(3)]
    for each in ids[:2]:
        store.commit(Change(new_purchase=purchase(wallet_id=wallet_id, purchase_id=each)))

    with pytest.raises(LostRace):
        store.commit(Change(holders=[Holder(wallet_id, each, "team_b") for each in ids]))

    rows = [store.purchase(wallet_id, each) for each in ids]
    assert [row and row.holders for row in rows] == [(), (), None]


def test_an_entry_is_read_the_cheaper_way_too(store: Store, wallet_id: str) -> None:
    Teller(store=store).give(wallet_id, replace(PROMO, source=Source.ADJUSTMENT))

    there = store.entry(wallet_id, 1)

    assert there
    assert store.entry(wallet_id, 1, consistent=False) == there
    assert store.entry(wallet_id, 2, consistent=False) is None
