"""`/v1/customers`: create, read, change, list, delete."""

from __future__ import annotations

from local.stripe import billing
from local.stripe.account import Account, Call
from local.stripe.errors import Json, no_such
from local.stripe.lists import page
from local.stripe.params import Params

TEXTS = ("name", "phone", "description")
LONGEST_EMAIL = 512


def create(call: Call) -> Json:
    """Make a customer, with a saved payment method if one is named."""
    call.params.only(*TEXTS, "email", "metadata", "address", "preferred_locales", "invoice_settings", "payment_method")
    customer = blank(call.account, email=call.params.text("email", longest=LONGEST_EMAIL))
    _change(call.account, customer, call.params)
    method = call.params.text("payment_method")
    if method:
        call.account.refer("payment_method", method, "payment_method")["customer"] = customer["id"]
    call.account.add(customer)
    call.account.emit("customer.created", customer)
    return customer


def retrieve(call: Call) -> Json:
    """One customer; a deleted one answers only that it is deleted."""
    call.params.only()
    return call.account.find("customer", call.id)


def update(call: Call) -> Json:
    """Change what is sent and leave the rest."""
    call.params.only(*TEXTS, "email", "metadata", "address", "preferred_locales", "invoice_settings")
    customer = _alive(call)
    _change(call.account, customer, call.params)
    call.account.emit("customer.updated", customer)
    return customer


def list_(call: Call) -> Json:
    """Customers that are not deleted, by `email` (case-sensitive, as Stripe's)."""
    alive = [customer for customer in call.account.all("customer") if not customer.get("deleted")]
    return page(call, alive, "/v1/customers", same=("email",))


def delete(call: Call) -> Json:
    """Delete for good: subscriptions end at once, cards are detached, the id stays known."""
    call.params.only()
    customer, account = _alive(call), call.account
    for subscription in account.all("subscription"):
        if subscription["customer"] == call.id and subscription["status"] != "canceled":
            billing.end(account, subscription)
    for method in account.all("payment_method"):
        if method["customer"] == call.id:
            method["customer"] = None
    account.emit("customer.deleted", customer)
    stub = {"id": call.id, "object": "customer", "deleted": True}
    account.objects["customer"][call.id] = stub
    return stub


def _alive(call: Call) -> Json:
    customer = call.account.find("customer", call.id)
    if customer.get("deleted"):
        raise no_such("customer", call.id)
    return customer


def _change(account: Account, customer: Json, params: Params) -> None:
    address, settings = params.nested("address"), params.nested("invoice_settings")
    address.only("city", "country", "line1", "line2", "postal_code", "state")
    settings.only("default_payment_method")
    default = settings.text("default_payment_method")
    if default:
        account.refer("payment_method", default, settings.named("default_payment_method"))
    if settings.has("default_payment_method"):
        customer["invoice_settings"]["default_payment_method"] = default
    customer["metadata"] = params.metadata(customer["metadata"])
    if params.has("email"):
        customer["email"] = params.text("email", longest=LONGEST_EMAIL)
    if params.has("address"):
        customer["address"] = {name: address.text(name) for name in NO_ADDRESS}
    if params.has("preferred_locales"):
        customer["preferred_locales"] = params.texts("preferred_locales")
    customer.update({name: params.text(name) for name in TEXTS if params.has(name)})


def blank(account: Account, *, email: str | None) -> Json:
    """A new customer, not kept yet."""
    name = account.new_id("cus")
    return {
        "id": name,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": account.timestamp(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": email,
        "invoice_prefix": name[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


NO_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
