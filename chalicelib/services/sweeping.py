"""Sweeping: purchases that nobody heard of for a while are asked about, because an event can be lost."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.ledger import Stamp
from chalicelib.domain.purchases import Purchase, Status, next_look
from chalicelib.domain.settling import give_up
from chalicelib.services.fulfilling import Outcome, fulfil
from chalicelib.services.ports import Change, LostRace, Oddity
from chalicelib.services.purchasing import Shop
from chalicelib.services.refunding import make_refund
from chalicelib.services.rounds import Errand, Report, go_round
from chalicelib.services.taking_back import bring_home, take_back


@dataclass(frozen=True, slots=True)
class Sweep:
    """What sweeping needs: an errand, and the shop that settles purchases."""

    errand: Errand
    shop: Shop


def sweep_due(sweep: Sweep) -> Report:
    """Ask about each open purchase that is due, and settle it if it can be. Twice settles once."""
    report = Report()
    report.counts.update({"purchases": 0, "settled": 0, "given_up": 0, "refunded": 0, "recalled": 0})

    def ask(wallet_id: str, purchase_id: str) -> None:
        report.counts["purchases"] += 1
        _ask_about(sweep, wallet_id, purchase_id, report)

    go_round(sweep.errand, sweep.errand.store.due_purchases, ask, report)
    return report


def _ask_about(sweep: Sweep, wallet_id: str, purchase_id: str, report: Report) -> None:
    store, stamp = sweep.errand.store, sweep.errand.stamp()
    purchase = store.purchase(wallet_id, purchase_id)
    if purchase is None or purchase.due_at is None:
        return
    try:
        # First the next look, so that whatever goes wrong now stands behind the others.
        store.put_off_purchase(purchase, next_look(purchase, stamp.now))
        report.counts["settled"] += _settled(sweep, purchase, stamp, report)
    except LostRace:
        return  # somebody is at it


def _settled(sweep: Sweep, purchase: Purchase, stamp: Stamp, report: Report) -> bool:
    """Do what a purchase waits for; whether it is settled by that."""
    hint = Oddity(event_id=f"sweep-{purchase.purchase_id}", type="sweep", reason="", at=stamp.now)
    if purchase.status is Status.PAID:
        return _brought_on(sweep, purchase, hint, stamp, report)
    if purchase.session_id:
        return fulfil(sweep.shop, purchase.session_id, event=hint, stamp=stamp) is Outcome.SETTLED
    if ended := give_up(purchase, stamp.now):
        sweep.errand.store.commit(Change(purchase=ended))
        report.counts["given_up"] += 1
    return False


def _brought_on(sweep: Sweep, purchase: Purchase, hint: Oddity, stamp: Stamp, report: Report) -> bool:
    """Make refunds that were asked for, hear of disputes, and recall what is owed."""
    wallet_id, purchase_id = purchase.wallet_id, purchase.purchase_id
    for asked in purchase.asked:
        make_refund(sweep.shop, wallet_id, purchase_id, asked.refund_key, stamp=stamp)
        report.counts["refunded"] += 1
    outcome = Outcome.UNCHANGED
    if purchase.payment_id and purchase.facts.is_disputed:
        outcome = take_back(sweep.shop, purchase.payment_id, event=hint, stamp=stamp)
    report.counts["recalled"] += bring_home(sweep.shop, wallet_id, purchase_id, stamp=stamp)
    return outcome is Outcome.SETTLED
