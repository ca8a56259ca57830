"""
`/v1/disputes`: a bank takes money back for its customer.

    chargeback    funds are withdrawn when it opens; won: they come back, lost: they don't
    inquiry       only a question; nothing is withdrawn unless it is lost
"""

from __future__ import annotations

from datetime import timedelta

from local.stripe import balance
from local.stripe.account import Account, Call
from local.stripe.errors import Json, impossible, invalid
from local.stripe.lists import page

TIME_TO_ANSWER = timedelta(days=9)
WON, LOST = "won", "lost"
CLOSED = (WON, LOST, "warning_closed")

EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def retrieve(call: Call) -> Json:
    """One dispute."""
    call.params.only()
    return call.account.find("dispute", call.id)


def update(call: Call) -> Json:
    """Change the metadata."""
    call.params.only("metadata")
    dispute = call.account.find("dispute", call.id)
    dispute["metadata"] = call.params.metadata(dispute["metadata"])
    call.account.emit("charge.dispute.updated", dispute)
    return dispute


def list_(call: Call) -> Json:
    """Disputes by `charge` and `payment_intent`."""
    return page(call, call.account.all("dispute"), "/v1/disputes", same=("charge", "payment_intent"))


def accept(call: Call) -> Json:
    """Give in: the dispute is lost."""
    call.params.only()
    return close(call.account, call.account.find("dispute", call.id), LOST)


def begin(account: Account, charge: Json, *, amount: int | None, inquiry: bool) -> Json:
    """
    Let the buyer's bank dispute a charge, or *amount* minor units of it.

    Raises:
        ApiError: The charge is not paid, disputed already, or smaller than the amount.
    """
    amount = charge["amount"] if amount is None else amount
    if not charge["paid"]:
        raise impossible(f"Charge {charge['id']} has not been paid.")
    if amount > charge["amount"]:
        raise invalid("amount", "A dispute cannot be larger than its charge.")
    if any(dispute["charge"] == charge["id"] and dispute["status"] not in CLOSED for dispute in account.all("dispute")):
        raise impossible(f"Charge {charge['id']} is disputed already.")
    charge["disputed"] = True
    dispute = account.add(_blank(account, charge, amount, inquiry=inquiry))
    if not inquiry:
        _withdraw(account, dispute)
    account.emit("charge.dispute.created", dispute)
    if not inquiry:
        account.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close(account: Account, dispute: Json, outcome: str) -> Json:
    """End a dispute, won or lost; an inquiry that is lost has become a chargeback first."""
    if dispute["status"] in CLOSED:
        raise impossible(f"This dispute is already closed: {dispute['status']}.")
    inquiry = not dispute["balance_transactions"]
    if inquiry and outcome == LOST:
        _withdraw(account, dispute)
        account.emit("charge.dispute.funds_withdrawn", dispute)
    status = "warning_closed" if inquiry and outcome == WON else outcome
    dispute.update(status=status, is_charge_refundable=outcome == WON)
    reinstated = outcome == WON and not inquiry
    if reinstated:
        fee = -balance.DISPUTE_FEE_MINOR
        back = balance.book(account, balance.ADJUSTMENT, dispute, amount=dispute["amount"], fee=fee)
        dispute["balance_transactions"].append(dict(back))
    account.emit("charge.dispute.closed", dispute)
    if reinstated:
        account.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def _withdraw(account: Account, dispute: Json) -> None:
    fee = balance.DISPUTE_FEE_MINOR
    taken = balance.book(account, balance.ADJUSTMENT, dispute, amount=-dispute["amount"], fee=fee)
    dispute["balance_transactions"].append(dict(taken))
    dispute["is_charge_refundable"] = False


def _blank(account: Account, charge: Json, amount: int, *, inquiry: bool) -> Json:
    due_by = account.timestamp() + int(TIME_TO_ANSWER.total_seconds())
    return {
        "id": account.new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": account.timestamp(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "case_type": "inquiry" if inquiry else "chargeback",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": "fraudulent",
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
