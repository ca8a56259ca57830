"""
The auditor: holds a wallet against its history, and says what doesn't hold.

The same functions serve the tests and production.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from chalicelib.domain import ledger
from chalicelib.domain.days import Flow
from chalicelib.domain.folding import fold, total_flows
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import LotId
from chalicelib.domain.wallet import Wallet

WENT = (Flow.USED, Flow.EXPIRED, Flow.REVOKED, Flow.SENT, Flow.RECALLED, Flow.PAID_TO_DEBT)


def faults(wallet: Wallet, entries: Iterable[Entry], *, start: Wallet | None = None) -> Iterator[str]:
    """
    Say, one text each, which invariants a wallet and its history break. Nothing said: all hold.

    The history is whole, or what followed *start*, the wallet as it stood before.
    """
    history, start = list(entries), start or Wallet(wallet_id=wallet.wallet_id)
    yield from _chain_faults(history, start)
    yield from lot_faults(wallet)
    rebuilt = fold(wallet.wallet_id, history, start=start)
    if _comparable(rebuilt) != _comparable(wallet):
        yield "folding the entries does not give the wallet"
    yield from _grants_twice(history)
    yield from _flow_faults(wallet, history, start)
    yield from _draw_faults(history)


def _grants_twice(history: list[Entry]) -> Iterator[str]:
    grants = Counter(entry.facts["purchase_id"] for entry in history if entry.kind == "purchase")
    yield from (f"{name} was granted {count} times" for name, count in grants.items() if count > 1)


def _flow_faults(wallet: Wallet, history: list[Entry], start: Wallet) -> Iterator[str]:
    flows = total_flows(history, start=start)
    came = flows[Flow.BOUGHT] + flows[Flow.GRANTED] + flows[Flow.RECEIVED] + flows[Flow.RESTORED]
    went = sum(flows[column] for column in WENT)
    came += flows[Flow.ADJUSTED] + start.left
    if came != wallet.left + went:
        yield f"{came} came in, {went} went out, but {wallet.left} are left"


def _draw_faults(history: list[Entry]) -> Iterator[str]:
    for entry in history:
        for step in (*entry.facts.get("also", ()), entry.facts):
            if sum(draw["credits"] for draw in step["draws"]) != step["credits"]:
                yield f"{entry.entry_id} draws something else than it takes"


def _chain_faults(history: list[Entry], start: Wallet) -> Iterator[str]:
    head, last_at = start.head, start.last_at
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
    held = Counter[LotId]()
    for hold in wallet.holds:
        held.update({draw.lot_id: draw.credits for draw in hold.draws})
    if held != Counter({lot.id: lot.held for lot in wallet.lots if lot.held}):
        yield "what lots hold is not what holds were placed with"


def _comparable(wallet: Wallet) -> Wallet:
    return replace(wallet, lots=tuple(sorted(wallet.lots, key=lambda lot: lot.id)), due_at=None)
