"""`/v1/payment_methods`: cards and bank accounts, saved with a customer or used once."""

from __future__ import annotations

from local.stripe.account import Account, Call
from local.stripe.errors import Json, impossible
from local.stripe.lists import page

CARD, BANK = "card", "us_bank_account"


def retrieve(call: Call) -> Json:
    """One payment method; under a customer, only if it is that customer's."""
    call.params.only()
    return call.account.find("payment_method", call.id)


def update(call: Call) -> Json:
    """Change the metadata."""
    call.params.only("metadata")
    method = call.account.find("payment_method", call.id)
    method["metadata"] = call.params.metadata(method["metadata"])
    return method


def attach(call: Call) -> Json:
    """Save it with a customer."""
    call.params.only("customer")
    method = call.account.find("payment_method", call.id)
    customer = call.params.required("customer")
    method["customer"] = call.account.refer("customer", customer, "customer")["id"]
    return method


def detach(call: Call) -> Json:
    """Forget it; it can pay no more."""
    call.params.only()
    method = call.account.find("payment_method", call.id)
    if method["customer"] is None:
        raise impossible("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    return method


def list_(call: Call) -> Json:
    """Saved payment methods by `customer` and `type`."""
    saved = [method for method in call.account.all("payment_method") if method["customer"] is not None]
    return page(call, saved, "/v1/payment_methods", same=("customer", "type"))


def list_of_customer(call: Call) -> Json:
    """The payment methods saved with the customer in the path."""
    call.account.find("customer", call.id)
    return page(call, saved_with(call.account, call.id), f"/v1/customers/{call.id}/payment_methods", same=("type",))


def saved_with(account: Account, customer: str) -> list[Json]:
    """What a customer has saved, newest first."""
    return [method for method in account.all("payment_method") if method["customer"] == customer]


def present(account: Account, kind: str, *, email: str | None, customer: str | None = None) -> Json:
    """Make the payment method that a buyer enters on the pay page; saved if a customer is given."""
    method: Json = {
        "id": account.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "always" if customer else "limited",
        "billing_details": billing_details(email),
        "created": account.timestamp(),
        "customer": customer,
        "livemode": False,
        "metadata": {},
        "type": kind,
        kind: _card() if kind == CARD else _bank_account(),
    }
    return account.add(method)


def billing_details(email: str | None) -> Json:
    """Who pays, as charges and payment methods say it."""
    address = {"city": None, "country": "US", "line1": None, "line2": None, "postal_code": "94107", "state": None}
    return {"address": address, "email": email, "name": None, "phone": None, "tax_id": None}


def _card() -> Json:
    return {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": "visa",
        "exp_month": 8,
        "exp_year": 2035,
        "fingerprint": "Xt5EWLLDS7FJjR1c",
        "funding": "credit",
        "generated_from": None,
        "last4": "4242",
        "networks": {"available": ["visa"], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _bank_account() -> Json:
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": "FFDMA0xfhBjWSZLu",
        "last4": "6789",
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": {},
    }
