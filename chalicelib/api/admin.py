"""What an admin may do to a wallet; who and why stands in the entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, credit_bodies, cursors, operator_views, views
from chalicelib.api.auth import caller_of
from chalicelib.api.paths import named_wallet, trace_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import NotFound
from chalicelib.services.freezing import freeze_wallet
from chalicelib.services.hearing import replay
from chalicelib.services.once import Claim, Hand
from chalicelib.services.purchasing import Shop
from chalicelib.services.refunding import RefundOrder, refund_purchase

if TYPE_CHECKING:
    from chalicelib.api import shapes

admin_routes = Routes(__name__)
QUARANTINE = "quarantine"
EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
PURCHASE_ID = re.compile(r"pur_[0-9a-z]{20}")


@admin_routes.post("/api/admin/wallets/{wallet_id}/freeze", scope=Scope.ADMIN)
def freeze(wallet_id: str) -> Response:
    """Keep what is in a wallet from leaving it, once per `Idempotency-Key`."""
    return _set_frozen(wallet_id, frozen=True)


@admin_routes.post("/api/admin/wallets/{wallet_id}/unfreeze", scope=Scope.ADMIN)
def unfreeze(wallet_id: str) -> Response:
    """Let a frozen wallet go, once per `Idempotency-Key`."""
    return _set_frozen(wallet_id, frozen=False)


@admin_routes.post("/api/admin/wallets/{wallet_id}/refunds", scope=Scope.ADMIN)
def refund(wallet_id: str) -> Response:
    """Give money back for a purchase and take its credits, once per `Idempotency-Key`."""
    request = admin_routes.current_request
    body, key = bodies.read(request, credit_bodies.RefundBody), bodies.key(request)
    wallet_id = named_wallet(wallet_id)
    if not PURCHASE_ID.fullmatch(body.purchase_id):
        raise NotFound
    order = RefundOrder(
        wallet_id=wallet_id, purchase_id=body.purchase_id, reason=body.reason, amount_minor=body.amount_minor
    )
    claim = Claim.on(wallet_id, key, operation="refund", body=bodies.as_fields(body), hand=Hand.ADMIN)
    answer, replayed = refund_purchase(_shop(), order, claim, stamp=wiring.stamp(caller_of(request).wallet_id))
    shown = operator_views.refund(answer)
    return answers.created(shown, location=trace_of(shown["refund_id"]), replayed=replayed)


@admin_routes.get("/api/admin/quarantine", scope=Scope.ADMIN)
def list_quarantine() -> Response:
    """List events that were kept aside, for a person to look at."""
    request = admin_routes.current_request
    cursor, limit = bodies.query(request, "cursor"), bodies.limit(request)
    after = cursors.read_name(cursor, QUARANTINE) if cursor else None
    found, more = wiring.store().listed_oddities(after=after, limit=limit)
    shown: shapes.operators.Quarantine = {
        "events": [views.oddity(each) for each in found],
        "next_cursor": cursors.write_name(more, QUARANTINE) if more else None,
    }
    return answers.ok(shown)


@admin_routes.post("/api/admin/quarantine/{event_id}/replay", scope=Scope.ADMIN)
def replay_event(event_id: str) -> Response:
    """Apply an event that was kept aside. Doing it again changes nothing: events are hints."""
    request = admin_routes.current_request
    bodies.key(request)
    if not EVENT_ID.fullmatch(event_id):
        raise NotFound
    outcome = replay(_shop(), event_id, stamp=wiring.stamp(caller_of(request).wallet_id))
    shown: shapes.operators.EventReplayed = {"event_id": event_id, "outcome": outcome.value}
    return answers.ok(shown)


def _shop() -> Shop:
    return wiring.shop(admin_routes.lambda_context.get_remaining_time_in_millis())


def _set_frozen(wallet_id: str, *, frozen: bool) -> Response:
    request, wallet_id = admin_routes.current_request, named_wallet(wallet_id)
    body, key = bodies.read(request, credit_bodies.ReasonBody), bodies.key(request)
    said = {"frozen": frozen, **bodies.as_fields(body)}
    claim = Claim.on(wallet_id, key, operation="freeze", body=said, hand=Hand.ADMIN)
    recorded = freeze_wallet(
        wiring.till(admin_routes.lambda_context.get_remaining_time_in_millis()),
        claim,
        frozen=frozen,
        reason=body.reason,
        stamp=wiring.stamp(caller_of(request).wallet_id),
    )
    return answers.ok(operator_views.frozen(recorded.entry), replayed=recorded.replayed)
