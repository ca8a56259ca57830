"""The one place for the shape of a fresh subscription and its items."""

from __future__ import annotations

from local.stripe.account import Account
from local.stripe.errors import Json
from local.stripe.lists import listing
from local.stripe.periods import next_boundary


def item(account: Account, subscription: str, price: Json, quantity: int) -> Json:
    """One item, its first period starting now; periods stand on items, not on the subscription."""
    start = account.timestamp()
    return {
        "id": account.new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": start,
        "current_period_end": next_boundary(start, start, price["recurring"]),
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription,
        "tax_rates": [],
    }


def plan(price: Json) -> Json:
    """The older form of a price, which items still carry."""
    shared = ("id", "active", "billing_scheme", "created", "currency", "livemode", "metadata", "nickname", "product")
    recurring = price["recurring"]
    return {name: price[name] for name in shared} | {
        "object": "plan",
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "meter": None,
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def blank(account: Account, *, customer: str, currency: str, terms: Json, method: str | None) -> Json:
    """A new active subscription without items, not kept yet."""
    name, at = account.new_id("sub"), account.timestamp()
    return {
        "id": name,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": at,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"type": "classic"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": at,
        "currency": currency,
        "customer": customer,
        "days_until_due": None,
        "default_payment_method": method,
        "default_source": None,
        "default_tax_rates": [],
        "description": terms.get("description"),
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": listing([], url=f"/v1/subscription_items?subscription={name}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": dict(terms.get("metadata", {})),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": at,
        "status": "active",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }
