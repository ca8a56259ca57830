"""
The payments of top-ups: made once, asked about by whoever comes, a job or an event, and settled like any purchase's.

A payment is looked for before it is made, because an answer may have been lost; and one that failed is kept from ever
being paid before anything else is tried, because a trigger must be paid once.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.errors import Busy
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.purchases import Progress, Purchase, Status
from chalicelib.domain.settling import Mismatch, settle, without_payment
from chalicelib.domain.topup_landing import CardPayment, called_off, landed
from chalicelib.domain.topups import TopUp, TopUpMoved
from chalicelib.domain.wallet import Wallet
from chalicelib.services.fulfilling import NotYetKnown, Outcome, as_known, keep_aside
from chalicelib.services.ports import (
    Change,
    LostRace,
    Oddity,
    OutcomeUnknown,
    PaymentsFailed,
    PaymentsRefused,
    Throttled,
)
from chalicelib.services.purchasing import Shop

ACTOR = "auto_topup"


def follow_topup(
    shop: Shop,
    wallet_id: str,
    purchase_id: str,
    *,
    event: Oddity,
    stamp: Stamp,
    payment_id: str | None = None,
    reviewed: bool = False,
) -> Outcome:
    """
    Bring the purchase of a top-up to where its payment is, and make the payment if that is still to be done.

    Any number of times, in any order: once. *event*, *payment_id* and *reviewed* are as for `fulfil`.

    Raises:
        NotYetKnown: There is no such purchase.
        PaymentsFailed: The provider did not answer.
        Busy: Every attempt within the budget lost its race.
    """
    stamp = replace(stamp, actor=ACTOR)
    for turn in shop.patience.turns():
        try:
            wallet, row = shop.store.wallet_and_topup(wallet_id)
            purchase = shop.store.purchase(wallet_id, purchase_id)
            if purchase is None:
                raise NotYetKnown(purchase_id)
            try:
                found = _asked(shop, row, purchase, payment_id)  # after the rows: their versions guard this
            except PaymentsRefused:
                return _without_payment(shop, purchase, Status.FAILED, landed(row, purchase, None, stamp.now))
            if found is None:
                return _without_payment(shop, purchase, Status.EXPIRED, called_off(row, purchase))
            purchase = as_known(shop, purchase, found.payment, reviewed=reviewed)
            return _settled(shop, wallet, row, purchase, found, event=event, stamp=stamp)
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
    raise Busy(wallet_id)


def _settled(
    shop: Shop, wallet: Wallet, row: TopUp, purchase: Purchase, found: CardPayment, *, event: Oddity, stamp: Stamp
) -> Outcome:
    try:
        settlement = settle(wallet, purchase, found.payment, shop.catalog, live=shop.payments.live, stamp=stamp)
    except Mismatch as odd:
        return keep_aside(shop, purchase, found.payment, event=replace(event, reason=str(odd)))
    moved = landed(row, purchase, found, stamp.now)
    if settlement is None and moved is None:
        return Outcome.UNCHANGED
    decisions = settlement.decisions if settlement else ()
    shop.store.commit(Change(decisions=decisions, purchase=settlement, topup=moved))
    return Outcome.SETTLED


def _without_payment(shop: Shop, purchase: Purchase, status: Status, moved: TopUpMoved | None) -> Outcome:
    if not purchase.is_open:
        return Outcome.UNCHANGED
    shop.store.commit(Change(purchase=without_payment(purchase, status), topup=moved))
    return Outcome.SETTLED


def _asked(shop: Shop, row: TopUp, purchase: Purchase, payment_id: str | None) -> CardPayment | None:
    """
    Ask what became of a payment; one that failed is kept from ever being paid.

    None: there never was one, and none is wanted any more.
    """
    known = payment_id or purchase.payment_id
    found = _known(shop, known) if known else shop.payments.find_card_payment(purchase) or _paid(shop, row, purchase)
    if found is None or found.is_over or found.payment.progress is not Progress.FAILED:
        return found
    shop.payments.cancel_payment(found.payment_id)
    found = _known(shop, found.payment_id)
    if found.payment.progress is Progress.FAILED and not found.is_over:
        raise PaymentsFailed("a payment that failed can't be canceled")
    return found


def _known(shop: Shop, payment_id: str) -> CardPayment:
    found = shop.payments.card_payment(payment_id)
    if found is None:
        raise PaymentsFailed("the payment is not ours any more")
    return found


def _paid(shop: Shop, row: TopUp, purchase: Purchase) -> CardPayment | None:
    """Make the payment that is under way, unless it was switched off before that came to pass."""
    flight = row.flight
    if flight is None or flight.purchase_id != purchase.purchase_id or not row.enabled:
        return None
    key = f"{row.wallet_id}-{flight.seq}-{flight.attempt}"
    return shop.payments.pay_by_card(purchase, card=flight.card, key=key)
