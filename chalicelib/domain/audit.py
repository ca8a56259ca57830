"""
The auditor: rebuilds a wallet from nothing but its history, and says what doesn't hold.

It reads the entries' facts alone and never asks the code that decided them, so that one can judge the other.
The same functions serve the tests and production.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import ledger
from chalicelib.domain.days import Day, Flow
from chalicelib.domain.ledger import GENESIS, Entry, as_time, lot_of
from chalicelib.domain.lots import Lot, LotId, Origin, Source
from chalicelib.domain.wallet import Wallet


@dataclass(slots=True)
class _Books:
    """The running state of a fold."""

    wallet_id: str
    seq: int = 0
    head: bytes = GENESIS
    last_at: Any = None
    debt: int = 0
    lots: dict[LotId, Lot] = field(default_factory=dict)
    today: Day | None = None
    last_purchase: int | None = None


def fold(wallet_id: str, entries: Iterable[Entry], *, start: Wallet | None = None) -> Wallet:
    """
    Rebuild the wallet that stood after *entries*, from nothing or from a snapshot.

    Raises:
        ValueError: The entries aren't this wallet's next ones, in order.
    """
    books = _opened(start) if start else _Books(wallet_id)
    for entry in entries:
        if entry.wallet_id != wallet_id or entry.seq != books.seq + 1:
            raise ValueError(f"{entry.entry_id} does not follow {wallet_id}:{books.seq}")
        _apply(books, entry)
    return Wallet(
        wallet_id=wallet_id,
        seq=books.seq,
        head=books.head,
        last_at=books.last_at,
        lots=tuple(lot for lot in books.lots.values() if lot.left),
        debt=books.debt,
        today=books.today,
        last_purchase=books.last_purchase,
    )


def _opened(start: Wallet) -> _Books:
    lots = {lot.id: lot for lot in start.lots}
    return _Books(
        start.wallet_id, start.seq, start.head, start.last_at, start.debt, lots, start.today, start.last_purchase
    )


def _apply(books: _Books, entry: Entry) -> None:
    facts, at = entry.facts, entry.at
    flows = STEPS[entry.kind](books, facts)
    if not books.today or books.today.date != at.date():
        books.today = Day(date=at.date(), first_seq=entry.seq)
    books.today = books.today.plus(entry.kind, facts["credits"], flows, {})
    books.seq, books.head, books.last_at = entry.seq, entry.hash, at


def _granted(books: _Books, facts: Mapping[str, Any]) -> Mapping[str, int]:
    lot, paid = facts["lot"], facts["paid_to_debt"]
    kept = facts["granted"] - paid
    origin = lot.get("origin")
    books.debt -= paid
    books.lots[lot_of(lot)] = Lot(
        id=lot_of(lot),
        source=Source(lot["source"]),
        granted=kept,
        free=kept,
        priority=lot["priority"],
        granted_at=as_time(lot["granted_at"]) or books.last_at,
        expires_at=as_time(lot["expires_at"]),
        noticed_at=as_time(lot.get("noticed_at")),
        purchase_id=lot.get("purchase_id"),
        origin=Origin(origin["wallet_id"], lot_of(origin)) if origin else None,
    )
    bought = lot["source"] == Source.PURCHASE
    books.last_purchase = facts["granted"] if bought else books.last_purchase or 0
    column = Flow.BOUGHT if bought else Flow.GRANTED
    return {column: facts["granted"], Flow.PAID_TO_DEBT: paid}


STEPS: dict[str, Callable[[_Books, Mapping[str, Any]], Mapping[str, int]]] = {
    "purchase": _granted,
    "grant": _granted,
}


def faults(wallet: Wallet, entries: Iterable[Entry]) -> Iterator[str]:
    """Say, one text each, which invariants a wallet and its whole history break. Nothing said: all hold."""
    history = list(entries)
    yield from _chain_faults(history)
    yield from lot_faults(wallet)
    rebuilt = fold(wallet.wallet_id, history)
    if _comparable(rebuilt) != _comparable(wallet):
        yield "folding the entries does not give the wallet"
    fact_counts = Counter(entry.facts["purchase_id"] for entry in history if entry.kind == "purchase")
    yield from (f"{name} was granted {count} times" for name, count in fact_counts.items() if count > 1)
    flows = total_flows(history)
    came = flows[Flow.BOUGHT] + flows[Flow.GRANTED] + flows[Flow.RECEIVED] + flows[Flow.RESTORED]
    went = flows[Flow.USED] + flows[Flow.EXPIRED] + flows[Flow.REVOKED] + flows[Flow.SENT] + flows[Flow.PAID_TO_DEBT]
    if came + flows[Flow.ADJUSTED] != wallet.left + went:
        yield f"{came + flows[Flow.ADJUSTED]} came in, {went} went out, but {wallet.left} are left"


def _chain_faults(history: list[Entry]) -> Iterator[str]:
    head, last_at = GENESIS, None
    for entry in history:
        if not ledger.is_intact(entry, prev_hash=head):
            yield f"{entry.entry_id} is not what was written"
        if last_at and entry.at < last_at:
            yield f"{entry.entry_id} is earlier than the entry before it"
        head, last_at = entry.hash, entry.at


def lot_faults(wallet: Wallet) -> Iterator[str]:
    """Say what can be seen to be wrong on the wallet alone."""
    if wallet.debt < 0:
        yield f"debt is {wallet.debt}"
    for lot in wallet.lots:
        if min(lot.free, lot.held, lot.set_aside) < 0 or lot.left > lot.granted:
            yield f"{lot.id} holds {lot.free} free, {lot.held} held, {lot.set_aside} set aside of {lot.granted}"


def total_flows(history: Iterable[Entry]) -> Counter[str]:
    """Add up the statement's columns over a history."""
    scratch, total = _Books(""), Counter[str]()
    for entry in history:
        total.update(STEPS[entry.kind](scratch, entry.facts))
    return total


def _comparable(wallet: Wallet) -> Wallet:
    return replace(wallet, lots=tuple(sorted(wallet.lots, key=lambda lot: lot.id)))
