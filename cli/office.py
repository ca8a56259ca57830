"""
The office: what commands ask for, whichever way it is asked. Answers are the API's own JSON, both ways.

    HttpOffice     over the API, with a token
    DirectOffice   straight to the tables, by the services
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

Fields = Mapping[str, Any]  # a JSON object
Step = Callable[[int, int | None], object]  # told how much is done, and of how much if that is known


class Act(StrEnum):
    """What can be done to a wallet, or with an event."""

    GRANT = "grant"
    ADJUST = "adjustment"
    REFUND = "refund"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to be done once per `key`; `subject` is a wallet, or the event of a replay."""

    act: Act
    subject: str
    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a command, or would come of it; `replayed`: it was done before, under the same key."""

    answer: Fields
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A page of a history."""

    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    limit: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which wallets to audit: one, or a fixed share of all."""

    wallet_id: str | None = None
    share: int = 0
    shares: int = 1


class Office(Protocol):
    """
    Every method may raise `Ended`: `NotThisWay` where this way doesn't have it, `Refused` where Tally says no.
    """

    def wallet(self, wallet_id: str) -> Fields: ...

    def history(self, wallet_id: str, wish: Wish) -> Fields: ...

    def explanation(self, wallet_id: str, seq: int) -> Fields: ...

    def statement(self, wallet_id: str, month: str | None) -> Fields: ...

    def length(self, wallet_id: str) -> int:
        """Say how many entries a wallet has."""

    def export_page(self, wallet_id: str, cursor: str | None, limit: int) -> tuple[bytes, str | None]:
        """Read a page of an export, and the cursor that leads on."""

    def trace(self, name: str, wallet_id: str | None) -> Fields: ...

    def quarantine(self, cursor: str | None, limit: int) -> Fields: ...

    def do(self, command: Command) -> Done:
        """Do something once, or in a dry run say what would come of it and write nothing."""

    def reconcile(self, *, apply: bool) -> Fields: ...

    def audit(self, wanted: Share, step: Step) -> Fields: ...

    def seed(self, wallets: int, days: int, *, dry_run: bool, step: Step) -> Fields: ...
