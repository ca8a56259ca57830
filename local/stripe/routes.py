"""The one table of the API: which path is answered by what."""

from __future__ import annotations

import re
from collections.abc import Callable

from local.stripe import (
    balance,
    charges,
    coupons,
    customers,
    disputes,
    events,
    intents,
    invoices,
    methods,
    portal,
    prices,
    products,
    refunds,
    schedules,
    sessions,
    subscriptions,
)
from local.stripe.account import Call
from local.stripe.errors import ApiError, Json

Handler = Callable[[Call], Json]

GET, POST, DELETE = "GET", "POST", "DELETE"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    (POST, "/v1/checkout/sessions", sessions.create),
    (GET, "/v1/checkout/sessions", sessions.list_),
    (GET, "/v1/checkout/sessions/{id}", sessions.retrieve),
    (POST, "/v1/checkout/sessions/{id}", sessions.update),
    (POST, "/v1/checkout/sessions/{id}/expire", sessions.expire),
    (GET, "/v1/checkout/sessions/{id}/line_items", sessions.list_lines),
    (POST, "/v1/customers", customers.create),
    (GET, "/v1/customers", customers.list_),
    (GET, "/v1/customers/{id}", customers.retrieve),
    (POST, "/v1/customers/{id}", customers.update),
    (DELETE, "/v1/customers/{id}", customers.delete),
    (GET, "/v1/customers/{id}/payment_methods", methods.list_of_customer),
    (GET, "/v1/payment_methods", methods.list_),
    (GET, "/v1/payment_methods/{id}", methods.retrieve),
    (POST, "/v1/payment_methods/{id}", methods.update),
    (POST, "/v1/payment_methods/{id}/attach", methods.attach),
    (POST, "/v1/payment_methods/{id}/detach", methods.detach),
    (POST, "/v1/payment_intents", intents.create),
    (GET, "/v1/payment_intents", intents.list_),
    (GET, "/v1/payment_intents/{id}", intents.retrieve),
    (POST, "/v1/payment_intents/{id}", intents.update),
    (POST, "/v1/payment_intents/{id}/confirm", intents.confirm),
    (POST, "/v1/payment_intents/{id}/cancel", intents.cancel),
    (GET, "/v1/charges", charges.list_),
    (GET, "/v1/charges/{id}", charges.retrieve),
    (POST, "/v1/charges/{id}", charges.update),
    (GET, "/v1/charges/{id}/refunds", refunds.list_of_charge),
    (POST, "/v1/refunds", refunds.create),
    (GET, "/v1/refunds", refunds.list_),
    (GET, "/v1/refunds/{id}", refunds.retrieve),
    (POST, "/v1/refunds/{id}", refunds.update),
    (GET, "/v1/disputes", disputes.list_),
    (GET, "/v1/disputes/{id}", disputes.retrieve),
    (POST, "/v1/disputes/{id}", disputes.update),
    (POST, "/v1/disputes/{id}/close", disputes.accept),
    (GET, "/v1/balance_transactions", balance.list_),
    (GET, "/v1/balance_transactions/{id}", balance.retrieve),
    (GET, "/v1/invoices", invoices.list_),
    (GET, "/v1/invoices/{id}", invoices.retrieve),
    (GET, "/v1/invoices/{id}/lines", invoices.list_lines),
    (GET, "/v1/invoice_payments", invoices.list_payments),
    (GET, "/v1/invoice_payments/{id}", invoices.retrieve_payment),
    (GET, "/v1/subscriptions", subscriptions.list_),
    (GET, "/v1/subscriptions/{id}", subscriptions.retrieve),
    (POST, "/v1/subscriptions/{id}", subscriptions.update),
    (DELETE, "/v1/subscriptions/{id}", subscriptions.cancel),
    (POST, "/v1/subscription_schedules", schedules.create),
    (GET, "/v1/subscription_schedules", schedules.list_),
    (GET, "/v1/subscription_schedules/{id}", schedules.retrieve),
    (POST, "/v1/subscription_schedules/{id}", schedules.update),
    (POST, "/v1/subscription_schedules/{id}/release", schedules.release),
    (POST, "/v1/billing_portal/sessions", portal.create),
    (GET, "/v1/events", events.list_),
    (GET, "/v1/events/{id}", events.retrieve),
    (POST, "/v1/products", products.create),
    (GET, "/v1/products", products.list_),
    (GET, "/v1/products/{id}", products.retrieve),
    (POST, "/v1/products/{id}", products.update),
    (DELETE, "/v1/products/{id}", products.delete),
    (POST, "/v1/prices", prices.create),
    (GET, "/v1/prices", prices.list_),
    (GET, "/v1/prices/{id}", prices.retrieve),
    (POST, "/v1/prices/{id}", prices.update),
    (POST, "/v1/coupons", coupons.create),
    (GET, "/v1/coupons", coupons.list_),
    (GET, "/v1/coupons/{id}", coupons.retrieve),
    (POST, "/v1/coupons/{id}", coupons.update),
    (DELETE, "/v1/coupons/{id}", coupons.delete),
)


def compiled(pattern: str) -> re.Pattern[str]:
    """A path with `{id}` in it as an expression to match."""
    return re.compile(pattern.replace("{id}", "(?P<id>[^/]+)"))


TABLE = tuple((method, compiled(pattern), handler) for method, pattern, handler in ROUTES)


def find(method: str, path: str) -> tuple[Handler, str]:
    """
    The handler for a request, and the id in its path.

    Raises:
        ApiError: 404, nothing is there; Stripe says the same of a known path and another method.
    """
    for verb, pattern, handler in TABLE:
        match = pattern.fullmatch(path) if verb == method else None
        if match:
            return handler, match.groupdict().get("id", "")
    raise ApiError(404, f"Unrecognized request URL ({method}: {path}).", began=False)
