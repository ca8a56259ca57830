"""Answers: JSON out, refusals as problem+json (RFC 9457), and the one map from what went wrong to a status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chalice.app import Response

from chalicelib.api import views
from chalicelib.domain import errors

if TYPE_CHECKING:
    from chalicelib.api import shapes

STATUS: dict[type[errors.Refusal], HTTPStatus] = {
    errors.InsufficientCredits: HTTPStatus.PAYMENT_REQUIRED,
    errors.PaymentDeclined: HTTPStatus.PAYMENT_REQUIRED,
    errors.QuotaExceeded: HTTPStatus.PAYMENT_REQUIRED,
    errors.InvalidRequest: HTTPStatus.BAD_REQUEST,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.KeyReused: HTTPStatus.CONFLICT,
    errors.HoldClosed: HTTPStatus.CONFLICT,
    errors.Frozen: HTTPStatus.CONFLICT,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Unprocessable: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.WalletFull: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.PaymentsUnavailable: HTTPStatus.BAD_GATEWAY,
    errors.Busy: HTTPStatus.SERVICE_UNAVAILABLE,
}
TITLES = {
    "invalid_request": "The request is wrong",
    "unauthenticated": "A valid token is wanted",
    "insufficient_credits": "Not enough credits",
    "payment_declined": "The card was declined",
    "quota_exceeded": "The quota is used up",
    "forbidden": "Not allowed",
    "not_found": "Not found",
    "conflict": "The present state forbids it",
    "key_reused": "The key was used for another request",
    "hold_closed": "The hold is not open any more",
    "frozen": "The wallet is frozen",
    "too_large": "The body is too large",
    "unsupported_media_type": "JSON is wanted",
    "unprocessable": "Understood, but impossible",
    "too_many_requests": "Too many requests",
    "stripe_unavailable": "The payment provider did not answer",
    "busy": "Busy, try again",
    "internal": "Our mistake",
}
PROBLEM = "application/problem+json"
REPLAYED = {"Idempotency-Replayed": "true"}
NO_STORE = {"Cache-Control": "no-store"}


def answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Answer JSON that nobody keeps, unless *headers* say otherwise."""
    sent: dict[str, str | list[str]] = {"Content-Type": "application/json", **NO_STORE, **(headers or {})}
    return Response(body=json.dumps(body, separators=(",", ":")), headers=sent, status_code=status)


def ok(body: Mapping[str, Any], *, replayed: bool = False) -> Response:
    return answer(HTTPStatus.OK, body, REPLAYED if replayed else None)


def created(body: Mapping[str, Any], *, location: str | None = None, replayed: bool) -> Response:
    """Answer what came into being, and where the same caller finds it; a repeat says that it is one."""
    place = {"Location": location} if location else {}
    return answer(HTTPStatus.CREATED, body, {**place, **(REPLAYED if replayed else {})})


def tagged(body: Mapping[str, Any], *, if_none_match: str | None) -> Response:
    """Answer with an ETag over what is said, but not over when; 304 for who has it already."""
    said = {name: value for name, value in body.items() if name != "as_of"}
    etag = '"' + sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32] + '"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    known = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    if known & {etag, "*"}:
        return Response(body="", headers={**headers}, status_code=HTTPStatus.NOT_MODIFIED)
    return answer(HTTPStatus.OK, body, headers)


def problem(code: str, status: int, detail: str, facts: Mapping[str, object] | None = None) -> shapes.problems.Problem:
    """Shape what went wrong as RFC 9457 says, with our stable `code`."""
    shape = {"type": f"urn:tally:problem:{code}", "title": TITLES[code], "status": int(status), "detail": detail}
    said: Any = {**shape, "code": code, **(facts or {})}  # which facts there are, the code says
    problem: shapes.problems.Problem = said
    return problem


def refused(refusal: errors.Refusal) -> Response:
    """Answer a refusal with its facts."""
    status = STATUS[type(refusal)]
    headers = {"Content-Type": PROBLEM}
    retry_after = getattr(refusal, "retry_after_seconds", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return answer(status, refusal_body(refusal), headers)


def refusal_body(refusal: errors.Refusal) -> shapes.problems.Problem:
    """Shape a refusal with its facts, and with what would have made it possible."""
    found = getattr(refusal, "offers", None)
    facts = {**refusal.facts, "offers": views.offers(found)} if found else refusal.facts
    return problem(refusal.code, STATUS[type(refusal)], str(refusal), facts)


def broken() -> Response:
    """Answer for a mistake of ours; the details are in the log."""
    detail = "Something went wrong on our side; it is logged. Try again with the same key."
    body = problem("internal", HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, body, {"Content-Type": PROBLEM})
