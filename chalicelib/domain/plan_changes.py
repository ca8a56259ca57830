"""Changes of plan: by an admin's word, by what a subscription pays for; and booking what fell due by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.catalog import FREE, Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.periods import period_at
from chalicelib.domain.plans import (
    ADMIN,
    NOBODY,
    PROVIDER,
    CaughtUp,
    begin,
    catch_up,
    plan_line,
    taken_up,
    with_included,
)
from chalicelib.domain.wallet import Decision, Line, RunningPlan, Tenure, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    What a subscription gives a wallet: a plan, counted in months from its *anchor*, of which the first may be cut.

    Without a `tenure` it gives nothing but Free's quota for now, because it isn't paid or is paused. `ended_at` is when
    it ended for good.
    """

    plan_id: str
    anchor: datetime
    period_start: datetime
    tenure: Tenure | None = None
    ended_at: datetime | None = None


def set_plan(
    wallet: Wallet, plan_id: str | None, catalog: Catalog, stamp: Stamp, *, standing: Standing | None = None
) -> Decision:
    """
    Put the wallet on a plan by an admin's word; with None back on what its subscription gives, or on Free.

    An admin's plan and Free count from midnight UTC of today. With a new period counters begin anew and gauges keep
    their level; within the same one all that was used stands. The plan that the wallet is on already, set by the same
    hand, changes nothing; nor does clearing where no admin's word stands. Bought credits are untouched.

    Raises:
        InvalidRequest: There is no such plan.
    """
    at = wallet.time_of_decision(stamp.now)
    plan = catalog.plan(plan_id or FREE)
    current = catch_up(wallet, catalog, at)
    wanted = _given(standing, at) if standing and plan_id is None else None
    if plan_id is None and current.plan.set_by != ADMIN:
        wanted = current.plan
    if wanted is None:
        wanted = begin(plan.plan_id, ADMIN if plan_id else NOBODY, at)
        if (current.plan.plan_id, current.plan.set_by) == (wanted.plan_id, wanted.set_by):
            wanted = current.plan
    return _changed(wallet, current, wanted, catalog, stamp)


def follow(wallet: Wallet, standing: Standing, catalog: Catalog, stamp: Stamp) -> Decision | None:
    """
    Put the wallet on what its subscription gives now. Any number of times: once.

    Returns None when the wallet is on that already, or on an admin's plan, which stands.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    running = current.plan
    if running.set_by == ADMIN:
        return None
    wanted = _given(standing, at)
    if wanted is None:
        if running.set_by == NOBODY:
            return None
        wanted = _nothing(standing, running, at)
    if replace(wanted, spent=running.spent, granted=running.granted) == running:
        return None
    return _changed(wallet, current, wanted, catalog, stamp)


def _given(standing: Standing, at: datetime) -> RunningPlan | None:
    """Say which plan and month a subscription gives at a time; None: none but Free."""
    if standing.ended_at or standing.tenure is None or standing.tenure.lapses_at <= at:
        return None
    return RunningPlan(
        plan_id=standing.plan_id,
        set_by=PROVIDER,
        anchor=standing.anchor,
        period_start=max(standing.period_start, period_at(standing.anchor, at).start),
        tenure=standing.tenure,
    )


def _nothing(standing: Standing, running: RunningPlan, at: datetime) -> RunningPlan:
    """
    Say how Free goes on where a subscription gives nothing: in months of its own once it has ended, and in the
    subscription's as long as it may still be paid, so that what was used stands.
    """
    if standing.ended_at is None:
        return replace(running, plan_id=FREE, tenure=None)
    free = begin(FREE, NOBODY, min(standing.ended_at, at))
    return replace(free, period_start=max(running.period_start, period_at(free.anchor, at).start))


def _changed(wallet: Wallet, current: CaughtUp, wanted: RunningPlan, catalog: Catalog, stamp: Stamp) -> Decision:
    running, at = current.plan, wallet.time_of_decision(stamp.now)
    after = taken_up(current.wallet, wanted, catalog)
    line = plan_line(after, running, wanted)
    if after.plan and (granted := with_included(after, after.plan, catalog.plan_or_free(wanted.plan_id), at)):
        after, more = granted.wallet, granted.steps[0]
        line = Line(
            kind=line.kind,
            credits=more.credits,
            draws=more.draws,
            facts={**line.facts, **more.facts},
            flows=more.flows,
        )
    if (running.plan_id, running.set_by, running.period_start) == (wanted.plan_id, wanted.set_by, wanted.period_start):
        line = replace(line, kind="renewal" if wanted.set_by == PROVIDER else line.kind)
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)


def book_steps(wallet: Wallet, catalog: Catalog, stamp: Stamp) -> Decision | None:
    """Book what fell due by itself, a lapse or a period's turn, as an entry of its own. None: nothing did."""
    current = catch_up(wallet, catalog, wallet.time_of_decision(stamp.now))
    if not current.steps:
        return None
    *riding, line = current.steps
    alone = replace(current, steps=tuple(riding))
    return conclude(wallet, alone, current.wallet, line, catalog=catalog, stamp=stamp)
