"""
The one place where money moves in: what a card or a bank does with a payment intent.

    card          succeeds or is declined at once
    bank debit    is `processing` first; the bank settles or fails it later, and a failed one may
                  still be settled by another attempt
"""

from __future__ import annotations

from local.stripe import charges, methods
from local.stripe.account import Account
from local.stripe.errors import Json, impossible

DECLINED = "card_declined"
AUTHENTICATION = "authentication_required"
DEBIT_FAILED = "payment_intent_payment_attempt_failed"

MESSAGES = {
    DECLINED: "Your card was declined.",
    AUTHENTICATION: "Your card was declined. This transaction requires authentication.",
    DEBIT_FAILED: "The bank account could not be debited: insufficient funds.",
}


def open_intent(account: Account, *, amount: int, currency: str, customer: str | None, terms: Json) -> Json:
    """Make a payment intent that nobody has paid yet; *terms* are metadata, description and the like."""
    name = account.new_id("pi")
    return account.add(
        {
            "id": name,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": f"{name}_secret_{name[-16:]}",
            "confirmation_method": "automatic",
            "created": account.timestamp(),
            "currency": currency,
            "customer": customer,
            "description": terms.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": dict(terms.get("metadata", {})),
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {},
            "payment_method_types": [methods.CARD, methods.BANK],
            "processing": None,
            "receipt_email": terms.get("receipt_email"),
            "review": None,
            "setup_future_usage": terms.get("setup_future_usage"),
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
        }
    )


def take(account: Account, intent: Json, method: Json) -> None:
    """A card pays at once."""
    charges.attempt(account, intent, method, status=charges.SUCCEEDED)
    intent["payment_method"] = method["id"]
    _succeed(account, intent)


def start_debit(account: Account, intent: Json, method: Json) -> None:
    """A bank takes days: nothing is paid yet."""
    charges.attempt(account, intent, method, status=charges.PENDING)
    intent.update(status="processing", payment_method=method["id"], last_payment_error=None)


def decline(account: Account, intent: Json, method: Json, *, code: str) -> None:
    """A card refuses at once; the intent waits for another one."""
    charge = charges.attempt(account, intent, method, status=charges.FAILED)
    _fail(account, intent, charge, code=code)


def settle(account: Account, intent: Json) -> None:
    """The bank pays: a debit under way, or another attempt after one that failed."""
    if intent["status"] == "processing":
        charges.succeed(account, _latest(account, intent))
    elif _failed_debit(account, intent):
        method = account.find("payment_method", _latest(account, intent)["payment_method"])
        charges.attempt(account, intent, method, status=charges.SUCCEEDED)
        intent["payment_method"] = method["id"]
    else:
        raise _not_a_debit(intent)
    _succeed(account, intent)


def fail(account: Account, intent: Json) -> None:
    """The bank refuses a debit that is under way."""
    if intent["status"] != "processing":
        raise _not_a_debit(intent)
    _fail(account, intent, _latest(account, intent), code=DEBIT_FAILED)


def cancel(account: Account, intent: Json, *, reason: str) -> None:
    """Give the intent up: it can be paid no more."""
    intent.update(status="canceled", canceled_at=account.timestamp(), cancellation_reason=reason)


def error_of(intent: Json, charge: Json, method: Json, *, code: str) -> Json:
    """The error that Stripe answers to the caller and keeps as `last_payment_error`."""
    error: Json = {"type": "card_error", "code": code, "message": MESSAGES[code], "charge": charge["id"]}
    if code != DEBIT_FAILED:
        error["decline_code"] = "generic_decline" if code == DECLINED else code
    return error | {
        "doc_url": f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}",
        "payment_method": method,
    }


def _succeed(account: Account, intent: Json) -> None:
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    account.emit("payment_intent.succeeded", intent)
    account.emit("charge.succeeded", _latest(account, intent))


def _fail(account: Account, intent: Json, charge: Json, *, code: str) -> None:
    method = account.find("payment_method", charge["payment_method"])
    charges.fail(charge, code, MESSAGES[code])
    error = error_of(intent, charge, dict(method), code=code)
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
    account.emit("payment_intent.payment_failed", intent)
    account.emit("charge.failed", charge)


def _latest(account: Account, intent: Json) -> Json:
    return account.find("charge", intent["latest_charge"])


def _failed_debit(account: Account, intent: Json) -> bool:
    if intent["status"] != "requires_payment_method" or not intent["latest_charge"]:
        return False
    return bool(_latest(account, intent)["payment_method_details"]["type"] == methods.BANK)


def _not_a_debit(intent: Json) -> Exception:
    message = f"This PaymentIntent has no bank debit under way: its status is {intent['status']}."
    return impossible(message, "payment_intent_unexpected_state")
