"""Which scopes open which route: filled as routes declare themselves, asked by the authorizer and by the view."""

from __future__ import annotations

import re
from enum import StrEnum


class Scope(StrEnum):
    """What a token must carry."""

    PUBLIC = "public"
    CUSTOMER = "tally:customer"
    SERVICE = "tally:service"
    ADMIN = "tally:admin"


DECLARED: dict[tuple[str, str], frozenset[Scope]] = {}


def declare(method: str, path: str, *scopes: Scope) -> None:
    """Note who may call a route."""
    DECLARED[method, path] = frozenset(scopes)


def opened_by(held: frozenset[str]) -> list[tuple[str, str]]:
    """List (method, path) of the routes that these scopes open; a path's parameters are written `*`."""
    return [(method, re.sub(r"\{[^}]+\}", "*", path)) for (method, path), scopes in DECLARED.items() if scopes & held]
