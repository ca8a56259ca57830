"""Reading a wallet's past: pages of its history, and how it stood at a time, without ever scanning it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.folding import fold
from chalicelib.domain.ledger import Entry
from chalicelib.domain.times import MILLISECOND
from chalicelib.domain.wallet import SNAPSHOT_EVERY, Wallet
from chalicelib.services.ports import OutcomeUnknown, Page, Store

BEYOND = 10**12 - 1  # above every seq


def history_of(
    store: Store,
    wallet_id: str,
    *,
    kind: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> Page:
    """
    Read a page of entries in `[since, until)`, newest first, beginning under the number *before*.

    Entry times never decrease, so a time is found by bisection: at most 41 small reads, whatever the length.
    """
    if before is None:
        before = first_at_or_after(store, wallet_id, until) if until else BEYOND
    page = store.history(wallet_id, kind=kind, before=before, limit=limit)
    if since is None:
        return page
    within = [entry for entry in page.entries if entry.at >= since]
    return Page(entries=within, next_seq=page.next_seq if len(within) == len(page.entries) else None)


def first_at_or_after(store: Store, wallet_id: str, at: datetime) -> int:
    """Find the number of the first entry at *at* or later; one more than the last if there is none."""
    low, high = 1, store.wallet(wallet_id).seq + 1
    while low < high:
        middle = (low + high) // 2
        entry = store.entry(wallet_id, middle, consistent=False) or store.entry(wallet_id, middle)
        if entry is not None and entry.at < at:
            low = middle + 1
        else:
            high = middle
    return low


def wallet_at(store: Store, wallet_id: str, at: datetime) -> Wallet:
    """
    Rebuild the wallet as it stood at a past time: the snapshot before it, and at most 99 entries on top.

    Before its first entry it reads as one never written.
    """
    seq = first_at_or_after(store, wallet_id, at + MILLISECOND) - 1
    if not seq:
        return Wallet(wallet_id=wallet_id)
    snapshot_seq = seq // SNAPSHOT_EVERY * SNAPSHOT_EVERY
    snapshot = store.snapshot(wallet_id, snapshot_seq) if snapshot_seq else None
    if snapshot_seq and snapshot is None:
        raise OutcomeUnknown("a snapshot is missing")
    return fold(wallet_id, entries_between(store, wallet_id, snapshot_seq, seq), start=snapshot)


def entries_between(store: Store, wallet_id: str, after: int, last: int) -> Sequence[Entry]:
    """Read the entries numbered from *after* (not included) to *last*, oldest first; all of them, or it fails."""
    wanted = last - after
    if not wanted:
        return ()
    for consistent in (False, True):  # entries never change: what the cheaper read has is right, if it has all
        page = store.history(wallet_id, kind=None, before=last + 1, limit=wanted, consistent=consistent)
        if [entry.seq for entry in page.entries] == list(range(last, after, -1)):
            return tuple(reversed(page.entries))
    raise OutcomeUnknown("entries are missing")
