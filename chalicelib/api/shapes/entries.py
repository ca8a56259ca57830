"""Entries of a wallet's ledger as they are shown, and the arithmetic of one."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from chalicelib.api.shapes.credits import Origin, Source
from chalicelib.api.shapes.parts import (
    Credits,
    Cursor,
    Hash,
    Period,
    Quantity,
    Rate,
    Seq,
    SignedCredits,
    SignedDraw,
    Time,
)
from chalicelib.domain.ledger import EntryKind

SetBy = Literal["admin", "default", "stripe"]


class GrantedLot(TypedDict):
    """A lot as the entry that made it says it."""

    lot_id: str
    source: Source
    priority: int
    granted_at: Time
    expires_at: Time | None
    origin: NotRequired[Origin]
    noticed_at: NotRequired[Time]
    warned: NotRequired[int]
    purchase_id: NotRequired[str]
    granted: NotRequired[Credits]


class PricedBy(TypedDict):
    """By what uses of a meter were priced: what was used before, the quota (null: unlimited) and the rate beyond it."""

    used_before: Quantity
    quota: Quantity | None
    rate: Rate | None
    peak_before: NotRequired[Quantity]


class EntryUse(TypedDict):
    """One of an entry's uses: a counter's `quantity`, or the level a gauge was set to."""

    meter: str
    from_quota: Quantity
    credits: SignedCredits
    quantity: NotRequired[Quantity]
    set: NotRequired[Quantity]
    used_at: NotRequired[Time]


class Counted(TypedDict):
    """What a closed hold corrected in its meter; below 0 it counts less."""

    meter: str
    quantity: int


class TopUpSettings(TypedDict):
    """What an automatic top-up was set to."""

    enabled: bool
    below: NotRequired[Credits]
    target: NotRequired[Credits]
    package_id: NotRequired[str]
    monthly_cap_minor: NotRequired[int | None]


class EntryFacts(TypedDict, total=False):
    """What entries say beside the common fields, each kind its own."""

    meter: str
    quantity: Quantity
    set: Quantity
    from_quota: Quantity
    used_at: Time
    used_before: Quantity
    peak_before: Quantity
    quota: Quantity | None
    rate: Rate | None
    uses: list[EntryUse]
    terms: dict[str, PricedBy]
    counted: Counted
    hold_id: str
    lapses_at: Time
    captured: Credits
    taken: list[SignedDraw]
    expired: list[SignedDraw] | Credits
    lot: GrantedLot
    lots: list[GrantedLot]
    lot_id: str
    granted: Credits
    paid_to_debt: Credits
    purchase_id: str
    ended_at: Time
    to_wallet_id: str
    to_entry_id: str
    from_wallet_id: str
    from_entry_id: str
    recalled: Credits
    received: Credits
    revoked: Credits
    restored: Credits
    debt: int
    from_set_aside: list[SignedDraw]
    aside: list[SignedDraw]
    plan_id: str
    from_plan_id: str
    set_by: SetBy
    anchor: Time
    period: Period
    until: Time
    is_ending: bool
    is_paid: bool
    lapsed: Literal[True]
    provisional: Literal[True]
    levels: dict[str, Quantity]
    settings: Literal["notifications", "auto_topup", "erasure"]
    changed: list[Literal["email", "locale", "webhook_url"]]
    auto_topup: TopUpSettings
    erased_up_to: Seq
    frozen: bool
    days: int
    ends_at: Time
    lost_at_pace: Credits | None
    is_last: bool
    latched: dict[str, int]
    told: list[str]


class EntryStep(EntryFacts):
    """What had fallen due and was written together with an entry."""

    kind: EntryKind
    credits: SignedCredits
    draws: list[SignedDraw]


class Entry(EntryFacts):
    """
    A line of a wallet's ledger. Later versions may say more than is listed here.

    `actor`, `labels`, `note` and `reason` can be erased: then `actor` is null, and `erased` says so.
    """

    seq: Seq
    entry_id: str
    kind: EntryKind
    at: Time
    credits: SignedCredits
    available_after: Credits
    draws: list[SignedDraw]
    hash: Hash
    actor: str | None
    erased: NotRequired[Literal[True]]
    labels: NotRequired[dict[str, str] | list[dict[str, str]]]
    note: NotRequired[str]
    reason: NotRequired[str]
    also: NotRequired[list[EntryStep]]


class HistoryPage(TypedDict):
    """Entries, newest first."""

    entries: list[Entry]
    next_cursor: Cursor | None


class ExplanationStep(TypedDict):
    """One step: `expression` is plain integer arithmetic, with `max`, `min` and `ceil(a, b)`, that comes to `value`."""

    text: str
    expression: str
    value: int


class ExplainedDraw(TypedDict):
    """Credits drawn from one lot, signed, and why from this one."""

    lot_id: str
    credits: SignedCredits
    because: str


class Explanation(TypedDict):
    """How an entry came to its credits: the last step's value is what it charged or gave."""

    seq: Seq
    kind: EntryKind
    steps: list[ExplanationStep]
    draws: list[ExplainedDraw]
    credits: SignedCredits
