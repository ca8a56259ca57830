"""Times are aware UTC datetimes in whole milliseconds, the grain in which they are stored and hashed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
DAY = timedelta(days=1)


def to_ms(at: datetime) -> int:
    """Count the whole milliseconds since the epoch, rounding down."""
    return (at - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def to_grain(at: datetime) -> datetime:
    """Cut off what is finer than a millisecond."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def to_text(at: datetime) -> str:
    """Write a time as RFC 3339 in UTC with milliseconds: `2026-11-22T09:30:00.000Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def from_text(text: str) -> datetime:
    """
    Read an RFC 3339 time with any offset.

    Raises:
        ValueError: It is no such time, or has no offset.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs an offset, for example Z")
    return to_grain(at.astimezone(UTC))
