"""What no engine makes by itself: conflicts, throttling and lost answers, put into the real client's answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError
from pynamodb.connection import Connection

PREFIX = "com.amazonaws.dynamodb.v20120810#"
CONFLICT = {
    "__type": f"{PREFIX}TransactionCanceledException",
    "Message": "Transaction cancelled",
    "CancellationReasons": [{"Code": "TransactionConflict", "Message": "conflict"}, {"Code": "None"}, {"Code": "None"}],
}
THROTTLED = {"__type": f"{PREFIX}ThrottlingException", "message": "slow down"}
TOO_FAST = {
    "__type": f"{PREFIX}TransactionCanceledException",
    "Message": "Transaction cancelled",
    "CancellationReasons": [{"Code": "ThrottlingError"}, {"Code": "None"}, {"Code": "None"}],
}
KINDS: dict[str, dict[str, Any] | None] = {
    "conflict": CONFLICT,
    "throttled": THROTTLED,
    "throttled inside": TOO_FAST,
    "lost request": None,
}


@contextmanager
def answered(connection: Connection, kind: str, *, times: int) -> Iterator[list[str]]:
    """Answer the next *times* attempts at a transaction with trouble; gives the list of those that were."""
    events: Any = connection.client.meta.events
    struck: list[str] = []

    def hook(request: AWSRequest, **_: object) -> AWSResponse | None:
        if len(struck) >= times:
            return None
        struck.append(kind)
        said = KINDS[kind]
        if said is None:
            raise ReadTimeoutError(endpoint_url=str(request.url))
        return _response(str(request.url), said)

    events.register_first("before-send.dynamodb.TransactWriteItems", hook)
    try:
        yield struck
    finally:
        events.unregister("before-send.dynamodb.TransactWriteItems", hook)


def _response(url: str, said: dict[str, Any]) -> AWSResponse:
    body = json.dumps(said).encode()

    class Raw:
        def stream(self, **_how: object) -> Iterator[bytes]:
            yield body

    return AWSResponse(url, 400, cast(Any, {"content-type": "application/x-amz-json-1.0"}), Raw())
