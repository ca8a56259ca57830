"""What time brings to wallets: lots that have ended are booked, quota months turn, ends are announced."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.due import next_due, put_off
from chalicelib.domain.expiry import book_end
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.notices import give_notice
from chalicelib.domain.plan_changes import book_steps
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.services.ports import Change
from chalicelib.services.rounds import Errand, Report, attempt, go_round, persist

Step = Callable[[Wallet, Catalog, Stamp], Decision | None]

STEPS: dict[str, Step] = {
    "expiry": book_end,
    "renewal": book_steps,
    "lapse": book_steps,
    "plan_change": book_steps,
    "notice": give_notice,
}
DONE = {  # what a report calls it
    "expiry": "expired",
    "renewal": "renewed",
    "lapse": "lapsed",
    "plan_change": "plans_ended",
    "notice": "noticed",
}


def expire_due(errand: Errand) -> Report:
    """Book lots whose time has passed, holds that have lapsed, months that have turned. Twice books once."""
    return _settle_due(errand, (book_end, book_steps))


def announce_due(errand: Errand) -> Report:
    """Record, and write as messages, the notices that have fallen due. Twice records once."""
    return _settle_due(errand, (give_notice,))


def _settle_due(errand: Errand, steps: tuple[Step, ...]) -> Report:
    report = Report()
    report.counts.update({"wallets": 0, **{name: 0 for kind, name in DONE.items() if STEPS[kind] in steps}})

    def settle(wallet_id: str, _name: str) -> None:
        report.counts["wallets"] += 1
        try:
            persist(errand, lambda: _settle_one(errand, wallet_id, steps, report))
        except Exception:
            attempt(report, wallet_id, "push back", lambda: errand.store.push_back(wallet_id, errand.stamp().now))
            raise

    go_round(errand, errand.store.due_wallets, settle, report)
    return report


def _settle_one(errand: Errand, wallet_id: str, steps: tuple[Step, ...], report: Report) -> bool:
    """Do the next thing that is due in a wallet; whether there was one."""
    wallet, stamp = errand.store.wallet(wallet_id), errand.stamp()
    for step in steps:
        if decision := step(wallet, errand.catalog, stamp):
            errand.store.commit(Change(decisions=[put_off(decision, errand.catalog)]))
            report.counts[DONE[decision.entry.kind]] += 1
            return True
    due_at = next_due(wallet, errand.catalog)
    if wallet.due_at and (due_at is None or wallet.due_at < due_at):  # never nearer: it may have been pushed back
        errand.store.put_off(wallet, due_at)
    return False
