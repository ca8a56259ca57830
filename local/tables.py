"""Makes the three tables where they are missing, from the one place that defines them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TableDoesNotExist

from chalicelib.services.ports import OutcomeUnknown
from chalicelib.store.commit import ask
from chalicelib.store.tables import CUSTOMER, SUBSCRIPTION, TableNames, definitions

SLOWEST = 60.0  # seconds until a table is there
LOOK_EVERY = 0.2  # seconds
ACTIVE = "ACTIVE"


class Unusable(Exception):
    """The tables are not there, not as they should be, or can't be reached. The message says which."""


def make(connection: Connection, names: TableNames) -> None:
    """
    Create what is missing, and wait until all can be used.

    Raises:
        Unusable: They can't be reached, or were made by another version.
    """
    wanted = {definition["table_name"]: definition for definition in definitions(names)}
    with _reaching():
        for name, definition in wanted.items():
            if not (found := _described(connection, name)):
                connection.create_table(**definition)
            elif _indexes(found) != {index["index_name"] for index in definition["global_secondary_indexes"]}:
                raise Unusable(f"{name} is of another version; remove the folder .local")
        latest = time.monotonic() + SLOWEST
        while absent := [name for name in wanted if _described(connection, name).get("TableStatus") != ACTIVE]:
            if time.monotonic() > latest:
                raise Unusable(f"{', '.join(absent)} not ready after {SLOWEST:.0f} s")
            time.sleep(LOOK_EVERY)


def demand(connection: Connection, names: TableNames) -> None:
    """
    Look whether the tables are there, and make none: at AWS that is for a deployment to do.

    Raises:
        Unusable: They can't be reached, or one is missing.
    """
    wanted = [definition["table_name"] for definition in definitions(names)]
    with _reaching():
        if absent := [name for name in wanted if not _described(connection, name)]:
            raise Unusable(f"{', '.join(absent)} missing; name the deployed ones in TALLY_WALLETS_TABLE and so on")


def forget_customers(connection: Connection, names: TableNames) -> None:
    """
    Drop what is noted of customers at the payment provider and of their subscriptions.

    The stand-in begins empty with every start, while the tables stay: a purchase would name a customer that
    it doesn't know. Paid plans go on to the end of what was paid.
    """
    request: dict[str, Any] = {
        "TableName": names.purchases,
        "FilterExpression": "sk = :customer OR sk = :subscription",
        "ExpressionAttributeValues": {":customer": {"S": CUSTOMER}, ":subscription": {"S": SUBSCRIPTION}},
    }
    while True:
        found = ask(connection, "Scan", request)
        for item in found["Items"]:
            key = {name: item[name] for name in ("wallet_id", "sk")}
            ask(connection, "DeleteItem", {"TableName": names.purchases, "Key": key})
        if "LastEvaluatedKey" not in found:
            return
        request["ExclusiveStartKey"] = found["LastEvaluatedKey"]


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except (PynamoDBException, OutcomeUnknown) as error:
        raise Unusable(str(error)) from error


def _indexes(described: dict[str, Any]) -> set[str]:
    return {index["IndexName"] for index in described.get("GlobalSecondaryIndexes") or []}


def _described(connection: Connection, name: str) -> dict[str, Any]:
    """Describe a table; nothing, if there is none."""
    try:
        found: dict[str, Any] = connection.describe_table(name)
    except TableDoesNotExist:
        return {}
    return found
