"""
API Gateway, in process: route, token, function, and CORS; what it refuses by itself looks as our own refusals do.

The parts that know Lambda's shapes are Chalice's own. No socket is needed, so that tests use it as it is.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from chalice.app import Chalice, Request
from chalice.local import (
    ForbiddenError,
    LambdaContext,
    LambdaEventConverter,
    LocalGatewayAuthorizer,
    NotAuthorizedError,
    RouteMatcher,
)

from local import cors
from local.replies import Reply, broken, problem

LARGEST_BODY = 10 * 1024 * 1024  # bytes; API Gateway's own limit
TIMEOUT_MS, MEMORY_MB = 29_000, 512  # as .chalice/config.json has them
UNAUTHORIZED = "Unauthorized"  # the word by which an authorizer says 401
NOWHERE = frozenset("#;\\")  # what no route has, and what would be read as something else than path

log = logging.getLogger(__name__)


class PerThread(Chalice):
    """
    A Chalice app that may answer several requests at once.

    A Lambda has one at a time, so Chalice keeps the request and its context in the app; here every thread has its own.
    """

    _here = threading.local()

    @property
    def current_request(self) -> Request | None:
        return getattr(self._here, "request", None)

    @current_request.setter
    def current_request(self, request: Request | None) -> None:
        self._here.request = request

    @property
    def lambda_context(self) -> Any:
        return self._here.context

    @lambda_context.setter
    def lambda_context(self, context: Any) -> None:
        self._here.context = context


class Gateway:
    """Answers HTTP requests with an app's views, as API Gateway and Lambda would."""

    def __init__(self, app: Chalice, allowed_origins: Sequence[str]) -> None:
        app.__class__ = PerThread
        self._app = app
        self._events = LambdaEventConverter(RouteMatcher(list(app.routes)), [])
        self._authorizer = LocalGatewayAuthorizer(app)
        self._origins = frozenset(allowed_origins)

    def handle(self, method: str, path_with_query: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Answer one request. Safe for threads."""
        named = {name.lower(): value for name, value in headers.items()}
        try:
            reply = self._answer(method.upper(), path_with_query, named, body)
        except Exception:
            log.exception("%s %s", method, path_with_query.partition("?")[0])
            reply = broken()
        return cors.opened(reply, named.get("origin"), self._origins)

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        if len(body) > LARGEST_BODY:
            return problem("too_large", 413, f"At most {LARGEST_BODY} bytes.")
        path, mark, query = target.partition("?")
        path = path.rstrip("/") or "/"
        event = self._event(method, path, path + mark + query, headers)
        methods = self._app.routes[event["requestContext"]["resourcePath"]] if event else {}
        if event and method == "OPTIONS" and method not in methods:
            return cors.preflight([*methods])
        if not event or method not in methods:
            return problem("not_found", 404, "No such resource.")
        _put_body(event, body)
        return self._invoke(event, path)

    def _event(self, method: str, path: str, target: str, headers: dict[str, str]) -> dict[str, Any] | None:
        """Shape the request as Lambda gets it; None: no route has this path."""
        if not path.startswith("/") or "//" in path or NOWHERE & set(path):
            return None
        try:
            event: dict[str, Any] = self._events.create_lambda_event(method, target, headers)
        except ValueError:
            return None
        return event

    def _invoke(self, event: dict[str, Any], path: str) -> Reply:
        context = LambdaContext("api_handler", MEMORY_MB, TIMEOUT_MS)
        try:
            event, context = self._authorizer.authorize(path, event, context)
        except ForbiddenError:
            return problem("forbidden", 403, "The token lacks the scope for this.")
        except Exception as error:
            if isinstance(error, NotAuthorizedError) or str(error) == UNAUTHORIZED:
                return problem("unauthenticated", 401, "Send a valid token: Authorization: Bearer …")
            raise
        return _reply(self._app(event, context))


def _put_body(event: dict[str, Any], body: bytes) -> None:
    """Hand a body over as text; what is no text comes in base64."""
    try:
        event["body"], event["isBase64Encoded"] = body.decode() or None, False
    except UnicodeDecodeError:
        event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True


def _reply(answer: dict[str, Any]) -> Reply:
    several = {name: ", ".join(values) for name, values in answer["multiValueHeaders"].items()}
    headers = {name.lower(): str(value) for name, value in {**several, **answer["headers"]}.items()}
    body = answer["body"]
    raw = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode() if isinstance(body, str) else body
    return Reply(status=int(answer["statusCode"]), headers=headers, body=raw)
