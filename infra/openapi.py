"""
Writes the OpenAPI 3.1 document of the API: `python -m infra.openapi`, or `make openapi`.

Routes, scopes and words come from the app, shapes from the types that read bodies and that answers are checked
against. Nothing is written twice by hand, and the tests compare the committed copy.

Sources: OpenAPI 3.1.1; RFC 9457 (problems); the Idempotency-Key draft (draft-ietf-httpapi-idempotency-key-header).
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from app import app
from chalicelib import VERSION
from chalicelib.api import answers
from chalicelib.api.bodies import Key
from chalicelib.api.scopes import DECLARED, Scope
from chalicelib.api.service import OPENAPI
from chalicelib.api.shapes import ANSWERS, Answer, Media
from chalicelib.api.shapes.messages import MESSAGES
from chalicelib.api.shapes.parts import Time
from chalicelib.api.shapes.problems import Problem
from chalicelib.api.shapes.requests_of import IN_PATH, REQUESTS, Asked

Json = dict[str, Any]
Route = tuple[str, str]

WRITTEN = Path(__file__).parents[1] / "chalicelib" / "api" / OPENAPI
REF = "#/components/schemas/{name}"
JSON, PROBLEM = "application/json", answers.PROBLEM
SCHEME = "token"
SIGNED_BY = ("webhook-id", "webhook-timestamp", "webhook-signature")
MESSAGE_TAG = "Messages"
MESSAGES_ARE = "Sent to a customer's own endpoint, signed as Standard Webhooks has it; one may come twice with its id."
SENTENCE = re.compile(r"(?<=\.)\s")
JSON_TYPES = {str: "string", bool: "boolean", int: "integer"}
ABOUT = """\
Times are RFC 3339 in UTC. Refusals are `application/problem+json` (RFC 9457) with a stable `code`.
Where an `Idempotency-Key` is wanted, the repeat of an accepted command gets its answer again, with
`Idempotency-Replayed: true`; a refused one may be tried again with its key. More fields may come."""
BEARER = """\
A JWT (RS256 or ES256) of the configured OpenID Connect issuer. `sub` is the caller's own wallet; `scope` holds one of
`tally:customer`, `tally:service`, `tally:admin`; `tally_teams` lists the caller's teams:
`[{"wallet_id": "team_…", "role": "owner" | "member"}]`."""
WHEN = {
    "too_many_requests": "a wallet's commands or attempts of an hour, its open purchases, or the gateway's limit",
    "key_reused": "with another body or for another operation",
    "not_found": "it isn't there, or it is not the caller's: the answers are the same",
}
TAGS = {
    Scope.PUBLIC: ("Public", "Open to everybody."),
    Scope.CUSTOMER: ("Customer", "For a customer's own wallet, and with `?wallet=` a team's that the token lists."),
    Scope.SERVICE: ("Service", "For the SaaS's own services, which name the wallet in the body."),
    Scope.ADMIN: ("Admin", "For operators; reason and caller stand in the entry."),
}
STATUS = {kind.code: status for kind, status in answers.STATUS.items()} | {
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
}
HEADERS: Json = {
    "Idempotency-Replayed": {
        "description": "`true` where the command was done before, and this is its answer again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Location": {"description": "Where to find what came into being.", "schema": {"type": "string"}},
    "ETag": {"description": "Changes with what is said.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    "Next-Cursor": {"description": "Send it as `cursor` to read on.", "schema": {"type": "string"}},
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "One per command, kept for its retries: the repeat of an accepted command gets its answer again.",
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` that is known already: 304 where nothing has changed.",
    "schema": {"type": "string"},
}


def document() -> Json:
    """Describe the whole API."""
    schemas = Schemas(_types())
    paths: dict[str, Json] = {}
    for method, path in sorted(DECLARED, key=lambda route: (route[1], route[0])):
        paths.setdefault(path, {})[method.lower()] = _operation((method, path), schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tally",
            "version": VERSION,
            "summary": "Prepaid credits for a SaaS",
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {
                "url": "https://{api}.execute-api.{region}.amazonaws.com/v1",
                "variables": {"api": {"default": "example"}, "region": {"default": "eu-central-1"}},
            },
            {"url": "http://127.0.0.1:8000", "description": "`make run`"},
        ],
        "tags": [{"name": name, "description": said} for name, said in (*TAGS.values(), (MESSAGE_TAG, MESSAGES_ARE))],
        "paths": paths,
        "webhooks": {f"tally.{kind}": {"post": _webhook(kind, schemas)} for kind in MESSAGES},
        "components": {
            "schemas": schemas.components,
            "responses": _problems(),
            "headers": HEADERS,
            "securitySchemes": {
                SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": BEARER},
            },
        },
    }


def text() -> str:
    """Write the document down, the same each time."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


class Schemas:
    """JSON Schemas of types; those that have names stand once, under components."""

    def __init__(self, types: list[Any]) -> None:
        self._types = types
        found, components = msgspec.json.schema_components(types, ref_template=REF)
        self._found = [_plain(schema) for schema in found]
        self.components: Json = {name: _plain(components[name]) for name in sorted(components)}

    def of(self, wanted: Any) -> Json:
        found: Json = self._found[self._types.index(wanted)]
        return found


def _types() -> list[Any]:
    """All types that the document speaks of."""
    found: list[Any] = [Problem, Key, Time, *IN_PATH.values(), *MESSAGES.values()]
    for asked in REQUESTS.values():
        found += [*asked.query.values(), *([asked.body] if asked.body is not None else [])]
    for statuses in ANSWERS.values():
        for answer in statuses.values():
            found += [shape for each in _choices(answer) for shape in _shapes(each)]
    return found


def _operation(route: Route, schemas: Schemas) -> Json:
    method, path = route
    asked, scopes = REQUESTS[route], DECLARED[route]
    said = inspect.getdoc(app.routes[path][method].view_function) or ""
    operation: Json = {
        "operationId": asked.name,
        "summary": SENTENCE.split(said)[0].removesuffix("."),
        "description": said,
        "tags": [TAGS[scope][0] for scope in Scope if scope in scopes],
        "security": [] if Scope.PUBLIC in scopes else [{SCHEME: [scope]} for scope in sorted(scopes)],
    }
    if parameters := list(_parameters(route, asked, schemas)):
        operation["parameters"] = parameters
    if asked.body is not None:
        content = {JSON: {"schema": schemas.of(asked.body)}}
        operation["requestBody"] = {"required": not asked.may_lack_body, "content": content}
    operation["responses"] = {
        **{str(status): _success(route, status, schemas) for status in sorted(ANSWERS[route])},
        **_refusals(route),
    }
    return operation


def _webhook(kind: str, schemas: Schemas) -> Json:
    """Describe a message to a customer's own endpoint; `timestamp` is when it was decided."""
    properties = {
        "type": {"type": "string", "const": f"tally.{kind}"},
        "timestamp": schemas.of(Time),
        "data": schemas.of(MESSAGES[kind]),
    }
    body = {"type": "object", "required": [*properties], "properties": properties}
    signed = [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in SIGNED_BY]
    said = inspect.getdoc(MESSAGES[kind]) or ""
    return {
        "operationId": f"tell{kind.title().replace('_', '')}",
        "summary": SENTENCE.split(said)[0].removesuffix("."),
        "description": said,
        "tags": [MESSAGE_TAG],
        "security": [],
        "parameters": signed,
        "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
        "responses": {"2XX": {"description": "Taken. Anything else is tried again for about a day."}},
    }


def _parameters(route: Route, asked: Asked, schemas: Schemas) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)\}", route[1]):
        yield {"name": name, "in": "path", "required": True, "schema": schemas.of(IN_PATH[name])}
    for name, kind in asked.query.items():
        yield {"name": name, "in": "query", "required": name in asked.required, "schema": schemas.of(kind)}
    if asked.keyed:
        yield {**KEY, "schema": schemas.of(Key)}
    if _is_conditional(route):
        yield IF_NONE_MATCH


def _is_conditional(route: Route) -> bool:
    return HTTPStatus.NOT_MODIFIED in ANSWERS[route]


def _success(route: Route, status: int, schemas: Schemas) -> Json:
    answer = ANSWERS[route][status]
    names = {
        "Idempotency-Replayed": REQUESTS[route].keyed,
        "Location": status == HTTPStatus.CREATED and REQUESTS[route].located,
        "ETag": _is_conditional(route),
        "Next-Cursor": isinstance(answer, Media) and bool(answer.lines),
    }
    described: Json = {"description": HTTPStatus(status).phrase}
    if headers := {name: {"$ref": f"#/components/headers/{name}"} for name, sent in names.items() if sent}:
        described["headers"] = headers
    content = dict(_content(each, schemas) for each in _choices(answer))
    return {**described, "content": content} if content else described


def _content(choice: Any, schemas: Schemas) -> tuple[str, Json]:
    if not isinstance(choice, Media):
        return JSON, {"schema": schemas.of(choice)}
    if choice.type == JSON:
        return JSON, {"schema": {"type": "object"}}
    described: Json = {"schema": {"type": "string"}}
    if choice.lines:  # OpenAPI 3.2 has `itemSchema` for them
        described["x-item-schema"] = {"anyOf": [schemas.of(shape) for shape in choice.lines]}
    return choice.type, described


def _refusals(route: Route) -> Json:
    """Say which problems a route may answer, by status."""
    return {
        str(int(status)): {"$ref": f"#/components/responses/{_together(codes)}"}
        for status, codes in _by_status(route).items()
    }


def _problems() -> Json:
    """Describe every set of problems that some route answers with one status."""
    found = [each for route in DECLARED for each in _by_status(route).items()]
    return {_together(codes): _problem(status, codes) for status, codes in sorted(found)}


def _by_status(route: Route) -> dict[HTTPStatus, list[str]]:
    by_status: dict[HTTPStatus, list[str]] = {}
    for code in sorted(set(_codes(route, REQUESTS[route]))):
        by_status.setdefault(STATUS[code], []).append(code)
    return dict(sorted(by_status.items()))


def _together(codes: list[str]) -> str:
    return "Or".join(code.title().replace("_", "") for code in codes)


def _codes(route: Route, asked: Asked) -> Iterator[str]:
    """List a route's problems: its own, and those that follow from what it takes."""
    if route[0] != "GET" or asked.query:
        yield "invalid_request"
    if Scope.PUBLIC not in DECLARED[route]:
        yield from ("unauthenticated", "forbidden")
    if "{" in route[1] or "wallet" in asked.query:
        yield "not_found"
    if asked.body is not None:
        yield from ("too_large", "unsupported_media_type")
    if asked.keyed and asked.body is not None:
        yield "key_reused"
    yield from asked.refusals
    yield from ("too_many_requests", "internal", "busy")


def _problem(status: HTTPStatus, codes: list[str]) -> Json:
    described: Json = {
        "description": "; ".join(f"`{code}`: {answers.TITLES[code]}{_when(code)}" for code in codes),
        "content": {PROBLEM: {"schema": {"$ref": REF.format(name=Problem.__name__)}}},
    }
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        described["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return described


def _choices(answer: Answer) -> tuple[Any, ...]:
    if answer is None:
        return ()
    return answer if isinstance(answer, tuple) else (answer,)


def _shapes(choice: Any) -> tuple[Any, ...]:
    return choice.lines if isinstance(choice, Media) else (choice,)


def _when(code: str) -> str:
    return f" ({WHEN[code]})" if code in WHEN else ""


def _plain(schema: Any) -> Any:
    """
    Say a schema as most readers of OpenAPI understand it.

    Titles say a type's name once more; a pattern has Python's end of text; an enum says no type; and `items: false`
    behind a tuple's places is a schema only to a few.
    """
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain(value) for name, value in schema.items() if name != "title" or not isinstance(value, str)}
    if isinstance(plain.get("pattern"), str):
        plain["pattern"] = plain["pattern"].removesuffix(r"(?!\n)")
    if isinstance(plain.get("enum"), list) and "type" not in plain:
        plain["type"] = JSON_TYPES[type(plain["enum"][0])]
    if plain.get("items") is False:
        plain["items"] = {"anyOf": plain["prefixItems"]}
    return plain


if __name__ == "__main__":
    WRITTEN.write_text(text(), encoding="utf-8")
    print(f"{WRITTEN.name}: {len(DECLARED)} operations")
