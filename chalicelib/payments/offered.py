"""The names under which what is on offer is known at Stripe: product ids, lookup keys of prices, tags, the coupon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.catalog import Incentive, Interval
from chalicelib.domain.strict_toml import ID

PLAN, INTERVAL, PACKAGE = "tally_plan", "tally_interval", "tally_package"
TAGS = frozenset({PLAN, INTERVAL, PACKAGE})  # in the metadata of products and prices: by them we know what is ours


def package_product(package_id: str) -> str:
    """Name the product that a package is at Stripe."""
    return f"tally_package_{package_id}"


def plan_product(plan_id: str) -> str:
    """Name the product that a plan is at Stripe."""
    return f"tally_plan_{plan_id}"


def package_key(package_id: str) -> str:
    """Name the price of a package: the lookup key of the one in force, whatever its id is by now."""
    return f"tally_package_{package_id}"


def plan_key(plan_id: str, interval: Interval) -> str:
    """Name the price of a plan that is paid every *interval*: the lookup key of the one in force."""
    return f"tally_plan_{plan_id}_{interval}"


def package_tags(package_id: str) -> dict[str, str]:
    """Tag a package's product, or a price of it."""
    return {PACKAGE: package_id}


def plan_tags(plan_id: str, interval: Interval | None = None) -> dict[str, str]:
    """Tag a plan's product, or with *interval* a price of it, so that it says what it is once its key has moved on."""
    return {PLAN: plan_id} | ({INTERVAL: str(interval)} if interval else {})


def read_plan(price: Mapping[str, Any]) -> tuple[str, Interval] | None:
    """
    Read which plan a price of Stripe's is for, and how often it is paid; it may be in force no more.

    None: it isn't tagged as ours, or it is paid otherwise than its tag says. The plan need not be on offer.
    """
    tags, recurring = price.get("metadata"), price.get("recurring")
    if not isinstance(tags, Mapping) or not isinstance(recurring, Mapping):
        return None
    plan_id, interval = tags.get(PLAN), tags.get(INTERVAL)
    if not isinstance(plan_id, str) or not ID.fullmatch(plan_id) or interval not in tuple(Interval):
        return None
    if (recurring.get("interval"), recurring.get("interval_count")) != (interval, 1):
        return None
    return plan_id, Interval(interval)


def coupon_id(incentive: Incentive) -> str:
    """Name the coupon of an incentive by its terms: Stripe lets nobody edit them, so other terms are another coupon."""
    payments = incentive.first_payments
    return f"tally_{incentive.percent_off}_off_{'once' if payments == 1 else f'{payments}_months'}"
