"""The one place that reads `line_items` and adds them up."""

from __future__ import annotations

from local.stripe import coupons, prices
from local.stripe.account import Account
from local.stripe.errors import Json, impossible, invalid
from local.stripe.params import Params

MOST_QUANTITY = 999_999


def read(account: Account, params: Params, *, coupon: Json | None) -> tuple[Json, ...]:
    """
    Read the line items of a Checkout Session, a coupon taken off them in order.

    Raises:
        ApiError: There are none, their currencies differ, or they don't fit the mode.
    """
    sent = params.tables("line_items")
    if not sent:
        raise params.absent("line_items")
    lines = tuple(_line(account, item) for item in sent)
    if len({line["currency"] for line in lines}) > 1:
        raise invalid("line_items", "All line items must be in the same currency.")
    _match_mode(params, lines)
    return _discounted(lines, coupon)


def total(lines: tuple[Json, ...], name: str) -> int:
    """Add up `amount_subtotal`, `amount_discount` or `amount_total`, in minor units."""
    return sum(line[name] for line in lines)


def _line(account: Account, item: Params) -> Json:
    item.only("price", "price_data", "quantity", "adjustable_quantity")
    price = _price(account, item)
    quantity = item.required_integer("quantity", least=1, most=MOST_QUANTITY)
    amount = price["unit_amount"] * quantity
    return {
        "id": account.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": account.find("product", price["product"])["name"],
        "price": price,
        "quantity": quantity,
    }


def _price(account: Account, item: Params) -> Json:
    if item.has("price_data"):
        return prices.inline(account, item.nested("price_data"))
    if not item.has("price"):
        raise invalid(item.path, "You must specify either `price` or `price_data` for each line item.")
    price = account.refer("price", item.required("price"), item.named("price"))
    if not price["active"]:
        raise impossible(f"The price `{price['id']}` is not active.", "price_inactive", param=item.named("price"))
    return price


def _match_mode(params: Params, lines: tuple[Json, ...]) -> None:
    recurring = sum(line["price"]["type"] == "recurring" for line in lines)
    mode = params.text("mode")
    if mode == "payment" and recurring:
        raise invalid("mode", "You specified `payment` mode but passed a recurring price.")
    if mode == "subscription" and not recurring:
        raise invalid("mode", "You must provide at least one recurring price in `subscription` mode.")


def _discounted(lines: tuple[Json, ...], coupon: Json | None) -> tuple[Json, ...]:
    """Spread the coupon over the lines, in proportion for per cent, first lines first for an amount."""
    if coupon is None:
        return lines
    left = coupons.taken_off(coupon, total(lines, "amount_subtotal"))
    for line in lines:
        off = min(left, coupons.taken_off(coupon, line["amount_subtotal"]))
        line.update(amount_discount=off, amount_total=line["amount_subtotal"] - off)
        left -= off
    return lines
