"""The one place that reads form encoding with nested keys: `a[b][0][c]=1` → `{"a": {"b": {"0": {"c": "1"}}}}`."""

from __future__ import annotations

import re
from typing import Union
from urllib.parse import parse_qsl

from local.stripe.errors import invalid

Form = dict[str, Union[str, "Form"]]

MAX_FIELDS = 1_000
MAX_DEPTH = 8

KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
PART = re.compile(r"\[([^\[\]]*)\]")


def pairs(text: str) -> list[tuple[str, str]]:
    """Split an encoded body or query into decoded pairs, empty values kept (they unset things)."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise invalid("body", f"Invalid request body: {error}") from error


def parse(text: str) -> Form:
    """
    Parse an encoded body or query.

    A list stays a table of its indexes (`[]` takes the next free one): whether `{"0": …}` is a
    list or metadata with the name "0", only the reader of the parameter knows.
    """
    form: Form = {}
    for key, value in pairs(text):
        _place(form, _path(key), value, key)
    return form


def _path(key: str) -> list[str]:
    match = KEY.fullmatch(key)
    if not match:
        raise invalid(key, f"Invalid parameter name: {key}")
    path = [match[1], *PART.findall(match[2])]
    if len(path) > MAX_DEPTH:
        raise invalid(key, f"Parameter nested too deeply: {key}")
    return path


def _place(form: Form, path: list[str], value: str, key: str) -> None:
    *parents, last = path
    table = form
    for name in parents:
        inner = table.setdefault(name or str(len(table)), {})
        if isinstance(inner, str):
            raise invalid(key, f"Invalid object: {key}")
        table = inner
    if isinstance(table.get(last), dict):
        raise invalid(key, f"Invalid object: {key}")
    table[last or str(len(table))] = value
