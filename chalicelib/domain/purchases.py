"""
A purchase: one customer buying a package. Its status is a function of what is known about its payment.

    status             payment open   processing         failed     lapsed     paid
    pending            pending        awaiting_payment   failed     expired    paid
    awaiting_payment   awaiting…      awaiting_payment   failed     awaiting…  paid
    failed             failed         awaiting_payment   failed     failed     paid
    expired            expired        awaiting_payment   failed     expired    paid
    review             review         review             review     review     review
    paid               paid           paid               paid       paid       paid

Money decides: late money still makes it paid, and nothing makes it unpaid again (what is given back later is a
matter of its own). `review` waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.catalog import Package
from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.lots import LotId
from chalicelib.domain.money import Money
from chalicelib.domain.moneyback import MoneyFacts
from chalicelib.domain.times import DAY, to_ms

OPEN_PURCHASES = 10  # per wallet, within
OPEN_WITHIN = timedelta(hours=1)
FIRST_LOOK = timedelta(minutes=15)  # after which the payment provider is asked, if it didn't tell
LAST_LOOK = timedelta(days=1)  # the longest pause between two looks
GIVEN_UP_AFTER = timedelta(days=2)  # a purchase for which no checkout ever opened
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's alphabet sorts as it counts
TIME_DIGITS, DIGEST_DIGITS = 10, 10


class Status(StrEnum):
    """Where a purchase stands."""

    PENDING = "pending"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REVIEW = "review"


class Progress(StrEnum):
    """How far the payment provider says a payment has come."""

    OPEN = "open"
    PROCESSING = "processing"
    FAILED = "failed"
    LAPSED = "lapsed"
    PAID = "paid"


_P, _A, _F, _E = Status.PENDING, Status.AWAITING_PAYMENT, Status.FAILED, Status.EXPIRED
TRANSITIONS: dict[Progress, dict[Status, Status]] = {
    Progress.OPEN: {},
    Progress.PROCESSING: {_P: _A, _F: _A, _E: _A},
    Progress.FAILED: {_P: _F, _A: _F, _E: _F},
    Progress.LAPSED: {_P: _E},
    Progress.PAID: {_P: Status.PAID, _A: Status.PAID, _F: Status.PAID, _E: Status.PAID},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRefund:
    """A refund that an admin asked for and that isn't made yet; `reason` is free text and can be erased."""

    refund_key: str
    amount_minor: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """
    The offer as it was when bought, and what is known about its payment.

    `credits` and `bonus_credits` are the package's × quantity; the lot grants their sum. `version` counts the
    writes of the row. `paid_minor` is what was charged, tax included. `due_at` is when to ask what became of it.
    `facts` are what is known of the money that went back, `revoked` the credits that it took, `owed` those of them
    that the lots had not any more and that may still be recalled, `owed_since` the entry that last added to these.
    `holders` are the other wallets to which some of its credits were transferred; transfers alone write them.
    `topup_seq` is the entry that triggered it, if it is an automatic top-up: then a saved card pays, and no checkout.
    """

    wallet_id: str
    purchase_id: str
    package_id: str
    quantity: int
    credits: int
    bonus_credits: int
    price: Money
    expires_after_days: int | None
    created_at: datetime
    version: int = 1
    status: Status = Status.PENDING
    return_path: str | None = None
    save_card: bool = False
    session_id: str | None = None
    session_expires_at: datetime | None = None
    customer_id: str | None = None
    payment_id: str | None = None
    paid_minor: int | None = None
    paid_at: datetime | None = None
    lot_id: LotId | None = None
    email: str | None = None
    receipt_url: str | None = None
    invoice_url: str | None = None
    facts: MoneyFacts = field(default_factory=MoneyFacts)
    revoked: int = 0
    owed: int = 0
    owed_since: int = 0
    asked: tuple[AskedRefund, ...] = ()
    due_at: datetime | None = None
    holders: tuple[str, ...] = ()
    topup_seq: int | None = None

    @property
    def refunded_minor(self) -> int:
        return self.facts.refunded_minor

    @property
    def disputed(self) -> bool:
        return self.facts.is_disputed

    @property
    def total_credits(self) -> int:
        return self.credits + self.bonus_credits

    @property
    def is_open(self) -> bool:
        return self.status in (Status.PENDING, Status.AWAITING_PAYMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What the payment provider says now about one checkout session of ours, or about a payment without one."""

    session_id: str | None
    progress: Progress
    wallet_id: str
    purchase_id: str
    amount: Money
    paid_minor: int
    mode: str
    live: bool
    customer_id: str | None
    payment_id: str | None
    session_expires_at: datetime | None = None
    email: str | None = None
    receipt_url: str | None = None
    invoice_url: str | None = None
    money_back: bool = False  # some of it went back already: refunded or disputed


def purchase_id(wallet_id: str, key: str, created_at: datetime) -> str:
    """
    Name a purchase so that a wallet's purchases sort by their time.

    The caller's idempotency *key* tells apart what is bought in the same millisecond.
    """
    ms, tail = to_ms(created_at), int.from_bytes(sha256(f"{wallet_id} {key}".encode()).digest()[:8])
    return "pur_" + _base32(ms, TIME_DIGITS) + _base32(tail, DIGEST_DIGITS)


def first_id_at(at: datetime) -> str:
    """The id before those of all purchases made at *at* or later."""
    return "pur_" + _base32(to_ms(at), TIME_DIGITS)


def _base32(number: int, digits: int) -> str:
    return "".join(BASE32[number >> shift & 31] for shift in range(5 * (digits - 1), -1, -5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer asks to buy."""

    wallet_id: str
    package_id: str
    quantity: int = 1
    return_path: str | None = None
    save_card: bool = False


def open_purchase(order: Order, package: Package, *, new_id: str, now: datetime) -> Purchase:
    """Write down the offer as it is now: later changes of the catalogue don't touch it."""
    return Purchase(
        wallet_id=order.wallet_id,
        purchase_id=new_id,
        package_id=package.package_id,
        quantity=order.quantity,
        credits=package.credits * order.quantity,
        bonus_credits=package.bonus_credits * order.quantity,
        price=package.price * order.quantity,
        expires_after_days=package.expires_after_days,
        created_at=now,
        return_path=order.return_path,
        save_card=order.save_card,
        due_at=now + FIRST_LOOK,
    )


def refuse_too_many(recent: Sequence[Purchase], now: datetime) -> None:
    """
    Keep one wallet from opening checkout sessions without end.

    Raises:
        TooManyRequests: As many as allowed are open since an hour ago.
    """
    opened = sorted(each.created_at for each in recent if each.is_open)
    if len(opened) >= OPEN_PURCHASES:
        wait = opened[-OPEN_PURCHASES] + OPEN_WITHIN - now
        raise TooManyRequests(
            f"{OPEN_PURCHASES} purchases are open already; pay one, or wait until they end.",
            retry_after_seconds=max(1, int(wait.total_seconds())),
        )


def next_look(purchase: Purchase, now: datetime) -> datetime:
    """Say when to ask again about a purchase that is still open: the older, the later, at least once a day."""
    return now + min(max(FIRST_LOOK, (now - purchase.created_at) / 2), LAST_LOOK)


def end_of(purchase: Purchase, at: datetime) -> datetime | None:
    """Say when credits that are granted at a time end, by the rule that was bought."""
    days = purchase.expires_after_days
    return at + days * DAY if days else None
