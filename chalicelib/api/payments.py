"""Payments: what a wallet has paid for, with its receipts: packages, and invoices of plans."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, cursors, subscription_views, views
from chalicelib.api.auth import wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.invoices import invoice_name
from chalicelib.domain.purchases import first_id_at
from chalicelib.domain.times import MILLISECOND

if TYPE_CHECKING:
    from chalicelib.api import shapes

payment_routes = Routes(__name__)
LIST = "payments"
PLACE = re.compile(r"(?P<purchase>[0-9a-z_]+) (?P<invoice>[0-9A-Za-z_-]+)")


@payment_routes.get("/api/user/payments", scope=Scope.CUSTOMER)
def list_payments() -> Response:
    """List the wallet's purchases and its plans' invoices, newest first."""
    request = payment_routes.current_request
    wallet_id, limit, cursor = wallet_of(request), bodies.limit(request), bodies.query(request, "cursor")
    purchase, invoice = _place(cursor, wallet_id) if cursor else (None, None)
    found: list[tuple[datetime, str, Any]] = []
    store = wiring.store()
    for bought in store.listed_purchases(wallet_id, before=purchase, limit=limit + 1):
        found.append((bought.created_at, bought.purchase_id, bought))
    for billed in store.listed_invoices(wallet_id, before=invoice, limit=limit + 1):
        found.append((billed.created_at, billed.name, billed))
    found.sort(key=lambda each: each[:2], reverse=True)
    shown: list[shapes.subscriptions.Payment] = []
    for _, name, each in found[:limit]:
        if name.startswith("pur_"):
            purchase = name
            shown.append(views.payment(each))
        else:
            invoice = name
            shown.append(subscription_views.invoice(each))
    page: shapes.subscriptions.PaymentPage = {"payments": shown, "next_cursor": None}
    if len(found) > limit:
        later = found[limit - 1][0] + MILLISECOND  # what is paid meanwhile doesn't come up on later pages
        place = f"{purchase or first_id_at(later)} {invoice or invoice_name('', later)}"
        page["next_cursor"] = cursors.write_name(place, wallet_id, LIST)
    return answers.ok(page)


def _place(cursor: str, wallet_id: str) -> tuple[str, str]:
    """Read where both lists go on."""
    place = PLACE.fullmatch(cursors.read_name(cursor, wallet_id, LIST))
    if place is None:
        raise InvalidRequest("cursor", "not a cursor of this list")
    return place["purchase"], place["invoice"]
