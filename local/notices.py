"""Sends nothing: keeps every message in the outbox, in the words that would have gone out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.languages import Languages
from chalicelib.domain.messages import Message, Recipient
from chalicelib.domain.times import to_text
from chalicelib.domain.wording import word
from local.outbox import Outbox

SHOWN = ("meter", "level", "lot_id")  # facts that stand beside the words; the others are under "facts"


class LocalNotices:
    """Notices that can be looked at."""

    def __init__(self, outbox: Outbox, catalog: Catalog, languages: Languages) -> None:
        self._outbox, self._catalog, self._languages = outbox, catalog, languages

    def channels(self, to: Recipient) -> Sequence[str]:
        there = {"email": to.email, "webhook": to.webhook_url}
        return [channel for channel, address in there.items() if address] or ["local"]

    def send(self, channel: str, message: Message, to: Recipient, *, now: datetime) -> None:
        self._put(channel, message, locale=to.locale, sent_at=now)

    def park(self, message: Message, reason: str) -> None:
        """Lay a message aside, in the first language; it was never sent, so its own time stands there."""
        locale = self._languages.first.name
        self._put("dead_letters", message, locale=locale, sent_at=message.at, reason=reason)

    def _put(self, channel: str, message: Message, *, locale: str, sent_at: datetime, **more: str) -> None:
        worded = word(message, self._catalog, self._languages, locale=locale)
        shown = {name: message.facts[name] for name in SHOWN if name in message.facts}
        self._outbox.put(
            {
                "id": message.message_id,
                "wallet_id": message.wallet_id,
                "channel": channel,
                "kind": message.kind.value,
                **shown,
                "subject": worded.subject,
                "text": worded.text,
                "sent_at": to_text(sent_at),
                "facts": {name: value for name, value in message.facts.items() if name not in SHOWN},
                **more,
            }
        )
