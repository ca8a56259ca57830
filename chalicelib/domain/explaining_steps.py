"""Steps of an explanation: a sentence, its arithmetic, and what that comes to; and how numbers and days are said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `expression` is plain arithmetic (`arithmetic.py`) that comes to `value`."""

    text: str
    expression: str
    value: int


def said(text: str) -> Step:
    """State what moves no credits."""
    return Step(text, "0", 0)


def after_debt(came: int, paid: int) -> Step:
    """Say what debt takes of credits that came, and what it leaves."""
    left = came - paid
    text = f"The debt takes {credits_of(paid)} first, which leaves {credits_of(left)} free."
    return Step(text, less(came, paid), left)


def losses(paid: int, expired: int) -> str:
    """Say what of credits that come back doesn't become free."""
    texts = [f"The debt takes {credits_of(paid)} first."] if paid else []
    texts += [f"Lots that have ended lose {credits_of(expired)}."] if expired else []
    return " ".join(texts)


def less(total: int, *parts: int) -> str:
    """Write *total* less what is taken from it; parts of nothing are left out."""
    return " - ".join(str(each) for each in (total, *(part for part in parts if part)))


def total_of(draws: Iterable[Facts]) -> int:
    return sum(draw["credits"] for draw in draws)


def sum_of(parts: Iterable[int]) -> str:
    """Write a sum, whatever the signs of its parts."""
    first, *more = list(parts) or [0]
    text = str(first) if first >= 0 else f"0 - {-first}"
    return text + "".join(f" + {each}" if each >= 0 else f" - {-each}" for each in more)


def credits_of(number: int) -> str:
    if not number:
        return "no credits"
    return "1 credit" if number == 1 else f"{number:,} credits"


def meter_of(name: str) -> str:
    return name.replace("_", " ")


def day_of(at: datetime) -> str:
    """Write a day as in *3 December 2026*."""
    return f"{at.day} {at:%B %Y}"


def time_of(at: datetime) -> str:
    """Write a time of a day, as in *3 December 2026 at 12:00 UTC*; with seconds where there are some."""
    return f"{day_of(at)} at {at:%H:%M:%S}".removesuffix(":00") + " UTC"
