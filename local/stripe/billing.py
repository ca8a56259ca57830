"""
The one place that bills subscriptions: the first payment, renewals, changes, and payments that fail.

A renewal that fails leaves the subscription `past_due` with an open invoice; the next renewal is
another attempt at it. After `MOST_ATTEMPTS` the subscription ends, as by Stripe's usual setting.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

from local.stripe import discounts, invoice_shape, invoices, methods, payments, schedules
from local.stripe.account import Account
from local.stripe.errors import Json
from local.stripe.periods import next_boundary

PAID, FAILED = "paid", "failed"
OUTCOMES = (PAID, FAILED)
MOST_ATTEMPTS = 4
RETRY_AFTER = timedelta(days=3)
FIRST, CYCLE, CHANGE = "subscription_create", "subscription_cycle", "subscription_update"


def bill(account: Account, subscription: Json, lines: list[Json], *, reason: str) -> Json:
    """Make the open invoice for finished lines, and any left over from changes, by its discounts."""
    lines = [*account.pending.pop(subscription["id"], []), *lines]
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    parent = {"quote_details": None, "subscription_details": details, "type": "subscription_details"}
    customer = account.find("customer", subscription["customer"])
    invoice = invoices.open_for(account, customer, lines, reason=reason, parent=parent)
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def collect(account: Account, subscription: Json, invoice: Json, method: Json | None, *, outcome: str = PAID) -> None:
    """Ask for an invoice's money: a card pays or fails at once, a bank leaves the invoice open."""
    if invoice["amount_due"] == 0:
        invoices.pay(account, invoice, None)
        return
    if method is None:
        _miss(account, subscription, invoice)
        return
    intent = payments.open_intent(
        account,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        terms={"description": "Subscription payment"},
    )
    invoices.attempt(account, invoice, intent)
    if outcome == FAILED:
        payments.decline(account, intent, method, code=payments.DECLINED)
        _miss(account, subscription, invoice)
    elif method["type"] == methods.BANK:
        payments.start_debit(account, intent, method)
    else:
        payments.take(account, intent, method)
        invoices.pay(account, invoice, intent)


def settle(account: Account, intent: Json) -> None:
    """A bank has paid an intent: so is its invoice, if it is a subscription's."""
    invoice = invoices.of_intent(account, intent)
    if invoice and invoice["status"] == invoice_shape.OPEN:
        invoices.pay(account, invoice, intent)
        _mark(account, account.find("subscription", _subscription_of(invoice)), "active")


def fail(account: Account, intent: Json) -> None:
    """A bank has refused an intent: its subscription is past due."""
    invoice = invoices.of_intent(account, intent)
    if invoice and invoice["status"] == invoice_shape.OPEN:
        _miss(account, account.find("subscription", _subscription_of(invoice)), invoice)


def renew(account: Account, subscription: Json, outcome: str) -> Json:
    """End a period: end the subscription if that was asked for, else bill the next one, or retry the last."""
    if subscription["cancel_at_period_end"]:
        end(account, subscription)
        return subscription
    method = _method(account, subscription)
    unpaid = _unpaid(account, subscription)
    if unpaid:
        collect(account, subscription, unpaid, method, outcome=outcome)
        if outcome == PAID:
            _mark(account, subscription, "active")
        return subscription
    before = deepcopy(subscription)
    advance(account, subscription)
    invoice = bill(account, subscription, cycle_lines(account, subscription), reason=CYCLE)
    changed = {name: value for name, value in before.items() if value != subscription[name]}
    account.emit("customer.subscription.updated", subscription, previous=changed)
    collect(account, subscription, invoice, method, outcome=outcome)
    return subscription


def advance(account: Account, subscription: Json) -> None:
    """Move every item to its next period, by the calendar and not by the clock; planned changes come into force."""
    items = subscription["items"]["data"]
    start = min(item["current_period_end"] for item in items)
    schedules.enter_phase(account, subscription, start)
    for item in items:
        anchor = subscription["billing_cycle_anchor"]
        item["current_period_start"] = start
        item["current_period_end"] = next_boundary(anchor, start, item["price"]["recurring"])


def cycle_lines(account: Account, subscription: Json) -> list[Json]:
    """The lines of the period that the items stand in, discounts taken off and used up."""
    items = subscription["items"]["data"]
    start = min(item["current_period_start"] for item in items)
    running = discounts.running(account, subscription, start)
    offs = discounts.spread(account, running, [amount_of(item) for item in items])
    discounts.use_up(account, subscription, start)
    return [line_of(account, item, off, running) for item, off in zip(items, offs, strict=True)]


def amount_of(item: Json) -> int:
    """What an item costs for one period, in minor units."""
    return int(item["price"]["unit_amount"] * item["quantity"])


def line_of(account: Account, item: Json, off: int, running: list[Json]) -> Json:
    """The line of one item for its period, with what *running* discounts take off it."""
    bought = {
        "amount_subtotal": amount_of(item),
        "amount_discount": off,
        "currency": item["price"]["currency"],
        "description": f"{item['quantity']} × {account.find('product', item['price']['product'])['name']}",
        "discount": running[0]["id"] if running else None,
        "price": item["price"],
        "quantity": item["quantity"],
    }
    start, end_ = item["current_period_start"], item["current_period_end"]
    return invoice_shape.line_of(account, bought, parent=line_parent(item), start=start, end=end_)


def line_parent(item: Json, *, proration: bool = False) -> Json:
    """What says that a line belongs to an item of a subscription."""
    details = {
        "invoice_item": None,
        "proration": proration,
        "proration_details": {"credited_items": None},
        "subscription": item["subscription"],
        "subscription_item": item["id"],
    }
    return {"invoice_item_details": None, "subscription_item_details": details, "type": "subscription_item_details"}


def end(account: Account, subscription: Json, *, reason: str = "cancellation_requested") -> None:
    """End a subscription now, or with the period that is over already."""
    at = account.timestamp()
    if subscription["cancel_at_period_end"]:
        at = min(at, *(item["current_period_end"] for item in subscription["items"]["data"]))
    subscription.update(status="canceled", ended_at=at, canceled_at=subscription["canceled_at"] or account.timestamp())
    subscription["cancellation_details"]["reason"] = reason
    account.pending.pop(subscription["id"], None)
    if subscription["schedule"]:
        schedules.let_go(account, account.find("subscription_schedule", subscription["schedule"]))
    account.emit("customer.subscription.deleted", subscription)


def _miss(account: Account, subscription: Json, invoice: Json) -> None:
    """Note a failed payment; the last one ends the subscription."""
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    last = invoice["attempt_count"] >= MOST_ATTEMPTS
    retry_at = account.timestamp() + int(RETRY_AFTER.total_seconds())
    invoice.update(next_payment_attempt=None if last else retry_at, auto_advance=not last)
    account.emit("invoice.payment_failed", invoice)
    if last:
        end(account, subscription, reason="payment_failed")
    else:
        _mark(account, subscription, "past_due")


def _mark(account: Account, subscription: Json, status: str) -> None:
    before = subscription["status"]
    if before not in {status, "canceled"}:
        subscription["status"] = status
        account.emit("customer.subscription.updated", subscription, previous={"status": before})


def _method(account: Account, subscription: Json) -> Json | None:
    """The card to charge; one that was detached pays no more."""
    name = subscription["default_payment_method"]
    method = account.find("payment_method", name) if name else None
    return method if method and method["customer"] else None


def _unpaid(account: Account, subscription: Json) -> Json | None:
    name = subscription["latest_invoice"]
    invoice = account.find("invoice", name) if name else None
    return invoice if invoice and invoice["status"] == invoice_shape.OPEN else None


def _subscription_of(invoice: Json) -> str:
    return str(invoice["parent"]["subscription_details"]["subscription"])
