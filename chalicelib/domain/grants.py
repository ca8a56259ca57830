"""Granting credits: how a lot comes into being. Debt is paid first; a full wallet refuses all but what was paid for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.days import Flow
from chalicelib.domain.errors import Unprocessable, WalletFull
from chalicelib.domain.ledger import LARGEST_INTEGER, Fields, Stamp, as_text, draws_as_fields
from chalicelib.domain.lots import DEFAULT_PRIORITY, Draw, Lot, LotId, Source
from chalicelib.domain.wallet import OPEN_LOTS, Decision, Line, Wallet, record


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Credits to put into a wallet. `expires_at` is the first instant at which they can't be drawn."""

    kind: str = "grant"
    credits: int
    source: Source
    expires_at: datetime | None = None
    priority: int = DEFAULT_PRIORITY
    purchase_id: str | None = None
    reason: str | None = None


def grant(wallet: Wallet, wanted: Grant, stamp: Stamp) -> Decision:
    """
    Put a new lot into the wallet; what the wallet owes is paid from it first.

    Raises:
        WalletFull: The wallet holds as many lots as it may and nobody paid for this one.
        Unprocessable: The lot would have ended already, or the wallet would hold more than can be counted.
    """
    at = wallet.time_of_decision(stamp.now)
    paid = wanted.source is Source.PURCHASE
    if len(wallet.lots) >= OPEN_LOTS and not paid:
        raise WalletFull(OPEN_LOTS)
    if wanted.expires_at and wanted.expires_at <= at and not paid:
        raise Unprocessable("expires_at: the end has passed already")
    if wallet.left + wanted.credits > LARGEST_INTEGER:
        raise Unprocessable("credits: more than a wallet can hold")
    paid_to_debt = min(wallet.debt, wanted.credits)
    lot = new_lot(wallet, wanted, at, paid_to_debt=paid_to_debt)
    after = replace(
        wallet,
        lots=(*wallet.lots, lot),
        debt=wallet.debt - paid_to_debt,
        last_purchase=wanted.credits if paid else wallet.last_purchase or 0,
    )
    return record(wallet, after, _line(lot, wanted, paid_to_debt), stamp)


def new_lot(wallet: Wallet, wanted: Grant, at: datetime, *, paid_to_debt: int, nth: int = 0) -> Lot:
    """Shape the lot that the wallet's next entry grants; `granted` is after debt."""
    kept = wanted.credits - paid_to_debt
    return Lot(
        id=LotId(wallet.seq + 1, nth),
        source=wanted.source,
        granted=kept,
        free=kept,
        priority=wanted.priority,
        granted_at=at,
        expires_at=wanted.expires_at,
        purchase_id=wanted.purchase_id,
    )


def lot_fields(lot: Lot) -> Fields:
    """Say all of a lot that its history needs, so that lots can be rebuilt from entries."""
    named: dict[str, Any] = {
        "lot_id": str(lot.id),
        "source": lot.source.value,
        "priority": lot.priority,
        "granted_at": as_text(lot.granted_at),
        "expires_at": as_text(lot.expires_at),
    }
    if lot.origin:
        named["origin"] = {"wallet_id": lot.origin.wallet_id, "lot_id": str(lot.origin.lot_id)}
    if lot.noticed_at:
        named["noticed_at"] = as_text(lot.noticed_at)
    if lot.purchase_id:
        named["purchase_id"] = lot.purchase_id
    return named


def _line(lot: Lot, wanted: Grant, paid_to_debt: int) -> Line:
    facts: dict[str, Any] = {"lot": lot_fields(lot), "granted": wanted.credits, "paid_to_debt": paid_to_debt}
    if wanted.purchase_id:
        facts["purchase_id"] = wanted.purchase_id
    column = Flow.BOUGHT if lot.source is Source.PURCHASE else Flow.GRANTED
    return Line(
        kind=wanted.kind,
        credits=lot.free,
        draws=tuple(draws_as_fields([Draw(lot.id, lot.free)], sign=1)) if lot.free else (),
        facts=facts,
        private={"reason": wanted.reason} if wanted.reason else {},
        flows={column: wanted.credits, Flow.PAID_TO_DEBT: paid_to_debt},
    )
