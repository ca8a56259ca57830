"""
Bringing a purchase's lots to where its money is: revoke, restore, set aside, give back.

Only the purchase's own lots are touched, never credits of another; what they don't hold any more becomes debt. While
a dispute is open the rest of them is set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.days import Flow
from chalicelib.domain.granting import lot_fields
from chalicelib.domain.ledger import Stamp, draws_as_fields
from chalicelib.domain.lots import Draw, Lot, Source, burn_order
from chalicelib.domain.moneyback import target_of
from chalicelib.domain.plans import catch_up
from chalicelib.domain.purchases import Purchase, end_of
from chalicelib.domain.wallet import Decision, Line, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """A paid purchase as it stands after its money was reckoned with, and the decisions that brought it there."""

    purchase: Purchase
    decisions: tuple[Decision, ...] = ()


def reckon(
    wallet: Wallet, purchase: Purchase, catalog: Catalog, stamp: Stamp, *, reason: str | None = None
) -> Reckoned:
    """
    Move a paid purchase's revoked credits to their target, up or down, and set the rest aside while it is disputed.

    Doing it again changes nothing.
    """
    decisions: list[Decision] = []
    after, now = purchase, wallet

    def take(step: Callable[[Wallet, datetime], tuple[Wallet, Line] | None]) -> Line | None:
        nonlocal now
        current = catch_up(now, catalog, now.time_of_decision(stamp.now))
        found = step(current.wallet, now.time_of_decision(stamp.now))
        if found is None:
            return None
        line = replace(found[1], private={"reason": reason}) if reason else found[1]
        decision = conclude(now, current, found[0], line, catalog=catalog, stamp=stamp)
        decisions.append(decision)
        now = decision.wallet
        return found[1]

    target = target_of(purchase.total_credits, purchase.paid_minor or 0, purchase.facts)
    if target > purchase.revoked:
        line = take(lambda wallet, at: _revoke(wallet, purchase, target - purchase.revoked, at))
        owed = still_owed(wallet, purchase) + (line.facts["debt"] if line else 0)
        after = replace(after, revoked=target, owed=owed, owed_since=now.seq)
    if target < purchase.revoked:
        back = purchase.revoked - target
        take(lambda wallet, at: _restore(wallet, purchase, back, at))
        after = replace(after, revoked=target, owed=max(0, still_owed(wallet, purchase) - back))
    take(lambda wallet, at: _align_aside(wallet, after, at))
    if decisions and not now.debt:  # without a decision the wallet guards nothing, and may be older than the row
        after = replace(after, owed=0)
    return Reckoned(purchase=after, decisions=tuple(decisions))


def still_owed(wallet: Wallet, purchase: Purchase) -> int:
    """
    Say what the buyer still owes for a purchase: never more than the debt, and nothing once all debt was paid since,
    so that what another purchase left owing is not asked of this one's credits.
    """
    if wallet.debt_since is None or purchase.owed_since < wallet.debt_since:
        return 0
    return min(purchase.owed, wallet.debt)


def own_lots(wallet: Wallet, purchase: Purchase) -> Iterator[Lot]:
    """List the buyer's lots of a purchase, those that came back included, in burn order."""
    for lot in sorted(wallet.lots, key=burn_order):
        if lot.purchase_id == purchase.purchase_id and (lot.origin is None or lot.origin.wallet_id == wallet.wallet_id):
            yield lot


def _with(wallet: Wallet, changed: dict[object, Lot]) -> Wallet:
    return replace(wallet, lots=tuple(changed.get(lot.id, lot) for lot in wallet.lots))


def _revoke(wallet: Wallet, purchase: Purchase, credits: int, at: datetime) -> tuple[Wallet, Line]:
    """Take what is set aside and what is free in the purchase's lots; the rest is debt."""
    changed, free, aside, owed = dict[object, Lot](), list[Draw](), list[Draw](), credits
    for lot in own_lots(wallet, purchase):
        from_aside = min(lot.set_aside, owed)
        from_free = 0 if lot.has_ended(at) else min(lot.free, owed - from_aside)
        owed -= from_aside + from_free
        changed[lot.id] = replace(lot, set_aside=lot.set_aside - from_aside, free=lot.free - from_free)
        aside += [Draw(lot.id, from_aside)] if from_aside else []
        free += [Draw(lot.id, from_free)] if from_free else []
    line = Line(
        kind="revocation",
        credits=-sum(draw.credits for draw in free),
        draws=tuple(draws_as_fields(free)),
        facts={
            "purchase_id": purchase.purchase_id,
            "revoked": credits,
            "debt": owed,
            "from_set_aside": draws_as_fields(aside, sign=1),
        },
        flows={Flow.REVOKED: credits - owed},
    )
    return replace(_with(wallet, changed), debt=wallet.debt + owed), line


def _restore(wallet: Wallet, purchase: Purchase, credits: int, at: datetime) -> tuple[Wallet, Line]:
    """Give revoked credits back: to debt first, then into the purchase's lot, or to *expired* where it has ended."""
    paid = min(wallet.debt, credits)
    kept = credits - paid
    there = next((lot for lot in own_lots(wallet, purchase) if lot.id == purchase.lot_id), None)
    lot = there or _lot_again(purchase)
    ended = lot.has_ended(at)
    back = 0 if ended else kept
    lot = replace(lot, free=lot.free + back, granted=max(lot.granted, lot.left + back))
    lots = wallet.lots
    if there:
        lots = tuple(lot if each.id == lot.id else each for each in lots)
    elif back:
        lots = (*lots, lot)
    line = Line(
        kind="restoration",
        credits=back,
        draws=tuple(draws_as_fields([Draw(lot.id, back)], sign=1)) if back else (),
        facts={
            "purchase_id": purchase.purchase_id,
            "restored": credits,
            "debt": -paid,
            "expired": kept - back,
            "lot": {**lot_fields(lot), "granted": lot.granted},
        },
        flows={Flow.RESTORED: credits, Flow.PAID_TO_DEBT: paid, Flow.EXPIRED: kept - back},
    )
    return replace(wallet, lots=lots, debt=wallet.debt - paid), line


def _lot_again(purchase: Purchase) -> Lot:
    """Make a purchase's lot anew, as it was granted but empty: it left the wallet when nothing was left in it."""
    if purchase.lot_id is None or purchase.paid_at is None:
        raise ValueError(f"{purchase.purchase_id} was never paid")
    return Lot(
        id=purchase.lot_id,
        source=Source.PURCHASE,
        granted=purchase.total_credits,
        free=0,
        granted_at=purchase.paid_at,
        expires_at=end_of(purchase, purchase.paid_at),
        purchase_id=purchase.purchase_id,
    )


def _align_aside(wallet: Wallet, purchase: Purchase, at: datetime) -> tuple[Wallet, Line] | None:
    """Set what is free in the lots aside while a dispute is open; give it back when none is."""
    lots = list(own_lots(wallet, purchase))
    if purchase.facts.is_disputed:
        return _set_aside(wallet, purchase, [lot for lot in lots if lot.is_spendable(at)])
    return _unset(wallet, purchase, [lot for lot in lots if lot.set_aside], at)


def _set_aside(wallet: Wallet, purchase: Purchase, lots: list[Lot]) -> tuple[Wallet, Line] | None:
    if not lots:
        return None
    changed: dict[object, Lot] = {lot.id: replace(lot, free=0, set_aside=lot.set_aside + lot.free) for lot in lots}
    draws = [Draw(lot.id, lot.free) for lot in lots]
    line = Line(
        kind="set_aside",
        credits=-sum(draw.credits for draw in draws),
        draws=tuple(draws_as_fields(draws)),
        facts={"purchase_id": purchase.purchase_id, "aside": draws_as_fields(draws, sign=1)},
    )
    return _with(wallet, changed), line


def _unset(wallet: Wallet, purchase: Purchase, lots: list[Lot], at: datetime) -> tuple[Wallet, Line] | None:
    if not lots:
        return None
    changed, back, still_owed, expired = dict[object, Lot](), list[Draw](), wallet.debt, 0
    for lot in lots:
        if lot.has_ended(at):
            expired += lot.set_aside
            changed[lot.id] = replace(lot, set_aside=0)
            continue
        paid = min(lot.set_aside, still_owed)
        still_owed -= paid
        changed[lot.id] = replace(lot, set_aside=0, free=lot.free + lot.set_aside - paid)
        back += [Draw(lot.id, lot.set_aside - paid)] if lot.set_aside > paid else []
    paid_to_debt = wallet.debt - still_owed
    line = Line(
        kind="set_aside",
        credits=sum(draw.credits for draw in back),
        draws=tuple(draws_as_fields(back, sign=1)),
        facts={
            "purchase_id": purchase.purchase_id,
            "aside": draws_as_fields([Draw(lot.id, lot.set_aside) for lot in lots]),
            "paid_to_debt": paid_to_debt,
            "expired": expired,
        },
        flows={Flow.PAID_TO_DEBT: paid_to_debt, Flow.EXPIRED: expired},
    )
    return replace(_with(wallet, changed), debt=still_owed), line
