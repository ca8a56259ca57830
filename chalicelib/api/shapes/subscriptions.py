"""Answers about subscriptions and what was paid."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from chalicelib.api.shapes.credits import Minor
from chalicelib.api.shapes.parts import Credits, Cursor, Interval, Money, Period, Time, Url

SubscriptionStatus = Literal[
    "trialing", "active", "past_due", "unpaid", "paused", "incomplete", "incomplete_expired", "canceled"
]


class PlanTerms(TypedDict):
    """Which plan it is and how it is paid."""

    plan_id: str
    name: str
    status: SubscriptionStatus
    interval: Interval
    price: Money | None
    next_billing_at: Time | None
    cancel_at_period_end: bool
    ends_at: Time | None
    pending_plan_id: str | None
    pending_interval: Interval | None


class PlanSet(PlanTerms):
    """The plan that an admin put a wallet on."""

    current_period_start: Time
    current_period_end: Time


class KeptLot(TypedDict):
    """A lot that stays whatever becomes of the plan."""

    lot_id: str
    remaining: Credits
    expires_at: Time | None


class KeptCredits(TypedDict):
    """The credits that stay whatever becomes of the plan, said in plain words, too."""

    credits: Credits
    lots: list[KeptLot]
    message: str


class Subscription(PlanSet):
    """The plan a wallet is on, and how its subscription stands; `quota_…` says whose quota holds, and for how long."""

    quota_plan_id: str
    quota_period: Period
    message: str
    keeps: KeptCredits


class CheckoutBegun(TypedDict):
    """The page on which a subscription is paid first."""

    checkout_url: Url
    checkout_session_id: str
    expires_at: Time


class BillingPortal(TypedDict):
    """The payment provider's own pages: cards, invoices, addresses."""

    url: Url


class Payment(TypedDict):
    """
    A purchase or an invoice, by `kind`; `status` is the purchase's, or of the invoice the provider's word.

    `purchase_id`, `refunded_minor`, `disputed` and `credits` are of a purchase; `invoice_id`, `number` and `period` of
    an invoice.
    """

    kind: Literal["purchase", "invoice"]
    status: str
    amount: Money
    created_at: Time
    paid_at: Time | None
    receipt_url: Url | None
    invoice_url: Url | None
    purchase_id: NotRequired[str]
    refunded_minor: NotRequired[Minor]
    disputed: NotRequired[bool]
    credits: NotRequired[Credits]
    invoice_id: NotRequired[str]
    number: NotRequired[str | None]
    period: NotRequired[Period]


class PaymentPage(TypedDict):
    """What a wallet has paid for, newest first."""

    payments: list[Payment]
    next_cursor: Cursor | None
