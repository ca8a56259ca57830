"""Advice: what is read for it, in few round trips, and which option the wallet is on today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain.advice import Recommendation, recommend
from chalicelib.domain.catalog import Catalog, Interval, Plan
from chalicelib.domain.comparison import Comparison, compare
from chalicelib.domain.money import Money
from chalicelib.domain.options import Option, option_of
from chalicelib.domain.plans import ADMIN, CaughtUp, catch_up
from chalicelib.domain.spans import Month, Used, days_of, finished_months, used_in
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.wallet import Wallet, gauge_levels
from chalicelib.services.ports import Store


@dataclass(frozen=True, slots=True)
class Adviser:
    """What advice needs."""

    store: Store
    catalog: Catalog


def recommendation(adviser: Adviser, wallet_id: str, now: datetime) -> tuple[Option, Recommendation]:
    """
    Recommend the option that would have been cheapest for the wallet's last finished months, beside today's.

    Five round trips at most, and no more than about 125 small items, whatever the wallet's age.
    """
    wallet, row = adviser.store.wallet_and_subscription(wallet_id)
    current = catch_up(wallet, adviser.catalog, wallet.time_of_decision(now))
    option = _today(current, row, adviser.catalog)
    months = _months(adviser, wallet, current, now)
    return option, recommend(adviser.catalog, months, option, first_time=not row.has_paid)


def comparison(adviser: Adviser, wallet_id: str, to: Plan, now: datetime) -> Comparison:
    """Put a plan beside the wallet's, with what it used in the period that runs."""
    wallet, row = adviser.store.wallet_and_subscription(wallet_id)
    current = catch_up(wallet, adviser.catalog, wallet.time_of_decision(now))
    used = {name: state.used for name, state in current.wallet.meters.items()}
    option = _today(current, row, adviser.catalog)
    return compare(adviser.catalog, option, to, used=used, first_time=not row.has_paid)


def _today(current: CaughtUp, row: Subscription, catalog: Catalog) -> Option:
    """Say what the wallet is on: what it pays for, what an admin set and nobody pays, or Free."""
    if row.running and current.plan.set_by != ADMIN:
        return option_of(catalog, row.running.plan_id, row.running.interval, row.running.price)
    price = catalog.plan_or_free(current.plan.plan_id).prices.get(Interval.MONTH)
    return option_of(
        catalog, current.plan.plan_id, Interval.MONTH, Money(0, price.currency if price else _any(catalog))
    )


def _any(catalog: Catalog) -> str:
    return next(iter(catalog.packages.values())).price.currency


def _months(adviser: Adviser, wallet: Wallet, current: CaughtUp, now: datetime) -> tuple[Month, ...]:
    first = adviser.store.entry(wallet.wallet_id, 1, consistent=False) if wallet.seq else None
    if first is None:
        return ()
    months = finished_months(current.plan.anchor, now, first_day=first.at.date())
    if not months:
        return ()
    begins, ends = days_of(months)
    days = _standing(adviser.store, wallet, begins)
    days += [(each.date, each.meters) for each in adviser.store.days(wallet.wallet_id, begins, ends)]
    if wallet.today and begins <= wallet.today.date <= ends:
        days.append((wallet.today.date, wallet.today.meters))
    return used_in(months, days, adviser.catalog)


def _standing(store: Store, wallet: Wallet, begins: date) -> list[tuple[date, Used]]:
    """Say at which levels gauges stood when the first month began: as the last day before it left them."""
    if not gauge_levels(wallet.meters):
        return []
    last = store.last_closed_day(wallet.wallet_id, begins - timedelta(days=1))
    return [(last.day.date, last.day.meters)] if last else []
