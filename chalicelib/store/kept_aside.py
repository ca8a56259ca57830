"""What lies in the tables for people: events kept aside, how often events failed, and answers that were given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.services.ports import Oddity
from chalicelib.store import items
from chalicelib.store.attributes import Raw
from chalicelib.store.requests import Requests, key_of, moment
from chalicelib.store.tables import ODDITIES, TableNames, answer_key


class KeptAside:
    """The part of the store that is about what didn't go by itself."""

    requests: Requests
    names: TableNames

    def quarantine(self, oddity: Oddity) -> None:
        self.requests.put_once(self.names.purchases, items.oddity_to_item(oddity))

    def oddity(self, event_id: str) -> Oddity | None:
        raw = self.requests.item(self.names.purchases, _key("q", event_id))
        return items.oddity_from_item(raw) if raw and "d" not in raw else None

    def listed_oddities(self, *, after: str | None, limit: int) -> tuple[Sequence[Oddity], str | None]:
        found: list[Raw] = []
        start: Raw | None = _key("q", after) if after else None
        while len(found) < limit:
            answer = self.requests.query(
                self.names.purchases,
                "wallet_id = :partition AND begins_with(sk, :prefix)",
                {":partition": ODDITIES, ":prefix": "q#"},
                FilterExpression="attribute_not_exists(d)",
                Limit=limit,
                **({"ExclusiveStartKey": start} if start else {}),
            )
            found += answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if not start:
                break
        listed = [items.oddity_from_item(raw) for raw in found[:limit]]
        more = len(found) > limit or start is not None
        return listed, listed[-1].event_id if more and listed else None

    def release_oddity(self, event_id: str, at: datetime) -> None:
        self.requests.update(
            self.names.purchases, _key("q", event_id), "SET d = :at", "attribute_exists(sk)", {":at": moment(at)}
        )

    def count_failure(self, event: Oddity) -> int:
        told = self.requests.update(
            self.names.purchases,
            _key("f", event.event_id),
            "ADD n :one SET t = :at",
            None,
            {":one": {"N": "1"}, ":at": moment(event.at)},
        )
        return int(told["Attributes"]["n"]["N"])

    def answer(self, wallet_id: str, name: str) -> Mapping[str, Any] | None:
        raw = self.requests.item(self.names.purchases, key_of(wallet_id, answer_key(name)))
        answer: Mapping[str, Any] | None = json.loads(raw["a"]["S"]) if raw else None
        return answer


def _key(prefix: str, event_id: str) -> Raw:
    return {"wallet_id": {"S": ODDITIES}, "sk": {"S": f"{prefix}#{event_id}"}}
