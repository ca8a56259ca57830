"""Explains how uses are priced (rule 18), one or several in an entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from chalicelib.domain.catalog import Rate, Terms
from chalicelib.domain.explaining_steps import Facts, Step, credits_of, less, meter_of, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """
    A use and what it is priced by: what was used `before` in the period, or a gauge's highest level then.

    `amount` is the quantity, or the level that the gauge was set to.
    """

    meter: str
    terms: Terms
    is_gauge: bool
    before: int
    amount: int

    @classmethod
    def of(cls, facts: Facts) -> Self:
        rate, is_gauge = facts["rate"], "set" in facts
        return cls(
            meter=facts["meter"],
            terms=Terms(quota=facts["quota"], rate=Rate(**rate) if rate else None),
            is_gauge=is_gauge,
            before=facts["peak_before"] if is_gauge else facts["used_before"],
            amount=facts["set"] if is_gauge else facts["quantity"],
        )

    @property
    def after(self) -> int:
        return max(self.before, self.amount) if self.is_gauge else self.before + self.amount

    @property
    def paid(self) -> int:
        return self.terms.cost(self.before)

    @property
    def dear(self) -> int:
        return self.terms.cost(self.after)

    @property
    def credits(self) -> int:
        return self.dear - self.paid

    def cost(self, used: int) -> str:
        """Write what so much costs in all."""
        if self.terms.quota is None or self.terms.rate is None:
            return "0"
        over, rate = f"max({used} - {self.terms.quota}, 0)", self.terms.rate
        return f"{over} * {rate.credits}" if rate.per == 1 else f"ceil({over} * {rate.credits}, {rate.per})"

    def included(self) -> str:
        """Say what the plan includes, and what goes over costs."""
        quota, rate = self.terms.quota, self.terms.rate
        if quota is None:
            return "The plan includes any number."
        if rate is None:
            return f"The plan includes {quota:,}, and more can't be paid for."
        per = "each" if rate.per == 1 else f"per {rate.per:,}"
        return f"The plan includes {quota:,}, and beyond that it takes {credits_of(rate.credits)} {per}."

    def counted(self) -> Step:
        """Count up to the period's total."""
        name = meter_of(self.meter).capitalize()
        if self.is_gauge:
            text = f"{name}: {self.amount:,} now, {self.before:,} at most so far in this period."
            return Step(text, f"max({self.before}, {self.amount})", self.after)
        text = f"{name}: {self.before:,} so far in this period, and {self.amount:,} more."
        return Step(text, f"{self.before} + {self.amount}", self.after)

    def in_steps(self) -> Iterator[Step]:
        """Say how it comes to its price: the total, the quota's part, what the total costs, what it cost before."""
        yield self.counted()
        quota = self.terms.quota
        if quota is None:
            yield said(self.included())
            return
        part = min(self.after, quota) - min(self.before, quota)
        text = f"{self.included()} The quota takes {part:,}."
        yield Step(text, f"min({self.after}, {quota}) - min({self.before}, {quota})", part)
        if self.terms.rate:
            yield Step(f"All {self.after:,} cost {credits_of(self.dear)}.", self.cost(self.after), self.dear)
            yield Step(f"The {self.before:,} before cost {credits_of(self.paid)}.", self.cost(self.before), self.paid)

    def in_one(self) -> Step:
        """Say all of that at once, signed as a use is."""
        text = f"{self.counted().text} {self.included()} This costs {credits_of(self.credits)}."
        return Step(text, f"{self.cost(self.before)} - {self.cost(self.after)}", -self.credits)


def uses_of(facts: Facts) -> Iterator[Priced]:
    """Price the uses of an entry that has several, each on what those before it left."""
    standing = {meter: dict(terms) for meter, terms in facts["terms"].items()}
    for each in facts["uses"]:
        terms = standing[each["meter"]]
        priced = Priced.of({**terms, **each})
        terms["peak_before" if priced.is_gauge else "used_before"] = priced.after
        yield priced


def use(facts: Facts) -> Iterator[Step]:
    """State a use, or several."""
    if "uses" in facts:
        uses = list(uses_of(facts))
        yield from (each.in_one() for each in uses)
        text = f"Together they take {credits_of(-facts['credits'])}."
        yield Step(text, less(0, *(each.credits for each in uses)), facts["credits"])
        return
    priced = Priced.of(facts)
    yield from priced.in_steps()
    yield Step(f"So the use takes {credits_of(priced.credits)}.", f"{priced.paid} - {priced.dear}", facts["credits"])
