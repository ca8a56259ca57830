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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.catalog import Catalog, Package
from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.lots import LotId, Source
from chalicelib.domain.messages import Alert, Message, MessageKind, message_of
from chalicelib.domain.money import Money
from chalicelib.domain.times import DAY, to_ms
from chalicelib.domain.wallet import Decision, Wallet

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
class Purchase:
    """
    The offer as it was when bought, and what is known about its payment.

    `credits` and `bonus_credits` are the package's × quantity; the lot grants their sum. `version` counts the
    writes of the row. `paid_minor` is what was charged, tax included. `due_at` is when to ask what became of it.
    `holders` are the other wallets to which some of its credits were transferred; transfers alone write them.
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
    refunded_minor: int = 0
    disputed: bool = False
    due_at: datetime | None = None
    holders: tuple[str, ...] = ()

    @property
    def total_credits(self) -> int:
        return self.credits + self.bonus_credits

    @property
    def is_open(self) -> bool:
        return self.status in (Status.PENDING, Status.AWAITING_PAYMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What the payment provider says now about one checkout session of ours."""

    session_id: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The row as it should be now, the grant that goes with it, if any, and what the customer is to be told."""

    before: Purchase
    purchase: Purchase
    granted: Decision | None = None
    messages: tuple[Message, ...] = ()


class Mismatch(Exception):
    """A payment that doesn't fit its purchase. It goes to quarantine: no credits, no silence."""


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


def settle(
    wallet: Wallet, purchase: Purchase, payment: Payment, catalog: Catalog, *, live: bool, stamp: Stamp
) -> Settlement | None:
    """
    Move a purchase to where its payment says it is, and grant its lot when it becomes paid.

    Returns None when there is nothing to write: the payment was settled before.

    Raises:
        Mismatch: The payment is not for this purchase, or is a second one.
    """
    check_match(purchase, payment, live=live)
    if purchase.session_id not in (None, payment.session_id) and payment.progress is not Progress.PAID:
        return None  # a session that the customer never saw: only its money would count
    status = TRANSITIONS[payment.progress].get(purchase.status, purchase.status)
    if status is purchase.status:
        return None
    after = replace(
        purchase,
        version=purchase.version + 1,
        status=status,
        session_id=payment.session_id,
        customer_id=payment.customer_id,
        payment_id=payment.payment_id or purchase.payment_id,
    )
    if status is not Status.PAID:
        after = replace(after, due_at=next_look(after, stamp.now) if after.is_open else None)
        return Settlement(before=purchase, purchase=after, messages=_failed(purchase, after, stamp.now))
    decision = grant(wallet, _lot_of(purchase, wallet.time_of_decision(stamp.now)), catalog, stamp)
    paid = replace(
        after,
        paid_minor=payment.paid_minor,
        paid_at=decision.wallet.last_at,
        lot_id=LotId(decision.wallet.seq),
        email=payment.email,
        receipt_url=payment.receipt_url,
        due_at=None,
    )
    return Settlement(before=purchase, purchase=paid, granted=decision)


def _failed(before: Purchase, after: Purchase, at: datetime) -> tuple[Message, ...]:
    """Tell a customer who has left long ago, because the money took days and then didn't come."""
    if before.status is not Status.AWAITING_PAYMENT or after.status is not Status.FAILED:
        return ()
    facts = {
        "purchase_id": after.purchase_id,
        "credits": after.total_credits,
        "amount_minor": after.price.amount_minor,
        "currency": after.price.currency,
    }
    alert = Alert("payment", MessageKind.PAYMENT_FAILED, facts)
    source = f"{after.purchase_id}#{after.version}"
    return (message_of(alert, wallet_id=after.wallet_id, source=source, at=at),)


def next_look(purchase: Purchase, now: datetime) -> datetime:
    """Say when to ask again about a purchase that is still open: the older, the later, at least once a day."""
    return now + min(max(FIRST_LOOK, (now - purchase.created_at) / 2), LAST_LOOK)


def give_up(purchase: Purchase, now: datetime) -> Settlement | None:
    """End a purchase that never got a checkout, so that nobody can have paid. None: it is too early for that."""
    if now - purchase.created_at < GIVEN_UP_AFTER:
        return None
    ended = replace(purchase, version=purchase.version + 1, status=Status.EXPIRED, due_at=None)
    return Settlement(before=purchase, purchase=ended)


def _lot_of(purchase: Purchase, at: datetime) -> Grant:
    days = purchase.expires_after_days
    return Grant(
        kind="purchase",
        credits=purchase.total_credits,
        source=Source.PURCHASE,
        expires_at=at + days * DAY if days else None,
        purchase_id=purchase.purchase_id,
    )


def check_match(purchase: Purchase, payment: Payment, *, live: bool) -> None:
    """
    Compare a payment with the row that it claims to pay; the row alone says what is granted.

    Raises:
        Mismatch: Names the first field that differs.
    """
    same = {
        "mode": (payment.mode, "payment"),
        "livemode": (payment.live, live),
        "wallet": (payment.wallet_id, purchase.wallet_id),
        "purchase": (payment.purchase_id, purchase.purchase_id),
        "currency": (payment.amount.currency, purchase.price.currency),
        "amount": (payment.amount.amount_minor, purchase.price.amount_minor),
    }
    if purchase.customer_id:
        same["customer"] = (payment.customer_id, purchase.customer_id)
    for name, (said, ours) in same.items():
        if said != ours:
            raise Mismatch(f"{name}: {said!r} is not {ours!r}")
    if payment.progress is Progress.PAID and purchase.status is Status.PAID and _is_second(purchase, payment):
        raise Mismatch("second payment for a paid purchase")


def _is_second(purchase: Purchase, payment: Payment) -> bool:
    return (payment.session_id, payment.payment_id) != (purchase.session_id, purchase.payment_id)
