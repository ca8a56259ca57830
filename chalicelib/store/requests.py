"""Requests: the ways in which the store asks DynamoDB for items, and the keys that it asks by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pynamodb.connection import Connection

from chalicelib.domain.times import to_ms
from chalicelib.services.ports import LostRace, OutcomeUnknown
from chalicelib.store.attributes import Raw
from chalicelib.store.commit import ask, put_new
from chalicelib.store.tables import wallet_key


class Requests:
    """Sends requests over one connection; every method is one round trip. Raises as `commit.ask` does."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def item(self, table: str, key: Raw, *, consistent: bool = True) -> Raw | None:
        request = {"TableName": table, "Key": key, "ConsistentRead": consistent}
        raw: Raw | None = ask(self.connection, "GetItem", request).get("Item")
        return raw

    def query(self, table: str, condition: str, values: dict[str, str | int], **more: Any) -> dict[str, Any]:
        request = {
            "TableName": table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {
                name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in values.items()
            },
            "ConsistentRead": True,
        }
        return ask(self.connection, "Query", request | more)

    def batch(self, request: dict[str, Any]) -> dict[str, list[Raw]]:
        answer = ask(self.connection, "BatchGetItem", {"RequestItems": request})
        if answer.get("UnprocessedKeys"):
            raise OutcomeUnknown("not all keys were read")
        found: dict[str, list[Raw]] = answer["Responses"]
        return found

    def put_once(self, table: str, item: Raw) -> None:
        """Put an item unless it is there already."""
        try:
            ask(self.connection, "PutItem", put_new(table, item)["Put"])
        except LostRace:
            return

    def update(
        self,
        table: str,
        key: Raw,
        expression: str,
        condition: str | None,
        values: dict[str, Any],
        *,
        names: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "TableName": table,
            "Key": key,
            "UpdateExpression": expression,
            "ExpressionAttributeValues": values,
            "ReturnValues": "UPDATED_NEW",
            **({"ConditionExpression": condition} if condition else {}),
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        return ask(self.connection, "UpdateItem", request)


def key_of(wallet_id: str, sk: str | None = None) -> Raw:
    key: Raw = {"wallet_id": {"S": wallet_key(wallet_id)}}
    return {**key, "sk": {"S": sk}} if sk else key


def moment(at: datetime | None) -> dict[str, str]:
    return {"N": str(to_ms(at))} if at else {"N": "0"}
