"""Who sends requests to the webhook: Stripe, or somebody who has seen what Stripe sends."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from tests.webhooks.premises import SECRET, Premises

Request = dict[str, Any]
SHUT = {"statusCode": 400, "headers": {"content-type": "application/json"}, "body": "{}"}
A_MAC = "0" * 64  # what a signature looks like
LARGEST_BODY = 256 * 1024  # bytes
LONGEST_HEADER, LONGEST_ID, MOST_SIGNATURES = 1024, 255, 5  # characters, characters, and how many at once


class Sender:
    """Somebody who has a paid session's event before them, and may or may not know the secret."""

    def __init__(self, premises: Premises) -> None:
        self.premises = premises
        premises.hold()
        self.begun = premises.buy()
        premises.pay(self.begun)
        event_id = premises.events("checkout.session.completed")[0]
        event = next(each for each in premises.control("events")["events"] if each["id"] == event_id)
        self.event = {name: event[name] for name in ("id", "type", "data")}
        self.body = json.dumps(self.event).encode()
        self.time = int(premises.at.timestamp())
        premises.forget_calls()

    def sign(self, body: bytes | None = None, **how: Any) -> str:
        return self.premises.sign(self.body if body is None else body, **how)

    def mac(self, body: bytes | None = None, *, time: object = None, secret: str = SECRET, how: str = "sha256") -> str:
        """Sign alone, without the rest of the header, in whatever way."""
        signed = f"{self.time if time is None else time}.".encode() + (self.body if body is None else body)
        return hmac.new(secret.encode(), signed, how).hexdigest()

    def marked(self, time: str) -> str:
        """A header whose time is any text, rightly signed over that very text."""
        return f"t={time},v1={self.mac(time=time)}"

    def with_header(self, header: str) -> Request:
        return request(self.body, header)

    def sending(self, said: object) -> Request:
        """A rightly signed request with any JSON in it."""
        return self.signed(json.dumps(said).encode())

    def signed(self, body: bytes) -> Request:
        return request(body, self.sign(body))

    def saying(self, **changes: Any) -> Request:
        """A rightly signed event that differs in some fields."""
        return self.sending(self.event | changes)

    def lacking(self, name: str) -> Request:
        return self.sending({each: value for each, value in self.event.items() if each != name})

    def of_session(self, session_id: object) -> Request:
        return self.saying(data={"object": {"id": session_id, "object": "checkout.session"}})


def request(body: bytes, header: str | None, /, **changes: Any) -> Request:
    """Shape a request as Lambda hands it to the function behind a URL."""
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    shaped: Request = {
        "version": "2.0",
        "rawPath": "/",
        "headers": {"content-type": "application/json"} | ({} if header is None else {"stripe-signature": header}),
        "requestContext": {"http": {"method": "POST", "path": "/"}},
        "body": text,
        "isBase64Encoded": encoded,
    }
    return shaped | changes
