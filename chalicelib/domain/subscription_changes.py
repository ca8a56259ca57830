"""
Changes of a subscription that a customer asks for: which there are, and when each takes effect.

    asked for                          becomes    takes effect
    a dearer plan                      switch     at once, the difference paid now
    a cheaper plan, another interval   schedule   at the period's end
    Free                               cancel     at the period's end
    the plan that runs                 resume     takes back what was planned for the period's end
    cancel                             cancel     at the period's end
    cancel now                         end        at once
    resume                             resume     takes back what was planned for the period's end

Dearer is by the monthly price of the catalogue. A plan that isn't sold online is refused.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.domain.catalog import FREE, Catalog, Incentive, Interval, Plan
from chalicelib.domain.errors import Conflict, Unprocessable
from chalicelib.domain.limits import ASKING, CHARGING
from chalicelib.domain.subscriptions import GIVES, Gives, News, Subscription


class SubscriptionChange(StrEnum):
    """What the payment provider is asked to do."""

    CHECKOUT = "checkout"
    SWITCH = "switch"
    SCHEDULE = "schedule"
    CANCEL = "cancel"
    END = "end"
    RESUME = "resume"


def to_plan(row: Subscription, plan_id: str, interval: Interval, catalog: Catalog) -> SubscriptionChange:
    """
    Say what the wish to be on a plan means for a wallet.

    Raises:
        InvalidRequest: There is no such plan.
        Unprocessable: It isn't sold online, or not by that interval.
        Conflict: The wallet is on it already, or the last payment failed.
    """
    plan, running = catalog.plan(plan_id), row.running
    if plan_id == FREE:
        if running is None:
            raise Conflict("There is no subscription to end.")
        return _cancel(running)
    _check_sold(plan, interval)
    if running is None:
        return SubscriptionChange.CHECKOUT
    if (running.plan_id, running.interval) == (plan_id, interval):
        return _resume(running, "You are on this plan already.")
    if GIVES[running.status] is not Gives.PLAN:
        raise Conflict("The last payment failed; pay it first, for example in the billing portal.")
    if running.pending == (plan_id, interval):
        raise Conflict("This change is planned already.")
    if _rank(plan) > _rank(catalog.plan_or_free(running.plan_id)):
        return SubscriptionChange.SWITCH
    return SubscriptionChange.SCHEDULE


def to_cancel(row: Subscription, *, now: bool) -> SubscriptionChange:
    """
    Say what the wish to cancel means.

    Raises:
        Conflict: There is nothing to cancel, or it ends already.
    """
    if row.running is None:
        raise Conflict("There is no subscription to cancel.")
    return SubscriptionChange.END if now else _cancel(row.running)


def to_resume(row: Subscription) -> SubscriptionChange:
    """
    Say what the wish to go on means: what was planned for the period's end is taken back.

    Raises:
        Conflict: Nothing was planned.
    """
    if row.running is None:
        raise Conflict("There is no subscription to resume.")
    return _resume(row.running, "The subscription isn't to end, and no change is planned.")


def is_made(news: News | None, change: SubscriptionChange, plan_id: str | None, interval: Interval | None) -> bool:
    """Whether a change is in what the provider says already: then it isn't asked for again."""
    if news is None or news.has_ended:
        return change in (SubscriptionChange.END, SubscriptionChange.CANCEL)
    if change is SubscriptionChange.SWITCH:
        return (news.plan_id, news.interval, news.pending, news.ends_at) == (plan_id, interval, None, None)
    if change is SubscriptionChange.SCHEDULE:
        return news.pending == (plan_id, interval) and news.ends_at is None
    if change is SubscriptionChange.CANCEL:
        return news.ends_at is not None
    return change is SubscriptionChange.RESUME and news.ends_at is None and news.pending is None


def attempts_of(change: SubscriptionChange) -> int:
    """Say how many attempts at the payment provider a change takes: one that is paid at once charges a saved card."""
    return CHARGING if change is SubscriptionChange.SWITCH else ASKING


def incentive_for(row: Subscription, interval: Interval, catalog: Catalog) -> Incentive | None:
    """Say what is taken off a new subscription: of the first one, and of monthly payments only."""
    return catalog.incentive if interval is Interval.MONTH and not row.has_paid else None


def _check_sold(plan: Plan, interval: Interval) -> None:
    if not plan.self_service:
        raise Unprocessable(f"plan_id: {plan.name} isn't sold online; please ask us")
    if interval not in plan.prices or not plan.prices[interval].amount_minor:
        raise Unprocessable(f"interval: {plan.name} isn't sold by the {interval.value}")


def _cancel(running: News) -> SubscriptionChange:
    if running.ends_at:
        raise Conflict("The subscription ends already.")
    return SubscriptionChange.CANCEL


def _resume(running: News, otherwise: str) -> SubscriptionChange:
    if running.ends_at is None and running.pending is None:
        raise Conflict(otherwise)
    return SubscriptionChange.RESUME


def _rank(plan: Plan) -> int:
    price = plan.prices.get(Interval.MONTH)
    return price.amount_minor if price else 0
