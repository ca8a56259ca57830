"""The offer: meters, plans with their quotas and rates, packages, thresholds. Frozen, and the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import gcd

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.money import Money

FREE = "free"
MOST_OF_A_PACKAGE = 100  # in one purchase, and in one offer


class MeterKind(StrEnum):
    """A counter is added to and begins anew each period; a gauge is set, and its level stands."""

    COUNTER = "counter"
    GAUGE = "gauge"


class Interval(StrEnum):
    """How often a plan is paid."""

    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is measured."""

    meter: str
    name: str
    kind: MeterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Overage costs `credits` per `per` units, rounded up over the period's total."""

    credits: int
    per: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a plan says of a meter: a quota per period (None: unlimited) and what goes over it costs."""

    quota: int | None
    rate: Rate | None

    def over(self, used: int) -> int:
        """Count the units of *used* that the quota doesn't include."""
        return 0 if self.quota is None else max(0, used - self.quota)

    def cost(self, used: int) -> int:
        """
        Price a period's total use in whole credits: `ceil(max(0, used - quota) × credits ÷ per)` (rule 18).

        Without a rate it is nothing: what can't be paid for is refused before it is priced.
        """
        if not self.rate:
            return 0
        return -(-self.over(used) * self.rate.credits // self.rate.per)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A price and a quota per meter. A meter that `quotas` lacks is not in the plan."""

    plan_id: str
    name: str
    self_service: bool
    prices: Mapping[Interval, Money]
    quotas: Mapping[str, int | None]
    rates: Mapping[str, Rate]
    included_credits: int = 0
    rollover_cap: int = 0

    def terms(self, meter: str) -> Terms:
        """Say what this plan says of a meter; of one that isn't in it: a quota of nothing."""
        return Terms(quota=self.quotas.get(meter, 0), rate=self.rates.get(meter))

    @property
    def year_saves_percent(self) -> int | None:
        """How much a yearly price saves against twelve monthly ones, rounded down; None where there aren't both."""
        month, year = self.prices.get(Interval.MONTH), self.prices.get(Interval.YEAR)
        if not month or not year or not month.amount_minor:
            return None
        twelve = 12 * month.amount_minor
        return 100 * (twelve - year.amount_minor) // twelve


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """So many credits for so much money. They end `expires_after_days` after they were granted, or never."""

    package_id: str
    name: str
    credits: int
    bonus_credits: int
    price: Money
    expires_after_days: int | None
    saves_percent: int = 0

    @property
    def total_credits(self) -> int:
        return self.credits + self.bonus_credits


@dataclass(frozen=True, slots=True, kw_only=True)
class LowBalance:
    """When a balance is low: below a number of credits, or below a share of the last purchase if that is more."""

    credits: int
    percent_of_last_purchase: int

    def line(self, last_purchase: int | None) -> int:
        return max(self.credits, (last_purchase or 0) * self.percent_of_last_purchase // 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incentive:
    """So much off the first payments of a plan."""

    name: str
    percent_off: int
    first_payments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one wallet may ask of us."""

    commands_per_hour: int = 300
    provider_attempts_per_hour: int = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything that is on offer."""

    packages: Mapping[str, Package]
    low_balance: LowBalance
    meters: Mapping[str, Meter] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    thresholds: tuple[int, ...] = (80, 90, 100)
    notice_days: tuple[int, ...] = (30, 7)
    transfer_after_days: int = 0
    incentive: Incentive | None = None
    limits: Limits = field(default_factory=Limits)

    def package(self, package_id: str) -> Package:
        """
        Find a package.

        Raises:
            InvalidRequest: There is none of that name.
        """
        if package_id not in self.packages:
            raise InvalidRequest("package_id", "no such package")
        return self.packages[package_id]

    def meter(self, meter: str) -> Meter:
        """
        Find a meter.

        Raises:
            InvalidRequest: There is none of that name.
        """
        if meter not in self.meters:
            raise InvalidRequest("meter", "no such meter")
        return self.meters[meter]

    def plan(self, plan_id: str) -> Plan:
        """
        Find a plan.

        Raises:
            InvalidRequest: There is none of that name.
        """
        if plan_id not in self.plans:
            raise InvalidRequest("plan_id", "no such plan")
        return self.plans[plan_id]

    def plan_or_free(self, plan_id: str) -> Plan:
        """Find the plan that a wallet is on; one that is offered no more counts as Free."""
        return self.plans.get(plan_id) or self.plans[FREE]

    @property
    def credits_grid(self) -> int:
        """The number of credits of which every package holds a whole multiple."""
        return gcd(*(each.total_credits for each in self.packages.values()))
