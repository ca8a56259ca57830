"""Overseeing: all that an operator wants to see of one wallet, in four round trips whatever its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.ledger import Entry
from chalicelib.domain.purchases import Purchase
from chalicelib.services.ports import MessageCounts, Store, WalletFile
from chalicelib.services.reading import BEYOND

LATEST = 10  # entries, and as many purchases


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is kept once per wallet, the latest of what there are many of, newest first, and its messages counted."""

    file: WalletFile
    entries: Sequence[Entry]
    purchases: Sequence[Purchase]
    messages: MessageCounts


def overview_of(store: Store, wallet_id: str) -> Overview:
    """Read one wallet's overview; a wallet that was never written reads as one with nothing in it."""
    return Overview(
        file=store.wallet_file(wallet_id),
        entries=store.history(wallet_id, kind=None, before=BEYOND, limit=LATEST).entries,
        purchases=store.listed_purchases(wallet_id, before=None, limit=LATEST),
        messages=store.message_counts(wallet_id),
    )
