"""The one clock of the local stack. It judges and stamps everything; it can be moved ahead, and never goes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class WrongMove(ValueError):
    """The clock can't be moved like that. The message says why."""


def machine_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Runs as the machine's clock does, from wherever it was moved to. Safe for threads."""

    def __init__(self, machine: Callable[[], datetime] = machine_time) -> None:
        self._machine = machine
        self._lock = threading.Lock()
        self._ahead = timedelta(0)
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Read the clock; a machine whose own clock is set back doesn't take this one along."""
        with self._lock:
            return self._read()

    def advance(self, seconds: float) -> datetime:
        """
        Move ahead, and say where it stands then.

        Raises:
            WrongMove: *seconds* is negative, or further than there are years.
        """
        try:
            step = timedelta(seconds=seconds)
        except (OverflowError, ValueError):
            raise WrongMove("further than the calendar goes") from None
        with self._lock:
            return self._move(step)

    def move_to(self, at: datetime) -> datetime:
        """
        Move ahead to a time, and say where it stands then.

        Raises:
            WrongMove: That time is over.
        """
        with self._lock:
            return self._move(at - self._read())

    @contextmanager
    def living_through(self, since: datetime) -> Iterator[None]:
        """
        Begin again at a time that is over, and be back in the present at the end.

        It is how things come to have happened before; nobody else may look at the clock meanwhile.
        """
        with self._lock:
            present, ahead = self._read(), self._ahead
            self._latest = since
            self._ahead = since - self._machine()
        try:
            yield
        finally:
            with self._lock:
                self._ahead, self._latest = ahead, max(present, self._machine() + ahead)

    def _move(self, step: timedelta) -> datetime:
        if step < timedelta(0):
            raise WrongMove("the clock never goes back")
        try:
            self._latest = self._read() + step
        except OverflowError:
            raise WrongMove("further than the calendar goes") from None
        self._ahead = self._latest - self._machine()
        return self._latest

    def _read(self) -> datetime:
        self._latest = max(self._latest, self._machine() + self._ahead)
        return self._latest
