"""
What a crossed line calls for: one payment that closes the whole gap, within the month's cap, and none beside it.

The purchase that it pays is an ordinary one, but for its trigger: a saved card pays it, and no checkout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from chalicelib.domain.alerts import TOPUP
from chalicelib.domain.catalog import Catalog, Package
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Order, Purchase, open_purchase, purchase_id
from chalicelib.domain.topup_moves import FIRST_LOOK, USUAL_LOOK, moved
from chalicelib.domain.topups import Flight, TopUp, TopUpMoved, packages_for
from chalicelib.domain.wallet import Wallet

FROZEN_LOOK, UNOFFERED_LOOK = timedelta(hours=1), timedelta(days=1)


def waits_until(wallet: Wallet, row: TopUp, catalog: Catalog, now: datetime) -> datetime | None:
    """
    Say until when a crossed line can't be charged; None: it can.

    Where time alone lifted the balance over its line, the wallet hasn't noted that yet: until it has, the trigger
    stands, because the wallet raises no other.
    """
    if row.not_before and row.not_before > now:
        return row.not_before
    if wallet.frozen:
        return now + FROZEN_LOOK
    if not row.terms or row.terms.package_id not in catalog.packages:
        return now + UNOFFERED_LOOK
    if not wallet.wants_topup(now) and wallet.latches.get(TOPUP):
        return now + USUAL_LOOK
    return None


def gap_of(wallet: Wallet, target: int, now: datetime) -> int:
    """Count what is missing to a target. Debt is part of it, because new credits pay that first."""
    return target - (wallet.free(now) - wallet.debt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What would be charged for a trigger: so many of a package."""

    seq: int
    package: Package
    quantity: int

    @property
    def price(self) -> Money:
        return self.package.price * self.quantity


def charge_of(wallet: Wallet, row: TopUp, catalog: Catalog, now: datetime) -> Charge | None:
    """Say which one payment closes the whole gap; None: nothing is wanted."""
    if row.trigger is None or not row.enabled or not row.terms or not wallet.wants_topup(now):
        return None
    package = catalog.packages[row.terms.package_id]
    quantity = packages_for(gap_of(wallet, row.terms.target, now), package)
    return Charge(seq=row.trigger, package=package, quantity=quantity)


def has_room(row: TopUp, charge: Charge, now: datetime) -> bool:
    """Whether a charge fits the month's cap, with what is paid and under way."""
    cap = row.terms.monthly_cap_minor if row.terms else None
    return cap is None or row.charged_in(row.month_at(now)) + charge.price.amount_minor <= cap


def capped(row: TopUp, charge: Charge, now: datetime) -> TopUpMoved:
    """Wait for the next month, and tell the customer once in this one."""
    month = row.month_at(now)
    told = () if row.capped_month == month else ("cap",)
    return moved(row, replace(row, capped_month=month, due_at=_month_after(month)), *told, price=charge.price, at=now)


def begin(row: TopUp, charge: Charge, *, customer_id: str, card: str, now: datetime) -> tuple[Purchase, TopUpMoved]:
    """Open the purchase that a trigger calls for, and note that its payment is under way."""
    attempt = row.attempts + 1
    order = Order(wallet_id=row.wallet_id, package_id=charge.package.package_id, quantity=charge.quantity)
    new_id = purchase_id(row.wallet_id, f"topup-{charge.seq}-{attempt}", now)
    opened = open_purchase(order, charge.package, new_id=new_id, now=now)
    purchase = replace(opened, customer_id=customer_id, topup_seq=charge.seq, due_at=None)
    flight = Flight(
        purchase_id=new_id,
        seq=charge.seq,
        attempt=attempt,
        credits=purchase.total_credits,
        amount=purchase.price,
        card=card,
        began_at=now,
    )
    month = row.month_at(now)
    after = replace(
        row,
        trigger=None,
        attempts=0,
        flight=flight,
        month=month,
        month_minor=row.charged_in(month) + flight.amount.amount_minor,
        due_at=now + FIRST_LOOK,
    )
    return purchase, moved(row, after)


def _month_after(month: str) -> datetime:
    year, number = int(month[:4]), int(month[5:])
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
