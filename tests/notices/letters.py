"""Messages and recipients for the tests of what carries them."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.domain.messages import Message, MessageKind, Recipient
from tests.builders import NOON

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DEBT = Message(message_id="msg_1", wallet_id="acct_a", kind=MessageKind.DEBT, at=NOON, facts={"debt": 7})
LANGUAGES = wiring.languages()


def recipient(**more: Any) -> Recipient:
    fields: dict[str, Any] = {
        "wallet_id": "acct_a",
        "email": "ada@example.com",
        "webhook_url": "https://hooks.example.com/tally",
        "webhook_secret": SECRET,
    }
    return Recipient(**(fields | more))
