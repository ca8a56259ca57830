"""What lies in the tables about subscriptions: the row of each wallet's, and their invoices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from chalicelib.domain.catalog import Interval
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.money import Money
from chalicelib.domain.subscriptions import Asked, Followed, News, Subscription, SubscriptionStatus
from chalicelib.domain.times import from_ms, to_ms
from chalicelib.domain.wallet import Wallet
from chalicelib.store import items
from chalicelib.store.attributes import Raw
from chalicelib.store.commit import update_if
from chalicelib.store.requests import Requests, key_of, moment
from chalicelib.store.tables import SUBSCRIPTION, InvoiceItem, SubscriptionItem, TableNames, wallet_key

SUBSCRIPTION_NAMES = tuple(
    attribute.attr_name
    for name, attribute in SubscriptionItem.get_attributes().items()
    if name not in ("wallet_id", "sk")
)


class Subscriptions:
    """The part of the store that is about plans that are paid for."""

    requests: Requests
    names: TableNames

    def subscription(self, wallet_id: str) -> Subscription:
        raw = self.requests.item(self.names.purchases, key_of(wallet_id, SUBSCRIPTION))
        return subscription_from_item(wallet_id, raw)

    def wallet_and_subscription(self, wallet_id: str) -> tuple[Wallet, Subscription]:
        request = {
            self.names.wallets: {"Keys": [key_of(wallet_id)], "ConsistentRead": True},
            self.names.purchases: {"Keys": [key_of(wallet_id, SUBSCRIPTION)], "ConsistentRead": True},
        }
        found = self.requests.batch(request)
        wallet = next(iter(found.get(self.names.wallets, [])), None)
        row = next(iter(found.get(self.names.purchases, [])), None)
        return items.wallet_from_item(wallet_id, wallet), subscription_from_item(wallet_id, row)

    def put_off_subscription(self, row: Subscription, until: datetime | None) -> None:
        values: dict[str, Any] = {":version": {"N": str(row.version)}}
        if until:
            values |= {":until": moment(until), ":shard": {"N": str(items.shard_of(row.wallet_id))}}
        self.requests.update(
            self.names.purchases,
            key_of(row.wallet_id, SUBSCRIPTION),
            "SET due_at = :until, due_shard = :shard" if until else "REMOVE due_at, due_shard",
            "#v = :version",
            values,
            names={"#v": "v"},
        )

    def invoice(self, wallet_id: str, name: str) -> Invoice | None:
        raw = self.requests.item(self.names.purchases, key_of(wallet_id, f"i#{name}"))
        return invoice_from_item(wallet_id, raw) if raw else None

    def listed_invoices(self, wallet_id: str, *, before: str | None, limit: int) -> Sequence[Invoice]:
        answer = self.requests.query(
            self.names.purchases,
            "wallet_id = :w AND sk BETWEEN :first AND :last",
            {":w": wallet_key(wallet_id), ":first": "i#", ":last": f"i#{before}" if before else "i#~"},
            ScanIndexForward=False,
            Limit=limit + 1,  # the one at *before* itself may be among them
        )
        found = [invoice_from_item(wallet_id, raw) for raw in answer["Items"]]
        return [each for each in found if each.name != before][:limit]

    def _subscription_write(self, followed: Followed) -> dict[str, Any]:
        row = followed.subscription
        item, key = subscription_to_item(row), key_of(row.wallet_id, SUBSCRIPTION)
        was = followed.before.version
        return update_if(self.names.purchases, key, item, SUBSCRIPTION_NAMES, counter="v", was=was)

    def _invoice_write(self, invoice: Invoice) -> dict[str, Any]:
        """Put an invoice over what was known of it; the subscription's row, written with it, guards it."""
        return {"Put": {"TableName": self.names.purchases, "Item": invoice_to_item(invoice)}}


def subscription_to_item(row: Subscription) -> Raw:
    item: Raw = SubscriptionItem(
        wallet_key(row.wallet_id),
        SUBSCRIPTION,
        version=row.version,
        news=_to_text(asdict(row.news)) if row.news else None,
        has_paid=row.has_paid or None,
        asked=_to_text(asdict(row.asked)) if row.asked else None,
        session_id=row.session_id,
        session_at=row.session_at,
        customer_id=row.customer_id,
        due_shard=items.shard_of(row.wallet_id) if row.due_at else None,
        due_at=row.due_at,
    ).serialize()
    return item


def subscription_from_item(wallet_id: str, raw: Raw | None) -> Subscription:
    """Read a subscription's row; one never written reads as version 0."""
    if not raw:
        return Subscription(wallet_id=wallet_id)
    item = SubscriptionItem()
    item.deserialize(raw)
    return Subscription(
        wallet_id=wallet_id,
        version=item.version,
        news=_news(json.loads(item.news)) if item.news else None,
        has_paid=bool(item.has_paid),
        asked=_asked(json.loads(item.asked)) if item.asked else None,
        session_id=item.session_id,
        session_at=item.session_at,
        customer_id=item.customer_id,
        due_at=item.due_at,
    )


def invoice_to_item(invoice: Invoice) -> Raw:
    item: Raw = InvoiceItem(
        wallet_key(invoice.wallet_id),
        f"i#{invoice.name}",
        subscription_id=invoice.subscription_id,
        status=invoice.status,
        amount_minor=invoice.amount.amount_minor,
        currency=invoice.amount.currency,
        created_at=invoice.created_at,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        paid_at=invoice.paid_at,
        number=invoice.number,
        url=invoice.url,
    ).serialize()
    return item


def invoice_from_item(wallet_id: str, raw: Raw) -> Invoice:
    item = InvoiceItem()
    item.deserialize(raw)
    return Invoice(
        wallet_id=wallet_id,
        invoice_id=item.sk.partition("-")[2],
        subscription_id=item.subscription_id,
        status=item.status,
        amount=Money(item.amount_minor, item.currency),
        created_at=item.created_at,
        period_start=item.period_start,
        period_end=item.period_end,
        paid_at=item.paid_at,
        number=item.number,
        url=item.url,
    )


MOMENTS = frozenset({"at", "created_at", "anchor", "period_start", "period_end", "invoiced_at", "ends_at", "ended_at"})


def _to_text(fields: Mapping[str, Any]) -> str:
    """Write what has a value as JSON, times as epoch milliseconds."""
    said = {name: value for name, value in fields.items() if value is not None}
    return json.dumps({name: to_ms(value) if name in MOMENTS else value for name, value in said.items()})


def _read(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: from_ms(value) if name in MOMENTS else value for name, value in fields.items()}


def _news(fields: dict[str, Any]) -> News:
    read = _read(fields)
    pending = read.get("pending")
    return News(
        **read
        | {
            "status": SubscriptionStatus(read["status"]),
            "interval": Interval(read["interval"]),
            "price": Money(**read["price"]),
            "pending": (pending[0], Interval(pending[1])) if pending else None,
        }
    )


def _asked(fields: dict[str, Any]) -> Asked:
    read = _read(fields)
    return Asked(**read | {"interval": Interval(read["interval"]) if "interval" in read else None})
