"""One JSON line per request or job, and metrics in the same line's format (EMF). Only names listed here are logged."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

SERVICE = "tally"
LOGGED = frozenset(
    {
        "route",
        "method",
        "status",
        "code",
        "wallet_id",
        "purchase_id",
        "event_id",
        "event_type",
        "outcome",
        "reason",
        "request_id",
        "error",
        "ms",
        "job",
        "counts",
    }
)


@cache
def logger() -> Logger:
    from aws_lambda_powertools import Logger

    return Logger(service=SERVICE, use_rfc3339=True)


def say(message: str, **fields: object) -> None:
    """Write one line. A name that is not on the list is a mistake of ours, and stops."""
    if unknown := fields.keys() - LOGGED:
        raise ValueError(f"not on the list of what may be logged: {', '.join(sorted(unknown))}")
    logger().info(message, extra={name: value for name, value in fields.items() if value is not None})


def failed(message: str, error: Exception, **fields: object) -> None:
    """Write one line with the traceback."""
    if unknown := fields.keys() - LOGGED:
        raise ValueError(f"not on the list of what may be logged: {', '.join(sorted(unknown))}")
    logger().error(message, exc_info=error, extra={**fields})


def count(metric: str, amount: int = 1) -> None:
    """Count something that an alarm looks at, under the stage: one stack's jobs must not vouch for another's."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    from chalicelib import wiring

    with single_metric(name=metric, unit=MetricUnit.Count, value=amount, namespace="Tally") as line:
        line.add_dimension(name="service", value=SERVICE)
        line.add_dimension(name="stage", value=wiring.settings().stage)
