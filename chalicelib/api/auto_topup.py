"""Automatic top-up: what a customer sets, how it stands, and how that is said in plain words."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import msgspec
from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, views
from chalicelib.api.auth import caller_of, wallet_of
from chalicelib.api.credit_bodies import TopUpBody
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.ledger import as_text
from chalicelib.domain.money import Money
from chalicelib.domain.topups import TopUp, TopUpStatus, TopUpTerms
from chalicelib.services.limiting import Slot
from chalicelib.services.topup_settings import set_topup

if TYPE_CHECKING:
    from chalicelib.api import shapes

topup_routes = Routes(__name__)
PATH = "/api/credits/auto-topup"
TERMS = ("below", "target", "package_id", "monthly_cap_minor")
MESSAGES = {
    TopUpStatus.OFF: "Automatic top-up is off.",
    TopUpStatus.ARMED: "Credits are bought when a spend leaves fewer than {below}.",
    TopUpStatus.WAITING: "The balance fell below {below}; credits are bought shortly, but at most once an hour.",
    TopUpStatus.CHARGING: "A payment for {credits} credits is under way.",
    TopUpStatus.BACKING_OFF: "The card was declined; it is tried again in a while.",
    TopUpStatus.SUSPENDED: "The card was declined too often, or is gone; nothing is tried until another one is saved.",
    TopUpStatus.AUTHENTICATION_REQUIRED: (
        "The bank wants its customer to confirm payments; buy credits once yourself and save the card, "
        "or save another one."
    ),
    TopUpStatus.CAPPED: "This month's limit is reached; credits are bought again next month, or with a higher limit.",
}
UNOFFERED = "The package is not offered any more; choose another one."


@topup_routes.get(PATH, scope=Scope.CUSTOMER)
def show_topup() -> Response:
    """Show the settings, and how the top-up stands."""
    wallet_id = wallet_of(topup_routes.current_request)
    return answers.ok(_shown(wiring.store().topup(wallet_id)))


@topup_routes.put(PATH, scope=Scope.CUSTOMER, limited=True)
def set_auto_topup(slot: Slot) -> Response:
    """Set it. Switched on, everything must be said; switched off, what is left out stays."""
    request = topup_routes.current_request
    wallet_id = wallet_of(request, as_owner=True)
    body, stamp = bodies.read(request, TopUpBody), wiring.stamp(caller_of(request).wallet_id)
    shop = wiring.shop(topup_routes.lambda_context.get_remaining_time_in_millis())
    row = set_topup(shop, wallet_id, lambda before: _wished(body, before), stamp=stamp, take_slot=slot.take)
    return answers.ok(_shown(row))


def _wished(body: TopUpBody, before: TopUp) -> TopUp:
    given = {name: value for name in TERMS if (value := getattr(body, name)) is not msgspec.UNSET}
    stands = asdict(before.terms) if before.terms and not body.enabled else {}
    whole = {**stands, **given}
    if not whole and not body.enabled:
        return replace(before, enabled=False)
    if missing := [name for name in TERMS if name not in whole]:
        raise InvalidRequest(missing[0], "missing")
    return replace(before, enabled=body.enabled, terms=TopUpTerms(**whole))


def _shown(row: TopUp) -> shapes.settings.TopUp:
    now, catalog, terms = wiring.now(), wiring.catalog(), row.terms
    status = row.status(now)
    currency = next(iter(catalog.packages.values())).price.currency
    waits = status in (TopUpStatus.WAITING, TopUpStatus.BACKING_OFF, TopUpStatus.CAPPED)
    return {
        "wallet_id": row.wallet_id,
        "enabled": row.enabled,
        "below": terms.below if terms else None,
        "target": terms.target if terms else None,
        "package_id": terms.package_id if terms else None,
        "monthly_cap_minor": terms.monthly_cap_minor if terms else None,
        "status": status.value,
        "message": _message(row, status),
        "charged_this_month": views.money(Money(row.charged_in(row.month_at(now)), currency)),
        "next_try_at": as_text(row.due_at) if waits else None,
    }


def _message(row: TopUp, status: TopUpStatus) -> str:
    if row.enabled and row.terms and row.terms.package_id not in wiring.catalog().packages:
        return UNOFFERED
    below = f"{row.terms.below:,}" if row.terms else ""
    credits = f"{row.flight.credits:,}" if row.flight else ""
    return MESSAGES[status].format(below=below, credits=credits)
