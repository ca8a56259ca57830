"""
The offer: packages (and later meters, plans, rates), read once from `catalog.toml` into frozen types.

A wrong catalogue stops the program at start and names the line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.money import Money

LARGEST = 1_000_000_000
ID = re.compile(r"[a-z][a-z0-9_]{0,31}")


class WrongCatalog(Exception):
    """The catalogue can't be sold from. The message names the line and what is wrong there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """So many credits for so much money. They end `expires_after_days` after they were granted, or never."""

    package_id: str
    name: str
    credits: int
    bonus_credits: int
    price: Money
    expires_after_days: int | None
    saves_percent: int = 0

    @property
    def total_credits(self) -> int:
        return self.credits + self.bonus_credits


@dataclass(frozen=True, slots=True, kw_only=True)
class LowBalance:
    """When a balance is low: below a number of credits, or below a share of the last purchase if that is more."""

    credits: int
    percent_of_last_purchase: int

    def line(self, last_purchase: int | None) -> int:
        return max(self.credits, (last_purchase or 0) * self.percent_of_last_purchase // 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything that is on offer."""

    packages: Mapping[str, Package]
    low_balance: LowBalance

    def package(self, package_id: str) -> Package:
        """
        Find a package.

        Raises:
            InvalidRequest: There is none of that name.
        """
        if package_id not in self.packages:
            raise InvalidRequest("package_id", "no such package")
        return self.packages[package_id]


def parse(text: str) -> Catalog:
    """
    Read a catalogue.

    Raises:
        WrongCatalog: It is no TOML, or a value is missing, unknown, or out of range.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise WrongCatalog(str(wrong)) from None
    reader = _Reader(text)
    reader.only(tables, {"currency", "packages", "low_balance"}, where="")
    currency = reader.text(tables, "currency", where="")
    packages = {
        package_id: _package(reader, package_id, table, currency)
        for package_id, table in reader.tables(tables, "packages")
    }
    dearest = max(packages.values(), key=lambda each: each.price.amount_minor / each.total_credits)
    return Catalog(
        packages={each: _with_saving(package, dearest) for each, package in packages.items()},
        low_balance=_low_balance(reader, reader.table(tables, "low_balance")),
    )


def _low_balance(reader: _Reader, table: Mapping[str, Any]) -> LowBalance:
    where = "low_balance"
    reader.only(table, {"credits", "percent_of_last_purchase"}, where=where)
    return LowBalance(
        credits=reader.integer(table, "credits", where=where),
        percent_of_last_purchase=reader.integer(table, "percent_of_last_purchase", where=where, most=100),
    )


def _package(reader: _Reader, package_id: str, table: Mapping[str, Any], currency: str) -> Package:
    where = f"packages.{package_id}"
    if not ID.fullmatch(package_id):
        raise reader.wrong(where, "", "a name is lower-case letters, digits and _")
    reader.only(table, {"name", "credits", "bonus_credits", "price_minor", "expires_after_days"}, where=where)
    return Package(
        package_id=package_id,
        name=reader.text(table, "name", where=where),
        credits=reader.integer(table, "credits", where=where, least=1),
        bonus_credits=reader.integer(table, "bonus_credits", where=where, default=0),
        price=Money(reader.integer(table, "price_minor", where=where, least=1), currency),
        expires_after_days=reader.integer(table, "expires_after_days", where=where, least=1, default=0) or None,
    )


def _with_saving(package: Package, dearest: Package) -> Package:
    """Say how much less a credit costs than in the package that is dearest per credit, rounded down."""
    ours = package.price.amount_minor * dearest.total_credits
    theirs = dearest.price.amount_minor * package.total_credits
    return replace(package, saves_percent=100 * (theirs - ours) // theirs)


class _Reader:
    """Reads values strictly and knows on which line they stand."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()

    def wrong(self, where: str, name: str, message: str) -> WrongCatalog:
        path = ".".join(part for part in (where, name) if part)
        return WrongCatalog(f"catalog.toml line {self.line_of(where, name)}: {path}: {message}")

    def line_of(self, where: str, name: str) -> int:
        """Find the line of a key, or of its table when the key is missing."""
        found, table = 1, ""
        for number, line in enumerate(self.lines, 1):
            stripped = line.strip()
            if stripped.startswith("["):
                table = stripped.strip("[] ")
                found = number if table == where else found
            elif table == where and re.match(rf"{re.escape(name)}\s*=", stripped) and name:
                return number
        return found

    def only(self, table: Mapping[str, Any], known: set[str], *, where: str) -> None:
        for name in table:
            if name not in known:
                raise self.wrong(where, name, "unknown")

    def text(self, table: Mapping[str, Any], name: str, *, where: str) -> str:
        value = table.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(where, name, "a text is wanted")
        return value

    def integer(
        self,
        table: Mapping[str, Any],
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

    def table(self, tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        found = tables.get(name)
        if not isinstance(found, dict) or not found:
            raise self.wrong(name, "", "a table with something in it is wanted")
        return found

    def tables(self, tables: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
        found = self.table(tables, name)
        for each, table in found.items():
            if not isinstance(table, dict):
                raise self.wrong(name, each, "a table is wanted")
        return list(found.items())
