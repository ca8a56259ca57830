"""
A subscription: a plan that is paid by the month or by the year. What each of the payment provider's words gives:

    status                quota                               runs
    trialing              the plan's                          yes
    active                the plan's                          yes
    past_due              the plan's for 72 hours, then Free  yes
    unpaid                Free                                yes
    paused                Free                                yes
    incomplete            Free                                not yet
    incomplete_expired    Free                                not any more
    canceled              Free                                not any more

The provider decides what is paid; our row keeps what it said last, and the wallet follows. Included credits come once
the latest invoice is paid. Bought credits are never touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.catalog import Catalog, Interval
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.messages import Alert, Message, MessageKind, message_of
from chalicelib.domain.money import Money
from chalicelib.domain.periods import period_at
from chalicelib.domain.plan_changes import Standing, follow
from chalicelib.domain.settling import Mismatch
from chalicelib.domain.times import to_text
from chalicelib.domain.wallet import Decision, Tenure, Wallet

LATE_LOOK = timedelta(hours=1)  # after a period's end, when nobody told that the next one began
USUAL_LOOK = timedelta(days=7)
UNPAID_LOOK = timedelta(days=1)
UNHEARD_LOOK, UNHEARD_FOR = timedelta(minutes=15), timedelta(days=2)  # of a checkout that nobody told the end of


class SubscriptionStatus(StrEnum):
    """The payment provider's words."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    CANCELED = "canceled"


class Gives(StrEnum):
    """Whose quota a status gives."""

    PLAN = "plan"
    GRACE = "grace"  # the plan's for a while, then Free's
    FREE = "free"


_S = SubscriptionStatus
GIVES: dict[SubscriptionStatus, Gives] = {
    _S.TRIALING: Gives.PLAN,
    _S.ACTIVE: Gives.PLAN,
    _S.PAST_DUE: Gives.GRACE,
    _S.UNPAID: Gives.FREE,
    _S.PAUSED: Gives.FREE,
    _S.INCOMPLETE: Gives.FREE,
    _S.INCOMPLETE_EXPIRED: Gives.FREE,
    _S.CANCELED: Gives.FREE,
}
ENDED = frozenset({_S.INCOMPLETE_EXPIRED, _S.CANCELED})
UNBEGUN = frozenset({_S.INCOMPLETE, _S.INCOMPLETE_EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """
    What the payment provider says now of one subscription of ours.

    `anchor` is its billing cycle's, the period is the one that is billed. `ends_at` is when it will end, if that is
    planned. `is_paid`, `invoice_id` and `invoiced_at` are its latest invoice's. `pending` is the plan and interval
    that a schedule puts it on at the period's end. `item_id` and `schedule_id` are what a change must name.
    """

    subscription_id: str
    wallet_id: str
    customer_id: str
    status: SubscriptionStatus
    plan_id: str
    interval: Interval
    price: Money
    created_at: datetime
    anchor: datetime
    period_start: datetime
    period_end: datetime
    live: bool
    is_paid: bool
    invoice_id: str | None = None
    invoiced_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    pending: tuple[str, Interval] | None = None
    item_id: str = ""
    schedule_id: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def is_running(self) -> bool:
        return not self.has_ended and self.status not in UNBEGUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A change that a customer asked for and that may not be made yet; *ask_id* is the caller's key and body.

    `change` says what; `plan_id` and `interval` to what, where it is about a plan.
    """

    ask_id: str
    change: str
    at: datetime
    plan_id: str | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """
    A wallet's row: what is known of its subscription. One never written reads as version 0.

    `has_paid` stays once a subscription of this wallet began: an incentive is for the first one. `asked` is the change
    that is being made; `session_id` the checkout that may still be paid, opened at `session_at`, `customer_id` whose.
    """

    wallet_id: str
    version: int = 0
    news: News | None = None
    has_paid: bool = False
    asked: Asked | None = None
    session_id: str | None = None
    session_at: datetime | None = None
    customer_id: str | None = None
    due_at: datetime | None = None

    @property
    def running(self) -> News | None:
        """The subscription that runs, if one does."""
        return self.news if self.news and self.news.is_running else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A row before and after news, what becomes of the wallet, and what the customer is told."""

    before: Subscription
    subscription: Subscription
    decision: Decision | None = None
    messages: tuple[Message, ...] = ()


def hear_of(
    wallet: Wallet, row: Subscription, news: News, catalog: Catalog, stamp: Stamp, *, live: bool
) -> Followed | None:
    """
    Take in what the provider says now. Any number of times, in any order: once.

    Returns None when there is nothing to write.

    Raises:
        Mismatch: It is another mode's or customer's, or a second subscription beside one that runs.
    """
    if not _is_followed(row, news, live=live):
        return None
    after = replace(
        row,
        news=news,
        has_paid=row.has_paid or news.status not in UNBEGUN,
        session_id=None if news.is_running else row.session_id,
        session_at=None if news.is_running else row.session_at,
        customer_id=row.customer_id or news.customer_id,
    )
    decision = follow(wallet, standing_of(news), catalog, stamp)
    if after == row and decision is None:
        return None
    written = replace(after, version=row.version + 1, due_at=next_look(after, stamp.now))
    return Followed(before=row, subscription=written, decision=decision, messages=_failed(row, news, stamp.now))


def standing(row: Subscription) -> Standing | None:
    """Say what a wallet's subscription gives it; None: it never had one."""
    return standing_of(row.news) if row.news else None


def _is_followed(row: Subscription, news: News, *, live: bool) -> bool:
    """Whether news is of the subscription that counts: the one that runs, else the one that was made last."""
    other = row.news if row.news and row.news.subscription_id != news.subscription_id else None
    if other and not news.is_running and (other.is_running or _made(other) > _made(news)):
        return False
    if news.live != live:
        raise Mismatch(f"livemode: {news.live!r} is not {live!r}")
    if not news.plan_id:
        raise Mismatch("plan: no price of ours")
    owner = row.news.customer_id if row.news and not other else row.customer_id  # a deleted one's news may come late
    if owner and owner != news.customer_id:
        raise Mismatch(f"customer: {news.customer_id!r} is not {owner!r}")
    if other and other.is_running:
        raise Mismatch(f"second subscription {news.subscription_id} beside {other.subscription_id}")
    return True


def _made(news: News) -> tuple[datetime, str]:
    return news.created_at, news.subscription_id


def standing_of(news: News) -> Standing:
    """Say what a subscription gives, by the table at the top."""
    tenure = None
    if GIVES[news.status] is Gives.PLAN:
        until = news.ends_at or news.period_end
        tenure = Tenure(until=until, is_ending=news.ends_at is not None, is_paid=news.is_paid)
    elif GIVES[news.status] is Gives.GRACE:
        tenure = Tenure(until=news.invoiced_at or news.period_start, is_paid=False)
    return Standing(
        plan_id=news.plan_id,
        anchor=_month_anchor(news),
        period_start=news.period_start,
        tenure=tenure,
        ended_at=(news.ended_at or news.period_end) if news.has_ended else None,
    )


def _month_anchor(news: News) -> datetime:
    """Count quota months so that the billed period ends with one: by the billing cycle, if that fits."""
    fits = period_at(news.anchor, news.period_end).start == news.period_end
    return news.anchor if fits else news.period_start


def next_look(row: Subscription, now: datetime) -> datetime | None:
    """Say when to ask the provider, if it doesn't tell: after a period's end, and now and then."""
    if row.session_at and now - row.session_at < UNHEARD_FOR:
        return now + max(UNHEARD_LOOK, (now - row.session_at) / 2)
    if row.news is None or row.news.has_ended:
        return None
    if GIVES[row.news.status] is not Gives.PLAN:
        return now + UNPAID_LOOK
    late = row.news.period_end + LATE_LOOK
    return min(max(late, now + LATE_LOOK), now + USUAL_LOOK)


def _failed(row: Subscription, news: News, at: datetime) -> tuple[Message, ...]:
    """Tell, once for each invoice, that a payment failed and until when the plan stays."""
    tenure = standing_of(news).tenure
    if GIVES[news.status] is not Gives.GRACE or tenure is None:
        return ()
    if row.news and (row.news.status, row.news.invoiced_at) == (news.status, news.invoiced_at):
        return ()
    facts = {
        "plan_id": news.plan_id,
        "amount_minor": news.price.amount_minor,
        "currency": news.price.currency,
        "until": to_text(tenure.lapses_at),
    }
    alert = Alert("subscription", MessageKind.RENEWAL_FAILED, facts)
    source = f"{news.subscription_id}#{row.version + 1}"
    return (message_of(alert, wallet_id=row.wallet_id, source=source, at=at),)
