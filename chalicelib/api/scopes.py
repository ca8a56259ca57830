"""
Which scopes open which route: filled as routes declare themselves, asked by the authorizer and by the view.

The authorizer is a function of its own and loads no routes. There `make package` has written down what they declare;
where it hasn't, all routes are loaded, which takes longer and comes to the same.
"""

from __future__ import annotations

import importlib
import json
import re
from enum import StrEnum
from importlib.resources import files


class Scope(StrEnum):
    """What a token must carry."""

    PUBLIC = "public"
    CUSTOMER = "tally:customer"
    SERVICE = "tally:service"
    ADMIN = "tally:admin"


WRITTEN = "declared.json"  # beside this file, in the bundle alone

DECLARED: dict[tuple[str, str], frozenset[Scope]] = {}


def declare(method: str, path: str, *scopes: Scope) -> None:
    """Note who may call a route."""
    DECLARED[method, path] = frozenset(scopes)


def opened_by(held: frozenset[str]) -> list[tuple[str, str]]:
    """List (method, path) of the routes that these scopes open; a path's parameters are written `*`."""
    if not DECLARED:
        _load()
    return [(method, re.sub(r"\{[^}]+\}", "*", path)) for (method, path), scopes in DECLARED.items() if scopes & held]


def written() -> str:
    """Write down what was declared, for an authorizer that loads no routes."""
    return json.dumps([[method, path, sorted(scopes)] for (method, path), scopes in sorted(DECLARED.items())])


def _load() -> None:
    place = files("chalicelib.api") / WRITTEN
    if not place.is_file():
        importlib.import_module("app")
        return
    for method, path, scopes in json.loads(place.read_text(encoding="utf-8")):
        declare(method, path, *map(Scope, scopes))
