"""Parts that many answers have: amounts, times, money, draws, offers."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from chalicelib.domain.levels import ActionName

Interval = Literal["month", "year"]

Credits = Annotated[int, msgspec.Meta(ge=0, description="Whole credits.")]
SignedCredits = Annotated[
    int, msgspec.Meta(description="Whole credits, signed by their effect on what can be spent: below 0 they went.")
]
Quantity = Annotated[int, msgspec.Meta(ge=0, description="Units of a meter.")]
Percent = Annotated[int, msgspec.Meta(ge=0, description="Percent, rounded down.")]
Seq = Annotated[int, msgspec.Meta(ge=0, description="The number of an entry in its wallet's ledger, from 1.")]
Time = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        description="RFC 3339 in UTC, with milliseconds.",
        extra_json_schema={"format": "date-time"},
    ),
]
Date = Annotated[
    str,
    msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$", description="A day in UTC.", extra_json_schema={"format": "date"}),
]
Month = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d$", description="A calendar month in UTC: 2026-11.")]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256, as hex.")]
Url = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uri"})]
Cursor = Annotated[str, msgspec.Meta(description="Send it as `cursor` to read on. Opaque.")]


class Money(TypedDict):
    """An amount of money: `amount_minor` in the currency's minor units, `exponent` digits of them behind the point."""

    amount_minor: int
    currency: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{3}$", description="ISO 4217, in lower case.")]
    exponent: Annotated[int, msgspec.Meta(ge=0, le=3)]


class Draw(TypedDict):
    """Credits taken from one lot."""

    lot_id: str
    credits: Credits


class SignedDraw(TypedDict):
    """What an entry did to one lot, signed by the effect on its free credits."""

    lot_id: str
    credits: SignedCredits


class Period(TypedDict):
    """From `start` until just before `end`."""

    start: Time
    end: Time


class Rate(TypedDict):
    """What goes over a quota costs so many credits for every so many units, rounded up over the period's total."""

    credits: Credits
    per: Annotated[int, msgspec.Meta(ge=1)]


class RunsOut(TypedDict):
    """When something is used up at the pace of the last weeks; null: not in sight."""

    earliest: Time | None
    likely: Time | None
    latest: Time | None


class UsageWarning(TypedDict):
    """Something the customer should know."""

    code: Literal["quota_warning", "quota_critical", "quota_exceeded", "quota_ahead", "low_balance", "debt", "expiring"]
    message: str
    meter: NotRequired[str]


class SuggestedAction(TypedDict):
    """Something the customer can do about it."""

    action: ActionName
    message: str
    plan_id: NotRequired[str]
    package_id: NotRequired[str]


class PackageOffer(TypedDict):
    """So many of a package: `credits` and `price` are of all of them, bonus included."""

    package_id: str
    quantity: Annotated[int, msgspec.Meta(ge=1, le=100)]
    credits: Credits
    price: Money


class PlanOffer(TypedDict):
    """A plan whose quota would be enough."""

    plan_id: str
    interval: Interval
    price: Money


class Offers(TypedDict):
    """What would have made it possible: the cheapest packages, together for `total`, or the cheapest plan."""

    packages: list[PackageOffer]
    total: Money | None
    plan: PlanOffer | None


class Health(TypedDict):
    """The service runs."""

    status: Literal["ok"]
    version: str
