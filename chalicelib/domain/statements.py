"""
Statements: what a calendar month brought and took, drawn up from the sums of its days.

    closing = opening + bought + granted + received + restored + adjusted
                      - used - expired - revoked - sent - recalled - paid to debt

Opening and closing are what is left in lots by the books: held and set aside included, ended or not. The columns
follow the entries, so a use that was reported late counts on the day of its entry. Where one month closes the next
opens, with the next entry. A statement whose sums don't come out, or whose days don't follow one another, is not given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from chalicelib.domain.days import ClosedDay, Day, Flow, add_up
from chalicelib.domain.ledger import GENESIS, KINDS, EntryKind
from chalicelib.domain.times import EPOCH
from chalicelib.domain.wallet import Wallet

CAME = (Flow.BOUGHT, Flow.GRANTED, Flow.RECEIVED, Flow.RESTORED, Flow.ADJUSTED)
WENT = (Flow.USED, Flow.EXPIRED, Flow.REVOKED, Flow.SENT, Flow.RECALLED, Flow.PAID_TO_DEBT)
CLOCKS_APART = timedelta(minutes=1)  # by which an entry may still come with a time that has passed elsewhere
ONE_DAY = timedelta(days=1)
MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in UTC, named by its first day."""

    first: date

    @classmethod
    def of(cls, at: datetime) -> Self:
        return cls(at.astimezone(UTC).date().replace(day=1))

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a month as `str` writes it: `2026-11`.

        Raises:
            ValueError: It is none, or lies before the times that can be told.
        """
        month = cls(date.fromisoformat(f"{text}-01")) if MONTH.fullmatch(text) else None
        if month is None or month.first < EPOCH.date():
            raise ValueError(f"{text!r} is no month")
        return month

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    def __contains__(self, day: date) -> bool:
        return day.replace(day=1) == self.first

    @property
    def last(self) -> date:
        """Its last day."""
        in_the_next = self.first.replace(day=28) + timedelta(days=4)
        return in_the_next.replace(day=1) - ONE_DAY

    @property
    def end(self) -> datetime:
        """The first instant outside."""
        return datetime.combine(self.last, time(), UTC) + ONE_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What stood in a wallet's books once entry `seq` was written, or before the first. `head` is that entry's hash."""

    seq: int = 0
    head: bytes = GENESIS
    left: int = 0
    held: int = 0
    debt: int = 0

    @classmethod
    def at_end_of(cls, closed: ClosedDay) -> Self:
        return cls(seq=closed.last_seq, head=closed.head, left=closed.left, held=closed.held, debt=closed.debt)

    @classmethod
    def of(cls, wallet: Wallet) -> Self:
        return cls(seq=wallet.seq, head=wallet.head, left=wallet.left, held=wallet.held, debt=wallet.debt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """
    A month of a wallet: its books at both edges and what lies between, by column and by kind of entry.

    `flows` has every column, `kinds` those that there were: how many, and their signed credits. `is_complete` says
    that nothing comes to it any more.
    """

    wallet_id: str
    month: Month
    opening: Books
    closing: Books
    flows: Mapping[Flow, int]
    kinds: Mapping[EntryKind, tuple[int, int]]
    is_complete: bool


class BooksDiffer(Exception):
    """The days that were kept don't make up the books. No statement is better than a wrong one."""


def draw_up(
    wallet: Wallet, month: Month, *, days: Sequence[ClosedDay] = (), before: ClosedDay | None = None, now: datetime
) -> Statement:
    """
    Draw up the statement of a month that has begun; of one that runs, up to now.

    *days* are the month's finished days, oldest first, *before* is the last one before it. The wallet must have been
    read first: days that were finished since then are left out, so that all of it is of one moment.

    Raises:
        BooksDiffer: The sums don't come out, or a day is missing.
    """
    running = wallet.today
    opening = _opening(wallet, month, before)
    parts = [(each.day, Books.at_end_of(each)) for each in days if running and each.day.date < running.date]
    if running and running.date in month:
        parts.append((running, Books.of(wallet)))
    closing = parts[-1][1] if parts else opening
    flows = _flows(day for day, _ in parts)
    _check(opening, parts, flows)
    has_moved_on = running is not None and running.date > month.last
    return Statement(
        wallet_id=wallet.wallet_id,
        month=month,
        opening=opening,
        closing=closing,
        flows=flows,
        kinds=_kinds(day for day, _ in parts),
        is_complete=has_moved_on or now >= month.end + CLOCKS_APART,
    )


def _opening(wallet: Wallet, month: Month, before: ClosedDay | None) -> Books:
    if wallet.today and wallet.today.date < month.first:  # nothing was written since
        return Books.of(wallet)
    return Books.at_end_of(before) if before else Books()


def _flows(days: Iterable[Day]) -> dict[Flow, int]:
    total: dict[str, int] = {}
    for day in days:
        total = add_up(total, day.flows)
    return {column: total.get(column, 0) for column in Flow}


def _kinds(days: Iterable[Day]) -> dict[EntryKind, tuple[int, int]]:
    total: dict[str, tuple[int, int]] = {}
    for day in days:
        for kind, (count, credits) in day.kinds.items():
            counted, summed = total.get(kind, (0, 0))
            total[kind] = (counted + count, summed + credits)
    return {kind: total[kind] for kind in sorted(KINDS) if kind in total}


def _check(opening: Books, parts: Sequence[tuple[Day, Books]], flows: Mapping[Flow, int]) -> None:
    last = opening
    for day, books in parts:
        if day.first_seq != last.seq + 1:
            raise BooksDiffer(f"{day.date} begins with entry {day.first_seq}, after entry {last.seq}")
        last = books
    expected = opening.left + sum(flows[column] for column in CAME) - sum(flows[column] for column in WENT)
    if expected != last.left:
        raise BooksDiffer(f"{expected} credits should be left, {last.left} are")
