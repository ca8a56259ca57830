"""Freezing wallets by an admin's word."""

from __future__ import annotations

from chalicelib.domain.freezing import freeze
from chalicelib.domain.ledger import Stamp
from chalicelib.services.once import Claim, Recorded, once
from chalicelib.services.using import Till


def freeze_wallet(till: Till, claim: Claim, *, frozen: bool, reason: str, stamp: Stamp) -> Recorded:
    """Freeze a wallet or let it go, once per key."""
    return once(
        till.store,
        claim,
        lambda wallet: freeze(wallet, frozen=frozen, reason=reason, catalog=till.catalog, stamp=stamp),
        patience=till.patience,
    )
