"""How held credits go back: to the very lots, in reverse; to *expired* where a lot has ended; and to debt first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.days import Flow, Flows
from chalicelib.domain.holds import Hold, Transition
from chalicelib.domain.ledger import Fields, draws_as_fields
from chalicelib.domain.lots import Draw, Lot, LotId
from chalicelib.domain.wallet import Line, MeterState, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back free, what had expired meanwhile, and how much of what came back went to debt."""

    draws: tuple[Draw, ...] = ()
    expired: tuple[Draw, ...] = ()
    paid_to_debt: int = 0

    @property
    def credits(self) -> int:
        return sum(draw.credits for draw in self.draws)

    def facts(self) -> Fields:
        said: Fields = {}
        if self.expired:
            said["expired"] = draws_as_fields(self.expired, sign=1)
        if self.paid_to_debt:
            said["paid_to_debt"] = self.paid_to_debt
        return said

    def flows(self) -> Flows:
        expired = sum(draw.credits for draw in self.expired)
        return {Flow.EXPIRED: expired, Flow.PAID_TO_DEBT: self.paid_to_debt}


def give_back(wallet: Wallet, draws: Sequence[Draw], at: datetime) -> tuple[Wallet, Returned]:
    """Give held *draws* back at an instant, which alone decides whether a lot has ended by then."""
    lots = {lot.id: lot for lot in wallet.lots}
    expired: list[Draw] = []
    back: list[Draw] = []
    for draw in reversed(draws):
        lot = lots[draw.lot_id]
        lots[lot.id] = replace(lot, held=lot.held - draw.credits)
        (expired if lot.has_ended(at) else back).append(draw)
    owed = min(wallet.debt, sum(draw.credits for draw in back))
    kept, still_owed = [], owed
    for draw in back:
        paid = min(draw.credits, still_owed)
        still_owed -= paid
        if draw.credits > paid:
            kept.append(Draw(draw.lot_id, draw.credits - paid))
    for draw in kept:
        lots[draw.lot_id] = replace(lots[draw.lot_id], free=lots[draw.lot_id].free + draw.credits)
    after = replace(wallet, lots=tuple(lots[lot.id] for lot in wallet.lots), debt=wallet.debt - owed)
    return after, Returned(draws=tuple(kept), expired=tuple(expired), paid_to_debt=owed)


def let_go(wallet: Wallet, hold: Hold, kind: str, at: datetime) -> tuple[Wallet, Line]:
    """Close a hold and give everything back. What it counted is un-counted, in its period only."""
    after, returned = give_back(wallet, hold.draws, at)
    after, counted = count(after, hold, -hold.use.quantity if hold.use else 0)
    after = replace(after, holds=tuple(each for each in after.holds if each.seq != hold.seq))
    facts: dict[str, Any] = {"hold_id": hold.hold_id, **counted, **returned.facts()}
    draws = tuple(draws_as_fields(returned.draws, sign=1))
    return after, Line(kind=kind, credits=returned.credits, draws=draws, facts=facts, flows=returned.flows())


def count(wallet: Wallet, hold: Hold, quantity: int) -> tuple[Wallet, Fields]:
    """Correct what a hold's use counted by *quantity*, if the period in which it did still runs."""
    use = hold.use
    if not use or not quantity or not wallet.plan or wallet.plan.period_start != use.period_start:
        return wallet, {}
    before = wallet.meters.get(use.meter, MeterState(0))
    meters = {**wallet.meters, use.meter: MeterState(before.used + quantity)}
    return replace(wallet, meters=meters), {"counted": {"meter": use.meter, "quantity": quantity}}


def put_aside(lots: Sequence[Lot], draws: Sequence[Draw]) -> tuple[Lot, ...]:
    """Move *draws* from what is free in their lots to what is held."""
    drawn: dict[LotId, int] = {draw.lot_id: draw.credits for draw in draws}
    return tuple(
        replace(lot, free=lot.free - drawn[lot.id], held=lot.held + drawn[lot.id]) if lot.id in drawn else lot
        for lot in lots
    )


def lapse(wallet: Wallet, until: datetime) -> tuple[Wallet, tuple[Line, ...]]:
    """Let the holds go whose deadline has come by *until*, in the order of their deadlines, each as of its own."""
    lines = []
    for hold in sorted(wallet.holds, key=lambda each: (each.lapses_at, each.seq)):
        if hold.has_lapsed(until):
            wallet, line = let_go(wallet, hold, Transition.LAPSE.value, hold.lapses_at)
            lines.append(line)
    return wallet, tuple(lines)
