"""
Reads a line that the program wrote, and says what must not stand in it.

Two looks: at the text, for what is secret or a person's wherever it stands; and at the parts, which must be ours and on
the list of `chalicelib.observability`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from chalicelib.observability import LOGGED, SERVICE, WORD, Message

Json = dict[str, Any]

LOGGERS_OWN = frozenset({"level", "location", "message", "timestamp", "service", "xray_trace_id"})
MESSAGES = get_args(Message)
LEVELS = frozenset({"INFO", "ERROR"})
SECRETS = {
    "an e-mail address": ("@", r"[\w.+-]@[\w-]+\.\w"),
    "a token": ("ey", r"\beyJ[\w-]{6,}\.[\w-]{6,}"),
    "a bearer's token": ("earer", r"\b[Bb]earer\s+[\w.~+/-]{6,}"),
    "a key of Stripe's": ("k_", r"(?<![a-z])[sr]k_(?:test|live)_\w"),
    "a secret of Stripe's": ("whsec_", r"whsec_\w"),
    "a payment's secret": ("_secret_", r"\b(?:pi|seti)_\w+_secret_\w"),
    "a signature": ("v1=", r"\bv1=[0-9a-f]{64}"),
    "a private key": ("PRIVATE", r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "an access key of AWS's": ("IA", r"\bA[KS]IA[0-9A-Z]{16}\b"),
    "a secret of AWS's": ("ccess", r"(?i:secret_?access_?key)"),
    "a signed request": ("X-Amz", r"X-Amz-(?:Signature|Credential)"),
    "an address": ("://", r"\w://"),
}
"""What each looks like, behind a piece that few lines have: a regular expression alone takes ten times as long."""

DIGITS = re.compile(r"(?<![A-Za-z0-9])(?<!\d[ .-])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9])(?![ -]\d)")
CARD = re.compile(r"[3-6]\d{12,18}|2[2-7]\d{14}")  # no network's begin with 1, as the times of this century do
GROUPS = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 3, 3, 3)})
METRIC = re.compile(r"[A-Z][A-Za-z]+|[a-z_]+\.[a-z_]+")
STAGE = re.compile(r"[a-z-]{1,20}")
PLANTED = (
    "marker", "odd", "ticket", "another", "for the build", "for the team", "a test", "counted wrong", "counted twice",
    "talked to them", "returned", "welcome", "thanks", "gift", "mine", "promised", "Alice called", "not wanted",
)  # fmt: skip
"""Texts that tests send as a customer or an operator would. A word of theirs is looked for as a whole value."""


def faults(line: str) -> list[str]:
    """Name everything that is wrong with a line."""
    return [*leaks(line), *_in_parts(line)]


def leaks(line: str) -> Iterator[str]:
    """Name what is secret or a person's in any text."""
    for kind, (piece, pattern) in SECRETS.items():
        if piece in line and re.search(pattern, line):
            yield kind
    if any(map(is_card, DIGITS.findall(line))):
        yield "a card's number"
    if any(f'"{text}"' in line or (" " in text and text in line) for text in PLANTED):
        yield "a person's text"


def is_card(text: str) -> bool:
    """Say whether digits, perhaps in groups, may be a card's: a network's first digits and length, and Luhn's sum."""
    groups = re.split("[ -]", text)
    digits = "".join(groups)
    is_usual = len(groups) == 1 or tuple(map(len, groups)) in GROUPS
    return is_usual and bool(CARD.fullmatch(digits)) and _luhn(digits) % 10 == 0


def _luhn(digits: str) -> int:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return sum(map(int, digits[-1::-2])) + sum(doubled)


def _in_parts(line: str) -> Iterator[str]:
    try:
        parts = json.loads(line)
    except ValueError:
        yield "not JSON"
        return
    if not isinstance(parts, dict):
        yield "not an object"
    elif "_aws" in parts:
        yield from _in_metric(parts)
    else:
        yield from _in_said(parts)


def _in_said(parts: Json) -> Iterator[str]:
    for name in sorted(parts.keys() - LOGGED - LOGGERS_OWN):
        yield f"the name {name}"
    if parts.get("message") not in MESSAGES:
        yield "a message that is not ours"
    if parts.get("service") != SERVICE or parts.get("level") not in LEVELS:
        yield "not our logger"
    for name in sorted(parts.keys() & LOGGED):
        if not _is_fit(parts[name]):
            yield f"the value of {name}"


def _is_fit(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_fit, (*value, *value.values())))
    if isinstance(value, list):
        return all(map(_is_fit, value))
    return isinstance(value, int) or (isinstance(value, str) and bool(WORD.fullmatch(value)))


def _in_metric(parts: Json) -> Iterator[str]:
    described = [each["Name"] for group in parts["_aws"]["CloudWatchMetrics"] for each in group["Metrics"]]
    for name in sorted(parts.keys() - {"_aws", "service", "stage", *described}):
        yield f"the name {name}"
    for name in described:
        if not METRIC.fullmatch(name):
            yield f"the metric {name}"
        if not all(isinstance(each, int | float) for each in parts[name]):
            yield f"the value of {name}"
    if parts.get("service") != SERVICE or not STAGE.fullmatch(parts.get("stage", "")):
        yield "not our dimensions"
