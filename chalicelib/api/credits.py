"""Credits: what is on offer, buying, and what a wallet holds."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, cursors, views
from chalicelib.api.auth import caller_of, wallet_of
from chalicelib.api.paths import place_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import InvalidRequest, NotFound
from chalicelib.domain.plans import catch_up
from chalicelib.domain.purchases import Order
from chalicelib.domain.return_paths import check_return_path
from chalicelib.services.limiting import Slot
from chalicelib.services.once import Claim, Hand
from chalicelib.services.purchasing import start_purchase
from chalicelib.services.reading import history_of, wallet_at

if TYPE_CHECKING:
    from chalicelib.api import shapes

credit_routes = Routes(__name__)
PURCHASE_ID = re.compile(r"pur_[0-9a-z]{20}")


@credit_routes.get("/api/credits/packages", scope=Scope.PUBLIC)
def list_packages() -> Response:
    """List what can be bought."""
    offered = wiring.catalog().packages.values()
    shown: shapes.credits.PackageList = {"packages": [views.package(each) for each in offered]}
    return answers.answer(200, shown, {"Cache-Control": "public, max-age=60"})


@credit_routes.post("/api/credits/purchase", scope=Scope.CUSTOMER, limited=True)
def buy(slot: Slot) -> Response:
    """Open a purchase and its checkout page, once per `Idempotency-Key`."""
    request = credit_routes.current_request
    wallet_id = wallet_of(request, as_owner=True)
    body, key = bodies.read(request, bodies.PurchaseBody), bodies.key(request)
    path = check_return_path(body.return_path) if body.return_path is not None else None
    order = Order(
        wallet_id=wallet_id,
        package_id=body.package_id,
        quantity=body.quantity,
        return_path=path,
        save_card=body.save_card,
    )
    claim = Claim.on(wallet_id, key, operation="purchase", body=bodies.as_fields(body), hand=Hand.CUSTOMER)
    begun = start_purchase(
        wiring.shop(credit_routes.lambda_context.get_remaining_time_in_millis()),
        order,
        claim,
        email=caller_of(request).email,
        now=wiring.now(),
        take_slot=slot.take,
    )
    place = place_of(f"/api/credits/purchases/{begun.purchase.purchase_id}", wallet_id, caller_of(request))
    return answers.created(views.started(begun), location=place, replayed=begun.replayed)


@credit_routes.get("/api/credits/purchases/{purchase_id}", scope=Scope.CUSTOMER)
def show_purchase(purchase_id: str) -> Response:
    """Show where a purchase stands."""
    wallet_id = wallet_of(credit_routes.current_request)
    found = wiring.store().purchase(wallet_id, purchase_id) if PURCHASE_ID.fullmatch(purchase_id) else None
    if not found:
        raise NotFound
    return answers.ok(views.purchase(found))


@credit_routes.get("/api/credits/balance", scope=Scope.CUSTOMER)
def show_balance() -> Response:
    """Show what the wallet holds now, or what it held at a past time."""
    request, now = credit_routes.current_request, wiring.now()
    wallet_id, at = wallet_of(request), bodies.time(request, "at") or now
    if at > now:
        raise InvalidRequest("at", "is in the future")
    wallet = wiring.store().wallet(wallet_id) if at == now else wallet_at(wiring.store(), wallet_id, at)
    current = catch_up(wallet, wiring.catalog(), wallet.time_of_decision(at))
    shown = views.balance(current if wallet.seq else replace(current, wallet=wallet), wiring.catalog(), at)
    return answers.tagged(shown, if_none_match=request.headers.get("if-none-match"))


@credit_routes.get("/api/credits/history", scope=Scope.CUSTOMER)
def show_history() -> Response:
    """Show the wallet's entries, newest first."""
    request = credit_routes.current_request
    wallet_id, kind, limit = wallet_of(request), bodies.kind(request), bodies.limit(request)
    since, until = bodies.time(request, "from"), bodies.time(request, "to")
    if since and until and since > until:
        raise InvalidRequest("from", "is after to")
    bound_to = (wallet_id, kind, since, until)
    cursor = bodies.query(request, "cursor")
    before = cursors.read(cursor, *bound_to) if cursor else None
    page = history_of(wiring.store(), wallet_id, kind=kind, since=since, until=until, before=before, limit=limit)
    shown: shapes.entries.HistoryPage = {
        "entries": [views.entry(each) for each in page.entries],
        "next_cursor": cursors.write(page.next_seq, *bound_to) if page.next_seq else None,
    }
    return answers.ok(shown)
