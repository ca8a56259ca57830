"""
Recalls: credits that were transferred before their purchase was revoked come home, as far as they are free and owed.

A recall is a transfer of its own: an entry at both ends, in one transaction. At home it pays the debt that the
revocation left; so it never brings more than is owed, and a full or frozen wallet is no obstacle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.days import Flow
from chalicelib.domain.ledger import Stamp, draws_as_fields
from chalicelib.domain.lots import burn_down
from chalicelib.domain.plans import catch_up
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.revoking import still_owed
from chalicelib.domain.wallet import Decision, Line, Wallet, take_free


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """Both ends of a recall, and the purchase that is owed less by it."""

    given: Decision
    taken: Decision
    purchase: Purchase


def recall(holder: Wallet, buyer: Wallet, purchase: Purchase, catalog: Catalog, stamp: Stamp) -> Recalled | None:
    """Bring home what *holder* has free of a purchase that the buyer still owes for. None: there is nothing."""
    at = max(holder.time_of_decision(stamp.now), buyer.time_of_decision(stamp.now))
    both = replace(stamp, now=at)
    source, home = catch_up(holder, catalog, at), catch_up(buyer, catalog, at)
    theirs = [
        lot
        for lot in source.wallet.lots
        if lot.purchase_id == purchase.purchase_id and lot.origin and lot.origin.wallet_id == buyer.wallet_id
    ]
    draws = burn_down(theirs, still_owed(home.wallet, purchase), now=at)
    credits = sum(draw.credits for draw in draws)
    if not credits:
        return None
    out = Line(
        kind="recall",
        credits=-credits,
        draws=tuple(draws_as_fields(draws)),
        facts={
            "purchase_id": purchase.purchase_id,
            "recalled": credits,
            "to_wallet_id": buyer.wallet_id,
            "to_entry_id": f"{buyer.wallet_id}:{buyer.seq + 1}",
        },
        flows={Flow.RECALLED: credits},
    )
    after = replace(source.wallet, lots=take_free(source.wallet.lots, draws))
    given = conclude(holder, source, after, out, catalog=catalog, stamp=both)
    into = Line(
        kind="recall",
        credits=0,
        facts={
            "purchase_id": purchase.purchase_id,
            "received": credits,
            "paid_to_debt": credits,
            "from_wallet_id": holder.wallet_id,
            "from_entry_id": given.entry.entry_id,
        },
        flows={Flow.RECEIVED: credits, Flow.PAID_TO_DEBT: credits},
    )
    paid = replace(home.wallet, debt=home.wallet.debt - credits)
    taken = conclude(buyer, home, paid, into, catalog=catalog, stamp=both)
    owed = min(purchase.owed - credits, taken.wallet.debt)
    return Recalled(given=given, taken=taken, purchase=replace(purchase, version=purchase.version + 1, owed=owed))
