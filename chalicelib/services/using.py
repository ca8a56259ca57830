"""Recording use: one at a time, or many of any wallets in few decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Busy, KeyReused, Refusal
from chalicelib.domain.ledger import Entry, Stamp
from chalicelib.domain.lots import Draw, LotId
from chalicelib.domain.usage import Batch, Charge, Use, decide, decide_all
from chalicelib.services.once import Claim, Patience, Recorded, once
from chalicelib.services.ports import Change, LostRace, OutcomeUnknown, Receipt, Store, Throttled

CHUNK = 45  # uses in one entry: with a receipt each they fit one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """What recording use needs of the outside."""

    store: Store
    catalog: Catalog
    patience: Patience


@dataclass(frozen=True, slots=True)
class Event:
    """A use in a batch, and the claim of its key."""

    use: Use
    claim: Claim


Result = Recorded | Refusal


def record_usage(till: Till, event: Event, *, stamp: Stamp) -> Recorded:
    """
    Charge a use once per key: quota first, then credits.

    Raises:
        Refusal: As `domain.usage.decide` and `services.once.once` do.
    """
    return once(
        till.store,
        event.claim,
        lambda wallet: decide(wallet, event.use, till.catalog, stamp),
        patience=till.patience,
    )


def record_batch(till: Till, events: Sequence[Event], *, stamp: Stamp) -> list[Result]:
    """
    Charge many uses of any wallets, each once per key; one entry per wallet and chunk. What is refused fails alone.

    All of it shares one time budget; what it doesn't reach is answered `Busy` and may come again.
    """
    ends = till.patience.monotonic() + till.patience.budget
    results: dict[int, Result] = {}
    for places in _chunks(events):
        left = replace(till.patience, budget=max(0.0, ends - till.patience.monotonic()))
        chunk = _Chunk(replace(till, patience=left), [events[place] for place in places], stamp)
        results.update(zip(places, chunk.settle(), strict=True))
    return [results[place] for place in range(len(events))]


def _chunks(events: Sequence[Event]) -> Iterator[list[int]]:
    """Cut the events' places by wallet, in order, at most so many at once."""
    by_wallet: dict[str, list[int]] = {}
    for place, event in enumerate(events):
        by_wallet.setdefault(event.use.wallet_id, []).append(place)
    for places in by_wallet.values():
        for start in range(0, len(places), CHUNK):
            yield places[start : start + CHUNK]


@dataclass(slots=True)
class _Chunk:
    """Some uses of one wallet on their way into one entry. Receipts are read only when something names them."""

    till: Till
    events: Sequence[Event]
    stamp: Stamp
    spent: dict[str, Receipt] = field(default_factory=dict)  # keys found to be spent
    fresh: set[str] = field(default_factory=set)  # keys found not to be

    def settle(self) -> list[Result]:
        wallet_id = self.events[0].use.wallet_id
        for turn in self.till.patience.turns():
            try:
                if (results := self._attempt(wallet_id)) is not None:
                    return results
            except (LostRace, Throttled, OutcomeUnknown) as trouble:
                turn.meet(trouble)
                self.fresh.clear()
        return [Busy(wallet_id)] * len(self.events)

    def _attempt(self, wallet_id: str) -> list[Result] | None:
        """Try once; None: keys turned out to be spent, decide afresh without them."""
        pending = self._pending()
        uses = [event.use for event in pending.values()]
        wallet = self.till.store.wallet(wallet_id)
        batch = decide_all(wallet, uses, self.till.catalog, self.stamp)
        keys = list(pending)
        refused = [key for key, outcome in zip(keys, batch.outcomes, strict=True) if isinstance(outcome, Refusal)]
        if self._look_up([key for key in refused if key not in self.fresh]):
            return None
        if batch.decision and not self._commit(batch, pending):
            return None
        return self._answers(keys, batch)

    def _pending(self) -> dict[str, Event]:
        """The first event of each key that is not known to be spent."""
        pending: dict[str, Event] = {}
        for event in self.events:
            if event.claim.key not in self.spent:
                pending.setdefault(event.claim.key, event)
        return pending

    def _look_up(self, keys: Sequence[str]) -> bool:
        """Read receipts; whether any of the keys was spent."""
        if not keys:
            return False
        found = self.till.store.receipts(self.events[0].use.wallet_id, keys)
        self.spent.update(found)
        self.fresh.update(set(keys) - found.keys())
        return bool(found)

    def _commit(self, batch: Batch, pending: dict[str, Event]) -> bool:
        assert batch.decision  # noqa: S101 - the caller has looked
        seq = batch.decision.wallet.seq
        charged = [
            event
            for event, outcome in zip(pending.values(), batch.outcomes, strict=True)
            if isinstance(outcome, Charge)
        ]
        receipts = [event.claim.receipt(seq=seq, nth=nth) for nth, event in enumerate(charged)]
        try:
            self.till.store.commit(Change(decisions=[batch.decision], receipts=receipts))
        except LostRace as lost:
            if self._look_up([receipts[place].key for place in lost.spent]):
                return False
            raise
        except OutcomeUnknown:
            if self._look_up([receipt.key for receipt in receipts]):
                return False
            raise
        return True

    def _answers(self, keys: list[str], batch: Batch) -> list[Result]:
        """Say for each event what came of it; the second of a key gets the answer of the first."""
        outcomes = dict(zip(keys, self._numbered(batch), strict=True))
        first: dict[str, Event] = {}
        entries: dict[int, Entry] = {}
        results: list[Result] = []
        for event in self.events:
            key = event.claim.key
            if key in self.spent:
                results.append(self._replay(self.spent[key], event, entries))
            elif event.claim.digest != first.setdefault(key, event).claim.digest:
                results.append(KeyReused())
            else:
                outcome = outcomes[key]
                again = first[key] is not event
                results.append(replace(outcome, replayed=True) if again and isinstance(outcome, Recorded) else outcome)
        return results

    def _numbered(self, batch: Batch) -> Iterator[Result]:
        nth = 0
        for outcome in batch.outcomes:
            if isinstance(outcome, Refusal):
                yield outcome
            else:
                assert batch.decision  # noqa: S101 - what was charged is in a decision
                yield Recorded(batch.decision.entry, nth=nth)
                nth += 1

    def _replay(self, receipt: Receipt, event: Event, entries: dict[int, Entry]) -> Result:
        if receipt.digest != event.claim.digest or receipt.seq is None:
            return KeyReused()
        if receipt.seq not in entries:
            found = self.till.store.entry(receipt.wallet_id, receipt.seq)
            if found is None:
                raise OutcomeUnknown("a receipt without its entry")
            entries[receipt.seq] = found
        return Recorded(entries[receipt.seq], replayed=True, nth=receipt.nth or 0)


def use_facts(entry: Entry, nth: int) -> dict[str, Any]:
    """
    Read one use out of an entry: its own facts, and by what it was priced.

    In an entry of several uses the terms stand once per meter, as they were before its first use there.
    """
    facts = entry.facts
    if "uses" not in facts:
        return dict(facts)
    use = facts["uses"][nth]
    terms = dict(facts["terms"][use["meter"]])
    for earlier in facts["uses"][:nth]:
        if earlier["meter"] == use["meter"]:
            if "set" in earlier:
                terms["used_before"] = earlier["set"]
                terms["peak_before"] = max(terms["peak_before"], earlier["set"])
            else:
                terms["used_before"] += earlier["quantity"]
    return {**use, **terms}


def draws_of_use(entry: Entry, nth: int) -> list[Draw]:
    """Say which lots paid for one use of an entry: the uses were paid in order, by the entry's draws in order."""
    uses = entry.facts.get("uses", [entry.facts])
    skipped = -sum(use["credits"] for use in uses[:nth])
    owed = -uses[nth]["credits"]
    draws = []
    for draw in entry.facts["draws"]:
        there = -draw["credits"]
        passed = min(there, skipped)
        taken = min(there - passed, owed)
        skipped, owed = skipped - passed, owed - taken
        if taken:
            draws.append(Draw(LotId.parse(draw["lot_id"]), taken))
    return draws
