"""
Plans of wallets: how one begins, how its quota month turns, and how a paid one lapses when nobody renews it.

Both happen lazily, once, straight to what holds now, as a step that rides on the next command. Bought credits are
never touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.catalog import FREE, Catalog, MeterKind, Plan
from chalicelib.domain.giving_back import lapse
from chalicelib.domain.granting import Grant, put_lot
from chalicelib.domain.ledger import Fields, as_text
from chalicelib.domain.lots import Lot, Source
from chalicelib.domain.periods import Period, midnight, number_of, period_at
from chalicelib.domain.times import MILLISECOND
from chalicelib.domain.wallet import Line, MeterState, Month, RunningPlan, Tenure, Wallet, gauge_levels

ADMIN = "admin"
NOBODY = "default"  # who set Free: nobody
PROVIDER = "stripe"  # who set a plan that is paid for
QUOTA = "quota:"  # how the subjects of quotas' alerts begin
RIDING = 99  # the place of a plan lot among its entry's grants, when it rides on another command


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """A wallet as it stands once what fell due before *now* is done, and the steps that did it."""

    wallet: Wallet
    plan: RunningPlan
    steps: tuple[Line, ...] = ()


def catch_up(wallet: Wallet, catalog: Catalog, at: datetime) -> CaughtUp:
    """Do what fell due by *at*: begin the plan of a wallet that has none, let holds lapse, turn an ended period."""
    running = wallet.plan
    if running is None:
        return _with_step(wallet, begin(FREE, NOBODY, at), catalog, carried=0, turned=False)
    turns_at = running.period.end
    if running.tenure and running.tenure.lapses_at <= at:
        if turns_at < running.tenure.lapses_at:  # first the month in which it lapses: that may have brought credits
            last = catch_up(wallet, catalog, running.tenure.lapses_at - MILLISECOND)
            lapsed = catch_up(last.wallet, catalog, at)
            return replace(lapsed, steps=(*last.steps, *lapsed.steps))
        turns_at = running.tenure.lapses_at
    before, let_go = lapse(wallet, min(at, turns_at))  # what came back by then counts in that period
    if at < turns_at:
        return CaughtUp(before, running, let_go)
    turned = _turn(before, running, catalog, at)
    after, later = lapse(turned.wallet, at)
    return CaughtUp(after, turned.plan, (*let_go, *turned.steps, *later))


def _turn(wallet: Wallet, running: RunningPlan, catalog: Catalog, at: datetime) -> CaughtUp:
    if running.tenure and running.tenure.lapses_at <= at:
        return _lapsed(wallet, running, running.tenure, catalog, at)
    turned = replace(running, period_start=period_at(running.anchor, at).start, spent=0, granted=())
    months = number_of(running.anchor, at) - number_of(running.anchor, running.period_start)
    after = replace(wallet, meters=levels_kept(wallet, catalog), latches=without_quotas(wallet.latches))
    plan = catalog.plan_or_free(turned.plan_id)
    carried = _carried(wallet, plan, running, months)
    return _with_step(after, turned, catalog, carried=carried, turned=True)


def _lapsed(wallet: Wallet, running: RunningPlan, tenure: Tenure, catalog: Catalog, at: datetime) -> CaughtUp:
    """
    Put a wallet on Free whose paid plan is over.

    One that was to end begins Free's own months. One of which there is no news keeps its months, and what was used in
    the one that runs: so that late news finds them again, and nothing is charged twice.
    """
    ended, unheard = begin(FREE, NOBODY, tenure.until), replace(running, plan_id=FREE, tenure=None)
    free = ended if tenure.is_ending else unheard
    free = replace(free, period_start=max(running.period_start, period_at(free.anchor, at).start))
    after = taken_up(wallet, free, catalog)
    if free.period_start != running.period_start:
        after = replace(after, latches=without_quotas(after.latches))
    line = plan_line(after, running, free)
    return CaughtUp(after, after.plan or free, (replace(line, facts={**line.facts, "lapsed": True}),))


def taken_up(wallet: Wallet, plan: RunningPlan, catalog: Catalog) -> Wallet:
    """
    Put a wallet on a plan. With a new period counters begin anew and gauges keep their level; within the same one all
    that was used stands.
    """
    running = wallet.plan
    month = _month_behind(running, plan) if running else None
    plan = replace(plan, behind=None if plan.set_by == PROVIDER else month)
    if running and plan.period_start == running.period_start:
        return replace(wallet, plan=replace(plan, spent=running.spent, granted=running.granted))
    granted = month.granted if month and month.start == plan.period_start else ()
    return replace(wallet, plan=replace(plan, spent=0, granted=granted), meters=levels_kept(wallet, catalog))


def _month_behind(running: RunningPlan, plan: RunningPlan) -> Month | None:
    """Say which month of a paid plan an admin's word stands before, or stood until now."""
    if running.set_by != PROVIDER:
        return running.behind
    return Month(running.period_start, running.granted) if plan.set_by == ADMIN else None


def plan_line(after: Wallet, running: RunningPlan, plan: RunningPlan) -> Line:
    """Say which plan a wallet is on from now on, so that its history knows all of it."""
    facts: dict[str, Any] = {
        "plan_id": plan.plan_id,
        "from_plan_id": running.plan_id,
        "set_by": plan.set_by,
        "anchor": as_text(plan.anchor),
        "period": period_fields(plan.period),
        **tenure_fields(plan.tenure),
    }
    if levels := gauge_levels(after.meters):
        facts["levels"] = levels
    return Line(kind="plan_change", credits=0, facts=facts)


def tenure_fields(tenure: Tenure | None) -> Fields:
    if tenure is None:
        return {}
    return {"until": as_text(tenure.until), "is_ending": tenure.is_ending, "is_paid": tenure.is_paid}


def without_quotas(latches: Mapping[str, int]) -> dict[str, int]:
    """Forget which quotas' alerts were sent: a new period is a new quota."""
    return {subject: level for subject, level in latches.items() if not subject.startswith(QUOTA)}


def begin(plan_id: str, set_by: str, at: datetime) -> RunningPlan:
    start = midnight(at)
    return RunningPlan(plan_id=plan_id, set_by=set_by, anchor=start, period_start=start)


def levels_kept(wallet: Wallet, catalog: Catalog) -> dict[str, MeterState]:
    """Keep the gauges' levels: they stand across periods, but their peak begins anew."""
    return {
        name: MeterState(state.used, 0)
        for name, state in wallet.meters.items()
        if state.used and name in catalog.meters and catalog.meters[name].kind is MeterKind.GAUGE
    }


def _carried(wallet: Wallet, plan: Plan, running: RunningPlan, months: int) -> int:
    """
    Count what rolls over of the last plan lot: each month that passed kept at most the cap.

    A month in which a plan was changed for another keeps nothing: its last hour on a dearer plan costs next to nothing,
    and would bring all that a month on it includes.
    """
    is_whole = {*running.granted} <= {running.plan_id}
    unspent = sum(lot.free for lot in _plan_lots(wallet) if lot.expires_at == running.period.end)
    carried = min(plan.rollover_cap, unspent) if is_whole else 0
    for _ in range(months - 1):
        carried = min(plan.rollover_cap, carried + plan.included_credits)
    return carried


def _plan_lots(wallet: Wallet) -> Iterator[Lot]:
    """The wallet's own plan lots: one that was transferred here rolls over nowhere."""
    return (lot for lot in wallet.lots if lot.source is Source.PLAN and not lot.origin)


def _with_step(wallet: Wallet, running: RunningPlan, catalog: Catalog, *, carried: int, turned: bool) -> CaughtUp:
    """Grant what the plan includes, and say what happened as a step; nothing happened: no step."""
    plan = catalog.plan_or_free(running.plan_id)
    start = running.period_start  # not *at*: so a look before it is booked, and the booking, say the same
    granted = with_included(replace(wallet, plan=running), running, plan, start, carried=carried, nth=RIDING)
    if not turned and not granted:
        return CaughtUp(replace(wallet, plan=running), running)
    facts: dict[str, Any] = {"plan_id": running.plan_id, "period": period_fields(running.period)}
    if not _is_paid(running):
        facts["provisional"] = True
    if levels := gauge_levels(wallet.meters):
        facts["levels"] = levels
    if not granted:
        return CaughtUp(replace(wallet, plan=running), running, (Line(kind="renewal", credits=0, facts=facts),))
    line = granted.steps[0]
    step = replace(line, kind="renewal", facts={**facts, **line.facts})
    return CaughtUp(granted.wallet, granted.plan, (step,))


def with_included(
    wallet: Wallet, running: RunningPlan, plan: Plan, at: datetime, *, carried: int = 0, nth: int = 0
) -> CaughtUp | None:
    """
    Grant the plan's included credits for the running period, once per plan and period. None: there are none.

    The lot ends with the quota month. While the month isn't paid, only what is *carried* over comes: that was paid.
    """
    is_paid = _is_paid(running)
    credits = (plan.included_credits if is_paid else 0) + carried
    if not credits or plan.plan_id in running.granted:
        return None
    included = Grant(credits=credits, source=Source.PLAN, expires_at=running.period.end)
    after, line = put_lot(wallet, included, at, nth=nth)
    known = replace(running, granted=(*running.granted, plan.plan_id)) if is_paid else running
    return CaughtUp(replace(after, plan=known), known, (line,))


def _is_paid(running: RunningPlan) -> bool:
    return running.tenure is None or running.tenure.grants(running.period_start)


def period_fields(period: Period) -> Fields:
    return {"start": as_text(period.start), "end": as_text(period.end)}
