"""Jobs over a store in memory: what runs them, and a carrier of messages that notes what it was handed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.messages import Message, Recipient
from chalicelib.services.deadlines import announce_due, expire_due
from chalicelib.services.ports import NotSent
from chalicelib.services.rounds import Errand, Report
from chalicelib.services.sending import Post, send_due
from tests.builders import CATALOG, NOON, patience, stamp
from tests.fakes import MemoryStore


@dataclass
class Carrier:
    """Takes every message, unless its channel is down."""

    names: tuple[str, ...] = ("email",)
    down: set[str] = field(default_factory=set)
    sent: list[tuple[str, str]] = field(default_factory=list)  # channel and message id
    parked: list[str] = field(default_factory=list)
    parking_fails: bool = False

    def channels(self, to: Recipient) -> Sequence[str]:
        del to
        return self.names

    def send(self, channel: str, message: Message, to: Recipient, *, now: datetime) -> None:
        del to, now
        if channel in self.down:
            raise NotSent("down")
        self.sent.append((channel, message.message_id))

    def park(self, message: Message, reason: str) -> None:
        del reason
        if self.parking_fails:
            raise NotSent("the queue is down")
        self.parked.append(message.message_id)


@dataclass
class Clockwork:
    """Runs jobs at a time of the test's choice."""

    store: MemoryStore = field(default_factory=MemoryStore)
    catalog: Catalog = CATALOG
    carrier: Carrier = field(default_factory=Carrier)
    now: datetime = NOON
    seen_store: Any = None
    seen_carrier: Any = None
    has_time: Callable[[], bool] = lambda: True

    def errand(self) -> Errand:
        return Errand(
            store=self.seen_store or self.store,
            catalog=self.catalog,
            patience=patience(budget=1.0),
            stamp=lambda: stamp(self.now, actor="clock"),
            has_time=self.has_time,
        )

    def expire(self) -> Report:
        return expire_due(self.errand())

    def alert(self) -> Report:
        errand = self.errand()
        return send_due(Post(errand, self.seen_carrier or self.carrier), announce_due(errand))
