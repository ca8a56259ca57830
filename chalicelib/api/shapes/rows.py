"""Rows as they are kept, shown to operators alone: each key is a field of the domain's record of that name."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

import msgspec

from chalicelib.api.shapes.credits import Minor, Purchase
from chalicelib.api.shapes.parts import Credits, Interval, Money, Seq, Time
from chalicelib.api.shapes.settings import TopUpStatus
from chalicelib.api.shapes.subscriptions import SubscriptionStatus

RefundState = Literal["given", "failed"]
DisputeState = Literal["inquiry", "open", "lost", "won"]
Change = Literal["checkout", "switch", "schedule", "cancel", "end", "resume"]
Stop = Literal["suspended", "authentication"]
Version = Annotated[int, msgspec.Meta(ge=1, description="How often the row was written.")]


class RefundFact(TypedDict):
    """What is known of a refund."""

    amount_minor: Minor
    state: RefundState


class DisputeFact(TypedDict):
    """What is known of a dispute."""

    amount_minor: Minor
    state: DisputeState


class MoneyFacts(TypedDict):
    """What is known of the money that went back, by the payment provider's ids."""

    refunds: dict[str, RefundFact]
    disputes: dict[str, DisputeFact]


class AskedRefund(TypedDict):
    """A refund that was asked for and isn't made yet."""

    refund_key: str
    amount_minor: Minor
    actor: str
    reason: str


class PurchaseRow(Purchase):
    """A purchase with all that its row says."""

    version: Version
    customer_id: str | None
    payment_id: str | None
    paid_minor: Minor | None
    email: str | None
    facts: MoneyFacts
    owed: Credits
    holders: list[str]
    asked: list[AskedRefund]
    due_at: Time | None


class SubscriptionNews(TypedDict):
    """What the payment provider said last of a subscription."""

    subscription_id: str
    wallet_id: str
    customer_id: str
    status: SubscriptionStatus
    plan_id: str
    interval: Interval
    price: Money
    created_at: Time
    anchor: Time
    period_start: Time
    period_end: Time
    live: bool
    is_paid: bool
    invoice_id: str | None
    invoiced_at: Time | None
    ends_at: Time | None
    ended_at: Time | None
    pending: tuple[str, Interval] | None
    item_id: str
    schedule_id: str | None


class AskedChange(TypedDict):
    """A change that was asked for and that may not be made yet."""

    ask_id: str
    change: Change
    at: Time
    plan_id: str | None
    interval: Interval | None


class SubscriptionRow(TypedDict):
    """What is known of a wallet's subscription."""

    wallet_id: str
    version: Version
    news: SubscriptionNews | None
    has_paid: bool
    asked: AskedChange | None
    session_id: str | None
    session_at: Time | None
    customer_id: str | None
    due_at: Time | None


class InvoiceRow(TypedDict):
    """An invoice of a subscription; `status` is the payment provider's word."""

    wallet_id: str
    invoice_id: str
    subscription_id: str
    status: str
    amount: Money
    created_at: Time
    period_start: Time
    period_end: Time
    paid_at: Time | None
    number: str | None
    url: str | None


class TopUpTerms(TypedDict):
    """What an automatic top-up is set to."""

    below: Credits
    target: Credits
    package_id: str
    monthly_cap_minor: Minor | None


class TopUpFlight(TypedDict):
    """The payment of a top-up that is under way."""

    purchase_id: str
    seq: Seq
    attempt: int
    credits: Credits
    amount: Money
    card: str
    began_at: Time


class TopUpRow(TypedDict):
    """An automatic top-up with all that its row says, and how it stands."""

    wallet_id: str
    version: Version
    enabled: bool
    terms: TopUpTerms | None
    trigger: Seq | None
    attempts: int
    flight: TopUpFlight | None
    declines: int
    not_before: Time | None
    stopped: Stop | None
    stopped_at: Time | None
    card: str | None
    month: str
    month_minor: Minor
    capped_month: str
    due_at: Time | None
    status: TopUpStatus


class QuarantinedEvent(TypedDict):
    """An event that was kept aside, for a person to look at."""

    event_id: str
    type: str
    reason: str
    at: Time
    wallet_id: str | None
    purchase_id: str | None


class EventRow(QuarantinedEvent):
    """An event that was kept aside, and whether it was applied since."""

    session_id: str | None
    payment_id: str | None
    subscription_id: str | None
    invoice_id: str | None
    customer_id: str | None
    applied_at: Time | None
