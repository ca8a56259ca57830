"""What time itself brings about in a wallet, and when: so that jobs look where something is due, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.wallet import Decision, Wallet


def next_due(wallet: Wallet, catalog: Catalog) -> datetime | None:
    """Find when something falls due first: a notice, an end, a lapse, a turn that brings credits."""
    return min(_instants(wallet, catalog), default=None)


def _instants(wallet: Wallet, catalog: Catalog) -> Iterator[datetime]:
    for lot in wallet.lots:
        yield from (at for at, _ in lot.notice_due(catalog.notice_days))
        if lot.ends_at and lot.free:
            yield lot.ends_at
    yield from (hold.lapses_at for hold in wallet.holds)
    if wallet.plan and catalog.plan_or_free(wallet.plan.plan_id).included_credits:
        yield wallet.plan.period.end
    if wallet.plan and wallet.plan.tenure:
        yield wallet.plan.tenure.lapses_at


def lowered(before: Wallet, after: Wallet, catalog: Catalog) -> Wallet:
    """Bring a nearer deadline forward. A command never puts one off: that would cost a write to find nothing."""
    due_at = next_due(after, catalog)
    if due_at is None or (before.due_at and before.due_at <= due_at):
        return replace(after, due_at=before.due_at)
    return replace(after, due_at=due_at)


def put_off(decision: Decision, catalog: Catalog) -> Decision:
    """Let a job's decision name the next deadline, nearer or farther: the job has just looked."""
    return replace(decision, wallet=replace(decision.wallet, due_at=next_due(decision.wallet, catalog)))
