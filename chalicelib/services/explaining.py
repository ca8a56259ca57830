"""Explaining an entry: it is read with what stood before it, never by a scan."""

from __future__ import annotations

from chalicelib.domain.errors import NotFound
from chalicelib.domain.explaining import Explanation, explain
from chalicelib.domain.folding import fold
from chalicelib.domain.wallet import SNAPSHOT_EVERY
from chalicelib.services.ports import OutcomeUnknown, Store
from chalicelib.services.reading import entries_between


def explanation_of(store: Store, wallet_id: str, seq: int) -> Explanation:
    """
    State the arithmetic of entry *seq*, and why it drew from these lots.

    The wallet before it is rebuilt from the snapshot before, and at most 99 entries on top.

    Raises:
        NotFound: The wallet has no such entry.
    """
    entry = store.entry(wallet_id, seq, consistent=False) or store.entry(wallet_id, seq)
    if entry is None:
        raise NotFound
    snapshot_seq = (seq - 1) // SNAPSHOT_EVERY * SNAPSHOT_EVERY
    snapshot = store.snapshot(wallet_id, snapshot_seq) if snapshot_seq else None
    if snapshot_seq and snapshot is None:
        raise OutcomeUnknown("a snapshot is missing")
    before = fold(wallet_id, entries_between(store, wallet_id, snapshot_seq, seq - 1), start=snapshot)
    return explain(entry, before)
