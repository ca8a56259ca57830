"""Refunds by an admin's word: asked for on the purchase's row first, so that whatever crashes, one is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.errors import Unprocessable
from chalicelib.domain.purchases import FIRST_LOOK, AskedRefund, Purchase, Status


def left_to_refund(purchase: Purchase) -> int:
    """Say how much of a payment, in minor units, has neither gone back nor been asked back."""
    asked = sum(each.amount_minor for each in purchase.asked)
    return (purchase.paid_minor or 0) - purchase.facts.refunded_minor - purchase.facts.lost_minor - asked


def ask_refund(purchase: Purchase, wanted: AskedRefund, now: datetime) -> Purchase:
    """
    Note on a purchase that so much is to go back; 0 means all that is left.

    Raises:
        Unprocessable: It isn't paid, or more is asked for than is left.
    """
    left = left_to_refund(purchase)
    amount = wanted.amount_minor or left
    if purchase.status is not Status.PAID:
        raise Unprocessable("purchase_id: it was not paid")
    if not 0 < amount <= left:
        raise Unprocessable(f"amount_minor: {left} are left to refund")
    asked = (*purchase.asked, replace(wanted, amount_minor=amount))
    return replace(purchase, version=purchase.version + 1, asked=asked, due_at=now + FIRST_LOOK)


def without_asked(purchase: Purchase, refund_key: str) -> Purchase:
    """Forget that a refund was asked for: it was made, or refused."""
    return replace(purchase, asked=tuple(each for each in purchase.asked if each.refund_key != refund_key))
