"""
A day's sums, exact and free: they ride in the wallet and move out when the day changes.

`flows` are the columns of a statement, unsigned credits; `kinds` counts entries and their signed credits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Flow(StrEnum):
    """Where credits came from and went: the columns of a statement."""

    BOUGHT = "bought"
    GRANTED = "granted"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    RESTORED = "restored"
    ADJUSTED = "adjusted"  # signed: an adjustment may go either way
    SENT = "sent"
    RECEIVED = "received"
    RECALLED = "recalled"
    PAID_TO_DEBT = "paid_to_debt"


Flows = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happened in a wallet on one UTC day so far, from entry `first_seq` on."""

    date: date
    first_seq: int
    meters: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    flows: Flows = field(default_factory=dict)

    def plus(self, kind: str, credits: int, flows: Flows, meters: Mapping[str, int]) -> Day:
        """Count one more entry."""
        count, sum_of_credits = self.kinds.get(kind, (0, 0))
        return Day(
            date=self.date,
            first_seq=self.first_seq,
            meters=add_up(self.meters, meters),
            kinds={**self.kinds, kind: (count + 1, sum_of_credits + credits)},
            flows=add_up(self.flows, flows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDay:
    """A finished day with what stood in the books at its end."""

    day: Day
    last_seq: int
    head: bytes
    left: int
    held: int
    debt: int


def add_up(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Add two tables of sums, name by name."""
    return {**one, **{name: one.get(name, 0) + amount for name, amount in other.items() if amount}}
