"""
Erasing by an admin's word: said in the ledger first, then done, as far as the time goes; the same request goes on.

It may be broken off anywhere, and asked for twice at once: what is left to do is found by looking at it. Where a round
came to is kept, so that the next one doesn't look at everything again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from chalicelib.domain.erasure import Reached, Stage, ends_of, record_erasure
from chalicelib.domain.ledger import Entry, Stamp
from chalicelib.services.once import Claim, once
from chalicelib.services.ports import LostRace, OutcomeUnknown, Store, Throttled
from chalicelib.services.using import Till

BATCH = 50  # entries in one transaction: with the other ends of transfers they are a hundred at most
KEYS = 100  # receipts in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The entry that says that it is to be done, and how far it has come."""

    entry: Entry
    reached: Reached
    replayed: bool

    @property
    def erased(self) -> int:
        """How many of the entries that are to be erased are so for sure."""
        return self.reached.next_seq - 1

    @property
    def next_seq(self) -> int | None:
        """The first entry that may not be erased yet; None: all are."""
        return self.reached.next_seq if self.reached.next_seq <= self.reached.last else None

    @property
    def done(self) -> bool:
        return self.reached.stage is Stage.DONE


def erase_wallet(till: Till, claim: Claim, *, reason: str, stamp: Stamp) -> Erasure:
    """
    Forget what identifies a person in and beside a wallet, up to its last entry; once per key, and then what is left.

    What is written later is not touched. Raises as `once` does, before anything is forgotten.
    """
    ends = till.patience.monotonic() + till.patience.budget
    recorded = once(
        till.store,
        claim,
        lambda wallet: record_erasure(wallet, reason=reason, catalog=till.catalog, stamp=stamp),
        patience=till.patience,
    )
    sweep = _Sweep(till.store, claim.wallet_id, Reached(last=recorded.entry.facts["erased_up_to"]))
    left = max(0.0, ends - till.patience.monotonic())
    _swept(replace(till, patience=replace(till.patience, budget=left)), sweep, ends)
    return Erasure(entry=recorded.entry, reached=sweep.reached, replayed=recorded.replayed)


def _swept(till: Till, sweep: _Sweep, ends: float) -> None:
    """Go on from where the last round came to, until all is done or time is up; what fails is tried again within it."""
    for turn in till.patience.turns():
        try:
            sweep.begin()
            while till.patience.monotonic() < ends and sweep.reached.stage is not Stage.DONE:
                sweep.step()
            sweep.keep()
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
        else:
            return


@dataclass(slots=True)
class _Sweep:
    """What is still to be forgotten, in small steps. What a step raises changes nothing here."""

    store: Store
    wallet_id: str
    reached: Reached
    _kept: Reached | None = None  # as the store has it
    _entries: list[Entry] = field(default_factory=list)  # found, and not erased yet
    _next_seq: int | None = None  # where the entries go on after these
    _keys: list[str] = field(default_factory=list)  # found, and their receipts not blank yet
    _after: str | None = None  # where the keys go on after these

    def begin(self) -> None:
        if self._kept is None:
            self._kept = self.store.erasure(self.wallet_id) or self.reached
            self.reached = self._kept.for_erasure(self.reached.last)

    def keep(self) -> None:
        if self._kept != self.reached:
            self.store.keep_erasure(self.wallet_id, self.reached)
            self._kept = self.reached

    def step(self) -> None:
        STEPS[self.reached.stage](self)

    def erase_rows(self) -> None:
        after = self.store.erase_rows(self.wallet_id, after=self.reached.after)
        self.reached = replace(self.reached, after=after) if after else self.reached.next_stage

    def erase_entries(self) -> None:
        reached = self.reached
        if not self._entries:
            page = self.store.private_entries(self.wallet_id, first=reached.next_seq, last=reached.last)
            self._entries, self._next_seq = list(page.entries), page.next_seq
        if batch := self._entries[:BATCH]:
            self.store.erase_entries([end for entry in batch for end in ends_of(entry)])
            del self._entries[:BATCH]
        if self._entries:
            self.reached = replace(reached, next_seq=self._entries[0].seq)
        elif self._next_seq:
            self.reached = replace(reached, next_seq=self._next_seq)
        else:
            self.reached = replace(reached.next_stage, next_seq=reached.last + 1)

    def blank_receipts(self) -> None:
        reached = self.reached
        if not self._keys:
            keys, self._after = self.store.receipt_keys(self.wallet_id, last=reached.last, after=reached.after)
            self._keys = list(keys)
        if batch := self._keys[:KEYS]:
            self.store.blank_receipts(self.wallet_id, batch)
            del self._keys[:KEYS]
        if not self._keys:
            self.reached = replace(reached, after=self._after) if self._after else reached.next_stage


STEPS: dict[Stage, Callable[[_Sweep], None]] = {
    Stage.ROWS: _Sweep.erase_rows,
    Stage.ENTRIES: _Sweep.erase_entries,
    Stage.RECEIPTS: _Sweep.blank_receipts,
}
