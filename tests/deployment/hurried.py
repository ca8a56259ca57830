"""
MiniStack whose minute is a second where schedules are read, so that a test sees them fire.

Runs in MiniStack's environment, in the place of its program. Rules, targets and permissions are its own.
"""

from typing import Any

from ministack import app  # type: ignore[import-not-found]
from ministack.services import eventbridge  # type: ignore[import-not-found]

MINUTE = 1  # second
usual: Any = eventbridge._parse_rate_seconds


def hurried(expression: str) -> int | None:
    """Read `rate(5 minutes)` as five of our minutes."""
    seconds: int | None = usual(expression)
    return seconds and seconds * MINUTE // 60


eventbridge._parse_rate_seconds = hurried
eventbridge._SCHEDULER_TICK_INTERVAL = 1

if __name__ == "__main__":
    raise SystemExit(app.main())
