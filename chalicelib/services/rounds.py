"""
Rounds: how a job goes through what is due: page by page, one thing after the other, until time is up.

Whatever fails is reported and put behind the others; it stops nobody. A round may run twice, at once or after another:
each thing is read afresh and guarded by its own version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.ledger import Stamp
from chalicelib.services.once import Patience
from chalicelib.services.ports import SHARDS, Due, LostRace, OutcomeUnknown, Store, Throttled

MOST_FAILURES = 20  # reported by name; more are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a job needs of the outside. `has_time` says whether another thing may be begun."""

    store: Store
    catalog: Catalog
    patience: Patience
    stamp: Callable[[], Stamp]
    has_time: Callable[[], bool]


@dataclass(slots=True)
class Report:
    """What a round did: counts by name, what failed, and whether it ended before everything was done."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str, Exception]] = field(default_factory=list)
    more: bool = False

    def answer(self) -> dict[str, int | bool]:
        return {**self.counts, "failed": len(self.failures), "more": self.more}


class Look(Protocol):
    """A look into one shard of what is due."""

    def __call__(self, shard: int, until: datetime, *, cursor: object = None) -> Due: ...


def go_round(errand: Errand, look: Look, handle: Callable[[str, str], None], report: Report) -> None:
    """Hand everything that is due to *handle*; what it raises is reported, and the round goes on."""
    until = errand.stamp().now
    for shard in range(SHARDS):
        for wallet_id, name in _listed(errand, look, shard, until, report):
            if not errand.has_time():
                report.more = True
                return
            attempt(report, wallet_id, name, lambda: handle(wallet_id, name))  # noqa: B023 - called at once


def _listed(errand: Errand, look: Look, shard: int, until: datetime, report: Report) -> Iterator[tuple[str, str]]:
    cursor: object = None
    while True:
        found: list[Due] = []
        attempt(report, "", f"shard_{shard}", lambda: found.append(look(shard, until, cursor=cursor)))  # noqa: B023
        if not found:
            report.more = True
            return
        yield from found[0].names
        cursor = found[0].cursor
        if not cursor:
            return


def attempt(report: Report, wallet_id: str, name: str, act: Callable[[], object]) -> bool:
    """Do something that may fail without stopping the round; whether it went well."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is, the others must not suffer from it
        report.failures.append((wallet_id, name, error))
        return False
    return True


def persist(errand: Errand, act: Callable[[], bool]) -> None:
    """
    Repeat *act*, which reads and writes one thing, until it says that there is nothing left to do.

    Raises:
        LostRace, Throttled, OutcomeUnknown: As the last attempt within the patience did.
    """
    last: Exception = OutcomeUnknown()
    for turn in errand.patience.turns():
        try:
            while act():
                pass
            return
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            last = trouble
            turn.meet(trouble)
    raise last
