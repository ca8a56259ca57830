"""Credits by an admin's word: grants, and corrections either way."""

from __future__ import annotations

from chalicelib.domain.adjustments import adjust
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Stamp
from chalicelib.services.once import Claim, Recorded, once
from chalicelib.services.using import Till


def grant_credits(till: Till, wanted: Grant, claim: Claim, *, stamp: Stamp) -> Recorded:
    """Put a new lot into a wallet, once per key. Raises as `domain.grants.grant` and `once` do."""
    return once(till.store, claim, lambda wallet: grant(wallet, wanted, till.catalog, stamp), patience=till.patience)


def adjust_credits(till: Till, credits: int, claim: Claim, *, reason: str, stamp: Stamp) -> Recorded:
    """Correct what a wallet holds, once per key. Raises as `domain.adjustments.adjust` and `once` do."""
    return once(
        till.store,
        claim,
        lambda wallet: adjust(wallet, credits, reason=reason, catalog=till.catalog, stamp=stamp),
        patience=till.patience,
    )
