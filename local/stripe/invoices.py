"""`/v1/invoices` and `/v1/invoice_payments`: made when somebody pays, never by the caller."""

from __future__ import annotations

from local.stripe.account import Account, Call
from local.stripe.errors import Json
from local.stripe.invoice_shape import OPEN, blank
from local.stripe.lists import page

PAID = "paid"


def retrieve(call: Call) -> Json:
    """One invoice."""
    call.params.only()
    return call.account.find("invoice", call.id)


def list_(call: Call) -> Json:
    """Invoices by `customer`, `status`, `collection_method` and `subscription`."""
    subscription = call.params.text("subscription")
    invoices = [
        invoice
        for invoice in call.account.all("invoice")
        if subscription is None or _subscription(invoice) == subscription
    ]
    same = ("customer", "status", "collection_method")
    return page(call, invoices, "/v1/invoices", same=same, also=("subscription",))


def list_lines(call: Call) -> Json:
    """The lines of the invoice in the path."""
    lines = call.account.find("invoice", call.id)["lines"]["data"]
    return page(call, lines, f"/v1/invoices/{call.id}/lines")


def retrieve_payment(call: Call) -> Json:
    """One payment of an invoice."""
    call.params.only()
    return call.account.find("invoice_payment", call.id)


def list_payments(call: Call) -> Json:
    """Payments of invoices by `invoice`, `status` and `payment[payment_intent]`."""
    payment = call.params.nested("payment")
    payment.only("type", "payment_intent")
    intent = payment.text("payment_intent")
    payments = [
        one
        for one in call.account.all("invoice_payment")
        if intent is None or one["payment"].get("payment_intent") == intent
    ]
    return page(call, payments, "/v1/invoice_payments", same=("invoice", "status"), also=("payment",))


def open_for(account: Account, customer: Json, lines: list[Json], *, reason: str, parent: Json | None = None) -> Json:
    """
    Make an open invoice, less what stands to the customer's credit; what is below zero is credited.

    Args:
        lines: Finished invoice lines, at least one.
        reason: Stripe's `billing_reason`.
    """
    subtotal = sum(line["subtotal"] for line in lines)
    offs = [off for line in lines for off in line["discount_amounts"]]
    total = subtotal - sum(off["amount"] for off in offs)
    starting = customer["balance"]
    due = max(0, total + starting)
    customer["balance"] = starting + total - due
    invoice = blank(account, customer, lines) | {
        "amount_due": due,
        "amount_remaining": due,
        "billing_reason": reason,
        "ending_balance": customer["balance"],
        "parent": parent,
        "starting_balance": starting,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_discount_amounts": offs,
        "total_excluding_tax": total,
    }
    for line in lines:
        line["invoice"] = invoice["id"]
    customer["next_invoice_sequence"] += 1
    return account.add(invoice)


def attempt(account: Account, invoice: Json, intent: Json) -> None:
    """Note which payment intent is to pay an invoice: neither names the other any more."""
    account.add(
        {
            "id": account.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": intent["amount"],
            "created": account.timestamp(),
            "currency": intent["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": OPEN,
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def pay(account: Account, invoice: Json, intent: Json | None) -> None:
    """Mark an invoice paid by the intent that was to pay it, or by none when nothing was due."""
    at = account.timestamp()
    if intent:
        payment = _payment_by(account, intent)
        if payment:
            payment.update(status=PAID, amount_paid=intent["amount_received"])
            payment["status_transitions"]["paid_at"] = at
        invoice["attempt_count"] += 1
    invoice.update(status=PAID, attempted=True, amount_paid=invoice["amount_due"], amount_remaining=0)
    invoice.update(next_payment_attempt=None, auto_advance=False)
    invoice["status_transitions"]["paid_at"] = at
    account.emit("invoice.paid", invoice)


def of_intent(account: Account, intent: Json) -> Json | None:
    """The invoice that an intent is to pay."""
    payment = _payment_by(account, intent)
    return account.find("invoice", payment["invoice"]) if payment else None


def _payment_by(account: Account, intent: Json) -> Json | None:
    payments = account.all("invoice_payment")
    return next((payment for payment in payments if payment["payment"]["payment_intent"] == intent["id"]), None)


def _subscription(invoice: Json) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")
