"""Reads a parsed TOML file strictly, and knows on which line each value stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LARGEST = 1_000_000_000
ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
Table = Mapping[str, Any]


class WrongFile(Exception):
    """A file can't be used as it is. The message names the line and what is wrong there."""


class WrongCatalog(WrongFile):
    """The catalogue can't be sold from."""


class StrictReader:
    """Reads values strictly and knows on which line they stand."""

    def __init__(self, text: str, *, file: str = "catalog.toml", error: type[WrongFile] = WrongCatalog) -> None:
        self.lines, self.file, self.error = text.splitlines(), file, error

    def wrong(self, where: str, name: str, message: str) -> WrongFile:
        path = ".".join(part for part in (where, name) if part)
        return self.error(f"{self.file} line {self.line_of(where, name)}: {path}: {message}")

    def line_of(self, where: str, name: str) -> int:
        """Find the line of a key; of what holds it, when the key is missing or written in one line with others."""
        found, table = 1, ""
        for number, line in enumerate(self.lines, 1):
            stripped = line.strip()
            if stripped.startswith("["):
                table = stripped.partition("#")[0].strip("[] ")
                found = number if _covers(table, where) else found
            elif _covers(table, where) and (key := re.match(r"[\w.-]+(?=\s*=)", stripped)):
                path = f"{table}.{key[0]}" if table else key[0]
                if path == (f"{where}.{name}" if where else name):
                    return number
                found = number if _covers(path, where) else found
        return found

    def name(self, where: str, name: str) -> str:
        if not ID.fullmatch(name):
            raise self.wrong(where, "", "a name is lower-case letters, digits and _")
        return where

    def only(self, table: object, known: set[str], *, where: str) -> None:
        if not isinstance(table, Mapping):
            raise self.wrong(where, "", "a table is wanted")
        for name in table:
            if name not in known:
                raise self.wrong(where, name, "unknown")

    def text(self, table: Table, name: str, *, where: str) -> str:
        value = table.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(where, name, "a text is wanted")
        return value

    def integer(
        self,
        table: Table,
        name: str,
        *,
        where: str,
        least: int = 0,
        most: int = LARGEST,
        default: int | None = None,
    ) -> int:
        if name not in table and default is not None:
            return default
        value = table.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.wrong(where, name, f"a whole number from {least} to {most} is wanted")
        return value

    def table(self, tables: Table, name: str, where: str = "") -> Table:
        found = tables.get(name)
        if not isinstance(found, dict) or not found:
            raise self.wrong(where, name, "a table with something in it is wanted")
        return found

    def tables(self, tables: Table, name: str) -> list[tuple[str, Table]]:
        found = self.table(tables, name)
        for each, table in found.items():
            if not isinstance(table, dict):
                raise self.wrong(name, each, "a table is wanted")
        return list(found.items())


def _covers(table: str, where: str) -> bool:
    """Whether *where* is *table* or lies in it."""
    return where == table or where.startswith(f"{table}.") or not table
