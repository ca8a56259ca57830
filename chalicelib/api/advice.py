"""Advice: the option that would have been cheapest, and two plans side by side."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import advice_views, answers, bodies
from chalicelib.api.auth import wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import InvalidRequest
from chalicelib.services.advising import Adviser, comparison, recommendation

advice_routes = Routes(__name__)


@advice_routes.get("/api/user/recommendation", scope=Scope.CUSTOMER)
def show_recommendation() -> Response:
    """Say honestly which option would have been the cheapest for the last months, with its sums."""
    wallet_id = wallet_of(advice_routes.current_request)
    option, advised = recommendation(_adviser(), wallet_id, wiring.now())
    return answers.ok(advice_views.recommendation(wallet_id, option, advised))


@advice_routes.get("/api/plans/compare", scope=Scope.CUSTOMER)
def compare_plans() -> Response:
    """Put a plan beside the wallet's, row by row, with the wallet's own use."""
    request = advice_routes.current_request
    to = bodies.query(request, "to")
    if to is None:
        raise InvalidRequest("to", "missing")
    plan = wiring.catalog().plans.get(to)
    if plan is None:
        raise InvalidRequest("to", "no such plan")
    return answers.ok(advice_views.comparison(comparison(_adviser(), wallet_of(request), plan, wiring.now())))


def _adviser() -> Adviser:
    return Adviser(wiring.store(), wiring.catalog())
