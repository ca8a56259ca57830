"""`/v1/refunds`: giving back all of a charge, or a part, and the bank refusing to take it."""

from __future__ import annotations

from local.stripe import balance
from local.stripe.account import Account, Call
from local.stripe.errors import Json, impossible, invalid, missing
from local.stripe.lists import page
from local.stripe.money import written

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
FINAL = ("failed", "canceled")


def create(call: Call) -> Json:
    """Refund a charge, named itself or by its payment intent; without an amount, what is left of it."""
    params, account = call.params, call.account
    params.only("charge", "payment_intent", "amount", "reason", "metadata")
    charge = _charge(call)
    return give_back(
        account,
        charge,
        amount=params.integer("amount", least=1),
        reason=params.choice("reason", REASONS),
        metadata=params.metadata(),
    )


def retrieve(call: Call) -> Json:
    """One refund."""
    call.params.only()
    return call.account.find("refund", call.id)


def update(call: Call) -> Json:
    """Change the metadata."""
    call.params.only("metadata")
    refund = call.account.find("refund", call.id)
    refund["metadata"] = call.params.metadata(refund["metadata"])
    call.account.emit("refund.updated", refund)
    return refund


def list_(call: Call) -> Json:
    """Refunds by `charge` and `payment_intent`."""
    return page(call, call.account.all("refund"), "/v1/refunds", same=("charge", "payment_intent"))


def list_of_charge(call: Call) -> Json:
    """The refunds of the charge in the path."""
    call.account.find("charge", call.id)
    refunds = [refund for refund in call.account.all("refund") if refund["charge"] == call.id]
    return page(call, refunds, f"/v1/charges/{call.id}/refunds")


def give_back(
    account: Account,
    charge: Json,
    *,
    amount: int | None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Json:
    """
    Refund *amount* minor units, or what is left.

    Raises:
        ApiError: The charge is not paid, already refunded, disputed, or smaller than the amount.
    """
    _check_refundable(account, charge)
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    if amount > left:
        sums = written(amount, charge["currency"]), written(left, charge["currency"])
        raise impossible(
            f"Refund amount ({sums[0]}) is greater than unrefunded amount on charge ({sums[1]})", param="amount"
        )
    refund = _blank(account, charge, amount) | {"reason": reason, "metadata": metadata or {}}
    account.add(refund)
    refund["balance_transaction"] = balance.book(account, balance.REFUND, refund, amount=-amount)["id"]
    before = _level(charge)
    _move_level(charge, amount)
    account.emit("refund.created", refund)
    account.emit("charge.refunded", charge, previous=before)
    account.emit("refund.updated", refund)
    return refund


def fail(account: Account, refund: Json) -> Json:
    """The bank sends the refunded money back: the charge counts it as not refunded again."""
    if refund["status"] in FINAL:
        raise impossible(f"This refund is {refund['status']} already.")
    returned = balance.book(account, balance.REFUND_FAILURE, refund, amount=refund["amount"])
    refund.update(
        status="failed",
        failure_reason="lost_or_stolen_card",
        failure_balance_transaction=returned["id"],
    )
    _move_level(account.find("charge", refund["charge"]), -refund["amount"])
    account.emit("refund.updated", refund)
    account.emit("refund.failed", refund)
    return refund


def charge_to_refund(account: Account, intent: Json) -> Json:
    """The charge that a payment intent was paid by."""
    charge = account.find("charge", intent["latest_charge"]) if intent["latest_charge"] else None
    if charge is None or not charge["paid"]:
        message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise impossible(message, "payment_intent_unexpected_state")
    return charge


def _charge(call: Call) -> Json:
    named = [name for name in ("charge", "payment_intent") if call.params.has(name)]
    if not named:
        raise missing("payment_intent")
    if len(named) > 1:
        raise invalid("charge", "You may only specify one of these parameters: charge, payment_intent.")
    thing = call.account.refer(named[0], call.params.required(named[0]), named[0])
    return thing if named[0] == "charge" else charge_to_refund(call.account, thing)


def _check_refundable(account: Account, charge: Json) -> None:
    disputes = [dispute for dispute in account.all("dispute") if dispute["charge"] == charge["id"]]
    if not all(dispute["is_charge_refundable"] for dispute in disputes):
        raise impossible(f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed")
    if not charge["paid"]:
        raise impossible(f"Charge {charge['id']} has not been paid.", "charge_not_refundable")
    if charge["refunded"]:
        raise impossible(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")


def _level(charge: Json) -> Json:
    return {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}


def _move_level(charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def _blank(account: Account, charge: Json, amount: int) -> Json:
    kind = charge["payment_method_details"]["type"]
    card = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    return {
        "id": account.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": account.timestamp(),
        "currency": charge["currency"],
        "destination_details": {"type": kind, kind: card if kind == "card" else {}},
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
