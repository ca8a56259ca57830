"""
Explains which lots an entry drew from or filled, and why these, in this order.

Where credits are taken in burn order, each lot is compared with the one that would have paid next: the first part of
the order in which they differ is the reason. That needs the wallet as it stood before the entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.explaining_steps import Facts, day_of, time_of
from chalicelib.domain.folding import fold
from chalicelib.domain.ledger import Entry, lot_of
from chalicelib.domain.lots import Lot, LotId, Source, burn_order
from chalicelib.domain.times import from_text
from chalicelib.domain.wallet import Wallet

TAKEN = {
    "expiry": "it has ended",
    "recall": "from the purchase that is owed for",
    "revocation": "from the purchase whose money went back",
    "set_aside": "from the purchase that is disputed",
}
HELD = "it was held from this lot"
GIVEN = {
    "capture": HELD,
    "release": HELD,
    "lapse": HELD,
    "restoration": "from the purchase whose money had gone back",
    "set_aside": "it was set aside in this lot",
}


class Because(NamedTuple):
    """What an entry did to one lot's free credits, signed by its effect, and why this lot."""

    lot_id: LotId
    credits: int
    because: str


def why_these(entry: Entry, before: Wallet | None) -> tuple[Because, ...]:
    """Say for each draw why it is from this lot; *before* is the wallet as it stood before the entry, if known."""
    draws: Sequence[Facts] = entry.facts["draws"]
    if not draws:
        return ()
    if entry.facts["credits"] > 0:
        reasons = [_given(entry.kind, entry.facts, nth) for nth in range(len(draws))]
    elif entry.kind in TAKEN:
        reasons = [TAKEN[entry.kind]] * len(draws)
    else:
        reasons = list(_in_order([lot_of(draw) for draw in draws], _spendable(entry, before), entry.at))
    return tuple(Because(lot_of(draw), draw["credits"], why) for draw, why in zip(draws, reasons, strict=True))


def _given(kind: str, facts: Facts, nth: int) -> str:
    if kind == "transfer_in":
        lot_id = facts["draws"][nth]["lot_id"]
        origin = next(lot["origin"] for lot in facts["lots"] if lot["lot_id"] == lot_id)
        return f"a lot of its own, which first was {origin['lot_id']} of {origin['wallet_id']}"
    if kind in GIVEN:
        last_first = "; what was held last goes back first" if GIVEN[kind] is HELD and len(facts["draws"]) > 1 else ""
        return GIVEN[kind] + last_first
    ends = facts["lot"]["expires_at"]
    return f"a new lot, to end on {day_of(from_text(ends))}" if ends else "a new lot, without an end"


def _spendable(entry: Entry, before: Wallet | None) -> list[Lot]:
    """List the lots that could pay, in burn order, once what fell due before the entry was done."""
    if before is None:
        return []
    also = entry.facts.get("also")
    if also:
        blank = {"kind": "notice", "latched": {}, "credits": 0, "draws": (), "also": also}
        facts = {"wallet_id": entry.wallet_id, "seq": entry.seq, "at": entry.facts["at"], **blank}
        due = Entry(canonical=b"", hash=before.head, facts=facts, private=None)
        before = fold(before.wallet_id, [due], start=before)
    return [lot for lot in sorted(before.lots, key=burn_order) if lot.is_spendable(entry.at)]


def _in_order(drawn: Sequence[LotId], lots: Sequence[Lot], at: datetime) -> Iterator[str]:
    """Give the reasons for lots drawn one after the other out of all that could pay."""
    names = [lot.id for lot in lots]
    for lot_id in drawn:
        if lot_id not in names:
            yield "next in burn order"
            continue
        place = names.index(lot_id)
        skipped = any(name not in drawn for name in names[:place])  # bought too lately to be transferred
        among = ", among those that may be transferred" if skipped else ""
        if place + 1 < len(lots):
            yield _first_of(lots[place], lots[place + 1], at) + among
        else:
            yield ("the only lot left" if place else "the only lot") + among


def _first_of(lot: Lot, other: Lot, at: datetime) -> str:
    """Say why *lot* pays before *other*."""
    if lot.priority != other.priority:
        return f"priority {lot.priority} goes before {other.priority}"
    if lot.expires_at and lot.expires_at != other.expires_at:
        return _ends_first(lot, lot.expires_at, other, at)
    if lot.source is not other.source and other.source is Source.PURCHASE:
        return f"{lot.source.value} goes before bought"
    if lot.granted_at != other.granted_at:
        return "granted earlier"
    return f"{lot.id} comes before {other.id}"


def _ends_first(lot: Lot, end: datetime, other: Lot, at: datetime) -> str:
    """Ends count as they were granted, also where a late notice has put one off."""
    is_put_off = end <= at or lot.ends_at not in (None, end)
    same_day = other.expires_at is not None and other.expires_at.date() == end.date()
    return f"{'was to end' if is_put_off else 'ends'} first, on {time_of(end) if same_day else day_of(end)}"
