"""Requests gone wrong: a good one, of which one thing or a few are changed as clients, proxies and attackers do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import quote

from chalicelib.api.bodies import LARGEST_BODY

NASTY: list[Any] = [
    *(None, True, False, 0, -1, 1, 1.0, 0.5, -0.0, 1e308, 10**9, 10**9 + 1, 2**53, 2**63, -(2**63), 10**40),
    *("", " ", "0", "1", "null", "true", "NaN", "-1", "1e3", "../..", "%00", "\x00", "\ud800", "\u202e", "\ufeff"),
    *(
        "a" * 65,
        "a" * 70_000,
        "é" * 64,
        "😀" * 50,
        "' OR 1=1 --",
        "<script>",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "\r\nX: y",
    ),
    *("2026-02-30T00:00:00Z", "2026-11-22T09:30:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"),
    *("__proto__", "wallet_id", "acct_a", "team_a", "//evil.example", "/\\evil.example", "https://evil.example"),
    *([], {}, [[]], [None] * 200, {"": ""}, {"a": {"a": {"a": 1}}}, [{}], {"$ne": None}),
]
RAW: list[bytes] = [
    *(b"", b" ", b"{", b"}", b"[", b"[]", b"null", b"0", b'"text"', b"NaN", b"Infinity", b"{}{}", b"{},", b"{'a': 1}"),
    *(b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\x80", b'{"\\ud800": 1}', b'{"a": 1, "a": 2}', b'{"a": NaN}'),
    *(b"[" * 100_000, b'{"a":' * 5_000, b"[" * 20_000 + b"]" * 20_000, b"{}" + b" " * LARGEST_BODY, b"1" * 5_000),
    *(b'{"a": 1' + b"0" * 5_000 + b"}", b'{"a": 1e999999}', b"a=1&b=2", b"<xml/>", b"/* */{}"),
]
HEADERS: dict[str, list[str]] = {
    "Idempotency-Key": ["", " ", "k k", "é", "k" * 129, "\x00", "k1,k2", '"k"', "~" * 128],
    "Content-Type": [
        "",
        "text/plain",
        "APPLICATION/JSON",
        "application/json; charset=latin-1",
        "a/b" * 500,
        "*/*",
        ";",
    ],
    "Accept": ["", "*/*", "text/csv;q=2", "text/csv;q=x", ",,,;;;", "text/csv, application/json;q=0.9", "a" * 5_000],
    "If-None-Match": ["", "*", '"x"', "W/", '"' * 1_000, ",,,", 'W/"a", "b"'],
    "Authorization": ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "bearer x", "Bearer " + "a" * 9_000],
    "Origin": ["", "null", "https://evil.example", "http://127.0.0.1:8000, https://evil.example", "\x00"],
    "Cookie": ["a=b", "__Host-x=1"],
    "X-Forwarded-For": ["127.0.0.1", "' OR 1=1"],
    "X-HTTP-Method-Override": ["DELETE"],
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: its path without a query, the query's pairs, headers and body."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        query = "&".join(f"{quote(name, safe='%')}={quote(value, safe='%')}" for name, value in self.query)
        return f"{self.path}?{query}" if query else self.path


def mutated(good: Sent, random: Random) -> Sent:
    """Change one thing of a request, or up to three."""
    changed = good
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        changed = random.choice(CHANGES)(changed, random)
    return changed


def _with_a_value(sent: Sent, random: Random) -> Sent:
    """Put something nasty at a random place of the body."""
    body = _parsed(sent.body)
    places = list(_places(body))
    if not places:
        return _with_a_raw_body(sent, random)
    holder, name = random.choice(places)
    holder[name] = random.choice(NASTY)
    return replace(sent, body=_written(body))


def _without_a_field(sent: Sent, random: Random) -> Sent:
    body = _parsed(sent.body)
    if not isinstance(body, dict) or not body:
        return sent
    del body[random.choice(list(body))]
    return replace(sent, body=_written(body))


def _with_a_strange_field(sent: Sent, random: Random) -> Sent:
    body = _parsed(sent.body)
    strange = {
        random.choice(("admin", "wallet", "credits", "price", "__class__", "", "at", "set")): random.choice(NASTY)
    }
    return replace(sent, body=_written({**(body if isinstance(body, dict) else {}), **strange}))


def _with_a_raw_body(sent: Sent, random: Random) -> Sent:
    return replace(sent, body=random.choice(RAW))


def _with_flipped_bytes(sent: Sent, random: Random) -> Sent:
    body = bytearray(sent.body or b"{}")
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(body))
        body[place : place + random.randint(0, 2)] = random.randbytes(random.randint(0, 2))
        body = body or bytearray(b"{")
    return replace(sent, body=bytes(body))


def _with_a_field_twice(sent: Sent, _random: Random) -> Sent:
    text = sent.body.strip()
    return replace(sent, body=text[:-1] + b"," + text[1:]) if text.startswith(b"{") and len(text) > len("{}") else sent


def _with_a_strange_query(sent: Sent, random: Random) -> Sent:
    names = ("wallet", "limit", "cursor", "days", "at", "from", "to", "type", "month", "x", "", "%", *dict(sent.query))
    pair = (random.choice(names), str(random.choice(NASTY))[:2_000].encode(errors="replace").decode())
    return replace(sent, query=(*sent.query, pair))


def _with_a_strange_path(sent: Sent, random: Random) -> Sent:
    parts = sent.path.split("/")
    strange = str(random.choice(NASTY))[:300].encode(errors="replace").decode()
    parts[random.randrange(1, len(parts))] = random.choice((quote(strange, safe=""), "..", "%2e%2e", "", "%", "%zz"))
    return replace(sent, path="/".join(parts))


def _with_a_strange_header(sent: Sent, random: Random) -> Sent:
    name = random.choice(list(HEADERS))
    return replace(sent, headers={**sent.headers, name: random.choice(HEADERS[name])})


def _without_a_header(sent: Sent, random: Random) -> Sent:
    gone = random.choice(list(sent.headers))
    return replace(sent, headers={name: value for name, value in sent.headers.items() if name != gone})


def _by_another_method(sent: Sent, random: Random) -> Sent:
    return replace(sent, method=random.choice(METHODS))


Change = Callable[[Sent, Random], Sent]
CHANGES: tuple[Change, ...] = (
    *(_with_a_value, _with_a_value, _with_a_value, _without_a_field, _with_a_strange_field, _with_a_raw_body),
    *(_with_flipped_bytes, _with_a_field_twice, _with_a_strange_query, _with_a_strange_query, _with_a_strange_path),
    *(_with_a_strange_header, _with_a_strange_header, _without_a_header, _by_another_method),
)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _written(body: Any) -> bytes:
    return json.dumps(body).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """List every place of a JSON value at which something stands."""
    if isinstance(value, dict):
        return [place for name, each in value.items() for place in [(value, name), *_places(each)]]
    if isinstance(value, list):
        return [place for nth, each in enumerate(value) for place in [(value, nth), *_places(each)]]
    return []
