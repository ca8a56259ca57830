"""Freezing: an admin keeps what is in a wallet from leaving it, and lets it go again."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.errors import Conflict
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.plans import catch_up
from chalicelib.domain.wallet import Decision, Line, Wallet


def freeze(wallet: Wallet, *, frozen: bool, reason: str, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Freeze a wallet, or let it go. Grants, releases, lapses and money back go on meanwhile.

    Raises:
        Conflict: It is so already.
    """
    if wallet.frozen == frozen:
        raise Conflict("The wallet is frozen already." if frozen else "The wallet is not frozen.")
    current = catch_up(wallet, catalog, wallet.time_of_decision(stamp.now))
    after = replace(current.wallet, frozen=frozen)
    line = Line(kind="freeze", credits=0, facts={"frozen": frozen}, private={"reason": reason})
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)
