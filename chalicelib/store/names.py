"""What the tables are called. Apart from their models, so that who only passes names on doesn't load pynamodb."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableNames:
    """What the three tables are called in this account."""

    wallets: str
    purchases: str
    usage: str
