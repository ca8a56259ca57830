"""
Tracing: what an id of Stripe's belongs to, followed along Stripe's own links to where our tags are.

    refund, dispute, charge → payment intent: its tags and its session, or else the invoice that it pays
    invoice → its subscription's tags, or else the payment intent that paid it

Each link is followed once, so it is four calls at most, whatever the id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from chalicelib.domain.times import from_ms, to_text
from chalicelib.payments.client import answered, is_unknown
from chalicelib.payments.tags import PURCHASE, WALLET
from chalicelib.services.ports import PaymentsFailed, Sighting

if TYPE_CHECKING:
    import stripe

Json = Mapping[str, Any]


class StripeTracing:
    """The part of `services.ports.Payments` that says what an id belongs to."""

    _client: Callable[[], stripe.StripeClient]

    def look_up(self, name: str) -> Sighting | None:
        follow = FOLLOW.get(name.partition("_")[0])
        try:
            with answered():
                found = follow(self, name) if follow else None
        except PaymentsFailed as failed:
            if is_unknown(failed):
                return None
            raise
        return found if found and found.wallet_id else None

    def _session(self, name: str) -> Sighting:
        asked = cast(Any, {"expand": ["payment_intent.latest_charge"]})
        session = self._client().v1.checkout.sessions.retrieve(name, asked).to_dict()
        intent = session.get("payment_intent")
        facts = {"session": _said_of_session(session)}
        if isinstance(intent, Mapping):
            facts["payment"] = _said_of_payment(intent)
        return Sighting(
            **_tagged(session),
            session_id=name,
            payment_id=_id_of(intent),
            subscription_id=_id_of(session.get("subscription")),
            invoice_id=_id_of(session.get("invoice")),
            customer_id=_id_of(session.get("customer")),
            facts=facts,
        )

    def _payment(self, name: str, *, to_invoice: bool = True) -> Sighting:
        v1 = self._client().v1
        intent = v1.payment_intents.retrieve(name, cast(Any, {"expand": ["latest_charge"]})).to_dict()
        found = Sighting(
            **_tagged(intent),
            payment_id=name,
            customer_id=_id_of(intent.get("customer")),
            facts={"payment": _said_of_payment(intent)},
        )
        if found.wallet_id:
            asked = cast(Any, {"payment_intent": name, "limit": 1})
            sessions = [each.to_dict() for each in v1.checkout.sessions.list(asked).data]
            return _joined(found, *map(_seen_session, sessions))
        if not to_invoice:
            return found
        asked = cast(Any, {"payment": {"type": "payment_intent", "payment_intent": name}, "limit": 1})
        paid = [_id_of(each.to_dict().get("invoice")) for each in v1.invoice_payments.list(asked).data]
        return _joined(*(self._invoice(each, to_payment=False) for each in paid if each), found)

    def _invoice(self, name: str, *, to_payment: bool = True) -> Sighting:
        invoice = self._client().v1.invoices.retrieve(name, cast(Any, {"expand": ["payments"]})).to_dict()
        details = (invoice.get("parent") or {}).get("subscription_details") or {}
        payments = (invoice.get("payments") or {}).get("data") or []
        intents = [_id_of((each.get("payment") or {}).get("payment_intent")) for each in payments]
        found = Sighting(
            **_tagged(details),
            invoice_id=name,
            payment_id=intents[0] if intents else None,
            subscription_id=_id_of(details.get("subscription")),
            customer_id=_id_of(invoice.get("customer")),
            facts={"invoice": _said_of_invoice(invoice)},
        )
        if found.wallet_id or not to_payment or not found.payment_id:
            return found
        return _joined(self._payment(found.payment_id, to_invoice=False), found)

    def _charge(self, name: str) -> Sighting | None:
        charge = self._client().v1.charges.retrieve(name).to_dict()
        return self._paid(charge, {})

    def _refund(self, name: str) -> Sighting | None:
        refund = self._client().v1.refunds.retrieve(name).to_dict()
        return self._paid(refund, {"refund": {"refund_id": name, **_amount(refund)}})

    def _dispute(self, name: str) -> Sighting | None:
        dispute = self._client().v1.disputes.retrieve(name).to_dict()
        return self._paid(
            dispute, {"dispute": {"dispute_id": name, "reason": dispute.get("reason"), **_amount(dispute)}}
        )

    def _paid(self, thing: Json, facts: Mapping[str, Json]) -> Sighting | None:
        """Go on from what names the payment that it is about; what has none is no sale of ours."""
        payment_id = _id_of(thing.get("payment_intent"))
        return _joined(self._payment(payment_id), Sighting(wallet_id="", facts=facts)) if payment_id else None

    def _subscription(self, name: str) -> Sighting:
        subscription = self._client().v1.subscriptions.retrieve(name).to_dict()
        return Sighting(
            **_tagged(subscription),
            subscription_id=name,
            invoice_id=_id_of(subscription.get("latest_invoice")),
            customer_id=_id_of(subscription.get("customer")),
            facts={
                "subscription": {"subscription_id": name, "status": subscription.get("status"), **_made(subscription)}
            },
        )

    def _customer(self, name: str) -> Sighting:
        customer = self._client().v1.customers.retrieve(name).to_dict()
        return Sighting(
            **_tagged(customer), customer_id=name, facts={"customer": {"customer_id": name, **_made(customer)}}
        )


FOLLOW: dict[str, Callable[[StripeTracing, str], Sighting | None]] = {
    "cs": StripeTracing._session,
    "pi": StripeTracing._payment,
    "ch": StripeTracing._charge,
    "py": StripeTracing._charge,
    "re": StripeTracing._refund,
    "pyr": StripeTracing._refund,
    "dp": StripeTracing._dispute,
    "du": StripeTracing._dispute,
    "sub": StripeTracing._subscription,
    "in": StripeTracing._invoice,
    "cus": StripeTracing._customer,
}
"""What each id names, by what stands before its first underscore."""


def _joined(*sightings: Sighting) -> Sighting:
    """Put together what was seen along a way: of each thing what the first one says."""
    first, *others = sightings
    for other in others:
        known = {name: getattr(first, name) or getattr(other, name) for name in IDS}
        first = replace(first, **known, facts={**other.facts, **first.facts})
    return first


IDS = ("wallet_id", "purchase_id", "session_id", "payment_id", "subscription_id", "invoice_id", "customer_id")


def _tagged(thing: Json) -> dict[str, Any]:
    """Read our own tags; without one it isn't ours."""
    tags = thing.get("metadata") or {}
    return {"wallet_id": tags.get(WALLET) or "", "purchase_id": tags.get(PURCHASE) or None}


def _seen_session(session: Json) -> Sighting:
    return Sighting(
        **_tagged(session),
        session_id=session["id"],
        invoice_id=_id_of(session.get("invoice")),
        facts={"session": _said_of_session(session)},
    )


def _said_of_session(session: Json) -> dict[str, Any]:
    return {
        "session_id": session["id"],
        "mode": session.get("mode"),
        "status": session.get("status"),
        "payment_status": session.get("payment_status"),
        "amount_minor": session.get("amount_total"),
        "currency": session.get("currency"),
        **_made(session),
    }


def _said_of_payment(intent: Json) -> dict[str, Any]:
    charge = intent.get("latest_charge")
    said = {"payment_id": intent["id"], **_amount(intent)}
    if isinstance(charge, Mapping):
        said |= {
            "charge_id": charge["id"],
            "refunded_minor": charge.get("amount_refunded"),
            "disputed": charge.get("disputed"),
        }
    return said


def _said_of_invoice(invoice: Json) -> dict[str, Any]:
    return {
        "invoice_id": invoice["id"],
        "number": invoice.get("number"),
        "status": invoice.get("status"),
        "amount_minor": invoice.get("total"),
        "currency": invoice.get("currency"),
        **_made(invoice),
    }


def _amount(thing: Json) -> dict[str, Any]:
    return {
        "status": thing.get("status"),
        "amount_minor": thing.get("amount"),
        "currency": thing.get("currency"),
        **_made(thing),
    }


def _made(thing: Json) -> dict[str, Any]:
    created = thing.get("created")
    return {
        "created_at": to_text(from_ms(created * 1000)) if isinstance(created, int) else None,
        "live": thing.get("livemode"),
    }


def _id_of(either: object) -> str | None:
    """Read an id that Stripe gives as it is, or inside the expanded object."""
    found = either.get("id") if isinstance(either, Mapping) else either
    return found if isinstance(found, str) else None
