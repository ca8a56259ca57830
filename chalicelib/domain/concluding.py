"""How every command ends: its alerts are decided, its deadlines noted, and the wallet moves on by one entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.alerts import SPENDS, decide_alerts
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.due import lowered
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.messages import Alert
from chalicelib.domain.plans import CaughtUp
from chalicelib.domain.wallet import Decision, Line, Wallet, record


def conclude(
    before: Wallet,
    current: CaughtUp,
    after: Wallet,
    line: Line,
    *,
    catalog: Catalog,
    stamp: Stamp,
    alerts: Sequence[Alert] = (),
) -> Decision:
    """
    Write down what a command decided.

    *before* is the wallet as it was read, *current* as it stood once what fell due was done, *after* as the command
    leaves it. *alerts* are what the command itself has to tell; what it crossed is found out here.
    """
    at, spends = before.time_of_decision(stamp.now), line.kind in SPENDS and line.credits < 0
    told = decide_alerts(current, after, catalog, at, spends=spends)
    latched = lowered(before, replace(after, latches=told.latches), catalog)
    also, alerts = (*current.steps, *told.steps), (*alerts, *told.alerts)
    decision = record(before, latched, line, stamp, also=also, alerts=alerts)
    return replace(decision, wants_topup=told.wants_topup)
