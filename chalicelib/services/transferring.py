"""Transfers between wallets: both ends in one transaction, and the purchases told where their credits are."""

from __future__ import annotations

from chalicelib.domain.errors import Unprocessable
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.transfers import MOST_HOLDERS, Holder, Order, transfer
from chalicelib.services.limiting import TakeSlot, unlimited
from chalicelib.services.once import Claim, Recorded, settle_once
from chalicelib.services.ports import Change, Store
from chalicelib.services.using import Till


def transfer_credits(
    till: Till, order: Order, claim: Claim, *, stamp: Stamp, take_slot: TakeSlot = unlimited
) -> Recorded:
    """
    Move credits, once per key; gives the sender's entry.

    Raises:
        Unprocessable: The credits of one purchase lie in as many wallets as they may; or as `domain.transfers` says.
        Refusal: As `domain.transfers.transfer` and `services.once.once` do.
    """
    tried: tuple[int, int] | None = None

    def attempt() -> Change:
        nonlocal tried
        sender, receiver = till.store.two_wallets(order.from_wallet_id, order.to_wallet_id)
        moved = transfer(sender, receiver, order, till.catalog, stamp)
        stood, tried = tried, (sender.seq, receiver.seq)
        if stood == tried:  # neither wallet was in the way of the last attempt: look at the rows
            for holder in moved.holders:
                _refuse_full(till.store, holder)
        take_slot(order.from_wallet_id)
        both = sorted((moved.sent, moved.received), key=lambda each: each.wallet.wallet_id)
        return Change(decisions=both, holders=moved.holders)

    return settle_once(till.store, claim, attempt, patience=till.patience)


def _refuse_full(store: Store, holder: Holder) -> None:
    purchase = store.purchase(holder.buyer_id, holder.purchase_id)
    holders = purchase.holders if purchase else ()
    if len(holders) >= MOST_HOLDERS and holder.wallet_id not in holders:
        raise Unprocessable(f"credits: those of one purchase may lie in {MOST_HOLDERS} other wallets, and they do")
