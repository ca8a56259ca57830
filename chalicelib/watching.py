"""What alarms look at in the books themselves: counted after each commit of a deployed function, and nowhere else."""

from __future__ import annotations

from chalicelib import observability
from chalicelib.domain.wallet import OPEN_LOTS
from chalicelib.services.ports import Change
from chalicelib.store.dynamo import DynamoStore

CROWDED = OPEN_LOTS * 4 // 5  # lots: near the most that a wallet may hold


class WatchedStore(DynamoStore):
    """The store, and what a person should hear of: debt that grew, and wallets near their cap of lots."""

    def commit(self, change: Change) -> None:
        super().commit(change)
        for decision in change.decisions:
            before, after = decision.before, decision.wallet
            if after.debt > before.debt:
                observability.count("NewDebt", after.debt - before.debt)
            if len(after.lots) > max(len(before.lots), CROWDED - 1):
                observability.count("CrowdedWallets")
