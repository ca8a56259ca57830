"""What Stripe sells for us, in its own words: as the catalogue wants it, as it is found there, and what is between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from chalicelib.domain.catalog import Catalog, Incentive, Package, Plan
from chalicelib.domain.money import Money
from chalicelib.payments import offered

Kind = Literal["product", "price", "coupon"]
NAME: Mapping[Kind, str] = MappingProxyType({"product": "id", "price": "lookup_key", "coupon": "id"})
FIXED: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        "product": (),
        "price": ("product", "unit_amount", "currency", "recurring"),
        "coupon": ("percent_off", "duration", "duration_in_months"),
    }
)
FREE: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {"product": ("name", "active", "metadata"), "price": ("active", "metadata"), "coupon": ("name",)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """
    A product, a price or a coupon.

    `name` is the one that we know it by; `fixed` is what nobody can edit, `free` what anybody can; `id` is Stripe's.
    Of metadata there is no more than our tags.
    """

    kind: Kind
    name: str | None
    fixed: Mapping[str, Any]
    free: Mapping[str, Any]
    id: str = ""

    @property
    def is_tagged(self) -> bool:
        return bool(self.free.get("metadata"))

    @property
    def asked(self) -> dict[str, Any]:
        """What makes it."""
        whole = {NAME[self.kind]: self.name, **self.fixed, **self.free}
        return {name: value for name, value in whole.items() if value is not None}

    @property
    def label(self) -> str:
        """What people know it by."""
        if self.kind != "price":
            return str(self.free["name"])
        money = Money(self.fixed["unit_amount"] or 0, self.fixed["currency"])
        return f"{Decimal(money.amount_minor).scaleb(-money.exponent)} {money.currency.upper()}"


class Clash(Exception):
    """Something at Stripe bears a name of ours but isn't ours to change. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One write. It changes what has the id `changes`, or makes something, under the idempotency key `once` if any."""

    line: str
    kind: Kind
    asked: Mapping[str, Any]
    changes: str = ""
    once: str = ""


def wanted(catalog: Catalog) -> Iterator[Thing]:
    """Say what Stripe should have: products before their prices, then the incentive."""
    for package in catalog.packages.values():
        yield from _of_package(package)
    for each in catalog.plans.values():
        yield from _of_plan(each)
    if catalog.incentive:
        yield _coupon(catalog.incentive)


def _of_package(package: Package) -> Iterator[Thing]:
    product, tags = offered.package_product(package.package_id), offered.package_tags(package.package_id)
    yield _product(product, package.name, tags)
    yield _price(offered.package_key(package.package_id), product, package.price, tags)


def _of_plan(plan: Plan) -> Iterator[Thing]:
    product = offered.plan_product(plan.plan_id)
    paid = {interval: price for interval, price in plan.prices.items() if price.amount_minor > 0}
    if paid:
        yield _product(product, plan.name, offered.plan_tags(plan.plan_id))
    for interval, price in paid.items():
        key, tags = offered.plan_key(plan.plan_id, interval), offered.plan_tags(plan.plan_id, interval)
        yield _price(key, product, price, tags, every={"interval": str(interval), "interval_count": 1})


def _product(name: str, title: str, tags: Mapping[str, str]) -> Thing:
    return Thing(kind="product", name=name, fixed={}, free={"name": title, "active": True, "metadata": tags})


def _price(
    key: str, product: str, price: Money, tags: Mapping[str, str], *, every: Mapping[str, Any] | None = None
) -> Thing:
    fixed = {"product": product, "unit_amount": price.amount_minor, "currency": price.currency, "recurring": every}
    return Thing(kind="price", name=key, fixed=fixed, free={"active": True, "metadata": tags})


def _coupon(incentive: Incentive) -> Thing:
    months = incentive.first_payments if incentive.first_payments > 1 else None
    duration = "repeating" if months else "once"
    fixed = {"percent_off": incentive.percent_off, "duration": duration, "duration_in_months": months}
    return Thing(kind="coupon", name=offered.coupon_id(incentive), fixed=fixed, free={"name": incentive.name})


def found(kind: Kind, told: Mapping[str, Any]) -> Thing:
    """Read what Stripe tells of a thing."""
    tags = {name: value for name, value in (told.get("metadata") or {}).items() if name in offered.TAGS}
    every = told.get("recurring") and {name: told["recurring"][name] for name in ("interval", "interval_count")}
    plain = {**told, "metadata": tags, "recurring": every}
    return Thing(
        kind=kind,
        name=told[NAME[kind]],
        fixed={name: plain[name] for name in FIXED[kind]},
        free={name: plain[name] for name in FREE[kind]},
        id=told["id"],
    )


def plan(offer: Sequence[Thing], there: Sequence[Thing]) -> list[Step]:
    """
    Decide what to write so that what is *there* becomes the *offer*; nothing that isn't tagged as ours is written to.

    Raises:
        Clash: A name of ours is taken.
    """
    names = {(each.kind, each.name): each for each in there}
    steps = [_step(each, names.get((each.kind, each.name))) for each in offer]
    in_force = {each.name: each.fixed for each in offer if each.kind == "price"}
    retired = [
        _retirement(each)
        for each in there
        if each.kind == "price" and each.is_tagged and each.free["active"] and in_force.get(each.name) != each.fixed
    ]
    return [*filter(None, steps), *retired]


def _step(each: Thing, there: Thing | None) -> Step | None:
    what = f"{each.kind} {each.name}"
    if there is None:
        return Step(line=f"create {what}  {each.label}", kind=each.kind, asked=each.asked)
    is_other = there.fixed != each.fixed
    if each.kind != "coupon" and not there.is_tagged:
        raise Clash(f"{what} is at Stripe without our tags, so it is left alone ({there.id}, {there.label})")
    if each.kind == "coupon" and is_other:
        raise Clash(f"{what} is at Stripe, but takes off something else than its name says")
    if is_other:
        once = f"tally-{each.name}-{each.fixed['unit_amount']}-{each.fixed['currency']}-after-{there.id}"
        asked = each.asked | {"transfer_lookup_key": True}
        return Step(line=f"replace {what} {there.label} -> {each.label}", kind=each.kind, asked=asked, once=once)
    return _correction(each, there) if there.free != each.free else None


def _correction(each: Thing, there: Thing) -> Step:
    verb = "update" if there.free.get("active", True) else "activate"
    label = each.label if each.label == there.label else f"{there.label} -> {each.label}"
    asked = dict(each.free)
    if there.is_tagged:
        asked["metadata"] = dict.fromkeys(there.free["metadata"], "") | each.free["metadata"]  # what is empty goes
    return Step(line=f"{verb} {each.kind} {each.name}  {label}", kind=each.kind, asked=asked, changes=there.id)


def _retirement(price: Thing) -> Step:
    line = f"deactivate price {price.id}  {price.label} of {price.fixed['product']}"
    return Step(line=line, kind="price", asked={"active": False}, changes=price.id)
