"""What past months would have cost on an option: the only place that prices them again. Exact, in minor units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from chalicelib.domain.catalog import Catalog, Package, Plan
from chalicelib.domain.money import Money
from chalicelib.domain.offers import cheapest_packages
from chalicelib.domain.options import Option
from chalicelib.domain.spans import Used


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """
    What an option would have cost for what was used in `months` months.

    `bought` is how many credits the plan didn't include in all of them together, `packages` the cheapest set that holds
    so many. `total` is the price of the plan and of the packages, in minor units.
    """

    option: Option
    months: int
    bought: int
    packages: tuple[tuple[Package, int], ...]
    total: Fraction

    @property
    def cost(self) -> Money:
        """A month's share of the total, rounded up: no option looks cheaper than it is."""
        return Money(ceil(self.total / self.months), self.option.price.currency)

    @property
    def left_over(self) -> int:
        """Credits that the packages hold and that were not needed."""
        return sum(package.total_credits * quantity for package, quantity in self.packages) - self.bought

    def saves(self, today: Replay) -> Money:
        """Say what a month costs less than on *today*'s option, rounded down; below 0 where it costs more."""
        return Money(floor((today.total - self.total) / self.months), self.option.price.currency)


def replay(option: Option, used: Sequence[Used], catalog: Catalog) -> Replay | None:
    """
    Price what was used in past months, oldest first. None: the plan and all packages together don't allow it.

    Included credits pay first, and roll over; the rest is bought for all months at once, for bought credits outlast
    a month.
    """
    needs = [credits_needed(option.plan, each, catalog.meters) for each in used]
    known = [need for need in needs if need is not None]
    if len(known) < len(needs):
        return None
    bought = to_buy(option.plan, known)
    packages = cheapest_packages(catalog, bought) if bought else ()
    if bought and not packages:
        return None
    total = option.price_of(len(needs)) + price_of(packages)
    return Replay(option=option, months=len(needs), bought=bought, packages=packages, total=total)


def credits_needed(plan: Plan, used: Used, meters: Iterable[str]) -> int | None:
    """Price a month's use in credits. None: something goes over its quota, and the plan has no rate to pay by."""
    needed = 0
    for meter in meters:
        terms, amount = plan.terms(meter), used.get(meter, 0)
        if terms.over(amount) and not terms.rate:
            return None
        needed += terms.cost(amount)
    return needed


def to_buy(plan: Plan, needs: Iterable[int]) -> int:
    """
    Count the credits that the included ones leave to be bought, for the *needs* of one month after the other.

    A month's included credits end with it; what is unspent, up to the plan's cap, is in the next month's.
    """
    bought = carried = 0
    for need in needs:
        included = plan.included_credits + carried
        bought += max(0, need - included)
        carried = min(plan.rollover_cap, max(0, included - need))
    return bought


def price_of(packages: Iterable[tuple[Package, int]]) -> int:
    """Add up what packages cost, in minor units."""
    return sum(package.price.amount_minor * quantity for package, quantity in packages)
