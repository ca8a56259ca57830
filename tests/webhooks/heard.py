"""What the program says while a test runs: its log lines and its metrics, both as they would reach CloudWatch."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import observability


class Lines(logging.Handler):
    """Keeps every line of the program's logger, read back from JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(json.loads(self.format(record)))


@contextmanager
def listening() -> Iterator[Lines]:
    """Take the place of the logger's own handler, which writes to wherever stdout was when it was made."""
    logger = observability.logger()._logger
    lines, usual = Lines(), logger.handlers[:]
    lines.setFormatter(usual[0].formatter)
    logger.handlers[:] = [lines]
    try:
        yield lines
    finally:
        logger.handlers[:] = usual


def metrics(printed: str) -> Counter[str]:
    """Add up by their names the metrics in what was printed."""
    sums: Counter[str] = Counter()
    for line in map(json.loads, printed.splitlines()):
        for described in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            sums[described["Name"]] += int(sum(line[described["Name"]]))
    return sums
