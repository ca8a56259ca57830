"""
The function URL that Stripe calls: every check in order, cheapest first, and nothing is touched before the signature.

Whatever fails before verification gets the same `400 {}`: no read, no write, no call, no detail in the log.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from chalicelib import observability, wiring
from chalicelib.domain.errors import Busy
from chalicelib.payments.events import Event, Forged, verify
from chalicelib.services.fulfilling import NotYetKnown, Outcome
from chalicelib.services.hearing import apply_event
from chalicelib.services.ports import OutcomeUnknown, PaymentsFailed, Throttled

LARGEST_BODY = 256 * 1024  # bytes
ACTOR = "stripe"
COUNTED = {Outcome.QUARANTINED: "QuarantinedEvents", Outcome.PARKED: "ParkedEvents"}  # what alarms look at
Answer = dict[str, Any]


def handle(request: Mapping[str, Any], remaining_ms: float | None) -> Answer:
    """
    Answer one request to the function URL (payload version 2).

    200 is said after the commit and not before; 5xx asks Stripe to come again.
    """
    http = (request.get("requestContext") or {}).get("http") or {}
    if request.get("rawPath", "/") not in ("/", ""):
        return _answer(404)
    if http.get("method") != "POST":
        return _answer(405)
    try:
        body = _body_of(request)
        header = (request.get("headers") or {}).get("stripe-signature", "")
        event = verify(body, header, secrets=wiring.webhook_secrets(), now=wiring.now())
    except Forged:
        observability.count("ForgedWebhooks")
        return _answer(400)
    return _apply(event, remaining_ms)


def _body_of(request: Mapping[str, Any]) -> bytes:
    text = request.get("body") or ""
    if not isinstance(text, str) or len(text) > 2 * LARGEST_BODY:
        raise Forged
    try:
        body = b64decode(text, validate=True) if request.get("isBase64Encoded") else text.encode()
    except (binascii.Error, ValueError):
        raise Forged from None
    if not body or len(body) > LARGEST_BODY:
        raise Forged
    return body


def _apply(event: Event, remaining_ms: float | None) -> Answer:
    hint = event.hint(wiring.now())
    try:
        outcome = apply_event(wiring.shop(remaining_ms), hint, stamp=wiring.stamp(ACTOR))
    except (NotYetKnown, PaymentsFailed, Busy, Throttled, OutcomeUnknown) as again:
        observability.say("stripe event again", event_id=event.event_id, error=type(again).__name__)
        return _answer(503)
    return _said(event, outcome)


def _said(event: Event, outcome: Outcome) -> Answer:
    if outcome in COUNTED:
        observability.count(COUNTED[outcome])
    observability.say("stripe event", event_id=event.event_id, event_type=event.type, outcome=outcome.value)
    return _answer(200)


def _answer(status: int) -> Answer:
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": "{}"}
