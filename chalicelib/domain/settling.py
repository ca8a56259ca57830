"""
Settling: a purchase is moved to where its payment is, its lot granted when it is paid, and what money went back for it
is reckoned with, all in one go and any number of times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.lots import LotId, Source
from chalicelib.domain.messages import Alert, Message, MessageKind, message_of
from chalicelib.domain.moneyback import MoneyFacts, joined
from chalicelib.domain.purchases import (
    FIRST_LOOK,
    GIVEN_UP_AFTER,
    LAST_LOOK,
    TRANSITIONS,
    Payment,
    Progress,
    Purchase,
    Status,
    end_of,
    next_look,
)
from chalicelib.domain.revoking import reckon
from chalicelib.domain.wallet import Decision, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The row as it should be now, the decisions that go with it, in their order, and what the customer is told."""

    before: Purchase
    purchase: Purchase
    decisions: tuple[Decision, ...] = ()
    messages: tuple[Message, ...] = ()


class Mismatch(Exception):
    """A payment that doesn't fit its purchase. It goes to quarantine: no credits, no silence."""


def settle(
    wallet: Wallet, purchase: Purchase, payment: Payment, catalog: Catalog, *, live: bool, stamp: Stamp
) -> Settlement | None:
    """
    Move a purchase to where its payment says it is, and grant its lot when it becomes paid.

    Returns None when there is nothing to write: the payment was settled before.

    Raises:
        Mismatch: The payment is not for this purchase, or is a second one.
    """
    check_match(purchase, payment, live=live)
    if purchase.session_id not in (None, payment.session_id) and payment.progress is not Progress.PAID:
        return None  # a session that the customer never saw: only its money would count
    status = TRANSITIONS[payment.progress].get(purchase.status, purchase.status)
    if status is purchase.status:
        return None
    after = replace(
        purchase,
        version=purchase.version + 1,
        status=status,
        session_id=payment.session_id,
        customer_id=payment.customer_id,
        payment_id=payment.payment_id or purchase.payment_id,
    )
    if status is not Status.PAID:
        looks = after.is_open and after.topup_seq is None  # the top-up's own row says when to look at that
        after = replace(after, due_at=next_look(after, stamp.now) if looks else None)
        return Settlement(before=purchase, purchase=after, messages=_failed(purchase, after, stamp.now))
    decision = grant(wallet, _lot_of(purchase, wallet.time_of_decision(stamp.now)), catalog, stamp)
    paid = replace(
        after,
        paid_minor=payment.paid_minor,
        paid_at=decision.wallet.last_at,
        lot_id=LotId(decision.wallet.seq),
        email=payment.email,
        receipt_url=payment.receipt_url,
        invoice_url=payment.invoice_url,
        due_at=None,
    )
    reckoned = reckon(decision.wallet, paid, catalog, stamp)  # money may have gone back before we heard of it
    settled = replace(reckoned.purchase, due_at=_look_at(reckoned.purchase, stamp.now))
    return Settlement(before=purchase, purchase=settled, decisions=(decision, *reckoned.decisions))


def settle_facts(
    wallet: Wallet, purchase: Purchase, facts: MoneyFacts, catalog: Catalog, stamp: Stamp
) -> Settlement | None:
    """
    Join what is known of the money that went back for a purchase, and reckon with it if it is paid.

    Returns None when there is nothing to write. Before it is paid the facts are only kept.
    """
    known = joined(purchase.facts, facts)
    after = replace(purchase, facts=known)
    decisions: tuple[Decision, ...] = ()
    if purchase.status is Status.PAID:
        news = known.refunds != purchase.facts.refunds
        asked = after.asked[-1] if after.asked and news else None  # an admin's word: its entry names who and why
        stamp = replace(stamp, actor=asked.actor) if asked else stamp
        reckoned = reckon(wallet, after, catalog, stamp, reason=asked.reason if asked else None)
        after, decisions = reckoned.purchase, reckoned.decisions
        after = replace(after, due_at=_look_at(after, stamp.now))
    if not decisions and replace(after, due_at=purchase.due_at) == purchase:
        return None
    return Settlement(before=purchase, purchase=replace(after, version=purchase.version + 1), decisions=decisions)


def _look_at(purchase: Purchase, now: datetime) -> datetime | None:
    """
    Say when to look at a paid purchase: at once for credits to recall, later for a refund that was asked for, and
    again and again while it is disputed, because banks take months.
    """
    if purchase.owed and purchase.holders:
        return now
    if purchase.asked:
        return now + FIRST_LOOK
    return now + LAST_LOOK if purchase.facts.is_disputed else None


def _failed(before: Purchase, after: Purchase, at: datetime) -> tuple[Message, ...]:
    """
    Tell a customer who has left long ago, because the money took days and then didn't come.

    Of a top-up its own row tells, which knows whether it is tried again.
    """
    if before.status is not Status.AWAITING_PAYMENT or after.status is not Status.FAILED:
        return ()
    if after.topup_seq is not None:
        return ()
    facts = {
        "purchase_id": after.purchase_id,
        "credits": after.total_credits,
        "amount_minor": after.price.amount_minor,
        "currency": after.price.currency,
    }
    alert = Alert("payment", MessageKind.PAYMENT_FAILED, facts)
    source = f"{after.purchase_id}#{after.version}"
    return (message_of(alert, wallet_id=after.wallet_id, source=source, at=at),)


def give_up(purchase: Purchase, now: datetime) -> Settlement | None:
    """End a purchase that never got a checkout, so that nobody can have paid. None: it is too early for that."""
    if now - purchase.created_at < GIVEN_UP_AFTER:
        return None
    return without_payment(purchase, Status.EXPIRED)


def without_payment(purchase: Purchase, status: Status) -> Settlement:
    """End a purchase of which the payment provider has, and will have, no payment."""
    ended = replace(purchase, version=purchase.version + 1, status=status, due_at=None)
    return Settlement(before=purchase, purchase=ended)


def _lot_of(purchase: Purchase, at: datetime) -> Grant:
    return Grant(
        kind="purchase",
        credits=purchase.total_credits,
        source=Source.PURCHASE,
        expires_at=end_of(purchase, at),
        purchase_id=purchase.purchase_id,
    )


def put_under_review(purchase: Purchase, payment: Payment, *, live: bool) -> Settlement | None:
    """
    Let a person decide about money that was really taken, for this very purchase, but doesn't fit it.

    Returns None where that isn't so: nothing was paid, it was paid in another mode, or the purchase is decided.
    """
    taken = payment.progress is Progress.PAID and (payment.mode, payment.live) == ("payment", live)
    ours = purchase.session_id in (None, payment.session_id)
    if not taken or not ours or purchase.status in (Status.PAID, Status.REVIEW):
        return None
    doubtful = replace(purchase, version=purchase.version + 1, status=Status.REVIEW, due_at=None)
    return Settlement(before=purchase, purchase=doubtful)


def check_match(purchase: Purchase, payment: Payment, *, live: bool) -> None:
    """
    Compare a payment with the row that it claims to pay; the row alone says what is granted.

    Raises:
        Mismatch: Names the first field that differs.
    """
    same = {
        "mode": (payment.mode, "payment"),
        "livemode": (payment.live, live),
        "wallet": (payment.wallet_id, purchase.wallet_id),
        "purchase": (payment.purchase_id, purchase.purchase_id),
        "currency": (payment.amount.currency, purchase.price.currency),
        "amount": (payment.amount.amount_minor, purchase.price.amount_minor),
    }
    if purchase.customer_id:
        same["customer"] = (payment.customer_id, purchase.customer_id)
    for name, (said, ours) in same.items():
        if said != ours:
            raise Mismatch(f"{name}: {said!r} is not {ours!r}")
    if payment.progress is Progress.PAID and purchase.status is Status.PAID and _is_second(purchase, payment):
        raise Mismatch("second payment for a paid purchase")


def _is_second(purchase: Purchase, payment: Payment) -> bool:
    return (payment.session_id, payment.payment_id) != (purchase.session_id, purchase.payment_id)
