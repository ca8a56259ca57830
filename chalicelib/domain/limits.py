"""
What a wallet's customers may command in an hour, and how often the payment provider is asked for them.

One customer, or a stolen token, must leave room for the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.catalog import Limits
from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.times import EPOCH

SPAN = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ASKING = 1  # attempts at the payment provider that a command takes which asks it
CHARGING = 10  # and one that has a saved card charged at once: few enough that nobody tries out cards here


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """An hour by the clock in UTC, `[starts_at, ends_at)`, and how many commands and attempts it has room for."""

    starts_at: datetime
    commands: int
    attempts: int

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + SPAN


def hour_at(now: datetime, limits: Limits) -> Hour:
    """Say in which hour a command counts: the one in which its request came."""
    return Hour(
        starts_at=now - (now - EPOCH) % SPAN,
        commands=limits.commands_per_hour,
        attempts=limits.provider_attempts_per_hour,
    )


def too_many(hour: Hour, now: datetime) -> TooManyRequests:
    """Refuse a command for which its hour has no room; the next hour has."""
    return TooManyRequests(
        f"An hour has room for {hour.commands} commands of one wallet and for {hour.attempts} attempts at the payment "
        "provider, and this one has none left for the command; come back in the next.",
        retry_after_seconds=-((now - hour.ends_at) // SECOND),
    )
