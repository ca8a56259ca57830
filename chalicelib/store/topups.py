"""What lies in the tables about automatic top-ups: one row per wallet, and how a spend triggers it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from chalicelib.domain.money import Money
from chalicelib.domain.times import from_ms, to_ms
from chalicelib.domain.topups import Flight, Stop, TopUp, TopUpMoved, TopUpTerms
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.store import items
from chalicelib.store.attributes import Raw
from chalicelib.store.commit import update_if
from chalicelib.store.requests import Requests, key_of, moment
from chalicelib.store.tables import TOPUP, TableNames, TopUpItem, wallet_key

TOPUP_NAMES = tuple(
    attribute.attr_name for name, attribute in TopUpItem.get_attributes().items() if name not in ("wallet_id", "sk")
)


class TopUps:
    """The part of the store that is about automatic top-ups."""

    requests: Requests
    names: TableNames

    def topup(self, wallet_id: str) -> TopUp:
        return topup_from_item(wallet_id, self.requests.item(self.names.purchases, key_of(wallet_id, TOPUP)))

    def wallet_and_topup(self, wallet_id: str) -> tuple[Wallet, TopUp]:
        request = {
            self.names.wallets: {"Keys": [key_of(wallet_id)], "ConsistentRead": True},
            self.names.purchases: {"Keys": [key_of(wallet_id, TOPUP)], "ConsistentRead": True},
        }
        found = self.requests.batch(request)
        wallet = next(iter(found.get(self.names.wallets, [])), None)
        row = next(iter(found.get(self.names.purchases, [])), None)
        return items.wallet_from_item(wallet_id, wallet), topup_from_item(wallet_id, row)

    def put_off_topup(self, row: TopUp, until: datetime | None) -> None:
        values: dict[str, Any] = {":version": {"N": str(row.version)}}
        if until:
            values |= {":until": moment(until), ":shard": {"N": str(items.shard_of(row.wallet_id))}}
        if row.due_at:
            values[":seen"] = moment(row.due_at)
        self.requests.update(
            self.names.purchases,
            key_of(row.wallet_id, TOPUP),
            "SET due_at = :until, due_shard = :shard" if until else "REMOVE due_at, due_shard",
            "#v = :version AND " + ("due_at = :seen" if row.due_at else "attribute_not_exists(due_at)"),
            values,
            names={"#v": "v"},
        )

    def _topup_write(self, moved: TopUpMoved) -> dict[str, Any]:
        row = moved.topup
        key, item, was = key_of(row.wallet_id, TOPUP), topup_to_item(row), moved.before.version
        return update_if(self.names.purchases, key, item, TOPUP_NAMES, counter="v", was=was)

    def _trigger_writes(self, chain: Sequence[Decision]) -> list[dict[str, Any]]:
        """
        Note which entry crossed the line, and that a job should look.

        The row's version moves on, so that whoever has read it decides afresh. It has no condition of its own:
        no spend fails because of a top-up.
        """
        crossing = [decision.wallet for decision in chain if decision.wants_topup]
        if not crossing:
            return []
        wallet = crossing[-1]
        values = {
            ":seq": {"N": str(wallet.seq)},
            ":at": moment(wallet.last_at),
            ":shard": {"N": str(items.shard_of(wallet.wallet_id))},
            ":one": {"N": "1"},
        }
        update = {
            "TableName": self.names.purchases,
            "Key": key_of(wallet.wallet_id, TOPUP),
            "UpdateExpression": "SET tr = :seq, due_at = :at, due_shard = :shard REMOVE #a ADD v :one",
            "ExpressionAttributeNames": {"#a": "a"},
            "ExpressionAttributeValues": values,
        }
        return [{"Update": update}]


def topup_to_item(row: TopUp) -> Raw:
    item: Raw = TopUpItem(
        wallet_key(row.wallet_id),
        TOPUP,
        version=row.version,
        enabled=row.enabled or None,
        terms=json.dumps(asdict(row.terms)) if row.terms else None,
        trigger=row.trigger,
        attempts=row.attempts or None,
        flight=_flight_to_text(row.flight) if row.flight else None,
        declines=row.declines or None,
        not_before=row.not_before,
        stopped=row.stopped.value if row.stopped else None,
        stopped_at=row.stopped_at,
        card=row.card,
        month=row.month or None,
        month_minor=row.month_minor or None,
        capped_month=row.capped_month or None,
        due_shard=items.shard_of(row.wallet_id) if row.due_at else None,
        due_at=row.due_at,
    ).serialize()
    return item


def topup_from_item(wallet_id: str, raw: Raw | None) -> TopUp:
    """Read a top-up's row; one never written reads as version 0."""
    if not raw:
        return TopUp(wallet_id=wallet_id)
    item = TopUpItem()
    item.deserialize(raw)
    return TopUp(
        wallet_id=wallet_id,
        version=item.version,
        enabled=bool(item.enabled),
        terms=TopUpTerms(**json.loads(item.terms)) if item.terms else None,
        trigger=item.trigger,
        attempts=item.attempts or 0,
        flight=_flight_from_text(item.flight) if item.flight else None,
        declines=item.declines or 0,
        not_before=item.not_before,
        stopped=Stop(item.stopped) if item.stopped else None,
        stopped_at=item.stopped_at,
        card=item.card,
        month=item.month or "",
        month_minor=item.month_minor or 0,
        capped_month=item.capped_month or "",
        due_at=item.due_at,
    )


def _flight_to_text(flight: Flight) -> str:
    return json.dumps({**asdict(flight), "began_at": to_ms(flight.began_at)})


def _flight_from_text(text: str) -> Flight:
    read = json.loads(text)
    return Flight(**read | {"amount": Money(**read["amount"]), "began_at": from_ms(read["began_at"])})
