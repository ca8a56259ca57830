"""One wallet, as admins see and change it: all about it, grants, adjustments, and erasing whom it belongs to."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, credit_bodies, operator_views
from chalicelib.api.auth import caller_of
from chalicelib.api.paths import named_wallet, trace_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.services.crediting import adjust_credits, grant_credits
from chalicelib.services.erasing import erase_wallet
from chalicelib.services.once import Claim, Hand, Recorded
from chalicelib.services.overseeing import overview_of
from chalicelib.services.using import Till

wallet_routes = Routes(__name__)
PATH = "/api/admin/wallets/{wallet_id}"


@wallet_routes.get(PATH, scope=Scope.ADMIN)
def show_wallet(wallet_id: str) -> Response:
    """Show all about a wallet: balance, books, plan, subscription, contact, and the latest entries and purchases."""
    found = overview_of(wiring.store(), named_wallet(wallet_id))
    return answers.ok(operator_views.overview(found, wiring.catalog(), wiring.now()))


@wallet_routes.post(f"{PATH}/grants", scope=Scope.ADMIN)
def grant(wallet_id: str) -> Response:
    """Grant promotional credits, once per `Idempotency-Key`."""
    request, wallet_id = wallet_routes.current_request, named_wallet(wallet_id)
    body, key = bodies.read(request, credit_bodies.GrantBody), bodies.key(request)
    wanted = credit_bodies.grant_of(body)
    claim = Claim.on(wallet_id, key, operation="grant", body=bodies.as_fields(body), hand=Hand.ADMIN)
    return _credited(grant_credits(_till(), wanted, claim, stamp=wiring.stamp(caller_of(request).wallet_id)))


@wallet_routes.post(f"{PATH}/adjustments", scope=Scope.ADMIN)
def adjust(wallet_id: str) -> Response:
    """Correct what a wallet holds, up or down, once per `Idempotency-Key`."""
    request, wallet_id = wallet_routes.current_request, named_wallet(wallet_id)
    body, key = bodies.read(request, credit_bodies.AdjustmentBody), bodies.key(request)
    credit_bodies.check_change(body)
    claim = Claim.on(wallet_id, key, operation="adjustment", body=bodies.as_fields(body), hand=Hand.ADMIN)
    stamp = wiring.stamp(caller_of(request).wallet_id)
    return _credited(adjust_credits(_till(), body.credits, claim, reason=body.reason, stamp=stamp))


@wallet_routes.post(f"{PATH}/erasure", scope=Scope.ADMIN)
def erase(wallet_id: str) -> Response:
    """Erase what identifies a person, up to the last entry. Until it is done, the same request goes on."""
    request, wallet_id = wallet_routes.current_request, named_wallet(wallet_id)
    body, key = bodies.read(request, credit_bodies.ReasonBody), bodies.key(request)
    claim = Claim.on(wallet_id, key, operation="erasure", body=bodies.as_fields(body), hand=Hand.ADMIN)
    stamp = wiring.stamp(caller_of(request).wallet_id)
    done = erase_wallet(_till(), claim, reason=body.reason, stamp=stamp)
    return answers.ok(operator_views.erasure(done), replayed=done.replayed)


def _till() -> Till:
    return wiring.till(wallet_routes.lambda_context.get_remaining_time_in_millis())


def _credited(recorded: Recorded) -> Response:
    place = trace_of(recorded.entry.entry_id)
    return answers.created(operator_views.credited(recorded.entry), location=place, replayed=recorded.replayed)
