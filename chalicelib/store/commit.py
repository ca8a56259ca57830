"""
The one commit: every write is a transaction of conditional puts and updates, and every failure gets its right name.

What DynamoDB answers is told apart here: a lost race (nothing written), throttling (nothing written), and an
unknown outcome (perhaps written). botocore's own retries are safe, because every write is conditional.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError
from botocore.parsers import ResponseParserError
from pynamodb.connection import Connection
from pynamodb.exceptions import VerboseClientError

from chalicelib.services.ports import LostRace, OutcomeUnknown, Throttled
from chalicelib.store.attributes import Raw

CONNECT_TIMEOUT, READ_TIMEOUT, RETRIES = 1, 3, 1  # seconds, seconds, and one retry: two attempts in all
THROTTLES = frozenset(
    {"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingError"}
)
RACES = frozenset({"ConditionalCheckFailed", "TransactionConflict", "ConditionalCheckFailedException"})
REASON_THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


def connect(*, region: str, host: str | None = None) -> Connection:
    """Make the connection that all three tables share; it is opened with its first request."""
    return Connection(
        region=region,
        host=host,
        connect_timeout_seconds=CONNECT_TIMEOUT,
        read_timeout_seconds=READ_TIMEOUT,
        max_retry_attempts=RETRIES,
        max_pool_connections=64,
    )


def ask(connection: Connection, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """
    Send one request.

    Raises:
        LostRace: A condition failed.
        Throttled: The table or the account is asked too much.
        OutcomeUnknown: No answer, or the service failed.
    """
    try:
        answer: dict[str, Any] = connection.dispatch(operation, {"ReturnConsumedCapacity": "NONE", **request})
    except VerboseClientError as error:
        raise _named(error) from error
    except (HTTPClientError, NoConnection, ResponseParserError) as error:
        raise OutcomeUnknown(str(error)) from error
    return answer


def _named(error: VerboseClientError) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "TransactionCanceledException":
        codes = {reason.code for reason in error.cancellation_reasons if reason}
        if codes & RACES:
            return LostRace(", ".join(sorted(codes)))
        return Throttled(code) if codes & REASON_THROTTLES else error
    if code in RACES:
        return LostRace(code)
    if code in THROTTLES:
        return Throttled(code)
    if code in {"InternalServerError", "TransactionInProgressException", "ServiceUnavailable"} or _is_5xx(error):
        return OutcomeUnknown(code)
    return error


def _is_5xx(error: VerboseClientError) -> bool:
    return error.response.get("Error", {}).get("Code", "").startswith("5")


def put_new(table: str, item: Raw, *, hash_key: str = "wallet_id") -> dict[str, Any]:
    """Put an item that must not be there yet."""
    return {"Put": {"TableName": table, "Item": item, "ConditionExpression": f"attribute_not_exists({hash_key})"}}


def update_if(table: str, key: Raw, item: Raw, known: Sequence[str], *, counter: str, was: int) -> dict[str, Any]:
    """
    Set an item's attributes if its *counter* still has the value that was read; zero: if there is no item.

    Attributes in *known* that the item lacks are removed; names that we don't know stay as they are.
    """
    set_names = tuple(name for name in item if name not in key)
    expression, names = _update_expression(set_names, tuple(name for name in known if name not in item), counter)
    values = {f":{name}": item[name] for name in set_names}
    if was:
        values[":was"] = {"N": str(was)}
    return {
        "Update": {
            "TableName": table,
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": f"#{counter} = :was" if was else f"attribute_not_exists(#{counter})",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
    }


@cache
def _update_expression(set_names: tuple[str, ...], gone: tuple[str, ...], counter: str) -> tuple[str, dict[str, str]]:
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in set_names)
    if gone:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    return expression, {f"#{name}": name for name in (*set_names, *gone, counter)}


def transact(connection: Connection, actions: Sequence[Mapping[str, Any]], *, receipts: range = range(0)) -> None:
    """
    Write all of it or nothing. Raises as `ask` does.

    *receipts* are the places of the actions that put receipts: a lost race counts out which of them were there.
    """
    try:
        ask(connection, "TransactWriteItems", {"TransactItems": list(actions)})
    except LostRace as lost:
        reasons = getattr(lost.__cause__, "cancellation_reasons", [])[receipts.start : receipts.stop]
        there = [place for place, reason in enumerate(reasons) if reason and reason.code == "ConditionalCheckFailed"]
        raise LostRace(str(lost), spent=there) from lost.__cause__
