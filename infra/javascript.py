"""
Writes what the JavaScript client knows of the API: `python -m infra.javascript`, or `make openapi`.

The only reader of the OpenAPI document for `web/`: `api.js` has its operations, `api.d.ts` its types and their calls.
How requests are sent is not written here but in `web/client.js`. The texts are as Prettier leaves them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

from infra import openapi

Json = dict[str, Any]

WEB = Path(__file__).parents[1] / "web"
WIDTH = 120  # columns
OPEN = re.compile(r"\{\w+\}")  # what stands for something in a path
JSON = "application/json"
NOT_MODIFIED = "304"
PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
IN_HEADER = {"Idempotency-Key": ("idempotencyKey", "One per command, kept for its retries; made, unless it is given.")}
HEAD = "/** {about}, as its OpenAPI document has them: written by `make openapi`. */\n"
CALLS = """\
/** One method per operation; *Kind*: whether it gives what the answer says, or the whole answer. */
export interface Calls<Kind extends 'body' | 'full'> {
"""
ANSWERS = """\
/** What is answered in JSON, by method and path. */
export interface Answers {
"""
OPERATIONS = """\
/** How each operation is asked for. */
export declare const OPERATIONS: Readonly<Record<keyof Calls<'body'>, Operation>>;
"""


class Unreadable(Exception):
    """A schema says something that is not written in TypeScript here."""


def main() -> None:
    for name, text in written(openapi.document()).items():
        (WEB / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text.splitlines())} lines")


def written(document: Json) -> dict[str, str]:
    """Give the text of each file by its name."""
    return {"api.js": table(document), "api.d.ts": types(document)}


def table(document: Json) -> str:
    """List the operations: what a client must know to send them."""
    lines = (_sent(method, path, operation) for method, path, operation in _operations(document))
    return HEAD.format(about="The API's operations") + "\nexport const OPERATIONS = {\n" + "".join(lines) + "};\n"


def types(document: Json) -> str:
    """Write every schema, what each operation may be asked with, and its call."""
    operations = list(_operations(document))
    return "\n".join(
        (
            HEAD.format(about="Types of the API")
            + "import type { CallOptions, Given, Known, Operation } from './client.js';\n",
            *(declared(name, schema) for name, schema in document["components"]["schemas"].items()),
            *(_request(method, path, operation) for method, path, operation in operations),
            CALLS + "".join(_call(operation) for _, _, operation in operations) + "}\n",
            ANSWERS + "".join(_by_path(operations)) + "}\n",
            OPERATIONS,
        )
    )


def declared(name: str, schema: Json) -> str:
    """Write a schema that has a name."""
    said = _comment(schema.get("description", ""), "")
    if not schema.get("properties"):
        return f"{said}export type {name} = {typed(schema)};\n"
    required = schema.get("required", ())
    fields = (_field(field, each, optional=field not in required) for field, each in schema["properties"].items())
    return f"{said}export interface {name} {{\n{''.join(fields)}}}\n"


def typed(schema: Json) -> str:
    """
    Write a schema as a type.

    Raises:
        Unreadable: It says something else than the API's schemas do.
    """
    if choices := _choices(schema):
        return " | ".join(choices)
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if schema.get("type") == "array":
        return _array(schema)
    if schema.get("type") == "object":
        return _record(schema)
    if schema and schema.get("type") not in PRIMITIVES:
        raise Unreadable(schema)
    return PRIMITIVES[schema["type"]] if schema else "unknown"


def _choices(schema: Json) -> list[str]:
    if "anyOf" in schema:
        return list(dict.fromkeys(typed(each) for each in schema["anyOf"]))
    return [_literal(each) for each in schema.get("enum", [schema["const"]] if "const" in schema else ())]


def _array(schema: Json) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join((*map(typed, schema['prefixItems']), *_rest(schema)))}]"
    items = typed(schema["items"])
    return f"({items})[]" if len(_choices(schema["items"])) > 1 else f"{items}[]"


def _rest(schema: Json) -> Iterator[str]:
    """Write what may follow a tuple's own places, unless it has no more."""
    if schema.get("items", False) is not False and schema.get("maxItems") != len(schema["prefixItems"]):
        yield f"...{_array({'items': schema['items']})}"


def _record(schema: Json) -> str:
    """Write an object without names of its own; one that forbids all others is empty."""
    if schema.get("properties"):
        raise Unreadable(schema)
    others = schema.get("additionalProperties", {})
    return f"Record<string, {'never' if others is False else typed(others)}>"


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def _field(name: str, schema: Json, *, optional: bool, said: str = "") -> str:
    """Write one property as Prettier does: of a union too long for a line, each choice has its own."""
    start = f"{_comment(said or _said(schema), '  ')}  {name}{'?' if optional else ''}:"
    whole = typed(schema)
    if len(f"  {name}{'?' if optional else ''}: {whole};") <= WIDTH:
        return f"{start} {whole};\n"
    if choices := _choices(schema):
        return start + "".join(f"\n    | {each}" for each in choices) + ";\n"
    inner = "".join(f"    | {each}\n" for each in _choices(schema.get("items", {})))
    return f"{start} (\n{inner}  )[];\n" if inner else f"{start} {whole};\n"


def _said(schema: Json) -> str:
    said = schema.get("description") or next(
        (each["description"] for each in schema.get("anyOf", ()) if "description" in each), ""
    )
    default = schema.get("default")
    return f"{said} @default {_literal(default)}".strip() if default is not None else said


def _comment(said: str, indent: str) -> str:
    said = said.replace("*/", "*\\/")
    if len(line := f"{indent}/** {said} */") <= WIDTH and "\n" not in said:
        return f"{line}\n" if said else ""
    lines = [line for part in said.split("\n") for line in wrap(part, WIDTH - len(indent) - 3) or [""]]
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _sent(method: str, path: str, operation: Json) -> str:
    """Write one line of the table, or as Prettier does: of one too long, each part has its own."""
    parameters = operation.get("parameters", ())
    said = [f"method: '{method}'", f"path: '{path}'"]
    if query := [_literal(each["name"]) for each in parameters if each["in"] == "query"]:
        said.append(f"query: [{', '.join(query)}]")
    if any(each["name"] in IN_HEADER for each in parameters):
        said.append("keyed: true")
    line = f"  {operation['operationId']}: {{ {', '.join(said)} }},"
    if len(line) > WIDTH:
        line = "\n    ".join((f"  {operation['operationId']}: {{", *(f"{each}," for each in said))) + "\n  },"
    return f"{line}\n"


def _request(method: str, path: str, operation: Json) -> str:
    """Write what an operation may be asked with: what stands in its path, query and body, and its key."""
    start = f"/** `{method} {path}` */\nexport interface {_name(operation)} extends CallOptions"
    fields = "".join(_asked(operation))
    return f"{start} {{\n{fields}}}\n" if fields else f"{start} {{}}\n"


def _asked(operation: Json) -> Iterator[str]:
    for each in operation.get("parameters", ()):
        if each["in"] != "header":
            yield _field(
                each["name"], each["schema"], optional=not each.get("required"), said=each.get("description", "")
            )
        elif each["name"] in IN_HEADER:
            name, said = IN_HEADER[each["name"]]
            yield _field(name, {"type": "string"}, optional=True, said=said)
    if body := operation.get("requestBody"):
        yield _field("body", body["content"][JSON]["schema"], optional=not body["required"])


def _call(operation: Json) -> str:
    """Write a method; again for what an answer is where another media type or what is known already is named."""
    name, asked, answers = operation["operationId"], _name(operation), _answers(operation)
    optional = "" if re.search(r"^  \w+: ", "".join(_asked(operation)), re.MULTILINE) else "?"
    said = _comment(operation["summary"], "  ")
    plain = answers.pop(JSON, None) or answers.popitem()[1]
    calls = [f"{said}  {name}(request{optional}: {asked}): Given<Kind, {plain}>;\n"]
    calls += [
        f"  {name}(request: {asked} & {{ accept: '{media}' }}): Given<Kind, {each}>;\n"
        for media, each in answers.items()
    ]
    if NOT_MODIFIED in operation["responses"]:
        calls.append(f"  {name}(request: {asked} & Known): Given<Kind, {plain} | undefined>;\n")
    return "".join(calls)


def _by_path(operations: list[tuple[str, str, Json]]) -> Iterator[str]:
    for method in sorted({method for method, _, _ in operations}):
        yield f"  {method}: {{\n"
        for asked, path, operation in operations:
            if asked == method and (answer := _answers(operation).get(JSON)):
                key = f"[path: `{OPEN.sub('${string}', path)}`]" if "{" in path else f"'{path}'"
                yield f"    {key}: {answer};\n"
        yield "  };\n"


def _answers(operation: Json) -> dict[str, str]:
    """Write what an accepted request is answered, by media type."""
    found: dict[str, list[str]] = {}
    for status, response in operation["responses"].items():
        for media, content in response.get("content", {}).items() if status.startswith("2") else ():
            found.setdefault(media, []).append(typed(content["schema"]))
    return {media: " | ".join(dict.fromkeys(each)) for media, each in found.items()}


def _name(operation: Json) -> str:
    name: str = operation["operationId"]
    return f"{name[0].upper()}{name[1:]}Request"


if __name__ == "__main__":
    main()
