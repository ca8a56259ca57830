"""Expiry: booking what the clock has decided. Every decision judges a lot's end; this only writes it down."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.days import Flow
from chalicelib.domain.ledger import Stamp, as_text, draws_as_fields
from chalicelib.domain.lots import Draw, burn_order
from chalicelib.domain.plans import catch_up
from chalicelib.domain.wallet import Decision, Line, Wallet, take_free


def book_end(wallet: Wallet, catalog: Catalog, stamp: Stamp) -> Decision | None:
    """
    Book what is free in the first lot that has ended, and of that lot only. None: there is none.

    What is held or set aside of it stays: it is judged when it comes back.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    ended = (lot for lot in sorted(current.wallet.lots, key=burn_order) if lot.free and lot.has_ended(at))
    lot = next(ended, None)
    if lot is None:
        return None
    draw = Draw(lot.id, lot.free)
    after = replace(current.wallet, lots=take_free(current.wallet.lots, [draw]))
    line = Line(
        kind="expiry",
        credits=-draw.credits,
        draws=tuple(draws_as_fields([draw])),
        facts={"lot_id": str(lot.id), "ended_at": as_text(lot.ends_at)},
        flows={Flow.EXPIRED: draw.credits},
    )
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)
