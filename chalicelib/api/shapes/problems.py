"""What is answered when something went wrong: RFC 9457, with a stable `code` and the code's own facts."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from chalicelib.api.shapes.parts import Credits, Offers, Quantity

Code = Literal[
    "invalid_request",
    "unauthenticated",
    "insufficient_credits",
    "payment_declined",
    "quota_exceeded",
    "forbidden",
    "not_found",
    "conflict",
    "key_reused",
    "hold_closed",
    "frozen",
    "too_large",
    "unsupported_media_type",
    "unprocessable",
    "too_many_requests",
    "stripe_unavailable",
    "busy",
    "internal",
]
Status = Annotated[int, msgspec.Meta(ge=400, le=599, description="The answer's HTTP status.")]


class InvalidRequest(TypedDict):
    """Which field, parameter or header of the request is wrong."""

    field: str


class InsufficientCredits(TypedDict):
    """How many credits are missing, and what would bring them."""

    required: Credits
    available: Credits
    shortfall: Credits
    offers: Offers


class QuotaExceeded(TypedDict):
    """Which quota is used up, and what would bring more of it."""

    meter: str
    quota: Quantity
    used: Quantity
    offers: Offers


class PaymentDeclined(TypedDict):
    """Why the card did not pay, in the payment provider's word."""

    reason: str


class ProblemFacts(TypedDict, total=False):
    """What problems say beside their common fields; which of it, says the code."""

    field: str
    required: Credits
    available: Credits
    shortfall: Credits
    quota: Quantity
    used: Quantity
    reason: str
    offers: Offers


class Problem(ProblemFacts):
    """What went wrong (RFC 9457); `code` is stable, and says which of the other facts are there."""

    type: Annotated[str, msgspec.Meta(pattern="^urn:tally:problem:")]
    title: str
    status: Status
    detail: str
    code: Code
    meter: NotRequired[str]
