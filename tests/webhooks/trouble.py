"""Trouble with DynamoDB, made where botocore sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError

from tests.webhooks.premises import Premises

Meet = Callable[[AWSRequest], AWSResponse | None]


@contextmanager
def trouble(premises: Premises, operation: str, meet: Meet) -> Iterator[None]:
    """Have *meet* called for each request of an operation before moto is; botocore tries again without waiting."""
    hooks: Any = premises.store.connection.client.meta.events
    name = f"before-send.dynamodb.{operation}"

    def hook(request: AWSRequest, **_more: object) -> AWSResponse | None:
        return meet(request)

    hooks.register_first(name, hook)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
            yield
    finally:
        hooks.unregister(name, hook)


def unreachable(request: AWSRequest) -> None:
    raise ConnectTimeoutError(endpoint_url=str(request.url))


def throttled(request: AWSRequest) -> AWSResponse:
    """Say that it is too much. moto does its work all the same, so this is for reads."""
    return _answer(request, 400, "ThrottlingException")


def failing(request: AWSRequest) -> AWSResponse:
    """Break after the work was done: moto does it, and its answer is lost."""
    return _answer(request, 500, "InternalServerError")


def _answer(request: AWSRequest, status: int, code: str) -> AWSResponse:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}).encode()

    class Raw:
        def stream(self, **_how: object) -> Iterator[bytes]:
            yield body

    return AWSResponse(str(request.url), status, cast(Any, {}), Raw())
