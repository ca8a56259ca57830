"""Payments: what a wallet has paid for, with its receipts."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, cursors, views
from chalicelib.api.auth import wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope

payment_routes = Routes(__name__)
LIST = "payments"


@payment_routes.get("/api/user/payments", scope=Scope.CUSTOMER)
def list_payments() -> Response:
    """List the wallet's purchases, newest first."""
    request = payment_routes.current_request
    wallet_id, limit, cursor = wallet_of(request), bodies.limit(request), bodies.query(request, "cursor")
    before = cursors.read_name(cursor, wallet_id, LIST) if cursor else None
    found = wiring.store().listed_purchases(wallet_id, before=before, limit=limit + 1)
    shown = [views.payment(each) for each in found[:limit]]
    more = len(found) > limit
    next_cursor = cursors.write_name(found[limit - 1].purchase_id, wallet_id, LIST) if more else None
    return answers.ok({"payments": shown, "next_cursor": next_cursor})
