"""
The only way out for a line: one JSON line per request or job, and metrics in the same line's format (EMF).

Messages are ours, names are on a list, and values are numbers or words without a space, of which none has a secret, a
token or a card's number in it: whatever a person wrote has no way in. Of what broke, the types and our own lines are
told and no text, which may quote anything; of what libraries log, who spoke and where.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

SERVICE = "tally"
LINES = "lines"  # our logger; `tally` is Chalice's own, which writes tracebacks
Message = Literal[
    "answered",
    "refused",
    "broken",
    "job done",
    "job failed",
    "difference",
    "stripe event",
    "stripe event again",
    "a library spoke",
]
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
        "error",
        "causes",
        "frames",
        "library",
        "job",
        "counts",
    }
)
WORD = re.compile(r"(?!.*//)[A-Za-z0-9_.:/|{}#-]{0,160}")  # ids, codes, routes; no space, no @, no +, no address
SECRET = re.compile(
    r"(?<![A-Za-z])[sr]k_|whsec_|_secret_"  # Stripe's keys and secrets, and what a page pays with
    r"|(?<![\w-])(?=[\w-]*[A-Z])[\w-]{10,}\.[\w-]+\."  # a JWT; names of modules and events have no capitals
)
CARD = re.compile(  # as its networks begin them, which no time of this century does; in one, or in its groups
    r"(?<![A-Za-z0-9])(?:(?:2[2-7]|[3-6]\d)\d{11,17}"
    r"|\d{4}([^A-Za-z0-9])(?:\d{4}\1\d{4}\1\d{4}|\d{6}\1\d{5}))(?![A-Za-z0-9])"
)
WITHHELD = "withheld"
OURS = "chalicelib/"
MOST = 12  # frames, or other things in one list
CALLER = 3  # frames up: `location` names the place that called `say` or `failed`


class Spoken(Exception):
    """Its words are ours. Lambda writes what a function raises into the log, and these may stand there."""


class Broken(Spoken):
    """Something that nobody expected broke; its words are the type and the code, and the log has said where."""

    def __init__(self, error: Exception) -> None:
        super().__init__(" ".join(str(_fit(each)) for each in (type(error).__name__, _code([error])) if each))


@cache
def logger() -> Logger:
    from aws_lambda_powertools import Logger

    made = Logger(service=LINES, use_rfc3339=True)
    made.append_keys(service=SERVICE)
    return made


def say(message: Message, **fields: object) -> None:
    """Write one line. A name that is not on the list is a mistake of ours, and stops."""
    logger().info(message, extra=_checked(fields), stacklevel=CALLER)


def failed(message: Message, error: BaseException, **fields: object) -> None:
    """Write one line of what broke: the types, the first code, and our own frames, innermost first."""
    chain = list(islice(_chain(error), MOST))
    causes = [type(each).__name__ for each in chain[1:]] or None
    told = {"error": type(error).__name__, "causes": causes, "code": _code(chain), "frames": _frames(chain)}
    logger().error(message, extra=_checked({**told, **fields}), stacklevel=CALLER)


def count(metric: str, amount: int = 1) -> None:
    """Count something that an alarm looks at, under the stage: one stack's jobs must not vouch for another's."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    from chalicelib import wiring

    with single_metric(name=metric, unit=MetricUnit.Count, value=amount, namespace="Tally") as line:
        line.add_dimension(name="service", value=SERVICE)
        line.add_dimension(name="stage", value=wiring.settings().stage)


@contextmanager
def guarded() -> Iterator[None]:
    """Let nothing out whose words are not ours. Every function is within: Lambda loads each without the app."""
    take_over()
    try:
        yield
    except Spoken:
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: Lambda would write its words into the log
        failed("broken", error)
        raise Broken(error) from None


@cache
def take_over() -> None:
    """Leave libraries and warnings no other way out."""
    logging.getLogger().handlers[:] = [Elsewhere()]
    logging.captureWarnings(capture=True)


class Elsewhere(logging.Handler):
    """Where libraries log to: who spoke is told, and not what was said."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == LINES:
            return  # it has its own handler
        library = f"{record.name}:{record.lineno}"
        if record.exc_info and record.exc_info[1]:
            failed("a library spoke", record.exc_info[1], library=library)
        else:
            say("a library spoke", library=library)


def _checked(fields: Mapping[str, object]) -> dict[str, object]:
    if unknown := fields.keys() - LOGGED:
        raise ValueError(f"not on the list of what may be logged: {', '.join(sorted(unknown))}")
    return {name: _fit(value) for name, value in fields.items() if value is not None}


def _fit(value: object) -> object:
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return value if WORD.fullmatch(value) and not _tells(value) else WITHHELD
    if isinstance(value, Mapping):
        return {_fit(name): _fit(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_fit(each) for each in value[:MOST]]
    return WITHHELD


def _tells(word: str) -> bool:
    """Whether a word has a secret, a token or a card's number in it."""
    return bool(SECRET.search(word)) or any(_is_luhn(each[0]) for each in CARD.finditer(word))


def _is_luhn(text: str) -> bool:
    """Whether the digits of a text pass Luhn's check."""
    digits = [int(each) for each in text if each.isdecimal()]
    doubled = (sum(divmod(2 * each, 10)) for each in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what it came of."""
    found: BaseException | None = error
    while found:
        yield found
        found = found.__cause__ or found.__context__


def _code(chain: Sequence[BaseException]) -> str | None:
    """Give the first code under which AWS, Stripe or we ourselves file an error."""
    for error in chain:
        told = getattr(error, "response", None)
        code = told.get("Error", {}).get("Code") if isinstance(told, Mapping) else getattr(error, "code", None)
        if code and isinstance(code, str):
            return code
    return None


def _frames(chain: Sequence[BaseException]) -> list[str]:
    """Say where it was in our own code, from where it came of on; Python keeps the outermost first."""
    places = [
        f"{OURS}{frame.f_code.co_filename.rpartition(OURS)[2]}:{line}"
        for each in chain
        for frame, line in traceback.walk_tb(each.__traceback__)
        if OURS in frame.f_code.co_filename
    ]
    return list(dict.fromkeys(reversed(places)))
