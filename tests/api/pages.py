"""A past to page through, and the way through its pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.desk import Desk

HISTORY = "/api/credits/history"
Entries = list[dict[str, Any]]


def pages(desk: Desk, query: str = "", *, limit: int | None = None) -> Iterator[Entries]:
    """Follow the cursors from the first page to the last."""
    cursor, asked = "", 0
    while True:
        told = f"?{query}" + (f"&limit={limit}" if limit else "") + (f"&cursor={cursor}" if cursor else "")
        said = desk.get(HISTORY + told).json()
        yield said["entries"]
        cursor, asked = said["next_cursor"], asked + 1
        if cursor is None:
            return
        assert asked < 100


def all_of(desk: Desk, query: str = "", *, limit: int | None = None) -> list[int]:
    return [entry["seq"] for page in pages(desk, query, limit=limit) for entry in page]


def past(desk: Desk) -> None:
    """A purchase, four grants an hour apart, and four uses between them: entries 1 to 9."""
    desk.pay(desk.buy())
    for number in range(4):
        desk.premises.advance(minutes=30)
        desk.give(10 + number)
        desk.premises.advance(minutes=30)
        desk.use(20, key=f"u{number}")


def cursor_of(desk: Desk, query: str = "limit=2") -> str:
    cursor: str = desk.get(f"{HISTORY}?{query}").json()["next_cursor"]
    return cursor
