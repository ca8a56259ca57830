"""The part of the store in memory that operators use: looking at one wallet, and forgetting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain import ledger
from chalicelib.domain.contacts import Contact
from chalicelib.domain.erasure import ERASED, NO_DIGEST, Reached, without_addresses, without_page, without_person
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.topups import TopUp
from chalicelib.domain.wallet import Wallet
from chalicelib.services.ports import (
    Checkout,
    LostRace,
    MessageCounts,
    Oddity,
    Outgoing,
    Page,
    Receipt,
    WalletFile,
)

COUNTED = 100  # messages in one look
PRIVATE_PAGE = 70  # entries in one look: not a whole number of batches
KEYS_PAGE = 130


class OperatingMemory:
    """Mixed into `MemoryStore`, whose dictionaries it reads and writes."""

    wallets: dict[str, Wallet]
    entries: dict[tuple[str, int], Entry]
    spent: dict[tuple[str, str], Receipt]
    purchases: dict[tuple[str, str], Purchase]
    checkouts: dict[tuple[str, str], Checkout]
    customers: dict[str, str]
    former: dict[str, str]
    emails: dict[str, str]
    oddities: dict[str, Oddity]
    released: dict[str, datetime]
    messages: dict[tuple[str, str], Outgoing]
    contacts: dict[str, Contact]
    answers: dict[tuple[str, str], Mapping[str, Any]]
    subscriptions: dict[str, Subscription]
    invoices: dict[tuple[str, str], Invoice]
    topups: dict[str, TopUp]
    erasures: dict[str, Reached]

    def wallet_file(self, wallet_id: str) -> WalletFile:
        return WalletFile(
            wallet=self.wallets.get(wallet_id, Wallet(wallet_id=wallet_id)),
            subscription=self.subscriptions.get(wallet_id, Subscription(wallet_id=wallet_id)),
            topup=self.topups.get(wallet_id, TopUp(wallet_id=wallet_id)),
            contact=self.contacts.get(wallet_id, Contact(wallet_id=wallet_id)),
            customer_id=self.customers.get(wallet_id),
            former_customer_id=self.former.get(wallet_id),
            customer_email=self.emails.get(wallet_id),
        )

    def message_counts(self, wallet_id: str) -> MessageCounts:
        mine = [each for (owner, _), each in sorted(self.messages.items()) if owner == wallet_id]
        looked_at = mine[:COUNTED]
        return MessageCounts(
            waiting=sum(each.due_at is not None for each in looked_at),
            parked=sum(each.parked is not None for each in looked_at),
            more=len(mine) > COUNTED,
        )

    def entries_after(self, wallet_id: str, *, kind: str, after: int, limit: int) -> Page:
        seqs = sorted(seq for owner, seq in self.entries if owner == wallet_id and seq > after)
        wanted = [entry for seq in seqs if (entry := self.entries[wallet_id, seq]).kind == kind]
        return Page(entries=wanted[:limit], next_seq=wanted[limit - 1].seq + 1 if len(wanted) > limit else None)

    def event(self, event_id: str) -> Oddity | None:
        found = self.oddities.get(event_id)
        return replace(found, applied_at=self.released.get(event_id)) if found else None

    def events_about(self, names: Mapping[str, str]) -> tuple[list[Oddity], bool]:
        known = [each for name in sorted(self.oddities) if (each := self.event(name))]
        return [each for each in known if any(getattr(each, name) == value for name, value in names.items())], True

    def private_entries(self, wallet_id: str, *, first: int, last: int) -> Page:
        there = [seq for seq in range(first, last + 1) if (wallet_id, seq) in self.entries]
        found = [self.entries[wallet_id, seq] for seq in there[:PRIVATE_PAGE]]
        next_seq = there[PRIVATE_PAGE] if len(there) > PRIVATE_PAGE else None
        return Page(entries=[entry for entry in found if entry.private], next_seq=next_seq)

    def erase_entries(self, names: Sequence[tuple[str, int]]) -> None:
        assert len(names) <= 100
        assert len(set(names)) == len(names)
        if any(name not in self.entries for name in names):
            raise LostRace
        self.entries.update({name: ledger.erase(self.entries[name]) for name in names})

    def receipt_keys(self, wallet_id: str, *, last: int, after: str | None = None) -> tuple[list[str], str | None]:
        mine = sorted(key for owner, key in self.spent if owner == wallet_id and key > (after or ""))
        page = [self.spent[wallet_id, key] for key in mine[:KEYS_PAGE]]
        found = [each.key for each in page if each.digest != NO_DIGEST and (each.seq is None or each.seq <= last)]
        return found, mine[KEYS_PAGE - 1] if len(mine) > KEYS_PAGE else None

    def blank_receipts(self, wallet_id: str, keys: Sequence[str]) -> None:
        assert len(keys) <= 100
        if any((wallet_id, key) not in self.spent for key in keys):
            raise LostRace
        for key in keys:
            self.spent[wallet_id, key] = replace(self.spent[wallet_id, key], digest=NO_DIGEST)

    def erase_rows(self, wallet_id: str, *, after: str | None = None) -> str | None:
        """In two looks: purchases, then all else."""
        if after is None:
            for name, purchase in self.purchases.items():
                if name[0] == wallet_id:
                    self.purchases[name] = without_person(purchase)
            return "purchases"
        if wallet_id in self.contacts:
            self.contacts[wallet_id] = without_addresses(self.contacts[wallet_id])
        self.emails.pop(wallet_id, None)
        for name in [name for name in self.checkouts if name[0] == wallet_id]:
            self.checkouts[name] = replace(self.checkouts[name], url=ERASED)
        for name in [name for name in self.invoices if name[0] == wallet_id]:
            self.invoices[name] = replace(self.invoices[name], url=None)
        for name in [name for name in self.answers if name[0] == wallet_id]:
            self.answers[name] = without_page(self.answers[name])
        return None

    def erasure(self, wallet_id: str) -> Reached | None:
        return self.erasures.get(wallet_id)

    def keep_erasure(self, wallet_id: str, reached: Reached) -> None:
        self.erasures[wallet_id] = reached
