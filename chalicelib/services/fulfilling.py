"""Fulfilment: an event is a hint; the payment is asked for afresh, and purchase and wallet move in one transaction."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from chalicelib.domain.errors import Busy
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.moneyback import joined
from chalicelib.domain.purchases import Payment, Progress, Purchase, Status
from chalicelib.domain.settling import Mismatch, put_under_review, settle
from chalicelib.services.ports import (
    Change,
    LostRace,
    Oddity,
    OutcomeUnknown,
    Throttled,
)
from chalicelib.services.purchasing import Shop


class Outcome(StrEnum):
    """What came of an event."""

    IGNORED = "ignored"  # not ours
    SETTLED = "settled"
    UNCHANGED = "unchanged"  # settled before
    QUARANTINED = "quarantined"
    PARKED = "parked"  # it failed too often


class NotYetKnown(Exception):
    """The event speaks of a purchase whose row isn't there yet; it should come again."""


def fulfil(shop: Shop, session_id: str, *, event: Oddity, stamp: Stamp, reviewed: bool = False) -> Outcome:
    """
    Bring the purchase of a checkout session to where its payment is. Any number of times, in any order: once.

    *event* names the hint, for the case that it must be kept aside. *reviewed*: a person looked at a purchase that is
    under review.

    Raises:
        NotYetKnown: There is no such purchase yet.
        PaymentsFailed: The provider did not answer.
        Busy: Every attempt within the budget lost its race.
    """
    payment = shop.payments.payment(session_id)
    if payment is None:
        return Outcome.IGNORED
    for turn in shop.patience.turns():
        try:
            return _settle_once(shop, session_id, payment, event=event, stamp=stamp, reviewed=reviewed)
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
    raise Busy(payment.wallet_id)


def _settle_once(
    shop: Shop, session_id: str, payment: Payment, *, event: Oddity, stamp: Stamp, reviewed: bool
) -> Outcome:
    wallet, purchase = shop.store.wallet_and_purchase(payment.wallet_id, payment.purchase_id)
    if purchase is None:
        raise NotYetKnown(payment.purchase_id)
    if payment.progress is not Progress.PAID:
        payment = shop.payments.payment(session_id) or payment  # asked after the row: its version guards this
    purchase = as_known(shop, purchase, payment, reviewed=reviewed)
    try:
        settlement = settle(wallet, purchase, payment, shop.catalog, live=shop.payments.live, stamp=stamp)
    except Mismatch as odd:
        return keep_aside(shop, purchase, payment, event=replace(event, reason=str(odd)))
    if settlement is None:
        return Outcome.UNCHANGED
    shop.store.commit(Change(decisions=settlement.decisions, purchase=settlement))
    return Outcome.SETTLED


def as_known(shop: Shop, purchase: Purchase, payment: Payment, *, reviewed: bool) -> Purchase:
    """Join what money went back for a payment to its purchase; one that a person has *reviewed* is pending again."""
    if payment.money_back and payment.payment_id and (money := shop.payments.money_back(payment.payment_id)):
        purchase = replace(purchase, facts=joined(purchase.facts, money.facts))
    if reviewed and purchase.status is Status.REVIEW and payment.progress is Progress.PAID:
        return replace(purchase, status=Status.PENDING)
    return purchase


def keep_aside(shop: Shop, purchase: Purchase, payment: Payment, *, event: Oddity) -> Outcome:
    """Keep an event aside for a person, because its payment doesn't fit its purchase."""
    shop.store.quarantine(replace(event, wallet_id=payment.wallet_id, purchase_id=payment.purchase_id))
    if doubtful := put_under_review(purchase, payment, live=shop.payments.live):
        shop.store.commit(Change(purchase=doubtful))
    return Outcome.QUARANTINED
