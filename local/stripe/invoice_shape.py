"""The one place for the shape of a fresh invoice and its lines."""

from __future__ import annotations

from local.stripe.account import Account
from local.stripe.errors import Json
from local.stripe.lists import listing

OPEN = "open"


def blank(account: Account, customer: Json, lines: list[Json]) -> Json:
    """A new open invoice over finished lines, not kept yet; its maker fills in the sums."""
    name, at = account.new_id("in"), account.timestamp()
    return {
        "id": name,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Tally (stand-in)",
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "collection_method": "charge_automatically",
        "created": at,
        "currency": lines[0]["currency"],
        "custom_fields": None,
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": at,
        "ending_balance": 0,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": f"{account.base_url}/invoices/{name}",
        "invoice_pdf": f"{account.base_url}/invoices/{name}/pdf",
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": listing(lines, url=f"/v1/invoices/{name}/lines"),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}",
        "on_behalf_of": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": at,
        "period_start": at,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": OPEN,
        "status_transitions": {
            "finalized_at": at,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": None,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": at,
    }


def line_of(account: Account, item: Json, *, parent: Json | None = None, start: int, end: int) -> Json:
    """An invoice line for a line item of a Checkout Session, or for one of a subscription."""
    price = item["price"]
    off = item["amount_discount"]
    return {
        "id": account.new_id("il"),
        "object": "line_item",
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [{"amount": off, "discount": item["discount"]}] if off else [],
        "discountable": True,
        "discounts": [item["discount"]] if off else [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": parent,
        "period": {"end": end, "start": start},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subscription": None,
        "subtotal": item["amount_subtotal"],
        "taxes": [],
    }
