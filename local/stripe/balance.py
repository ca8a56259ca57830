"""`/v1/balance_transactions`: what each charge, refund and dispute did to the account's balance."""

from __future__ import annotations

from datetime import timedelta

from local.stripe.account import Account, Call
from local.stripe.errors import Json
from local.stripe.lists import page

FEE_PERMILLE, FEE_FIXED_MINOR = 29, 30
DISPUTE_FEE_MINOR = 1_500
AVAILABLE_AFTER = timedelta(days=2)

CHARGE, REFUND, REFUND_FAILURE, ADJUSTMENT = "charge", "refund", "refund_failure", "adjustment"
REPORTED_AS = {CHARGE: "charge", REFUND: "refund", REFUND_FAILURE: "refund_failure", ADJUSTMENT: "dispute"}


def retrieve(call: Call) -> Json:
    """One movement."""
    call.params.only()
    return call.account.find("balance_transaction", call.id)


def list_(call: Call) -> Json:
    """Movements by `type`, `source` and `currency`."""
    movements = call.account.all("balance_transaction")
    return page(call, movements, "/v1/balance_transactions", same=("type", "source", "currency"))


def charge_fee(amount: int) -> int:
    """Stripe's fee for a card payment in the United States, in minor units, half up."""
    return (amount * FEE_PERMILLE + 500) // 1_000 + FEE_FIXED_MINOR


def book(account: Account, type_: str, source: Json, *, amount: int, fee: int = 0) -> Json:
    """Record a movement of *amount* minor units (negative: out of the balance)."""
    return account.add(
        {
            "id": account.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": account.timestamp() + int(AVAILABLE_AFTER.total_seconds()),
            "balance_type": "payments",
            "created": account.timestamp(),
            "currency": source["currency"],
            "description": source.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [_detail(fee, source["currency"])] if fee else [],
            "net": amount - fee,
            "reporting_category": REPORTED_AS[type_],
            "source": source["id"],
            "status": "pending",
            "type": type_,
        }
    )


def _detail(fee: int, currency: str) -> Json:
    return {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
