"""Setting plans by an admin's word."""

from __future__ import annotations

from chalicelib.domain.ledger import Stamp
from chalicelib.domain.plan_changes import set_plan
from chalicelib.services.once import Claim, Recorded, once
from chalicelib.services.using import Till


def override_plan(till: Till, plan_id: str | None, claim: Claim, *, stamp: Stamp) -> Recorded:
    """Put a wallet on a plan, or back on Free with None, once per key. It stands until it is cleared."""
    return once(
        till.store,
        claim,
        lambda wallet: set_plan(wallet, plan_id, till.catalog, stamp),
        patience=till.patience,
    )
