"""A store in memory that keeps every promise of `services.ports.Store`, and a wrapper that breaks calls on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.domain.contacts import Contact, Known
from chalicelib.domain.days import Chart, ClosedDay, add_up
from chalicelib.domain.erasure import Reached
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry
from chalicelib.domain.limits import Hour
from chalicelib.domain.messages import Message
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.topups import TopUp
from chalicelib.domain.transfers import MOST_HOLDERS
from chalicelib.domain.wallet import SNAPSHOT_EVERY, Decision, Wallet
from chalicelib.services.ports import (
    SHARDS,
    Change,
    ChartedDay,
    Checkout,
    Due,
    LostRace,
    Oddity,
    Outgoing,
    Page,
    Receipt,
    chains,
)
from tests.api.shapes import check_message
from tests.memory_operating import OperatingMemory

PAGE = 100  # names in one look at what is due


def _shard_of(wallet_id: str) -> int:
    return sum(wallet_id.encode()) % SHARDS


class MemoryStore(OperatingMemory):
    """Wallets, purchases and usage in dictionaries. A commit is checked whole, then written whole."""

    def __init__(self) -> None:
        self.wallets: dict[str, Wallet] = {}
        self.entries: dict[tuple[str, int], Entry] = {}
        self.spent: dict[tuple[str, str], Receipt] = {}
        self.purchases: dict[tuple[str, str], Purchase] = {}
        self.closed: dict[tuple[str, str], ClosedDay] = {}
        self.late: list[tuple[str, date, Chart]] = []
        self.snapshots: dict[tuple[str, int], Wallet] = {}
        self.checkouts: dict[tuple[str, str], Checkout] = {}
        self.customers: dict[str, str] = {}
        self.oddities: dict[str, Oddity] = {}
        self.messages: dict[tuple[str, str], Outgoing] = {}
        self.contacts: dict[str, Contact] = {}
        self.emails: dict[str, str] = {}
        self.failures: dict[str, int] = {}
        self.released: dict[str, datetime] = {}
        self.failed_events: dict[str, int] = {}
        self.answers: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.former: dict[str, str] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.invoices: dict[tuple[str, str], Invoice] = {}
        self.topups: dict[str, TopUp] = {}
        self.erasures: dict[str, Reached] = {}
        self.taken: dict[tuple[str, datetime], int] = {}
        self.asked: dict[tuple[str, datetime], int] = {}
        self._lock = threading.Lock()

    def wallet(self, wallet_id: str) -> Wallet:
        return self.wallets.get(wallet_id, Wallet(wallet_id=wallet_id))

    def two_wallets(self, one: str, other: str) -> tuple[Wallet, Wallet]:
        with self._lock:
            return self.wallet(one), self.wallet(other)

    def wallet_and_purchase(self, wallet_id: str, purchase_id: str) -> tuple[Wallet, Purchase | None]:
        with self._lock:
            return self.wallet(wallet_id), self.purchase(wallet_id, purchase_id)

    def purchase(self, wallet_id: str, purchase_id: str) -> Purchase | None:
        return self.purchases.get((wallet_id, purchase_id))

    def purchases_since(self, wallet_id: str, at: datetime) -> Sequence[Purchase]:
        mine = [each for (owner, _), each in self.purchases.items() if owner == wallet_id and each.created_at >= at]
        return sorted(mine, key=lambda each: each.purchase_id)

    def receipt(self, wallet_id: str, key: str) -> Receipt | None:
        return self.spent.get((wallet_id, key))

    def receipts(self, wallet_id: str, keys: Sequence[str]) -> dict[str, Receipt]:
        return {key: self.spent[wallet_id, key] for key in keys if (wallet_id, key) in self.spent}

    def entry(self, wallet_id: str, seq: int, *, consistent: bool = True) -> Entry | None:
        del consistent  # it always is
        return self.entries.get((wallet_id, seq))

    def history(self, wallet_id: str, *, kind: str | None, before: int, limit: int, consistent: bool = False) -> Page:
        del consistent  # it always is
        seqs = sorted((seq for owner, seq in self.entries if owner == wallet_id and seq < before), reverse=True)
        found = [self.entries[wallet_id, seq] for seq in seqs]
        wanted = [entry for entry in found if kind in (None, entry.kind)]
        next_seq = wanted[limit - 1].seq if len(wanted) > limit else None
        return Page(entries=wanted[:limit], next_seq=next_seq)

    def days(self, wallet_id: str, first: date, last: date) -> list[ChartedDay]:
        shown: dict[date, ChartedDay] = {}
        for (owner, _), closed in self.closed.items():
            if owner == wallet_id:
                day = closed.day
                shown[day.date] = ChartedDay(date=day.date, meters=dict(day.meters), credits=day.credits)
        for owner, late_day, chart in self.late:
            if owner == wallet_id:
                before = shown.get(late_day, ChartedDay(date=late_day, meters={}, credits=0))
                meters = add_up(before.meters, chart.counted)
                shown[late_day] = ChartedDay(date=late_day, meters=meters, credits=before.credits + chart.credits)
        return [shown[each] for each in sorted(shown) if first <= each <= last]

    def closed_days(self, wallet_id: str, first: date, last: date) -> list[ClosedDay]:
        mine = [each for (owner, _), each in sorted(self.closed.items()) if owner == wallet_id]
        return [each for each in mine if first <= each.day.date <= last]

    def last_closed_day(self, wallet_id: str, until: date) -> ClosedDay | None:
        found = self.closed_days(wallet_id, date.min, until)
        return found[-1] if found else None

    def snapshot(self, wallet_id: str, seq: int) -> Wallet | None:
        return self.snapshots.get((wallet_id, seq))

    def commit(self, change: Change) -> None:
        with self._lock:
            self._check(change)
            for chain in chains(change.decisions):
                for decision in chain:
                    self._write(decision)
            for receipt in change.receipts:
                self.spent[receipt.wallet_id, receipt.key] = receipt
            self._write_purchases(change)
            self._write_beside(change)

    def _write_purchases(self, change: Change) -> None:
        if change.new_purchase:
            self._keep(change.new_purchase)
        if change.purchase:
            self._keep(change.purchase.purchase)
            self._write_messages(change.purchase.messages)
        for holder in change.holders:
            row = self.purchases[holder.buyer_id, holder.purchase_id]
            holders = tuple(sorted({*row.holders, holder.wallet_id}))
            self.purchases[holder.buyer_id, holder.purchase_id] = replace(row, holders=holders, version=row.version + 1)

    def _write_beside(self, change: Change) -> None:
        """Write the rows beside wallets and purchases."""
        if change.answer:
            self.answers[change.answer.wallet_id, change.answer.name] = dict(change.answer.answer)
        if change.subscription:
            self.subscriptions[change.subscription.subscription.wallet_id] = change.subscription.subscription
            self._write_messages(change.subscription.messages)
        for invoice in change.invoices:
            self.invoices[invoice.wallet_id, invoice.name] = invoice
        if change.contact:
            self.contacts[change.contact.contact.wallet_id] = change.contact.contact
        if change.topup:
            self.topups[change.topup.topup.wallet_id] = change.topup.topup
            self._write_messages(change.topup.messages)

    def _check(self, change: Change) -> None:
        races = [self.wallet(each[0].wallet.wallet_id).seq != each[0].before.seq for each in chains(change.decisions)]
        names = [(receipt.wallet_id, receipt.key) for receipt in change.receipts]
        spent = [place for place, name in enumerate(names) if name in self.spent]
        races.append(bool(spent))
        if change.new_purchase:
            races.append(self.purchase(change.new_purchase.wallet_id, change.new_purchase.purchase_id) is not None)
        if change.purchase:
            before = change.purchase.before
            races.append(self.purchases[before.wallet_id, before.purchase_id].version != before.version)
        for holder in change.holders:
            row = self.purchase(holder.buyer_id, holder.purchase_id)
            races.append(row is None or (len(row.holders) >= MOST_HOLDERS and holder.wallet_id not in row.holders))
        if change.answer:
            races.append((change.answer.wallet_id, change.answer.name) in self.answers)
        if change.subscription:
            known = change.subscription.before
            races.append(self.subscription(known.wallet_id).version != known.version)
        if change.contact:
            races.append(self.contact(change.contact.contact.wallet_id).version != change.contact.before.version)
        if change.topup:
            races.append(self.topup(change.topup.topup.wallet_id).version != change.topup.before.version)
        if any(races):
            raise LostRace(spent=spent)

    def _write(self, decision: Decision) -> None:
        wallet = decision.wallet
        self.wallets[wallet.wallet_id] = wallet
        self.failures.pop(wallet.wallet_id, None)
        self.entries[wallet.wallet_id, wallet.seq] = decision.entry
        self._write_messages(decision.messages)
        if decision.wants_topup:
            row = self.topup(wallet.wallet_id)
            self.topups[wallet.wallet_id] = replace(
                row, version=row.version + 1, trigger=wallet.seq, attempts=0, due_at=wallet.last_at
            )
        if decision.closed_day:
            self.closed[wallet.wallet_id, decision.closed_day.day.date.isoformat()] = decision.closed_day
        self.late += [(wallet.wallet_id, day, chart) for day, chart in decision.late.items()]
        if wallet.seq % SNAPSHOT_EVERY == 0:
            self.snapshots[wallet.wallet_id, wallet.seq] = replace(wallet, due_at=None)

    def _write_messages(self, messages: Iterable[Message]) -> None:
        for message in messages:
            check_message(message)
            self.messages[message.wallet_id, message.message_id] = Outgoing(message=message, due_at=message.at)

    def _keep(self, purchase: Purchase) -> None:
        name = (purchase.wallet_id, purchase.purchase_id)
        there = self.purchases.get(name)
        self.purchases[name] = replace(purchase, holders=there.holders if there else ())

    def keep_checkout(self, purchase: Purchase, checkout: Checkout) -> None:
        with self._lock:
            name = (purchase.wallet_id, purchase.purchase_id)
            if self.purchases[name].version != purchase.version - 1 or name in self.checkouts:
                raise LostRace
            self._keep(purchase)
            self.checkouts[name] = checkout

    def checkout(self, wallet_id: str, purchase_id: str) -> Checkout | None:
        return self.checkouts.get((wallet_id, purchase_id))

    def customer(self, wallet_id: str) -> str | None:
        return self.customers.get(wallet_id)

    def keep_customer(self, wallet_id: str, customer_id: str, *, email: str | None) -> None:
        if wallet_id not in self.customers and email:
            self.emails[wallet_id] = email
        self.customers.setdefault(wallet_id, customer_id)

    def former_customer(self, wallet_id: str) -> str | None:
        return self.former.get(wallet_id)

    def forget_customer(self, wallet_id: str, customer_id: str) -> None:
        if self.customers.get(wallet_id) == customer_id:
            del self.customers[wallet_id]
            self.emails.pop(wallet_id, None)
            self.former[wallet_id] = customer_id

    def contact(self, wallet_id: str) -> Contact:
        return self.contacts.get(wallet_id, Contact(wallet_id=wallet_id))

    def known_addresses(self, wallet_id: str) -> Known:
        mine = [each for (owner, _), each in sorted(self.purchases.items(), reverse=True) if owner == wallet_id]
        paid = [each.email for each in mine if each.email]
        return Known(payment_email=paid[0] if paid else None, customer_email=self.emails.get(wallet_id))

    def due_wallets(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        return self._due(shard, until, cursor, [(each.due_at, (name, "")) for name, each in self.wallets.items()])

    def due_purchases(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        found = [(each.due_at, name) for name, each in self.purchases.items()]
        found += [(each.due_at, (name, "subscription")) for name, each in self.subscriptions.items()]
        found += [(each.due_at, (name, "topup")) for name, each in self.topups.items()]
        return self._due(shard, until, cursor, found)

    def due_messages(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        return self._due(shard, until, cursor, [(each.due_at, name) for name, each in self.messages.items()])

    def _due(
        self, shard: int, until: datetime, cursor: object, found: list[tuple[datetime | None, tuple[str, str]]]
    ) -> Due:
        listed = sorted((at, name) for at, name in found if at and at <= until and _shard_of(name[0]) == shard)
        rest = [each for each in listed if cursor is None or each > cursor]  # type: ignore[operator]
        page = rest[:PAGE]
        return Due([name for _, name in page], page[-1] if len(rest) > PAGE else None)

    def put_off(self, wallet: Wallet, until: datetime | None) -> None:
        with self._lock:
            there = self.wallet(wallet.wallet_id)
            if not there.due_at or (there.seq, there.due_at) != (wallet.seq, wallet.due_at):
                raise LostRace
            self.wallets[wallet.wallet_id] = replace(there, due_at=until)
            self.failures.pop(wallet.wallet_id, None)

    def push_back(self, wallet_id: str, now: datetime) -> datetime:
        with self._lock:
            there = self.wallet(wallet_id)
            if not there.due_at:
                raise LostRace
            self.failures[wallet_id] = self.failures.get(wallet_id, 0) + 1
            until: datetime = now + min(timedelta(minutes=5) * 2 ** (self.failures[wallet_id] - 1), timedelta(days=1))
            self.wallets[wallet_id] = replace(there, due_at=until)
            return until

    def put_off_purchase(self, purchase: Purchase, until: datetime | None) -> None:
        with self._lock:
            name = (purchase.wallet_id, purchase.purchase_id)
            if self.purchases[name].version != purchase.version:
                raise LostRace
            self.purchases[name] = replace(self.purchases[name], due_at=until)

    def outgoing(self, wallet_id: str, message_id: str) -> Outgoing | None:
        return self.messages.get((wallet_id, message_id))

    def keep_outgoing(self, outgoing: Outgoing) -> None:
        with self._lock:
            name = (outgoing.message.wallet_id, outgoing.message.message_id)
            if self.messages[name].version != outgoing.version - 1:
                raise LostRace
            self.messages[name] = outgoing

    def wallet_ids(self, share: int, shares: int, *, cursor: object = None) -> Due:
        del cursor  # one page holds all
        mine = [name for name in self.wallets if sum(name.encode()) % shares == share]
        return Due([(name, "") for name in mine])

    def quarantine(self, oddity: Oddity) -> None:
        self.oddities.setdefault(oddity.event_id, oddity)

    def oddity(self, event_id: str) -> Oddity | None:
        return None if event_id in self.released else self.oddities.get(event_id)

    def listed_oddities(self, *, after: str | None, limit: int) -> tuple[list[Oddity], str | None]:
        names = [name for name in sorted(self.oddities) if name not in self.released and name > (after or "")]
        page = [self.oddities[name] for name in names[:limit]]
        return page, names[limit - 1] if len(names) > limit else None

    def release_oddity(self, event_id: str, at: datetime) -> None:
        self.released[event_id] = at

    def count_failure(self, event: Oddity) -> int:
        self.failed_events[event.event_id] = self.failed_events.get(event.event_id, 0) + 1
        return self.failed_events[event.event_id]

    def listed_purchases(self, wallet_id: str, *, before: str | None, limit: int) -> list[Purchase]:
        mine = [each for (owner, _), each in self.purchases.items() if owner == wallet_id]
        mine.sort(key=lambda each: each.purchase_id, reverse=True)
        return [each for each in mine if not before or each.purchase_id < before][:limit]

    def answer(self, wallet_id: str, name: str) -> Mapping[str, Any] | None:
        return self.answers.get((wallet_id, name))

    def subscription(self, wallet_id: str) -> Subscription:
        return self.subscriptions.get(wallet_id, Subscription(wallet_id=wallet_id))

    def wallet_and_subscription(self, wallet_id: str) -> tuple[Wallet, Subscription]:
        with self._lock:
            return self.wallet(wallet_id), self.subscription(wallet_id)

    def put_off_subscription(self, row: Subscription, until: datetime | None) -> None:
        with self._lock:
            there = self.subscription(row.wallet_id)
            if not there.version or there.version != row.version:
                raise LostRace
            self.subscriptions[row.wallet_id] = replace(there, due_at=until)

    def topup(self, wallet_id: str) -> TopUp:
        return self.topups.get(wallet_id, TopUp(wallet_id=wallet_id))

    def wallet_and_topup(self, wallet_id: str) -> tuple[Wallet, TopUp]:
        with self._lock:
            return self.wallet(wallet_id), self.topup(wallet_id)

    def put_off_topup(self, row: TopUp, until: datetime | None) -> None:
        with self._lock:
            there = self.topup(row.wallet_id)
            if not there.version or (there.version, there.due_at) != (row.version, row.due_at):
                raise LostRace
            self.topups[row.wallet_id] = replace(there, due_at=until)

    def invoice(self, wallet_id: str, name: str) -> Invoice | None:
        return self.invoices.get((wallet_id, name))

    def listed_invoices(self, wallet_id: str, *, before: str | None, limit: int) -> list[Invoice]:
        mine = [each for (owner, _), each in self.invoices.items() if owner == wallet_id]
        mine.sort(key=lambda each: each.name, reverse=True)
        return [each for each in mine if not before or each.name < before][:limit]

    def paid_on(self, day: date, *, cursor: object = None) -> Due:
        del cursor  # one page holds all
        return Due([name for name, each in self.purchases.items() if each.paid_at and each.paid_at.date() == day])

    def take_slot(self, wallet_id: str, hour: Hour, *, commands: int, attempts: int) -> bool:
        with self._lock:
            name = (wallet_id, hour.starts_at)
            taken, asked = self.taken.get(name, 0) + commands, self.asked.get(name, 0) + attempts
            if (commands and taken > hour.commands) or (attempts and asked > hour.attempts):
                return False
            self.taken[name], self.asked[name] = taken, asked
            return True

    def give_back_slot(self, wallet_id: str, hour: Hour) -> None:
        with self._lock:
            taken = self.taken.get((wallet_id, hour.starts_at), 0)
            if taken:
                self.taken[wallet_id, hour.starts_at] = taken - 1

    def history_of(self, wallet_id: str) -> list[Entry]:
        """All entries, oldest first; for tests only."""
        return [self.entries[wallet_id, seq] for seq in range(1, self.wallet(wallet_id).seq + 1)]


Point = Callable[[str, str], None]


class Faulty:
    """Stands before a store or a payment provider and tells *point* before and after every call: (name, when)."""

    def __init__(self, inner: Any, point: Point) -> None:
        self._inner, self._point = inner, point

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*positional: Any, **named: Any) -> Any:
            self._point(name, "before")
            answer = found(*positional, **named)
            self._point(name, "after")
            return answer

        return call
