"""
The wallet: what a decision needs to know of a customer's credits, and the one way it changes.

Every change is one command → one decision → one entry. `record` is the only place where a wallet moves on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.domain import ledger
from chalicelib.domain.days import Chart, ClosedDay, Day, Flows
from chalicelib.domain.errors import Frozen
from chalicelib.domain.holds import Hold
from chalicelib.domain.ledger import GENESIS, Entry, Fields, Private, Stamp
from chalicelib.domain.lots import Draw, Lot, LotId
from chalicelib.domain.messages import Alert, Message, message_of
from chalicelib.domain.periods import Period, period_at
from chalicelib.domain.times import to_grain, to_text

SCHEMA = 1
OPEN_LOTS = 100
PACE_DAYS = 28  # four of each weekday
LATE_NEWS = timedelta(hours=72)  # for which a paid plan goes on when nobody has said that it was renewed
SNAPSHOT_EVERY = 100  # entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """
    How long a paid plan lasts, as far as the payment provider has said.

    `until` is the end of what is paid, or would be. There a plan that `is_ending` ends; any other goes on for
    `LATE_NEWS`, in which the news that it was renewed can still come. `is_paid`: the included credits may be granted.
    """

    until: datetime
    is_ending: bool = False
    is_paid: bool = True

    @property
    def lapses_at(self) -> datetime:
        """The first instant at which the plan's quota doesn't hold any more, unless there is news."""
        return self.until if self.is_ending else self.until + LATE_NEWS

    def grants(self, period_start: datetime) -> bool:
        """Whether the included credits of the month that begins at *period_start* are paid."""
        return self.is_paid and period_start < self.until


@dataclass(frozen=True, slots=True)
class Month:
    """When a month began, and the plans whose included credits were granted in it."""

    start: datetime
    granted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPlan:
    """
    The plan a wallet is on and the quota period that runs.

    `spent` counts the credits that uses and captures took in this period; `granted` names the plans whose
    included credits were granted in it. A plan that is paid for has a `tenure`; any other stands until it is changed.
    `behind` is the month of a paid plan that an admin's word stands before: what came in it comes once.
    """

    plan_id: str
    set_by: str
    anchor: datetime
    period_start: datetime
    spent: int = 0
    granted: tuple[str, ...] = ()
    tenure: Tenure | None = None
    behind: Month | None = None

    @property
    def period(self) -> Period:
        """The period that runs. The first of a paid plan may be cut: it begins where the payment does."""
        return Period(self.period_start, period_at(self.anchor, self.period_start).end)


@dataclass(frozen=True, slots=True)
class MeterState:
    """What is used of a counter in this period; of a gauge its level and the period's peak (None: a counter)."""

    used: int
    peak: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """
    One customer's credits. A wallet that was never written reads as this with nothing in it.

    `last_purchase` is the size of the last purchase in credits: 0 if the wallet had only other credits so far,
    None if it never had any. `pace` is what uses and captures took on each of the last finished days, oldest first.
    `latches` says which alerts were sent and not yet re-armed: the threshold by subject. `due_at` is no part of what
    the history says: it is when a job should look at the wallet, at the latest. `debt_since` is the entry that brought
    the debt, when there was none before it. `topup_below` is the line below which an automatic top-up is wanted.
    """

    wallet_id: str
    seq: int = 0
    head: bytes = GENESIS
    last_at: datetime | None = None
    lots: tuple[Lot, ...] = ()
    debt: int = 0
    debt_since: int | None = None
    today: Day | None = None
    last_purchase: int | None = None
    plan: RunningPlan | None = None
    meters: Mapping[str, MeterState] = field(default_factory=dict)
    pace: tuple[int, ...] = ()
    latches: Mapping[str, int] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    frozen: bool = False
    topup_below: int | None = None
    due_at: datetime | None = None

    def free(self, now: datetime) -> int:
        """Count the credits that can be drawn at *now*, debt not yet subtracted."""
        return sum(lot.free for lot in self.lots if not lot.has_ended(now))

    def available(self, now: datetime) -> int:
        return max(0, self.free(now) - self.debt)

    def is_below(self, line: int, now: datetime) -> bool:
        """Whether fewer than *line* credits are available; never for a wallet that never had credits."""
        return self.last_purchase is not None and self.available(now) < line

    def wants_topup(self, now: datetime) -> bool:
        """Whether fewer credits are available than the line of the top-up; one of 0 is crossed when nothing is left."""
        return self.topup_below is not None and self.available(now) < max(1, self.topup_below)

    @property
    def left(self) -> int:
        """What is left in the lots by the books: free, held and set aside, ended or not."""
        return sum(lot.left for lot in self.lots)

    @property
    def held(self) -> int:
        return sum(lot.held for lot in self.lots)

    @property
    def set_aside(self) -> int:
        return sum(lot.set_aside for lot in self.lots)

    def time_of_decision(self, now: datetime) -> datetime:
        """The clock law: times of entries never decrease, whatever the machines' clocks say."""
        return max(to_grain(now), self.last_at) if self.last_at else to_grain(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    A wallet before and after one command, the entry that says so, and the day that ended with it.

    `late` is what charts of days already finished gain, because a use was reported afterwards. `messages` are written
    with it and sent later. `wants_topup`: with it the balance fell below the line at which credits are bought by
    themselves, and a job should see to that.
    """

    before: Wallet
    wallet: Wallet
    entry: Entry
    closed_day: ClosedDay | None = None
    late: Mapping[date, Chart] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    wants_topup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    What a command wants written: an entry before it is numbered, timed and chained.

    `credits` is signed by its effect on free credits. `facts` are the kind's own fields, `private` what can be
    erased, `flows` the statement's columns it adds to, `charts` what it adds to the charts of which days.
    """

    kind: str
    credits: int
    draws: tuple[Fields, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict)
    flows: Flows = field(default_factory=dict)
    charts: Mapping[date, Chart] = field(default_factory=dict)

    def as_step(self) -> Fields:
        """Write it as a step that rode on another command's entry."""
        return {"kind": self.kind, "credits": self.credits, "draws": list(self.draws), **self.facts}


def record(
    before: Wallet,
    after: Wallet,
    line: Line,
    stamp: Stamp,
    *,
    also: Sequence[Line] = (),
    alerts: Sequence[Alert] = (),
) -> Decision:
    """
    Turn what a command decided into the next entry and the wallet that stands after it.

    *after* carries the command's own changes and those of the steps that ride on it (*also*); number, chain, time,
    the day's sums and the messages' ids are filled in here.
    """
    at, seq = before.time_of_decision(stamp.now), before.seq + 1
    fields = {
        "wallet_id": before.wallet_id,
        "seq": seq,
        "kind": line.kind,
        "at": to_text(at),
        "credits": line.credits,
        "available_after": after.available(at),
        "draws": list(line.draws),
        **line.facts,
    }
    if also:
        fields["also"] = [step.as_step() for step in also]
    entry = ledger.seal(
        fields, prev_hash=before.head, private=Private(stamp.salt, {"actor": stamp.actor, **line.private})
    )
    today, closed, late = _days_of(before, at, line.charts)
    for each in (*also, line):
        today = today.plus(each.kind, each.credits, each.flows)
    wallet = replace(
        after,
        seq=seq,
        head=entry.hash,
        last_at=at,
        debt_since=(before.debt_since or seq) if after.debt else None,
        lots=tuple(lot for lot in after.lots if lot.left),
        today=today,
        pace=pace_at(before, at.date())[0],
    )
    messages = tuple(message_of(alert, wallet_id=before.wallet_id, source=entry.entry_id, at=at) for alert in alerts)
    return Decision(before=before, wallet=wallet, entry=entry, closed_day=closed, late=late, messages=messages)


def pace_at(wallet: Wallet, day: date) -> tuple[tuple[int, ...], int]:
    """Say what was spent on each of the last days before *day*, oldest first, and what on *day* so far."""
    last = wallet.today
    if last is None or last.date >= day:
        return wallet.pace, last.credits if last else 0
    idle = min((day - last.date).days - 1, PACE_DAYS)
    return (*wallet.pace, last.credits, *(0 for _ in range(idle)))[-PACE_DAYS:], 0


def _days_of(
    before: Wallet, at: datetime, charts: Mapping[date, Chart]
) -> tuple[Day, ClosedDay | None, dict[date, Chart]]:
    """Find the day that runs, the one that ends now, and what days finished earlier still gain."""
    late = dict(charts)
    last = before.today
    if last and last.date in late:
        last = last.showing(late.pop(last.date))
    if last and last.date == at.date():
        return last, None, late
    standing = Chart(levels=gauge_levels(before.meters))
    fresh = Day(date=at.date(), first_seq=before.seq + 1).showing(standing + late.pop(at.date(), Chart()))
    if not last:
        return fresh, None, late
    closed = ClosedDay(
        day=last, last_seq=before.seq, head=before.head, left=before.left, held=before.held, debt=before.debt
    )
    return fresh, closed, late


def gauge_levels(meters: Mapping[str, MeterState]) -> dict[str, int]:
    """Say at which levels the gauges stand."""
    return {name: state.used for name, state in meters.items() if state.peak is not None and state.used}


def refuse_frozen(wallet: Wallet) -> None:
    """
    Keep what an admin froze from leaving a wallet.

    Raises:
        Frozen: It is frozen.
    """
    if wallet.frozen:
        raise Frozen


def take_free(lots: Iterable[Lot], draws: Iterable[Draw]) -> tuple[Lot, ...]:
    """Take *draws* from the free credits of their lots."""
    drawn: dict[LotId, int] = {draw.lot_id: draw.credits for draw in draws}
    return tuple(replace(lot, free=lot.free - drawn[lot.id]) if lot.id in drawn else lot for lot in lots)
