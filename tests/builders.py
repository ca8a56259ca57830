"""Short names for what tests speak of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.catalog import Catalog, LowBalance, Package
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.lots import Lot, LotId, Source
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Payment, Progress, Purchase
from chalicelib.services.once import Patience

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def stamp(now: datetime = NOON, *, actor: str = "acct_tester") -> Stamp:
    return Stamp(now=now, actor=actor, salt=b"s" * 32)


def lot(seq: int, free: int, *, days: float | None = None, **more: Any) -> Lot:
    """A lot granted at NOON; with *days* it ends so long after, and the notice of it was given at once."""
    expires_at = NOON + days * DAY if days is not None else None
    fields: dict[str, Any] = {
        "id": LotId(seq),
        "source": Source.PURCHASE,
        "granted": free,
        "free": free,
        "granted_at": NOON,
        "expires_at": expires_at,
        "noticed_at": NOON - 30 * DAY if expires_at else None,
    }
    return Lot(**(fields | more))


def package(**more: Any) -> Package:
    fields: dict[str, Any] = {
        "package_id": "starter",
        "name": "1,000 credits",
        "credits": 1000,
        "bonus_credits": 0,
        "price": Money(1000, "usd"),
        "expires_after_days": 365,
    }
    return Package(**(fields | more))


def catalog(*packages: Package) -> Catalog:
    offered = packages or (package(),)
    return Catalog(
        packages={each.package_id: each for each in offered},
        low_balance=LowBalance(credits=100, percent_of_last_purchase=10),
    )


def purchase(**more: Any) -> Purchase:
    fields: dict[str, Any] = {
        "wallet_id": "acct_a",
        "purchase_id": "pur_01kajy9w0001234567ab",
        "package_id": "starter",
        "quantity": 1,
        "credits": 1000,
        "bonus_credits": 0,
        "price": Money(1000, "usd"),
        "expires_after_days": 365,
        "created_at": NOON,
    }
    return Purchase(**(fields | more))


def payment(progress: Progress = Progress.PAID, **more: Any) -> Payment:
    fields: dict[str, Any] = {
        "session_id": "cs_test_1",
        "progress": progress,
        "wallet_id": "acct_a",
        "purchase_id": "pur_01kajy9w0001234567ab",
        "amount": Money(1000, "usd"),
        "paid_minor": 1000,
        "mode": "payment",
        "live": False,
        "customer_id": "cus_1",
        "payment_id": "pi_1",
    }
    return Payment(**(fields | more))


def patience(*, budget: float = 5.0) -> Patience:
    """Patience that takes no time: its clock is moved by its own sleeping."""
    passed = 0.0

    def sleep(seconds: float) -> None:
        nonlocal passed
        passed += seconds + 1e-6

    return Patience(budget=budget, monotonic=lambda: passed, sleep=sleep, uniform=lambda _least, most: most)
