"""
Reads `catalog.toml`, strictly: what is missing, unknown or out of range stops the program and names the line.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

from chalicelib.domain.catalog import (
    FREE,
    MOST_OF_A_PACKAGE,
    Catalog,
    Incentive,
    Interval,
    Limits,
    LowBalance,
    Meter,
    MeterKind,
    Package,
    Plan,
    Rate,
)
from chalicelib.domain.limits import CHARGING
from chalicelib.domain.lots import NOTICE
from chalicelib.domain.money import Money
from chalicelib.domain.strict_toml import StrictReader, Table, WrongCatalog

WHOLE = 100  # percent
MOST_STEPS = 50_000  # that finding the cheapest packages may take
UNLIMITED = "unlimited"
CURRENCY = re.compile(r"[a-z]{3}")  # ISO 4217, in small letters as Stripe has it


def parse(text: str) -> Catalog:
    """
    Read a catalogue.

    Raises:
        WrongCatalog: It is no TOML, or a value is missing, unknown, or out of range.
    """
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise WrongCatalog(str(wrong)) from None
    reader = StrictReader(text)
    reader.only(
        whole,
        {
            "currency",
            "thresholds",
            "notice_days",
            "transfer_after_days",
            "low_balance",
            "incentive",
            "limits",
            "meters",
            "plans",
            "packages",
        },
        where="",
    )
    currency = reader.text(whole, "currency", where="")
    if not CURRENCY.fullmatch(currency):
        raise reader.wrong("", "currency", "three small letters are wanted, for example usd")
    meters = {name: _meter(reader, name, table) for name, table in reader.tables(whole, "meters")}
    plans = {name: _plan(reader, name, table, currency, set(meters)) for name, table in reader.tables(whole, "plans")}
    if FREE not in plans:
        raise reader.wrong("plans", "", f"one of them must be {FREE}")
    return Catalog(
        packages=_packages(reader, whole, currency),
        low_balance=_low_balance(reader, reader.table(whole, "low_balance")),
        meters=meters,
        plans=plans,
        thresholds=_thresholds(reader, whole),
        notice_days=_notice_days(reader, whole),
        transfer_after_days=reader.integer(whole, "transfer_after_days", where="", default=0),
        incentive=_incentive(reader, whole["incentive"]) if "incentive" in whole else None,
        limits=_limits(reader, whole["limits"]) if "limits" in whole else Limits(),
    )


def _thresholds(reader: StrictReader, whole: Table) -> tuple[int, ...]:
    found = whole.get("thresholds")
    if not isinstance(found, list) or found != sorted({each for each in found if _is_percent(each)}) or not found:
        raise reader.wrong("", "thresholds", "rising percentages from 1 to 100 are wanted")
    return tuple(found)


def _notice_days(reader: StrictReader, whole: Table) -> tuple[int, ...]:
    found = whole.get("notice_days", [30, NOTICE.days])
    whole_days = [each for each in found if type(each) is int] if isinstance(found, list) else []
    if not whole_days or found != sorted({*whole_days}, reverse=True) or whole_days[-1] < NOTICE.days:
        raise reader.wrong("", "notice_days", f"falling numbers of days are wanted, none under {NOTICE.days}")
    return tuple(whole_days)


def _is_percent(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= WHOLE


def _low_balance(reader: StrictReader, table: Table) -> LowBalance:
    where = "low_balance"
    reader.only(table, {"credits", "percent_of_last_purchase"}, where=where)
    return LowBalance(
        credits=reader.integer(table, "credits", where=where),
        percent_of_last_purchase=reader.integer(table, "percent_of_last_purchase", where=where, most=WHOLE),
    )


def _incentive(reader: StrictReader, table: Table) -> Incentive:
    where = "incentive"
    reader.only(table, {"name", "percent_off", "first_payments"}, where=where)
    return Incentive(
        name=reader.text(table, "name", where=where),
        percent_off=reader.integer(table, "percent_off", where=where, least=1, most=WHOLE),
        first_payments=reader.integer(table, "first_payments", where=where, least=1),
    )


def _limits(reader: StrictReader, table: Table) -> Limits:
    where = "limits"
    reader.only(table, {"commands_per_hour", "provider_attempts_per_hour"}, where=where)
    return Limits(
        commands_per_hour=reader.integer(table, "commands_per_hour", where=where, least=1),
        provider_attempts_per_hour=reader.integer(
            table,
            "provider_attempts_per_hour",
            where=where,
            least=CHARGING,
            default=Limits().provider_attempts_per_hour,
        ),
    )


def _meter(reader: StrictReader, meter: str, table: Table) -> Meter:
    where = reader.name(f"meters.{meter}", meter)
    reader.only(table, {"name", "kind"}, where=where)
    kind = reader.text(table, "kind", where=where)
    if kind not in set(MeterKind):
        raise reader.wrong(where, "kind", "counter or gauge is wanted")
    return Meter(meter=meter, name=reader.text(table, "name", where=where), kind=MeterKind(kind))


PLAN_NAMES = {
    "name",
    "self_service",
    "price_minor_month",
    "price_minor_year",
    "quotas",
    "rates",
    "included_credits",
    "rollover_cap",
}


def _plan(reader: StrictReader, plan_id: str, table: Table, currency: str, meters: set[str]) -> Plan:
    where = reader.name(f"plans.{plan_id}", plan_id)
    reader.only(table, PLAN_NAMES, where=where)
    prices = {
        interval: Money(reader.integer(table, f"price_minor_{interval}", where=where), currency)
        for interval in Interval
        if f"price_minor_{interval}" in table
    }
    if not isinstance(table.get("self_service"), bool):
        raise reader.wrong(where, "self_service", "true or false is wanted")
    quotas, rates = reader.table(table, "quotas", where), table.get("rates", {})
    reader.only(quotas, meters, where=f"{where}.quotas")
    reader.only(rates, meters, where=f"{where}.rates")
    return Plan(
        plan_id=plan_id,
        name=reader.text(table, "name", where=where),
        self_service=table["self_service"],
        prices=prices,
        quotas={meter: _quota(reader, quotas, meter, f"{where}.quotas") for meter in quotas},
        rates={meter: _rate(reader, rates, meter, f"{where}.rates") for meter in rates},
        included_credits=reader.integer(table, "included_credits", where=where, default=0),
        rollover_cap=reader.integer(table, "rollover_cap", where=where, default=0),
    )


def _quota(reader: StrictReader, quotas: Table, meter: str, where: str) -> int | None:
    return None if quotas[meter] == UNLIMITED else reader.integer(quotas, meter, where=where)


def _rate(reader: StrictReader, rates: Table, meter: str, where: str) -> Rate:
    rate = reader.table(rates, meter, where)
    reader.only(rate, {"credits", "per"}, where=f"{where}.{meter}")
    return Rate(
        credits=reader.integer(rate, "credits", where=f"{where}.{meter}", least=1),
        per=reader.integer(rate, "per", where=f"{where}.{meter}", least=1),
    )


def _packages(reader: StrictReader, whole: Table, currency: str) -> dict[str, Package]:
    packages = {name: _package(reader, name, table, currency) for name, table in reader.tables(whole, "packages")}
    dearest = max(packages.values(), key=lambda each: each.price.amount_minor / each.total_credits)
    found = {name: _with_saving(package, dearest) for name, package in packages.items()}
    steps = MOST_OF_A_PACKAGE * sum(each.total_credits for each in found.values())
    catalog = Catalog(packages=found, low_balance=LowBalance(credits=0, percent_of_last_purchase=0))
    if steps // catalog.credits_grid > MOST_STEPS:
        raise reader.wrong("packages", "", "their credits, bonus included, must be multiples of a rounder number")
    return found


def _package(reader: StrictReader, package_id: str, table: Table, currency: str) -> Package:
    where = reader.name(f"packages.{package_id}", package_id)
    reader.only(table, {"name", "credits", "bonus_credits", "price_minor", "expires_after_days"}, where=where)
    return Package(
        package_id=package_id,
        name=reader.text(table, "name", where=where),
        credits=reader.integer(table, "credits", where=where, least=1),
        bonus_credits=reader.integer(table, "bonus_credits", where=where, default=0),
        price=Money(reader.integer(table, "price_minor", where=where, least=1), currency),
        expires_after_days=reader.integer(table, "expires_after_days", where=where, least=1, default=0) or None,
    )


def _with_saving(package: Package, dearest: Package) -> Package:
    """Say how much less a credit costs than in the package that is dearest per credit, rounded down."""
    ours = package.price.amount_minor * dearest.total_credits
    theirs = dearest.price.amount_minor * package.total_credits
    return replace(package, saves_percent=100 * (theirs - ours) // theirs)
