"""The one place that changes what a running subscription costs, and bills the difference."""

from __future__ import annotations

from dataclasses import dataclass

from local.stripe import billing, methods, proration
from local.stripe.account import Account
from local.stripe.errors import ApiError, Json, invalid
from local.stripe.params import Params
from local.stripe.periods import next_boundary
from local.stripe.subscription_shape import plan

PRORATIONS = ("create_prorations", "always_invoice", "none")
PAYMENT_BEHAVIOURS = ("allow_incomplete", "error_if_incomplete", "default_incomplete")
PAYING = ("ok", "bank_debit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An item of the subscription, and what it is to be."""

    item: Json
    price: Json
    quantity: int


def read(account: Account, subscription: Json, params: Params) -> list[Change]:
    """Read `items`: which gets which price and quantity. Nothing is changed yet."""
    found = {item["id"]: item for item in subscription["items"]["data"]}
    changes = []
    for sent in params.tables("items"):
        sent.only("id", "price", "quantity")
        name = sent.required("id")
        if name not in found:
            raise invalid(sent.named("id"), f"No such subscription item: '{name}'", "resource_missing")
        price = found[name]["price"]
        if sent.has("price"):
            price = account.refer("price", sent.required("price"), sent.named("price"))
        if price["type"] != "recurring":
            raise invalid(sent.named("price"), "The price must be recurring.")
        quantity = sent.integer("quantity", least=1) or found[name]["quantity"]
        changes.append(Change(item=found[name], price=price, quantity=quantity))
    return changes


def carry_out(account: Account, subscription: Json, params: Params) -> None:
    """
    Put `items` in force and bill them by `proration_behavior`.

    Raises:
        ApiError: 402, the card refuses, and the caller wanted nothing changed then.
    """
    changes = read(account, subscription, params)
    behaviour = params.choice("proration_behavior", PRORATIONS, PRORATIONS[0])
    wanted = params.choice("payment_behavior", PAYMENT_BEHAVIOURS, PAYMENT_BEHAVIOURS[0])
    anchor = subscription["billing_cycle_anchor"]
    refuses = account.behaviours.get(subscription["customer"], PAYING[0]) not in PAYING
    if changes and refuses and wanted == "error_if_incomplete" and behaviour == "always_invoice":
        raise ApiError(402, "Your card was declined.", type="card_error", code="card_declined")
    lines = [
        line for change in changes for line in _put_in_force(account, subscription, change, prorate=behaviour != "none")
    ]
    restarted = subscription["billing_cycle_anchor"] != anchor
    if lines and (restarted or behaviour == "always_invoice"):
        _bill(account, subscription, lines, outcome=billing.FAILED if refuses else billing.PAID)
    elif lines:
        account.pending.setdefault(subscription["id"], []).extend(lines)


def _put_in_force(account: Account, subscription: Json, change: Change, *, prorate: bool) -> list[Json]:
    """Change one item; answers the invoice lines that settle the difference."""
    item, old = change.item, dict(change.item)
    restarts = _interval(item["price"]) != _interval(change.price)
    item.update(price=change.price, plan=plan(change.price), quantity=change.quantity)
    if restarts:
        _restart(account, subscription, item)
    if prorate:
        return proration.lines(account, subscription, old, item, whole=restarts)
    return billing.cycle_lines(account, subscription) if restarts else []


def _restart(account: Account, subscription: Json, item: Json) -> None:
    """Begin a period now: a price of another interval cannot go on in the old one."""
    now = account.timestamp()
    subscription["billing_cycle_anchor"] = now
    item.update(current_period_start=now, current_period_end=next_boundary(now, now, item["price"]["recurring"]))


def _interval(price: Json) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def _bill(account: Account, subscription: Json, lines: list[Json], *, outcome: str) -> None:
    invoice = billing.bill(account, subscription, lines, reason=billing.CHANGE)
    name = subscription["default_payment_method"]
    saved = methods.saved_with(account, subscription["customer"])
    method = account.find("payment_method", name) if name else next(iter(saved), None)
    billing.collect(account, subscription, invoice, method, outcome=outcome)
