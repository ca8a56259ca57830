"""The store on DynamoDB: what `services.ports.Store` promises, in as few round trips as it can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from pynamodb.connection import Connection

from chalicelib.domain.contacts import ContactChanged
from chalicelib.domain.ledger import Entry
from chalicelib.domain.messages import Message
from chalicelib.domain.purchases import Purchase, first_id_at
from chalicelib.domain.times import to_ms
from chalicelib.domain.transfers import MOST_HOLDERS, Holder
from chalicelib.domain.wallet import SNAPSHOT_EVERY, Decision, Wallet
from chalicelib.services.ports import (
    Change,
    ChartedDay,
    Checkout,
    LostRace,
    Outgoing,
    Page,
    Receipt,
    chains,
)
from chalicelib.store import items
from chalicelib.store.attributes import Raw
from chalicelib.store.commit import put_new, transact, update_if
from chalicelib.store.erasure import Erasing
from chalicelib.store.kept_aside import KeptAside
from chalicelib.store.limits import Limiting
from chalicelib.store.operating import Operating
from chalicelib.store.requests import Requests, key_of
from chalicelib.store.statements import Statements
from chalicelib.store.subscriptions import Subscriptions
from chalicelib.store.tables import (
    CONTACT,
    CUSTOMER,
    CheckoutItem,
    TableNames,
    day_key,
    entry_key,
    snapshot_key,
    wallet_key,
)
from chalicelib.store.time_driven import TimeDriven
from chalicelib.store.topups import TopUps


class DynamoStore(TimeDriven, KeptAside, Subscriptions, Statements, Operating, Erasing, TopUps, Limiting):
    """Wallets, purchases and usage in three tables."""

    def __init__(self, connection: Connection, names: TableNames) -> None:
        self.connection = connection
        self.requests = Requests(connection)
        self.names = names

    def wallet(self, wallet_id: str) -> Wallet:
        return items.wallet_from_item(wallet_id, self.requests.item(self.names.wallets, key_of(wallet_id)))

    def two_wallets(self, one: str, other: str) -> tuple[Wallet, Wallet]:
        wanted = [key_of(each) for each in dict.fromkeys((one, other))]  # DynamoDB refuses to be asked twice for one
        request = {self.names.wallets: {"Keys": wanted, "ConsistentRead": True}}
        found = {items.name_of(raw)[0]: raw for raw in self.requests.batch(request).get(self.names.wallets, [])}
        return items.wallet_from_item(one, found.get(one)), items.wallet_from_item(other, found.get(other))

    def wallet_and_purchase(self, wallet_id: str, purchase_id: str) -> tuple[Wallet, Purchase | None]:
        wallet_key_, purchase_key = key_of(wallet_id), key_of(wallet_id, f"p#{purchase_id}")
        request = {
            self.names.wallets: {"Keys": [wallet_key_], "ConsistentRead": True},
            self.names.purchases: {"Keys": [purchase_key], "ConsistentRead": True},
        }
        found = self.requests.batch(request)
        wallet = next(iter(found.get(self.names.wallets, [])), None)
        purchase = next(iter(found.get(self.names.purchases, [])), None)
        return (
            items.wallet_from_item(wallet_id, wallet),
            items.purchase_from_item(wallet_id, purchase) if purchase else None,
        )

    def purchase(self, wallet_id: str, purchase_id: str) -> Purchase | None:
        raw = self.requests.item(self.names.purchases, key_of(wallet_id, f"p#{purchase_id}"))
        return items.purchase_from_item(wallet_id, raw) if raw else None

    def purchases_since(self, wallet_id: str, at: datetime) -> Sequence[Purchase]:
        raws = self.requests.query(
            self.names.purchases,
            "wallet_id = :w AND sk BETWEEN :from AND :to",
            {":w": wallet_key(wallet_id), ":from": f"p#{first_id_at(at)}", ":to": "p#~"},
        )["Items"]
        return [items.purchase_from_item(wallet_id, raw) for raw in raws]

    def listed_purchases(self, wallet_id: str, *, before: str | None, limit: int) -> Sequence[Purchase]:
        answer = self.requests.query(
            self.names.purchases,
            "wallet_id = :w AND sk BETWEEN :first AND :last",
            {":w": wallet_key(wallet_id), ":first": "p#", ":last": f"p#{before}" if before else "p#~"},
            ScanIndexForward=False,
            Limit=limit + 1,  # the one at *before* itself may be among them
        )
        found = [items.purchase_from_item(wallet_id, raw) for raw in answer["Items"]]
        return [each for each in found if each.purchase_id != before][:limit]

    def receipt(self, wallet_id: str, key: str) -> Receipt | None:
        raw = self.requests.item(self.names.usage, key_of(wallet_id, f"k#{key}"))
        return items.receipt_from_item(wallet_id, key, raw) if raw else None

    def receipts(self, wallet_id: str, keys: Sequence[str]) -> Mapping[str, Receipt]:
        wanted = [key_of(wallet_id, f"k#{key}") for key in dict.fromkeys(keys)]
        request = {self.names.usage: {"Keys": wanted, "ConsistentRead": True}}
        found = self.requests.batch(request).get(self.names.usage, [])
        read = [items.receipt_from_item(wallet_id, raw["sk"]["S"].removeprefix("k#"), raw) for raw in found]
        return {receipt.key: receipt for receipt in read}

    def entry(self, wallet_id: str, seq: int, *, consistent: bool = True) -> Entry | None:
        raw = self.requests.item(self.names.usage, key_of(wallet_id, entry_key(seq)), consistent=consistent)
        return items.entry_from_item(raw) if raw else None

    def history(self, wallet_id: str, *, kind: str | None, before: int, limit: int, consistent: bool = False) -> Page:
        if kind is None or kind == "usage":
            return self._entries(wallet_id, kind=kind, before=before, limit=limit, consistent=consistent)
        answer = self.requests.query(
            self.names.usage,
            "wallet_kind = :k AND seq < :before",
            {":k": items.wallet_kind(wallet_id, kind), ":before": before},
            IndexName="kinds",
            ConsistentRead=False,
            ScanIndexForward=False,
            Limit=limit,
        )
        return _page(answer)

    def _entries(self, wallet_id: str, *, kind: str | None, before: int, limit: int, consistent: bool) -> Page:
        """Read from the table itself; uses are told by having no place in the index of kinds."""
        only_uses = {"FilterExpression": "attribute_not_exists(wallet_kind)"} if kind else {}
        found: list[Raw] = []
        bound = before
        while bound > 1 and len(found) < limit:  # DynamoDB refuses a range whose end lies before its beginning
            answer = self.requests.query(
                self.names.usage,
                "wallet_id = :w AND sk BETWEEN :first AND :last",
                {":w": wallet_key(wallet_id), ":first": entry_key(1), ":last": entry_key(bound - 1)},
                ScanIndexForward=False,
                ConsistentRead=consistent,
                Limit=limit,
                **only_uses,
            )
            found += answer["Items"]
            bound = _seq_of(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else 1
        cut = found[:limit]
        last = _seq_of(cut[-1]) if cut else 1
        more = last > 1 and (bound > 1 or len(found) > limit)
        return Page(entries=[items.entry_from_item(raw) for raw in cut], next_seq=last if more else None)

    def days(self, wallet_id: str, first: date, last: date) -> Sequence[ChartedDay]:
        answer = self.requests.query(
            self.names.usage,
            "wallet_id = :w AND sk BETWEEN :first AND :last",
            {":w": wallet_key(wallet_id), ":first": day_key(first), ":last": day_key(last)},
            ConsistentRead=False,
        )
        return [items.charted_day(raw) for raw in answer["Items"]]

    def snapshot(self, wallet_id: str, seq: int) -> Wallet | None:
        raw = self.requests.item(self.names.usage, key_of(wallet_id, snapshot_key(seq)))
        return items.wallet_from_item(wallet_id, raw) if raw else None

    def commit(self, change: Change) -> None:
        actions: list[dict[str, Any]] = []
        for chain in chains(change.decisions):
            actions += self._writes(chain)
        uses = [decision.entry for decision in change.decisions if decision.entry.kind == "usage"]
        at_seconds = to_ms(uses[0].at) // 1000 if uses else None  # receipts of money are kept for good
        before_receipts = len(actions)
        for receipt in change.receipts:
            actions.append(put_new(self.names.usage, items.receipt_to_item(receipt, at_seconds=at_seconds)))
        if change.new_purchase:
            actions.append(put_new(self.names.purchases, items.purchase_to_item(change.new_purchase)))
        if change.purchase:
            actions.append(self._purchase_write(change.purchase.purchase, was=change.purchase.before.version))
            actions += [self._new_message(message) for message in change.purchase.messages]
        if change.contact:
            actions.append(self._contact_write(change.contact))
        actions += [self._holder_write(holder) for holder in change.holders]
        if change.answer:
            actions.append(put_new(self.names.purchases, items.answer_to_item(change.answer)))
        if change.subscription:
            actions.append(self._subscription_write(change.subscription))
            actions += [self._new_message(message) for message in change.subscription.messages]
        actions += [self._invoice_write(invoice) for invoice in change.invoices]
        if change.topup:
            actions.append(self._topup_write(change.topup))
            actions += [self._new_message(message) for message in change.topup.messages]
        places = range(before_receipts, before_receipts + len(change.receipts))
        transact(self.connection, actions, receipts=places)

    def _writes(self, chain: Sequence[Decision]) -> list[dict[str, Any]]:
        """Write the wallet once, from what it was to what the last decision left, and each decision's entry."""
        last = chain[-1].wallet
        key, item, was = key_of(last.wallet_id), items.wallet_to_item(last), chain[0].before.seq
        actions = [update_if(self.names.wallets, key, item, items.WALLET_NAMES, counter="n", was=was)]
        for decision in chain:
            actions += self._beside_wallet(decision)
        return actions + self._trigger_writes(chain)

    def _beside_wallet(self, decision: Decision) -> list[dict[str, Any]]:
        wallet, usage = decision.wallet, self.names.usage
        actions = [put_new(usage, items.entry_to_item(decision.entry))]
        if decision.closed_day:
            actions.append(put_new(usage, items.closed_day_to_item(wallet.wallet_id, decision.closed_day)))
        actions += [items.late_update(usage, wallet.wallet_id, day, chart) for day, chart in decision.late.items()]
        if wallet.seq % SNAPSHOT_EVERY == 0:
            actions.append(put_new(usage, items.snapshot_to_item(wallet)))
        actions += [self._new_message(message) for message in decision.messages]
        return actions

    def _new_message(self, message: Message) -> dict[str, Any]:
        return put_new(self.names.usage, items.message_to_item(Outgoing(message=message, due_at=message.at)))

    def _purchase_write(self, purchase: Purchase, *, was: int) -> dict[str, Any]:
        key = key_of(purchase.wallet_id, f"p#{purchase.purchase_id}")
        item = items.purchase_to_item(purchase)
        return update_if(self.names.purchases, key, item, items.PURCHASE_NAMES, counter="v", was=was)

    def _holder_write(self, holder: Holder) -> dict[str, Any]:
        """Add a holder to a purchase's row, whose version moves on: whoever has read it decides afresh."""
        return {
            "Update": {
                "TableName": self.names.purchases,
                "Key": key_of(holder.buyer_id, f"p#{holder.purchase_id}"),
                "UpdateExpression": "ADD ho :holder, v :one",
                "ConditionExpression": "attribute_exists(v) AND "
                "(attribute_not_exists(ho) OR size(ho) < :most OR contains(ho, :name))",
                "ExpressionAttributeValues": {
                    ":holder": {"SS": [holder.wallet_id]},
                    ":name": {"S": holder.wallet_id},
                    ":one": {"N": "1"},
                    ":most": {"N": str(MOST_HOLDERS)},
                },
            }
        }

    def _contact_write(self, changed: ContactChanged) -> dict[str, Any]:
        item = items.contact_to_item(changed.contact)
        key, was = key_of(changed.contact.wallet_id, CONTACT), changed.before.version
        return update_if(self.names.purchases, key, item, items.CONTACT_NAMES, counter="v", was=was)

    def keep_checkout(self, purchase: Purchase, checkout: Checkout) -> None:
        beside = CheckoutItem(
            wallet_key(purchase.wallet_id),
            f"c#{purchase.purchase_id}",
            url=checkout.url,
            session_id=checkout.session_id,
            expires_at=checkout.expires_at,
        )
        write = self._purchase_write(purchase, was=purchase.version - 1)
        transact(self.connection, [write, put_new(self.names.purchases, beside.serialize())])

    def checkout(self, wallet_id: str, purchase_id: str) -> Checkout | None:
        raw = self.requests.item(self.names.purchases, key_of(wallet_id, f"c#{purchase_id}"))
        return items.checkout_from_item(raw) if raw else None

    def customer(self, wallet_id: str) -> str | None:
        raw = self.requests.item(self.names.purchases, key_of(wallet_id, CUSTOMER))
        return raw["cu"]["S"] if raw and "cu" in raw else None

    def former_customer(self, wallet_id: str) -> str | None:
        raw = self.requests.item(self.names.purchases, key_of(wallet_id, CUSTOMER))
        return raw["fo"]["S"] if raw and "fo" in raw else None

    def keep_customer(self, wallet_id: str, customer_id: str, *, email: str | None) -> None:
        values = {":customer": {"S": customer_id}, **({":email": {"S": email}} if email else {})}
        expression = "SET cu = :customer" + (", em = :email" if email else "")
        self._update_customer(wallet_id, expression, "attribute_not_exists(cu)", values)

    def forget_customer(self, wallet_id: str, customer_id: str) -> None:
        values = {":customer": {"S": customer_id}}
        self._update_customer(wallet_id, "SET fo = :customer REMOVE cu, em", "cu = :customer", values)

    def _update_customer(self, wallet_id: str, expression: str, condition: str, values: dict[str, Any]) -> None:
        """Change the customer's item if that is what it was; otherwise leave it."""
        with suppress(LostRace):
            self.requests.update(self.names.purchases, key_of(wallet_id, CUSTOMER), expression, condition, values)


def _seq_of(key: Raw) -> int:
    return int(key["sk"]["S"].removeprefix("e#"))


def _page(answer: dict[str, Any]) -> Page:
    found = answer["Items"]
    next_seq = int(found[-1]["seq"]["N"]) if "LastEvaluatedKey" in answer and found else None
    return Page(entries=[items.entry_from_item(raw) for raw in found], next_seq=next_seq)
