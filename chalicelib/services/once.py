"""
Once per key: the loop in which a command is decided, committed, and decided afresh when it lost a race.

The receipt is read only before a refusal is answered, and after a commit that says that it was there or doesn't
say what became of it: so the plain case is two round trips, and a lost race costs no third. An unknown outcome is
settled by the receipt: there and equal, it was done; absent, it wasn't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

from chalicelib.domain.errors import Busy, KeyReused, Refusal
from chalicelib.domain.ledger import Entry, canonical
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.services.ports import Change, LostRace, OutcomeUnknown, Receipt, Store, Throttled

FIRST_WAIT, LONGEST_WAIT = 0.01, 1.0  # seconds; the wait is random between nothing and a doubling ceiling
HURRY = 8  # who has waited long waits shorter: never more than this part of the time that is left
THROTTLED_WAIT = 0.1  # seconds: what the first ceiling is when the store is asked too much


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on trying, and by which clock; all of it from outside, so that tests need not wait."""

    budget: float  # seconds
    monotonic: Callable[[], float]
    sleep: Callable[[float], object]
    uniform: Callable[[float, float], float]

    def turns(self) -> Iterator[Turn]:
        """Yield a turn at once, then one after each wait, until the budget is spent."""
        ends = self.monotonic() + self.budget
        turn = Turn(ceiling=FIRST_WAIT)
        while True:
            yield turn
            left = ends - self.monotonic()
            wait = self.uniform(0, min(turn.ceiling, left / HURRY))
            if self.monotonic() + wait >= ends:
                return
            self.sleep(wait)
            turn = Turn(ceiling=min(turn.ceiling * 2, max(LONGEST_WAIT, turn.ceiling)))


@dataclass(slots=True)
class Turn:
    """One attempt; what it meets decides how long the next one waits."""

    ceiling: float  # seconds

    def meet(self, trouble: Exception) -> None:
        if isinstance(trouble, Throttled):
            self.ceiling = max(self.ceiling, THROTTLED_WAIT)


class Hand(StrEnum):
    """
    Who chose a key: each has keys of their own, so that a customer can't spend one that a service will come with.

    The value stands in front of a key. No caller's key has a space, so none begins like another's.
    """

    SERVICE = ""
    CUSTOMER = "c "
    ADMIN = "a "


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A caller's key on a wallet, and the hash of what it is wanted for."""

    wallet_id: str
    key: str
    digest: bytes

    @classmethod
    def on(cls, wallet_id: str, key: str, *, operation: str, body: dict[str, Any], hand: Hand = Hand.SERVICE) -> Claim:
        """Claim *key* for an operation with its parsed body: what is equal there is the same request."""
        digest = sha256(canonical({"operation": operation, "body": body})).digest()
        return cls(wallet_id=wallet_id, key=hand + key, digest=digest)

    def receipt(self, *, seq: int | None = None, nth: int | None = None, purchase_id: str | None = None) -> Receipt:
        return Receipt(
            wallet_id=self.wallet_id, key=self.key, digest=self.digest, seq=seq, nth=nth, purchase_id=purchase_id
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry that a command wrote, now or the first time that its key came; `nth`: its place among the uses."""

    entry: Entry
    replayed: bool = False
    nth: int = 0


def once(store: Store, claim: Claim, decide: Callable[[Wallet], Decision], *, patience: Patience) -> Recorded:
    """Decide and write a command of one wallet, once per key. Raises as `settle_once` does."""
    return settle_once(
        store, claim, lambda: Change(decisions=[decide(store.wallet(claim.wallet_id))]), patience=patience
    )


def settle_once(store: Store, claim: Claim, attempt: Callable[[], Change], *, patience: Patience) -> Recorded:
    """
    Write what *attempt* reads and decides, once per key; it gives a change with a decision of the claim's wallet.

    Raises:
        KeyReused: The key was spent on something else.
        Busy: Every attempt within the budget lost its race; nothing was written.
        Refusal: What *attempt* says no to, unless the key was spent on this very request before.
    """
    for turn in patience.turns():
        try:
            try:
                change = attempt()
            except Refusal:
                if first := _first_answer(store, claim):
                    return first
                raise
            [entry] = [each.entry for each in change.decisions if each.wallet.wallet_id == claim.wallet_id]
            store.commit(replace(change, receipts=[claim.receipt(seq=entry.seq)]))
            return Recorded(entry)
        except LostRace as lost:
            if lost.spent and (first := _answer_again(store, claim)):
                return first
        except (Throttled, OutcomeUnknown) as trouble:
            if isinstance(trouble, OutcomeUnknown) and (first := _answer_again(store, claim)):
                return first
            turn.meet(trouble)
    raise Busy(claim.wallet_id)


def spent(store: Store, claim: Claim) -> Receipt | None:
    """
    Read what this claim's key was spent on.

    Raises:
        KeyReused: On something else than this claim's request.
    """
    receipt = store.receipt(claim.wallet_id, claim.key)
    if receipt and receipt.digest != claim.digest:
        raise KeyReused
    return receipt


def _first_answer(store: Store, claim: Claim) -> Recorded | None:
    receipt = spent(store, claim)
    if not receipt or receipt.seq is None:
        return None
    entry = store.entry(claim.wallet_id, receipt.seq)
    return Recorded(entry, replayed=True, nth=receipt.nth or 0) if entry else None


def _answer_again(store: Store, claim: Claim) -> Recorded | None:
    """As `_first_answer`, where no answer only means: try again."""
    try:
        return _first_answer(store, claim)
    except (Throttled, OutcomeUnknown):
        return None
