"""Sweeping: purchases that nobody heard of for a while are asked about, because an event can be lost."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.purchases import give_up, next_look
from chalicelib.services.fulfilling import Outcome, fulfil
from chalicelib.services.ports import Change, LostRace, Oddity
from chalicelib.services.purchasing import Shop
from chalicelib.services.rounds import Errand, Report, go_round


@dataclass(frozen=True, slots=True)
class Sweep:
    """What sweeping needs: an errand, and the shop that settles purchases."""

    errand: Errand
    shop: Shop


def sweep_due(sweep: Sweep) -> Report:
    """Ask about each open purchase that is due, and settle it if it can be. Twice settles once."""
    report = Report()
    report.counts.update({"purchases": 0, "settled": 0, "given_up": 0})

    def ask(wallet_id: str, purchase_id: str) -> None:
        report.counts["purchases"] += 1
        _ask_about(sweep, wallet_id, purchase_id, report)

    go_round(sweep.errand, sweep.errand.store.due_purchases, ask, report)
    return report


def _ask_about(sweep: Sweep, wallet_id: str, purchase_id: str, report: Report) -> None:
    store, stamp = sweep.errand.store, sweep.errand.stamp()
    purchase = store.purchase(wallet_id, purchase_id)
    if purchase is None or not purchase.is_open:
        return
    try:
        # First the next look, so that whatever goes wrong now stands behind the others.
        store.put_off_purchase(purchase, next_look(purchase, stamp.now))
        if purchase.session_id:
            hint = Oddity(event_id=f"sweep-{purchase_id}", type="sweep", reason="", at=stamp.now)
            outcome = fulfil(sweep.shop, purchase.session_id, event=hint, stamp=stamp)
            report.counts["settled"] += outcome is Outcome.SETTLED
        elif ended := give_up(purchase, stamp.now):
            store.commit(Change(purchase=ended))
            report.counts["given_up"] += 1
    except LostRace:
        return  # somebody is at it
