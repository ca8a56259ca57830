"""The one place that prorates: what a change in the middle of a period gives back and asks for, to the second."""

from __future__ import annotations

from local.stripe import discounts, invoice_shape
from local.stripe.account import Account
from local.stripe.billing import amount_of, line_parent
from local.stripe.errors import Json


def lines(account: Account, subscription: Json, old: Json, new: Json, *, whole: bool) -> list[Json]:
    """
    Credit the unused time of the old item, and charge the new one.

    Args:
        whole: The new item has begun a period of its own, and is charged for all of it.
    """
    now = account.timestamp()
    unused = _share(amount_of(old), now, old)
    due = amount_of(new) if whole else _share(amount_of(new), now, new)
    running = discounts.running(account, subscription, now)
    return [
        _line(account, old, -unused, running, text="Unused time on", end=old["current_period_end"]),
        _line(account, new, due, running, text="" if whole else "Remaining time on", end=new["current_period_end"]),
    ]


def _share(amount: int, now: int, item: Json) -> int:
    """The part of an amount for the rest of the item's period, in minor units, half up."""
    length = item["current_period_end"] - item["current_period_start"]
    left = min(length, max(0, item["current_period_end"] - now))
    return int((2 * amount * left + length) // (2 * length))


def _line(account: Account, item: Json, amount: int, running: list[Json], *, text: str, end: int) -> Json:
    name = account.find("product", item["price"]["product"])["name"]
    off = discounts.taken_off(account, running, abs(amount))
    bought = {
        "amount_subtotal": amount,
        "amount_discount": off if amount > 0 else -off,
        "currency": item["price"]["currency"],
        "description": f"{text} {item['quantity']} × {name}".strip(),
        "discount": running[0]["id"] if running else None,
        "price": item["price"],
        "quantity": item["quantity"],
    }
    parent = line_parent(item, proration=bool(text))
    return invoice_shape.line_of(account, bought, parent=parent, start=account.timestamp(), end=end)
