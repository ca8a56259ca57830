"""Holds: what services set aside before a long job, and take when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, credit_bodies
from chalicelib.api.auth import caller_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import NotFound
from chalicelib.domain.holding import Wish
from chalicelib.domain.ledger import Entry, Fields
from chalicelib.domain.quotes import Quoted, read_quote
from chalicelib.services.holding import capture_hold, place_hold, release_hold
from chalicelib.services.once import Claim
from chalicelib.services.using import Till

if TYPE_CHECKING:
    from chalicelib.api import shapes

hold_routes = Routes(__name__)


@hold_routes.post("/api/credits/holds", scope=Scope.SERVICE)
def place() -> Response:
    """Set credits aside for a while, once per `Idempotency-Key`."""
    request = hold_routes.current_request
    body, key = bodies.read(request, credit_bodies.HoldBody), bodies.key(request)
    credit_bodies.check_one_of(body)
    quoted = read_quote(body.quote_id) if body.quote_id is not None else None
    if quoted and quoted.wallet_id != body.wallet_id:
        raise NotFound
    claim = Claim.on(body.wallet_id, key, operation="hold", body=bodies.as_fields(body))
    stamp = wiring.stamp(caller_of(request).wallet_id)

    def wish() -> Wish:
        return _by_quote(body, quoted) if quoted else _as_said(body)

    recorded = place_hold(_till(), wish, claim, stamp=stamp)
    entry = recorded.entry
    return answers.created(_placed(entry), replayed=recorded.replayed)


def _by_quote(body: credit_bodies.HoldBody, quoted: Quoted) -> Wish:
    quoted.check(wiring.now())
    return Wish(
        wallet_id=body.wallet_id,
        ttl=body.ttl,
        meter=quoted.meter,
        quantity=quoted.quantity,
        at_most=quoted.credits,
    )


def _as_said(body: credit_bodies.HoldBody) -> Wish:
    return Wish(
        wallet_id=body.wallet_id,
        ttl=body.ttl,
        credits=body.credits,
        meter=body.meter,
        quantity=body.quantity,
    )


@hold_routes.post("/api/credits/holds/{hold_id}/capture", scope=Scope.SERVICE)
def capture(hold_id: str) -> Response:
    """Take what was used of a hold and close it, once per `Idempotency-Key`."""
    request = hold_routes.current_request
    body, key = bodies.read(request, credit_bodies.CaptureBody), bodies.key(request)
    wanted = credit_bodies.capture_of(body, hold_id)
    said = {"hold_id": hold_id, **bodies.as_fields(body)}
    claim = Claim.on(body.wallet_id, key, operation="capture", body=said)
    recorded = capture_hold(_till(), wanted, claim, stamp=wiring.stamp(caller_of(request).wallet_id))
    return answers.ok(_captured(recorded.entry), replayed=recorded.replayed)


@hold_routes.post("/api/credits/holds/{hold_id}/release", scope=Scope.SERVICE)
def release(hold_id: str) -> Response:
    """Give everything back that a hold set aside, once per `Idempotency-Key`."""
    request = hold_routes.current_request
    body, key = bodies.read(request, credit_bodies.ReleaseBody), bodies.key(request)
    claim = Claim.on(body.wallet_id, key, operation="release", body={"hold_id": hold_id})
    recorded = release_hold(_till(), hold_id, claim, stamp=wiring.stamp(caller_of(request).wallet_id))
    return answers.ok(_closed(recorded.entry), replayed=recorded.replayed)


def _till() -> Till:
    return wiring.till(hold_routes.lambda_context.get_remaining_time_in_millis())


def _placed(entry: Entry) -> shapes.holds.Hold:
    facts = entry.facts
    shown: shapes.holds.Hold = {
        "hold_id": facts["hold_id"],
        "entry_id": entry.entry_id,
        "seq": entry.seq,
        "credits": -facts["credits"],
        "draws": _unsigned(facts["draws"]),
        "lapses_at": facts["lapses_at"],
        "available": facts["available_after"],
    }
    if "meter" in facts:
        shown["meter"] = facts["meter"]
        shown["quantity"] = facts["quantity"]
        shown["from_quota"] = facts["from_quota"]
    return shown


def _closed(entry: Entry) -> shapes.holds.Release:
    facts = entry.facts
    return {
        "hold_id": facts["hold_id"],
        "entry_id": entry.entry_id,
        "seq": entry.seq,
        "released": sum(draw["credits"] for draw in facts["draws"] if draw["credits"] > 0),
        "expired": sum(draw["credits"] for draw in facts.get("expired", ())),
        "available": facts["available_after"],
    }


def _captured(entry: Entry) -> shapes.holds.Capture:
    """Show what was taken, of the hold and beyond it, and what went back."""
    facts = entry.facts
    surplus = [draw for draw in facts["draws"] if draw["credits"] < 0]
    closed = _closed(entry)
    shown: shapes.holds.Capture = {
        "hold_id": closed["hold_id"],
        "entry_id": closed["entry_id"],
        "seq": closed["seq"],
        "released": closed["released"],
        "expired": closed["expired"],
        "available": closed["available"],
        "credits": facts["captured"],
        "draws": _unsigned([*facts["taken"], *surplus]),
    }
    if "meter" in facts:
        shown["meter"] = facts["meter"]
        shown["quantity"] = facts["quantity"]
        shown["from_quota"] = facts["from_quota"]
    if "uses" in facts:
        shown["uses"] = [_use(use) for use in facts["uses"]]
    return shown


def _use(use: Fields) -> shapes.holds.CapturedUse:
    return {
        "meter": use["meter"],
        "quantity": use["quantity"],
        "from_quota": use["from_quota"],
        "credits": -use["credits"],
    }


def _unsigned(draws: list[Fields]) -> list[shapes.parts.Draw]:
    return [{"lot_id": draw["lot_id"], "credits": abs(draw["credits"])} for draw in draws]
