"""What programs are told: the message's facts and its words, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.messages import Message
from chalicelib.domain.times import to_text
from chalicelib.domain.wording import Worded


def fields(message: Message, worded: Worded) -> dict[str, Any]:
    """Gather what the webhook has as `data`, and the topic as the whole message."""
    return {
        "wallet_id": message.wallet_id,
        "message_id": message.message_id,
        "kind": message.kind.value,
        **message.facts,
        "subject": worded.subject,
        "text": worded.text,
    }


def event(message: Message, worded: Worded) -> str:
    """Write the body of a webhook, as Standard Webhooks has it; `timestamp` is when it was decided."""
    timestamp = to_text(message.at)
    return to_json({"type": f"tally.{message.kind}", "timestamp": timestamp, "data": fields(message, worded)})


def parked(message: Message, reason: str) -> str:
    """Write what operators find in the dead-letter queue."""
    told = {
        "wallet_id": message.wallet_id,
        "message_id": message.message_id,
        "kind": message.kind.value,
        "at": to_text(message.at),
        "facts": dict(message.facts),
    }
    return to_json({"message": told, "reason": reason})


def to_json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
