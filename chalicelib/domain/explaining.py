"""
Explaining: every entry can state its arithmetic, and evaluating the statement gives the entry again.

The steps come from the entry's own facts; those that fell due before it come first, and the last one comes to the
entry's credits. Only why a lot paid before another needs more: the wallet as it stood before the entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chalicelib.domain import explaining_holds as holds
from chalicelib.domain import explaining_moves as moves
from chalicelib.domain import explaining_states as states
from chalicelib.domain import explaining_uses as uses
from chalicelib.domain.explaining_lots import Because, why_these
from chalicelib.domain.explaining_steps import Facts, Step
from chalicelib.domain.ledger import Entry, EntryKind
from chalicelib.domain.wallet import Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What an entry did and why: `credits` and `draws` are the entry's own, signed by their effect on free credits."""

    seq: int
    kind: EntryKind
    steps: tuple[Step, ...]
    draws: tuple[Because, ...]
    credits: int


def explain(entry: Entry, before: Wallet | None = None) -> Explanation:
    """
    State an entry's arithmetic, and why these lots in this order.

    *before* is the wallet as it stood before the entry. Without it the reasons are said without what is compared.
    """
    own = STEPS[entry.kind](entry.facts)
    return Explanation(
        seq=entry.seq,
        kind=entry.kind,
        steps=(*_ridden(entry.facts), *own),
        draws=why_these(entry, before),
        credits=entry.facts["credits"],
    )


def _ridden(facts: Facts) -> Iterator[Step]:
    """State the steps that rode on the entry. Lines of alerts did not fall due: the entry itself crossed them."""
    for also in facts.get("also", ()):
        for step in STEPS[also["kind"]](also):
            yield step if also["kind"] == "notice" else replace(step, text=f"Due before: {step.text}")


STEPS: dict[str, Callable[[Facts], Iterator[Step]]] = {
    "purchase": moves.grant,
    "grant": moves.grant,
    "usage": uses.use,
    "hold": holds.hold,
    "capture": holds.capture,
    "release": holds.let_go,
    "lapse": holds.let_go,
    "expiry": moves.expiry,
    "transfer_out": moves.transfer_out,
    "transfer_in": moves.transfer_in,
    "recall": moves.recall,
    "revocation": moves.revocation,
    "restoration": moves.restoration,
    "set_aside": moves.set_aside,
    "adjustment": moves.adjustment,
    "renewal": states.renewal,
    "plan_change": states.plan_change,
    "settings": states.settings,
    "freeze": states.freeze,
    "notice": states.notice,
}
