"""Setting plans by an admin's word."""

from __future__ import annotations

from chalicelib.domain.ledger import Stamp
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.subscriptions import standing
from chalicelib.services.once import Claim, Recorded, settle_once
from chalicelib.services.ports import Change
from chalicelib.services.using import Till


def override_plan(till: Till, plan_id: str | None, claim: Claim, *, stamp: Stamp) -> Recorded:
    """
    Put a wallet on a plan, once per key; with None back on what its subscription gives, or on Free.

    An admin's plan stands until it is cleared, whatever the payment provider says.
    """

    def attempt() -> Change:
        wallet, row = till.store.wallet_and_subscription(claim.wallet_id)
        return Change(decisions=[set_plan(wallet, plan_id, till.catalog, stamp, standing=standing(row))])

    return settle_once(till.store, claim, attempt, patience=till.patience)
