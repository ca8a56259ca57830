"""The one place that remembers answers by idempotency key, as long and as strictly as Stripe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.stripe.errors import ApiError

REMEMBERED = timedelta(hours=24)
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The first answer to a key, and the call that it answers."""

    at: datetime
    path: str
    pairs: tuple[tuple[str, str], ...]
    status: int
    body: bytes
    request_id: str


class Answers:
    """First answers by (secret key, idempotency key)."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._first: dict[tuple[str, str], Remembered] = {}

    def recall(self, owner: str, key: str, *, path: str, pairs: tuple[tuple[str, str], ...]) -> Remembered | None:
        """
        The first answer to the key, or None if there is none younger than 24 hours.

        Raises:
            ApiError: The key was first used for another path or with other parameters.
        """
        if len(key) > LONGEST_KEY:
            raise ApiError(400, f"Idempotency keys may be at most {LONGEST_KEY} characters", began=False)
        first = self._first.get((owner, key))
        if first is None or self._now() - first.at >= REMEMBERED:
            return None
        if first.path != path:
            raise _reused(f"for the same endpoint they were first used for ('{first.path}' vs '{path}')", key)
        if sorted(first.pairs) != sorted(pairs):
            raise _reused("with the same parameters they were first used with", key)
        return first

    def remember(self, owner: str, key: str, answer: Remembered) -> None:
        """Keep the first answer to the key."""
        self._first[owner, key] = answer


def _reused(how: str, key: str) -> ApiError:
    message = (
        f"Keys for idempotent requests can only be used {how}. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(400, message, began=False, type="idempotency_error")
