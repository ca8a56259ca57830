"""The one place for the shape of an HTTP answer, and for the headers that Stripe puts on each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.stripe.account import API_VERSION
from local.stripe.errors import ApiError, Json

OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; the names of headers are in small letters."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer(thing: Json, *, status: int = OK, request_id: str | None = None) -> Reply:
    """Say a JSON object."""
    return Reply(status=status, headers=headers_of(request_id), body=json.dumps(thing).encode())


def refuse(refusal: ApiError, *, request_id: str | None = None) -> Reply:
    """Say a refusal, in Stripe's shape."""
    return answer({"error": refusal.error}, status=refusal.status, request_id=request_id)


def headers_of(request_id: str | None) -> dict[str, str]:
    """The headers of a JSON answer; only calls of the API have a request id."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    if request_id:
        headers |= {"request-id": request_id, "stripe-version": API_VERSION}
    return headers
