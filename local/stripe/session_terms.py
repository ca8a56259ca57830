"""The one place that reads those parameters of a session that matter only when it is paid."""

from __future__ import annotations

from local.stripe import coupons, lines
from local.stripe.account import Account, Terms
from local.stripe.errors import invalid
from local.stripe.params import Params

INTENT_DATA = ("metadata", "description", "receipt_email", "setup_future_usage", "statement_descriptor")


def terms_of(account: Account, params: Params) -> Terms:
    """Read what is bought, and what the payment, the invoice or the subscription will say."""
    intent, subscription = params.nested("payment_intent_data"), params.nested("subscription_data")
    creation = params.nested("invoice_creation")
    _check_blocks(params, intent=intent, subscription=subscription, creation=creation)
    coupon = coupons.chosen(account, params)
    invoice = creation.nested("invoice_data")
    invoice.only("metadata", "description", "footer")
    return Terms(
        intent={name: intent.text(name) for name in INTENT_DATA if name != "metadata"}
        | {"metadata": intent.metadata()},
        subscription={"metadata": subscription.metadata(), "description": subscription.text("description")},
        invoice={
            "enabled": creation.flag("enabled"),
            "metadata": invoice.metadata(),
            "description": invoice.text("description"),
            "footer": invoice.text("footer"),
        },
        coupon=coupon["id"] if coupon else None,
        saves_card=_saves_card(params, intent),
        lines=lines.read(account, params, coupon=coupon),
    )


def _check_blocks(params: Params, *, intent: Params, subscription: Params, creation: Params) -> None:
    intent.only(*INTENT_DATA)
    subscription.only("metadata", "description")
    creation.only("enabled", "invoice_data")
    params.nested("automatic_tax").only("enabled")
    if params.has("discounts") and params.has("allow_promotion_codes"):
        raise invalid("discounts", "You may only specify one of these parameters: allow_promotion_codes, discounts.")
    other = "subscription_data" if params.text("mode") == "payment" else "payment_intent_data"
    if params.has(other):
        raise invalid(other, f"You can not pass `{other}` in `{params.text('mode')}` mode.")


def _saves_card(params: Params, intent: Params) -> bool:
    """Whether the card stays with the customer: asked for by the seller, or offered to the buyer, who takes it."""
    usage = intent.choice("setup_future_usage", ("off_session", "on_session"))
    saved = params.nested("saved_payment_method_options")
    saved.only("payment_method_save", "allow_redisplay_filters", "payment_method_remove")
    return usage is not None or saved.choice("payment_method_save", ("enabled", "disabled")) == "enabled"
