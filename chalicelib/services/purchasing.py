"""Buying a package: the row first, then the checkout session under a deterministic key, then the session's id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Busy, Conflict, KeyReused, PaymentsUnavailable
from chalicelib.domain.limits import ASKING
from chalicelib.domain.purchases import (
    OPEN_WITHIN,
    Order,
    Purchase,
    next_look,
    open_purchase,
    purchase_id,
    refuse_too_many,
)
from chalicelib.services.limiting import TakeSlot, unlimited
from chalicelib.services.once import Claim, Patience, spent
from chalicelib.services.ports import (
    Change,
    Checkout,
    LostRace,
    OutcomeUnknown,
    Payments,
    PaymentsFailed,
    Store,
    Throttled,
)


@dataclass(frozen=True, slots=True)
class Started:
    """A purchase, and the checkout where it is paid."""

    purchase: Purchase
    checkout: Checkout
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What buying needs of the outside."""

    store: Store
    payments: Payments
    catalog: Catalog
    patience: Patience


def start_purchase(
    shop: Shop, order: Order, claim: Claim, *, email: str | None, now: datetime, take_slot: TakeSlot = unlimited
) -> Started:
    """
    Open a purchase once per key, and a checkout session for it.

    Interrupted anywhere, the repeat with the same key goes on from where it stopped: the same row, customer and
    session.

    Raises:
        InvalidRequest: There is no such package.
        TooManyRequests: Too many purchases are open; or as *take_slot* says.
        KeyReused: The key was spent on something else.
        Conflict: The key's purchase has ended without ever getting a session.
        PaymentsUnavailable: The provider did not answer; the row stands, the key may be tried again.
        Busy: The store did not answer in time.
    """
    for turn in shop.patience.turns():
        try:
            purchase, replayed = _claimed_row(shop, order, claim, now=now, take_slot=take_slot)
            return _with_checkout(shop, purchase, replayed=replayed, email=email, now=now, take_slot=take_slot)
        except PaymentsFailed as failed:
            raise PaymentsUnavailable from failed
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
    raise Busy(order.wallet_id)


def _claimed_row(
    shop: Shop, order: Order, claim: Claim, *, now: datetime, take_slot: TakeSlot
) -> tuple[Purchase, bool]:
    receipt = spent(shop.store, claim)
    if receipt:
        if not receipt.purchase_id:
            raise KeyReused
        found = shop.store.purchase(order.wallet_id, receipt.purchase_id)
        if not found:
            raise OutcomeUnknown
        return found, True
    package = shop.catalog.package(order.package_id)
    refuse_too_many(shop.store.purchases_since(order.wallet_id, now - OPEN_WITHIN), now)
    take_slot(order.wallet_id, attempts=ASKING)
    new_id = purchase_id(order.wallet_id, claim.key, now)
    purchase = open_purchase(order, package, new_id=new_id, now=now)
    shop.store.commit(Change(new_purchase=purchase, receipts=[claim.receipt(purchase_id=new_id)]))
    return purchase, False


def _with_checkout(
    shop: Shop, purchase: Purchase, *, replayed: bool, email: str | None, now: datetime, take_slot: TakeSlot
) -> Started:
    if purchase.session_id and (first := shop.store.checkout(purchase.wallet_id, purchase.purchase_id)):
        return Started(purchase, first, replayed)
    if not purchase.is_open:
        raise Conflict("This purchase has ended; start another with a new key.")
    take_slot(purchase.wallet_id, commands=0, attempts=ASKING)  # of a row that a call before this one wrote
    customer_id = purchase.customer_id or customer_of(shop, purchase.wallet_id, email)
    known = replace(purchase, customer_id=customer_id)
    offered = shop.catalog.packages.get(purchase.package_id)  # perhaps not any more: the row stands
    checkout = shop.payments.open_checkout(known, name=offered.name if offered else purchase.package_id, now=now)
    opened = replace(
        known,
        version=purchase.version + 1,
        session_id=checkout.session_id,
        session_expires_at=checkout.expires_at,
        due_at=next_look(purchase, now),
    )
    shop.store.keep_checkout(opened, checkout)
    return Started(opened, checkout, replayed)


def customer_of(shop: Shop, wallet_id: str, email: str | None) -> str:
    """Find the wallet's customer at the provider, or create the one it will keep."""
    if known := shop.store.customer(wallet_id):
        return known
    created = shop.payments.create_customer(wallet_id, email=email, after=shop.store.former_customer(wallet_id))
    shop.store.keep_customer(wallet_id, created, email=email)
    return shop.store.customer(wallet_id) or created
