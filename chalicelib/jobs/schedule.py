"""How jobs are scheduled and what is said of each round: counts in one line, a line per failure, metrics for alarms."""

from __future__ import annotations

from typing import Any

from chalice.app import CloudWatchEvent

from chalicelib import observability
from chalicelib.services.rounds import MOST_FAILURES, Report


def remaining_ms(event: CloudWatchEvent) -> float | None:
    """Read how much time the function has left; None where nobody says."""
    context: Any = event.context
    return float(context.get_remaining_time_in_millis()) if context else None


def told(job: str, report: Report) -> dict[str, Any]:
    """Say in the log what a round did, and answer it."""
    for wallet_id, name, error in report.failures[:MOST_FAILURES]:
        observability.failed("job failed", error, job=job, wallet_id=wallet_id, reason=name)
    answer = report.answer()
    observability.say("job done", job=job, counts=answer)
    observability.count(f"{job}.done")
    if report.failures:
        observability.count(f"{job}.failed", len(report.failures))
    for name in ("parked", "faults", "differences", "for_people"):
        if report.counts[name]:
            observability.count(f"{job}.{name}", report.counts[name])
    return answer
