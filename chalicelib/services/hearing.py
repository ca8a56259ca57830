"""Hearing of events: each is a hint to ask; what fails too often is parked, and what was kept aside can be replayed."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.errors import Busy, NotFound
from chalicelib.domain.ledger import Stamp
from chalicelib.services.following import follow_invoice, follow_session, follow_subscription, forget_deleted
from chalicelib.services.fulfilling import NotYetKnown, Outcome, fulfil
from chalicelib.services.ports import Oddity, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.purchasing import Shop
from chalicelib.services.taking_back import take_back
from chalicelib.services.topping_up import wake_topup

MOST_FAILURES = 20  # that its purchase isn't known: then an event is parked, because it would go on so


def apply_event(shop: Shop, event: Oddity, *, stamp: Stamp) -> Outcome:
    """
    Do what an event hints at, once however often it comes. *event* is what would be kept aside.

    Raises:
        NotYetKnown, PaymentsFailed, Busy, Throttled, OutcomeUnknown: It should come again.
    """
    try:
        return hear(shop, event, stamp=stamp)
    except NotYetKnown:
        if shop.store.count_failure(event) < MOST_FAILURES:
            raise
        shop.store.quarantine(replace(event, reason=f"parked: after {MOST_FAILURES} times its purchase is unknown"))
        return Outcome.PARKED


def hear(shop: Shop, event: Oddity, *, stamp: Stamp, reviewed: bool = False) -> Outcome:
    """Do what an event hints at; *reviewed*: a person has looked at it. Raises as `apply_event` does."""
    if event.session_id:
        return _hear_session(shop, event.session_id, event, stamp, reviewed=reviewed)
    if event.subscription_id:
        return follow_subscription(shop, event.subscription_id, event=event, stamp=stamp)
    if event.invoice_id:
        return follow_invoice(shop, event.invoice_id, event=event, stamp=stamp)
    if event.payment_id:
        return take_back(shop, event.payment_id, event=event, stamp=stamp, reviewed=reviewed)
    if event.wallet_id and not event.customer_id:
        return wake_topup(shop, event.wallet_id, stamp.now)
    return forget_deleted(shop, event)


def _hear_session(shop: Shop, session_id: str, event: Oddity, stamp: Stamp, *, reviewed: bool) -> Outcome:
    """A checkout sold credits, or else perhaps a plan."""
    outcome = fulfil(shop, session_id, event=event, stamp=stamp, reviewed=reviewed)
    if outcome is Outcome.IGNORED:
        return follow_session(shop, session_id, event=event, stamp=stamp)
    return outcome


def replay(shop: Shop, event_id: str, *, stamp: Stamp) -> Outcome:
    """
    Apply an event that was kept aside, by an admin's word; it leaves the quarantine when that went well.

    A purchase under review is settled by that, if its payment fits it by now.

    Raises:
        NotFound: There is no such event in quarantine.
        Busy: It can't be applied yet; it stays.
    """
    event = shop.store.oddity(event_id)
    if event is None:
        raise NotFound
    try:
        outcome = hear(shop, event, stamp=stamp, reviewed=True)
    except (NotYetKnown, PaymentsFailed, Throttled, OutcomeUnknown) as again:
        raise Busy(event.wallet_id or "") from again
    if outcome is not Outcome.QUARANTINED:
        shop.store.release_oddity(event_id, stamp.now)
    return outcome
