"""How use, quotas and plans look as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.api.views import action, money, offers, runs_out, warning
from chalicelib.domain import levels
from chalicelib.domain.catalog import Catalog, Incentive, Interval, Meter, MeterKind, Plan, Rate, Terms
from chalicelib.domain.forecast import RunsOut, quota_runs_out
from chalicelib.domain.ledger import Entry, as_text
from chalicelib.domain.levels import Reading
from chalicelib.domain.plans import catch_up
from chalicelib.domain.quotes import Quote
from chalicelib.domain.wallet import PACE_DAYS, Wallet, gauge_levels, pace_at
from chalicelib.services.ports import ChartedDay
from chalicelib.services.using import draws_of_use, use_facts

if TYPE_CHECKING:
    from chalicelib.api import shapes

RATE_DIGITS = 4
LOOKED_AT = PACE_DAYS + 1  # days that the forecast of a quota looks at, today among them


def meter_of(reading: Reading) -> shapes.usage.Meter:
    return {
        "meter": reading.meter,
        "name": reading.name,
        "kind": reading.kind.value,
        "used": reading.used,
        "quota": reading.quota,
        "remaining": reading.remaining,
        "percent": reading.percent,
        "level": reading.level.value,
        "overage_credits": reading.overage_credits,
    }


def recorded(entry: Entry, nth: int, catalog: Catalog) -> shapes.usage.UsageRecorded:
    """Show what a use took, from its entry alone: the repeat of the command shows the same."""
    facts = use_facts(entry, nth)
    rate, gauge = facts["rate"], "set" in facts
    kind = MeterKind.GAUGE if gauge else MeterKind.COUNTER
    meter = catalog.meters.get(facts["meter"]) or Meter(meter=facts["meter"], name=facts["meter"], kind=kind)
    used = facts["set"] if gauge else facts["used_before"] + facts["quantity"]
    reading = levels.read(
        meter,
        used=used,
        priced=max(facts["peak_before"], used) if gauge else used,
        terms=Terms(quota=facts["quota"], rate=Rate(**rate) if rate else None),
        thresholds=catalog.thresholds,
    )
    return {
        "entry_id": entry.entry_id,
        "seq": entry.seq,
        "from_quota": facts["from_quota"],
        "credits": -facts["credits"],
        "draws": [{"lot_id": str(draw.lot_id), "credits": draw.credits} for draw in draws_of_use(entry, nth)],
        "available": entry.facts["available_after"],
        "meter": meter_of(reading),
    }


def usage(wallet: Wallet, days: Sequence[ChartedDay], span: int, catalog: Catalog, now: datetime) -> shapes.usage.Usage:
    """
    Show plan, period, meters, credits, warnings, what to do, and the chart.

    *days* reach back as far as `LOOKED_AT` says, however short the chart's span is: the forecast is the same on each.
    """
    current = catch_up(wallet, catalog, wallet.time_of_decision(now))
    readings = levels.read_all(current, catalog)
    plan = catalog.plan_or_free(current.plan.plan_id)
    period = current.plan.period
    daily = chart(wallet, days, max(span, LOOKED_AT), catalog, now)
    known = len(pace_at(wallet, now.date())[0])

    def ahead(reading: Reading) -> RunsOut | None:
        if reading.kind is MeterKind.GAUGE or not reading.quota:
            return None
        *past, today = [day["meters"][reading.meter] for day in daily[-known - 1 :]]
        return quota_runs_out(
            past, used=reading.used, quota=reading.quota, now=now, period_end=period.end, used_today=today
        )

    found = {reading.meter: ahead(reading) for reading in readings}
    likely = {name: each.likely for name, each in found.items() if each and each.likely}
    return {
        "wallet_id": wallet.wallet_id,
        "plan": {"plan_id": plan.plan_id, "name": plan.name},
        "period": {"start": as_text(period.start), "end": as_text(period.end)},
        "meters": [{**meter_of(reading), "runs_out": runs_out(found[reading.meter])} for reading in readings],
        "credits": {"available": current.wallet.available(now), "spent_in_period": current.plan.spent},
        "warnings": [warning(each) for each in levels.warnings(readings, current, catalog, now, ahead=likely)],
        "actions": [action(each) for each in levels.actions(readings, current, catalog, now, ahead=likely)],
        "daily": daily[-span:],
        "as_of": as_text(now),
    }


def chart(
    wallet: Wallet, days: Sequence[ChartedDay], span: int, catalog: Catalog, now: datetime
) -> list[shapes.usage.UsageDay]:
    """Show every date of the span up to today, zeros included; a gauge's level stands until it is set again."""
    known = {day.date: day for day in days}
    if wallet.today:
        last = wallet.today
        known[last.date] = ChartedDay(date=last.date, meters=last.meters, credits=last.credits)
    gauges = [meter.meter for meter in catalog.meters.values() if meter.kind is MeterKind.GAUGE]
    first = next((known[day] for day in span_of(span, now) if day in known), None)
    standing = gauge_levels(wallet.meters)
    levels_ = {name: (first.meters if first else standing).get(name, 0) for name in gauges}
    shown: list[shapes.usage.UsageDay] = []
    for day in span_of(span, now):
        found = known.get(day)
        meters = {name: (found.meters.get(name, 0) if found else 0) for name in catalog.meters}
        levels_ = {name: (found.meters.get(name, level) if found else level) for name, level in levels_.items()}
        shown.append(
            {"date": day.isoformat(), "meters": {**meters, **levels_}, "credits": found.credits if found else 0}
        )
    return shown


def span_of(span: int, now: datetime) -> list[date]:
    """List the *span* dates that end with today."""
    return [now.date() - timedelta(days=span - 1 - number) for number in range(span)]


def predictions(
    wallet: Wallet, days: Sequence[ChartedDay], span: int, catalog: Catalog, now: datetime
) -> shapes.usage.PredictionUsage:
    """Show the customer dashboard's numbers: predictions, how many got feedback, API calls."""
    daily = chart(wallet, days, span, catalog, now)
    total = {
        name: sum(day["meters"].get(name, 0) for day in daily) for name in ("predictions", "feedback", "api_calls")
    }
    rate = round(min(1.0, total["feedback"] / total["predictions"]), RATE_DIGITS) if total["predictions"] else None
    return {
        "days": span,
        "predictions": {"total": total["predictions"], "with_feedback": total["feedback"]},
        "feedback_rate": rate,
        "api_calls": total["api_calls"],
        "daily": [
            {
                "date": day["date"],
                "predictions": day["meters"].get("predictions", 0),
                "with_feedback": day["meters"].get("feedback", 0),
                "api_calls": day["meters"].get("api_calls", 0),
            }
            for day in daily
        ],
    }


def plan_of(plan: Plan) -> shapes.plans.Plan:
    month, year = plan.prices.get(Interval.MONTH), plan.prices.get(Interval.YEAR)
    return {
        "plan_id": plan.plan_id,
        "name": plan.name,
        "self_service": plan.self_service,
        "prices": {"month": money(month) if month else None, "year": money(year) if year else None},
        "quotas": dict(plan.quotas),
        "rates": {name: {"credits": rate.credits, "per": rate.per} for name, rate in plan.rates.items()},
        "included_credits": plan.included_credits,
        "rollover_cap": plan.rollover_cap,
        "year_saves_percent": plan.year_saves_percent,
    }


def incentive(found: Incentive | None) -> shapes.plans.Incentive | None:
    """Show what is taken off a new plan's first payments."""
    if found is None:
        return None
    return {"name": found.name, "percent_off": found.percent_off, "first_payments": found.first_payments}


def plans(catalog: Catalog) -> shapes.plans.PlanList:
    return {
        "meters": [
            {"meter": meter.meter, "name": meter.name, "kind": meter.kind.value} for meter in catalog.meters.values()
        ],
        "plans": [plan_of(plan) for plan in catalog.plans.values()],
        "incentive": incentive(catalog.incentive),
        "thresholds": list(catalog.thresholds),
    }


def quote(given: Quote) -> shapes.usage.Quote:
    return {
        "quote_id": given.quote_id,
        "allowed": given.allowed,
        "from_quota": given.from_quota,
        "credits": given.credits,
        "draws": [{"lot_id": str(draw.lot_id), "credits": draw.credits} for draw in given.draws],
        "shortfall": given.shortfall,
        "offers": offers(given.offers) if given.offers else None,
        "valid_until": as_text(given.valid_until),
    }
