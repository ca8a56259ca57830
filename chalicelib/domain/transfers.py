"""
Transfers: free credits move from one wallet to another, lot by lot in burn order, with all that they are.

A lot keeps its end, source, priority, purchase and time of grant, and names the lot it first came from: so a transfer
never lengthens a life and never launders a refund. Both wallets get an entry, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import InsufficientCredits, Unprocessable, WalletFull
from chalicelib.domain.granting import lot_fields
from chalicelib.domain.ledger import LARGEST_INTEGER, Fields, Stamp, draws_as_fields
from chalicelib.domain.lots import Draw, Lot, LotId, Origin, Source, burn_down
from chalicelib.domain.offers import packages_for
from chalicelib.domain.plans import catch_up
from chalicelib.domain.wallet import OPEN_LOTS, Decision, Line, Wallet, refuse_frozen, take_free

MOST_LOTS = 20  # in one transfer
MOST_HOLDERS = 20  # of one purchase's credits, beside the buyer


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """So many credits from one wallet to another."""

    from_wallet_id: str
    to_wallet_id: str
    credits: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A wallet that holds credits of a purchase which another wallet made."""

    buyer_id: str
    purchase_id: str
    wallet_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a transfer decides for both wallets, and which purchases' rows must know where their credits are."""

    sent: Decision
    received: Decision
    holders: tuple[Holder, ...] = field(default=())


def transfer(sender: Wallet, receiver: Wallet, order: Order, catalog: Catalog, stamp: Stamp) -> Moved:
    """
    Move credits. Both decisions bear the same time, not before the last entry of either.

    Raises:
        Unprocessable: The wallets are the same one, too many lots are needed, or bought credits may not move yet.
        Frozen: One of the wallets is frozen.
        InsufficientCredits: Fewer credits are available.
        WalletFull: The receiver has no room for the lots.
    """
    if order.from_wallet_id == order.to_wallet_id:
        raise Unprocessable("to_wallet_id: the very same wallet")
    refuse_frozen(sender)
    refuse_frozen(receiver)
    at = max(sender.time_of_decision(stamp.now), receiver.time_of_decision(stamp.now))
    both = replace(stamp, now=at)
    source, target = catch_up(sender, catalog, at), catch_up(receiver, catalog, at)
    draws = _draws(source.wallet, order.credits, catalog, at)
    lots = {lot.id: lot for lot in source.wallet.lots}
    moved = [
        _moved(lots[draw.lot_id], draw, sender.wallet_id, LotId(receiver.seq + 1, nth), at)
        for nth, draw in enumerate(draws)
    ]
    if len(target.wallet.lots) + len(moved) > OPEN_LOTS:
        raise WalletFull(OPEN_LOTS)
    if target.wallet.left + order.credits > LARGEST_INTEGER:
        raise Unprocessable("credits: more than a wallet can hold")
    private = {"note": order.note} if order.note else {}
    after = replace(source.wallet, lots=take_free(source.wallet.lots, draws))
    out = Line(
        kind="transfer_out",
        credits=-order.credits,
        draws=tuple(draws_as_fields(draws)),
        facts={"to_wallet_id": receiver.wallet_id, "to_entry_id": f"{receiver.wallet_id}:{receiver.seq + 1}"},
        private=private,
        flows={Flow.SENT: order.credits},
    )
    sent = conclude(sender, source, after, out, catalog=catalog, stamp=both)
    kept, into = _received(target.wallet, moved, sent, private)
    received = conclude(receiver, target, kept, into, catalog=catalog, stamp=both)
    return Moved(sent=sent, received=received, holders=_holders(moved, receiver.wallet_id))


def _draws(wallet: Wallet, credits: int, catalog: Catalog, at: datetime) -> tuple[Draw, ...]:
    available = wallet.available(at)
    if credits > available:
        short = credits + wallet.debt - wallet.free(at)
        raise InsufficientCredits(required=credits, available=available, offers=packages_for(catalog, short))
    ripe = timedelta(days=catalog.transfer_after_days)
    movable = [lot for lot in wallet.lots if lot.source is not Source.PURCHASE or at - lot.granted_at >= ripe]
    draws = burn_down(movable, credits, now=at)
    if sum(draw.credits for draw in draws) < credits:
        raise Unprocessable(f"credits: bought ones can be transferred {catalog.transfer_after_days} days later")
    if len(draws) > MOST_LOTS:
        raise Unprocessable(f"credits: they lie in more than {MOST_LOTS} lots; transfer fewer at once")
    return draws


def _moved(lot: Lot, draw: Draw, sender_id: str, new_id: LotId, at: datetime) -> Lot:
    """
    Make the receiver's lot. One that needs a notice and had none gets it with the transfer: the end is known then,
    and not later than it can be at the source.
    """
    return replace(
        lot,
        id=new_id,
        granted=draw.credits,
        free=draw.credits,
        held=0,
        set_aside=0,
        noticed_at=lot.noticed_at or (at if lot.needs_notice else None),
        origin=lot.origin or Origin(sender_id, lot.id),
    )


def _received(wallet: Wallet, moved: Sequence[Lot], sent: Decision, private: Fields) -> tuple[Wallet, Line]:
    owed = min(wallet.debt, sum(lot.free for lot in moved))
    kept, still_owed = [], owed
    for lot in moved:
        paid = min(lot.free, still_owed)
        still_owed -= paid
        kept.append(replace(lot, granted=lot.granted - paid, free=lot.free - paid))
    said: list[dict[str, Any]] = [
        {**lot_fields(lot), "granted": before.granted} for before, lot in zip(moved, kept, strict=True)
    ]
    draws = [Draw(lot.id, lot.free) for lot in kept if lot.free]
    total = sum(lot.granted for lot in moved)
    line = Line(
        kind="transfer_in",
        credits=total - owed,
        draws=tuple(draws_as_fields(draws, sign=1)),
        facts={
            "from_entry_id": sent.entry.entry_id,
            "lots": said,
            "paid_to_debt": owed,
        },
        private=private,
        flows={Flow.RECEIVED: total, Flow.PAID_TO_DEBT: owed},
    )
    after = replace(
        wallet,
        lots=(*wallet.lots, *kept),
        debt=wallet.debt - owed,
        last_purchase=wallet.last_purchase or 0,
    )
    return after, line


def _holders(moved: Sequence[Lot], receiver_id: str) -> tuple[Holder, ...]:
    named = {
        Holder(lot.origin.wallet_id, lot.purchase_id, receiver_id)
        for lot in moved
        if lot.origin and lot.purchase_id and lot.origin.wallet_id != receiver_id
    }
    return tuple(sorted(named, key=lambda each: (each.buyer_id, each.purchase_id)))
