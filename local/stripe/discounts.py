"""The one place for discounts: a coupon at work on a subscription, for as long as its duration says."""

from __future__ import annotations

from local.stripe import coupons
from local.stripe.account import Account
from local.stripe.errors import Json
from local.stripe.periods import next_boundary


def redeem(account: Account, coupon: Json, subscription: Json) -> Json:
    """Put a coupon to work; it ends by itself if it is for some months only."""
    start = account.timestamp()
    months = coupon["duration_in_months"]
    coupon["times_redeemed"] += 1
    recurring = {"interval": "month", "interval_count": months}
    return account.add(
        {
            "id": account.new_id("di"),
            "object": "discount",
            "checkout_session": None,
            "customer": subscription["customer"],
            "end": next_boundary(start, start, recurring) if months else None,
            "invoice": None,
            "invoice_item": None,
            "promotion_code": None,
            "source": {"coupon": coupon["id"], "type": "coupon"},
            "start": start,
            "subscription": subscription["id"],
            "subscription_item": None,
        }
    )


def running(account: Account, subscription: Json, at: int) -> list[Json]:
    """The discounts that take something off a period beginning at a time."""
    named = [account.find("discount", name) for name in subscription["discounts"]]
    return [discount for discount in named if discount["end"] is None or discount["end"] > at]


def taken_off(account: Account, found: list[Json], amount: int) -> int:
    """What discounts take off an amount in minor units."""
    left = amount
    for discount in found:
        left -= coupons.taken_off(account.find("coupon", discount["source"]["coupon"]), left)
    return amount - left


def spread(account: Account, found: list[Json], amounts: list[int]) -> list[int]:
    """What discounts take off each of several amounts: off their sum, and in all no more than off the sum."""
    left = taken_off(account, found, sum(amounts))
    offs = []
    for amount in amounts:
        off = min(left, taken_off(account, found, amount))
        offs.append(off)
        left -= off
    return offs


def use_up(account: Account, subscription: Json, at: int) -> None:
    """Forget the discounts that were for one payment, or have ended, once a payment was asked for."""
    subscription["discounts"] = [
        discount["id"]
        for discount in running(account, subscription, at)
        if account.find("coupon", discount["source"]["coupon"])["duration"] != "once"
    ]
