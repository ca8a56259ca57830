"""
Hears every line that the program writes while tests run, and fails the test in which a bad one was written.

Lines are taken where they are made: at the formatter of the logger and at the `print` of the metrics, so that it does
not matter who captures what, or in which thread it was. Programs in a process of their own leave a file: see `read`.
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import base as metrics

from tests.lines import faults

TESTS = Path(__file__).parent
TALKATIVE = {"api": 500, "jobs": 30, "webhooks": 250}
"""Suites that make the program write, and how many of their tests without a line say that nobody listened."""


class Ear:
    """What was heard and not judged yet, and how many lines and tests there were in each suite."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.read: Counter[str] = Counter()
        self.ran: Counter[str] = Counter()

    def judge(self, suite: str) -> None:
        """Read what was heard since the last time; fail the test that runs if there is anything wrong with it."""
        heard, self.heard = self.heard, []
        self.read[suite] += len(heard)
        wrong = [f"{', '.join(found)} in: {line}" for line in heard if (found := faults(line))]
        if wrong:
            pytest.fail("lines that must not be written:\n" + "\n".join(wrong), pytrace=False)

    def add(self, other: dict[str, dict[str, int]]) -> None:
        """Add what another process heard."""
        self.read.update(other["read"])
        self.ran.update(other["ran"])

    def told(self) -> dict[str, dict[str, int]]:
        return {"read": dict(self.read), "ran": dict(self.ran)}

    def deaf(self) -> list[str]:
        """Name the suites in which there must have been lines, and none was heard."""
        return [suite for suite, enough in TALKATIVE.items() if self.ran[suite] >= enough and not self.read[suite]]

    def summary(self) -> str:
        each = ", ".join(f"{suite} {lines:,}" for suite, lines in sorted(self.read.items()) if lines)
        return f"log lines read: {self.read.total():,}" + (f" ({each})" if each else "")


EAR = Ear()


def listen(ear: Ear, patch: pytest.MonkeyPatch) -> None:
    """Hear what the logger and the metrics write from now on."""
    serialize = LambdaPowertoolsFormatter.serialize

    def serialized(self: LambdaPowertoolsFormatter, log: Any) -> str:
        line: str = serialize(self, log)
        ear.heard.append(line)
        return line

    def printed(*texts: object, **how: Any) -> None:
        ear.heard.extend(map(str, texts))
        builtins.print(*texts, **how)

    patch.setattr(LambdaPowertoolsFormatter, "serialize", serialized)
    patch.setattr(metrics, "print", printed, raising=False)


def read(file: Path) -> None:
    """Hear what a program in a process of its own left in its log, as part of the test that runs."""
    hear(file.read_text(encoding="utf-8").splitlines())


def hear(lines: Iterable[str]) -> None:
    """Hear lines that there must be."""
    before = len(EAR.heard)
    EAR.heard.extend(lines)
    assert len(EAR.heard) > before, "it has written nothing"


@cache
def suite_of(path: Path) -> str:
    return path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else ""
