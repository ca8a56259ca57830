"""`/v1/subscriptions`: begun by a paid session; changed, cancelled and resumed here."""

from __future__ import annotations

from copy import deepcopy

from local.stripe import billing, coupons, discounts, invoice_shape, invoices, repricing
from local.stripe.account import Account, Call
from local.stripe.errors import Json, impossible
from local.stripe.lists import page
from local.stripe.params import Params
from local.stripe.subscription_shape import blank, item

CHANGES = ("items", "cancel_at_period_end", "cancellation_details", "metadata", "discounts", "default_payment_method")
TERMS = ("proration_behavior", "payment_behavior", "off_session", "description")
ENDED = ("canceled", "incomplete_expired")


def retrieve(call: Call) -> Json:
    """One subscription."""
    call.params.only()
    return call.account.find("subscription", call.id)


def list_(call: Call) -> Json:
    """Subscriptions by `customer`, `price` and `status` (`all` for ended ones too)."""
    status, price = call.params.text("status"), call.params.text("price")
    subscriptions = [
        subscription
        for subscription in call.account.all("subscription")
        if _has_status(subscription, status)
        and (price is None or any(item["price"]["id"] == price for item in subscription["items"]["data"]))
    ]
    return page(call, subscriptions, "/v1/subscriptions", same=("customer",), also=("status", "price"))


def cancel(call: Call) -> Json:
    """End it now."""
    call.params.only("cancellation_details", "invoice_now", "prorate")
    subscription = _running(call)
    _note_reason(subscription, call.params)
    subscription.update(cancel_at_period_end=False, cancel_at=None)
    billing.end(call.account, subscription)
    return subscription


def update(call: Call) -> Json:
    """
    Change what is sent: price or quantity, end at the period's end or not, discount, card, metadata.

    A change of price is billed by `proration_behavior`: with the next period (the usual), at once,
    or not at all. A change of interval begins a new period and bills it at once.
    """
    params, account = call.params, call.account
    params.only(*CHANGES, *TERMS)
    subscription = _running(call)
    if subscription["schedule"] and params.has("cancel_at_period_end"):
        message = f"The subscription is managed by the subscription schedule `{subscription['schedule']}`."
        raise impossible(message, param="cancel_at_period_end")
    before = deepcopy(subscription)
    _change_terms(account, subscription, params)
    repricing.carry_out(account, subscription, params)
    previous = {name: value for name, value in before.items() if value != subscription[name]}
    account.emit("customer.subscription.updated", subscription, previous=previous)
    return subscription


def set_ending(account: Account, subscription: Json, *, ending: bool) -> None:
    """Let a customer cancel at the period's end, or take that back."""
    before = subscription["cancel_at_period_end"]
    _mark_ending(account, subscription, ending=ending)
    account.emit("customer.subscription.updated", subscription, previous={"cancel_at_period_end": before})


def begin(account: Account, session: Json, method: Json | None) -> None:
    """Start the subscription that a session sells, and bill its first period by what the session said."""
    terms = account.terms[session["id"]]
    subscription = blank(
        account,
        customer=session["customer"],
        currency=session["currency"],
        terms=terms.subscription,
        method=method["id"] if method else None,
    )
    account.add(subscription)
    if terms.coupon:
        discount = discounts.redeem(account, account.find("coupon", terms.coupon), subscription)
        subscription["discounts"] = [discount["id"]]
    lines = [_first_line(account, subscription, line) for line in terms.lines]
    discounts.use_up(account, subscription, account.timestamp())
    invoice = billing.bill(account, subscription, lines, reason=billing.FIRST)
    session.update(subscription=subscription["id"], invoice=invoice["id"])
    account.emit("customer.subscription.created", subscription)
    billing.collect(account, subscription, invoice, method)
    if invoice["status"] == invoices.PAID:
        session["payment_status"] = "paid"


def _first_line(account: Account, subscription: Json, line: Json) -> Json:
    """Invoice what the session sold: a recurring price becomes an item, any other is only billed."""
    running = discounts.running(account, subscription, account.timestamp())
    if line["price"]["type"] == "recurring":
        made = item(account, subscription["id"], line["price"], line["quantity"])
        subscription["items"]["data"].append(made)
        return billing.line_of(account, made, line["amount_discount"], running)
    sold = line | {"discount": running[0]["id"] if running else None}
    return invoice_shape.line_of(account, sold, start=account.timestamp(), end=account.timestamp())


def _running(call: Call) -> Json:
    subscription = call.account.find("subscription", call.id)
    if subscription["status"] in ENDED:
        raise impossible("A canceled subscription can only update its cancellation_details and metadata.")
    return subscription


def _has_status(subscription: Json, status: str | None) -> bool:
    if status in {None, "ended"}:
        return bool((subscription["status"] in ENDED) == (status == "ended"))
    return bool(status in {"all", subscription["status"]})


def _change_terms(account: Account, subscription: Json, params: Params) -> None:
    _note_reason(subscription, params)
    subscription["metadata"] = params.metadata(subscription["metadata"])
    if params.has("description"):
        subscription["description"] = params.text("description")
    method = params.text("default_payment_method")
    if method:
        subscription["default_payment_method"] = account.refer("payment_method", method, "default_payment_method")["id"]
    if params.has("cancel_at_period_end"):
        _mark_ending(account, subscription, ending=params.flag("cancel_at_period_end"))
    if params.has("discounts"):
        coupon = coupons.chosen(account, params)
        subscription["discounts"] = [discounts.redeem(account, coupon, subscription)["id"]] if coupon else []


def _mark_ending(account: Account, subscription: Json, *, ending: bool) -> None:
    at = min(item["current_period_end"] for item in subscription["items"]["data"])
    subscription.update(
        cancel_at_period_end=ending,
        cancel_at=at if ending else None,
        canceled_at=account.timestamp() if ending else None,
    )
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if ending else None


def _note_reason(subscription: Json, params: Params) -> None:
    details = params.nested("cancellation_details")
    details.only("comment", "feedback")
    for name in ("comment", "feedback"):
        if details.has(name):
            subscription["cancellation_details"][name] = details.text(name)
