"""Answers to operators: all about one wallet, and what their commands did."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from chalicelib.api.shapes.credits import Balance, Minor
from chalicelib.api.shapes.entries import Entry, SetBy
from chalicelib.api.shapes.parts import Credits, Cursor, Hash, Period, Seq, Time
from chalicelib.api.shapes.rows import PurchaseRow, QuarantinedEvent, SubscriptionRow, TopUpRow
from chalicelib.api.shapes.usage import Meter

Outcome = Literal["ignored", "settled", "unchanged", "quarantined", "parked"]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Adjustment(TypedDict):
    """What a grant or an adjustment made; the lot is missing where none was, or where debt took all of it."""

    entry_id: str
    seq: Seq
    available: Credits
    paid_to_debt: NotRequired[Credits]
    lot_id: NotRequired[str]


class Refund(TypedDict):
    """Money given back, the credits that were revoked for it so far, and what the wallet owes now."""

    refund_id: str
    purchase_id: str
    amount_minor: Minor
    revoked: Credits
    debt: Credits


class Freeze(TypedDict):
    """Whether a wallet is frozen now."""

    wallet_id: str
    entry_id: str
    seq: Seq
    frozen: bool


class Erasure(TypedDict):
    """How far an erasure has come; `next` is the first entry that may not be erased yet."""

    wallet_id: str
    entry_id: str
    seq: Seq
    erased_up_to: Seq
    erased: Count
    done: bool
    next: NotRequired[Seq]


class Quarantine(TypedDict):
    """Events that were kept aside."""

    events: list[QuarantinedEvent]
    next_cursor: Cursor | None


class EventReplayed(TypedDict):
    """What came of an event that was kept aside."""

    event_id: str
    outcome: Outcome


class Tenure(TypedDict):
    """How long a paid plan lasts, as far as the payment provider has said."""

    until: Time
    is_ending: bool
    is_paid: bool
    lapses_at: Time


class MonthBehind(TypedDict):
    """The month of a paid plan that an admin's word stands before."""

    start: Time
    granted: list[str]


class RunningPlan(TypedDict):
    """The plan a wallet is on by its books, and the quota period that runs."""

    plan_id: str
    set_by: SetBy
    anchor: Time
    period_start: Time
    spent: Credits
    granted: list[str]
    tenure: Tenure | None
    behind: MonthBehind | None
    period: Period


class CustomerIds(TypedDict):
    """Whom the payment provider knows the wallet as."""

    customer_id: str | None
    former_customer_id: str | None


class ContactSources(TypedDict):
    """Where messages go, and where each address is from."""

    email: str | None
    payment_email: str | None
    token_email: str | None
    customer_email: str | None
    email_in_use: str | None
    webhook_url: str | None
    has_webhook_secret: bool
    locale: str


class MessageCounts(TypedDict):
    """How many messages wait and were parked; with `more`, of a part of them only."""

    waiting: Count
    parked: Count
    more: bool


class WalletEntry(Entry):
    """An entry, with the wallet whose it is."""

    wallet_id: str


class WalletBooks(TypedDict):
    """What stands in a wallet's books and no customer is shown."""

    head: Hash
    last_at: Time | None
    left: Credits
    debt_since: Seq | None
    last_purchase: Credits | None
    latches: dict[str, int]
    topup_below: Credits | None
    due_at: Time | None


class WalletOverview(Balance, WalletBooks):
    """All about a wallet: balance, books, plan, subscription, contact, and the latest entries and purchases."""

    plan: RunningPlan
    meters: list[Meter]
    subscription: SubscriptionRow | None
    auto_topup: TopUpRow | None
    customer: CustomerIds
    contact: ContactSources
    messages: MessageCounts
    entries: list[WalletEntry]
    purchases: list[PurchaseRow]
