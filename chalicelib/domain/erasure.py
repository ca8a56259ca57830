"""
Erasure: forgetting what identifies a person, while the ledger stands.

This is the one place that says what is forgotten of which thing. Entries lose their salt and private fields, and with
them the other ends of transfers, which carry the same note. The chain, the amounts and the ids stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.contacts import Contact
from chalicelib.domain.ledger import Entry, Stamp
from chalicelib.domain.plans import catch_up
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.wallet import Decision, Line, Wallet

ERASED = "erased"  # stands where a text must stand
NO_DIGEST = bytes(32)  # of a receipt: no request has it, so its key stays spent; a true one lets one try out guesses
ADDRESS = "checkout_url"  # in answers that were kept


class Stage(IntEnum):
    """What an erasure is at: one after the other."""

    ROWS = 0
    ENTRIES = 1
    RECEIPTS = 2
    DONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """
    How far an erasure up to entry *last* has come.

    Entries below `next_seq` are erased, for good: another erasure begins there. `after` is the row, or the key, up to
    which the present stage is done.
    """

    last: int
    stage: Stage = Stage.ROWS
    next_seq: int = 1
    after: str | None = None

    def for_erasure(self, last: int) -> Reached:
        """Say from where an erasure up to *last* goes on."""
        return self if self.last == last else Reached(last=last, next_seq=min(self.next_seq, last + 1))

    @property
    def next_stage(self) -> Reached:
        return replace(self, stage=Stage(self.stage + 1), after=None)


def record_erasure(wallet: Wallet, *, reason: str, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Say in the ledger that everything up to the wallet's last entry is to be erased.

    The reason is private to this entry, which is above the line: the next erasure takes it.
    """
    current = catch_up(wallet, catalog, wallet.time_of_decision(stamp.now))
    facts = {"settings": "erasure", "erased_up_to": wallet.seq}
    line = Line(kind="settings", credits=0, facts=facts, private={"reason": reason})
    return conclude(wallet, current, current.wallet, line, catalog=catalog, stamp=stamp)


def ends_of(entry: Entry) -> Iterator[tuple[str, int]]:
    """Name, by wallet and number, the entries that are erased with this one: itself, and a transfer's other end."""
    yield entry.wallet_id, entry.seq
    for name in ("to_entry_id", "from_entry_id"):
        if entry.kind.startswith("transfer") and name in entry.facts:
            owner, _, seq = entry.facts[name].rpartition(":")
            yield owner, int(seq)


def without_person(purchase: Purchase) -> Purchase:
    """Forget who bought: addresses, pages that show them, and who wanted money back and why. Refunds stay asked for."""
    asked = tuple(replace(each, actor=ERASED, reason=ERASED) for each in purchase.asked)
    bare = replace(purchase, email=None, receipt_url=None, invoice_url=None, return_path=None, asked=asked)
    return purchase if bare == purchase else replace(bare, version=purchase.version + 1)


def without_addresses(contact: Contact) -> Contact:
    """Forget where a wallet's messages go."""
    bare = Contact(wallet_id=contact.wallet_id, version=contact.version)
    return contact if bare == contact else replace(bare, version=contact.version + 1)


def without_page(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Forget, in an answer that was kept, the page where a person pays."""
    return {**answer, ADDRESS: ERASED} if ADDRESS in answer else answer
