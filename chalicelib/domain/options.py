"""
What a wallet could be on: each plan at each interval it is sold at, and what it costs. The only place that says where
the incentive applies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from chalicelib.domain.catalog import FREE, Catalog, Incentive, Interval, Plan
from chalicelib.domain.money import Money
from chalicelib.domain.periods import MONTHS

WHOLE = 100  # percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A plan, how often it is paid, and the price of that. An incentive comes off the first payments of a month."""

    plan: Plan
    interval: Interval
    price: Money
    incentive: Incentive | None = None

    def price_of(self, months: int) -> Fraction:
        """
        Add up the price of the first *months*, in minor units; a year's counts by the twelfth.

        What the incentive takes off a payment is rounded to whole minor units, half a unit up, as Stripe does.
        """
        amount = self.price.amount_minor
        if self.interval is Interval.YEAR:
            return Fraction(amount * months, MONTHS)
        if self.incentive is None:
            return Fraction(amount * months)
        off = (amount * self.incentive.percent_off + WHOLE // 2) // WHOLE
        return Fraction(amount * months - off * min(months, self.incentive.first_payments))


def option_of(catalog: Catalog, plan_id: str, interval: Interval, price: Money) -> Option:
    """
    Describe what a wallet is on. *price* is what is paid for it: an old price, or nothing where an admin set the plan.

    A plan that is offered no more has Free's terms and is called by its id.
    """
    withdrawn = plan_id not in catalog.plans
    plan = replace(catalog.plans[FREE], plan_id=plan_id, name=plan_id) if withdrawn else catalog.plans[plan_id]
    return Option(plan=plan, interval=interval, price=price)


def options_beside(catalog: Catalog, current: Option, *, first_time: bool) -> Iterator[Option]:
    """List all other options, in the catalogue's order. *first_time*: the wallet never had a plan that is paid for."""
    for plan in catalog.plans.values():
        for interval, price in plan.prices.items():
            if (plan.plan_id, interval) != (current.plan.plan_id, current.interval):
                incentive = incentive_for(catalog, current, plan, interval, first_time=first_time)
                yield Option(plan=plan, interval=interval, price=price, incentive=incentive)


def incentive_for(
    catalog: Catalog, current: Option, plan: Plan, interval: Interval, *, first_time: bool
) -> Incentive | None:
    """Say what comes off the first payments of *plan*: it must be another plan, cost something, and be paid monthly."""
    price = plan.prices.get(interval)
    is_new = first_time and plan.plan_id != current.plan.plan_id
    return catalog.incentive if is_new and interval is Interval.MONTH and price and price.amount_minor else None
