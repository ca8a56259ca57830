"""
What each route asks for, and which refusals are its own: the other half of the OpenAPI document, beside `answers_of`.

Nothing that runs imports it. Bodies are the very types that `bodies.read` reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from chalicelib.api import bodies, credit_bodies
from chalicelib.api.bodies import EventBody, PlanId, TimeText, WalletId
from chalicelib.domain.ledger import KINDS

Limit = Annotated[
    int, msgspec.Meta(ge=1, le=bodies.MOST, description="How many lines a page may have; 25 if not said.")
]
ExportLimit = Annotated[
    int, msgspec.Meta(ge=1, le=1000, description="How many entries a page may have; 1,000 if not said.")
]
AskedCursor = Annotated[
    str, msgspec.Meta(max_length=400, description="Where to read on: `next_cursor` of the page before.")
]
AskedDays = Literal[7, 30, 90]
AskedMonth = Annotated[
    str, msgspec.Meta(pattern=r"^\d{4}-\d\d$", description="A month in UTC; the running one if not said.")
]
Kind = Annotated[
    str, msgspec.Meta(extra_json_schema={"enum": sorted(KINDS)}, description="One kind of entry; all if not said.")
]

WALLET = {
    "wallet": Annotated[
        WalletId, msgspec.Meta(description="A team's wallet that the token lists; the own if not said.")
    ]
}
PAGE = {"limit": Limit, "cursor": AskedCursor}


class UsageBatchBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/usage/batch`: up to 100 uses of any wallets. A bad one fails alone."""

    events: Annotated[list[EventBody], msgspec.Meta(min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request may carry: its name for clients, parameters of its query, its body, and what it may meet."""

    name: str
    query: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()  # of the query
    body: Any = None
    may_lack_body: bool = False
    keyed: bool = False  # wants an Idempotency-Key
    located: bool = False  # says where what came into being is found
    refusals: tuple[str, ...] = ()  # codes, beside those that every such route may answer


SPENDING = ("insufficient_credits", "quota_exceeded", "frozen", "unprocessable")
SUBSCRIBING = ("payment_declined", "conflict", "unprocessable", "stripe_unavailable")

REQUESTS: dict[tuple[str, str], Asked] = {
    ("GET", "/api/health"): Asked(name="getHealth"),
    ("GET", "/api/openapi.json"): Asked(name="getOpenApi"),
    ("GET", "/api/credits/packages"): Asked(name="listPackages"),
    ("POST", "/api/credits/purchase"): Asked(
        name="createPurchase",
        query=WALLET,
        body=bodies.PurchaseBody,
        keyed=True,
        located=True,
        refusals=("stripe_unavailable", "conflict"),
    ),
    ("GET", "/api/credits/purchases/{purchase_id}"): Asked(name="getPurchase", query=WALLET),
    ("GET", "/api/credits/balance"): Asked(name="getBalance", query={**WALLET, "at": TimeText}),
    ("GET", "/api/credits/history"): Asked(
        name="listHistory", query={**WALLET, "type": Kind, "from": TimeText, "to": TimeText, **PAGE}
    ),
    ("GET", "/api/credits/entries/{seq}/explanation"): Asked(name="getExplanation", query=WALLET),
    ("GET", "/api/credits/statement"): Asked(name="getStatement", query={**WALLET, "month": AskedMonth}),
    ("GET", "/api/credits/export"): Asked(
        name="exportWallet", query={**WALLET, "limit": ExportLimit, "cursor": AskedCursor}
    ),
    ("POST", "/api/credits/transfer"): Asked(
        name="createTransfer",
        query=WALLET,
        body=credit_bodies.TransferBody,
        keyed=True,
        located=True,
        refusals=("insufficient_credits", "frozen", "unprocessable"),
    ),
    ("GET", "/api/credits/auto-topup"): Asked(name="getAutoTopup", query=WALLET),
    ("PUT", "/api/credits/auto-topup"): Asked(
        name="setAutoTopup",
        query=WALLET,
        body=credit_bodies.TopUpBody,
        refusals=("conflict", "unprocessable", "stripe_unavailable"),
    ),
    ("POST", "/api/credits/holds"): Asked(
        name="createHold", body=credit_bodies.HoldBody, keyed=True, refusals=(*SPENDING, "conflict", "not_found")
    ),
    ("POST", "/api/credits/holds/{hold_id}/capture"): Asked(
        name="captureHold", body=credit_bodies.CaptureBody, keyed=True, refusals=(*SPENDING, "hold_closed")
    ),
    ("POST", "/api/credits/holds/{hold_id}/release"): Asked(
        name="releaseHold", body=credit_bodies.ReleaseBody, keyed=True, refusals=("hold_closed",)
    ),
    ("GET", "/api/user/usage"): Asked(name="getUsage", query={**WALLET, "days": AskedDays}),
    ("GET", "/api/customer/usage"): Asked(name="getPredictionUsage", query={**WALLET, "days": AskedDays}),
    ("POST", "/api/user/usage/increment"): Asked(
        name="recordUsage", body=bodies.UsageBody, keyed=True, refusals=SPENDING
    ),
    ("POST", "/api/usage/batch"): Asked(name="recordUsageBatch", body=UsageBatchBody),
    ("POST", "/api/usage/quote"): Asked(name="getQuote", query=WALLET, body=bodies.QuoteBody),
    ("GET", "/api/plans"): Asked(name="listPlans"),
    ("GET", "/api/plans/compare"): Asked(
        name="comparePlans", query={**WALLET, "to": PlanId}, required=frozenset({"to"})
    ),
    ("GET", "/api/user/recommendation"): Asked(name="getRecommendation", query=WALLET),
    ("GET", "/api/user/subscription"): Asked(name="getSubscription", query=WALLET),
    ("POST", "/api/user/subscription"): Asked(
        name="setPlan", body=bodies.PlanBody, keyed=True, refusals=("conflict", "unprocessable")
    ),
    ("POST", "/api/user/subscription/checkout"): Asked(
        name="subscribe", query=WALLET, body=bodies.SubscribeBody, keyed=True, refusals=SUBSCRIBING
    ),
    ("POST", "/api/user/subscription/cancel"): Asked(
        name="cancelSubscription", query=WALLET, body=bodies.CancelBody, keyed=True, refusals=SUBSCRIBING
    ),
    ("POST", "/api/user/subscription/resume"): Asked(
        name="resumeSubscription", query=WALLET, body=bodies.EmptyBody, keyed=True, refusals=SUBSCRIBING
    ),
    ("POST", "/api/user/portal"): Asked(
        name="createPortalSession",
        query=WALLET,
        body=bodies.EmptyBody,
        may_lack_body=True,
        refusals=("conflict", "stripe_unavailable"),
    ),
    ("GET", "/api/user/payments"): Asked(name="listPayments", query={**WALLET, **PAGE}),
    ("GET", "/api/user/notifications"): Asked(name="getNotifications", query=WALLET),
    ("PUT", "/api/user/notifications"): Asked(name="setNotifications", query=WALLET, body=bodies.NotificationsBody),
    ("GET", "/api/admin/wallets/{wallet_id}"): Asked(name="getWallet"),
    ("POST", "/api/admin/wallets/{wallet_id}/grants"): Asked(
        name="createGrant", body=credit_bodies.GrantBody, keyed=True, located=True, refusals=("unprocessable",)
    ),
    ("POST", "/api/admin/wallets/{wallet_id}/adjustments"): Asked(
        name="createAdjustment",
        body=credit_bodies.AdjustmentBody,
        keyed=True,
        located=True,
        refusals=("unprocessable",),
    ),
    ("POST", "/api/admin/wallets/{wallet_id}/refunds"): Asked(
        name="createRefund",
        body=credit_bodies.RefundBody,
        keyed=True,
        located=True,
        refusals=("conflict", "unprocessable", "stripe_unavailable"),
    ),
    ("POST", "/api/admin/wallets/{wallet_id}/freeze"): Asked(
        name="freezeWallet", body=credit_bodies.ReasonBody, keyed=True, refusals=("conflict",)
    ),
    ("POST", "/api/admin/wallets/{wallet_id}/unfreeze"): Asked(
        name="unfreezeWallet", body=credit_bodies.ReasonBody, keyed=True, refusals=("conflict",)
    ),
    ("POST", "/api/admin/wallets/{wallet_id}/erasure"): Asked(
        name="eraseWallet", body=credit_bodies.ReasonBody, keyed=True, refusals=("conflict",)
    ),
    ("GET", "/api/admin/trace/{id}"): Asked(name="trace", query={"wallet": WalletId}, refusals=("stripe_unavailable",)),
    ("GET", "/api/admin/quarantine"): Asked(name="listQuarantine", query=PAGE),
    ("POST", "/api/admin/quarantine/{event_id}/replay"): Asked(
        name="replayEvent", keyed=True, refusals=("conflict", "stripe_unavailable")
    ),
}

IN_PATH: dict[str, Any] = {
    "purchase_id": Annotated[str, msgspec.Meta(pattern=r"^pur_[0-9a-z]{20}$")],
    "hold_id": Annotated[str, msgspec.Meta(min_length=1, max_length=64)],
    "wallet_id": WalletId,
    "seq": Annotated[int, msgspec.Meta(ge=1, lt=10**12)],
    "event_id": Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,255}$")],
    "id": Annotated[str, msgspec.Meta(min_length=1, max_length=255, description="Any id, ours or Stripe's.")],
}
"""What stands in paths, by its name there."""
