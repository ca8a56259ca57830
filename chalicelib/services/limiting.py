"""
Counting what a wallet's customers command: a slot of the hour is taken first, and given back if it wasn't needed.

A use case takes the slot when it has said no to all that it can by what lies in the tables, and before it writes or
asks the payment provider: so what is refused there leaves no trace, and a repeat finds its first answer though the
hour is full. Who called the use case gives the slot back if the command was refused after all, or was a repeat.
Taken first, the hour can't be overrun by many at once; a process that dies keeps its slot until the hour is over.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.catalog import Limits
from chalicelib.domain.limits import hour_at, too_many
from chalicelib.services.ports import OutcomeUnknown, Store, Throttled

TakeSlot = Callable[[str], None]


def unlimited(_wallet_id: str) -> None:
    """Take no slot: for commands that nobody counts."""


@dataclass(slots=True)
class Slot:
    """
    The place of one command in its wallet's hour, however often the command is tried.

    `is_uncounted`: the count couldn't be reached, and the command goes on. Limits protect; they must not be what fails.
    """

    store: Store
    limits: Limits
    now: datetime
    is_uncounted: bool = field(default=False, init=False)
    taken_of: str | None = field(default=None, init=False)  # a wallet

    def take(self, wallet_id: str) -> None:
        """
        Take the slot, if it isn't taken yet.

        Raises:
            TooManyRequests: The hour has no room.
        """
        if self.taken_of or self.is_uncounted:
            return
        hour = hour_at(self.now, self.limits)
        try:
            has_room = self.store.take_slot(wallet_id, hour)
        except (Throttled, OutcomeUnknown):
            self.is_uncounted = True
            return
        if not has_room:
            raise too_many(hour, self.now)
        self.taken_of = wallet_id

    def give_back(self) -> None:
        """Give the slot back, if it was taken; if that fails, it is lost until the hour is over."""
        if self.taken_of:
            with suppress(Throttled, OutcomeUnknown):
                self.store.give_back_slot(self.taken_of, hour_at(self.now, self.limits))
            self.taken_of = None
