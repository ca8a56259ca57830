"""Hours by the clock: which one a command counts in, and how long to wait when it is full."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.catalog import Limits
from chalicelib.domain.limits import SPAN, hour_at, too_many
from chalicelib.domain.subscription_changes import SubscriptionChange, attempts_of
from tests.builders import NOON

LIMITS = Limits(commands_per_hour=60, provider_attempts_per_hour=120)


@pytest.mark.parametrize(
    ("now", "starts_at"),
    [
        (NOON, NOON),
        (NOON + timedelta(minutes=59, seconds=59, milliseconds=999), NOON),
        (NOON + timedelta(hours=1), NOON + timedelta(hours=1)),
        (NOON - timedelta(milliseconds=1), NOON - timedelta(hours=1)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_command_counts_in_the_hour_of_the_clock(now: datetime, starts_at: datetime) -> None:
    hour = hour_at(now, LIMITS)

    assert (hour.starts_at, hour.ends_at) == (starts_at, starts_at + SPAN)
    assert (hour.commands, hour.attempts) == (60, 120)


@pytest.mark.parametrize(
    ("minutes", "wait"), [(0, 3600), (30, 1800), (59.99, 1), (1 / 60_000, 3600), (60 - 1 / 60_000, 1)]
)
def test_the_wait_is_until_the_hour_is_over_in_whole_seconds(minutes: float, wait: int) -> None:
    now = NOON + timedelta(minutes=minutes)

    refusal = too_many(hour_at(now, LIMITS), now)

    assert (refusal.code, refusal.retry_after_seconds) == ("too_many_requests", wait)
    assert "60 commands of one wallet" in str(refusal)
    assert "120 attempts at the payment provider" in str(refusal)


def test_what_charges_a_saved_card_takes_ten_attempts_and_all_else_one() -> None:
    assert {each: attempts_of(each) for each in SubscriptionChange} == {
        **dict.fromkeys(SubscriptionChange, 1),
        SubscriptionChange.SWITCH: 10,
    }
