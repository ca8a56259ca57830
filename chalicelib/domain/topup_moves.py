"""
How a top-up's row moves on: every write counts, is looked at again at its time, and tells the customer once.

What was stopped because of a card goes on when the card is another, and not before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.messages import Alert, Message, MessageKind, message_of
from chalicelib.domain.money import Money
from chalicelib.domain.topups import Stop, TopUp, TopUpMoved

FIRST_LOOK, LONGEST_LOOK = timedelta(minutes=1), timedelta(days=1)  # pauses between two looks at a payment under way
CARD_LOOK = timedelta(hours=1)  # the shortest pause between two looks whether the card is another
USUAL_LOOK = timedelta(minutes=5)
NO_CARD = "no_card"


def moved(
    row: TopUp, after: TopUp, reason: str | None = None, *, price: Money | None = None, at: datetime | None = None
) -> TopUpMoved:
    """Count the write, and tell the customer where there is a *reason*."""
    written = replace(after, version=row.version + 1)
    if reason is None or price is None or at is None:
        return TopUpMoved(before=row, topup=written)
    return TopUpMoved(before=row, topup=written, messages=(_message(written, reason, price, at),))


def next_look(row: TopUp, now: datetime) -> datetime:
    """Say when to look again if a look comes to nothing: the longer it lasts, the later, at least once a day."""
    if row.flight:
        return now + min(max(FIRST_LOOK, (now - row.flight.began_at) / 2), LONGEST_LOOK)
    if row.stopped and row.stopped_at:
        return now + min(max(CARD_LOOK, (now - row.stopped_at) / 2), LONGEST_LOOK)
    return now + USUAL_LOOK


def at_rest(row: TopUp) -> TopUpMoved:
    """Forget a trigger: the balance is over the line, or nothing is wanted any more."""
    return moved(row, replace(row, trigger=None, attempts=0, due_at=None))


def stop(row: TopUp, why: Stop, *, price: Money, card: str | None, now: datetime) -> TopUpMoved:
    """Charge nothing until the card is another than *card* (None: there is none), and tell the customer."""
    after = replace(row, stopped=why, stopped_at=now, card=card)
    reason = why.value if card else NO_CARD
    return moved(row, replace(after, due_at=next_look(after, now)), reason, price=price, at=now)


def rearmed(row: TopUp, now: datetime) -> TopUp:
    """Charge again, because the card is another: what was declined is forgotten."""
    after = replace(row, stopped=None, stopped_at=None, card=None, declines=0, not_before=None)
    return replace(after, due_at=now if after.trigger is not None else None)


def _message(row: TopUp, reason: str, price: Money, at: datetime) -> Message:
    facts = {"reason": reason, "amount_minor": price.amount_minor, "currency": price.currency}
    alert = Alert("topup", MessageKind.TOPUP_FAILED, facts)
    return message_of(alert, wallet_id=row.wallet_id, source=f"topup#{row.version}", at=at)
