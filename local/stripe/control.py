"""
`/_control/…`: what buyers, banks and the passing of time do, on request.

JSON in, JSON out. Not part of Stripe's API; nothing here asks for a key.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from local.stripe import billing, checkout, disputes, intents, methods, refunds, routes, sessions, subscriptions
from local.stripe.account import Account
from local.stripe.errors import ApiError, Json, impossible, invalid
from local.stripe.money import MOST_MINOR

Order = Callable[[Account, str, "Wishes"], Json]


class Wishes:
    """The fields of a control request, read strictly."""

    def __init__(self, body: bytes, *known: str) -> None:
        try:
            fields: Any = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            raise invalid("body", "The body is not JSON.") from None
        if not isinstance(fields, dict):
            raise invalid("body", "The body is not a JSON object.")
        self._fields: Json = fields
        for name in fields:
            if name not in known:
                raise invalid(name, f"Unknown field: {name}. Known: {', '.join(known) or 'none'}.")

    def choice(self, name: str, options: tuple[str, ...], default: str | None = None) -> str:
        """One of the options."""
        value = self._fields.get(name, default)
        if value not in options or not isinstance(value, str):
            raise invalid(name, f"`{name}` must be one of {', '.join(options)}.")
        return value

    def amount(self, name: str) -> int | None:
        """Minor units, if sent."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_MINOR:
            raise invalid(name, f"`{name}` must be a whole number of minor units above 0.")
        return value

    def flag(self, name: str) -> bool:
        """True or false; absent is false."""
        value = self._fields.get(name, False)
        if not isinstance(value, bool):
            raise invalid(name, f"`{name}` must be true or false.")
        return value

    def text(self, name: str) -> str | None:
        """A text, if sent."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(name, f"`{name}` must be a text.")
        return value or None


def pay_session(account: Account, name: str, wishes: Wishes) -> Json:
    """A buyer pays on the page."""
    session = account.find("checkout.session", name)
    way = wishes.choice("method", checkout.WAYS, checkout.CARD)
    return checkout.pay(account, session, way, email=wishes.text("email"))


def expire_session(account: Account, name: str, _wishes: Wishes) -> Json:
    """An open session's time is over."""
    session = account.find("checkout.session", name)
    if session["status"] != "open":
        raise impossible(f"This Checkout Session is {session['status']}; only an open one can expire.")
    sessions.close(account, session)
    return session


def settle_intent(account: Account, name: str, _wishes: Wishes) -> Json:
    """A bank pays its debit, also one that it had failed."""
    return checkout.settle(account, account.find("payment_intent", name))


def fail_intent(account: Account, name: str, _wishes: Wishes) -> Json:
    """A bank refuses a debit that is under way."""
    return checkout.fail(account, account.find("payment_intent", name))


def refund_intent(account: Account, name: str, wishes: Wishes) -> Json:
    """The seller refunds on Stripe's own pages, past the API."""
    charge = refunds.charge_to_refund(account, account.find("payment_intent", name))
    return refunds.give_back(account, charge, amount=wishes.amount("amount"))


def dispute_intent(account: Account, name: str, wishes: Wishes) -> Json:
    """A buyer disputes a payment with the bank."""
    charge = refunds.charge_to_refund(account, account.find("payment_intent", name))
    return disputes.begin(account, charge, amount=wishes.amount("amount"), inquiry=wishes.flag("inquiry"))


def close_dispute(account: Account, name: str, wishes: Wishes) -> Json:
    """The bank decides."""
    outcome = wishes.choice("status", (disputes.WON, disputes.LOST))
    return disputes.close(account, account.find("dispute", name), outcome)


def fail_refund(account: Account, name: str, _wishes: Wishes) -> Json:
    """The buyer's bank sends a refund back."""
    return refunds.fail(account, account.find("refund", name))


def renew_subscription(account: Account, name: str, wishes: Wishes) -> Json:
    """A subscription's period is over, whatever the clock says."""
    subscription = account.find("subscription", name)
    if subscription["status"] in subscriptions.ENDED:
        raise impossible("This subscription has ended.")
    return billing.renew(account, subscription, wishes.choice("outcome", billing.OUTCOMES, billing.PAID))


def set_card(account: Account, name: str, wishes: Wishes) -> Json:
    """Say how a customer's card takes off-session payments; a customer without one gets one."""
    customer = account.find("customer", name)
    if customer.get("deleted"):
        raise impossible("This customer is deleted.")
    behaviour = wishes.choice("behaviour", (*intents.BEHAVIOURS, intents.BANK_DEBIT))
    account.behaviours[name] = behaviour
    saved = methods.saved_with(account, name)
    method = saved[0] if saved else methods.present(account, methods.CARD, email=customer["email"], customer=name)
    return {"customer": name, "behaviour": behaviour, "payment_method": method["id"]}


ORDERS: tuple[tuple[str, tuple[str, ...], Order], ...] = (
    ("/_control/sessions/{id}/pay", ("method", "email"), pay_session),
    ("/_control/sessions/{id}/expire", (), expire_session),
    ("/_control/payment_intents/{id}/settle", (), settle_intent),
    ("/_control/payment_intents/{id}/fail", (), fail_intent),
    ("/_control/payment_intents/{id}/refund", ("amount",), refund_intent),
    ("/_control/payment_intents/{id}/dispute", ("amount", "inquiry"), dispute_intent),
    ("/_control/disputes/{id}/close", ("status",), close_dispute),
    ("/_control/refunds/{id}/fail", (), fail_refund),
    ("/_control/subscriptions/{id}/renew", ("outcome",), renew_subscription),
    ("/_control/customers/{id}/card", ("behaviour",), set_card),
)

TABLE = tuple((routes.compiled(pattern), known, order) for pattern, known, order in ORDERS)


def obey(account: Account, path: str, body: bytes) -> Json:
    """
    Carry out one order.

    Raises:
        ApiError: There is no such order or object, or it cannot be done now.
    """
    for pattern, known, order in TABLE:
        match = pattern.fullmatch(path)
        if match:
            return order(account, match["id"], Wishes(body, *known))
    raise ApiError(404, f"There is no control at {path}.")
