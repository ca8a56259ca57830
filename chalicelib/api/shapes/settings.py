"""Answers about what customers set: automatic top-up, and where messages go."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from chalicelib.api.shapes.parts import Credits, Money, Time, Url

TopUpStatus = Literal[
    "off", "charging", "suspended", "authentication_required", "capped", "backing_off", "waiting", "armed"
]


class TopUp(TypedDict):
    """
    With less than `below` credits, packages are bought up to `target`; null: never set. `status` says how it stands.

    `monthly_cap_minor` is the most it may charge a month (UTC), in minor units; null: no cap.
    """

    wallet_id: str
    enabled: bool
    below: Credits | None
    target: Credits | None
    package_id: str | None
    monthly_cap_minor: Annotated[int, msgspec.Meta(ge=1)] | None
    status: TopUpStatus
    message: str
    charged_this_month: Money
    next_try_at: Time | None


class Notifications(TypedDict):
    """Where messages go: what was set, and the address in use. `secret` signs webhooks, and is shown once."""

    wallet_id: str
    email: str | None
    email_in_use: str | None
    webhook_url: Url | None
    locale: str
    secret: NotRequired[str]
