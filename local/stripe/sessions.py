"""`/v1/checkout/sessions`: asking a buyer for money on a hosted page."""

from __future__ import annotations

from datetime import timedelta
from heapq import heappop, heappush
from urllib.parse import urlsplit

from local.stripe import lines, payments
from local.stripe.account import Account, Call, Terms
from local.stripe.errors import Json, impossible, invalid
from local.stripe.lists import page
from local.stripe.money import amount_due
from local.stripe.params import Params
from local.stripe.session_shape import blank
from local.stripe.session_terms import terms_of

MODES = ("payment", "subscription")
SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=24)
LONGEST_REFERENCE = 200

READ = (
    "mode", "success_url", "cancel_url", "client_reference_id", "customer", "customer_email", "customer_creation",
    "expires_at", "line_items", "discounts", "metadata", "payment_intent_data", "invoice_creation",
    "subscription_data", "automatic_tax", "allow_promotion_codes", "saved_payment_method_options",
)  # fmt: skip
IGNORED = (
    "adaptive_pricing", "after_expiration", "allowed_payment_method_types", "billing_address_collection",
    "branding_settings", "consent_collection", "currency", "custom_fields", "custom_text", "customer_update",
    "excluded_payment_method_types", "integration_identifier", "locale", "name_collection", "origin_context",
    "payment_method_collection", "payment_method_configuration", "payment_method_options", "permissions",
    "phone_number_collection", "submit_type", "tax_id_collection", "ui_mode", "wallet_options",
)  # fmt: skip
"""Stripe knows these too; they change nothing here."""


def create(call: Call) -> Json:
    """Open a session with its page."""
    params, account = call.params, call.account
    params.only(*READ, *IGNORED)
    mode = params.choice("mode", MODES) or params.required("mode")
    said: Json = {
        "success_url": _address(params, "success_url", required=True),
        "cancel_url": _address(params, "cancel_url"),
        "client_reference_id": params.text("client_reference_id", longest=LONGEST_REFERENCE),
        "metadata": params.metadata(),
    }
    customer, expires_at = _customer(account, params), _ending(account, params)
    terms = terms_of(account, params)
    session = blank(account, mode=mode, customer=customer, params=params, expires_at=expires_at) | said
    _add_up(session, terms)
    account.terms[session["id"]] = terms
    heappush(account.expiries, (expires_at, session["id"]))
    return account.add(session)


def retrieve(call: Call) -> Json:
    """One session."""
    call.params.only()
    return call.account.find("checkout.session", call.id)


def update(call: Call) -> Json:
    """Change the metadata."""
    call.params.only("metadata")
    session = call.account.find("checkout.session", call.id)
    session["metadata"] = call.params.metadata(session["metadata"])
    return session


def list_(call: Call) -> Json:
    """Sessions by `customer`, `payment_intent`, `subscription`, `status` and `customer_details[email]`."""
    details = call.params.nested("customer_details")
    details.only("email")
    email = details.text("email")
    sessions = [
        session
        for session in call.account.all("checkout.session")
        if email is None or (session["customer_details"] or {}).get("email") == email
    ]
    same = ("customer", "payment_intent", "subscription", "status")
    return page(call, sessions, "/v1/checkout/sessions", same=same, also=("customer_details",))


def list_lines(call: Call) -> Json:
    """The line items of the session in the path."""
    call.account.find("checkout.session", call.id)
    bought = list(call.account.terms[call.id].lines)
    return page(call, bought, f"/v1/checkout/sessions/{call.id}/line_items")


def expire(call: Call) -> Json:
    """Close an open session before its time."""
    call.params.only()
    session = call.account.find("checkout.session", call.id)
    if session["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}."
        )
        raise impossible(message)
    close(call.account, session)
    return session


def expire_due(account: Account) -> None:
    """Close the sessions whose time has passed; judged at every call, since nothing here runs by itself."""
    now = account.timestamp()
    while account.expiries and account.expiries[0][0] <= now:
        session = account.find("checkout.session", heappop(account.expiries)[1])
        if session["status"] == "open":
            close(account, session)


def close(account: Account, session: Json) -> None:
    """Let a session end unpaid."""
    session.update(status="expired", url=None)
    if session["payment_intent"]:
        intent = account.find("payment_intent", session["payment_intent"])
        payments.cancel(account, intent, reason="expired")
    account.emit("checkout.session.expired", session)


def _customer(account: Account, params: Params) -> Json | None:
    if params.has("customer") and params.has("customer_email"):
        raise invalid("customer_email", "You may only specify one of these parameters: customer, customer_email.")
    name = params.text("customer")
    return account.refer("customer", name, "customer") if name else None


def _address(params: Params, name: str, *, required: bool = False) -> str | None:
    url = params.required(name) if required else params.text(name)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        raise invalid(name, "Not a valid URL", "url_invalid") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise invalid(name, "Not a valid URL", "url_invalid")
    return url


def _ending(account: Account, params: Params) -> int:
    now = account.timestamp()
    at = params.integer("expires_at")
    if at is None:
        return now + int(LONGEST.total_seconds())
    if at < now + SHORTEST.total_seconds():
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise invalid("expires_at", message)
    if at > now + LONGEST.total_seconds():
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise invalid("expires_at", message)
    return at


def _add_up(session: Json, terms: Terms) -> None:
    currency = terms.lines[0]["currency"]
    due = lines.total(terms.lines, "amount_total")
    session.update(
        currency=currency,
        amount_subtotal=lines.total(terms.lines, "amount_subtotal"),
        amount_total=amount_due(due, currency) if due else 0,
        discounts=[{"coupon": terms.coupon, "promotion_code": None}] if terms.coupon else [],
        total_details={
            "amount_discount": lines.total(terms.lines, "amount_discount"),
            "amount_shipping": 0,
            "amount_tax": 0,
        },
    )
