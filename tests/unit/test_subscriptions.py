"""Subscriptions: what each status gives and until when, quota months, late news, what ends, and an admin's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.catalog import Interval
from chalicelib.domain.due import next_due
from chalicelib.domain.messages import MessageKind
from chalicelib.domain.money import Money
from chalicelib.domain.plan_changes import Standing, follow
from chalicelib.domain.plans import catch_up
from chalicelib.domain.settling import Mismatch
from chalicelib.domain.subscriptions import (
    ENDED,
    GIVES,
    LATE_LOOK,
    UNBEGUN,
    UNHEARD_FOR,
    UNHEARD_LOOK,
    UNPAID_LOOK,
    USUAL_LOOK,
    News,
    Subscription,
    SubscriptionStatus,
    next_look,
    standing,
    standing_of,
)
from chalicelib.domain.wallet import LATE_NEWS, Tenure, Wallet
from tests.books import Books, at
from tests.builders import DAY, NOON, SOLD, news, stamp
from tests.rounds import Clockwork

S = SubscriptionStatus
MS, HOUR = timedelta(milliseconds=1), timedelta(hours=1)
END, LATER = at("2026-12-22 12:00"), at("2027-01-22 12:00")  # of the first month, and of the second
LAPSES = END + LATE_NEWS


def renewed(**more: Any) -> News:
    """The second month is paid."""
    fields: dict[str, Any] = {"period_start": END, "period_end": LATER, "invoice_id": "in_2", "invoiced_at": END}
    return news(**(fields | more))


def unpaid(status: SubscriptionStatus = S.PAST_DUE, **more: Any) -> News:
    """The second month's payment failed."""
    return renewed(status=status, is_paid=False, **more)


def ended(when: datetime, **more: Any) -> News:
    return news(status=S.CANCELED, ended_at=when, **more)


def subscribed(said: News | None = None) -> Books:
    books = Books()
    books.hear(said or news())
    return books


# Each row of the table


@pytest.mark.parametrize(
    ("status", "plan_id", "lapses_at", "included"),
    [
        (S.TRIALING, "pro", LAPSES, 50),
        (S.ACTIVE, "pro", LAPSES, 50),
        (S.PAST_DUE, "pro", NOON + LATE_NEWS, 0),
        (S.UNPAID, "free", None, 0),
        (S.PAUSED, "free", None, 0),
        (S.INCOMPLETE, "free", None, 0),
        (S.INCOMPLETE_EXPIRED, "free", None, 0),
        (S.CANCELED, "free", None, 0),
    ],
)
def test_each_status_gives_a_quota_until_when_and_included_credits_or_none(
    status: SubscriptionStatus, plan_id: str, lapses_at: datetime | None, included: int
) -> None:
    books = subscribed(news(status=status, is_paid=included > 0))

    plan = books.plan()
    assert (plan.plan_id, plan.tenure.lapses_at if plan.tenure else None) == (plan_id, lapses_at)
    assert books.available() == included
    if lapses_at:
        assert books.stands(lapses_at - MS)[0] == plan_id
        assert books.stands(lapses_at)[0] == "free"


def test_the_table_names_every_status() -> None:
    assert set(GIVES) == set(SubscriptionStatus)
    assert {status for status in S if news(status=status).has_ended} == ENDED == {S.INCOMPLETE_EXPIRED, S.CANCELED}
    assert {S.INCOMPLETE, S.INCOMPLETE_EXPIRED} == UNBEGUN
    running = {status for status in S if news(status=status).is_running}
    assert running == {S.TRIALING, S.ACTIVE, S.PAST_DUE, S.UNPAID, S.PAUSED}


@pytest.mark.parametrize("status", [S.TRIALING, S.ACTIVE])
def test_without_a_paid_invoice_the_quota_comes_and_the_included_credits_wait(status: SubscriptionStatus) -> None:
    books = subscribed(news(status=status, is_paid=False))
    assert (books.plan().plan_id, books.available()) == ("pro", 0)

    books.hear(news(status=status))

    assert books.available() == 50
    assert books.kinds() == ["plan_change", "renewal"]


@pytest.mark.parametrize("status", [S.UNPAID, S.PAUSED])
def test_what_is_not_paid_falls_to_frees_quota_and_keeps_its_months_and_what_was_used(
    status: SubscriptionStatus,
) -> None:
    books = subscribed()
    books.use("calls", 60)
    books.hear(news(status=status), NOON + DAY)

    assert books.stands(NOON + DAY) == ("free", NOON, END)
    assert books.use("calls", 5, NOON + DAY) == 5, "all of it is over Free's quota"

    books.hear(news(), NOON + 2 * DAY)
    assert books.stands(NOON + 2 * DAY) == ("pro", NOON, END)
    assert books.use("calls", 35, NOON + 2 * DAY) == 0, "the hundredth is within Pro's"
    assert books.use("calls", 1, NOON + 2 * DAY) == 1
    assert books.included(NOON + 2 * DAY) == [50], "once"


@pytest.mark.parametrize("status", [S.INCOMPLETE, S.INCOMPLETE_EXPIRED])
def test_what_never_began_leaves_the_wallet_as_it_was(status: SubscriptionStatus) -> None:
    books = Books()
    books.use("calls", 3)
    followed = books.hear(news(status=status))

    assert followed
    assert followed.decision is None
    assert (books.row.news, books.row.has_paid, books.row.running) == (news(status=status), False, None)
    assert books.stands() == ("free", at("2026-11-22"), at("2026-12-22"))


def test_a_first_payment_that_comes_through_begins_the_plan() -> None:
    books = subscribed(news(status=S.INCOMPLETE, is_paid=False))

    books.hear(news())

    assert (books.plan().plan_id, books.available(), books.row.has_paid) == ("pro", 50, True)


# Months


@pytest.mark.parametrize(
    ("anchor", "interval", "starts"),
    [
        ("2027-01-31 09:30", Interval.MONTH, ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2028-01-31 23:59", Interval.MONTH, ["2028-01-31", "2028-02-29", "2028-03-31"]),
        ("2028-02-29 00:00", Interval.MONTH, ["2028-02-29", "2028-03-29", "2028-04-29"]),
        ("2026-12-31 12:00", Interval.MONTH, ["2026-12-31", "2027-01-31", "2027-02-28"]),
        ("2026-11-30 12:00", Interval.MONTH, ["2026-11-30", "2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"]),
    ],
)
def test_a_monthly_plans_quota_months_are_the_billed_ones(anchor: str, interval: Interval, starts: list[str]) -> None:
    begun = at(anchor)
    bounds = [at(f"{day} {anchor[-5:]}") for day in starts]
    books = subscribed(news(anchor=begun, created_at=begun, period_start=begun, period_end=bounds[1]))
    for number, (start, end) in enumerate(pairwise(bounds)):
        said = news(anchor=begun, interval=interval, period_start=start, period_end=end, invoice_id=f"in_{number}")
        books.hear(said, start)

        assert books.stands(start) == ("pro", start, end)
        assert books.stands(end - MS) == ("pro", start, end)
        assert books.stands(end)[1] == end
        assert sum(books.included(start)) == 50 + (30 if number else 0), "with what rolls over"


@pytest.mark.parametrize(
    ("anchor", "end", "months"),
    [
        ("2028-02-29 08:00", "2029-02-28 08:00", ["2028-03-29", "2028-08-29", "2029-01-29", "2029-02-28"]),
        ("2027-01-31 08:00", "2028-01-31 08:00", ["2027-02-28", "2027-03-31", "2027-12-31", "2028-01-31"]),
        ("2026-11-22 12:00", "2027-11-22 12:00", ["2026-12-22", "2027-01-22", "2027-10-22", "2027-11-22"]),
    ],
)
def test_a_yearly_plan_has_quota_months_and_credits_in_each_to_its_end(
    anchor: str, end: str, months: list[str]
) -> None:
    begun, until = at(anchor), at(end)
    said = news(interval=Interval.YEAR, anchor=begun, created_at=begun, period_start=begun, period_end=until)
    books = Books()
    books.hear(said, begun)
    for day in months[:-1]:
        start = at(f"{day} {anchor[-5:]}")
        assert books.stands(start - MS)[2] == start
        assert books.stands(start)[1] == start
        books.book(start)
        assert books.included(start) == [80], "the month's, and what rolls over"

    last = at(f"{months[-1]} {anchor[-5:]}")
    assert last == until
    books.book(until)
    assert books.stands(until)[1] == until
    assert books.included(until) == [30], "the next year isn't paid yet: only what rolls over"


def test_a_first_month_is_cut_where_the_billing_cycle_begins_later() -> None:
    cycle = at("2026-12-01")
    books = subscribed(news(anchor=cycle, period_end=cycle))
    assert books.stands() == ("pro", NOON, cycle)
    assert books.included() == [50]

    january = at("2027-01-01")
    books.hear(renewed(anchor=cycle, period_start=cycle, period_end=january), cycle)

    assert books.stands(cycle) == ("pro", cycle, january)
    assert sum(books.included(cycle)) == 80


def test_a_long_trial_is_cut_into_months_that_end_with_it() -> None:
    end = at("2027-01-06 12:00")
    books = subscribed(news(status=S.TRIALING, anchor=end, period_end=end))

    assert books.stands() == ("pro", NOON, at("2026-12-06 12:00"))
    assert books.stands(at("2026-12-06 12:00")) == ("pro", at("2026-12-06 12:00"), end)


def test_a_cycle_that_does_not_fit_the_billed_period_counts_from_where_that_begins() -> None:
    books = subscribed(news(anchor=at("2026-11-01"), period_end=at("2026-12-20")))

    assert books.stands() == ("pro", NOON, END)
    assert standing_of(news()).anchor == NOON


# Renewals, in time and late


@pytest.mark.parametrize("when", [END - MS, END, END + MS, LAPSES - MS, LAPSES, LAPSES + MS, LAPSES + 10 * DAY])
@pytest.mark.parametrize("booked", [False, True])
def test_news_of_a_renewal_brings_the_month_and_its_credits_whenever_they_come(when: datetime, *, booked: bool) -> None:
    books = subscribed()
    if booked:
        for moment in (END, END + MS, LAPSES - MS, LAPSES):
            books.book(min(moment, when))
    books.hear(renewed(), when)

    assert books.stands(max(when, END)) == ("pro", END, LATER)
    assert sum(books.included(when if when >= END else END)) == (80 if when >= END else 50)
    assert books.use("calls", 100, max(when, END)) == 0
    assert books.use("calls", 1, max(when, END)) == 1


@pytest.mark.parametrize(
    ("when", "stands"),
    [
        (END - MS, ("pro", NOON, END)),
        (END, ("pro", END, LATER)),
        (END + MS, ("pro", END, LATER)),
        (LAPSES - MS, ("pro", END, LATER)),
        (LAPSES, ("free", END, LATER)),
        (LAPSES + MS, ("free", END, LATER)),
        (LATER, ("free", LATER, at("2027-02-22 12:00"))),
    ],
)
def test_without_news_the_next_month_runs_provisionally_for_three_days_and_then_under_frees_quota(
    when: datetime, stands: tuple[str, datetime, datetime]
) -> None:
    assert timedelta(hours=72) == LAPSES - END
    assert subscribed().stands(when) == stands


def test_in_the_provisional_month_what_rolls_over_comes_and_included_credits_only_when_paid() -> None:
    books = subscribed()
    books.use("calls", 120)

    assert books.book(END) == ["expiry", "renewal"] or books.book(END) == []
    step = next(each for each in _steps(books) if each.get("provisional"))
    assert (step["kind"], step["granted"], step["lot"]["expires_at"]) == ("renewal", 30, "2027-01-22T12:00:00.000Z")
    assert books.included(END) == [30]

    books.hear(renewed(), END + 3 * HOUR)
    assert books.included(END + 3 * HOUR) == [30, 50]
    assert books.available(LATER - MS) == 80


def _steps(books: Books) -> list[dict[str, Any]]:
    return [dict(each) for entry in books.history for each in (*entry.facts.get("also", ()), entry.facts)]


def test_what_was_used_in_the_provisional_month_stands_and_nothing_is_charged_again() -> None:
    books = subscribed()
    assert books.use("calls", 90, END + HOUR) == 0
    assert books.use("calls", 5, LAPSES) == 5, "Free's quota is long used up"
    spent = books.plan(LAPSES).spent

    books.hear(renewed(), LAPSES + HOUR)

    assert books.plan(LAPSES + HOUR).spent == spent == 5
    assert books.use("calls", 5, LAPSES + HOUR) == 0
    assert books.use("calls", 1, LAPSES + HOUR) == 1


@pytest.mark.parametrize("looked", [[], [END], [END, LAPSES], [LAPSES - MS], [LAPSES]])
def test_it_makes_no_difference_whether_anybody_looked_at_the_provisional_month(looked: list[datetime]) -> None:
    books = subscribed()
    for moment in looked:
        books.book(moment)

    assert books.included(LAPSES) == [30]
    books.hear(renewed(), LAPSES + DAY)

    assert books.stands(LAPSES + DAY) == ("pro", END, LATER)
    assert sorted(books.included(LAPSES + DAY)) == [30, 50]


@pytest.mark.parametrize("looked", [[], [END], [at("2027-10-22 12:00")]])
def test_nor_whether_anybody_looked_at_the_months_of_a_year_that_ends_within_one(looked: list[datetime]) -> None:
    ends_at = at("2027-11-10")
    said = news(interval=Interval.YEAR, period_end=at("2027-11-22 12:00"), ends_at=ends_at)
    books = subscribed(said)
    for moment in looked:
        books.book(moment)

    assert books.stands(ends_at - MS) == ("pro", at("2027-10-22 12:00"), at("2027-11-22 12:00"))
    assert books.stands(ends_at) == ("free", ends_at, at("2027-12-10"))
    assert books.included(ends_at) == [80], "the last month was paid: what it brought ends with it"


def test_a_month_that_turned_while_nobody_looked_is_rolled_over_once() -> None:
    books = subscribed(news(interval=Interval.YEAR, period_end=at("2027-11-22 12:00")))
    books.book(at("2027-05-22 12:00"))

    assert books.included(at("2027-05-22 12:00")) == [80]
    assert books.kinds().count("renewal") == 1


def test_what_was_used_up_in_a_later_month_rolls_over_nowhere() -> None:
    books = subscribed(news(interval=Interval.YEAR, period_end=at("2027-11-22 12:00")))
    books.book(END)
    books.use("extra", 3 * books.available(END), END)

    assert books.included(LATER) == [50]


@pytest.mark.parametrize("delay", [timedelta(), 71 * HOUR, LATE_NEWS, 5 * DAY])
def test_a_failed_renewal_keeps_the_plan_for_three_days_of_its_invoice(delay: timedelta) -> None:
    books = subscribed()
    books.hear(unpaid(), END + delay)

    in_time = delay < LATE_NEWS
    assert books.stands(LAPSES - MS if in_time else END + delay)[0] == ("pro" if in_time else "free")
    assert books.stands(max(LAPSES, END + delay)) == ("free", END, LATER)
    assert sum(books.included(END + delay)) == 30, "what rolled over was paid for"

    books.hear(renewed(), LAPSES + 6 * DAY)
    assert books.stands(LAPSES + 6 * DAY) == ("pro", END, LATER)
    assert sum(books.included(LAPSES + 6 * DAY)) == 80


def test_without_an_invoice_the_grace_runs_from_the_periods_start() -> None:
    assert standing_of(unpaid(invoiced_at=None)).tenure == Tenure(until=END, is_paid=False)


def test_a_failed_payment_is_told_once_for_each_invoice_with_the_day_until_which_the_plan_stays() -> None:
    books = subscribed()
    books.hear(unpaid(), END + HOUR)
    books.hear(unpaid(item_id="si_2"), END + 2 * HOUR)
    books.hear(unpaid(S.UNPAID), END + 5 * DAY)

    [told] = books.told
    assert (told.kind, told.at, told.wallet_id) == (MessageKind.RENEWAL_FAILED, END + HOUR, "acct_a")
    assert told.facts == {
        "plan_id": "pro",
        "amount_minor": 2900,
        "currency": "usd",
        "until": "2026-12-25T12:00:00.000Z",
    }

    third = unpaid(period_start=LATER, period_end=at("2027-02-22 12:00"), invoiced_at=LATER, invoice_id="in_3")
    books.hear(third, LATER + HOUR)
    assert [each.facts["until"] for each in books.told] == ["2026-12-25T12:00:00.000Z", "2027-01-25T12:00:00.000Z"]
    assert len({each.message_id for each in books.told}) == 2


def test_who_is_heard_of_first_when_a_payment_failed_is_told_too() -> None:
    assert [each.kind for each in subscribed(unpaid()).told] == [MessageKind.RENEWAL_FAILED]


# Endings and changes


def test_cancelled_at_the_periods_end_the_plan_stays_to_the_instant_and_free_begins_its_own_months() -> None:
    books = subscribed()
    books.use("calls", 60)
    books.hear(news(ends_at=END), NOON + DAY)

    assert books.stands(END - MS) == ("pro", NOON, END)
    assert books.stands(END) == ("free", at("2026-12-22"), at("2027-01-22"))
    assert books.included(END) == [], "nothing rolls over into Free"
    assert books.use("calls", 10, END) == 0
    assert books.stands(END)[0] == "free"
    assert [each["plan_id"] for each in _steps(books) if each.get("lapsed")] == ["free"]

    before = books.wallet
    followed = books.hear(ended(END, ends_at=END), END + HOUR)
    assert followed
    assert (followed.decision, books.wallet) == (None, before), "the clock was there first"


@pytest.mark.parametrize("late", [timedelta(), HOUR, 71 * HOUR, LATE_NEWS, 20 * DAY])
@pytest.mark.parametrize("used", [False, True])
def test_an_end_that_nobody_told_of_is_heard_late(late: timedelta, *, used: bool) -> None:
    books = subscribed()
    if used:
        books.use("notes", 7, END + late)
    books.hear(ended(END), END + late)

    plan_id, start, end = books.stands(END + late)
    assert (plan_id, end) == ("free", at("2027-01-22"))
    assert start in (at("2026-12-22"), END), "never earlier, and what was used since stands"
    assert books.plan(END + late).set_by == "default"
    assert books.row.due_at is None


def test_cancelled_now_free_begins_on_that_day_and_what_is_there_stays() -> None:
    books = subscribed()
    books.give(300)
    books.use("calls", 60)
    when = NOON + 5 * DAY
    books.hear(ended(when), when)

    assert books.stands(when) == ("free", at("2026-11-27"), at("2026-12-27"))
    assert books.available(when) == 350, "the month's credits end with the month"
    assert books.available(END) == 300
    assert books.use("calls", 10, when) == 0


def test_cancelled_on_the_day_on_which_it_began_what_was_used_stands() -> None:
    books = subscribed()
    books.use("calls", 60)
    books.hear(ended(NOON + HOUR), NOON + HOUR)

    assert books.stands(NOON + HOUR) == ("free", NOON, at("2026-12-22"))
    assert books.use("calls", 5, NOON + HOUR) == 5


def test_an_end_that_the_provider_does_not_date_is_the_periods() -> None:
    assert standing_of(news(status=S.INCOMPLETE_EXPIRED)).ended_at == END
    books = subscribed()
    books.hear(news(status=S.CANCELED), NOON + DAY)
    assert books.stands(NOON + DAY) == ("free", at("2026-11-23"), at("2026-12-23"))


def test_resumed_in_time_the_plan_goes_on() -> None:
    books = subscribed()
    books.hear(news(ends_at=END), NOON + DAY)
    books.hear(news(), NOON + 2 * DAY)

    assert books.stands(END) == ("pro", END, LATER)
    assert books.kinds() == ["plan_change", "renewal", "renewal"]


def test_resumed_in_time_but_heard_of_after_the_end_the_paid_month_comes_back() -> None:
    books = subscribed()
    books.hear(news(ends_at=END), NOON + DAY)
    assert books.use("calls", 12, END + HOUR - HOUR) if books.available(END) else books.use("calls", 10, END) == 0
    books.hear(renewed(), END + HOUR)

    assert books.stands(END + HOUR) == ("pro", END, LATER)
    assert books.included(END + HOUR) == [50]


def test_a_dearer_plan_takes_effect_at_once_and_what_was_used_stands() -> None:
    books = subscribed()
    books.use("calls", 120)
    raised = news(plan_id="team", price=Money(9900, "usd"), invoice_id="in_up", invoiced_at=NOON + DAY)
    books.hear(raised, NOON + DAY)

    assert books.stands(NOON + DAY) == ("team", NOON, END)
    assert books.included(NOON + DAY) == [50, 200]
    assert books.available(NOON + DAY) == 230
    assert books.use("calls", 880, NOON + DAY) == 0
    assert books.use("calls", 1, NOON + DAY) == 1

    books.hear(news(), NOON + 2 * DAY)
    books.hear(raised, NOON + 3 * DAY)
    assert books.included(NOON + 3 * DAY) == [50, 200], "once per plan and month"


@pytest.mark.parametrize("then", ["pro", "team"])
def test_a_month_in_which_the_plan_was_changed_rolls_nothing_over(then: str) -> None:
    books = subscribed()
    hours = [END - HOUR, END - HOUR / 2]
    raised = news(plan_id="team", price=Money(9900, "usd"), invoice_id="in_up", invoiced_at=hours[0])
    books.hear(raised, hours[0])
    books.hear(replace(raised, pending=("pro", Interval.MONTH), schedule_id="sub_sched_1"), hours[1])
    assert books.included(hours[1]) == [50, 200]

    assert books.included(END) == []
    books.hear(renewed(plan_id=then), END + HOUR)

    assert books.included(END + HOUR) == [50 if then == "pro" else 200]


def test_a_planned_change_changes_nothing_before_its_time() -> None:
    books = subscribed(news(plan_id="team"))
    before = books.wallet
    books.hear(news(plan_id="team", pending=("pro", Interval.MONTH), schedule_id="sub_sched_1"), NOON + DAY)
    assert books.wallet == before

    books.hear(renewed(plan_id="pro"), END)

    assert books.stands(END) == ("pro", END, LATER)
    assert books.included(END) == [100, 50], "what rolls over is Team's, the month's credits are Pro's"


def test_another_interval_from_the_periods_end_on_begins_a_year_of_months() -> None:
    books = subscribed()
    yearly = renewed(interval=Interval.YEAR, anchor=END, period_end=at("2027-12-22 12:00"))
    books.hear(yearly, END + HOUR)

    assert books.stands(END + HOUR) == ("pro", END, LATER)
    assert sum(books.included(END + HOUR)) == 80
    assert books.stands(at("2027-12-22 12:00") + LATE_NEWS - MS)[0] == "pro"


def test_another_interval_at_once_begins_a_month_that_is_paid_anew() -> None:
    books = subscribed()
    books.use("calls", 90)
    now = NOON + 9 * DAY
    yearly = news(interval=Interval.YEAR, anchor=now, period_start=now, period_end=at("2027-12-01 12:00"))
    books.hear(yearly, now)

    assert books.stands(now) == ("pro", now, at("2027-01-01 12:00"))
    assert books.included(now) == [50, 50]
    assert books.use("calls", 100, now) == 0


def test_gauges_keep_their_level_and_counters_begin_anew_with_a_paid_month() -> None:
    books = Books()
    books.give(100)
    books.use("seats", 5)
    books.use("calls", 8)
    books.hear(news())
    assert {name: state.used for name, state in books.wallet.meters.items()} == {"seats": 5}
    assert books.history[-1].facts["levels"] == {"seats": 5}

    books.use("calls", 8)
    books.hear(renewed(), END)
    assert {name: state.used for name, state in books.wallet.meters.items()} == {"seats": 5}
    books.hear(ended(END + DAY, period_start=END, period_end=LATER), END + DAY)
    assert {name: state.used for name, state in books.wallet.meters.items()} == {"seats": 5}
    assert books.use("seats", 5, END + DAY) == 30, "three more than Free includes"


def test_the_lines_of_quotas_are_crossed_anew_in_a_paid_month_and_not_by_a_change_of_plan() -> None:
    books = Books()
    books.give(500)
    books.use("calls", 8)
    assert [each.facts["level"] for each in books.told] == [80]
    books.hear(news())
    assert books.wallet.latches == {}

    books.use("calls", 95)
    assert books.wallet.latches == {"quota:calls": 90}
    told = len(books.told)

    books.hear(news(plan_id="team"), NOON + DAY)
    assert books.wallet.latches == {}, "95 of 1,000 is no line"
    books.hear(news(), NOON + DAY)
    assert books.wallet.latches == {"quota:calls": 90}
    books.hear(news(status=S.PAUSED), NOON + DAY)
    assert books.wallet.latches == {"quota:calls": 100}
    assert len(books.told) == told, "the plan changed, and not the use"

    books.hear(news(), NOON + DAY)
    books.use("calls", 5, NOON + DAY)
    assert books.told[-1].facts["level"] == 100


def test_a_lapse_within_a_month_keeps_what_is_latched_and_one_with_a_new_month_forgets_it() -> None:
    books = subscribed()
    books.give(500)
    books.use("calls", 85, END)
    assert books.wallet.latches == {"quota:calls": 80}
    told = len(books.told)
    books.book(LAPSES)
    assert books.stands(LAPSES)[0] == "free"
    assert books.wallet.latches["quota:calls"] >= 80
    assert len(books.told) == told

    other = subscribed(news(ends_at=END))
    other.give(500)
    other.use("calls", 85)
    assert other.wallet.latches == {"quota:calls": 80}
    other.book(END)
    assert other.wallet.latches == {}


# An admin's word


def test_an_admins_plan_stands_whatever_the_provider_says() -> None:
    books = subscribed()
    books.set_plan("vip", NOON + DAY)
    for said, when in ((news(ends_at=END), 2), (renewed(), 30), (unpaid(), 31), (ended(END), 35)):
        followed = books.hear(said, NOON + when * DAY)
        assert followed
        assert followed.decision is None
        assert books.row.news == said
        assert books.stands(NOON + when * DAY)[0] == "vip"


def test_clearing_it_gives_the_paid_plan_and_its_month_back_and_its_credits_once() -> None:
    books = subscribed()
    books.set_plan("vip", NOON + DAY)
    cleared = books.set_plan(None, NOON + 2 * DAY)

    assert books.stands(NOON + 2 * DAY) == ("pro", NOON, END)
    assert cleared.entry.facts["set_by"] == "stripe"
    assert books.included(NOON + 2 * DAY) == [50], "the month's credits had come already"
    books.hear(news(ends_at=END), NOON + 3 * DAY)
    assert books.included(NOON + 3 * DAY) == [50]

    books.set_plan("vip", NOON + 4 * DAY)
    books.set_plan("team", NOON + 5 * DAY)
    books.book(NOON + 6 * DAY)
    books.set_plan(None, NOON + 6 * DAY)
    assert books.included(NOON + 6 * DAY) == [50, 200], "Team's are the admin's"


def test_a_month_that_was_paid_meanwhile_brings_its_credits_when_the_admins_plan_is_cleared() -> None:
    books = subscribed()
    books.set_plan("vip", NOON + DAY)
    books.hear(renewed(), END)
    assert books.included(END) == []

    books.set_plan(None, END + DAY)

    assert books.stands(END + DAY) == ("pro", END, LATER)
    assert books.included(END + DAY) == [50]


def test_an_admins_plan_from_the_same_instant_shares_the_month() -> None:
    midnight = at("2026-11-22")
    said = news(anchor=midnight, period_start=midnight, period_end=at("2026-12-22"))
    books = subscribed(said)
    books.set_plan("team")
    books.set_plan(None)

    assert books.stands() == ("pro", midnight, at("2026-12-22"))
    assert books.included() == [50, 200]


@pytest.mark.parametrize("status", [S.UNPAID, S.PAUSED, S.PAST_DUE])
def test_clearing_gives_free_while_the_subscription_is_not_paid_and_its_month_when_it_is(
    status: SubscriptionStatus,
) -> None:
    books = subscribed()
    books.hear(unpaid(status), LAPSES + DAY)
    books.set_plan("vip", LAPSES + 2 * DAY)
    books.set_plan(None, LAPSES + 3 * DAY)
    assert books.stands(LAPSES + 3 * DAY) == ("free", at("2026-12-28"), at("2027-01-28"))

    books.hear(renewed(), LAPSES + 4 * DAY)
    assert books.stands(LAPSES + 4 * DAY) == ("pro", END, LATER)
    assert books.included(LAPSES + 4 * DAY) == [30, 50]


def test_whatever_is_set_and_cleared_while_it_is_not_paid_a_months_credits_come_once() -> None:
    books = subscribed()
    words = ["vip", None, "team", "team", None, None, "free", None]
    books.hear(news(status=S.PAUSED), NOON + HOUR)
    for number, word in enumerate(words, start=1):
        books.set_plan(word, NOON + number * DAY)
    books.hear(news(), NOON + 10 * DAY)

    assert books.stands(NOON + 10 * DAY) == ("pro", NOON, END)
    assert sorted(books.included(NOON + 10 * DAY)) == [50, 200], "Team's are the admin's"
    assert books.wallet.plan
    assert books.wallet.plan.behind is None


def test_clearing_where_an_admin_set_nothing_changes_nothing() -> None:
    books = subscribed()
    books.hear(news(status=S.PAUSED), NOON + DAY)
    before = books.wallet
    books.set_plan(None, NOON + 2 * DAY)
    assert (books.wallet.plan, books.wallet.meters, books.wallet.lots) == (before.plan, before.meters, before.lots)

    books.hear(news(), NOON + 3 * DAY)
    assert books.included(NOON + 3 * DAY) == [50], "once"


def test_clearing_after_the_subscription_has_ended_gives_free_from_that_day() -> None:
    books = subscribed()
    books.set_plan("vip", NOON + DAY)
    books.hear(ended(NOON + 2 * DAY), NOON + 2 * DAY)
    books.set_plan(None, NOON + 3 * DAY)

    assert books.stands(NOON + 3 * DAY) == ("free", at("2026-11-25"), at("2026-12-25"))
    assert books.plan(NOON + 3 * DAY).set_by == "default"


# Which news count


def test_news_of_another_mode_another_customer_or_no_price_of_ours_do_not_fit() -> None:
    books = subscribed()
    for said, reason in (
        (news(live=True), "livemode: True is not False"),
        (news(customer_id="cus_2"), "customer: 'cus_2' is not 'cus_1'"),
        (news(plan_id=""), "plan: no price of ours"),
        (news(subscription_id="sub_2"), "second subscription sub_2 beside sub_1"),
    ):
        with pytest.raises(Mismatch) as raised:
            books.hear(said)
        assert str(raised.value) == reason


def test_the_subscription_that_runs_counts_and_of_two_that_do_not_the_one_that_was_made_last() -> None:
    early = news(subscription_id="sub_0", status=S.INCOMPLETE_EXPIRED, created_at=NOON - DAY)
    late = news(subscription_id="sub_2", status=S.INCOMPLETE, created_at=NOON + DAY)

    running = subscribed()
    for each in (early, late):
        assert running.hear(each) is None
    over = subscribed(ended(NOON + HOUR))
    assert over.hear(early) is None
    assert over.hear(late)
    assert over.hear(ended(NOON + HOUR)) is None
    same = news(subscription_id="sub_3", status=S.INCOMPLETE, created_at=NOON + DAY)
    assert over.hear(same), "made in the same second: by the name, so that any order ends the same"
    assert over.hear(late) is None


def test_a_second_subscription_after_the_first_has_ended_is_followed() -> None:
    books = subscribed()
    when = NOON + 5 * DAY
    books.hear(ended(when), when)
    again = news(subscription_id="sub_2", created_at=when, anchor=when, period_start=when, period_end=when + 30 * DAY)
    books.hear(again, when)

    assert books.stands(when) == ("pro", when, at("2026-12-27 12:00"))
    assert books.included(when) == [50, 50], "both were paid for"
    assert books.hear(ended(when), when) is None, "what is told again of the first counts no more"


def test_the_end_of_a_deleted_customers_subscription_is_heard_after_another_has_opened_a_checkout() -> None:
    books = subscribed()
    books.row = replace(books.row, session_id="cs_2", session_at=NOON, customer_id="cus_2")
    books.hear(ended(NOON + DAY), NOON + DAY)

    assert books.stands(NOON + DAY)[0] == "free"
    assert (books.row.customer_id, books.row.session_id) == ("cus_2", "cs_2")
    begun = news(subscription_id="sub_2", customer_id="cus_2", created_at=NOON + DAY)
    books.hear(begun, NOON + DAY)
    assert (books.row.running, books.row.session_id) == (begun, None)
    with pytest.raises(Mismatch, match="customer"):
        books.hear(replace(begun, customer_id="cus_1"), NOON + DAY)


def test_a_row_remembers_that_there_was_a_subscription_and_forgets_the_checkout_that_began_it() -> None:
    books = Books()
    books.row = replace(books.row, session_id="cs_1", session_at=NOON)
    books.hear(news(status=S.INCOMPLETE))
    assert (books.row.has_paid, books.row.session_id, books.row.session_at) == (False, "cs_1", NOON)

    books.hear(news())
    assert (books.row.has_paid, books.row.session_id, books.row.session_at) == (True, None, None)
    books.hear(ended(NOON + DAY), NOON + DAY)
    assert (books.row.has_paid, books.row.customer_id, books.row.version) == (True, "cus_1", 3)


def test_a_wallet_that_never_had_one_has_nothing_of_it() -> None:
    assert standing(Subscription(wallet_id="acct_a")) is None
    assert Subscription(wallet_id="acct_a").running is None


def test_what_gives_nothing_leaves_a_wallet_on_free_alone() -> None:
    wallet = Wallet(wallet_id="acct_a")
    for given in (
        Standing(plan_id="pro", anchor=NOON, period_start=NOON),
        Standing(plan_id="pro", anchor=NOON, period_start=NOON, ended_at=NOON),
        Standing(plan_id="pro", anchor=NOON, period_start=NOON, tenure=Tenure(until=NOON - LATE_NEWS)),
    ):
        assert follow(wallet, given, SOLD, stamp()) is None


# What time brings


def test_a_lapse_is_booked_as_a_change_of_plan_when_nothing_else_comes() -> None:
    books = subscribed(news(ends_at=END))
    books.use("calls", 150)

    assert books.book(END - MS) == []
    assert books.book(END) == ["plan_change"]
    facts = books.history[-1].facts
    assert (facts["from_plan_id"], facts["plan_id"], facts["set_by"]) == ("pro", "free", "default")
    assert facts["lapsed"] is True
    assert books.book(END + DAY) == []


def test_a_wallet_is_due_when_its_month_brings_credits_and_when_its_plan_lapses() -> None:
    books = subscribed()
    assert books.wallet.due_at == END
    assert next_due(books.wallet, SOLD) == END

    poor = replace(SOLD, plans={**SOLD.plans, "pro": replace(SOLD.plans["pro"], included_credits=0)})
    assert next_due(Books(poor).wallet, poor) is None
    bare = Books(poor)
    bare.hear(news())
    assert next_due(bare.wallet, poor) == LAPSES
    bare.book(LAPSES)
    assert next_due(bare.wallet, poor) is None
    ending = Books(poor)
    ending.hear(news(ends_at=END))
    assert next_due(ending.wallet, poor) == END


@pytest.mark.parametrize(
    ("said", "now", "due_at"),
    [
        (None, NOON, None),
        (news(), NOON, NOON + USUAL_LOOK),
        (news(), END - HOUR, END + LATE_LOOK),
        (news(), END, END + LATE_LOOK),
        (news(), END + DAY, END + DAY + LATE_LOOK),
        (news(status=S.TRIALING), NOON, NOON + USUAL_LOOK),
        (unpaid(), END, END + UNPAID_LOOK),
        (unpaid(S.UNPAID), END, END + UNPAID_LOOK),
        (news(status=S.PAUSED), NOON, NOON + UNPAID_LOOK),
        (news(status=S.INCOMPLETE), NOON, NOON + UNPAID_LOOK),
        (news(status=S.CANCELED), NOON, None),
        (news(status=S.INCOMPLETE_EXPIRED), NOON, None),
    ],
)
def test_the_provider_is_asked_soon_after_a_periods_end_daily_when_unpaid_and_now_and_then(
    said: News | None, now: datetime, due_at: datetime | None
) -> None:
    assert next_look(Subscription(wallet_id="acct_a", news=said), now) == due_at


def test_a_checkout_is_asked_about_with_growing_pauses_for_two_days() -> None:
    row, now, pauses = Subscription(wallet_id="acct_a", session_id="cs_1", session_at=NOON), NOON, []
    while due_at := next_look(row, now):
        pauses.append(due_at - now)
        now = due_at

    assert pauses[0] == UNHEARD_LOOK
    assert pauses == sorted(pauses)
    assert NOON + UNHEARD_FOR <= now < NOON + 2 * UNHEARD_FOR
    assert next_look(row, NOON + UNHEARD_FOR - MS)
    assert next_look(row, NOON + UNHEARD_FOR) is None
    assert len(pauses) < 15


@pytest.mark.parametrize(
    ("said", "when", "booked"),
    [
        (news(ends_at=END), END - MS, ""),
        (news(ends_at=END), END, "ended"),
        (news(), END, "turned"),
        (news(), LAPSES - MS, "turned"),
        (news(), LAPSES, "turned ended"),
        (news(plan_id="team", ends_at=END), END + 40 * DAY, "ended"),
    ],
)
@pytest.mark.parametrize("is_used_up", [False, True])
def test_the_job_books_what_the_clock_has_decided_once(
    said: News, when: datetime, booked: str, *, is_used_up: bool
) -> None:
    books = subscribed(said)
    if is_used_up:
        books.use("extra", 3 * books.available())
    clock = Clockwork(catalog=SOLD, now=when)
    clock.store.wallets["acct_a"] = books.wallet
    clock.store.entries.update({("acct_a", entry.seq): entry for entry in books.history})

    counts = clock.expire().counts

    wallet, history = clock.store.wallet("acct_a"), clock.store.history_of("acct_a")
    steps = [each for entry in history for each in (*entry.facts.get("also", ()), entry.facts)]
    turns = [each for each in steps if each["kind"] == "renewal"]
    ends = [each for each in steps if each.get("lapsed")]
    assert (len(turns), len(ends)) == ("turned" in booked, "ended" in booked)
    assert counts["expired"] == (bool(booked) and not is_used_up)
    if is_used_up:
        assert (counts["renewed"], counts["plans_ended"]) == (booked == "turned", "ended" in booked)
    assert list(audit.faults(wallet, history)) == []
    assert wallet.due_at is None or wallet.due_at > when

    assert not any(clock.expire().counts.values())
    assert len(clock.store.entries) == wallet.seq


def test_looking_writes_nothing() -> None:
    books = subscribed()
    before = books.wallet
    for when in (END, LAPSES, LATER):
        catch_up(books.wallet, SOLD, when)
    assert books.wallet == before
