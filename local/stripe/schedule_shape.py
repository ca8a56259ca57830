"""The one place for the shape of a fresh subscription schedule and its phases."""

from __future__ import annotations

from local.stripe.account import Account
from local.stripe.errors import Json

ACTIVE = "active"
PRORATIONS = ("create_prorations", "always_invoice", "none")


def phase_of(price: Json, quantity: int, *, start: int, end: int, proration: str = PRORATIONS[0]) -> Json:
    """A phase of one item at one price."""
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": price["currency"],
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": end,
        "invoice_settings": None,
        "items": [
            {
                "billing_thresholds": None,
                "discounts": [],
                "metadata": {},
                "plan": price["id"],
                "price": price["id"],
                "quantity": quantity,
                "tax_rates": [],
            }
        ],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": proration,
        "start_date": start,
        "transfer_data": None,
        "trial_end": None,
    }


def blank(account: Account, subscription: Json) -> Json:
    """A schedule whose only phase is the period that the subscription is in, not kept yet."""
    item = subscription["items"]["data"][0]
    start, end = item["current_period_start"], item["current_period_end"]
    return {
        "id": account.new_id("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": {"type": "classic"},
        "canceled_at": None,
        "completed_at": None,
        "created": account.timestamp(),
        "current_phase": {"end_date": end, "start_date": start},
        "customer": subscription["customer"],
        "default_settings": {
            "application_fee_percent": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": "charge_automatically",
            "default_payment_method": subscription["default_payment_method"],
            "description": None,
            "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
            "on_behalf_of": None,
            "transfer_data": None,
        },
        "end_behavior": "release",
        "livemode": False,
        "metadata": {},
        "pause_schedules": [],
        "phases": [phase_of(item["price"], item["quantity"], start=start, end=end)],
        "released_at": None,
        "released_subscription": None,
        "status": ACTIVE,
        "subscription": subscription["id"],
        "test_clock": None,
    }
