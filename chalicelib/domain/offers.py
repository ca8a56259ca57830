"""The cheapest way out of a limit: the cheapest set of packages that covers a shortfall, and the cheapest plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from chalicelib.domain.catalog import MOST_OF_A_PACKAGE, Catalog, Interval, Package, Plan
from chalicelib.domain.money import Money


@dataclass(frozen=True, slots=True)
class Offers:
    """What would have made a refused use possible. No packages: credits can't help, or not so many are on offer."""

    packages: tuple[tuple[Package, int], ...]
    total: Money | None
    plan: Plan | None
    interval: Interval = Interval.MONTH


def offers_for(catalog: Catalog, plan_id: str, meter: str, priced: int, *, shortfall: int | None) -> Offers:
    """
    Find the cheapest packages for *shortfall* credits (None: credits don't help) and the cheapest plan that
    includes a use of *priced* in its quota.
    """
    packages = cheapest_packages(catalog, shortfall) if shortfall is not None else ()
    return _offers(packages, cheapest_plan(catalog, plan_id, meter, priced))


def packages_for(catalog: Catalog, shortfall: int) -> Offers:
    """Find the cheapest packages for *shortfall* credits, where no plan would help."""
    return _offers(cheapest_packages(catalog, shortfall), None)


def _offers(packages: tuple[tuple[Package, int], ...], plan: Plan | None) -> Offers:
    total = None
    for package, quantity in packages:
        price = package.price * quantity
        total = Money(price.amount_minor + (total.amount_minor if total else 0), price.currency)
    return Offers(packages, total, plan)


def cheapest_plan(catalog: Catalog, plan_id: str, meter: str, priced: int) -> Plan | None:
    """Find the plan with the lowest monthly price, other than the present one, whose quota includes *priced*."""
    including = [
        plan
        for plan in catalog.plans.values()
        if plan.plan_id != plan_id and Interval.MONTH in plan.prices and not plan.terms(meter).over(priced)
    ]
    return min(including, key=lambda plan: plan.prices[Interval.MONTH].amount_minor, default=None)


def cheapest_packages(catalog: Catalog, credits: int) -> tuple[tuple[Package, int], ...]:
    """
    Find the set of packages, at most 100 of each, that holds *credits* for the least money.

    Exact: dynamic programming over package × quantity. Of two sets for the same money the one with more credits.
    Nothing when even all of them hold less.
    """
    packages = tuple(catalog.packages.values())
    table = _table(tuple((each.total_credits, each.price.amount_minor) for each in packages), catalog.credits_grid)
    steps = -(-max(1, credits) // catalog.credits_grid)
    if steps >= len(table):
        return ()
    quantities = table[steps]
    return tuple((package, quantity) for package, quantity in zip(packages, quantities, strict=True) if quantity)


@cache
def _table(offered: tuple[tuple[int, int], ...], grid: int) -> tuple[tuple[int, ...], ...]:
    """
    For each multiple of *grid* the quantities of the cheapest set that holds at least so many credits.

    Each package is cut into lots of 1, 2, 4 … of it (binary splitting), so that a choice of lots is any quantity.
    """
    most = sum(MOST_OF_A_PACKAGE * credits // grid for credits, _ in offered)
    exact: list[tuple[int, tuple[int, ...]] | None] = [None] * (most + 1)
    exact[0] = (0, (0,) * len(offered))
    for place, (credits, price) in enumerate(offered):
        for quantity in _split(MOST_OF_A_PACKAGE):
            _offer_lot(exact, place, steps=quantity * credits // grid, quantity=quantity, price=quantity * price)
    best: tuple[int, tuple[int, ...]] | None = None
    covering: list[tuple[int, ...]] = [()] * (most + 1)
    for steps in range(most, -1, -1):
        here = exact[steps]
        if here and (best is None or here[0] < best[0]):
            best = here
        covering[steps] = best[1] if best else ()
    return tuple(covering)


def _offer_lot(
    exact: list[tuple[int, tuple[int, ...]] | None], place: int, *, steps: int, quantity: int, price: int
) -> None:
    for reached in range(len(exact) - 1, steps - 1, -1):
        before = exact[reached - steps]
        if before is None:
            continue
        here, cost = exact[reached], before[0] + price
        if here is None or cost < here[0]:
            chosen = before[1]
            exact[reached] = (cost, (*chosen[:place], chosen[place] + quantity, *chosen[place + 1 :]))


def _split(most: int) -> list[int]:
    """Cut *most* into parts of which every number up to it is a sum: 1, 2, 4 … and the rest."""
    parts, part = [], 1
    while most:
        taken = min(part, most)
        parts.append(taken)
        most, part = most - taken, part * 2
    return parts
