"""A subscription in words: how it stands, what comes next, what stays when it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.catalog import Interval
from chalicelib.domain.lots import Source
from chalicelib.domain.money import Money
from chalicelib.domain.subscription_words import in_words, kept, next_payment_at
from chalicelib.domain.subscriptions import News, Subscription, SubscriptionStatus
from chalicelib.domain.wallet import LATE_NEWS, Wallet
from tests.books import at
from tests.builders import DAY, NOON, SOLD, lot, news

S = SubscriptionStatus
END, MS = at("2026-12-22 12:00"), timedelta(milliseconds=1)
FAILED: dict[str, Any] = {"status": S.PAST_DUE, "is_paid": False}


def said(told: News | None, now: datetime = NOON) -> str:
    return in_words(Subscription(wallet_id="acct_a", news=told), SOLD, now)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "You have no subscription."),
        ({}, "Pro, 29.00 USD a month; the next payment is on 22 December 2026."),
        (
            {"interval": Interval.YEAR, "price": Money(29000, "usd"), "period_end": at("2027-11-02")},
            "Pro, 290.00 USD a year; the next payment is on 2 November 2027.",
        ),
        ({"status": S.TRIALING}, "Pro on trial; the first payment of 29.00 USD is on 22 December 2026."),
        ({"ends_at": END}, "Pro until 22 December 2026; then Free."),
        ({"status": S.TRIALING, "ends_at": END}, "Pro until 22 December 2026; then Free."),
        (
            {"plan_id": "team", "pending": ("pro", Interval.YEAR)},
            "Team until 22 December 2026; then Pro, paid by the year.",
        ),
        (FAILED, "The last payment for Pro failed. Pro stays until 25 November 2026; please check your card."),
        ({"status": S.UNPAID}, "Pro isn't paid, so Free is on; please check your card."),
        ({"status": S.PAUSED}, "Pro is paused, so Free is on."),
        ({"status": S.INCOMPLETE}, "The first payment for Pro isn't through yet."),
        ({"status": S.CANCELED, "ended_at": NOON}, "Your subscription ended on 22 November 2026."),
        ({"status": S.INCOMPLETE_EXPIRED}, "Your subscription ended on some day."),
        ({"plan_id": "gone"}, "gone, 29.00 USD a month; the next payment is on 22 December 2026."),
    ],
)
def test_how_it_stands_is_said_in_a_sentence(told: dict[str, Any] | None, words: str) -> None:
    assert said(news(**told) if told is not None else None) == words


def test_every_status_has_its_words() -> None:
    assert len({said(news(status=status, ended_at=NOON)) for status in S}) == len(S) - 1, "both ends read alike"


def test_once_the_grace_is_over_it_says_that_free_is_on() -> None:
    over = NOON + LATE_NEWS

    assert "Pro stays until 25 November 2026" in said(news(**FAILED), over - MS)
    assert said(news(**FAILED), over) == "The last payment for Pro failed. Free is on; please check your card."


def test_money_is_taken_next_at_the_periods_end_unless_it_ends_or_was_not_paid() -> None:
    assert next_payment_at(news()) == next_payment_at(news(status=S.TRIALING)) == END
    assert next_payment_at(news(ends_at=END)) is None
    others = set(S) - {S.ACTIVE, S.TRIALING}
    assert {next_payment_at(news(status=status)) for status in others} == {None}


def wallet(*lots: Any) -> Wallet:
    return Wallet(wallet_id="acct_a", lots=lots)


def test_bought_credits_stay_and_the_first_end_is_named() -> None:
    lots = (
        lot(1, 1000, days=365),
        lot(2, 234, days=30, source=Source.PROMO),
        lot(3, 50, days=20, source=Source.PLAN),
        lot(4, 0, days=9),
        lot(5, 7, days=-1),
        lot(6, 100),
    )

    there, words = kept(wallet(*lots), NOON)

    assert [each.id.seq for each in there] == [1, 2, 6]
    assert words == "Your 1,334 credits stay yours; the first end on 22 December 2026."


def test_credits_that_are_held_or_set_aside_stay_too() -> None:
    there, words = kept(wallet(lot(1, 0, held=3, set_aside=4, granted=7)), NOON)

    assert ([each.left for each in there], words) == ([7], "Your 7 credits stay yours.")


@pytest.mark.parametrize(
    ("lots", "words"),
    [
        ((), "You have no bought credits that could be lost."),
        ((lot(1, 50, days=20, source=Source.PLAN),), "You have no bought credits that could be lost."),
        ((lot(1, 1),), "Your 1 credit stays yours."),
        ((lot(1, 1, days=2),), "Your 1 credit stays yours; the first end on 24 November 2026."),
    ],
)
def test_one_and_none_read_well(lots: tuple[Any, ...], words: str) -> None:
    assert kept(wallet(*lots), NOON)[1] == words


def test_an_end_that_no_notice_allows_yet_is_the_one_in_force() -> None:
    _, words = kept(wallet(lot(1, 9, days=2, noticed_at=None, granted_at=NOON - 30 * DAY)), NOON)

    assert words == f"Your 9 credits stay yours; the first end on {NOON + 7 * DAY:%-d %B %Y}."
