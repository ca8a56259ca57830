"""What the JavaScript client knows of the API: committed files are what the document says, in TypeScript's words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra import javascript, openapi

DOCUMENT = openapi.document()
WRITTEN = javascript.written(DOCUMENT)
OPERATIONS = {each["operationId"]: each for methods in DOCUMENT["paths"].values() for each in methods.values()}
TEXT, NOTHING = {"type": "string"}, {"type": "null"}
PAPER: dict[str, Any] = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Paper"}}}}


def types(**operation: Any) -> str:
    """Write the types of one operation."""
    read = {"operationId": "readPaper", "summary": "Read it.", "responses": {"200": PAPER}, **operation}
    return javascript.types({"paths": {"/papers/{id}": {"get": read}}, "components": {"schemas": {}}})


@pytest.mark.parametrize("name", WRITTEN)
def test_the_committed_files_are_what_the_document_says(name: str) -> None:
    assert (javascript.WEB / name).read_text(encoding="utf-8") == WRITTEN[name], "run `make openapi`"


def test_every_schema_has_a_type_and_every_operation_a_call() -> None:
    declared = re.findall(r"^export (?:interface|type) (\w+)", WRITTEN["api.d.ts"], re.MULTILINE)
    calls = WRITTEN["api.d.ts"].partition("export interface Calls")[2]

    assert len(declared) == len(set(declared))
    assert set(declared) >= set(DOCUMENT["components"]["schemas"])
    assert set(re.findall(r"^  (\w+)\(", calls, re.MULTILINE)) == set(OPERATIONS)
    assert re.findall(r"^  (\w+): ", WRITTEN["api.js"], re.MULTILINE) == list(OPERATIONS)


def test_the_table_knows_what_may_stand_behind_a_path() -> None:
    words = [f"{letter * 30}" for letter in "abc"]
    asked = [{"name": name, "in": "query", "schema": TEXT} for name in words]
    operation = {"operationId": "readPaper", "parameters": [{"name": "id", "in": "path", "schema": TEXT}, *asked]}

    line = "  listPayments: { method: 'GET', path: '/api/user/payments', query: ['wallet', 'limit', 'cursor'] },"
    assert line in WRITTEN["api.js"].splitlines()
    assert javascript.table({"paths": {"/papers/{id}": {"get": operation}}}).endswith(
        "  readPaper: {\n    method: 'GET',\n    path: '/papers/{id}',\n"
        f"    query: ['{words[0]}', '{words[1]}', '{words[2]}'],\n  }},\n}};\n"
    )


def test_a_command_that_the_client_sends_again_has_a_key_or_does_no_more_the_second_time() -> None:
    without = re.findall(r"^  (\w+): \{\s+method: 'POST'(?!.*keyed: true)", WRITTEN["api.js"], re.MULTILINE)

    assert without == ["recordUsageBatch", "getQuote", "createPortalSession"]
    assert "key" in DOCUMENT["components"]["schemas"]["EventBody"]["required"]


def test_what_wants_a_key_gets_one() -> None:
    keyed = set(re.findall(r"^  (\w+): .*keyed: true", WRITTEN["api.js"], re.MULTILINE))

    assert keyed == {
        name
        for name, operation in OPERATIONS.items()
        if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ()))
    }


def test_no_line_is_longer_than_a_line_may_be() -> None:
    for name, text in WRITTEN.items():
        assert [line for line in text.splitlines() if len(line) > javascript.WIDTH] == [], name


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (TEXT, "string"),
        ({"type": "integer", "minimum": 0}, "number"),
        ({"type": "boolean"}, "boolean"),
        ({"anyOf": [TEXT, NOTHING]}, "string | null"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "number"),
        ({"enum": ["month", "year"]}, "'month' | 'year'"),
        ({"type": "string", "enum": ["month", "year"]}, "'month' | 'year'"),
        ({"type": "integer", "enum": [7, 30, 90]}, "7 | 30 | 90"),
        ({"type": "boolean", "enum": [True]}, "true"),
        ({"type": "string", "const": "month"}, "'month'"),
        ({"const": None}, "null"),
        ({"type": "array", "items": {"type": "integer", "enum": [7, 30]}}, "(7 | 30)[]"),
        ({"$ref": "#/components/schemas/Money"}, "Money"),
        ({"type": "array", "items": TEXT}, "string[]"),
        ({"type": "array", "items": {"anyOf": [TEXT, NOTHING]}}, "(string | null)[]"),
        ({"type": "array", "prefixItems": [TEXT, {"type": "integer"}], "items": False}, "[string, number]"),
        ({"type": "array", "prefixItems": [TEXT, NOTHING], "items": TEXT, "maxItems": 2}, "[string, null]"),
        ({"type": "array", "prefixItems": [TEXT], "items": {"enum": [1, 2]}}, "[string, ...(1 | 2)[]]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "Record<string, number>"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "object", "properties": {}, "additionalProperties": False}, "Record<string, never>"),
        ({}, "unknown"),
    ],
)
def test_a_schema_is_written_as_a_type(schema: dict[str, Any], said: str) -> None:
    assert javascript.typed(schema) == said


@pytest.mark.parametrize(
    "schema", [{"type": "file"}, {"allOf": []}, {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}]
)
def test_what_is_not_understood_is_not_guessed(schema: dict[str, Any]) -> None:
    with pytest.raises(javascript.Unreadable):
        javascript.typed(schema)


def test_a_schema_with_a_name_says_what_its_fields_are() -> None:
    schema = {
        "type": "object",
        "description": "A paper,\n\nor */ two.",
        "properties": {
            "name": {"type": "string", "description": "What it is called."},
            "pages": {"anyOf": [{"type": "integer", "description": "Whole ones."}, NOTHING]},
            "copies": {"type": "integer", "default": 1},
        },
        "required": ["name", "pages"],
    }

    assert javascript.declared("Paper", schema) == (
        "/**\n * A paper,\n *\n * or *\\/ two.\n */\n"
        "export interface Paper {\n"
        "  /** What it is called. */\n  name: string;\n"
        "  /** Whole ones. */\n  pages: number | null;\n"
        "  /** @default 1 */\n  copies?: number;\n"
        "}\n"
    )


def test_of_a_union_too_long_for_a_line_each_choice_has_its_own() -> None:
    words = [f"{letter * 30}" for letter in "abcd"]
    fields = {"one": {"enum": words}, "many": {"type": "array", "items": {"enum": words}}}

    one, many = "".join(f"\n    | '{word}'" for word in words), "".join(f"    | '{word}'\n" for word in words)
    assert javascript.declared("Words", {"properties": fields, "required": list(fields)}) == (
        f"export interface Words {{\n  one:{one};\n  many: (\n{many}  )[];\n}}\n"
    )


def test_a_call_without_anything_that_must_be_said_may_be_empty() -> None:
    asked = {"name": "at", "in": "query", "required": False, "schema": TEXT}

    assert "readPaper(request?: ReadPaperRequest): Given<Kind, Paper>;" in types(parameters=[asked])
    assert "readPaper(request: ReadPaperRequest): Given<Kind, Paper>;" in types(
        parameters=[{**asked, "required": True}]
    )
    assert "readPaper(request: ReadPaperRequest)" in types(
        requestBody={"required": True, "content": {"application/json": {"schema": TEXT}}}
    )


def test_a_call_says_what_else_it_may_give() -> None:
    table = {"content": {**PAPER["content"], "text/csv": {"schema": TEXT}}}
    made = {"content": {"application/json": {"schema": TEXT}}}

    assert "{ accept: 'text/csv' }): Given<Kind, string>;" in types(responses={"200": table})
    assert "& Known): Given<Kind, Paper | undefined>;" in types(responses={"200": PAPER, "304": {}})
    assert "): Given<Kind, Paper | string>;" in types(responses={"200": PAPER, "201": made, "404": table})


def test_a_path_is_known_with_what_stands_in_it() -> None:
    assert "  GET: {\n    [path: `/papers/${string}`]: Paper;\n  };\n" in types()
