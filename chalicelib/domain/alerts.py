"""
Alerts: which line a command crossed, decided inside the command and latched, so that each crossing is told once.

What is latched is one level per subject:

    subject          level          raised when                      lowered when
    quota:<meter>    80, 90, 100    the use reaches it               the use is back by 5 points, or a period begins
    low_balance      1              the balance falls below the line it is over the line by a tenth of it
    debt             1              there is debt                    there is none
    topup            1              a spend leaves less than the     the balance is over the line, or credits came in
                                    line of the automatic top-up

A raise is told, several at once as the highest; it stays silent where the quota or the lot itself came into being
with this command. Hovering around a line latches nothing anew. The last one tells a job, and not the customer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.messages import Alert, MessageKind
from chalicelib.domain.plans import QUOTA, CaughtUp
from chalicelib.domain.times import to_text
from chalicelib.domain.wallet import Line, MeterState, Wallet

WHOLE = 100  # percent
BACK_BY_POINTS = 5  # of a quota, in percent
BACK_BY_PART = 10  # of the line of a low balance: a tenth
LOW_BALANCE, DEBT, TOPUP = "low_balance", "debt", "topup"
SPENDS = frozenset({"usage", "hold", "capture"})  # the kinds of entries that may ask for a top-up


@dataclass(frozen=True, slots=True)
class Told:
    """
    What is latched after a command, the step that says what changed in that, and what the customer is to be told.

    `wants_topup`: the line of the automatic top-up was crossed.
    """

    latches: Mapping[str, int]
    steps: tuple[Line, ...] = ()
    alerts: tuple[Alert, ...] = ()
    wants_topup: bool = False


def decide_alerts(current: CaughtUp, after: Wallet, catalog: Catalog, at: datetime, *, spends: bool) -> Told:
    """Compare a wallet before and after a command with the lines that there are."""
    alerts: list[Alert] = []
    latches = dict(current.wallet.latches)
    judged = (*_quotas(current, after, catalog), *_balances(current, after, catalog, at))
    for name, level, alert in (*judged, _topup(current, after, at, spends=spends)):
        if alert and level > latches.get(name, 0):
            alerts.append(alert)
        latches[name] = level
    latches = {name: level for name, level in latches.items() if level}
    changed = {
        name: latches.get(name, 0)
        for name in sorted({*latches, *current.wallet.latches})
        if latches.get(name, 0) != current.wallet.latches.get(name, 0)
    }
    if not changed:
        return Told(current.wallet.latches)
    step = Line(kind="notice", credits=0, facts={"latched": changed, "told": [alert.subject for alert in alerts]})
    return Told(latches, (step,), tuple(alerts), wants_topup=changed.get(TOPUP) == 1)


Judged = tuple[str, int, Alert | None]  # a subject, the level that is latched now, and what to tell if it rose


def _quotas(current: CaughtUp, after: Wallet, catalog: Catalog) -> Iterator[Judged]:
    plan = after.plan or current.plan
    if after.meters is current.wallet.meters and plan.plan_id == current.plan.plan_id:
        return
    is_new = (plan.plan_id, plan.period_start) != (current.plan.plan_id, current.plan.period_start)
    for name in sorted({*after.meters, *current.wallet.meters}):
        quota = catalog.plan_or_free(plan.plan_id).terms(name).quota
        used = after.meters.get(name, MeterState(0)).used
        subject = f"{QUOTA}{name}"
        latched = current.wallet.latches.get(subject, 0)
        if not is_new:  # what stood over a line before the command is not told by it
            latched = latched_level(
                current.wallet.meters.get(name, MeterState(0)).used, quota, latched, catalog.thresholds
            )
            yield subject, latched, None
        level = latched_level(used, quota, latched, catalog.thresholds)
        facts = {"meter": name, "level": level, "used": used, "quota": quota, "until": to_text(plan.period.end)}
        yield subject, level, None if is_new else Alert(subject, MessageKind.QUOTA, facts)


def latched_level(used: int, quota: int | None, latched: int, thresholds: tuple[int, ...]) -> int:
    """Say which threshold of a quota is latched after a change: the highest reached, or one not yet left behind."""
    if not quota:
        return 0
    reached = [each for each in thresholds if WHOLE * used >= each * quota]
    near = [each for each in thresholds if each <= latched and WHOLE * used > (each - BACK_BY_POINTS) * quota]
    return max((*reached, *near), default=0)


def _balances(current: CaughtUp, after: Wallet, catalog: Catalog, at: datetime) -> Iterator[Judged]:
    line, available = catalog.low_balance.line(after.last_purchase), after.available(at)
    latched = current.wallet.latches.get(LOW_BALANCE, 0)
    stays = bool(latched) and BACK_BY_PART * (available - line) < line
    is_low = after.last_purchase is not None and (available < line or stays)
    granted = {lot.id for lot in after.lots} - {lot.id for lot in current.wallet.lots}
    low = Alert(LOW_BALANCE, MessageKind.LOW_BALANCE, {"available": available, "low_below": line})
    yield LOW_BALANCE, int(is_low), None if granted else low
    yield DEBT, int(after.debt > 0), Alert(DEBT, MessageKind.DEBT, {"debt": after.debt})


def _topup(current: CaughtUp, after: Wallet, at: datetime, *, spends: bool) -> Judged:
    if not after.wants_topup(at):
        return TOPUP, 0, None
    came = {lot.id for lot in after.lots} - {lot.id for lot in current.wallet.lots}
    return TOPUP, 1 if spends else 0 if came else current.wallet.latches.get(TOPUP, 0), None
