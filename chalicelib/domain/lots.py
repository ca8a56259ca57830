"""
Lots: credits granted together, and the order in which they pay.

What is left in a lot is free, held, or set aside. Ends are judged at the instant of the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from chalicelib.domain.times import to_ms

NOTICE = timedelta(days=7)  # rule 37: what lies at least between the last notice and the end
SHORT_LIFE = timedelta(days=14)  # rule 37: an offer shorter than this is its own notice
DEFAULT_PRIORITY = 50


class Source(StrEnum):
    """Where a lot's credits came from."""

    PURCHASE = "purchase"
    PROMO = "promo"
    PLAN = "plan"
    ADJUSTMENT = "adjustment"


class LotId(NamedTuple):
    """A lot is named by the `seq` of the entry that granted it, and its place among that entry's grants."""

    seq: int
    nth: int = 0

    def __str__(self) -> str:
        return f"lot_{self.seq}.{self.nth}" if self.nth else f"lot_{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read what `str` wrote.

        Raises:
            ValueError: It is no lot's name.
        """
        seq, _, nth = text.removeprefix("lot_").partition(".")
        return cls(int(seq), int(nth or 0))


@dataclass(frozen=True, slots=True)
class Origin:
    """The lot from which a transferred lot came."""

    wallet_id: str
    lot_id: LotId


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """
    Credits granted together: one source, one expiry, one priority. All amounts are whole credits.

    `granted` is what went in, after debt was paid; `free`, `held` and `set_aside` are what is left of it.
    `expires_at` is the end as granted; `ends_at` is the one in force, once the last notice was recorded (`noticed_at`).
    `warned` is of how many days ahead the latest notice told.
    """

    id: LotId
    source: Source
    granted: int
    free: int
    held: int = 0
    set_aside: int = 0
    priority: int = DEFAULT_PRIORITY
    granted_at: datetime
    expires_at: datetime | None = None
    noticed_at: datetime | None = None
    warned: int | None = None
    purchase_id: str | None = None
    origin: Origin | None = None

    @property
    def left(self) -> int:
        return self.free + self.held + self.set_aside

    @property
    def needs_notice(self) -> bool:
        """Whether rules 36 and 37 cover it: no end without a notice at least seven days before."""
        if self.expires_at is None or self.source is Source.PLAN:
            return False
        return self.expires_at - self.granted_at >= SHORT_LIFE

    @property
    def ends_at(self) -> datetime | None:
        """The first instant at which it can't be drawn any more; None while no end is in force."""
        if self.expires_at is None or not self.needs_notice:
            return self.expires_at
        return max(self.expires_at, self.noticed_at + NOTICE) if self.noticed_at else None

    def end_in_sight(self, now: datetime) -> datetime | None:
        """
        Say when it ends as far as can be said at *now*: the end in force, or the soonest that a notice could bring.

        The soonest is counted from the full hour, so that it doesn't change with every look.
        """
        if self.expires_at is None or self.ends_at is not None:
            return self.ends_at
        return max(self.expires_at, now.replace(minute=0, second=0, microsecond=0) + NOTICE)

    def notice_due(self, days_ahead: Sequence[int]) -> Iterator[tuple[datetime, int]]:
        """
        List when notices fall due, soonest first, and how many days ahead each is; those already recorded are left out.

        *days_ahead* falls; only the last of it lets the lot end. A line that had passed at the grant is none.
        """
        if self.expires_at is None or not self.needs_notice:
            return
        since = (
            self.noticed_at or self.granted_at
        )  # noticed before its time: with a transfer, and reminded of all the same
        for days in days_ahead:
            at = self.expires_at - timedelta(days=days)
            is_open = self.warned is None or days < self.warned
            if is_open and (at > since or (days == days_ahead[-1] and not self.noticed_at)):
                yield at, days

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now

    def is_spendable(self, now: datetime) -> bool:
        return self.free > 0 and not self.has_ended(now)


def burn_order(lot: Lot) -> tuple[int, float, bool, int, LotId]:
    """Sort lots as they pay: priority, soonest expiry as granted, promo before paid, oldest, id."""
    expiry = to_ms(lot.expires_at) if lot.expires_at else float("inf")
    return (lot.priority, expiry, lot.source is Source.PURCHASE, to_ms(lot.granted_at), lot.id)


class Draw(NamedTuple):
    """Credits taken from one lot by one entry."""

    lot_id: LotId
    credits: int


def burn_down(lots: Iterable[Lot], credits: int, *, now: datetime) -> tuple[Draw, ...]:
    """
    Choose which lots pay, in burn order, as far as they reach.

    The draws add up to *credits*, or to all that is spendable if that is less: whether it covers the charge
    is judged by the wallet, which knows its debt.
    """
    owed, draws = credits, []
    for lot in sorted(lots, key=burn_order):
        if owed and lot.is_spendable(now):
            drawn = min(lot.free, owed)
            draws.append(Draw(lot.id, drawn))
            owed -= drawn
    return tuple(draws)
