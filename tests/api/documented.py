"""What the OpenAPI document says of requests, held against what callers really send and get."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from jsonschema.protocols import Validator
from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from infra import openapi
from local.replies import Reply
from tests.api.shapes import PROBLEM, REFUSED, route_of

DOCUMENT = openapi.document()
HERE = "urn:tally:openapi"
REGISTRY = Registry().with_resource(HERE, Resource.from_contents(DOCUMENT, default_specification=DRAFT202012))
READ_ONE_BY_ONE = {("POST", "/api/usage/batch")}  # a bad event fails alone, and its list is accepted


def check_request(method: str, target: str, body: bytes) -> None:
    """What is accepted is a request as the document describes it."""
    path, _, query = target.partition("?")
    route = route_of(method, path)
    if route is not None:
        _check_query(_operation(route), query)
        _check_body(route, body)


def check_refusal(method: str, target: str, reply: Reply) -> None:
    """What is refused is refused in a way that the document names."""
    route = route_of(method, target.partition("?")[0])
    if route is not None and reply.status >= REFUSED and reply.headers.get("content-type") == PROBLEM:
        _check_refusal(_operation(route), reply)


def _operation(route: tuple[str, str]) -> dict[str, Any]:
    method, path = route
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def _check_query(operation: dict[str, Any], query: str) -> None:
    known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    sent = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    assert sent <= known, f"{operation['operationId']} was asked with {sorted(sent - known)}"


def _check_body(route: tuple[str, str], body: bytes) -> None:
    validator = _validator(route)
    if validator is not None and body and route not in READ_ONE_BY_ONE:
        assert list(validator.iter_errors(json.loads(body))) == []


def _check_refusal(operation: dict[str, Any], reply: Reply) -> None:
    said = reply.json()
    found = operation["responses"].get(str(reply.status))
    assert found, f"{operation['operationId']} does not speak of {said['code']}"
    name = found["$ref"].rpartition("/")[2]
    assert f"`{said['code']}`" in DOCUMENT["components"]["responses"][name]["description"]


@cache
def _validator(route: tuple[str, str]) -> Validator | None:
    """Make a validator of a route's body, if it takes one."""
    asked = _operation(route).get("requestBody")
    if not asked:
        return None
    reference = asked["content"]["application/json"]["schema"]["$ref"]
    validator: Validator = OAS31Validator({"$ref": HERE + reference}, registry=REGISTRY)
    return validator
