"""
Changing subscriptions by a customer's word, once per key: noted on the row first, then made at the provider, then
followed, with the answer in the same transaction.

Interrupted anywhere, the repeat with the same key goes on from where it stopped. What the provider refuses is
forgotten, so that the key may be tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from chalicelib.domain.catalog import Interval
from chalicelib.domain.errors import Busy, Conflict, NotFound, PaymentDeclined, PaymentsUnavailable, Unprocessable
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.limits import ASKING
from chalicelib.domain.settling import Mismatch
from chalicelib.domain.subscription_changes import SubscriptionChange, attempts_of, incentive_for, is_made
from chalicelib.domain.subscriptions import Asked, Followed, Subscription, hear_of, next_look
from chalicelib.domain.wallet import Wallet
from chalicelib.services.following import follow_subscription, fresh_news, unknown_invoices
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.limiting import TakeSlot, unlimited
from chalicelib.services.once import Claim, spent
from chalicelib.services.ports import (
    Change,
    Checkout,
    KeptAnswer,
    LostRace,
    Oddity,
    OutcomeUnknown,
    PaymentsDeclined,
    PaymentsFailed,
    PaymentsRefused,
    PlanOrder,
    Throttled,
)
from chalicelib.services.purchasing import Shop, customer_of

KEY_DIGITS = 24
LOOKED_AT = "The subscription is being looked at by a person."
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWish:
    """
    What a customer wants of the subscription. `decide` says what that means for the row as it is; it may refuse.

    `show` puts the subscription into the answer's words, `show_checkout` the page where a new one is paid.
    """

    wallet_id: str
    decide: Callable[[Subscription], SubscriptionChange]
    show: Callable[[Wallet, Subscription], Answer]
    show_checkout: Callable[[Checkout], Answer]
    plan_id: str | None = None
    interval: Interval | None = None
    email: str | None = None


def change_plan(
    shop: Shop, wish: PlanWish, claim: Claim, *, stamp: Stamp, take_slot: TakeSlot = unlimited
) -> tuple[Answer, bool]:
    """
    Do what a customer wants of the subscription, once per key. Returns the answer, and whether it is a repeat.

    Raises:
        Refusal: As *wish* decides or *take_slot* says, or KeyReused.
        PaymentDeclined: The card did not pay the difference.
        Unprocessable: The provider refuses.
        PaymentsUnavailable: The provider did not answer; the key may be tried again.
        Busy: Every attempt within the budget lost its race.
    """
    ask_id = sha256(f"{claim.wallet_id} {claim.key} {claim.digest.hex()}".encode()).hexdigest()[:KEY_DIGITS]
    for turn in shop.patience.turns():
        try:
            if spent(shop.store, claim):
                return _first_answer(shop, wish.wallet_id, ask_id), True
            row = shop.store.subscription(wish.wallet_id)
            asked = row.asked
            if asked is None or asked.ask_id != ask_id or _is_overtaken(row, asked):
                row, asked = _noted(shop, row, wish, ask_id, stamp=stamp, take_slot=take_slot)
            # also for what was noted by a call before this one, and not made
            take_slot(wish.wallet_id, attempts=attempts_of(SubscriptionChange(asked.change)))
            return _made(shop, row, asked, wish, claim, stamp=stamp), False
        except PaymentsFailed as failed:
            raise PaymentsUnavailable from failed
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
    raise Busy(wish.wallet_id)


def open_portal(shop: Shop, wallet_id: str, *, take_slot: TakeSlot = unlimited) -> str:
    """
    Open the provider's own pages for a wallet's customer.

    Raises:
        NotFound: The wallet never paid anything.
        TooManyRequests: As *take_slot* says.
        PaymentsUnavailable: The provider did not answer.
    """
    customer_id = shop.store.customer(wallet_id)
    if customer_id is None:
        raise NotFound("Nothing was ever paid for this wallet.")
    take_slot(wallet_id, attempts=ASKING)
    try:
        return shop.payments.open_portal(customer_id)
    except PaymentsFailed as failed:
        raise PaymentsUnavailable from failed


def _first_answer(shop: Shop, wallet_id: str, ask_id: str) -> Answer:
    answer = shop.store.answer(wallet_id, ask_id)
    if answer is None:
        raise OutcomeUnknown("a receipt without its answer")
    return answer


def _is_overtaken(row: Subscription, asked: Asked) -> bool:
    """Whether a checkout was to be opened, and a subscription has begun since."""
    return asked.change == SubscriptionChange.CHECKOUT and row.running is not None


def _noted(
    shop: Shop, row: Subscription, wish: PlanWish, ask_id: str, *, stamp: Stamp, take_slot: TakeSlot
) -> tuple[Subscription, Asked]:
    """Decide by what the provider says now, and note on the row what is to be done."""
    current = row
    if row.running:
        take_slot(row.wallet_id, attempts=ASKING)
        current = replace(row, news=fresh_news(shop, row.running))
    change = wish.decide(current)
    take_slot(row.wallet_id, attempts=attempts_of(change))
    asked = Asked(ask_id=ask_id, change=change.value, at=stamp.now, plan_id=wish.plan_id, interval=wish.interval)
    noted = replace(row, version=row.version + 1, asked=asked)
    shop.store.commit(Change(subscription=Followed(before=row, subscription=noted)))
    return noted, asked


def _refuse_second(shop: Shop, row: Subscription, stamp: Stamp) -> None:
    """
    Look whether a subscription runs of which nobody told us yet, before another is sold; an older checkout ends.

    Raises:
        LostRace: One runs; decide afresh.
        Conflict: One runs that doesn't fit; it is kept aside.
    """
    customer_id = shop.store.customer(row.wallet_id)
    if row.session_id:
        shop.payments.close_checkout(row.session_id)
    if customer_id and (running := shop.payments.subscription_of_customer(customer_id)):
        hint = Oddity(event_id=f"found-{running}", type="found", reason="", at=stamp.now, subscription_id=running)
        if follow_subscription(shop, running, event=hint, stamp=stamp) is Outcome.QUARANTINED:
            raise Conflict(LOOKED_AT)
        raise LostRace("a subscription runs already")


def _made(shop: Shop, row: Subscription, asked: Asked, wish: PlanWish, claim: Claim, *, stamp: Stamp) -> Answer:
    """Make at the provider what stands on the row, and write down what came of it."""
    try:
        if asked.change == SubscriptionChange.CHECKOUT:
            return _checkout(shop, row, asked, wish, claim, stamp=stamp)
        if row.news is None:
            raise OutcomeUnknown("the subscription has gone")
        news = fresh_news(shop, row.news)
        if not is_made(news, SubscriptionChange(asked.change), asked.plan_id, asked.interval):
            shop.payments.change_subscription(news, asked, key=f"{asked.ask_id}-{row.version}")
    except PaymentsRefused as refused:
        forgotten = replace(row, version=row.version + 1, asked=None)
        with suppress(LostRace, OutcomeUnknown):  # another turn might charge the card again
            shop.store.commit(Change(subscription=Followed(before=row, subscription=forgotten)))
        if isinstance(refused, PaymentsDeclined):
            raise PaymentDeclined(str(refused)) from refused
        raise Unprocessable(f"the payment provider refuses ({refused})") from refused
    return _followed(shop, asked, wish, claim, stamp)


def _checkout(shop: Shop, row: Subscription, asked: Asked, wish: PlanWish, claim: Claim, *, stamp: Stamp) -> Answer:
    """Open the page where a first payment is made; what it begins is heard of later."""
    if asked.plan_id is None or asked.interval is None:
        raise OutcomeUnknown("a checkout for no plan")
    _refuse_second(shop, row, stamp)
    order = PlanOrder(
        wallet_id=wish.wallet_id,
        customer_id=customer_of(shop, wish.wallet_id, wish.email),
        plan_id=asked.plan_id,
        interval=asked.interval,
        incentive=incentive_for(row, asked.interval, shop.catalog),
        asked_at=asked.at,
        key=asked.ask_id,
    )
    opened = shop.payments.open_plan_checkout(order, now=stamp.now)
    after = replace(
        row,
        version=row.version + 1,
        asked=None,
        session_id=opened.session_id,
        session_at=stamp.now,
        customer_id=order.customer_id,
    )
    after = replace(after, due_at=next_look(after, stamp.now))
    answer = wish.show_checkout(opened)
    _write(shop, Followed(before=row, subscription=after), asked, claim, answer)
    return answer


def _followed(shop: Shop, asked: Asked, wish: PlanWish, claim: Claim, stamp: Stamp) -> Answer:
    """Take in what the provider says after a change, together with the answer."""
    wallet, row = shop.store.wallet_and_subscription(wish.wallet_id)
    if row.news is None:
        raise OutcomeUnknown("the subscription has gone")
    news = fresh_news(shop, row.news)
    try:
        heard = hear_of(wallet, row, news, shop.catalog, stamp, live=shop.payments.live)
    except Mismatch as odd:
        raise Conflict(LOOKED_AT) from odd
    followed = heard or Followed(before=row, subscription=replace(row, version=row.version + 1))
    mine = followed.subscription.asked is not None and followed.subscription.asked.ask_id == asked.ask_id
    if mine:
        followed = replace(followed, subscription=replace(followed.subscription, asked=None))
    answer = wish.show(followed.decision.wallet if followed.decision else wallet, followed.subscription)
    _write(shop, followed, asked, claim, answer, invoices=unknown_invoices(shop, news, None))
    return answer


def _write(
    shop: Shop,
    followed: Followed,
    asked: Asked,
    claim: Claim,
    answer: Answer,
    *,
    invoices: Sequence[Invoice] = (),
) -> None:
    shop.store.commit(
        Change(
            decisions=[followed.decision] if followed.decision else [],
            subscription=followed,
            invoices=invoices,
            receipts=[claim.receipt()],
            answer=KeptAnswer(wallet_id=claim.wallet_id, name=asked.ask_id, answer=answer),
        )
    )
