"""The one place that follows `expand[]`: ids become the objects they name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy

from local.stripe.account import Account
from local.stripe.errors import Json, invalid
from local.stripe.lists import listing

DEEPEST = 4


def expanded(account: Account, answer: Json, paths: Iterable[str]) -> Json:
    """Copy an answer with every path of *paths* expanded, so that no caller can reach into the state."""
    copy = deepcopy(answer)
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST + (parts[0] == "data"):
            raise invalid("expand", f"You cannot expand more than {DEEPEST} levels of a property: {path}")
        _expand(account, copy, parts, path)
    return copy


def _expand(account: Account, thing: Json, parts: list[str], path: str) -> None:
    name, *rest = parts
    include = INCLUDABLE.get((thing.get("object", ""), name))
    if include and name not in thing:
        thing[name] = deepcopy(include(account, thing))
    elif name not in thing:
        raise invalid("expand", f"This property cannot be expanded ({path}).")
    value = thing[name]
    whole = value if isinstance(value, list) else [value]
    found = [_object(account, one, path) for one in whole]
    thing[name] = found if isinstance(value, list) else found[0]
    for inner in found:
        if rest and inner is not None:
            _expand(account, inner, rest, path)


def _object(account: Account, value: object, path: str) -> Json | None:
    """The object that an id names; what is an object already, or absent, stays."""
    if value is None or isinstance(value, dict):
        return value
    for thing in account.named(value) if isinstance(value, str) else ():
        return deepcopy(thing)
    raise invalid("expand", f"This property cannot be expanded ({path}).")


def _lines_of_session(account: Account, session: Json) -> Json:
    lines = account.terms[session["id"]].lines
    return listing(list(lines), url=f"/v1/checkout/sessions/{session['id']}/line_items")


def _refunds_of_charge(account: Account, charge: Json) -> Json:
    refunds = [refund for refund in account.all("refund") if refund["charge"] == charge["id"]]
    return listing(refunds, url=f"/v1/charges/{charge['id']}/refunds")


def _payments_of_invoice(account: Account, invoice: Json) -> Json:
    payments = [payment for payment in account.all("invoice_payment") if payment["invoice"] == invoice["id"]]
    return listing(payments, url="/v1/invoice_payments")


def _subscriptions_of_customer(account: Account, customer: Json) -> Json:
    running = [
        subscription
        for subscription in account.all("subscription")
        if subscription["customer"] == customer["id"] and subscription["status"] != "canceled"
    ]
    return listing(running, url=f"/v1/customers/{customer['id']}/subscriptions")


INCLUDABLE: dict[tuple[str, str], Callable[[Account, Json], Json]] = {
    ("checkout.session", "line_items"): _lines_of_session,
    ("charge", "refunds"): _refunds_of_charge,
    ("invoice", "payments"): _payments_of_invoice,
    ("customer", "subscriptions"): _subscriptions_of_customer,
}
"""Fields that Stripe leaves out of an object until they are asked for."""
