"""A rehearsal: everything is read and decided for real, and nothing is written."""

from __future__ import annotations

from typing import Any, cast

from chalicelib.services.ports import Change, LostRace, Store

READS = frozenset({"wallet", "receipt", "entry", "purchase", "wallet_and_purchase", "answer"})


class _Rehearsal:
    """Stands before a store: passes reads on, takes a change, and does nothing with it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if name not in READS:
            raise AttributeError(f"a rehearsal has no {name}")
        return getattr(self._store, name)

    def commit(self, change: Change) -> None:
        """Let go of it, unless one of its keys was spent: the real commit would find that out."""
        known = [self._store.receipt(each.wallet_id, each.key) for each in change.receipts]
        if spent := [nth for nth, each in enumerate(known) if each]:
            raise LostRace("spent", spent=spent)


def rehearsing(store: Store) -> Store:
    """Give a store that reads as *store* does and writes nothing."""
    return cast(Store, _Rehearsal(store))
