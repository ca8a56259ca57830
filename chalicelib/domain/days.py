"""
A day's sums, exact and free: they ride in the wallet and move out when the day changes.

`flows` are the columns of a statement, unsigned credits; `kinds` counts entries and their signed credits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    """
    What happened in a wallet on one UTC day so far, from entry `first_seq` on.

    `meters` and `credits` are what a chart shows: uses that happened on this day, gauges at their last level, and
    the credits of uses and captures. A use that was reported later counts on its own day there, but in `kinds`
    and `flows` on the day of its entry.
    """

    date: date
    first_seq: int
    meters: Mapping[str, int] = field(default_factory=dict)
    credits: int = 0
    kinds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    flows: Flows = field(default_factory=dict)

    def plus(self, kind: str, credits: int, flows: Flows) -> Day:
        """Count one more entry, or one more step that rode on an entry."""
        count, sum_of_credits = self.kinds.get(kind, (0, 0))
        kinds = {**self.kinds, kind: (count + 1, sum_of_credits + credits)}
        return replace(self, kinds=kinds, flows=add_up(self.flows, flows))

    def showing(self, chart: Chart) -> Day:
        """Add to what a chart shows of this day."""
        meters = {**add_up(self.meters, chart.counted), **chart.levels}
        return replace(self, meters=meters, credits=self.credits + chart.credits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What one or more uses add to a day's chart: quantities, gauges' levels, credits."""

    counted: Mapping[str, int] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)
    credits: int = 0

    def __add__(self, other: Chart) -> Chart:
        return Chart(
            counted=add_up(self.counted, other.counted),
            levels={**self.levels, **other.levels},
            credits=self.credits + other.credits,
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
