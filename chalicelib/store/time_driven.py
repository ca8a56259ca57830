"""What lies in the tables for jobs: what is due, messages on their way, and where they go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.contacts import Contact, Known
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.times import to_ms
from chalicelib.domain.wallet import Wallet
from chalicelib.services.ports import Due, Outgoing
from chalicelib.store import items
from chalicelib.store.commit import ask, update_if
from chalicelib.store.requests import Requests, key_of, moment
from chalicelib.store.tables import CONTACT, CUSTOMER, TableNames, message_key, wallet_key

LOOKED_AT = 10  # purchases, newest first, in search of an address
DUE_PAGE = 100  # names in one look at what is due
FIRST_PUSH, LONGEST_PUSH, MOST_DOUBLINGS = timedelta(minutes=5), timedelta(days=1), 9


class TimeDriven:
    """The part of the store that jobs use."""

    requests: Requests
    names: TableNames

    def due_wallets(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        return self._due(self.names.wallets, ("due", "due_shard", "due_at"), shard, until, cursor)

    def due_purchases(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        return self._due(self.names.purchases, ("due", "due_shard", "due_at"), shard, until, cursor)

    def due_messages(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
        return self._due(self.names.usage, ("outbox", "out_shard", "out_at"), shard, until, cursor)

    def _due(self, table: str, index: tuple[str, str, str], shard: int, until: datetime, cursor: object) -> Due:
        name, by_shard, by_time = index
        answer = self.requests.query(
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
        values: dict[str, Any] = {":seq": {"N": str(wallet.seq)}, ":seen": moment(wallet.due_at)}
        if until:
            values |= {":until": moment(until)}
        self.requests.update(
            self.names.wallets,
            key_of(wallet.wallet_id),
            "SET due_at = :until REMOVE #f" if until else "REMOVE due_at, due_shard, #f",
            "#n = :seq AND due_at = :seen",
            values,
            names={"#n": "n", "#f": "f"},
        )

    def push_back(self, wallet_id: str, now: datetime) -> datetime:
        key, names = key_of(wallet_id), {"#f": "f"}
        there = "attribute_exists(due_shard)"
        told = self.requests.update(self.names.wallets, key, "ADD #f :one", there, {":one": {"N": "1"}}, names=names)
        failures = int(told["Attributes"]["f"]["N"])
        until: datetime = now + min(FIRST_PUSH * 2 ** min(failures - 1, MOST_DOUBLINGS), LONGEST_PUSH)
        self.requests.update(self.names.wallets, key, "SET due_at = :until", there, {":until": moment(until)})
        return until

    def put_off_purchase(self, purchase: Purchase, until: datetime) -> None:
        self.requests.update(
            self.names.purchases,
            key_of(purchase.wallet_id, f"p#{purchase.purchase_id}"),
            "SET due_at = :until, due_shard = :shard",
            "#v = :version",
            {
                ":until": moment(until),
                ":shard": {"N": str(items.shard_of(purchase.wallet_id))},
                ":version": {"N": str(purchase.version)},
            },
            names={"#v": "v"},
        )

    def outgoing(self, wallet_id: str, message_id: str) -> Outgoing | None:
        raw = self.requests.item(self.names.usage, key_of(wallet_id, message_key(message_id)))
        return items.message_from_item(wallet_id, message_id, raw) if raw else None

    def keep_outgoing(self, outgoing: Outgoing) -> None:
        key = key_of(outgoing.message.wallet_id, message_key(outgoing.message.message_id))
        item, was = items.message_to_item(outgoing), outgoing.version - 1
        request = update_if(self.names.usage, key, item, items.MESSAGE_NAMES, counter="v", was=was)["Update"]
        ask(self.requests.connection, "UpdateItem", request)

    def wallet_ids(self, share: int, shares: int, *, cursor: object = None) -> Due:
        request = {
            "TableName": self.names.wallets,
            "Segment": share,
            "TotalSegments": shares,
            "ProjectionExpression": "wallet_id",
            **({"ExclusiveStartKey": cursor} if cursor else {}),
        }
        answer = ask(self.requests.connection, "Scan", request)
        return Due([items.name_of(raw) for raw in answer["Items"]], answer.get("LastEvaluatedKey"))

    def contact(self, wallet_id: str) -> Contact:
        return items.contact_from_item(wallet_id, self.requests.item(self.names.purchases, key_of(wallet_id, CONTACT)))

    def known_addresses(self, wallet_id: str) -> Known:
        answer = self.requests.query(
            self.names.purchases,
            "wallet_id = :w AND sk BETWEEN :first AND :last",
            {":w": wallet_key(wallet_id), ":first": CUSTOMER, ":last": "p#~"},
            ScanIndexForward=False,
            Limit=LOOKED_AT,
        )
        found = {raw["sk"]["S"]: raw for raw in answer["Items"]}
        paid = [raw["em"]["S"] for sk, raw in found.items() if sk.startswith("p#") and "em" in raw]
        customer = found.get(CUSTOMER)
        if customer is None and "LastEvaluatedKey" in answer:  # many purchases stand before it
            customer = self.requests.item(self.names.purchases, key_of(wallet_id, CUSTOMER))
        email = (customer or {}).get("em", {}).get("S")
        return Known(payment_email=paid[0] if paid else None, customer_email=email)
