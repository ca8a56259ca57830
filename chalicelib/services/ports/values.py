"""What is handed to the outside, and what comes from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chalicelib.domain.catalog import Incentive, Interval
from chalicelib.domain.contacts import Contact, ContactChanged
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry
from chalicelib.domain.messages import Message
from chalicelib.domain.moneyback import MoneyFacts
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.settling import Settlement
from chalicelib.domain.subscriptions import Followed, Subscription
from chalicelib.domain.topups import TopUp, TopUpMoved
from chalicelib.domain.transfers import Holder
from chalicelib.domain.wallet import Decision, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    What a key was spent on: the hash of operation and body, and what came of it.

    `nth` is the use's place in the entry, if the entry holds several.
    """

    wallet_id: str
    key: str
    digest: bytes
    seq: int | None = None
    nth: int | None = None
    purchase_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What is answered to a command that can't be read out of an entry, and to its repeats."""

    wallet_id: str
    name: str
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One command's writes: all of it, or nothing. Each part has the condition that it was not written before.

    Several decisions of one wallet follow one another: each begins with the wallet that the one before it left.
    """

    decisions: Sequence[Decision] = ()
    receipts: Sequence[Receipt] = ()
    purchase: Settlement | None = None
    new_purchase: Purchase | None = None
    contact: ContactChanged | None = None
    holders: Sequence[Holder] = ()
    answer: KeptAnswer | None = None
    subscription: Followed | None = None
    invoices: Sequence[Invoice] = ()
    topup: TopUpMoved | None = None


def chains(decisions: Sequence[Decision]) -> list[list[Decision]]:
    """Gather the decisions of each wallet, in their order."""
    gathered: dict[str, list[Decision]] = {}
    for decision in decisions:
        gathered.setdefault(decision.wallet.wallet_id, []).append(decision)
    return list(gathered.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """
    A message on its way. `due_at` is when to try (again); None: it was sent or parked.

    `version` counts the writes, `attempts` those that failed, `sent` the channels that took it.
    """

    message: Message
    version: int = 1
    due_at: datetime | None = None
    attempts: int = 0
    sent: tuple[str, ...] = ()
    sent_at: datetime | None = None
    parked: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What is due in one shard, oldest first: wallet id and name of each; `cursor` leads on, if there is more."""

    names: Sequence[tuple[str, str]] = ()
    cursor: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartedDay:
    """What a chart shows of one UTC day."""

    date: date
    meters: Mapping[str, int]
    credits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a wallet's history, newest first; `next_seq` is where the next part begins, if there is one."""

    entries: Sequence[Entry] = field(default_factory=tuple)
    next_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """An event that must not be applied as it is, kept for a person to look at."""

    event_id: str
    type: str
    reason: str
    at: datetime
    wallet_id: str | None = None
    purchase_id: str | None = None
    session_id: str | None = None
    payment_id: str | None = None
    subscription_id: str | None = None
    invoice_id: str | None = None
    customer_id: str | None = None
    applied_at: datetime | None = None  # after all, by an admin's word


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """An open checkout session: where the customer pays, and until when."""

    session_id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """A subscription to open a checkout for: a plan, for how long it is paid at once, and what is taken off."""

    wallet_id: str
    customer_id: str
    plan_id: str
    interval: Interval
    incentive: Incentive | None
    asked_at: datetime
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBack:
    """What the payment provider says of the money that went back for one of our payments."""

    payment_id: str
    wallet_id: str
    purchase_id: str
    facts: MoneyFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletFile:
    """All that is kept once per wallet."""

    wallet: Wallet
    subscription: Subscription
    topup: TopUp
    contact: Contact
    customer_id: str | None = None
    former_customer_id: str | None = None
    customer_email: str | None = None


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """How many of a wallet's messages wait and were parked; with *more*, of a part of them only."""

    waiting: int
    parked: int
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    What the payment provider says that one of its ids belongs to; wallet and purchase by our own tags.

    `facts` is what it says of each thing that hangs together with it, for people: by session, payment, refund,
    dispute, subscription, invoice or customer, in JSON values.
    """

    wallet_id: str
    purchase_id: str | None = None
    session_id: str | None = None
    payment_id: str | None = None
    subscription_id: str | None = None
    invoice_id: str | None = None
    customer_id: str | None = None
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
