"""Stating: a month's statement, and what a page of an export is made of. Both read a few items, and never scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.exports import Place
from chalicelib.domain.ledger import Entry
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.statements import ONE_DAY, Month, Statement, draw_up
from chalicelib.domain.wallet import Wallet
from chalicelib.services.ports import Store
from chalicelib.services.reading import entries_between

ENTRIES_AT_ONCE = 200  # of their usual sizes, and
PURCHASES_AT_ONCE = 100  # rows of any size: so many fit into one answer of the store, and none is read in vain


def statement_of(store: Store, wallet_id: str, month: Month, *, now: datetime) -> Statement:
    """
    Draw up a month's statement; of the month that runs, up to now.

    Three round trips at most: the wallet, the month's finished days (31 at most), the last one before them.

    Raises:
        InvalidRequest: The month has not begun.
    """
    if month > Month.of(now):
        raise InvalidRequest("month", "is in the future")
    wallet = store.wallet(wallet_id)
    if not wallet.today or wallet.today.date < month.first:
        return draw_up(wallet, month, now=now)
    days = store.closed_days(wallet_id, month.first, month.last)
    before = store.last_closed_day(wallet_id, month.first - ONE_DAY)
    return draw_up(wallet, month, days=days, before=before, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """
    What comes next in an export: entries, oldest first, and once they end, purchases, newest first.

    `wallet` is as it stood after the last of the entries, where they end: then its lots are next. `has_more`: more
    entries or purchases follow.
    """

    entries: Sequence[Entry] = ()
    wallet: Wallet | None = None
    purchases: Sequence[Purchase] = ()
    has_more: bool = False


def portion_of(store: Store, wallet_id: str, place: Place, *, limit: int) -> Portion:
    """
    Read on from a place in an export: at most *limit* entries and purchases together.

    Raises:
        InvalidRequest: The wallet's history doesn't lead on from there.
    """
    if place.lists_purchases:
        return _purchases(store, wallet_id, place.before, limit)
    wallet = store.wallet(wallet_id)
    if place.seq > wallet.seq:
        raise InvalidRequest("cursor", "not a cursor of this list")
    last = min(place.seq + limit, wallet.seq)
    entries = _entries(store, wallet_id, place.seq, last)
    head = entries[0].facts["prev_hash"] if entries else wallet.head.hex()
    if head != place.head.hex():
        raise InvalidRequest("cursor", "not a cursor of this list")
    if last < wallet.seq:
        return Portion(entries=entries, has_more=True)
    rest = _purchases(store, wallet_id, None, limit - len(entries))
    return Portion(entries=entries, wallet=wallet, purchases=rest.purchases, has_more=rest.has_more)


def _entries(store: Store, wallet_id: str, after: int, last: int) -> Sequence[Entry]:
    found: list[Entry] = []
    for first in range(after, last, ENTRIES_AT_ONCE):
        found += entries_between(store, wallet_id, first, min(first + ENTRIES_AT_ONCE, last))
    return found


def _purchases(store: Store, wallet_id: str, before: str | None, limit: int) -> Portion:
    wanted = min(limit, PURCHASES_AT_ONCE)
    found = store.listed_purchases(wallet_id, before=before, limit=wanted + 1)
    return Portion(purchases=found[:wanted], has_more=len(found) > wanted)
