"""What the use cases need of the outside. Each call here is one round trip, and one point at which things can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from chalicelib.domain.catalog import Incentive, Interval
from chalicelib.domain.contacts import Contact, ContactChanged, Known
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry
from chalicelib.domain.messages import Message, Recipient
from chalicelib.domain.moneyback import MoneyFacts
from chalicelib.domain.purchases import Payment, Purchase
from chalicelib.domain.settling import Settlement
from chalicelib.domain.subscriptions import Asked, Followed, News, Subscription
from chalicelib.domain.transfers import Holder
from chalicelib.domain.wallet import Decision, Wallet

SHARDS = 8  # over which what is due is spread: a job that finds nothing asks so often, and messages as often again


class LostRace(Exception):
    """
    A condition failed or the transaction met another: nothing was written, the state has moved.

    `spent` names the places, among the change's receipts, of keys that were spent before.
    """

    def __init__(self, message: str = "", *, spent: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.spent = tuple(spent)


class Throttled(Exception):
    """The store is asked too much. Nothing was written."""


class OutcomeUnknown(Exception):
    """No answer, or a broken one: it may have been written or not."""


class PaymentsFailed(Exception):
    """The payment provider failed or did not answer; the call may have taken effect."""


class PaymentsRefused(PaymentsFailed):
    """The payment provider said no: asking again won't help. The text is its code."""


class PaymentsDeclined(PaymentsRefused):
    """The card said no. The text is the provider's code."""


class NotSent(Exception):
    """A channel did not take a message, or did not say so. The text is for operators: it names no address."""


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
    invoice: Invoice | None = None


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


class Store(Protocol):
    """
    Wallets, purchases and usage. Reads are consistent.

    Every method may raise `Throttled` or `OutcomeUnknown` (for a read: no answer).
    """

    def wallet(self, wallet_id: str) -> Wallet: ...

    def two_wallets(self, one: str, other: str) -> tuple[Wallet, Wallet]:
        """Read two wallets in one round trip. They may be the same one."""

    def wallet_and_purchase(self, wallet_id: str, purchase_id: str) -> tuple[Wallet, Purchase | None]: ...

    def purchase(self, wallet_id: str, purchase_id: str) -> Purchase | None: ...

    def purchases_since(self, wallet_id: str, at: datetime) -> Sequence[Purchase]: ...

    def receipt(self, wallet_id: str, key: str) -> Receipt | None: ...

    def receipts(self, wallet_id: str, keys: Sequence[str]) -> Mapping[str, Receipt]:
        """Read at most 100 receipts in one round trip; keys that were never spent are left out."""

    def entry(self, wallet_id: str, seq: int, *, consistent: bool = True) -> Entry | None:
        """Read an entry. Without *consistent* one that was just written may be missing; what is there is right."""

    def history(self, wallet_id: str, *, kind: str | None, before: int, limit: int, consistent: bool = False) -> Page:
        """
        Read entries with a `seq` under *before*, newest first, of one kind (none given: of all).

        A page may lack the newest lines for a moment, unless *consistent* is asked for.
        """

    def days(self, wallet_id: str, first: date, last: date) -> Sequence[ChartedDay]:
        """Read the finished days from *first* to *last*, oldest first; days on which nothing happened are left out."""

    def snapshot(self, wallet_id: str, seq: int) -> Wallet | None:
        """Read the snapshot that was taken with entry *seq*, which is a multiple of 100."""

    def commit(self, change: Change) -> None:
        """
        Write a change as one transaction.

        Raises:
            LostRace: A condition failed; nothing was written.
        """

    def keep_checkout(self, purchase: Purchase, checkout: Checkout) -> None:
        """Note the checkout session of a purchase in its row, and the first answer beside it."""

    def checkout(self, wallet_id: str, purchase_id: str) -> Checkout | None:
        """Read the first answer to the buyer."""

    def customer(self, wallet_id: str) -> str | None:
        """Read the payment provider's id of this wallet's customer."""

    def keep_customer(self, wallet_id: str, customer_id: str, *, email: str | None) -> None:
        """Note the customer, unless one is noted already."""

    def former_customer(self, wallet_id: str) -> str | None:
        """Read the id of the customer who was forgotten last."""

    def forget_customer(self, wallet_id: str, customer_id: str) -> None:
        """Forget a customer whom the payment provider has deleted, and that customer's address."""

    def due_wallets(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        """Find wallets with something due by *until*; the index may lag a moment behind."""

    def due_purchases(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        """Find purchases of which the payment provider should be asked."""

    def due_messages(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        """Find messages that wait to be sent."""

    def put_off(self, wallet: Wallet, until: datetime | None) -> None:
        """
        Note when a wallet is due next, after a look that changed nothing.

        Raises:
            LostRace: The wallet has moved.
        """

    def push_back(self, wallet_id: str, now: datetime) -> datetime:
        """Put a wallet with which a job failed behind the others, the longer the more often; gives until when."""

    def put_off_purchase(self, purchase: Purchase, until: datetime | None) -> None:
        """
        Note when to look again at a purchase; None: never.

        Raises:
            LostRace: The purchase has moved.
        """

    def outgoing(self, wallet_id: str, message_id: str) -> Outgoing | None: ...

    def keep_outgoing(self, outgoing: Outgoing) -> None:
        """
        Write a message's progress over the version before it.

        Raises:
            LostRace: Somebody else did.
        """

    def contact(self, wallet_id: str) -> Contact:
        """Read what a customer set; never set, it reads as version 0."""

    def known_addresses(self, wallet_id: str) -> Known:
        """Read the addresses that came with the last payments and with the customer record."""

    def wallet_ids(self, share: int, shares: int, *, cursor: object = None) -> Due:
        """List a fixed part of all wallets, in no order; the names are empty. For the auditor, and nobody else."""

    def quarantine(self, oddity: Oddity) -> None:
        """Keep an event aside, once per event."""

    def oddity(self, event_id: str) -> Oddity | None:
        """Read an event that is kept aside."""

    def listed_oddities(self, *, after: str | None, limit: int) -> tuple[Sequence[Oddity], str | None]:
        """List events that are kept aside, by their ids, from *after* on; gives where to go on as well."""

    def release_oddity(self, event_id: str, at: datetime) -> None:
        """Note that an event was applied after all; it is listed no more."""

    def answer(self, wallet_id: str, name: str) -> Mapping[str, Any] | None:
        """Read what was answered to a command."""

    def subscription(self, wallet_id: str) -> Subscription:
        """Read what is known of a wallet's subscription; never had, it reads as version 0."""

    def wallet_and_subscription(self, wallet_id: str) -> tuple[Wallet, Subscription]: ...

    def put_off_subscription(self, row: Subscription, until: datetime | None) -> None:
        """
        Note when to ask about a subscription again.

        Raises:
            LostRace: The row has moved.
        """

    def invoice(self, wallet_id: str, name: str) -> Invoice | None: ...

    def listed_invoices(self, wallet_id: str, *, before: str | None, limit: int) -> Sequence[Invoice]:
        """List a wallet's invoices with a name under *before*, newest first."""

    def paid_on(self, day: date, *, cursor: object = None) -> Due:
        """List purchases that were paid on a UTC day; the index may lag a moment behind."""

    def listed_purchases(self, wallet_id: str, *, before: str | None, limit: int) -> Sequence[Purchase]:
        """List a wallet's purchases with an id under *before*, newest first."""

    def count_failure(self, event: Oddity) -> int:
        """Count that an event could not be applied; gives how often by now."""


class Payments(Protocol):
    """The payment provider. Every call raises `PaymentsFailed` when it has no answer."""

    @property
    def live(self) -> bool:
        """Whether real money moves."""

    def create_customer(self, wallet_id: str, *, email: str | None, after: str | None = None) -> str:
        """Create this wallet's customer; asked again within a day, the same one. *after* is one who was deleted."""

    def is_deleted(self, customer_id: str) -> bool:
        """Ask whether a customer was deleted."""

    def open_checkout(self, purchase: Purchase, *, name: str, now: datetime) -> Checkout:
        """Open a checkout session for a purchase; asked again within a day, the same one."""

    def money_back(self, payment_id: str) -> MoneyBack | None:
        """Ask what went back of a payment. None: it isn't one of ours."""

    def session_of(self, payment_id: str) -> str | None:
        """Ask in which checkout session a payment was made."""

    def refund(self, payment_id: str, *, amount_minor: int, refund_key: str) -> str:
        """
        Give money back, once per *refund_key*; gives the refund's id.

        Raises:
            PaymentsRefused: It can't be refunded.
        """

    def recent_sessions(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[Payment], str | None]:
        """List a page of our checkout sessions that were opened in a span, and where to go on."""

    def recent_money_back(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[str], str | None]:
        """List a page of payments of which money went back in a span, ours or not, and where to go on."""

    def payment(self, session_id: str) -> Payment | None:
        """Ask what became of a checkout session. None: it isn't one of ours."""

    def subscription(self, subscription_id: str) -> News | None:
        """Ask how a subscription stands. None: it isn't one of ours."""

    def subscription_of_session(self, session_id: str) -> str | None:
        """Ask which subscription a checkout session began; None: none yet."""

    def subscription_of_customer(self, customer_id: str) -> str | None:
        """Ask which subscription of a customer runs, if one does."""

    def invoice(self, invoice_id: str) -> Invoice | None:
        """Ask how an invoice stands. None: it is no subscription's of ours."""

    def open_plan_checkout(self, order: PlanOrder) -> Checkout:
        """Open a checkout session for a subscription; asked again within a day, the same one."""

    def close_checkout(self, session_id: str) -> None:
        """Let a checkout session end that wasn't paid; one that has ended stays as it is."""

    def change_subscription(self, news: News, asked: Asked, *, key: str) -> None:
        """
        Change a subscription, once per *key* within a day.

        Raises:
            PaymentsDeclined: The card did not pay the difference; nothing was changed.
            PaymentsRefused: It can't be done.
        """

    def open_portal(self, customer_id: str) -> str:
        """Open the provider's own pages for a customer; gives their address."""


class Notices(Protocol):
    """What carries messages to people and to their programs."""

    def channels(self, to: Recipient) -> Sequence[str]:
        """Name the channels that this recipient's messages take, at least one: else they could only be parked."""

    def send(self, channel: str, message: Message, to: Recipient, *, now: datetime) -> None:
        """
        Send a message through one channel, under its own id.

        Raises:
            NotSent: It was not taken, or nobody knows.
        """

    def park(self, message: Message, reason: str) -> None:
        """Lay a message aside for operators, after too many attempts. May raise `NotSent` as well."""
