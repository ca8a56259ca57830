"""A subscription in words: how it stands, what comes next, and what a customer keeps when it ends."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.lots import Lot, Source
from chalicelib.domain.subscriptions import News, Subscription, SubscriptionStatus, standing_of
from chalicelib.domain.wallet import Wallet


def in_words(row: Subscription, catalog: Catalog, now: datetime) -> str:
    """Say how a wallet's subscription stands."""
    news = row.news
    if news is None or news.has_ended:
        return "You have no subscription." if news is None else f"Your subscription ended on {_day(news.ended_at)}."
    plan = _name(news.plan_id, catalog)
    if news.status in _TROUBLE:
        tenure = standing_of(news).tenure
        until = f"{plan} stays until {_day(tenure.lapses_at)}" if tenure and now < tenure.lapses_at else "Free is on"
        return _TROUBLE[news.status].format(plan=plan, until=until)
    if news.ends_at:
        return f"{plan} until {_day(news.ends_at)}; then Free."
    if news.pending:
        plan_id, interval = news.pending
        return f"{plan} until {_day(news.period_end)}; then {_name(plan_id, catalog)}, paid by the {interval.value}."
    if news.status is SubscriptionStatus.TRIALING:
        return f"{plan} on trial; the first payment of {news.price} is on {_day(news.period_end)}."
    return f"{plan}, {news.price} a {news.interval.value}; the next payment is on {_day(news.period_end)}."


_TROUBLE = {
    SubscriptionStatus.PAST_DUE: "The last payment for {plan} failed. {until}; please check your card.",
    SubscriptionStatus.UNPAID: "{plan} isn't paid, so Free is on; please check your card.",
    SubscriptionStatus.PAUSED: "{plan} is paused, so Free is on.",
    SubscriptionStatus.INCOMPLETE: "The first payment for {plan} isn't through yet.",
}


def kept(wallet: Wallet, now: datetime) -> tuple[list[Lot], str]:
    """Say which credits stay when a plan ends, however it does: all but those that end with the plan's month."""
    lots = [lot for lot in wallet.lots if lot.source is not Source.PLAN and lot.left and not lot.has_ended(now)]
    credits = sum(lot.left for lot in lots)
    if not credits:
        return lots, "You have no bought credits that could be lost."
    ends = [end for lot in lots if (end := lot.end_in_sight(now))]
    first = f"; the first end on {_day(min(ends))}" if ends else ""
    return lots, f"Your {credits:,} credit{'' if credits == 1 else 's'} stay{'s' if credits == 1 else ''} yours{first}."


def next_payment_at(news: News) -> datetime | None:
    """Say when money is taken next; None: not any more, or nobody knows."""
    pays = news.status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)
    return news.period_end if pays and news.ends_at is None else None


def _name(plan_id: str, catalog: Catalog) -> str:
    return catalog.plans[plan_id].name if plan_id in catalog.plans else plan_id


def _day(at: datetime | None) -> str:
    return f"{at:%-d %B %Y}" if at else "some day"
