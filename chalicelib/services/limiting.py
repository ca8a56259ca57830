"""
Counting what a wallet's customers command, and how often the payment provider is asked for them.

A use case takes a slot when it has said no to all that it can by what lies in the tables, and before it writes or
asks the payment provider: so what is refused there leaves no trace, and a repeat finds its first answer though the
hour is full. Who called the use case gives the slot back if the command was refused after all, or was a repeat.
Attempts at the provider are taken with the slot, and never given back: it was asked, whatever came of it.
Taken first, the hour can't be overrun by many at once; a process that dies keeps its slot until the hour is over.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chalicelib.domain.catalog import Limits
from chalicelib.domain.limits import hour_at, too_many
from chalicelib.services.ports import OutcomeUnknown, Store, Throttled


class TakeSlot(Protocol):
    """
    Take what one command needs of its wallet's hour, what it took before included.

    `commands`: 1, or 0 for the rest of what was accepted before. `attempts`: at the payment provider.
    """

    def __call__(self, wallet_id: str, /, *, commands: int = 1, attempts: int = 0) -> None: ...


def unlimited(_wallet_id: str, *, commands: int = 1, attempts: int = 0) -> None:
    """Take nothing: for commands that nobody counts."""
    del commands, attempts


@dataclass(slots=True)
class Slot:
    """
    What one command has taken of its wallet's hour, however often the command is tried.

    `is_uncounted`: the count couldn't be reached, and the command goes on. Limits protect; they must not be what fails.
    """

    store: Store
    limits: Limits
    now: datetime
    is_uncounted: bool = field(default=False, init=False)
    taken_of: str | None = field(default=None, init=False)  # a wallet: it has counted the command
    attempts: int = field(default=0, init=False)

    def take(self, wallet_id: str, *, commands: int = 1, attempts: int = 0) -> None:
        """
        Take, of the command and so many attempts, what isn't taken yet: all of it or nothing.

        Raises:
            TooManyRequests: The hour has no room.
        """
        commands, missing = 0 if self.taken_of else commands, max(0, attempts - self.attempts)
        if self.is_uncounted or not (commands or missing):
            return
        hour = hour_at(self.now, self.limits)
        try:
            has_room = self.store.take_slot(wallet_id, hour, commands=commands, attempts=missing)
        except (Throttled, OutcomeUnknown):
            self.is_uncounted = True
            return
        if not has_room:
            raise too_many(hour, self.now)
        self.attempts += missing
        if commands:
            self.taken_of = wallet_id

    def give_back(self) -> None:
        """Count the command less, if it was counted; if that fails, its slot is lost until the hour is over."""
        if self.taken_of:
            with suppress(Throttled, OutcomeUnknown):
                self.store.give_back_slot(self.taken_of, hour_at(self.now, self.limits))
            self.taken_of = None
