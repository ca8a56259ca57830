"""`/v1/payment_intents`: off-session payments with a saved card, and reading every other payment."""

from __future__ import annotations

from local.stripe import methods, payments
from local.stripe.account import Account, Call
from local.stripe.errors import ApiError, Json, impossible, invalid
from local.stripe.lists import page
from local.stripe.money import amount_due, currency_of
from local.stripe.params import Params

TERMS = ("description", "receipt_email", "statement_descriptor", "setup_future_usage")
CREATE = ("amount", "currency", "customer", "payment_method", "confirm", "off_session", "metadata", *TERMS)
IGNORED = (
    "allowed_payment_method_types", "automatic_payment_methods", "confirmation_method", "error_on_requires_action",
    "excluded_payment_method_types", "payment_method_configuration", "payment_method_options", "return_url",
    "statement_descriptor_suffix", "use_stripe_sdk",
)  # fmt: skip

OK, BANK_DEBIT = "ok", "bank_debit"
BEHAVIOURS = {OK: None, "declined": payments.DECLINED, "authentication_required": payments.AUTHENTICATION}


def create(call: Call) -> Json:
    """Make a payment intent and, with `confirm`, charge the saved card at once."""
    params, account = call.params, call.account
    params.only(*CREATE, *IGNORED)
    currency = currency_of(params)
    amount = amount_due(params.required_integer("amount", least=1), currency, param="amount")
    customer = params.text("customer")
    if customer:
        account.refer("customer", customer, "customer")
    if params.flag("off_session") and not params.flag("confirm"):
        raise invalid("off_session", "You can only pass `off_session` when `confirm` is true.")
    terms: Json = {name: params.text(name) for name in TERMS} | {"metadata": params.metadata()}
    method = _chosen(account, params, customer)
    if params.flag("confirm") and method is None:
        raise _without_method()
    intent = payments.open_intent(account, amount=amount, currency=currency, customer=customer, terms=terms)
    if method:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    return _charge(account, intent, method) if method and params.flag("confirm") else intent


def confirm(call: Call) -> Json:
    """Charge an intent that waits for it."""
    params, account = call.params, call.account
    params.only("payment_method", "off_session", "return_url")
    intent = account.find("payment_intent", call.id)
    if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
        raise _unexpected(intent, "confirm")
    method = _chosen(account, params, intent["customer"]) or _kept(account, intent)
    if method is None:
        raise _without_method()
    return _charge(account, intent, method)


def cancel(call: Call) -> Json:
    """Give up an intent that is not paid."""
    call.params.only("cancellation_reason")
    reasons = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
    reason = call.params.choice("cancellation_reason", reasons)
    intent = call.account.find("payment_intent", call.id)
    if intent["status"] in {"succeeded", "canceled", "processing"}:
        raise _unexpected(intent, "cancel")
    payments.cancel(call.account, intent, reason=reason or "requested_by_customer")
    call.account.emit("payment_intent.canceled", intent)
    return intent


def retrieve(call: Call) -> Json:
    """One payment intent."""
    call.params.only()
    return call.account.find("payment_intent", call.id)


def update(call: Call) -> Json:
    """Change description, receipt address and metadata."""
    call.params.only("description", "receipt_email", "metadata")
    intent = call.account.find("payment_intent", call.id)
    intent["metadata"] = call.params.metadata(intent["metadata"])
    for name in ("description", "receipt_email"):
        if call.params.has(name):
            intent[name] = call.params.text(name)
    return intent


def list_(call: Call) -> Json:
    """Payment intents by `customer`."""
    return page(call, call.account.all("payment_intent"), "/v1/payment_intents", same=("customer",))


def _chosen(account: Account, params: Params, customer: str | None) -> Json | None:
    name = params.text("payment_method")
    if name is None:
        return None
    method = account.refer("payment_method", name, "payment_method")
    if method["customer"] != customer:
        message = "The provided PaymentMethod is not attached to this Customer. Supply the Customer it belongs to."
        raise impossible(message, "payment_method_unexpected_state" if customer else None, param="payment_method")
    return method


def _kept(account: Account, intent: Json) -> Json | None:
    name = intent["payment_method"]
    return account.find("payment_method", name) if name else None


def _charge(account: Account, intent: Json, method: Json) -> Json:
    """Take the money as the customer's card behaves."""
    behaviour = account.behaviours.get(intent["customer"] or "", OK)
    if behaviour == BANK_DEBIT or method["type"] == methods.BANK:
        payments.start_debit(account, intent, method)
        return intent
    code = BEHAVIOURS[behaviour]
    if code is None:
        payments.take(account, intent, method)
        return intent
    payments.decline(account, intent, method, code=code)
    raise _refusal(intent)


def _refusal(intent: Json) -> ApiError:
    error: Json = dict(intent["last_payment_error"])
    return ApiError(402, error.pop("message"), **error, payment_intent=dict(intent))


def _without_method() -> ApiError:
    message = (
        "You cannot confirm this PaymentIntent because it's missing a payment method. "
        "Update the PaymentIntent with a payment method and then confirm it again."
    )
    return impossible(message, "payment_intent_unexpected_state")


def _unexpected(intent: Json, verb: str) -> ApiError:
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
    return impossible(message, "payment_intent_unexpected_state", payment_intent=dict(intent))
