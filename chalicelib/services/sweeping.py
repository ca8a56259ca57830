"""Sweeping: purchases and subscriptions of which nobody told for a while are asked about, as events can be lost."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain import subscriptions
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.purchases import Purchase, Status, next_look
from chalicelib.domain.settling import give_up
from chalicelib.services.following import follow_session, follow_subscription
from chalicelib.services.fulfilling import Outcome, fulfil
from chalicelib.services.ports import Change, LostRace, Oddity
from chalicelib.services.purchasing import Shop
from chalicelib.services.refunding import make_refund
from chalicelib.services.rounds import Errand, Report, go_round
from chalicelib.services.taking_back import bring_home, take_back
from chalicelib.services.topup_payments import follow_topup

PURCHASES, SUBSCRIPTION = "pur_", "subscription"  # what the names of what is due begin with, or are


@dataclass(frozen=True, slots=True)
class Sweep:
    """What sweeping needs: an errand, and the shop that settles purchases."""

    errand: Errand
    shop: Shop


def sweep_due(sweep: Sweep) -> Report:
    """Ask about each purchase and each subscription that is due, and settle it if it can be. Twice settles once."""
    report = Report()
    counted = ("purchases", "subscriptions", "settled", "given_up", "refunded", "recalled")
    report.counts.update(dict.fromkeys(counted, 0))

    def ask(wallet_id: str, name: str) -> None:
        if name.startswith(PURCHASES):
            report.counts["purchases"] += 1
            _ask_about(sweep, wallet_id, name, report)
        elif name == SUBSCRIPTION:
            report.counts["subscriptions"] += 1
            _ask_about_subscription(sweep, wallet_id, report)

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


def _ask_about_subscription(sweep: Sweep, wallet_id: str, report: Report) -> None:
    store, stamp = sweep.errand.store, sweep.errand.stamp()
    row = store.subscription(wallet_id)
    if row.due_at is None:
        return
    hint = Oddity(event_id=f"sweep-subscription-{wallet_id}", type="sweep", reason="", at=stamp.now)
    try:
        store.put_off_subscription(row, subscriptions.next_look(row, stamp.now))
        if row.session_id:
            outcome = follow_session(sweep.shop, row.session_id, event=hint, stamp=stamp)
        elif row.news:
            outcome = follow_subscription(sweep.shop, row.news.subscription_id, event=hint, stamp=stamp)
        else:
            return
        report.counts["settled"] += outcome is Outcome.SETTLED
    except LostRace:
        return  # somebody is at it


def _settled(sweep: Sweep, purchase: Purchase, stamp: Stamp, report: Report) -> bool:
    """Do what a purchase waits for; whether it is settled by that."""
    hint = Oddity(event_id=f"sweep-{purchase.purchase_id}", type="sweep", reason="", at=stamp.now)
    if purchase.status is Status.PAID:
        return _brought_on(sweep, purchase, hint, stamp, report)
    if purchase.topup_seq is not None:
        told = follow_topup(sweep.shop, purchase.wallet_id, purchase.purchase_id, event=hint, stamp=stamp)
        return told is Outcome.SETTLED
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
