"""A topic of SNS, for whatever of ours wants to know; subscribers may filter by kind and wallet."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.messages import Message
from chalicelib.domain.wording import Worded
from chalicelib.notices import payloads


def publish(client: Any, message: Message, worded: Worded, *, topic: str) -> None:
    """Publish a message as JSON."""
    client.publish(
        TopicArn=topic,
        Message=payloads.to_json(payloads.fields(message, worded)),
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": message.kind.value},
            "wallet_id": {"DataType": "String", "StringValue": message.wallet_id},
        },
    )
