"""Holds: placed, captured and released, each once per key."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.errors import HoldClosed, NotFound
from chalicelib.domain.holding import Capture, Wish, capture, place, release
from chalicelib.domain.holds import seq_of_hold
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.services.once import Claim, Recorded, once
from chalicelib.services.using import Till


def place_hold(till: Till, wish: Callable[[], Wish], claim: Claim, *, stamp: Stamp) -> Recorded:
    """
    Set credits aside. *wish* is asked at each decision: a quote in it may have become too old.

    Raises:
        Refusal: As `domain.holding.place` and `services.once.once` do.
    """
    return once(till.store, claim, lambda wallet: place(wallet, wish(), till.catalog, stamp), patience=till.patience)


def capture_hold(till: Till, wanted: Capture, claim: Claim, *, stamp: Stamp) -> Recorded:
    """
    Take what was used of a hold, and close it.

    Raises:
        NotFound: There never was such a hold.
        Refusal: As `domain.holding.capture` and `services.once.once` do.
    """
    return _on_hold(till, claim, wanted.hold_id, lambda wallet: capture(wallet, wanted, till.catalog, stamp))


def release_hold(till: Till, hold_id: str, claim: Claim, *, stamp: Stamp) -> Recorded:
    """
    Give everything back that a hold set aside.

    Raises:
        NotFound: There never was such a hold.
        Refusal: As `domain.holding.release` and `services.once.once` do.
    """
    return _on_hold(till, claim, hold_id, lambda wallet: release(wallet, hold_id, till.catalog, stamp))


def _on_hold(till: Till, claim: Claim, hold_id: str, decide: Callable[[Wallet], Decision]) -> Recorded:
    try:
        return once(till.store, claim, decide, patience=till.patience)
    except HoldClosed:
        seq = seq_of_hold(hold_id)
        placed = till.store.entry(claim.wallet_id, seq) if seq else None
        if placed is None or placed.kind != "hold":
            raise NotFound from None
        raise
