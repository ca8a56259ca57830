"""Plans: what there is, which one a wallet is on, and an admin's word about that."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, subscription_views, usage_views
from chalicelib.api.auth import caller_of, wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.services.once import Claim, Hand
from chalicelib.services.planning import override_plan

plan_routes = Routes(__name__)


@plan_routes.get("/api/plans", scope=Scope.PUBLIC)
def list_plans() -> Response:
    """List plans with their prices, quotas and rates."""
    return answers.answer(200, usage_views.plans(wiring.catalog()), {"Cache-Control": "public, max-age=60"})


@plan_routes.get("/api/user/subscription", scope=Scope.CUSTOMER)
def show_subscription() -> Response:
    """Show the plan the wallet is on, and how its subscription stands."""
    wallet, row = wiring.store().wallet_and_subscription(wallet_of(plan_routes.current_request))
    return answers.ok(subscription_views.subscription(wallet, row, wiring.catalog(), wiring.now()))


@plan_routes.post("/api/user/subscription", scope=Scope.ADMIN)
def set_subscription() -> Response:
    """Put a wallet on a plan by an admin's word, until it is cleared; once per `Idempotency-Key`."""
    request = plan_routes.current_request
    body, key = bodies.read(request, bodies.PlanBody), bodies.key(request)
    claim = Claim.on(body.wallet_id, key, operation="plan", body=bodies.as_fields(body), hand=Hand.ADMIN)
    till = wiring.till(plan_routes.lambda_context.get_remaining_time_in_millis())
    recorded = override_plan(till, body.plan_id, claim, stamp=wiring.stamp(caller_of(request).wallet_id))
    return answers.ok(subscription_views.plan_set(recorded.entry, wiring.catalog()), replayed=recorded.replayed)
