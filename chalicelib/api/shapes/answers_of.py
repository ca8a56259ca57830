"""
What each route answers: the one table from which the OpenAPI document and the tests read it.

Nothing that runs imports it, so a cold start doesn't pay for the shapes.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.api.shapes.credits import Balance, PackageList, Purchase, PurchaseBegun, Transfer
from chalicelib.api.shapes.entries import Explanation, HistoryPage
from chalicelib.api.shapes.holds import Capture, Hold, Release
from chalicelib.api.shapes.operators import (
    Adjustment,
    Erasure,
    EventReplayed,
    Freeze,
    Quarantine,
    Refund,
    WalletOverview,
)
from chalicelib.api.shapes.parts import Health
from chalicelib.api.shapes.plans import Comparison, PlanList, Recommendation
from chalicelib.api.shapes.problems import InsufficientCredits, InvalidRequest, PaymentDeclined, QuotaExceeded
from chalicelib.api.shapes.settings import Notifications, TopUp
from chalicelib.api.shapes.statements import ExportedEntry, ExportedLot, ExportedPurchase, ExportEnd, Statement
from chalicelib.api.shapes.subscriptions import BillingPortal, CheckoutBegun, PaymentPage, PlanSet, Subscription
from chalicelib.api.shapes.traces import Trace
from chalicelib.api.shapes.usage import PredictionUsage, Quote, Usage, UsageBatch, UsageRecorded

Shape = type  # a TypedDict


@dataclass(frozen=True, slots=True)
class Media:
    """An answer in another media type than JSON; where it has lines of JSON, each is of one of these shapes."""

    type: str
    lines: tuple[Shape, ...] = ()


Answer = Shape | Media | tuple[Shape | Media, ...] | None
"""JSON of a shape, another media type, either as the caller likes it, or an answer without a body."""

ANSWERS: dict[tuple[str, str], dict[int, Answer]] = {
    ("GET", "/api/health"): {200: Health},
    ("GET", "/api/openapi.json"): {200: Media("application/json")},
    ("GET", "/api/credits/packages"): {200: PackageList},
    ("POST", "/api/credits/purchase"): {201: PurchaseBegun},
    ("GET", "/api/credits/purchases/{purchase_id}"): {200: Purchase},
    ("GET", "/api/credits/balance"): {200: Balance, 304: None},
    ("GET", "/api/credits/history"): {200: HistoryPage},
    ("GET", "/api/credits/entries/{seq}/explanation"): {200: Explanation},
    ("GET", "/api/credits/statement"): {200: (Statement, Media("text/csv"))},
    ("GET", "/api/credits/export"): {
        200: Media("application/x-ndjson", (ExportedEntry, ExportedLot, ExportedPurchase, ExportEnd))
    },
    ("POST", "/api/credits/transfer"): {201: Transfer},
    ("GET", "/api/credits/auto-topup"): {200: TopUp},
    ("PUT", "/api/credits/auto-topup"): {200: TopUp},
    ("POST", "/api/credits/holds"): {201: Hold},
    ("POST", "/api/credits/holds/{hold_id}/capture"): {200: Capture},
    ("POST", "/api/credits/holds/{hold_id}/release"): {200: Release},
    ("GET", "/api/user/usage"): {200: Usage, 304: None},
    ("GET", "/api/customer/usage"): {200: PredictionUsage},
    ("POST", "/api/user/usage/increment"): {200: UsageRecorded},
    ("POST", "/api/usage/batch"): {200: UsageBatch},
    ("POST", "/api/usage/quote"): {200: Quote},
    ("GET", "/api/plans"): {200: PlanList},
    ("GET", "/api/plans/compare"): {200: Comparison},
    ("GET", "/api/user/recommendation"): {200: Recommendation},
    ("GET", "/api/user/subscription"): {200: Subscription},
    ("POST", "/api/user/subscription"): {200: PlanSet},
    ("POST", "/api/user/subscription/checkout"): {200: Subscription, 201: CheckoutBegun},
    ("POST", "/api/user/subscription/cancel"): {200: Subscription},
    ("POST", "/api/user/subscription/resume"): {200: Subscription},
    ("POST", "/api/user/portal"): {200: BillingPortal},
    ("GET", "/api/user/payments"): {200: PaymentPage},
    ("GET", "/api/user/notifications"): {200: Notifications},
    ("PUT", "/api/user/notifications"): {200: Notifications},
    ("GET", "/api/admin/wallets/{wallet_id}"): {200: WalletOverview},
    ("POST", "/api/admin/wallets/{wallet_id}/grants"): {201: Adjustment},
    ("POST", "/api/admin/wallets/{wallet_id}/adjustments"): {201: Adjustment},
    ("POST", "/api/admin/wallets/{wallet_id}/refunds"): {201: Refund},
    ("POST", "/api/admin/wallets/{wallet_id}/freeze"): {200: Freeze},
    ("POST", "/api/admin/wallets/{wallet_id}/unfreeze"): {200: Freeze},
    ("POST", "/api/admin/wallets/{wallet_id}/erasure"): {200: Erasure},
    ("GET", "/api/admin/trace/{id}"): {200: Trace},
    ("GET", "/api/admin/quarantine"): {200: Quarantine},
    ("POST", "/api/admin/quarantine/{event_id}/replay"): {200: EventReplayed},
}

PROBLEMS: dict[str, Shape | None] = {
    "invalid_request": InvalidRequest,
    "unauthenticated": None,
    "insufficient_credits": InsufficientCredits,
    "payment_declined": PaymentDeclined,
    "quota_exceeded": QuotaExceeded,
    "forbidden": None,
    "not_found": None,
    "conflict": None,
    "key_reused": None,
    "hold_closed": None,
    "frozen": None,
    "too_large": None,
    "unsupported_media_type": None,
    "unprocessable": None,
    "too_many_requests": None,
    "stripe_unavailable": None,
    "busy": None,
    "internal": None,
}
"""What a problem says beside the common fields, by its code."""
