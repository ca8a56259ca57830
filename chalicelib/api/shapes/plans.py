"""Answers about plans: what there is, two side by side, and which would have been the cheapest."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from chalicelib.api.shapes.parts import Credits, Interval, Money, PackageOffer, Percent, Quantity, Rate, Time
from chalicelib.api.shapes.usage import MeterDefinition

RowKind = Literal["quota", "rate", "included_credits", "rollover_cap", "price"]
Holds = Literal["from", "up_to", "within"]


class Prices(TypedDict):
    """What a plan costs; null: not sold so."""

    month: Money | None
    year: Money | None


class Plan(TypedDict):
    """A price, and a quota of each meter a month: null is unlimited, a meter that is missing is not in the plan."""

    plan_id: str
    name: str
    self_service: bool
    prices: Prices
    quotas: dict[str, Quantity | None]
    rates: dict[str, Rate]
    included_credits: Credits
    rollover_cap: Credits
    year_saves_percent: Annotated[int, msgspec.Meta(description="Percent, rounded down.")] | None


class Incentive(TypedDict):
    """What is taken off a new plan's first payments."""

    name: str
    percent_off: Percent
    first_payments: Annotated[int, msgspec.Meta(ge=1)]


class PlanList(TypedDict):
    """All plans; `thresholds` are the percents of a quota at which a customer is warned."""

    meters: list[MeterDefinition]
    plans: list[Plan]
    incentive: Incentive | None
    thresholds: list[Percent]


class MoneyOrRate(TypedDict, total=False):
    """Money in a row of prices, a rate in a row of rates."""

    amount_minor: int
    currency: str
    exponent: int
    credits: Credits
    per: int


Cell = int | MoneyOrRate | None
_Sides = TypedDict("_Sides", {"from": Cell, "to": Cell})
_Plans = TypedDict("_Plans", {"from": Plan, "to": Plan})
_Span = TypedDict("_Span", {"from": Time | None, "to": Time | None})


class ComparisonRow(_Sides):
    """
    What two plans say of one thing. Null is unlimited for a quota, and not to be had for a rate or a price.

    `used` stands beside a quota: what the wallet used of it in this period.
    """

    row: str
    kind: RowKind
    name: str
    used: NotRequired[Quantity]


class Comparison(_Plans):
    """The wallet's plan beside another; the difference is null where the other isn't sold at the present interval."""

    rows: list[ComparisonRow]
    price_difference: Money | None
    incentive: Incentive | None


class CurrentOption(TypedDict):
    """What the wallet is on, and what that cost a month; null: nothing could be compared."""

    plan_id: str
    interval: Interval
    cost: Money | None


class AdvisedOption(TypedDict):
    """What a plan and the packages it needs would have cost a month, and what that saves; below 0: it costs more."""

    plan_id: str
    name: str
    interval: Interval
    self_service: bool
    price: Money
    packages: list[PackageOffer]
    cost: Money
    saves: Money | None
    incentive: Incentive | None


class BreakEven(TypedDict):
    """From which use of a meter on, up to which, or between which the recommended option is no dearer."""

    meter: str
    quantity: Quantity
    holds: Holds
    least: Quantity
    most: Quantity | None


class BasedOn(_Span):
    """The finished months that were looked at."""

    periods: Annotated[int, msgspec.Meta(ge=0)]


class Recommendation(TypedDict):
    """The option that would have been the cheapest for the last months; null: `message` says why there is none."""

    wallet_id: str
    current: CurrentOption
    options: list[AdvisedOption]
    recommended: AdvisedOption | None
    break_even: BreakEven | None
    based_on: BasedOn
    not_counted: list[str]
    message: str
