"""
The one place that delivers events: in order, signed, with a few retries, never under the account's lock.

Modes: `auto` delivers at once, on a thread of its own (or, inline, on the caller's); `hold`
keeps events until `auto` returns or someone asks for one.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from local.stripe.errors import Json
from local.stripe.signing import signature

Endpoint = Callable[[bytes, Mapping[str, str]], int]

AUTO, HOLD = "auto", "hold"
MODES = (AUTO, HOLD)
RETRY_DELAYS = (0.1, 0.5, 2.0)
"""Seconds before the second, third and fourth attempt; Stripe's go on for three days."""

UNREACHABLE = 0
SUCCESS = 2
"""The first digit of every status that accepts an event."""


class Courier:
    """Carries events to the endpoint and counts its attempts; safe for threads."""

    def __init__(
        self,
        endpoint: Endpoint | None,
        *,
        now: Callable[[], datetime],
        secrets: Sequence[str],
        inline: bool,
        retry_delays: Sequence[float],
    ) -> None:
        self._endpoint, self._now, self._secrets = endpoint, now, tuple(secrets)
        self._inline, self._retry_delays = inline, tuple(retry_delays)
        self._changed = threading.Condition()
        self._waiting: deque[Json] = deque()
        self._busy = False
        self.mode = AUTO
        self.attempts: Counter[str] = Counter()
        self.last_status: dict[str, int] = {}

    def take(self, events: Sequence[Json]) -> None:
        """Queue events; `pump` sends them. Events that nobody listens for are only recorded."""
        if self._endpoint is not None:
            with self._changed:
                self._waiting.extend(events)

    def set_mode(self, mode: str) -> None:
        """Hold what is not yet sent, or send what was held, in order."""
        with self._changed:
            self.mode = mode
        self.pump()

    def pump(self) -> None:
        """Send what is waiting, unless it is held or somebody is sending already."""
        with self._changed:
            if self._busy or self.mode == HOLD or not self._waiting:
                return
            self._busy = True
        if self._inline:
            self._send_all()
        else:
            threading.Thread(target=self._send_all, name="stripe-events", daemon=True).start()

    def drain(self, timeout: float) -> bool:
        """Wait until nothing is being sent or due; False if that takes longer than *timeout* seconds."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout)

    def deliver(self, event: Json) -> int:
        """Send one event now, in any mode; delivered, it waits no longer. Answers the endpoint's status."""
        status = self._attempt(event)
        if _accepted(status):
            with self._changed:
                if event in self._waiting:
                    self._waiting.remove(event)
        return status

    def _is_idle(self) -> bool:
        return not self._busy and (self.mode == HOLD or not self._waiting)

    def _send_all(self) -> None:
        try:
            while (event := self._next()) is not None:
                self._send(event)
        except BaseException:
            self._rest()
            raise

    def _next(self) -> Json | None:
        with self._changed:
            if self.mode == HOLD or not self._waiting:
                self._rest()
                return None
            return self._waiting.popleft()

    def _rest(self) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()

    def _send(self, event: Json) -> None:
        """Try until it is accepted or the attempts are used up; later events wait, so that order is kept."""
        for delay in (0.0, *self._retry_delays):
            if delay and not self._inline:
                time.sleep(delay)
            if _accepted(self._attempt(event)):
                return

    def _attempt(self, event: Json) -> int:
        body = json.dumps(event, indent=2).encode()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": signature(body, self._secrets, at=self._now()),
            "user-agent": "Stripe/1.0 (stand-in)",
        }
        status = self._post(body, headers)
        with self._changed:
            self.attempts[event["id"]] += 1
            self.last_status[event["id"]] = status
            if _accepted(status):
                event["pending_webhooks"] = 0
        return status

    def _post(self, body: bytes, headers: Mapping[str, str]) -> int:
        if self._endpoint is None:
            return UNREACHABLE
        try:
            return self._endpoint(body, headers)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 - whatever breaks the receiver, Stripe sees no answer
            return UNREACHABLE


def _accepted(status: int) -> bool:
    return status // 100 == SUCCESS
