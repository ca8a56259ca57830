"""Answers about holds: credits set aside now, taken or given back later."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from chalicelib.api.shapes.parts import Credits, Draw, Quantity, Seq, Time


class OpenHold(TypedDict):
    """Credits set aside until `lapses_at`; for a use it says of what and how much."""

    hold_id: str
    credits: Credits
    lapses_at: Time
    meter: NotRequired[str]
    quantity: NotRequired[Quantity]


class Hold(OpenHold):
    """A hold that was placed: from which lots, and what is left to spend."""

    entry_id: str
    seq: Seq
    draws: list[Draw]
    available: Credits
    from_quota: NotRequired[Quantity]


class Release(TypedDict):
    """A hold that is closed: what went back, and what could not because its lot had ended."""

    hold_id: str
    entry_id: str
    seq: Seq
    released: Credits
    expired: Credits
    available: Credits


class CapturedUse(TypedDict):
    """One of the uses that a lease was spent on."""

    meter: str
    quantity: Quantity
    from_quota: Quantity
    credits: Credits


class Capture(Release):
    """What was taken, of the hold and beyond it, and what went back."""

    credits: Credits
    draws: list[Draw]
    meter: NotRequired[str]
    quantity: NotRequired[Quantity]
    from_quota: NotRequired[Quantity]
    uses: NotRequired[list[CapturedUse]]
