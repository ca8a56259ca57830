"""
Topping up: where a line was crossed, a saved card is charged, one payment at a time.

First the row says that a payment is under way, then it is made, then what became of it is written with the purchase
and the wallet. Whoever comes later goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.errors import Busy
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.plans import catch_up
from chalicelib.domain.topup_charges import begin, capped, charge_of, has_room, waits_until
from chalicelib.domain.topup_moves import at_rest, next_look, rearmed, stop
from chalicelib.domain.topups import Stop, TopUp, TopUpMoved
from chalicelib.domain.wallet import Wallet
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.ports import Change, LostRace, Oddity, OutcomeUnknown, Throttled
from chalicelib.services.purchasing import Shop
from chalicelib.services.rounds import Errand, Report, go_round
from chalicelib.services.topup_payments import follow_topup

TOPUP = "topup"  # what a top-up's row is called among what is due


@dataclass(frozen=True, slots=True)
class Charging:
    """What charging needs: an errand, and the shop that settles purchases."""

    errand: Errand
    shop: Shop


def charge_due(charging: Charging) -> Report:
    """Charge what is due, and ask about payments under way. Twice charges once."""
    report = Report()
    report.counts.update(dict.fromkeys(("topups", "begun", "settled", "capped", "stopped", "rearmed"), 0))

    def look(wallet_id: str, name: str) -> None:
        if name == TOPUP:
            _look_at(charging, wallet_id, report)

    go_round(charging.errand, charging.errand.store.due_purchases, look, report)
    return report


def _look_at(charging: Charging, wallet_id: str, report: Report) -> None:
    store, stamp = charging.errand.store, charging.errand.stamp()
    row = store.topup(wallet_id)
    if row.due_at is None or row.due_at > stamp.now:
        return
    report.counts["topups"] += 1
    try:
        # First the next look, so that whatever goes wrong now stands behind the others.
        store.put_off_topup(row, next_look(row, stamp.now))
    except LostRace:
        return  # somebody is at it
    purchase_id = _taken_off(charging.shop, wallet_id, stamp, report)
    if purchase_id:
        hint = Oddity(event_id=f"topup-{purchase_id}", type="topup", reason="", at=stamp.now)
        outcome = follow_topup(charging.shop, wallet_id, purchase_id, event=hint, stamp=stamp)
        report.counts["settled"] += outcome is Outcome.SETTLED


def _taken_off(shop: Shop, wallet_id: str, stamp: Stamp, report: Report) -> str | None:
    """Name the purchase whose payment is under way; it begins now where it should. None: there is none."""
    for turn in shop.patience.turns():
        try:
            wallet, row = shop.store.wallet_and_topup(wallet_id)
            if row.flight:
                return row.flight.purchase_id
            if not row.stopped:
                current = catch_up(wallet, shop.catalog, wallet.time_of_decision(stamp.now)).wallet
                return _begun(shop, current, row, stamp.now, report)
            if not _rearmed(shop, row, stamp.now, report):
                return None
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
    raise Busy(wallet_id)


def _begun(shop: Shop, wallet: Wallet, row: TopUp, now: datetime, report: Report) -> str | None:
    """Begin what a wallet, as it stands once what fell due is done, calls for."""
    until = waits_until(wallet, row, shop.catalog, now) if row.trigger is not None else None
    if until:
        shop.store.put_off_topup(row, until)
        return None
    charge = charge_of(wallet, row, shop.catalog, now)
    if charge is None:
        shop.store.commit(Change(topup=at_rest(row)))
        return None
    if not has_room(row, charge, now):
        shop.store.commit(Change(topup=capped(row, charge, now)))
        report.counts["capped"] += 1
        return None
    customer_id, card = card_of(shop, row.wallet_id)
    if customer_id is None or card is None:
        shop.store.commit(Change(topup=stop(row, Stop.SUSPENDED, price=charge.price, card=None, now=now)))
        report.counts["stopped"] += 1
        return None
    purchase, moved = begin(row, charge, customer_id=customer_id, card=card, now=now)
    shop.store.commit(Change(new_purchase=purchase, topup=moved))
    report.counts["begun"] += 1
    return purchase.purchase_id


def card_of(shop: Shop, wallet_id: str) -> tuple[str | None, str | None]:
    """Find a wallet's customer, and the card that pays without its holder."""
    customer_id = shop.store.customer(wallet_id)
    return customer_id, shop.payments.saved_card(customer_id) if customer_id else None


def _rearmed(shop: Shop, row: TopUp, now: datetime, report: Report) -> bool:
    """Go on with another card, if there is one by now."""
    _, card = card_of(shop, row.wallet_id)
    if card is None or card == row.card:
        return False
    after = replace(rearmed(row, now), version=row.version + 1)
    shop.store.commit(Change(topup=TopUpMoved(before=row, topup=after)))
    report.counts["rearmed"] += 1
    return True


def wake_topup(shop: Shop, wallet_id: str, now: datetime) -> Outcome:
    """Have a job look whether the card of a top-up that is stopped is another; it does so by itself, but later."""
    row = shop.store.topup(wallet_id)
    if not row.stopped or not row.due_at:
        return Outcome.IGNORED
    try:
        shop.store.put_off_topup(row, now)
    except LostRace:
        return Outcome.UNCHANGED  # somebody is at it
    return Outcome.SETTLED
