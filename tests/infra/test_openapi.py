"""The OpenAPI document: the committed copy is what the routes say, it is valid, and it speaks of nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.api import origins
from chalicelib.api.scopes import DECLARED, Scope
from chalicelib.api.shapes.requests_of import REQUESTS
from chalicelib.domain.messages import MessageKind
from infra import openapi

DOCUMENT = openapi.document()
ROUTES = sorted(DECLARED)


def operation(route: tuple[str, str]) -> dict[str, Any]:
    method, path = route
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def test_the_committed_copy_is_what_the_routes_say() -> None:
    assert openapi.WRITTEN.read_text(encoding="utf-8") == openapi.text(), "run `make openapi`"


def test_it_is_a_valid_document() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_it_describes_every_route_and_no_other() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}

    assert described == set(DECLARED) == set(REQUESTS)


def test_it_describes_every_message_to_a_customers_endpoint() -> None:
    assert set(DOCUMENT["webhooks"]) == {f"tally.{kind}" for kind in MessageKind}


def test_names_of_operations_are_each_given_once() -> None:
    names = [asked.name for asked in REQUESTS.values()]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", name) for name in names)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_an_operation_says_who_may_call_it(route: tuple[str, str]) -> None:
    scopes = DECLARED[route]
    wanted = [] if Scope.PUBLIC in scopes else [{"token": [scope]} for scope in sorted(scopes)]

    assert operation(route)["security"] == wanted
    assert ("401" in operation(route)["responses"]) == bool(wanted)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_an_operation_has_words_of_its_own(route: tuple[str, str]) -> None:
    summary, words = operation(route)["summary"], operation(route)["description"]

    assert words == app.routes[route[1]][route[0]].view_function.__doc__
    assert words.startswith(f"{summary}.")


def test_schemas_are_said_as_most_readers_understand_them() -> None:
    def parts(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            yield value
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from parts(each)

    found = list(parts(DOCUMENT["components"]["schemas"])) + list(parts(DOCUMENT["paths"]))

    assert [each for each in found if isinstance(each.get("enum"), list) and "type" not in each] == []
    assert [each for each in found if each.get("items") is False] == []


def test_whatever_is_refused_is_a_problem() -> None:
    for name, response in DOCUMENT["components"]["responses"].items():
        assert response["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }, name
        assert ("headers" in response) == (name in ("TooManyRequests", "Busy"))


def test_pages_may_read_every_header_that_it_names() -> None:
    assert set(DOCUMENT["components"]["headers"]) == set(origins.EXPOSED.split(", "))


def test_every_schema_is_used() -> None:
    spoken_of = set(re.findall(r'"#/components/(\w+/[\w-]+)"', json.dumps(DOCUMENT)))
    components = DOCUMENT["components"]

    assert spoken_of == {f"{kind}/{name}" for kind in ("schemas", "responses", "headers") for name in components[kind]}


def test_a_type_that_is_a_body_forbids_what_it_does_not_know() -> None:
    bodies = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if name.endswith("Body")}

    assert bodies
    for name, schema in bodies.items():
        assert schema["additionalProperties"] is False, name
