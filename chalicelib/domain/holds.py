"""
Holds: credits set aside now, captured or released later. This is the one place that says what can become of one.

    open ── capture ──▶ captured     takes what was used, the rest goes back
    open ── release ──▶ released     gives everything back
    open ── lapse ────▶ lapsed       the same, by the clock

Of two transitions one wins: a hold that is no longer open takes none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.catalog import Terms
from chalicelib.domain.lots import Draw

OPEN_HOLDS = 50
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=1)  # from placing to lapsing


class State(StrEnum):
    """Where a hold stands."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    LAPSED = "lapsed"


class Transition(StrEnum):
    """What can be done with a hold."""

    CAPTURE = "capture"
    RELEASE = "release"
    LAPSE = "lapse"


TRANSITIONS: dict[tuple[State, Transition], State] = {
    (State.OPEN, Transition.CAPTURE): State.CAPTURED,
    (State.OPEN, Transition.RELEASE): State.RELEASED,
    (State.OPEN, Transition.LAPSE): State.LAPSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUse:
    """
    The use that a hold is for: it was counted when the hold was placed, on top of `base`, in the period that began
    at `period_start`, and is priced by the terms of that moment whatever happens to the plan.
    """

    meter: str
    quantity: int
    base: int
    period_start: datetime
    terms: Terms

    def cost(self, quantity: int) -> int:
        """Price so much of it in credits: `cost(base + quantity) - cost(base)`."""
        return self.terms.cost(self.base + quantity) - self.terms.cost(self.base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """
    Credits set aside, named by the `seq` of the entry that did it, with the exact draws it was placed with.

    It is open until `lapses_at`, the first instant at which it is not.
    """

    seq: int
    draws: tuple[Draw, ...]
    lapses_at: datetime
    use: HeldUse | None = None

    @property
    def hold_id(self) -> str:
        return hold_id(self.seq)

    @property
    def credits(self) -> int:
        return sum(draw.credits for draw in self.draws)

    def has_lapsed(self, now: datetime) -> bool:
        return self.lapses_at <= now


def hold_id(seq: int) -> str:
    return f"hold_{seq}"


def seq_of_hold(name: str) -> int | None:
    """Read which entry placed a hold; None: it is no hold's name."""
    digits = name.removeprefix("hold_")
    usual = name.startswith("hold_") and digits.isascii() and digits.isdecimal() and not digits.startswith("0")
    return int(digits) if usual and len(digits) <= 12 else None  # noqa: PLR2004 - as many as an entry's number has


def first_of(draws: Iterable[Draw], credits: int) -> tuple[tuple[Draw, ...], tuple[Draw, ...]]:
    """Part draws, in their order, into those that make up *credits* and the rest."""
    taken, rest, owed = [], [], credits
    for draw in draws:
        part = min(draw.credits, owed)
        owed -= part
        if part:
            taken.append(Draw(draw.lot_id, part))
        if draw.credits > part:
            rest.append(Draw(draw.lot_id, draw.credits - part))
    return tuple(taken), tuple(rest)
