"""What lies in the tables, as operators look for it: all about one wallet, and what hangs together with an id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.services.ports import MessageCounts, Oddity, Page, WalletFile
from chalicelib.store import items
from chalicelib.store.attributes import Raw
from chalicelib.store.requests import Requests, key_of
from chalicelib.store.subscriptions import subscription_from_item
from chalicelib.store.tables import CONTACT, CUSTOMER, ODDITIES, SUBSCRIPTION, TOPUP, OddityItem, TableNames, wallet_key
from chalicelib.store.topups import topup_from_item

COUNTED = 100  # messages in one look
LOOKS, EVENTS = 3, 500  # at most so many looks of so many events into what is kept aside


class Operating:
    """The part of the store that operators read by."""

    requests: Requests
    names: TableNames

    def wallet_file(self, wallet_id: str) -> WalletFile:
        rows = [key_of(wallet_id, sk) for sk in (CONTACT, CUSTOMER, SUBSCRIPTION, TOPUP)]
        request = {
            self.names.wallets: {"Keys": [key_of(wallet_id)], "ConsistentRead": True},
            self.names.purchases: {"Keys": rows, "ConsistentRead": True},
        }
        found = self.requests.batch(request)
        wallet = next(iter(found.get(self.names.wallets, [])), None)
        beside = {raw["sk"]["S"]: raw for raw in found.get(self.names.purchases, [])}
        customer = {name: value.get("S") for name, value in beside.get(CUSTOMER, {}).items()}
        return WalletFile(
            wallet=items.wallet_from_item(wallet_id, wallet),
            subscription=subscription_from_item(wallet_id, beside.get(SUBSCRIPTION)),
            topup=topup_from_item(wallet_id, beside.get(TOPUP)),
            contact=items.contact_from_item(wallet_id, beside.get(CONTACT)),
            customer_id=customer.get("cu"),
            former_customer_id=customer.get("fo"),
            customer_email=customer.get("em"),
        )

    def message_counts(self, wallet_id: str) -> MessageCounts:
        answer = self.requests.query(
            self.names.usage,
            "wallet_id = :w AND begins_with(sk, :prefix)",
            {":w": wallet_key(wallet_id), ":prefix": "n#"},
            ConsistentRead=False,
            Limit=COUNTED,
            ProjectionExpression="out_at, p",
        )
        waiting = sum("out_at" in raw for raw in answer["Items"])
        parked = sum("p" in raw for raw in answer["Items"])
        return MessageCounts(waiting, parked, more="LastEvaluatedKey" in answer)

    def entries_after(self, wallet_id: str, *, kind: str, after: int, limit: int) -> Page:
        answer = self.requests.query(
            self.names.usage,
            "wallet_kind = :k AND seq > :after",
            {":k": items.wallet_kind(wallet_id, kind), ":after": after},
            IndexName="kinds",
            ConsistentRead=False,
            Limit=limit,
        )
        entries = [items.entry_from_item(raw) for raw in answer["Items"]]
        return Page(entries=entries, next_seq=entries[-1].seq + 1 if entries and "LastEvaluatedKey" in answer else None)

    def event(self, event_id: str) -> Oddity | None:
        key: Raw = {"wallet_id": {"S": ODDITIES}, "sk": {"S": f"q#{event_id}"}}
        raw = self.requests.item(self.names.purchases, key)
        return items.oddity_from_item(raw) if raw else None

    def events_about(self, names: Mapping[str, str]) -> tuple[Sequence[Oddity], bool]:
        found: list[Raw] = []
        values: dict[str, str | int] = {f":{name}": value for name, value in names.items()}
        start: dict[str, Raw] = {}
        for _ in range(LOOKS):
            answer = self.requests.query(
                self.names.purchases,
                "wallet_id = :partition AND begins_with(sk, :prefix)",
                {":partition": ODDITIES, ":prefix": "q#", **values},
                ConsistentRead=False,
                Limit=EVENTS,
                FilterExpression=" OR ".join(f"#{name} = :{name}" for name in names),
                ExpressionAttributeNames={f"#{name}": ATTRIBUTES[name] for name in names},
                **start,
            )
            found += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                break
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return [items.oddity_from_item(raw) for raw in found], "LastEvaluatedKey" not in answer


ATTRIBUTES = {
    "wallet_id": OddityItem.of_wallet.attr_name,
    "purchase_id": OddityItem.purchase_id.attr_name,
    "session_id": OddityItem.session_id.attr_name,
    "payment_id": OddityItem.payment_id.attr_name,
    "subscription_id": OddityItem.subscription_id.attr_name,
    "invoice_id": OddityItem.invoice_id.attr_name,
    "customer_id": OddityItem.customer_id.attr_name,
}
"""By which an event can be found, by the names of `Oddity`'s fields."""
