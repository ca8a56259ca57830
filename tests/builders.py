"""Short names for what tests speak of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.catalog import (
    Catalog,
    Incentive,
    Interval,
    LowBalance,
    Meter,
    MeterKind,
    Package,
    Plan,
    Rate,
)
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.lots import Lot, LotId, Source
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Payment, Progress, Purchase
from chalicelib.domain.subscriptions import News, SubscriptionStatus
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


def rate(credits: int, per: int = 1) -> Rate:
    return Rate(credits=credits, per=per)


def plan(plan_id: str, **more: Any) -> Plan:
    fields: dict[str, Any] = {
        "plan_id": plan_id,
        "name": plan_id.title(),
        "self_service": True,
        "prices": {Interval.MONTH: Money(0, "usd"), Interval.YEAR: Money(0, "usd")},
        "quotas": {"calls": 10, "seats": 2, "notes": None, "locked": 1},
        "rates": {"calls": rate(1), "seats": rate(10), "extra": rate(1, 3)},
    }
    return Plan(**(fields | more))


def meter(name: str, kind: MeterKind = MeterKind.COUNTER) -> Meter:
    return Meter(meter=name, name=name.title(), kind=kind)


PRO = plan(
    "pro",
    prices={Interval.MONTH: Money(2900, "usd"), Interval.YEAR: Money(29000, "usd")},
    quotas={"calls": 100, "seats": 20, "notes": None, "locked": None},
    included_credits=50,
    rollover_cap=30,
)


def catalog(*packages: Package) -> Catalog:
    """
    An offer for tests. Of the meters Free has 10 calls, 2 seats (a gauge) and unlimited notes; `extra` is paid from
    the first unit on, 1 credit for 3; of `locked` more than 1 can't be paid for.
    """
    offered = packages or (package(),)
    return Catalog(
        packages={each.package_id: each for each in offered},
        low_balance=LowBalance(credits=100, percent_of_last_purchase=10),
        meters={
            "calls": meter("calls"),
            "seats": meter("seats", MeterKind.GAUGE),
            "notes": meter("notes"),
            "extra": meter("extra"),
            "locked": meter("locked"),
        },
        plans={"free": plan("free"), "pro": PRO},
    )


CATALOG = catalog()
TEAM = plan(
    "team",
    prices={Interval.MONTH: Money(9900, "usd"), Interval.YEAR: Money(99000, "usd")},
    quotas={"calls": 1000, "seats": 200, "notes": None, "locked": None},
    included_credits=200,
    rollover_cap=100,
)
SOLD = replace(
    CATALOG,
    plans={**CATALOG.plans, "team": TEAM, "vip": plan("vip", self_service=False, prices={})},
    incentive=Incentive(name="20% off the first month", percent_off=20, first_payments=1),
)  # plans that are sold: Pro, and Team, which is dearer


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


def news(status: SubscriptionStatus = SubscriptionStatus.ACTIVE, **more: Any) -> News:
    """What the payment provider says: Pro by the month since NOON, and paid."""
    fields: dict[str, Any] = {
        "subscription_id": "sub_1",
        "wallet_id": "acct_a",
        "customer_id": "cus_1",
        "status": status,
        "plan_id": "pro",
        "interval": Interval.MONTH,
        "price": Money(2900, "usd"),
        "created_at": NOON,
        "anchor": NOON,
        "period_start": NOON,
        "period_end": datetime(2026, 12, 22, 12, tzinfo=UTC),
        "live": False,
        "is_paid": True,
        "invoice_id": "in_1",
        "invoiced_at": NOON,
        "item_id": "si_1",
    }
    return News(**(fields | more))


def patience(*, budget: float = 5.0) -> Patience:
    """Patience that takes no time: its clock is moved by its own sleeping."""
    passed = 0.0

    def sleep(seconds: float) -> None:
        nonlocal passed
        passed += seconds + 1e-6

    return Patience(budget=budget, monotonic=lambda: passed, sleep=sleep, uniform=lambda _least, most: most)
