"""
How a command can end other than well, and with which exit code.

    0   done
    1   refused, or it failed
    2   asked for wrongly: an option, a setting, a way of talking that doesn't have it
    3   done, and it found differences or faults
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FAILED, USAGE, FOUND = 1, 2, 3


class Ended(Exception):
    """A command ends here. The text is one line for people; `problem` is the same for machines."""

    exit_code = FAILED
    code = "failed"

    def __init__(self, text: str, **facts: object) -> None:
        super().__init__(text)
        self.facts = facts

    @property
    def problem(self) -> Mapping[str, Any]:
        return {"code": self.code, "detail": str(self), **self.facts}


class Refused(Ended):
    """Tally said no, and why: `facts` is its own problem+json."""

    @property
    def problem(self) -> Mapping[str, Any]:
        return self.facts


class Failed(Ended):
    """No answer, or one that says nothing."""


class Misused(Ended):
    """It can't be asked for like this."""

    exit_code, code = USAGE, "usage"


class NotThisWay(Misused):
    """The other way of talking has it, this one doesn't."""

    code = "not_this_way"


def refused(problem: Mapping[str, Any]) -> Refused:
    """Say a problem+json in one line."""
    detail, code = problem.get("detail") or problem.get("title") or "refused", problem.get("code", "refused")
    return Refused(f"{detail} ({code})", **problem)
