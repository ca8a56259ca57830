"""How a transcript looks: a numbered line per request, its status and what it says under it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.client import Answer

CUT = 28  # characters shown of what is long and tells a reader nothing


class WentWrong(Exception):
    """An answer was not what it should be. The message shows it."""


@dataclass(slots=True, kw_only=True)
class Transcript:
    """Shows requests and answers as they come. *show* prints a line."""

    show: Callable[[str], object]
    _steps: int = field(default=0, init=False)
    _status: int = field(default=0, init=False)

    def step(self, method: str, request: str, answer: Answer, *, expected: int = 2) -> Any:
        """Show a request; *expected* is the first digit of the status that it should get."""
        self._steps += 1
        self.show("")
        self.show(f"  {self._steps:>2}  {method:<5}{request}")
        if answer.status // 100 != expected:
            raise WentWrong(f"{answer.status} {json.dumps(answer.body)}")
        self._status = answer.status
        return answer.body

    def ran(self, command: str, printed: str, *, went_well: bool) -> None:
        """Show a command that was run beside, and what it printed."""
        self._steps += 1
        self.show("")
        self.show(f"  {self._steps:>2}  $ {command}")
        for line in printed.splitlines():
            self.show(f"           {line}")
        if not went_well:
            raise WentWrong(f"{command} says no")

    def say(self, text: str) -> None:
        """Show what the answer says."""
        self.show(f"      {self._status:<5}{text}")


def money(price: Mapping[str, Any]) -> str:
    """Write an amount by the exponent that the API names."""
    exponent = price["exponent"]
    return f"{price['amount_minor'] / 10**exponent:,.{exponent}f} {price['currency'].upper()}"


def cut(text: str) -> str:
    """Show the beginning of what is long."""
    return text if len(text) <= CUT else f"{text[:CUT]}…"
