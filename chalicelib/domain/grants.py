"""The command that grants credits. A full wallet refuses all but what was paid for."""

from __future__ import annotations

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.errors import Unprocessable, WalletFull
from chalicelib.domain.granting import Grant, put_lot
from chalicelib.domain.ledger import LARGEST_INTEGER, Stamp
from chalicelib.domain.lots import Source
from chalicelib.domain.plans import catch_up
from chalicelib.domain.wallet import OPEN_LOTS, Decision, Wallet


def grant(wallet: Wallet, wanted: Grant, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Put a new lot into the wallet; what the wallet owes is paid from it first.

    Raises:
        WalletFull: The wallet holds as many lots as it may and nobody paid for this one.
        Unprocessable: The lot would have ended already, or the wallet would hold more than can be counted.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    paid = wanted.source is Source.PURCHASE
    if len(current.wallet.lots) >= OPEN_LOTS and not paid:
        raise WalletFull(OPEN_LOTS)
    if wanted.expires_at and wanted.expires_at <= at and not paid:
        raise Unprocessable("expires_at: the end has passed already")
    if current.wallet.left + wanted.credits > LARGEST_INTEGER:
        raise Unprocessable("credits: more than a wallet can hold")
    after, line = put_lot(current.wallet, wanted, at)
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)
