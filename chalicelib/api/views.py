"""How our types look as JSON. Field names here are the contract."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain import levels
from chalicelib.domain.catalog import Catalog, Package
from chalicelib.domain.forecast import RunsOut
from chalicelib.domain.holds import Hold
from chalicelib.domain.ledger import Entry, as_text
from chalicelib.domain.levels import ending_next
from chalicelib.domain.lots import Lot, burn_order
from chalicelib.domain.money import Money
from chalicelib.domain.offers import Offers
from chalicelib.domain.outlook import outlook
from chalicelib.domain.plans import CaughtUp
from chalicelib.domain.purchases import Purchase, Status
from chalicelib.services.ports import Oddity
from chalicelib.services.purchasing import Started

if TYPE_CHECKING:
    from chalicelib.api import shapes

INNER = frozenset({"v", "wallet_id", "prev_hash", "private"})  # what an entry carries for its chain


def offers(found: Offers) -> shapes.parts.Offers:
    chosen: list[shapes.parts.PackageOffer] = [
        {
            "package_id": offer.package_id,
            "quantity": quantity,
            "credits": offer.total_credits * quantity,
            "price": money(offer.price * quantity),
        }
        for offer, quantity in found.packages
    ]
    plan_offer: shapes.parts.PlanOffer | None = None
    if found.plan:
        price = found.plan.prices[found.interval]
        plan_offer = {"plan_id": found.plan.plan_id, "interval": found.interval.value, "price": money(price)}
    return {"packages": chosen, "total": money(found.total) if found.total else None, "plan": plan_offer}


def money(amount: Money) -> shapes.parts.Money:
    return {"amount_minor": amount.amount_minor, "currency": amount.currency, "exponent": amount.exponent}


def package(offer: Package) -> shapes.credits.Package:
    return {
        "package_id": offer.package_id,
        "name": offer.name,
        "credits": offer.credits,
        "bonus_credits": offer.bonus_credits,
        "price": money(offer.price),
        "expires_after_days": offer.expires_after_days,
        "saves_percent": offer.saves_percent,
    }


def started(begun: Started) -> shapes.credits.PurchaseBegun:
    """Show a purchase as it was when it began, so that a repeat shows the same."""
    purchase = begun.purchase
    return {
        "purchase_id": purchase.purchase_id,
        "status": Status.PENDING.value,
        "package_id": purchase.package_id,
        "quantity": purchase.quantity,
        "credits": purchase.credits,
        "bonus_credits": purchase.bonus_credits,
        "price": money(purchase.price),
        "checkout_session_id": begun.checkout.session_id,
        "checkout_url": begun.checkout.url,
        "expires_at": as_text(begun.checkout.expires_at),
    }


def purchase(bought: Purchase) -> shapes.credits.Purchase:
    return {
        "purchase_id": bought.purchase_id,
        "wallet_id": bought.wallet_id,
        "status": bought.status.value,
        "package_id": bought.package_id,
        "quantity": bought.quantity,
        "credits": bought.credits,
        "bonus_credits": bought.bonus_credits,
        "price": money(bought.price),
        "created_at": as_text(bought.created_at),
        "checkout_session_id": bought.session_id,
        "expires_at": as_text(bought.session_expires_at),
        "paid_at": as_text(bought.paid_at),
        "lot_id": str(bought.lot_id) if bought.lot_id else None,
        "refunded_minor": bought.refunded_minor,
        "disputed": bought.disputed,
        "revoked_credits": bought.revoked,
        "receipt_url": bought.receipt_url,
        "invoice_url": bought.invoice_url,
    }


def payment(bought: Purchase) -> shapes.subscriptions.Payment:
    """Show a purchase as a line of what was paid."""
    return {
        "kind": "purchase",
        "purchase_id": bought.purchase_id,
        "status": bought.status.value,
        "amount": money(bought.price),
        "refunded_minor": bought.refunded_minor,
        "disputed": bought.disputed,
        "credits": bought.total_credits,
        "created_at": as_text(bought.created_at),
        "paid_at": as_text(bought.paid_at),
        "receipt_url": bought.receipt_url,
        "invoice_url": bought.invoice_url,
    }


def oddity(event: Oddity) -> shapes.rows.QuarantinedEvent:
    """Show an event that was kept aside."""
    return {
        "event_id": event.event_id,
        "type": event.type,
        "reason": event.reason,
        "at": as_text(event.at),
        "wallet_id": event.wallet_id,
        "purchase_id": event.purchase_id,
    }


def balance(current: CaughtUp, catalog: Catalog, now: datetime) -> shapes.credits.Balance:
    """Show what a wallet holds at *now*: lots that still count, in the order in which they pay."""
    wallet = current.wallet
    counting = [lot for lot in sorted(wallet.lots, key=burn_order) if not lot.has_ended(now) or lot.held]
    low_below = catalog.low_balance.line(wallet.last_purchase)
    ending, ahead = ending_next(wallet.lots, now), outlook(wallet, now)
    readings = levels.read_all(current, catalog)
    return {
        "wallet_id": wallet.wallet_id,
        "available": wallet.available(now),
        "held": wallet.held,
        "set_aside": wallet.set_aside,
        "debt": wallet.debt,
        "seq": wallet.seq,
        "as_of": as_text(now),
        "frozen": wallet.frozen,
        "holds": [hold(each) for each in wallet.holds],
        "lots": [lot_of(lot, now) for lot in counting],
        "expiring_next": {"credits": ending[0], "at": as_text(ending[1])} if ending else None,
        "runs_out": runs_out(ahead.runs_out) if ahead else None,
        "low": wallet.is_below(low_below, now),
        "low_below": low_below,
        "warnings": [warning(each) for each in levels.warnings(readings, current, catalog, now)],
        "actions": [action(each) for each in levels.actions(readings, current, catalog, now)],
    }


def hold(open_hold: Hold) -> shapes.holds.OpenHold:
    shown: shapes.holds.OpenHold = {
        "hold_id": open_hold.hold_id,
        "credits": open_hold.credits,
        "lapses_at": as_text(open_hold.lapses_at),
    }
    if open_hold.use:
        shown["meter"], shown["quantity"] = open_hold.use.meter, open_hold.use.quantity
    return shown


def runs_out(found: RunsOut | None) -> shapes.parts.RunsOut | None:
    """Show when something is used up; null within: not in sight."""
    if found is None:
        return None
    return {"earliest": as_text(found.earliest), "likely": as_text(found.likely), "latest": as_text(found.latest)}


def warning(told: levels.Caution) -> shapes.parts.UsageWarning:
    shown: shapes.parts.UsageWarning = {"code": told.code, "message": told.message}
    if told.meter is not None:
        shown["meter"] = told.meter
    return shown


def action(told: levels.Action) -> shapes.parts.SuggestedAction:
    shown: shapes.parts.SuggestedAction = {"action": told.action, "message": told.message}
    if told.plan_id is not None:
        shown["plan_id"] = told.plan_id
    if told.package_id is not None:
        shown["package_id"] = told.package_id
    return shown


def lot_of(lot: Lot, now: datetime) -> shapes.credits.Lot:
    shown: shapes.credits.Lot = {
        "lot_id": str(lot.id),
        "source": lot.source.value,
        "granted": lot.granted,
        "remaining": lot.left,
        "held": lot.held,
        "set_aside": lot.set_aside,
        "priority": lot.priority,
        "granted_at": as_text(lot.granted_at),
        "expires_at": as_text(lot.end_in_sight(now)),
        "purchase_id": lot.purchase_id,
    }
    if lot.origin:
        shown["origin"] = {"wallet_id": lot.origin.wallet_id, "lot_id": str(lot.origin.lot_id)}
    return shown


def entry(line: Entry) -> shapes.entries.Entry:
    """Show an entry: what was hashed, and beside it what can be erased."""
    said: Any = {name: value for name, value in line.facts.items() if name not in INNER}  # each kind's own, as hashed
    private = line.private.fields if line.private else {"actor": None, "erased": True}
    shown: shapes.entries.Entry = said | {"entry_id": line.entry_id, "hash": line.hash.hex(), **private}
    return shown
