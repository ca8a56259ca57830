"""
What becomes of a top-up's payment.

    a payment is      the row then
    paid              at rest; nothing is charged for an hour (what crosses the line meanwhile is charged after it)
    processing        keeps it, and what it brings counts as balance: nothing else is charged
    declined          its trigger again, after an hour; at the third in a row it is suspended
    in need of the
    customer          its trigger again, and it is stopped

A payment is begun only when none is under way, and one is over only when it can never be paid any more. So a trigger
is paid at most once, whatever becomes of machines and messages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.purchases import Payment, Progress, Purchase
from chalicelib.domain.topup_moves import moved, stop
from chalicelib.domain.topups import Flight, Stop, TopUp, TopUpMoved

COOL_OFF = BACK_OFF = timedelta(hours=1)
MOST_DECLINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPayment:
    """
    What the payment provider says now of a payment with a saved card.

    `is_over`: it can never be paid any more. `needs_customer`: the bank wants its holder to be there.
    """

    payment_id: str
    payment: Payment
    is_over: bool = False
    needs_customer: bool = False


def landed(row: TopUp, purchase: Purchase, found: CardPayment | None, now: datetime) -> TopUpMoved | None:
    """
    Move a row to where the payment of a purchase is; *found* None: there never was one, and never will be.

    Returns None where that is not the payment under way, or it is under way still.
    """
    flight = row.flight
    if flight is None or flight.purchase_id != purchase.purchase_id:
        return None
    if found and found.payment.progress is Progress.PAID:
        rested = replace(row, flight=None, declines=0, not_before=now + COOL_OFF)
        return moved(row, replace(rested, due_at=rested.not_before if rested.trigger is not None else None))
    if found and not found.is_over:
        return None
    return _declined(row, flight, needs_customer=found is not None and found.needs_customer, now=now)


def called_off(row: TopUp, purchase: Purchase) -> TopUpMoved | None:
    """Forget the payment of a purchase, of which the provider never heard, because it isn't wanted any more."""
    if row.flight is None or row.flight.purchase_id != purchase.purchase_id:
        return None
    return moved(row, replace(_grounded(row, row.flight), due_at=None))


def _declined(row: TopUp, flight: Flight, *, needs_customer: bool, now: datetime) -> TopUpMoved:
    after = replace(_grounded(row, flight), declines=row.declines + 1, not_before=now + BACK_OFF)
    after = replace(after, due_at=after.not_before if after.trigger is not None else None)
    if not row.enabled:
        return moved(row, after)
    if needs_customer or after.declines >= MOST_DECLINES:
        why = Stop.AUTHENTICATION if needs_customer else Stop.SUSPENDED
        return replace(stop(after, why, price=flight.amount, card=flight.card, now=now), before=row)
    told = ("declined",) if after.declines == 1 else ()
    return moved(row, after, *told, price=flight.amount, at=now)


def _grounded(row: TopUp, flight: Flight) -> TopUp:
    """
    Take a payment that is over out of the row; its trigger stands again, unless a later one does or none is wanted.

    The row's month is that in which its last payment began, so this one counts in it.
    """
    after = replace(row, flight=None, month_minor=row.month_minor - flight.amount.amount_minor)
    if row.enabled and row.trigger is None:
        return replace(after, trigger=flight.seq, attempts=flight.attempt)
    return after
