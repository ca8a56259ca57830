"""What an answer may be: each that a test gets is held against its shape, to the letter and with nothing beside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from chalicelib.api.scopes import DECLARED
from chalicelib.api.shapes import ANSWERS, PROBLEMS, Answer, Media
from chalicelib.api.shapes.messages import MESSAGES
from chalicelib.api.shapes.problems import Problem
from chalicelib.domain.messages import Message
from local.replies import Reply

PROBLEM, JSON = "application/problem+json", "application/json"
COMMON = frozenset({"type", "title", "status", "detail", "code"})
NOT_MODIFIED, REFUSED = 304, 400


def check(method: str, path: str, reply: Reply) -> None:
    """Hold an answer of the API against what its route answers, or against what a problem says."""
    media = reply.headers.get("content-type", "").partition(";")[0]
    if reply.status >= REFUSED and media == PROBLEM:
        check_problem(json.loads(reply.body))
        return
    route = route_of(method, path.partition("?")[0])
    if route is None or reply.status >= REFUSED:
        return
    assert reply.status in ANSWERS[route], f"{route}: {reply.status} is not in the table"
    _check_answer(ANSWERS[route][reply.status], media, reply.body)


@cache
def route_of(method: str, path: str) -> tuple[str, str] | None:
    """Find the declared route of a path; what is written out comes before what is a parameter."""
    fitting = [
        (declared.count("{"), declared)
        for verb, declared in DECLARED
        if verb == method and re.fullmatch(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(declared)), path)
    ]
    return (method, min(fitting)[1]) if fitting else None


def check_problem(said: Any) -> None:
    """A problem says the common fields, its code's own, and nothing else."""
    check_shape(said, Problem)
    facts = PROBLEMS[said["code"]]
    own = {name: value for name, value in said.items() if name not in COMMON}
    if facts is None:
        assert own == {}, f"{said['code']} says {sorted(own)}"
    else:
        check_shape(own, facts)


def check_message(message: Message) -> None:
    """A message to a customer has the facts of its kind, and no others."""
    said = {"wallet_id": "", "message_id": "", "kind": "", "subject": "", "text": ""}
    check_shape({**said, **message.facts}, MESSAGES[message.kind])


def check_shape(said: Any, shape: type) -> None:
    """Every key has a value of its type, every key that must be there is, and no other is."""
    try:
        msgspec.convert(said, shape, strict=True)
    except msgspec.ValidationError as wrong:
        raise AssertionError(f"{shape.__name__}: {wrong}") from None
    strange = list(_strange(said, _info(shape), shape.__name__))
    assert strange == [], strange


def _check_answer(answer: Answer, media: str, body: bytes) -> None:
    choices = answer if isinstance(answer, tuple) else (answer,)
    for choice in choices:
        if choice is None and not body:
            return
        if isinstance(choice, Media):
            if choice.type == media:
                _check_lines(body, choice.lines)
                return
        elif choice is not None and media == JSON:
            check_shape(json.loads(body), choice)
            return
    raise AssertionError(f"{media!r} is not what is answered here")


def _check_lines(body: bytes, shapes: tuple[type, ...]) -> None:
    for line in body.splitlines() if shapes else ():
        said = json.loads(line)
        keys = set(said)
        shape = next((each for each in shapes if required_of(each) <= keys <= set(fields_of(each))), None)
        assert shape, f"no such line: {sorted(keys)}"
        check_shape(said, shape)


@cache
def _info(shape: type) -> inspect.Type:
    return inspect.type_info(shape)


@cache
def fields_of(shape: type) -> dict[str, inspect.Type]:
    info = _info(shape)
    assert isinstance(info, inspect.TypedDictType)
    return {field.name: field.type for field in info.fields}


@cache
def required_of(shape: type) -> frozenset[str]:
    info = _info(shape)
    assert isinstance(info, inspect.TypedDictType)
    return frozenset(field.name for field in info.fields if field.required)


def _strange(said: Any, info: inspect.Type, where: str) -> Iterator[str]:
    """Find keys that no shape has: msgspec reads over them."""
    if isinstance(said, dict):
        found = _within(info, inspect.TypedDictType, inspect.DictType)
        if isinstance(found, inspect.TypedDictType):
            types = {field.name: field.type for field in found.fields}
            for name, value in said.items():
                if name in types:
                    yield from _strange(value, types[name], f"{where}.{name}")
                else:
                    yield f"{where}.{name}"
        elif isinstance(found, inspect.DictType):
            for name, value in said.items():
                yield from _strange(value, found.value_type, f"{where}[{name!r}]")
    elif isinstance(said, list):
        found = _within(info, inspect.ListType)
        if isinstance(found, inspect.ListType):
            for each in said:
                yield from _strange(each, found.item_type, f"{where}[]")


def _within(info: inspect.Type, *kinds: type[inspect.Type]) -> inspect.Type | None:
    """Find the type of one of these kinds in a type that may be one of several; msgspec allows one such at most."""
    if isinstance(info, inspect.Metadata):
        return _within(info.type, *kinds)
    if isinstance(info, inspect.UnionType):
        return next((found for each in info.types if (found := _within(each, *kinds))), None)
    return info if isinstance(info, kinds) else None
