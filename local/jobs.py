"""The scheduled functions of an app, found by what Chalice registered, run when asked or by a timer."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalice.app import Chalice, CloudWatchEventConfig, ScheduledEventConfig
from chalice.local import LambdaContext

TIMEOUT_MS, MEMORY_MB = 300_000, 512
PAUSE = 60.0  # seconds between two rounds of the timer
LONGEST_GOODBYE = 5.0  # seconds for a job that runs while the timer is closed

log = logging.getLogger(__name__)


class Jobs:
    """Runs jobs by their names, as CloudWatch would."""

    def __init__(self, app: Chalice, *, now: Callable[[], datetime]) -> None:
        self._app, self._now = app, now

    def names(self) -> list[str]:
        kinds = (ScheduledEventConfig, CloudWatchEventConfig)
        return sorted(source.name for source in self._app.event_sources if isinstance(source, kinds))

    def run(self, name: str) -> Any:
        """
        Run a job now, and give what it answers.

        Raises:
            KeyError: There is no such job.
        """
        if name not in self.names():
            raise KeyError(name)
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "account": "000000000000",
            "region": "us-east-1",
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "detail": {},
            "time": self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": [f"arn:aws:events:us-east-1:000000000000:rule/{name}"],
        }
        return self._app.handler_map[name](event, LambdaContext(name, MEMORY_MB, TIMEOUT_MS))


class Timer:
    """Runs every job each minute, until closed; one that breaks is logged and runs again."""

    def __init__(self, jobs: Jobs, *, pause: float = PAUSE) -> None:
        self._jobs, self._pause = jobs, pause
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="jobs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(LONGEST_GOODBYE)

    def _rounds(self) -> None:
        while not self._ended.wait(self._pause):
            for name in self._jobs.names():
                self._run(name)

    def _run(self, name: str) -> None:
        if not self._ended.is_set():
            try:
                self._jobs.run(name)
            except Exception:
                log.exception("job %s", name)
