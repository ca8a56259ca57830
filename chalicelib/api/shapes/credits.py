"""Answers about credits: what is on offer, buying, what a wallet holds, and moving it to another."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from chalicelib.api.shapes.holds import OpenHold
from chalicelib.api.shapes.parts import (
    Credits,
    Draw,
    Money,
    Percent,
    RunsOut,
    Seq,
    SuggestedAction,
    Time,
    Url,
    UsageWarning,
)

Source = Literal["purchase", "promo", "plan", "adjustment"]
PurchaseStatus = Literal["pending", "awaiting_payment", "paid", "failed", "expired", "review"]
Days = Annotated[int, msgspec.Meta(ge=1, description="Days.")]
Minor = Annotated[int, msgspec.Meta(ge=0, description="Money in the minor units of the purchase's currency.")]


class Package(TypedDict):
    """So many credits for so much money."""

    package_id: str
    name: str
    credits: Credits
    bonus_credits: Credits
    price: Money
    expires_after_days: Days | None
    saves_percent: Percent


class PackageList(TypedDict):
    """What can be bought."""

    packages: list[Package]


class PurchaseBegun(TypedDict):
    """A purchase as it was when it began, with the page on which it is paid."""

    purchase_id: str
    status: Literal["pending"]
    package_id: str
    quantity: Annotated[int, msgspec.Meta(ge=1, le=100)]
    credits: Credits
    bonus_credits: Credits
    price: Money
    checkout_session_id: str
    checkout_url: Url
    expires_at: Time


class Purchase(TypedDict):
    """A purchase as it stands."""

    purchase_id: str
    wallet_id: str
    status: PurchaseStatus
    package_id: str
    quantity: Annotated[int, msgspec.Meta(ge=1, le=100)]
    credits: Credits
    bonus_credits: Credits
    price: Money
    created_at: Time
    checkout_session_id: str | None
    expires_at: Time | None
    paid_at: Time | None
    lot_id: str | None
    refunded_minor: Minor
    disputed: bool
    revoked_credits: Credits
    receipt_url: Url | None
    invoice_url: Url | None


class Origin(TypedDict):
    """The lot from which a transferred lot first came."""

    wallet_id: str
    lot_id: str


class Lot(TypedDict):
    """Credits granted together: `remaining` includes what is held and set aside of them."""

    lot_id: str
    source: Source
    granted: Credits
    remaining: Credits
    held: Credits
    set_aside: Credits
    priority: int
    granted_at: Time
    expires_at: Time | None
    purchase_id: str | None
    origin: NotRequired[Origin]


class ExpiringCredits(TypedDict):
    """How many free credits end next, and when."""

    credits: Credits
    at: Time


class Balance(TypedDict):
    """What a wallet holds at `as_of`; its lots are in the order in which they pay."""

    wallet_id: str
    available: Credits
    held: Credits
    set_aside: Credits
    debt: Credits
    seq: Seq
    as_of: Time
    frozen: bool
    holds: list[OpenHold]
    lots: list[Lot]
    expiring_next: ExpiringCredits | None
    runs_out: RunsOut | None
    low: bool
    low_below: Credits
    warnings: list[UsageWarning]
    actions: list[SuggestedAction]


class Transfer(TypedDict):
    """Credits moved to another wallet: from which lots, and what is left to spend."""

    entry_id: str
    seq: Seq
    to_wallet_id: str
    to_entry_id: str
    credits: Credits
    lots: list[Draw]
    available: Credits
