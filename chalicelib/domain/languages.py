"""Languages: how each writes numbers, days and money, its counted phrases, and its texts with places to fill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.money import Money

SEPARATOR = re.compile("[-_]")  # between a language and a region: de-AT, and de_AT


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A phrase with a number in it: enough for languages that know one and many."""

    none: str
    one: str
    many: str

    def form(self, count: int) -> str:
        return {0: self.none, 1: self.one}.get(count, self.many)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A message's words, with places to fill."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language's words and habits."""

    name: str
    months: tuple[str, ...]
    date: str
    thousands: str
    point: str
    closing: str
    counts: Mapping[str, Counted]
    texts: Mapping[str, Text]

    def number(self, number: int) -> str:
        return f"{number:,}".replace(",", self.thousands)

    def count(self, phrase: str, count: int) -> str:
        """Say a counted phrase: `credits`, 2 becomes "2 credits"."""
        return self.counts[phrase].form(count).format(count=self.number(count))

    def day(self, at: datetime) -> str:
        """Name the day in UTC, in full."""
        return self.date.format(day=at.day, month=self.months[at.month - 1], year=at.year)

    def money(self, money: Money) -> str:
        whole, rest = divmod(money.amount_minor, 10**money.exponent)
        behind = f"{self.point}{rest:0{money.exponent}}" if money.exponent else ""
        return f"{self.number(whole)}{behind} {money.currency.upper()}"


@dataclass(frozen=True, slots=True)
class Languages:
    """All languages, by their ISO 639 names; the first is for everybody else."""

    spoken: Mapping[str, Language]

    @property
    def first(self) -> Language:
        return next(iter(self.spoken.values()))

    def speaking(self, locale: str) -> Language:
        """Choose the language of a locale, whatever its region: `de-AT` is served in `de`."""
        return self.spoken.get(SEPARATOR.split(locale.lower())[0], self.first)
