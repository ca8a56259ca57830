"""
Auditing: the invariants of the law, checked over a share of all wallets by the functions that the tests use.

Of a long history the newest part is checked, from the last snapshot on, and one older stretch between two snapshots,
another one each time: so the cost of a wallet is bounded, and all of it comes around.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chalicelib.domain import audit
from chalicelib.domain.wallet import SNAPSHOT_EVERY, Wallet
from chalicelib.services.reading import entries_between
from chalicelib.services.rounds import Errand, Report, attempt

HOUR = 3600  # seconds


def audit_share(errand: Errand, *, shares: int) -> Report:
    """Check the share of all wallets whose turn it is at this hour; what doesn't hold is counted and named."""
    report = Report()
    report.counts.update({"wallets": 0, "faults": 0})
    hour = int(errand.stamp().now.timestamp()) // HOUR
    cursor: object = None
    while True:
        page = errand.store.wallet_ids(hour % shares, shares, cursor=cursor)
        for wallet_id, _ in page.names:
            if not errand.has_time():
                report.more = True
                return report
            attempt(report, wallet_id, "audit", lambda: _audit_one(errand, wallet_id, hour, report))  # noqa: B023
        cursor = page.cursor
        if not cursor:
            return report


class BrokenInvariant(Exception):
    """A wallet and its history don't agree. The text says in what."""


def _audit_one(errand: Errand, wallet_id: str, turn: int, report: Report) -> None:
    report.counts["wallets"] += 1
    found = list(faults_of(errand, wallet_id, turn))
    report.counts["faults"] += len(found)
    if found:
        raise BrokenInvariant("; ".join(found))


def faults_of(errand: Errand, wallet_id: str, turn: int) -> Iterator[str]:
    """Say what doesn't hold in one wallet: on its newest stretch, and on the older one whose *turn* it is."""
    store = errand.store
    wallet = store.wallet(wallet_id)
    newest = wallet.seq // SNAPSHOT_EVERY
    yield from audit.lot_faults(wallet)
    yield from _stretch_faults(errand, _start(errand, wallet_id, newest), wallet)
    if newest:
        stretch = turn % newest
        end = _start(errand, wallet_id, stretch + 1)
        yield from _stretch_faults(errand, _start(errand, wallet_id, stretch), end)


def _start(errand: Errand, wallet_id: str, hundreds: int) -> Wallet:
    if not hundreds:
        return Wallet(wallet_id=wallet_id)
    found = errand.store.snapshot(wallet_id, hundreds * SNAPSHOT_EVERY)
    if found is None:
        raise BrokenInvariant(f"the snapshot at {hundreds * SNAPSHOT_EVERY} is missing")
    return found


def _stretch_faults(errand: Errand, start: Wallet, end: Wallet) -> Iterator[str]:
    entries = entries_between(errand.store, start.wallet_id, start.seq, end.seq)
    yield from audit.faults(replace(end, due_at=None), entries, start=start)
