"""Two plans side by side, row by row, with the wallet's own use against each quota: the only place that does so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.catalog import Catalog, Incentive, Interval, Plan, Rate
from chalicelib.domain.money import Money
from chalicelib.domain.options import Option, incentive_for


class RowKind(StrEnum):
    """What a row compares, and so what its cells hold."""

    QUOTA = "quota"  # units a month; None: unlimited; 0: not in the plan
    RATE = "rate"  # a Rate; None: what goes over the quota can't be had
    INCLUDED_CREDITS = "included_credits"  # a month
    ROLLOVER_CAP = "rollover_cap"  # credits that a month takes over from the one before, at most
    PRICE = "price"  # Money; None: not sold at that interval


Cell = int | Rate | Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One line of a comparison; `row` names it as the catalogue's file does, as in `quotas.pull_requests`.

    `used` stands beside a quota: what the wallet used of the meter.
    """

    row: str
    kind: RowKind
    name: str
    current: Cell
    other: Cell
    used: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    The current plan beside another.

    `price_difference` is what the other costs more for the interval that is paid now; below 0: less; None: it is not
    sold at that interval, or in another currency.
    """

    current: Plan
    other: Plan
    rows: tuple[Row, ...]
    price_difference: Money | None
    incentive: Incentive | None


def compare(catalog: Catalog, current: Option, other: Plan, *, used: Mapping[str, int], first_time: bool) -> Comparison:
    """
    Put *other* beside the current plan. *used* is the use of each meter in the running period, a gauge's level.

    *first_time*: the wallet never had a plan that is paid for, so the incentive would apply.
    """
    return Comparison(
        current=current.plan,
        other=other,
        rows=tuple(_rows(catalog, current, other, used)),
        price_difference=_difference(current.price, other.prices.get(current.interval)),
        incentive=incentive_for(catalog, current, other, current.interval, first_time=first_time),
    )


def _rows(catalog: Catalog, current: Option, other: Plan, used: Mapping[str, int]) -> Iterator[Row]:
    plan = current.plan
    for name, meter in catalog.meters.items():
        here, there = plan.terms(name), other.terms(name)
        yield Row(
            row=f"quotas.{name}",
            kind=RowKind.QUOTA,
            name=meter.name,
            current=here.quota,
            other=there.quota,
            used=used.get(name, 0),
        )
        yield Row(
            row=f"rates.{name}",
            kind=RowKind.RATE,
            name=f"{meter.name} over the quota",
            current=here.rate,
            other=there.rate,
        )
    yield Row(
        row="included_credits",
        kind=RowKind.INCLUDED_CREDITS,
        name="Included credits",
        current=plan.included_credits,
        other=other.included_credits,
    )
    yield Row(
        row="rollover_cap",
        kind=RowKind.ROLLOVER_CAP,
        name="Credits that roll over",
        current=plan.rollover_cap,
        other=other.rollover_cap,
    )
    paid = {**plan.prices, current.interval: current.price}  # what is paid now may be an old price
    for interval in Interval:
        yield Row(
            row=f"prices.{interval}",
            kind=RowKind.PRICE,
            name=f"Price a {interval}",
            current=paid.get(interval),
            other=other.prices.get(interval),
        )


def _difference(current: Money, other: Money | None) -> Money | None:
    if other is None or other.currency != current.currency:
        return None
    return Money(other.amount_minor - current.amount_minor, other.currency)
