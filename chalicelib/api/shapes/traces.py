"""The answer to any id an operator has: everything that hangs together with it."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from chalicelib.api.shapes.operators import WalletEntry
from chalicelib.api.shapes.parts import Time
from chalicelib.api.shapes.rows import EventRow, InvoiceRow, PurchaseRow, SubscriptionRow

IdKind = Literal[
    "wallet",
    "purchase",
    "session",
    "payment",
    "charge",
    "refund",
    "dispute",
    "subscription",
    "invoice",
    "customer",
    "event",
    "entry",
    "lot",
    "hold",
    "key",
]


class ProviderFacts(TypedDict, total=False):
    """What the payment provider says now of any of its things, if it answered."""

    created_at: Time | None
    live: bool | None


class ProviderState(ProviderFacts, total=False):
    """The same, of what has a status, in the provider's word."""

    status: str | None


class ProviderAmount(ProviderState, total=False):
    """The same, of what has an amount, in minor units."""

    amount_minor: int | None
    currency: str | None


class MoneyGivenBack(TypedDict):
    """What the payment provider says now of money that went back; without its answer there is none."""

    status: str | None
    amount_minor: int | None
    currency: str | None
    created_at: Time | None
    live: bool | None


class TracedSession(ProviderAmount):
    """A checkout session."""

    session_id: str
    mode: NotRequired[str | None]
    payment_status: NotRequired[str | None]


class TracedPayment(ProviderAmount):
    """A payment and its charge."""

    payment_id: str
    charge_id: NotRequired[str]
    refunded_minor: NotRequired[int | None]
    disputed: NotRequired[bool | None]


class TracedRefund(MoneyGivenBack):
    """A refund."""

    refund_id: str


class TracedDispute(MoneyGivenBack):
    """A dispute."""

    dispute_id: str
    reason: str | None


class TracedSubscription(ProviderState):
    """A subscription, and our row of it; one without an id was never begun."""

    subscription_id: NotRequired[str]
    row: NotRequired[SubscriptionRow]


class TracedInvoice(ProviderAmount):
    """An invoice, and our row of it."""

    invoice_id: str
    number: NotRequired[str | None]
    row: NotRequired[InvoiceRow]


class TracedCustomer(ProviderFacts):
    """A customer."""

    customer_id: str


class TracedThings(TypedDict, total=False):
    """What is known of each thing that hangs together with an id."""

    purchase: PurchaseRow
    session: TracedSession
    payment: TracedPayment
    refund: TracedRefund
    dispute: TracedDispute
    subscription: TracedSubscription
    invoice: TracedInvoice
    customer: TracedCustomer
    purchases: list[PurchaseRow]


class Trace(TracedThings):
    """
    What hangs together with an id. What there is none of is left out, but for events and entries.

    `complete`: nothing that is looked for was left out.
    """

    id: str
    kind: IdKind
    wallet_id: str | None
    events: list[EventRow]
    entries: list[WalletEntry]
    complete: bool
