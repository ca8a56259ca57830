"""
Adjustments: an admin corrects what a wallet holds, up or down; who and why stands in the entry.

Up makes a lot, as a grant does, and so pays debt first. Down takes what is free, in burn order. It is measured by what
is free and not by what is available: debt is owed for something else, so a correction neither makes nor pays any, and
neither held nor set aside credits are touched. A frozen wallet is adjusted as any other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import Unprocessable, WalletFull
from chalicelib.domain.granting import Grant, put_lot
from chalicelib.domain.ledger import LARGEST_INTEGER, Stamp, draws_as_fields
from chalicelib.domain.lots import Source, burn_down
from chalicelib.domain.plans import catch_up
from chalicelib.domain.wallet import OPEN_LOTS, Decision, Line, Wallet, take_free

KIND = "adjustment"


def adjust(wallet: Wallet, credits: int, *, reason: str, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Put *credits* into a wallet, or take them if there is a minus before them; they are not 0.

    Raises:
        WalletFull: As many lots as a wallet may have are open, and another is needed.
        Unprocessable: Fewer are free than are to be taken, or the wallet would hold more than can be counted.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    change = _added if credits > 0 else _taken
    after, line = change(current.wallet, credits, at)
    line = replace(line, private={"reason": reason})
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)


def _added(wallet: Wallet, credits: int, at: datetime) -> tuple[Wallet, Line]:
    if len(wallet.lots) >= OPEN_LOTS and credits > wallet.debt:
        raise WalletFull(OPEN_LOTS)
    if wallet.left + credits > LARGEST_INTEGER:
        raise Unprocessable("credits: more than a wallet can hold")
    after, line = put_lot(wallet, Grant(kind=KIND, credits=credits, source=Source.ADJUSTMENT), at)
    flows: dict[str, int] = {Flow.ADJUSTED: credits, Flow.PAID_TO_DEBT: line.facts["paid_to_debt"]}
    return after, replace(line, flows=flows)


def _taken(wallet: Wallet, credits: int, at: datetime) -> tuple[Wallet, Line]:
    free = wallet.free(at)
    if -credits > free:
        raise Unprocessable(f"credits: {free} are free to be taken")
    draws = burn_down(wallet.lots, -credits, now=at)
    after = replace(wallet, lots=take_free(wallet.lots, draws))
    return after, Line(kind=KIND, credits=credits, draws=tuple(draws_as_fields(draws)), flows={Flow.ADJUSTED: credits})
