"""A Lambda function URL: an HTTP request becomes an event of payload version 2, the function's answer becomes HTTP."""

from __future__ import annotations

import base64
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from chalice.app import Chalice
from chalice.local import LambdaContext

from local.replies import Reply

NAME = "stripe_webhook"
TIMEOUT_MS, MEMORY_MB = 29_000, 512  # as .chalice/config.json has them
TEXTS = ("text/", "application/json", "application/xml", "application/javascript")
Event = dict[str, Any]

log = logging.getLogger(__name__)


class FunctionUrl:
    """The address of one function of an app."""

    def __init__(self, app: Chalice, *, now: Callable[[], datetime], name: str = NAME) -> None:
        self._function, self._now, self._name = app.handler_map[name], now, name

    def handle(self, method: str, path_with_query: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Answer one HTTP request. A function that breaks is a 502, as at AWS."""
        event = event_of(method.upper(), path_with_query, headers, body, at=self._now())
        try:
            answer = self._function(event, LambdaContext(self._name, MEMORY_MB, TIMEOUT_MS))
        except Exception:
            log.exception("%s broke", self._name)
            return Reply(status=502, headers={"content-type": "application/json"}, body=b'{"Message":null}')
        return _reply(answer)

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Take an event as the payment provider delivers it, and say the status."""
        return self.handle("POST", "/", headers, body).status


def event_of(method: str, path_with_query: str, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Event:
    """Shape a request as Lambda hands it to the function behind a URL."""
    path, _, query = path_with_query.partition("?")
    named = {name.lower(): value for name, value in headers.items()}
    http = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": named.get("user-agent", ""),
    }
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": named,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": named.get("host", "127.0.0.1"),
            "http": http,
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": at.strftime("%d/%b/%Y:%H:%M:%S %z"),
            "timeEpoch": int(at.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = _joined(query)
    if body:
        event["body"], event["isBase64Encoded"] = _written(body, named.get("content-type", ""))
    return event


def _joined(query: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in found.items()}


def _written(body: bytes, media: str) -> tuple[str, bool]:
    """Write text as it is, and everything else in base64; the media type decides."""
    if media.strip().lower().startswith(TEXTS):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _reply(answer: Any) -> Reply:
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Reply(status=200, headers={"content-type": "application/json"}, body=json.dumps(answer).encode())
    headers = {"content-type": "application/json"}
    headers.update({name.lower(): str(value) for name, value in answer.get("headers", {}).items()})
    text = answer.get("body") or ""
    body = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    return Reply(status=int(answer["statusCode"]), headers=headers, body=body)
