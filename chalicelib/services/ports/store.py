"""What the use cases need of the tables. Each call is one round trip, and one point at which things can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from chalicelib.domain.contacts import Contact, Known
from chalicelib.domain.days import ClosedDay
from chalicelib.domain.erasure import Reached
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry
from chalicelib.domain.limits import Hour
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.topups import TopUp
from chalicelib.domain.wallet import Wallet
from chalicelib.services.ports.values import (
    Change,
    ChartedDay,
    Checkout,
    Due,
    MessageCounts,
    Oddity,
    Outgoing,
    Page,
    Receipt,
    WalletFile,
)

SHARDS = 8  # over which what is due is spread: a job that finds nothing asks so often, and messages as often again


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

    def closed_days(self, wallet_id: str, first: date, last: date) -> Sequence[ClosedDay]:
        """Read the finished days from *first* to *last* with their books, oldest first; those without an entry not."""

    def last_closed_day(self, wallet_id: str, until: date) -> ClosedDay | None:
        """Read the last finished day up to *until* on which there was an entry, with its books."""

    def snapshot(self, wallet_id: str, seq: int) -> Wallet | None:
        """Read the snapshot that was taken with entry *seq*, which is a multiple of 100."""

    def commit(self, change: Change) -> None:
        """
        Write a change as one transaction.

        With a decision that wants a top-up, the top-up's row notes what triggered it, and is due.

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

    def topup(self, wallet_id: str) -> TopUp:
        """Read a wallet's automatic top-up; never set, it reads as version 0."""

    def wallet_and_topup(self, wallet_id: str) -> tuple[Wallet, TopUp]: ...

    def put_off_topup(self, row: TopUp, until: datetime | None) -> None:
        """
        Note when to look at a top-up again; None: not before it is triggered.

        Raises:
            LostRace: The row has moved, or another has noted a time.
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

    def wallet_file(self, wallet_id: str) -> WalletFile:
        """Read all that is kept once per wallet, in one round trip."""

    def message_counts(self, wallet_id: str) -> MessageCounts:
        """Count a wallet's messages that wait or were parked, among at most 100; a moment may be missing."""

    def entries_after(self, wallet_id: str, *, kind: str, after: int, limit: int) -> Page:
        """Read entries of a kind, other than `usage`, with a `seq` over *after*, oldest first; as `history` does."""

    def event(self, event_id: str) -> Oddity | None:
        """Read an event that was kept aside, also one that was applied since."""

    def events_about(self, names: Mapping[str, str]) -> tuple[Sequence[Oddity], bool]:
        """
        Find events that were kept aside and have one of *names* (by their fields), applied since or not.

        There is no index by these: a bounded part is read. Gives whether that was all there is.
        """

    def private_entries(self, wallet_id: str, *, first: int, last: int) -> Page:
        """Read entries from *first* to *last* that have private fields, oldest first, as far as one look goes."""

    def erase_entries(self, names: Sequence[tuple[str, int]]) -> None:
        """Forget salts and private fields of at most 100 entries, by wallet and number, in one transaction."""

    def receipt_keys(self, wallet_id: str, *, last: int, after: str | None = None) -> tuple[Sequence[str], str | None]:
        """
        List keys whose receipts still have a hash, but for those of entries after *last*; and the key to go on after.

        Receipts that name no entry are among them, whenever they were written.
        """

    def blank_receipts(self, wallet_id: str, keys: Sequence[str]) -> None:
        """
        Forget the hashes of at most 100 receipts, in one transaction. The keys stay spent.

        Raises:
            LostRace: One of them is gone.
        """

    def erase_rows(self, wallet_id: str, *, after: str | None = None) -> str | None:
        """
        Forget, in some of the rows beside a wallet, what `domain.erasure` says; gives the row to go on after, if any.

        Raises:
            LostRace: One of them has moved.
        """

    def erasure(self, wallet_id: str) -> Reached | None:
        """Read how far the last erasure of a wallet has come; None: there was none."""

    def keep_erasure(self, wallet_id: str, reached: Reached) -> None:
        """Note how far an erasure has come, over what stood there."""

    def take_slot(self, wallet_id: str, hour: Hour, *, commands: int, attempts: int) -> bool:
        """Count so many more commands and attempts of a wallet in an hour, if there is room for all; whether so."""

    def give_back_slot(self, wallet_id: str, hour: Hour) -> None:
        """Count one command less; attempts stay."""
