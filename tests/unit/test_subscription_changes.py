"""Changes of a subscription: what each wish means, when it is refused, and when it is made already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.catalog import Interval
from chalicelib.domain.errors import Conflict, InvalidRequest, Refusal, Unprocessable
from chalicelib.domain.money import Money
from chalicelib.domain.subscription_changes import (
    SubscriptionChange,
    incentive_for,
    is_made,
    to_cancel,
    to_plan,
    to_resume,
)
from chalicelib.domain.subscriptions import News, Subscription, SubscriptionStatus
from tests.books import at
from tests.builders import NOON, SOLD, news

C, S = SubscriptionChange, SubscriptionStatus
MONTH, YEAR = Interval.MONTH, Interval.YEAR
END = at("2026-12-22 12:00")
NONE = Subscription(wallet_id="acct_a")
OVER = news(status=S.CANCELED, ended_at=NOON)
TO_PRO = ("pro", MONTH)


def row(said: News | None = None, **more: Any) -> Subscription:
    return Subscription(wallet_id="acct_a", news=said or news(**more))


def team(**more: Any) -> Subscription:
    return row(plan_id="team", **more)


@pytest.mark.parametrize(
    ("there", "plan_id", "interval", "change"),
    [
        (NONE, "pro", MONTH, C.CHECKOUT),
        (NONE, "team", YEAR, C.CHECKOUT),
        (row(OVER), "pro", MONTH, C.CHECKOUT),
        (row(status=S.INCOMPLETE), "pro", MONTH, C.CHECKOUT),
        (row(status=S.INCOMPLETE_EXPIRED), "pro", MONTH, C.CHECKOUT),
        (row(), "team", MONTH, C.SWITCH),
        (row(), "team", YEAR, C.SWITCH),
        (row(interval=YEAR), "team", MONTH, C.SWITCH),
        (row(status=S.TRIALING), "team", MONTH, C.SWITCH),
        (row(ends_at=END), "team", MONTH, C.SWITCH),
        (row(plan_id="gone"), "pro", MONTH, C.SWITCH),
        (row(), "pro", YEAR, C.SCHEDULE),
        (row(interval=YEAR), "pro", MONTH, C.SCHEDULE),
        (team(), "pro", MONTH, C.SCHEDULE),
        (team(), "pro", YEAR, C.SCHEDULE),
        (team(ends_at=END), "pro", MONTH, C.SCHEDULE),
        (team(pending=TO_PRO), "pro", YEAR, C.SCHEDULE),
        (team(pending=TO_PRO), "team", MONTH, C.RESUME),
        (row(ends_at=END), "pro", MONTH, C.RESUME),
        (row(status=S.PAST_DUE, ends_at=END), "pro", MONTH, C.RESUME),
        (row(), "free", MONTH, C.CANCEL),
        (row(status=S.PAST_DUE), "free", YEAR, C.CANCEL),
    ],
)
def test_the_wish_to_be_on_a_plan_means(
    there: Subscription, plan_id: str, interval: Interval, change: SubscriptionChange
) -> None:
    assert to_plan(there, plan_id, interval, SOLD) is change


@pytest.mark.parametrize(
    ("there", "plan_id", "interval", "refused", "words"),
    [
        (NONE, "gold", MONTH, InvalidRequest, "no such plan"),
        (row(), "gold", MONTH, InvalidRequest, "no such plan"),
        (NONE, "free", MONTH, Conflict, "There is no subscription to end."),
        (row(OVER), "free", MONTH, Conflict, "There is no subscription to end."),
        (row(ends_at=END), "free", MONTH, Conflict, "The subscription ends already."),
        (row(), "pro", MONTH, Conflict, "You are on this plan already."),
        (row(status=S.PAST_DUE), "pro", MONTH, Conflict, "You are on this plan already."),
        (team(pending=TO_PRO), "pro", MONTH, Conflict, "This change is planned already."),
        (NONE, "vip", MONTH, Unprocessable, "isn't sold online"),
        (row(), "vip", MONTH, Unprocessable, "isn't sold online"),
        (row(status=S.PAST_DUE), "team", MONTH, Conflict, "The last payment failed"),
        (row(status=S.UNPAID), "team", MONTH, Conflict, "The last payment failed"),
        (row(status=S.PAUSED), "pro", YEAR, Conflict, "The last payment failed"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    there: Subscription, plan_id: str, interval: Interval, refused: type[Refusal], words: str
) -> None:
    with pytest.raises(refused, match=words):
        to_plan(there, plan_id, interval, SOLD)


@pytest.mark.parametrize("prices", [{}, {"month": 2900}, {"month": 2900, "year": 0}])
def test_a_plan_is_sold_only_by_intervals_that_have_a_price(prices: dict[str, int]) -> None:

    sold = {Interval(name): Money(amount, "usd") for name, amount in prices.items()}
    plans = {**SOLD.plans, "pro": replace(SOLD.plans["pro"], prices=sold)}
    offer = replace(SOLD, plans=plans)

    with pytest.raises(Unprocessable, match="isn't sold by the year"):
        to_plan(NONE, "pro", YEAR, offer)


def test_cancelling_is_at_the_periods_end_or_now() -> None:
    assert to_cancel(row(), now=False) is C.CANCEL
    assert to_cancel(team(pending=TO_PRO), now=False) is C.CANCEL
    assert to_cancel(row(), now=True) is C.END
    assert to_cancel(row(ends_at=END), now=True) is C.END
    with pytest.raises(Conflict, match="ends already"):
        to_cancel(row(ends_at=END), now=False)
    for now in (False, True):
        for there in (NONE, row(OVER), row(status=S.INCOMPLETE)):
            with pytest.raises(Conflict, match="no subscription to cancel"):
                to_cancel(there, now=now)


def test_resuming_takes_back_whatever_was_planned() -> None:
    assert to_resume(row(ends_at=END)) is C.RESUME
    assert to_resume(team(pending=TO_PRO)) is C.RESUME
    with pytest.raises(Conflict, match="no change is planned"):
        to_resume(row())
    for there in (NONE, row(OVER)):
        with pytest.raises(Conflict, match="no subscription to resume"):
            to_resume(there)


@pytest.mark.parametrize(
    ("said", "change", "wanted", "made"),
    [
        (news(plan_id="team"), C.SWITCH, ("team", MONTH), True),
        (news(), C.SWITCH, ("team", MONTH), False),
        (news(plan_id="team"), C.SWITCH, ("team", YEAR), False),
        (news(plan_id="team", pending=TO_PRO), C.SWITCH, ("team", MONTH), False),
        (news(plan_id="team", ends_at=END), C.SWITCH, ("team", MONTH), False),
        (news(plan_id="team", pending=TO_PRO), C.SCHEDULE, TO_PRO, True),
        (news(plan_id="team", pending=("pro", YEAR)), C.SCHEDULE, TO_PRO, False),
        (news(plan_id="team"), C.SCHEDULE, TO_PRO, False),
        (news(plan_id="team", pending=TO_PRO, ends_at=END), C.SCHEDULE, TO_PRO, False),
        (news(ends_at=END), C.CANCEL, (None, None), True),
        (news(), C.CANCEL, (None, None), False),
        (news(), C.END, (None, None), False),
        (news(ends_at=END), C.END, (None, None), False),
        (news(), C.RESUME, (None, None), True),
        (news(ends_at=END), C.RESUME, (None, None), False),
        (news(pending=TO_PRO), C.RESUME, (None, None), False),
        (news(), C.CHECKOUT, TO_PRO, False),
        (OVER, C.END, (None, None), True),
        (OVER, C.CANCEL, (None, None), True),
        (OVER, C.SWITCH, ("team", MONTH), False),
        (OVER, C.SCHEDULE, TO_PRO, False),
        (OVER, C.RESUME, (None, None), False),
        (None, C.END, (None, None), True),
        (None, C.SWITCH, ("team", MONTH), False),
    ],
)
def test_a_change_is_made_when_the_provider_says_so(
    said: News | None, change: SubscriptionChange, wanted: tuple[str | None, Interval | None], *, made: bool
) -> None:
    assert is_made(said, change, *wanted) is made


def test_the_incentive_is_for_the_first_subscription_and_monthly_payments() -> None:
    assert incentive_for(NONE, MONTH, SOLD) == SOLD.incentive
    assert incentive_for(NONE, YEAR, SOLD) is None
    assert incentive_for(Subscription(wallet_id="acct_a", has_paid=True), MONTH, SOLD) is None
