"""Messages to customers' own endpoints, as Standard Webhooks: what each type has as its `data`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

import msgspec

from chalicelib.api.shapes.credits import Minor
from chalicelib.api.shapes.parts import Credits, Quantity, Time

Currency = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{3}$", description="ISO 4217, in lower case.")]


class MessageData(TypedDict):
    """What every message says: whose it is, and in words. `message_id` is the same however often it is sent."""

    wallet_id: str
    message_id: str
    kind: str
    subject: str
    text: str


class QuotaData(MessageData):
    """A quota's threshold was reached: `level` percent of it are used."""

    meter: str
    level: Literal[80, 90, 100]
    used: Quantity
    quota: Quantity
    until: Time


class LowBalanceData(MessageData):
    """What can be spent fell below `low_below`."""

    available: Credits
    low_below: Credits


class DebtData(MessageData):
    """Credits that were already used were taken back: so many are owed."""

    debt: Credits


class ExpiringData(MessageData):
    """Credits of a lot will end in so many days. `lost_at_pace`: what would be left then; null: not enough is known."""

    lot_id: str
    days: Literal[7, 30]
    credits: Credits
    ends_at: Time | None
    lost_at_pace: Credits | None


class PaymentFailedData(MessageData):
    """A purchase was not paid after all."""

    purchase_id: str
    credits: Credits
    amount_minor: Minor
    currency: Currency


class RenewalFailedData(MessageData):
    """A plan's renewal was not paid; its quota stays until `until`."""

    plan_id: str
    amount_minor: Minor
    currency: Currency
    until: Time


class TopupFailedData(MessageData):
    """An automatic top-up was not paid, or can't be for now."""

    reason: Literal["declined", "suspended", "no_card", "authentication", "cap"]
    amount_minor: Minor
    currency: Currency


MESSAGES: dict[str, Any] = {
    "quota": QuotaData,
    "low_balance": LowBalanceData,
    "debt": DebtData,
    "expiring": ExpiringData,
    "payment_failed": PaymentFailedData,
    "renewal_failed": RenewalFailedData,
    "topup_failed": TopupFailedData,
}
"""The `data` of each message by its kind; its type is `tally.` and the kind."""
