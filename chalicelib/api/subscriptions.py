"""Subscriptions: begun on the payment provider's page; changed, cancelled and resumed here, or on its own pages."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chalice.app import Request, Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, subscription_views
from chalicelib.api.auth import caller_of, wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.catalog import Interval
from chalicelib.domain.subscription_changes import SubscriptionChange, to_cancel, to_plan, to_resume
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.wallet import Wallet
from chalicelib.services.limiting import Slot
from chalicelib.services.once import Claim, Hand
from chalicelib.services.purchasing import Shop
from chalicelib.services.subscribing import PlanWish, change_plan, open_portal

if TYPE_CHECKING:
    from chalicelib.api import shapes

subscription_routes = Routes(__name__)
PATH = "/api/user/subscription"
NOW = "now"


@subscription_routes.post(f"{PATH}/checkout", scope=Scope.CUSTOMER, limited=True)
def subscribe(slot: Slot) -> Response:
    """Open a checkout for a plan; where a subscription runs, change it instead. Once per `Idempotency-Key`."""
    request = subscription_routes.current_request
    body = bodies.read(request, bodies.SubscribeBody)

    def decide(row: Subscription) -> SubscriptionChange:
        return to_plan(row, body.plan_id, body.interval, wiring.catalog())

    said = bodies.as_fields(body)
    return _changed(
        request, decide, slot, operation="subscribe", said=said, plan_id=body.plan_id, interval=body.interval
    )


@subscription_routes.post(f"{PATH}/cancel", scope=Scope.CUSTOMER, limited=True)
def cancel(slot: Slot) -> Response:
    """Cancel at the period's end, or now; bought credits stay. Once per `Idempotency-Key`."""
    request = subscription_routes.current_request
    body = bodies.read(request, bodies.CancelBody)

    def decide(row: Subscription) -> SubscriptionChange:
        return to_cancel(row, now=body.at == NOW)

    return _changed(request, decide, slot, operation="cancel", said=bodies.as_fields(body))


@subscription_routes.post(f"{PATH}/resume", scope=Scope.CUSTOMER, limited=True)
def resume(slot: Slot) -> Response:
    """Take back what was planned for the period's end. Once per `Idempotency-Key`."""
    request = subscription_routes.current_request
    bodies.read(request, bodies.EmptyBody)
    return _changed(request, to_resume, slot, operation="resume", said={})


@subscription_routes.post("/api/user/portal", scope=Scope.CUSTOMER, limited=True)
def portal(slot: Slot) -> Response:
    """Open the payment provider's own pages: cards, invoices, addresses."""
    request = subscription_routes.current_request
    bodies.read_optional(request, bodies.EmptyBody)
    url = open_portal(_shop(), wallet_of(request, as_owner=True), take_slot=slot.take)
    shown: shapes.subscriptions.BillingPortal = {"url": url}
    return answers.ok(shown)


def _changed(
    request: Request,
    decide: Callable[[Subscription], SubscriptionChange],
    slot: Slot,
    *,
    operation: str,
    said: dict[str, Any],
    plan_id: str | None = None,
    interval: Interval | None = None,
) -> Response:
    wallet_id, key, caller = wallet_of(request, as_owner=True), bodies.key(request), caller_of(request)

    def show(wallet: Wallet, row: Subscription) -> shapes.subscriptions.Subscription:
        return subscription_views.subscription(wallet, row, wiring.catalog(), wiring.now())

    wish = PlanWish(
        wallet_id=wallet_id,
        decide=decide,
        show=show,
        show_checkout=subscription_views.checkout,
        plan_id=plan_id,
        interval=interval,
        email=caller.email,
    )
    claim = Claim.on(wallet_id, key, operation=f"subscription.{operation}", body=said, hand=Hand.CUSTOMER)
    stamp = wiring.stamp(caller.wallet_id)
    answer, replayed = change_plan(_shop(), wish, claim, stamp=stamp, take_slot=slot.take)
    status = HTTPStatus.CREATED if "checkout_url" in answer else HTTPStatus.OK
    return answers.answer(status, answer, answers.REPLAYED if replayed else None)


def _shop() -> Shop:
    return wiring.shop(subscription_routes.lambda_context.get_remaining_time_in_millis())
