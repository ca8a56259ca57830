"""The one place for the shape of a fresh Checkout Session."""

from __future__ import annotations

from local.stripe import methods
from local.stripe.account import Account
from local.stripe.errors import Json
from local.stripe.params import Params

NO_TEXT = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")


def blank(account: Account, *, mode: str, customer: Json | None, params: Params, expires_at: int) -> Json:
    """A new open session, not kept yet; amounts and addresses are filled in by its maker."""
    name = account.new_id("cs_test")
    email = customer["email"] if customer else params.text("customer_email")
    return {
        "id": name,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False} if mode == "payment" else None,
        "after_expiration": None,
        "allow_promotion_codes": params.flag("allow_promotion_codes") if params.has("allow_promotion_codes") else None,
        "amount_subtotal": 0,
        "amount_total": 0,
        "automatic_tax": _tax(params),
        "billing_address_collection": None,
        "cancel_url": None,
        "client_reference_id": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": account.timestamp(),
        "currency": None,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(NO_TEXT),
        "customer": customer["id"] if customer else None,
        "customer_creation": _creation(params, mode) if customer is None else None,
        "customer_details": details(email) if customer or email else None,
        "customer_email": params.text("customer_email"),
        "discounts": [],
        "expires_at": expires_at,
        "invoice": None,
        "invoice_creation": _invoice_creation(params) if mode == "payment" else None,
        "livemode": False,
        "locale": None,
        "metadata": {},
        "mode": mode,
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if mode == "payment" else "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": [methods.CARD, methods.BANK],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": _saving(params) if customer else None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{account.base_url}/pay/{name}",
        "wallet_options": None,
    }


def details(email: str | None) -> Json:
    """Who buys, as far as the page knows."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def _creation(params: Params, mode: str) -> str:
    asked = params.choice("customer_creation", ("always", "if_required"), "if_required")
    return "always" if mode == "subscription" else str(asked)


def _tax(params: Params) -> Json:
    enabled = params.nested("automatic_tax").flag("enabled")
    liability = {"type": "self"} if enabled else None
    return {"enabled": enabled, "liability": liability, "provider": None, "status": "complete" if enabled else None}


def _saving(params: Params) -> Json:
    save = params.nested("saved_payment_method_options").text("payment_method_save")
    return {"allow_redisplay_filters": ["always"], "payment_method_remove": "disabled", "payment_method_save": save}


def _invoice_creation(params: Params) -> Json:
    creation = params.nested("invoice_creation")
    invoice = creation.nested("invoice_data")
    return {
        "enabled": creation.flag("enabled"),
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": invoice.text("description"),
            "footer": invoice.text("footer"),
            "issuer": None,
            "metadata": invoice.metadata(),
            "rendering_options": None,
        },
    }
