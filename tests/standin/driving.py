"""What the tests drive the stand-in with: a clock to move, an endpoint that listens, shortcuts for usual steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from local.stripe.standin import StandIn
from local.stripe.transport import InProcess

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "whsec_first"
KEY = "sk_test_buyer"
HOME = "https://shop.example"

Json = dict[str, Any]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        """The time it shows."""
        return self.at

    def advance(self, **span: float) -> None:
        """Move on by a time span, as `timedelta` takes it."""
        self.at += timedelta(**span)

    def timestamp(self) -> int:
        """The time it shows, in seconds since 1970."""
        return int(self.at.timestamp())


class Listener:
    """An endpoint that verifies and remembers what it gets, and answers as told."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.headers: list[Mapping[str, str]] = []
        self.answers: list[int | BaseException] = []

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Take one event; the next of `answers`, or 200."""
        stripe.WebhookSignature.verify_header(body, headers["stripe-signature"], SECRET)
        self.events.append(json.loads(body))
        self.headers.append(headers)
        told = self.answers.pop(0) if self.answers else 200
        if isinstance(told, BaseException):
            raise told
        return told

    def types(self) -> list[str]:
        """The types of the events that came, in order."""
        return [event["type"] for event in self.events]

    def last(self, type_: str) -> Json:
        """The object in the newest event of a type."""
        thing: Json = next(event for event in reversed(self.events) if event["type"] == type_)["data"]["object"]
        return thing


class Desk:
    """A stand-in with the real package on one side, its controls on another, and a listener behind."""

    def __init__(self, *, inline: bool = True, secrets: tuple[str, ...] = (SECRET,)) -> None:
        self.clock, self.listener = Clock(), Listener()
        self.standin = StandIn(
            now=self.clock.now,
            secrets=secrets,
            endpoint=self.listener,
            base_url="https://pay.example",
            deliver_inline=inline,
            retry_delays=(0.01, 0.01),
        )
        self.transport = InProcess(self.standin)
        self.stripe = stripe.StripeClient(KEY, http_client=self.transport).v1

    def control(self, path: str, **wishes: Any) -> Json:
        """Give an order that must be obeyed."""
        status, told = self.try_control(path, **wishes)
        assert status == 200, told
        return told

    def try_control(self, path: str, **wishes: Any) -> tuple[int, Json]:
        """Give an order; its status and answer."""
        reply = self.standin.handle("POST", f"/_control/{path}", {}, json.dumps(wishes).encode())
        told: Json = json.loads(reply.body)
        return reply.status, told

    def events(self) -> list[Json]:
        """What `GET /_control/events` lists."""
        reply = self.standin.handle("GET", "/_control/events", {}, b"")
        events: list[Json] = json.loads(reply.body)["events"]
        return events

    def browse(self, path: str, form: str | None = None) -> tuple[int, Mapping[str, str], str]:
        """Open a hosted page, or send its form."""
        body = (form or "").encode()
        reply = self.standin.handle("GET" if form is None else "POST", path, {}, body)
        return reply.status, reply.headers, reply.body.decode()

    def session(self, **changes: Any) -> stripe.checkout.Session:
        """Open a session for two packages at 10 dollars."""
        params: Any = {**order(), **changes}
        return self.stripe.checkout.sessions.create(params)

    def paid(self, **changes: Any) -> stripe.checkout.Session:
        """Open a session, pay it by card, and read it again with its payment."""
        session = self.session(**changes)
        self.control(f"sessions/{session.id}/pay", method="card")
        return self.stripe.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})

    def intent(self, session: stripe.checkout.Session) -> stripe.PaymentIntent:
        """The payment of a session, read afresh with its charge."""
        fresh = self.stripe.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
        assert isinstance(fresh.payment_intent, stripe.PaymentIntent)
        return fresh.payment_intent

    def charge(self, session: stripe.checkout.Session) -> stripe.Charge:
        """The newest charge of a session, read afresh."""
        charge = self.intent(session).latest_charge
        assert isinstance(charge, stripe.Charge)
        return charge

    def status(self, session: stripe.checkout.Session) -> tuple[str | None, str]:
        """How a session stands: its status and its payment's."""
        fresh = self.stripe.checkout.sessions.retrieve(session.id)
        return fresh.status, fresh.payment_status


def told_headers(thing: stripe.StripeObject) -> Mapping[str, str]:
    """The headers of the answer in which an object came."""
    assert thing.last_response is not None
    headers: Mapping[str, str] = thing.last_response.headers
    return headers


def order() -> Any:
    """The parameters of a usual session."""
    return {
        "mode": "payment",
        "success_url": HOME + "/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": HOME + "/basket",
        "line_items": [{"quantity": 2, "price_data": price_data()}],
    }


def price_data(amount: int = 1_000) -> Any:
    """A price said on the spot."""
    return {"currency": "usd", "unit_amount": amount, "product_data": {"name": "1,000 credits"}}
