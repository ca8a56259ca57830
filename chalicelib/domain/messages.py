"""
Messages: what a customer is told without having asked. Each is written with the entry that decided it, and sent later.

    kind             facts
    quota            meter, level (the threshold in percent), used, quota, until
    low_balance      available, low_below
    debt             debt
    expiring         lot_id, days (30 or 7), credits, ends_at, lost_at_pace (None: too little is known)
    payment_failed   purchase_id, credits, amount_minor, currency
    renewal_failed   plan_id, amount_minor, currency, until (the plan's quota stays until then)
    topup_failed     reason (declined, suspended, no_card, authentication or cap), amount_minor, currency

Facts are JSON values; times in them are RFC 3339 text. Which words they become is decided when they are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

ID_DIGITS = 24


class MessageKind(StrEnum):
    """What a message is about."""

    QUOTA = "quota"
    LOW_BALANCE = "low_balance"
    DEBT = "debt"
    EXPIRING = "expiring"
    PAYMENT_FAILED = "payment_failed"
    RENEWAL_FAILED = "renewal_failed"
    TOPUP_FAILED = "topup_failed"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to tell, before it is numbered. *subject* is what it is latched by, unique within a decision."""

    subject: str
    kind: MessageKind
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to tell. Its id is the same however often it is sent."""

    message_id: str
    wallet_id: str
    kind: MessageKind
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Where a wallet's messages go, as far as is known. `locale` is a language of `languages.toml`, for example en."""

    wallet_id: str
    email: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    locale: str = "en"


def message_of(alert: Alert, *, wallet_id: str, source: str, at: datetime) -> Message:
    """Number an alert by its *source* (an entry, or a purchase's row and version) and its subject."""
    digest = sha256(f"{wallet_id} {source} {alert.subject}".encode()).hexdigest()
    return Message(
        message_id=f"msg_{digest[:ID_DIGITS]}", wallet_id=wallet_id, kind=alert.kind, at=at, facts=alert.facts
    )
