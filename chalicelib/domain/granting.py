"""How a lot comes into being, whatever command brings it: what the wallet owes is paid from it first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.days import Flow
from chalicelib.domain.ledger import Fields, as_text, draws_as_fields
from chalicelib.domain.lots import DEFAULT_PRIORITY, Draw, Lot, LotId, Source
from chalicelib.domain.wallet import Line, Wallet


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


def put_lot(wallet: Wallet, wanted: Grant, at: datetime, *, nth: int = 0) -> tuple[Wallet, Line]:
    """Put a lot into the wallet, and say so; *nth* is its place among the grants of the wallet's next entry."""
    paid_to_debt = min(wallet.debt, wanted.credits)
    kept = wanted.credits - paid_to_debt
    lot = Lot(
        id=LotId(wallet.seq + 1, nth),
        source=wanted.source,
        granted=kept,
        free=kept,
        priority=wanted.priority,
        granted_at=at,
        expires_at=wanted.expires_at,
        purchase_id=wanted.purchase_id,
    )
    bought = wanted.source is Source.PURCHASE
    after = replace(
        wallet,
        lots=(*wallet.lots, lot),
        debt=wallet.debt - paid_to_debt,
        last_purchase=wanted.credits if bought else wallet.last_purchase or 0,
    )
    return after, _line(lot, wanted, paid_to_debt)


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
    if lot.warned:
        named["warned"] = lot.warned
    if lot.purchase_id:
        named["purchase_id"] = lot.purchase_id
    return named
