"""Messages that were sent: here they go nowhere else, and can be looked at."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any


class Outbox:
    """Keeps what was sent, oldest first. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[dict[str, Any]] = []

    def put(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            self._messages.append(dict(message))

    def messages(self) -> list[dict[str, Any]]:
        with self._lock:
            return [*self._messages]
