"""
An independent recomputation of a wallet from plain facts: grants, uses, plan changes and their times.

Written without looking at the fast path: no running counters, no lots that are carried along. Everything is added up
anew from the whole history each time, by the words of the law.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil
from typing import Any

from chalicelib.domain.catalog import Catalog, MeterKind

Fact = dict[str, Any]


@dataclass
class Oracle:
    """Knows what was accepted, and says what must follow from it."""

    catalog: Catalog
    facts: list[Fact] = field(default_factory=list)  # kind: begin, plan, grant, use, take

    def begin(self, at: datetime) -> None:
        if not self.facts:
            self.facts.append({"kind": "begin", "at": at})

    def plan_at(self, at: datetime) -> tuple[str, datetime, int]:
        """The plan at a time, its anchor, and the place of the fact since which uses count."""
        plan_id, set_by, anchor, since = "free", "default", at, 0
        for place, fact in enumerate(self.facts):
            began = datetime.combine(fact["at"].date(), datetime.min.time(), UTC)
            if fact["kind"] == "begin":
                anchor = began
            if fact["kind"] != "plan" or (fact["plan_id"], fact["set_by"]) == (plan_id, set_by):
                continue
            running, _ = months_around(anchor, fact["at"])
            since = since if running == began else place
            plan_id, set_by, anchor = fact["plan_id"], fact["set_by"], began
        return plan_id, anchor, since

    def period(self, at: datetime) -> tuple[datetime, datetime]:
        _, anchor, _ = self.plan_at(at)
        return months_around(anchor, at)

    def terms(self, at: datetime, meter: str) -> tuple[int | None, Fraction | None]:
        plan = self.catalog.plans[self.plan_at(at)[0]]
        rate = plan.rates.get(meter)
        return plan.quotas.get(meter, 0), Fraction(rate.credits, rate.per) if rate else None

    def uses(self, at: datetime, meter: str) -> list[Fact]:
        """The uses of a meter in the running period, under the plan that runs."""
        start, _ = self.period(at)
        since = self.plan_at(at)[2]
        return [
            fact
            for place, fact in enumerate(self.facts)
            if fact["kind"] == "use" and fact["meter"] == meter and place >= since and fact["at"] >= start
        ]

    def total(self, at: datetime, meter: str, *more: int) -> int:
        """What is priced: a counter's sum, a gauge's peak."""
        amounts = [fact["amount"] for fact in self.uses(at, meter)] + list(more)
        gauge = self.catalog.meters[meter].kind is MeterKind.GAUGE
        return max(amounts, default=0) if gauge else sum(amounts)

    def price(self, at: datetime, meter: str, amount: int) -> int | None:
        """What a use costs in credits; None: it can't be paid for."""
        quota, rate = self.terms(at, meter)
        before, after = self.total(at, meter), self.total(at, meter, amount)
        if quota is None:
            return 0
        over_before, over_after = max(0, before - quota), max(0, after - quota)
        if rate is None:
            return None if over_after > over_before else 0
        return ceil(over_after * rate) - ceil(over_before * rate)

    def lots(self, at: datetime) -> dict[str, int]:
        """What is free in each lot at a time: grants less draws, in the order of the law."""
        left: list[Fact] = []
        for fact in self.facts:
            if fact["kind"] == "grant":
                left.append({**fact, "left": fact["credits"]})
            if fact["kind"] in ("use", "take"):
                draw(left, fact["credits"], fact["at"])
        return {lot["name"]: lot["left"] for lot in left if lot["left"] and not ended(lot, at)}

    def available(self, at: datetime) -> int:
        return sum(self.lots(at).values())


def months_around(anchor: datetime, at: datetime) -> tuple[datetime, datetime]:
    """The anchored month that holds a time."""
    number = 0
    while anchored(anchor, number + 1) <= at:
        number += 1
    return anchored(anchor, number), anchored(anchor, number + 1)


def anchored(anchor: datetime, number: int) -> datetime:
    """The anchored month's beginning, counted one calendar month at a time."""
    year, month = anchor.year, anchor.month
    for _ in range(number):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return anchor.replace(year=year, month=month, day=min(anchor.day, monthrange(year, month)[1]))


def ended(lot: Fact, at: datetime) -> bool:
    return lot["ends_at"] is not None and lot["ends_at"] <= at


def draw(lots: list[Fact], owed: int, at: datetime) -> None:
    """Take credits from lots: by priority, soonest expiry as granted, promo before paid, oldest, first granted."""
    never = datetime.max.replace(tzinfo=UTC)
    paying = [lot for lot in lots if not ended(lot, at)]
    paying.sort(key=lambda lot: (lot["priority"], lot["expires_at"] or never, lot["bought"], lot["at"], lot["number"]))
    for lot in paying:
        taken = min(lot["left"], owed)
        lot["left"] -= taken
        owed -= taken
    assert owed == 0, "the oracle was told of a use that nothing pays"
