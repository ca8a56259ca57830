"""A check and what came of it: one line, marked ok, warn or fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from cli.office import Fields

ODD, WRONG = timedelta(seconds=10), timedelta(seconds=60)  # a clock that is off; 60 s ahead raises an alarm


class Mark(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line."""

    name: str
    mark: Mark
    said: str

    def shown(self) -> Fields:
        return {"check": self.name, "mark": self.mark.value, "said": self.said}


class Wrong(Exception):
    """What was looked at is not as it should be."""


class Odd(Exception):
    """It may be so, but somebody should look."""


def checked(name: str, look: Callable[[], str]) -> Check:
    """Look, and mark what came of it; whatever is raised is a line, too."""
    try:
        return Check(name, Mark.OK, look())
    except Odd as odd:
        return Check(name, Mark.WARN, str(odd))
    except Exception as error:  # noqa: BLE001 - a check that breaks is a check that fails
        said = str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {error}"
        return Check(name, Mark.FAIL, " ".join(said.split())[:300])


def skew(there: str | None, here: datetime) -> str:
    """
    Hold a `Date` header against a clock.

    Raises:
        Odd: They differ by seconds, or there is none.
        Wrong: They differ by more than a minute.
    """
    if not there:
        raise Odd("nobody said what time it is")
    off = here - parsedate_to_datetime(there).astimezone(UTC)
    said = f"{off.total_seconds():+,.0f} s"
    if abs(off) > WRONG:
        raise Wrong(f"{said}: signatures and times won't be believed")
    if abs(off) > ODD:
        raise Odd(said)
    return said


Look = Iterator[Check]
