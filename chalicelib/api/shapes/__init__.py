"""The shapes of what the API answers, by subject; `answers_of` says which route answers which."""

from __future__ import annotations

from chalicelib.api.shapes import (
    credits,  # noqa: A004 - the domain's word, and no Python session's
    entries,
    holds,
    operators,
    parts,
    plans,
    problems,
    rows,
    settings,
    statements,
    subscriptions,
    traces,
    usage,
)
from chalicelib.api.shapes.answers_of import ANSWERS, PROBLEMS, Answer, Media

__all__ = [
    "ANSWERS",
    "PROBLEMS",
    "Answer",
    "Media",
    "credits",
    "entries",
    "holds",
    "operators",
    "parts",
    "plans",
    "problems",
    "rows",
    "settings",
    "statements",
    "subscriptions",
    "traces",
    "usage",
]
