"""Hearing of events: each is a hint to ask; what fails too often is parked, and what was kept aside can be replayed."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.errors import Busy, NotFound
from chalicelib.domain.ledger import Stamp
from chalicelib.services.fulfilling import NotYetKnown, Outcome, fulfil
from chalicelib.services.ports import Oddity, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.purchasing import Shop
from chalicelib.services.taking_back import take_back

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
        return fulfil(shop, event.session_id, event=event, stamp=stamp, reviewed=reviewed)
    if event.payment_id:
        return take_back(shop, event.payment_id, event=event, stamp=stamp)
    return Outcome.IGNORED


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
