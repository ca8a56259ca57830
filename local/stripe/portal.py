"""`/v1/billing_portal/sessions`: a page on which customers look after their subscription themselves."""

from __future__ import annotations

from local.stripe.account import Call
from local.stripe.errors import Json


def create(call: Call) -> Json:
    """Open the portal for a customer."""
    params, account = call.params, call.account
    params.only("customer", "return_url", "configuration", "locale")
    customer = account.refer("customer", params.required("customer"), "customer")
    name = account.new_id("bps")
    return account.add(
        {
            "id": name,
            "object": "billing_portal.session",
            "configuration": params.text("configuration") or "bpc_standin",
            "created": account.timestamp(),
            "customer": customer["id"],
            "flow": None,
            "livemode": False,
            "locale": params.text("locale"),
            "on_behalf_of": None,
            "return_url": params.text("return_url"),
            "url": f"{account.base_url}/portal/{name}",
        }
    )
