"""`/v1/coupons`: what an incentive takes off, and for how many payments."""

from __future__ import annotations

import re

from local.stripe.account import Account, Call
from local.stripe.errors import ApiError, Json, invalid
from local.stripe.lists import page
from local.stripe.money import currency_of
from local.stripe.params import Params

DURATIONS = ("once", "repeating", "forever")
WHOLE = 100
PERCENT = re.compile(r"\d{1,3}(\.\d{1,2})?")


def create(call: Call) -> Json:
    """Make a coupon, under an id of the caller's if one is sent."""
    params, account = call.params, call.account
    params.only(
        "id", "name", "percent_off", "amount_off", "currency", "duration", "duration_in_months", "max_redemptions",
        "metadata", "redeem_by",
    )  # fmt: skip
    name = params.text("id") or account.new_id("coupon").removeprefix("coupon_")[:8]
    if name in account.objects.get("coupon", {}):
        raise ApiError(400, f"Coupon already exists: {name}.", code="resource_already_exists", param="id")
    percent, amount = _percent(params), params.integer("amount_off", least=1)
    if (percent is None) == (amount is None):
        raise invalid("percent_off", "You must pass either `percent_off` or `amount_off` to create a coupon.")
    duration = params.choice("duration", DURATIONS, "once")
    months = params.required_integer("duration_in_months", least=1) if duration == "repeating" else None
    return account.add(
        {
            "id": name,
            "object": "coupon",
            "amount_off": amount,
            "created": account.timestamp(),
            "currency": currency_of(params) if amount else None,
            "duration": duration,
            "duration_in_months": months,
            "livemode": False,
            "max_redemptions": params.integer("max_redemptions", least=1),
            "metadata": params.metadata(),
            "name": params.text("name", longest=40),
            "percent_off": percent,
            "redeem_by": params.integer("redeem_by"),
            "times_redeemed": 0,
            "valid": True,
        }
    )


def retrieve(call: Call) -> Json:
    """One coupon."""
    call.params.only()
    return call.account.find("coupon", call.id)


def update(call: Call) -> Json:
    """Change name and metadata; what it takes off stays."""
    call.params.only("name", "metadata")
    coupon = call.account.find("coupon", call.id)
    coupon["metadata"] = call.params.metadata(coupon["metadata"])
    if call.params.has("name"):
        coupon["name"] = call.params.text("name", longest=40)
    return coupon


def list_(call: Call) -> Json:
    """All coupons."""
    return page(call, call.account.all("coupon"), "/v1/coupons")


def delete(call: Call) -> Json:
    """Delete it; discounts already given stay."""
    call.params.only()
    call.account.find("coupon", call.id)
    del call.account.objects["coupon"][call.id]
    return {"id": call.id, "object": "coupon", "deleted": True}


def chosen(account: Account, params: Params) -> Json | None:
    """The coupon in `discounts`, if one is sent; Stripe takes one."""
    discounts = params.tables("discounts")
    if not discounts:
        return None
    if len(discounts) > 1:
        raise invalid(params.named("discounts"), "You can only apply one discount.")
    discounts[0].only("coupon")
    return account.refer("coupon", discounts[0].required("coupon"), discounts[0].named("coupon"))


def taken_off(coupon: Json | None, amount: int) -> int:
    """What the coupon takes off an amount in minor units, half a unit rounded up; never more than all of it."""
    if coupon is None:
        return 0
    if coupon["amount_off"] is not None:
        return min(amount, int(coupon["amount_off"]))
    hundredths = round(coupon["percent_off"] * 100)
    return int((amount * hundredths + 5_000) // 10_000)


def _percent(params: Params) -> float | None:
    text = params.text("percent_off")
    if text is None:
        return None
    if not PERCENT.fullmatch(text) or not 0 < float(text) <= WHOLE:
        raise invalid("percent_off", f"Invalid decimal: {text}; must be above 0 and at most 100")
    return float(text)
