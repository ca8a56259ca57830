"""The store on DynamoDB: what `services.ports.Store` promises, in as few round trips as it can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pynamodb.connection import Connection

from chalicelib.domain.contacts import Contact, ContactChanged, Known
from chalicelib.domain.ledger import Entry
from chalicelib.domain.messages import Message
from chalicelib.domain.purchases import Purchase, first_id_at
from chalicelib.domain.times import to_ms
from chalicelib.domain.wallet import SNAPSHOT_EVERY, Decision, Wallet
from chalicelib.services.ports import (
    Change,
    ChartedDay,
    Checkout,
    Due,
    LostRace,
    Oddity,
    OutcomeUnknown,
    Outgoing,
    Page,
    Receipt,
)
from chalicelib.store import items
from chalicelib.store.attributes import Raw
from chalicelib.store.commit import ask, put_new, transact, update_if
from chalicelib.store.tables import (
    CONTACT,
    CheckoutItem,
    CustomerItem,
    TableNames,
    day_key,
    entry_key,
    message_key,
    snapshot_key,
    wallet_key,
)

CUSTOMER = "customer"
LOOKED_AT = 10  # purchases, newest first, in search of an address
DUE_PAGE = 100  # names in one look at what is due
FIRST_PUSH, LONGEST_PUSH, MOST_DOUBLINGS = timedelta(minutes=5), timedelta(days=1), 9


class DynamoStore:
    """Wallets, purchases and usage in three tables."""

    def __init__(self, connection: Connection, names: TableNames) -> None:
        self.connection = connection
        self.names = names

    def wallet(self, wallet_id: str) -> Wallet:
        return items.wallet_from_item(wallet_id, self._item(self.names.wallets, _key(wallet_id)))

    def wallet_and_purchase(self, wallet_id: str, purchase_id: str) -> tuple[Wallet, Purchase | None]:
        wallet_key_, purchase_key = _key(wallet_id), _key(wallet_id, f"p#{purchase_id}")
        request = {
            self.names.wallets: {"Keys": [wallet_key_], "ConsistentRead": True},
            self.names.purchases: {"Keys": [purchase_key], "ConsistentRead": True},
        }
        found = self._batch(request)
        wallet = next(iter(found.get(self.names.wallets, [])), None)
        purchase = next(iter(found.get(self.names.purchases, [])), None)
        return (
            items.wallet_from_item(wallet_id, wallet),
            items.purchase_from_item(wallet_id, purchase) if purchase else None,
        )

    def _batch(self, request: dict[str, Any]) -> dict[str, list[Raw]]:
        answer = ask(self.connection, "BatchGetItem", {"RequestItems": request})
        if answer.get("UnprocessedKeys"):
            raise OutcomeUnknown("not all keys were read")
        found: dict[str, list[Raw]] = answer["Responses"]
        return found

    def purchase(self, wallet_id: str, purchase_id: str) -> Purchase | None:
        raw = self._item(self.names.purchases, _key(wallet_id, f"p#{purchase_id}"))
        return items.purchase_from_item(wallet_id, raw) if raw else None

    def purchases_since(self, wallet_id: str, at: datetime) -> Sequence[Purchase]:
        raws = self._query(
            self.names.purchases,
            "wallet_id = :w AND sk BETWEEN :from AND :to",
            {":w": wallet_key(wallet_id), ":from": f"p#{first_id_at(at)}", ":to": "p#~"},
        )["Items"]
        return [items.purchase_from_item(wallet_id, raw) for raw in raws]

    def receipt(self, wallet_id: str, key: str) -> Receipt | None:
        raw = self._item(self.names.usage, _key(wallet_id, f"k#{key}"))
        return items.receipt_from_item(wallet_id, key, raw) if raw else None

    def receipts(self, wallet_id: str, keys: Sequence[str]) -> Mapping[str, Receipt]:
        wanted = [_key(wallet_id, f"k#{key}") for key in dict.fromkeys(keys)]
        request = {self.names.usage: {"Keys": wanted, "ConsistentRead": True}}
        found = self._batch(request).get(self.names.usage, [])
        read = [items.receipt_from_item(wallet_id, raw["sk"]["S"].removeprefix("k#"), raw) for raw in found]
        return {receipt.key: receipt for receipt in read}

    def entry(self, wallet_id: str, seq: int) -> Entry | None:
        raw = self._item(self.names.usage, _key(wallet_id, entry_key(seq)))
        return items.entry_from_item(raw) if raw else None

    def history(self, wallet_id: str, *, kind: str | None, before: int, limit: int, consistent: bool = False) -> Page:
        if kind is None or kind == "usage":
            return self._entries(wallet_id, kind=kind, before=before, limit=limit, consistent=consistent)
        answer = self._query(
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
            answer = self._query(
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
        answer = self._query(
            self.names.usage,
            "wallet_id = :w AND sk BETWEEN :first AND :last",
            {":w": wallet_key(wallet_id), ":first": day_key(first), ":last": day_key(last)},
            ConsistentRead=False,
        )
        return [items.charted_day(raw) for raw in answer["Items"]]

    def snapshot(self, wallet_id: str, seq: int) -> Wallet | None:
        raw = self._item(self.names.usage, _key(wallet_id, snapshot_key(seq)))
        return items.wallet_from_item(wallet_id, raw) if raw else None

    def commit(self, change: Change) -> None:
        actions: list[dict[str, Any]] = []
        for decision in change.decisions:
            actions += self._writes(decision)
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
        places = range(before_receipts, before_receipts + len(change.receipts))
        transact(self.connection, actions, receipts=places)

    def _writes(self, decision: Decision) -> list[dict[str, Any]]:
        wallet, usage = decision.wallet, self.names.usage
        item = items.wallet_to_item(wallet)
        actions = [
            update_if(
                self.names.wallets,
                _key(wallet.wallet_id),
                item,
                items.WALLET_NAMES,
                counter="n",
                was=decision.before.seq,
            ),
            put_new(usage, items.entry_to_item(decision.entry)),
        ]
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
        key = _key(purchase.wallet_id, f"p#{purchase.purchase_id}")
        item = items.purchase_to_item(purchase)
        return update_if(self.names.purchases, key, item, items.PURCHASE_NAMES, counter="v", was=was)

    def _contact_write(self, changed: ContactChanged) -> dict[str, Any]:
        item = items.contact_to_item(changed.contact)
        key, was = _key(changed.contact.wallet_id, CONTACT), changed.before.version
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
        raw = self._item(self.names.purchases, _key(wallet_id, f"c#{purchase_id}"))
        return items.checkout_from_item(raw) if raw else None

    def customer(self, wallet_id: str) -> str | None:
        raw = self._item(self.names.purchases, _key(wallet_id, CUSTOMER))
        return raw["cu"]["S"] if raw else None

    def keep_customer(self, wallet_id: str, customer_id: str, *, email: str | None) -> None:
        item = CustomerItem(wallet_key(wallet_id), CUSTOMER, customer_id=customer_id, email=email)
        self._put_once(self.names.purchases, item.serialize())

    def contact(self, wallet_id: str) -> Contact:
        return items.contact_from_item(wallet_id, self._item(self.names.purchases, _key(wallet_id, CONTACT)))

    def known_addresses(self, wallet_id: str) -> Known:
        answer = self._query(
            self.names.purchases,
            "wallet_id = :w AND sk BETWEEN :first AND :last",
            {":w": wallet_key(wallet_id), ":first": CUSTOMER, ":last": "p#~"},
            ScanIndexForward=False,
            Limit=LOOKED_AT,
        )
        paid = [raw["em"]["S"] for raw in answer["Items"] if raw["sk"]["S"].startswith("p#") and "em" in raw]
        customer = self._item(self.names.purchases, _key(wallet_id, CUSTOMER)) or {}
        return Known(payment_email=paid[0] if paid else None, customer_email=customer.get("em", {}).get("S"))

    def due_wallets(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        return self._due(self.names.wallets, ("due", "due_shard", "due_at"), shard, until, cursor)

    def due_purchases(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        return self._due(self.names.purchases, ("due", "due_shard", "due_at"), shard, until, cursor)

    def due_messages(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        return self._due(self.names.usage, ("outbox", "out_shard", "out_at"), shard, until, cursor)

    def _due(self, table: str, index: tuple[str, str, str], shard: int, until: datetime, cursor: object) -> Due:
        name, by_shard, by_time = index
        answer = self._query(
            table,
            f"{by_shard} = :shard AND {by_time} <= :until",
            {":shard": shard, ":until": to_ms(until)},
            IndexName=name,
            ConsistentRead=False,
            Limit=DUE_PAGE,
            **({"ExclusiveStartKey": cursor} if cursor else {}),
        )
        return Due([items.name_of(raw) for raw in answer["Items"]], answer.get("LastEvaluatedKey"))

    def put_off(self, wallet: Wallet, until: datetime | None) -> None:
        values: dict[str, Any] = {":seq": {"N": str(wallet.seq)}, ":seen": _moment(wallet.due_at)}
        if until:
            values |= {":until": _moment(until)}
        self._update(
            self.names.wallets,
            _key(wallet.wallet_id),
            "SET due_at = :until REMOVE #f" if until else "REMOVE due_at, due_shard, #f",
            "#n = :seq AND due_at = :seen",
            values,
            names={"#n": "n", "#f": "f"},
        )

    def push_back(self, wallet_id: str, now: datetime) -> datetime:
        key, names = _key(wallet_id), {"#f": "f"}
        there = "attribute_exists(due_shard)"
        told = self._update(self.names.wallets, key, "ADD #f :one", there, {":one": {"N": "1"}}, names=names)
        failures = int(told["Attributes"]["f"]["N"])
        until: datetime = now + min(FIRST_PUSH * 2 ** min(failures - 1, MOST_DOUBLINGS), LONGEST_PUSH)
        self._update(self.names.wallets, key, "SET due_at = :until", there, {":until": _moment(until)})
        return until

    def put_off_purchase(self, purchase: Purchase, until: datetime) -> None:
        self._update(
            self.names.purchases,
            _key(purchase.wallet_id, f"p#{purchase.purchase_id}"),
            "SET due_at = :until, due_shard = :shard",
            "#v = :version",
            {
                ":until": _moment(until),
                ":shard": {"N": str(items.shard_of(purchase.wallet_id))},
                ":version": {"N": str(purchase.version)},
            },
            names={"#v": "v"},
        )

    def _update(
        self,
        table: str,
        key: Raw,
        expression: str,
        condition: str,
        values: dict[str, Any],
        *,
        names: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        request = {
            "TableName": table,
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ReturnValues": "UPDATED_NEW",
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        return ask(self.connection, "UpdateItem", request)

    def outgoing(self, wallet_id: str, message_id: str) -> Outgoing | None:
        raw = self._item(self.names.usage, _key(wallet_id, message_key(message_id)))
        return items.message_from_item(wallet_id, message_id, raw) if raw else None

    def keep_outgoing(self, outgoing: Outgoing) -> None:
        key = _key(outgoing.message.wallet_id, message_key(outgoing.message.message_id))
        item, was = items.message_to_item(outgoing), outgoing.version - 1
        request = update_if(self.names.usage, key, item, items.MESSAGE_NAMES, counter="v", was=was)["Update"]
        ask(self.connection, "UpdateItem", request)

    def wallet_ids(self, share: int, shares: int, *, cursor: object = None) -> Due:
        request = {
            "TableName": self.names.wallets,
            "Segment": share,
            "TotalSegments": shares,
            "ProjectionExpression": "wallet_id",
            **({"ExclusiveStartKey": cursor} if cursor else {}),
        }
        answer = ask(self.connection, "Scan", request)
        return Due([items.name_of(raw) for raw in answer["Items"]], answer.get("LastEvaluatedKey"))

    def quarantine(self, oddity: Oddity) -> None:
        self._put_once(self.names.purchases, items.oddity_to_item(oddity))

    def _put_once(self, table: str, item: Raw) -> None:
        try:
            ask(self.connection, "PutItem", put_new(table, item)["Put"])
        except LostRace:
            return  # it is there already

    def _item(self, table: str, key: Raw) -> Raw | None:
        request = {"TableName": table, "Key": key, "ConsistentRead": True}
        raw: Raw | None = ask(self.connection, "GetItem", request).get("Item")
        return raw

    def _query(self, table: str, condition: str, values: dict[str, str | int], **more: Any) -> dict[str, Any]:
        request = {
            "TableName": table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {
                name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in values.items()
            },
            "ConsistentRead": True,
        }
        return ask(self.connection, "Query", request | more)


def _key(wallet_id: str, sk: str | None = None) -> Raw:
    key: Raw = {"wallet_id": {"S": wallet_key(wallet_id)}}
    return {**key, "sk": {"S": sk}} if sk else key


def _moment(at: datetime | None) -> dict[str, str]:
    return {"N": str(to_ms(at))} if at else {"N": "0"}


def _seq_of(key: Raw) -> int:
    return int(key["sk"]["S"].removeprefix("e#"))


def _page(answer: dict[str, Any]) -> Page:
    found = answer["Items"]
    next_seq = int(found[-1]["seq"]["N"]) if "LastEvaluatedKey" in answer and found else None
    return Page(entries=[items.entry_from_item(raw) for raw in found], next_seq=next_seq)
