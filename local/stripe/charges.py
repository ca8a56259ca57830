"""`/v1/charges`: single attempts to take money."""

from __future__ import annotations

from local.stripe import balance, methods
from local.stripe.account import Account, Call
from local.stripe.errors import Json
from local.stripe.lists import page

SUCCEEDED, PENDING, FAILED = "succeeded", "pending", "failed"


def retrieve(call: Call) -> Json:
    """One charge."""
    call.params.only()
    return call.account.find("charge", call.id)


def update(call: Call) -> Json:
    """Change description and metadata."""
    call.params.only("description", "metadata")
    charge = call.account.find("charge", call.id)
    charge["metadata"] = call.params.metadata(charge["metadata"])
    if call.params.has("description"):
        charge["description"] = call.params.text("description")
    return charge


def list_(call: Call) -> Json:
    """Charges by `customer` and `payment_intent`."""
    return page(call, call.account.all("charge"), "/v1/charges", same=("customer", "payment_intent"))


def attempt(account: Account, intent: Json, method: Json, *, status: str) -> Json:
    """Make the charge of a payment intent; money that came in at once is booked."""
    charge = account.add(_blank(account, intent, method))
    intent["latest_charge"] = charge["id"]
    if status == SUCCEEDED:
        succeed(account, charge)
    elif status == PENDING:
        charge.update(status=PENDING, captured=True, amount_captured=charge["amount"])
    return charge


def succeed(account: Account, charge: Json) -> None:
    """Book the money and make the receipt."""
    fee = balance.charge_fee(charge["amount"])
    charge.update(
        status=SUCCEEDED,
        paid=True,
        captured=True,
        amount_captured=charge["amount"],
        balance_transaction=balance.book(account, balance.CHARGE, charge, amount=charge["amount"], fee=fee)["id"],
        receipt_url=f"{account.base_url}/receipts/{charge['id']}",
        outcome=_outcome("approved_by_network", "authorized", "Payment complete."),
        failure_code=None,
        failure_message=None,
    )


def fail(charge: Json, code: str, message: str) -> None:
    """Let the attempt end without money."""
    charge.update(
        status=FAILED,
        paid=False,
        captured=False,
        amount_captured=0,
        failure_code=code,
        failure_message=message,
        outcome=_outcome("declined_by_network", "issuer_declined", message, reason=code),
    )


def _outcome(network_status: str, type_: str, message: str, reason: str | None = None) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network_status,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 7,
        "seller_message": message,
        "type": type_,
    }


def _blank(account: Account, intent: Json, method: Json) -> Json:
    return {
        "id": account.new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "TALLY",
        "captured": False,
        "created": account.timestamp(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: _means(method)},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": FAILED,
        "transfer_data": None,
        "transfer_group": None,
    }


def _means(method: Json) -> Json:
    """What a charge says of its card or account: less than the payment method does."""
    details = method[method["type"]]
    if method["type"] == methods.CARD:
        card = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
        return {name: details[name] for name in card} | {"network": "visa", "installments": None, "mandate": None}
    bank = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")
    return {name: details[name] for name in bank} | {"mandate": None, "payment_reference": None}
