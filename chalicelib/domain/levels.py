"""How full a quota is, and what to do about it, in words that a person understands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from chalicelib.domain.catalog import Catalog, Meter, MeterKind, Plan, Terms
from chalicelib.domain.lots import Lot
from chalicelib.domain.offers import cheapest_plan
from chalicelib.domain.plans import CaughtUp
from chalicelib.domain.wallet import MeterState

WHOLE = 100  # percent
Ahead = Mapping[str, datetime]
NOTHING_AHEAD: Ahead = MappingProxyType({})


class Level(StrEnum):
    """How near a quota's end is."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    EXCEEDED = "exceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    A meter against its quota. `used` is the period's use, or a gauge's level; `priced` what is charged: the use, or
    the gauge's peak. `quota`, `remaining` and `percent` are None where it is unlimited.
    """

    meter: str
    name: str
    kind: MeterKind
    used: int
    terms: Terms
    priced: int
    level: Level

    @property
    def quota(self) -> int | None:
        return self.terms.quota

    @property
    def remaining(self) -> int | None:
        return None if self.quota is None else max(0, self.quota - self.used)

    @property
    def percent(self) -> int | None:
        """Rounded down; None without a quota to compare with."""
        return WHOLE * self.used // self.quota if self.quota else None

    @property
    def overage_credits(self) -> int:
        return self.terms.cost(self.priced)


def read(meter: Meter, *, used: int, priced: int, terms: Terms, thresholds: tuple[int, ...]) -> Reading:
    """Hold a use against its quota."""
    return Reading(
        meter=meter.meter,
        name=meter.name,
        kind=meter.kind,
        used=used,
        terms=terms,
        priced=priced,
        level=level_of(used, terms.quota, thresholds),
    )


def level_of(used: int, quota: int | None, thresholds: tuple[int, ...]) -> Level:
    """
    Say how near the end is: the last threshold reached means *exceeded*, the one before *critical*, others *warning*.

    A threshold is reached at its exact value. Without a quota, or with an unlimited one, all is well.
    """
    if not quota:
        return Level.OK
    reached = sum(WHOLE * used >= threshold * quota for threshold in thresholds)
    ahead = len(thresholds) - reached
    if not reached:
        return Level.OK
    return {0: Level.EXCEEDED, 1: Level.CRITICAL}.get(ahead, Level.WARNING)


def read_all(current: CaughtUp, catalog: Catalog) -> list[Reading]:
    """Hold every meter of the catalogue against the wallet's plan."""
    plan = catalog.plan_or_free(current.plan.plan_id)
    readings = []
    for meter in catalog.meters.values():
        state = current.wallet.meters.get(meter.meter, MeterState(0))
        priced = state.used if meter.kind is MeterKind.COUNTER else state.peak or 0
        terms = plan.terms(meter.meter)
        readings.append(read(meter, used=state.used, priced=priced, terms=terms, thresholds=catalog.thresholds))
    return readings


CautionCode = Literal[
    "quota_warning", "quota_critical", "quota_exceeded", "quota_ahead", "low_balance", "debt", "expiring"
]
QUOTA_CODES: dict[Level, CautionCode] = {
    Level.WARNING: "quota_warning",
    Level.CRITICAL: "quota_critical",
    Level.EXCEEDED: "quota_exceeded",
}
ActionName = Literal["upgrade", "buy_credits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something the customer should know."""

    code: CautionCode
    message: str
    meter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something the customer can do about it."""

    action: ActionName
    message: str
    plan_id: str | None = None
    package_id: str | None = None


def warnings(
    readings: list[Reading], current: CaughtUp, catalog: Catalog, now: datetime, *, ahead: Ahead = NOTHING_AHEAD
) -> Iterator[Caution]:
    """
    Say which quotas are nearly or quite used up, whether the balance is low or owed, and what ends soon.

    *ahead* says by meter when a quota is likely used up, if that is before the period's end.
    """
    end = current.plan.period.end
    for reading in readings:
        if reading.level is not Level.OK:
            message = _quota_message(reading, end)
            yield Caution(code=QUOTA_CODES[reading.level], meter=reading.meter, message=message)
        elif reading.meter in ahead:
            message = (
                f"At your pace, the {reading.quota:,} {reading.name.lower()} in your plan are used up "
                f"on {ahead[reading.meter]:%-d %B}; they are for the time until {end:%-d %B}."
            )
            yield Caution(code="quota_ahead", meter=reading.meter, message=message)
    line = catalog.low_balance.line(current.wallet.last_purchase)
    if current.wallet.is_below(line, now):
        available = current.wallet.available(now)
        yield Caution(code="low_balance", message=f"{available:,} credits are left. That is less than {line:,}.")
    if debt := current.wallet.debt:
        yield Caution(code="debt", message=f"You owe {debt:,} credits. What you buy next pays them first.")
    if ending := ending_next(current.wallet.lots, now):
        credits, at = ending
        if at - now <= timedelta(days=catalog.notice_days[0]):
            verb = "credit ends" if credits == 1 else "credits end"
            yield Caution(code="expiring", message=f"{credits:,} {verb} on {at:%-d %B %Y} if you don't use them.")


def ending_next(lots: Iterable[Lot], now: datetime) -> tuple[int, datetime] | None:
    """Say how many free credits end next, and when; None: none of them ever does."""
    ends = [(lot.end_in_sight(now), lot.free) for lot in lots if lot.is_spendable(now)]
    soonest = min((end for end, _ in ends if end), default=None)
    return (sum(free for end, free in ends if end == soonest), soonest) if soonest else None


def _quota_message(reading: Reading, end: datetime) -> str:
    quota, name, until = reading.quota or 0, reading.name.lower(), f"{end:%-d %B}"
    if reading.level is not Level.EXCEEDED:
        left = f"{reading.remaining:,} {'is' if reading.remaining == 1 else 'are'} left"
        return f"You have used {reading.percent}% of the {quota:,} {name} in your plan; {left} until {until}."
    used_up = f"You have used {reading.used:,} of the {quota:,} {name} in your plan"
    rate = reading.terms.rate
    if rate is None:
        return f"{used_up}. More needs another plan, or waits until {until}."
    credits = f"{rate.credits:,} credit{'s' if rate.credits > 1 else ''}"
    price = f"{credits} each" if rate.per == 1 else f"{credits} for every {rate.per:,}"
    return f"{used_up}. Until {until}, more costs {price}."


def actions(
    readings: list[Reading], current: CaughtUp, catalog: Catalog, now: datetime, *, ahead: Ahead = NOTHING_AHEAD
) -> Iterator[Action]:
    """
    Say what helps: a plan that includes more of what is running out, and credits where credits pay for it.

    What is *ahead* counts as running out; see `warnings`.
    """
    tight = [reading for reading in readings if reading.level is not Level.OK or reading.meter in ahead]
    line = catalog.low_balance.line(current.wallet.last_purchase)
    paying = any(reading.terms.rate for reading in tight)
    if paying or current.wallet.is_below(line, now):
        package = min(catalog.packages.values(), key=lambda each: each.price.amount_minor)
        message = "Buy credits, and go on over the limit without changing your plan."
        yield Action(action="buy_credits", package_id=package.package_id, message=message)
    fullest = max(tight, key=lambda reading: reading.percent or 0, default=None)
    if fullest is None:
        return
    plan = _roomier_plan(catalog, current.plan.plan_id, fullest)
    if plan:
        yield Action(action="upgrade", plan_id=plan.plan_id, message=_upgrade_message(plan, fullest))


def _roomier_plan(catalog: Catalog, plan_id: str, reading: Reading) -> Plan | None:
    """The cheapest plan in which what is used now, and what was included so far, leaves room."""
    return cheapest_plan(catalog, plan_id, reading.meter, max(reading.used, reading.quota or 0) + 1)


def _upgrade_message(plan: Plan, reading: Reading) -> str:
    quota = plan.terms(reading.meter).quota
    amount = "unlimited" if quota is None else f"{quota:,}"
    return f"{plan.name} includes {amount} {reading.name.lower()} a month."
