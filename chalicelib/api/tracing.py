"""Tracing: any id an operator has, and everything that hangs together with it."""

from __future__ import annotations

from urllib.parse import unquote

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, operator_views
from chalicelib.api.paths import named_wallet
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.services.connecting import connected
from chalicelib.services.tracing import Wanted, find

trace_routes = Routes(__name__)


@trace_routes.get("/api/admin/trace/{id}", scope=Scope.ADMIN)
def trace(id: str) -> Response:
    """Show what hangs together with an id, ours or Stripe's; lots, holds and keys want `?wallet=` beside it."""
    wallet = bodies.query(trace_routes.current_request, "wallet")
    wanted = Wanted(unquote(id), named_wallet(wallet) if wallet is not None else None)
    shop = wiring.shop(trace_routes.lambda_context.get_remaining_time_in_millis())
    return answers.ok(operator_views.trace(connected(shop, find(shop, wanted))))
