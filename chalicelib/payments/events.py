"""
Stripe's events: verified before anything else, then only a hint of what to ask Stripe about.

The `stripe` package checks the signature; the time we judge ourselves, by the program's one clock, and limits
come first, because the package compares however many signatures it is handed and looks at any text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.payments.tags import TOPUP, WALLET
from chalicelib.services.ports import Oddity

LONGEST_ID = 255
NAME = re.compile(rf"[!-~]{{1,{LONGEST_ID}}}")
LONGEST_HEADER, MOST_SIGNATURES = 1024, 5
PAST, FUTURE = timedelta(seconds=300), timedelta(seconds=60)  # how far a signature's time may be off
TIMESTAMP = re.compile(r"t=([0-9]{1,12})")
MONEY_EVENTS = frozenset(  # they name the payment of which money went back, or that moved
    {
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
    }
)
SESSION_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)


SUBSCRIPTION_EVENTS = frozenset(
    {
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
    }
)
INVOICE_EVENTS = frozenset({"invoice.paid", "invoice.payment_failed", "invoice.voided", "invoice.marked_uncollectible"})
TOPUP_EVENTS = frozenset({"payment_intent.succeeded", "payment_intent.payment_failed"})  # others are the sessions'
CUSTOMER_DELETED, CUSTOMER_UPDATED = "customer.deleted", "customer.updated"
TAGGED = TOPUP_EVENTS | {CUSTOMER_DELETED, CUSTOMER_UPDATED}  # our tags on them say whether and whose they are
SUBJECTS = {  # what an event's object is: by its id everything is asked for afresh
    **dict.fromkeys(SESSION_EVENTS, "session_id"),
    **dict.fromkeys(SUBSCRIPTION_EVENTS, "subscription_id"),
    **dict.fromkeys(INVOICE_EVENTS, "invoice_id"),
    CUSTOMER_DELETED: "customer_id",
}


class Forged(Exception):
    """Not an event that Stripe signed for us just now. Nothing more is said, to nobody."""


@dataclass(frozen=True, slots=True)
class Event:
    """
    A verified event, and the ids of what it speaks of.

    `payment_id` is set when money went back or moved, or when a saved card paid or declined. `wallet_id` is that of a
    customer who was deleted, of whom Stripe says no more, or changed: perhaps it is another card.
    """

    event_id: str
    type: str
    session_id: str | None = None
    payment_id: str | None = None
    subscription_id: str | None = None
    invoice_id: str | None = None
    customer_id: str | None = None
    wallet_id: str | None = None

    def hint(self, at: datetime) -> Oddity:
        """Say it as a hint of what to ask about."""
        return Oddity(
            event_id=self.event_id,
            type=self.type,
            reason="",
            at=at,
            wallet_id=self.wallet_id,
            session_id=self.session_id,
            payment_id=self.payment_id,
            subscription_id=self.subscription_id,
            invoice_id=self.invoice_id,
            customer_id=self.customer_id,
        )


def verify(body: bytes, header: str, *, secrets: Sequence[str], now: datetime) -> Event:
    """
    Check that Stripe signed *body* within the last minutes, with one of *secrets*, and read the event.

    Raises:
        Forged: Anything is wrong.
    """
    _check_header(header, now)
    import stripe

    if not any(_is_signed(stripe.WebhookSignature, body, header, secret) for secret in secrets):
        raise Forged
    return _read(body)


def _check_header(header: str, now: datetime) -> None:
    if not header.isascii() or len(header) > LONGEST_HEADER:
        raise Forged
    parts = [part.strip() for part in header.split(",")]
    times = [part for part in parts if part.startswith("t=")]
    if len(times) != 1 or sum(part.startswith("v1=") for part in parts) > MOST_SIGNATURES:
        raise Forged
    stamped = TIMESTAMP.fullmatch(times[0])
    if not stamped:
        raise Forged
    age = now.timestamp() - int(stamped[1])
    if not -FUTURE.total_seconds() <= age <= PAST.total_seconds():
        raise Forged


def _is_signed(signature: Any, body: bytes, header: str, secret: str) -> bool:
    import stripe

    if not secret:
        raise ValueError("an empty webhook secret verifies nothing")
    try:
        return bool(signature.verify_header(body.decode(), header, secret, tolerance=None))
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False


def _read(body: bytes) -> Event:
    try:
        event = json.loads(body, parse_constant=_no_constant)
        kind, event_id, subject = event["type"], event["id"], event["data"]["object"]
        named = {SUBJECTS[kind]: subject["id"]} if kind in SUBJECTS else {}
        if kind in MONEY_EVENTS and subject["payment_intent"] is not None:  # a charge without one isn't ours
            named["payment_id"] = subject["payment_intent"]
        tags = (subject.get("metadata") or {}) if kind in TAGGED else {}
        if kind in TOPUP_EVENTS and tags.get(TOPUP):
            named["payment_id"] = subject["id"]
        if kind in (CUSTOMER_DELETED, CUSTOMER_UPDATED) and tags.get(WALLET):
            named["wallet_id"] = tags[WALLET]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Forged from None
    if not all(isinstance(each, str) and NAME.fullmatch(each) for each in (kind, event_id, *named.values())):
        raise Forged
    return Event(event_id, kind, **named)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
