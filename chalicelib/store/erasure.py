"""
Erasure in the tables: what identifies a person goes, item by item. `docs/how-to/erasure.md` lists every kind of item.

Whatever still has something to forget is found by reading, so it can be begun again at any time, and twice at once.
Where a round came to is kept, which saves the reading. Rows that others write move on by their versions, so that nobody
who has read one before writes back what was forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from pynamodb.connection import Connection

from chalicelib.domain.erasure import (
    ERASED,
    NO_DIGEST,
    Reached,
    Stage,
    without_addresses,
    without_page,
    without_person,
)
from chalicelib.services.ports import Page
from chalicelib.store import items
from chalicelib.store.attributes import Raw
from chalicelib.store.commit import ask, transact, update_if
from chalicelib.store.requests import Requests, key_of
from chalicelib.store.tables import CONTACT, CUSTOMER, ERASURE, ErasureItem, TableNames, entry_key, wallet_key

ROWS = 50  # in one look: as many are written in one transaction at most
LOOK = 1000  # entries or receipts, of which those that have something to forget are given

Write = dict[str, Any]


class Erasing:
    """The part of the store that forgets."""

    connection: Connection
    requests: Requests
    names: TableNames

    def private_entries(self, wallet_id: str, *, first: int, last: int) -> Page:
        if first > last:  # DynamoDB refuses a range whose end lies before its beginning
            return Page()
        answer = self.requests.query(
            self.names.usage,
            "wallet_id = :w AND sk BETWEEN :first AND :last",
            {":w": wallet_key(wallet_id), ":first": entry_key(first), ":last": entry_key(last)},
            FilterExpression="attribute_exists(s) OR attribute_exists(p)",
            Limit=LOOK,
        )
        more = answer.get("LastEvaluatedKey")
        next_seq = int(more["sk"]["S"].removeprefix("e#")) + 1 if more else None
        return Page(entries=[items.entry_from_item(raw) for raw in answer["Items"]], next_seq=next_seq)

    def erase_entries(self, names: Sequence[tuple[str, int]]) -> None:
        keys = [key_of(wallet_id, entry_key(seq)) for wallet_id, seq in names]
        transact(self.connection, [_update(self.names.usage, key, "REMOVE s, p", there="c") for key in keys])

    def receipt_keys(self, wallet_id: str, *, last: int, after: str | None = None) -> tuple[Sequence[str], str | None]:
        answer = self.requests.query(
            self.names.usage,
            "wallet_id = :w AND begins_with(sk, :prefix)",
            {},
            FilterExpression="h <> :none AND (attribute_not_exists(n) OR n <= :last)",
            ProjectionExpression="sk",
            Limit=LOOK,
            ExpressionAttributeValues={
                ":w": {"S": wallet_key(wallet_id)},
                ":prefix": {"S": "k#"},
                ":none": {"B": NO_DIGEST},
                ":last": {"N": str(last)},
            },
            **({"ExclusiveStartKey": key_of(wallet_id, f"k#{after}")} if after else {}),
        )
        keys = [raw["sk"]["S"].removeprefix("k#") for raw in answer["Items"]]
        more = answer.get("LastEvaluatedKey")
        return keys, more["sk"]["S"].removeprefix("k#") if more else None

    def blank_receipts(self, wallet_id: str, keys: Sequence[str]) -> None:
        blank = {":none": {"B": NO_DIGEST}}
        rows = [key_of(wallet_id, f"k#{key}") for key in keys]
        transact(
            self.connection, [_update(self.names.usage, row, "SET h = :none", there="h", values=blank) for row in rows]
        )

    def erase_rows(self, wallet_id: str, *, after: str | None = None) -> str | None:
        answer = self.requests.query(
            self.names.purchases,
            "wallet_id = :w",
            {":w": wallet_key(wallet_id)},
            Limit=ROWS,
            **({"ExclusiveStartKey": key_of(wallet_id, after)} if after else {}),
        )
        writes = [write for raw in answer["Items"] if (write := self._row_write(wallet_id, raw))]
        if writes:
            transact(self.connection, writes)
        more = answer.get("LastEvaluatedKey")
        return more["sk"]["S"] if more else None

    def erasure(self, wallet_id: str) -> Reached | None:
        raw = self.requests.item(self.names.purchases, key_of(wallet_id, ERASURE))
        if raw is None:
            return None
        item = ErasureItem()
        item.deserialize(raw)
        return Reached(last=item.last, stage=Stage(item.stage), next_seq=item.next_seq, after=item.after)

    def keep_erasure(self, wallet_id: str, reached: Reached) -> None:
        item = ErasureItem(
            wallet_key(wallet_id),
            ERASURE,
            last=reached.last,
            stage=reached.stage,
            next_seq=reached.next_seq,
            after=reached.after,
        )
        ask(self.connection, "PutItem", {"TableName": self.names.purchases, "Item": item.serialize()})

    def _row_write(self, wallet_id: str, raw: Raw) -> Write | None:
        """Say what must be written to forget what identifies a person in one row. None: it has nothing, or no more."""
        forget = FORGETTING.get(raw["sk"]["S"].partition("#")[0])
        return forget(self, wallet_id, raw) if forget else None

    def _purchase(self, wallet_id: str, raw: Raw) -> Write | None:
        purchase = items.purchase_from_item(wallet_id, raw)
        bare = without_person(purchase)
        if bare == purchase:
            return None
        item, was = items.purchase_to_item(bare), purchase.version
        return update_if(self.names.purchases, _key(raw), item, items.PURCHASE_NAMES, counter="v", was=was)

    def _contact(self, wallet_id: str, raw: Raw) -> Write | None:
        contact = items.contact_from_item(wallet_id, raw)
        bare = without_addresses(contact)
        if bare == contact:
            return None
        item, was = items.contact_to_item(bare), contact.version
        return update_if(self.names.purchases, _key(raw), item, items.CONTACT_NAMES, counter="v", was=was)

    def _customer(self, _wallet_id: str, raw: Raw) -> Write | None:
        return _update(self.names.purchases, _key(raw), "REMOVE em", there="sk") if "em" in raw else None

    def _invoice(self, _wallet_id: str, raw: Raw) -> Write | None:
        return _update(self.names.purchases, _key(raw), "REMOVE iu", there="sk") if "iu" in raw else None

    def _checkout(self, _wallet_id: str, raw: Raw) -> Write | None:
        if raw["u"]["S"] == ERASED:
            return None
        values = {":erased": {"S": ERASED}}
        return _update(self.names.purchases, _key(raw), "SET u = :erased", there="u", values=values)

    def _answer(self, _wallet_id: str, raw: Raw) -> Write | None:
        answer = json.loads(raw["a"]["S"])
        bare = without_page(answer)
        if bare == answer:
            return None
        values = {":answer": {"S": json.dumps(dict(bare))}}
        return _update(self.names.purchases, _key(raw), "SET a = :answer", there="a", values=values)


FORGETTING: dict[str, Callable[[Erasing, str, Raw], Write | None]] = {
    "p": Erasing._purchase,
    "c": Erasing._checkout,
    "r": Erasing._answer,
    "i": Erasing._invoice,
    CUSTOMER: Erasing._customer,
    CONTACT: Erasing._contact,
}
"""By what stands before the `#` of a row's name; other rows hold nothing that identifies a person."""


def _key(raw: Raw) -> Raw:
    return {"wallet_id": raw["wallet_id"], "sk": raw["sk"]}


def _update(table: str, key: Raw, expression: str, *, there: str, values: Raw | None = None) -> Write:
    """Change an item that must have the attribute *there*: none is made by forgetting."""
    update: dict[str, Any] = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": expression,
        "ConditionExpression": f"attribute_exists({there})",
    }
    return {"Update": update | ({"ExpressionAttributeValues": values} if values else {})}
