"""Changes of plan by an admin's word; and booking what fell due by itself, when no other command did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.catalog import FREE, Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.ledger import Stamp, as_text
from chalicelib.domain.plans import (
    ADMIN,
    NOBODY,
    CaughtUp,
    begin,
    catch_up,
    levels_kept,
    period_fields,
    with_included,
)
from chalicelib.domain.wallet import Decision, Line, MeterState, RunningPlan, Wallet, gauge_levels


def set_plan(wallet: Wallet, plan_id: str | None, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Put the wallet on a plan by an admin's word, or back on Free with None. It counts from midnight UTC of today.

    With a new period counters begin anew and gauges keep their level; within the same one all that was used stands.
    The plan that the wallet is on already, set by the same hand, changes nothing. Bought credits are untouched.

    Raises:
        InvalidRequest: There is no such plan.
    """
    at = wallet.time_of_decision(stamp.now)
    plan = catalog.plan(plan_id or FREE)
    current = catch_up(wallet, catalog, at)
    begun, meters = _taken_up(current, plan.plan_id, ADMIN if plan_id else NOBODY, catalog, at)
    after = replace(current.wallet, plan=begun, meters=meters)
    line = Line(
        kind="plan_change",
        credits=0,
        facts={
            "plan_id": plan.plan_id,
            "from_plan_id": current.plan.plan_id,
            "set_by": begun.set_by,
            "anchor": as_text(begun.anchor),
            "period": period_fields(begun.period),
        },
    )
    if levels := gauge_levels(after.meters):
        line = replace(line, facts={**line.facts, "levels": levels})
    if granted := with_included(after, begun, plan, at):
        after, more = granted.wallet, granted.steps[0]
        facts = {**line.facts, **more.facts}
        line = replace(line, credits=more.credits, draws=more.draws, facts=facts, flows=more.flows)
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)


def _taken_up(
    current: CaughtUp, plan_id: str, set_by: str, catalog: Catalog, at: datetime
) -> tuple[RunningPlan, Mapping[str, MeterState]]:
    running = current.plan
    if (running.plan_id, running.set_by) == (plan_id, set_by):
        return running, current.wallet.meters
    begun = begin(plan_id, set_by, at)
    if begun.period_start == running.period_start:
        return replace(begun, spent=running.spent, granted=running.granted), current.wallet.meters
    return begun, levels_kept(current.wallet, catalog)


def book_steps(wallet: Wallet, catalog: Catalog, stamp: Stamp) -> Decision | None:
    """Book what fell due by itself, a lapse or a period's turn, as an entry of its own. None: nothing did."""
    current = catch_up(wallet, catalog, wallet.time_of_decision(stamp.now))
    if not current.steps:
        return None
    *riding, line = current.steps
    alone = replace(current, steps=tuple(riding))
    return conclude(wallet, alone, current.wallet, line, catalog=catalog, stamp=stamp)
