"""How many commands a wallet may give in an hour: one customer, or a stolen token, must leave room for the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.catalog import Limits
from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.times import EPOCH

SPAN = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """An hour by the clock in UTC, `[starts_at, ends_at)`, and how many commands it has room for."""

    starts_at: datetime
    most: int

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + SPAN


def hour_at(now: datetime, limits: Limits) -> Hour:
    """Say in which hour a command counts: the one in which its request came."""
    return Hour(starts_at=now - (now - EPOCH) % SPAN, most=limits.commands_per_hour)


def too_many(hour: Hour, now: datetime) -> TooManyRequests:
    """Refuse a command for which its hour has no room; the next hour has."""
    return TooManyRequests(
        f"{hour.most} commands an hour are taken for one wallet, and this hour's were given; come back in the next.",
        retry_after_seconds=-((now - hour.ends_at) // SECOND),
    )
