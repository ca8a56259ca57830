"""What is sent is read strictly: whatever is wrong is named, and nothing was written and nobody called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.desk import Desk, refusal

BUY = "/api/credits/purchase"
LARGEST_BODY = 64 * 1024  # bytes
GOOD = {"package_id": "starter"}


def said(**fields: object) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def raw(text: str) -> bytes:
    """The rest of an object that begins as a good one does."""
    return b'{"package_id":"starter",' + text.encode() + b"}"


NO_JSON: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"   ",
    "words": b"hello",
    "half an object": b'{"package_id":"starter"',
    "two objects": b'{"package_id":"starter"}{}',
    "a comma too many": b'{"package_id":"starter",}',
    "a comment": b'{"package_id":"starter"/**/}',
    "single quotes": b"{'package_id':'starter'}",
    "a form": b"package_id=starter",
    "no UTF-8": b'{"package_id":"\xff"}',
    "UTF-16": '{"package_id":"starter"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"package_id":"starter"}',
    "half a character": rb'{"package_id":"\ud800"}',
    "half a character for a name": rb'{"package_id":"starter","\udfff":1}',
    "NaN": raw('"quantity":NaN'),
    "infinity": raw('"quantity":Infinity'),
    "less than that": raw('"quantity":-Infinity'),
    "a number of 5,000 digits": raw(f'"quantity":{"9" * 5000}'),
    "a hexadecimal number": raw('"quantity":0x10'),
    "a leading zero": raw('"quantity":01'),
    "a deep list": b"[" * 30_000 + b"]" * 30_000,
    "a deep object": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a deep list within": raw('"quantity":' + "[" * 30_000 + "]" * 30_000),
    "nine levels": raw('"quantity":' + "[" * 8 + "]" * 8),
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a text": b'"starter"',
    "a list": b"[]",
    "a list with an object": b'[{"package_id":"starter"}]',
}
WRONG_FIELDS: dict[str, tuple[bytes, str]] = {
    "eight levels": (raw('"quantity":' + "[" * 7 + "]" * 7), "quantity"),
    "no package": (b"{}", "package_id"),
    "null for a package": (said(package_id=None), "package_id"),
    "a number for a package": (said(package_id=1), "package_id"),
    "true for a package": (said(package_id=True), "package_id"),
    "a list for a package": (said(package_id=["starter"]), "package_id"),
    "an object for a package": (said(package_id={}), "package_id"),
    "an empty package": (said(package_id=""), "package_id"),
    "a package that isn't there": (said(package_id="huge"), "package_id"),
    "a package in capitals": (said(package_id="STARTER"), "package_id"),
    "a package with a space": (said(package_id=" starter"), "package_id"),
    "a long package": (said(package_id="s" * 65), "package_id"),
    "a package of Python's own": (said(package_id="__class__"), "package_id"),
    "none": (said(quantity=0), "quantity"),
    "less than none": (said(quantity=-1), "quantity"),
    "101": (said(quantity=101), "quantity"),
    "10**30": (said(quantity=10**30), "quantity"),
    "-10**30": (said(quantity=-(10**30)), "quantity"),
    "one and a half": (said(quantity=1.5), "quantity"),
    "1.0": (raw('"quantity":1.0'), "quantity"),
    "1e1": (raw('"quantity":1e1'), "quantity"),
    "1e400": (raw('"quantity":1e400'), "quantity"),
    "a number as text": (said(quantity="1"), "quantity"),
    "true for a number": (said(quantity=True), "quantity"),
    "null for a number": (said(quantity=None), "quantity"),
    "a list for a number": (said(quantity=[1]), "quantity"),
    "an object for a number": (said(quantity={"n": 1}), "quantity"),
    "a number for a path": (said(return_path=1), "return_path"),
    "a list for a path": (said(return_path=["/"]), "return_path"),
    "an empty path": (said(return_path=""), "return_path"),
    "no slash": (said(return_path="billing"), "return_path"),
    "an address": (said(return_path="https://evil.example/"), "return_path"),
    "two slashes": (said(return_path="//evil.example"), "return_path"),
    "two slashes within": (said(return_path="/a//b"), "return_path"),
    "two encoded slashes": (said(return_path="/%2F%2fevil.example"), "return_path"),
    "two slashes encoded twice": (said(return_path="/%252fevil"), "return_path"),
    "a backslash": (said(return_path="/\\evil.example"), "return_path"),
    "an encoded backslash": (said(return_path="/%5cevil.example"), "return_path"),
    "a user": (said(return_path="/@evil.example"), "return_path"),
    "braces": (said(return_path="/{CHECKOUT_SESSION_ID}"), "return_path"),
    "a fragment": (said(return_path="/a#b"), "return_path"),
    "a line break": (said(return_path="/a\r\nSet-Cookie: a=b"), "return_path"),
    "an encoded line break": (said(return_path="/a%0d%0aSet-Cookie:%20a=b"), "return_path"),
    "a zero byte": (said(return_path="/\0"), "return_path"),
    "a letter beyond ASCII": (said(return_path="/é"), "return_path"),
    "a lone percent sign": (said(return_path="/%"), "return_path"),
    "513 characters": (said(return_path="/" + "a" * 512), "return_path"),
    "yes": (said(save_card="yes"), "save_card"),
    "1 for true": (said(save_card=1), "save_card"),
    "null for true": (said(save_card=None), "save_card"),
    "a price": (said(price=1), "price"),
    "another wallet": (said(wallet_id="acct_b"), "wallet_id"),
    "a name in capitals": (said(Quantity=1), "Quantity"),
    "a package twice": (raw('"package_id":"starter"'), "package_id"),
    "a number twice": (raw('"quantity":1,"quantity":1'), "quantity"),
    "a name twice, once escaped": (raw(r'"quantity":1,"\u0071uantity":100'), "quantity"),
    "a stranger twice": (raw('"x":1,"x":2'), "x"),
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_object_is_refused(desk: Desk, body: bytes) -> None:
    with desk.changing_nothing():
        refusal(desk.post(BUY, body), 400, "invalid_request", "body")


@pytest.mark.parametrize(("body", "field"), WRONG_FIELDS.values(), ids=WRONG_FIELDS)
def test_a_field_that_is_wrong_is_named(desk: Desk, body: bytes, field: str) -> None:
    with desk.changing_nothing():
        refusal(desk.post(BUY, body), 400, "invalid_request", field)


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity": 1},
        {"quantity": 100},
        {"return_path": "/"},
        {"return_path": "/" + "a" * 511},
        {"return_path": "/a?b=c&d=%20e"},
        {"return_path": None},
        {"save_card": False},
        {"save_card": True},
    ],
)
def test_the_limits_themselves_are_allowed(desk: Desk, fields: dict[str, Any]) -> None:
    assert desk.buy(**fields).status == 201


def test_a_body_of_64_kb_is_read_and_a_byte_more_is_not(desk: Desk) -> None:
    good = said()
    with desk.changing_nothing():
        refusal(desk.post(BUY, good + b" " * (LARGEST_BODY + 1 - len(good))), 413, "too_large")
        refusal(desk.post(BUY, b"x" * (5 * 1024 * 1024)), 413, "too_large")
        refusal(desk.post(BUY, b"x" * (11 * 1024 * 1024)), 413, "too_large")

    assert desk.post(BUY, good + b" " * (LARGEST_BODY - len(good))).status == 201


@pytest.mark.parametrize(
    "media",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/json"),
        *("application/jsonp", "application/json; charset=latin-1", "application/json, text/plain", "json", "*/*", ""),
    ],
)
def test_another_media_type_is_refused(desk: Desk, media: str) -> None:
    with desk.changing_nothing():
        refusal(desk.post(BUY, GOOD, headers={"Content-Type": media}), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media",
    ["application/json", "Application/JSON", "application/json;charset=utf-8", "application/json; charset=UTF-8"],
)
def test_json_may_be_named_in_every_usual_way(desk: Desk, media: str) -> None:
    assert desk.post(BUY, GOOD, headers={"Content-Type": media}).status == 201


@pytest.mark.parametrize(
    "key",
    ["", " ", "a b", " k1", "k1 ", "é", "ключ", "a\tb", "a\nb", "\x7f", "a\0", "k" * 129, "k" * 10_000],
)
def test_an_ill_formed_key_is_refused(desk: Desk, key: str) -> None:
    with desk.changing_nothing():
        refusal(desk.post(BUY, GOOD, key=key), 400, "invalid_request", "Idempotency-Key")


def test_a_missing_key_is_refused(desk: Desk) -> None:
    with desk.changing_nothing():
        refusal(desk.post(BUY, GOOD, key=None), 400, "invalid_request", "Idempotency-Key")


@pytest.mark.parametrize("key", ["!", "~", "k" * 128, "".join(map(chr, range(33, 127))), "#p#../../w#acct_b"])
def test_every_key_from_exclamation_mark_to_tilde_is_good(desk: Desk, key: str) -> None:
    assert desk.post(BUY, GOOD, key=key).status == 201
    assert desk.post(BUY, GOOD, key=key).headers["idempotency-replayed"] == "true"


def test_keys_are_told_apart_by_case(desk: Desk) -> None:
    assert desk.post(BUY, GOOD, key="K1").status == 201
    assert "idempotency-replayed" not in desk.post(BUY, GOOD, key="k1").headers


@pytest.mark.parametrize("query", ["?wallet=acct_a&wallet=acct_a", "?wallet=acct_a&wallet=team_a"])
def test_a_wallet_that_is_named_twice_is_refused(desk: Desk, query: str) -> None:
    with desk.changing_nothing():
        refusal(desk.buy(query=query), 400, "invalid_request", "wallet")


def test_a_refusal_does_not_say_back_what_came_at_length(desk: Desk) -> None:
    told = refusal(desk.post(BUY, said(**{"x" * 5000: 1})), 400, "invalid_request")

    assert len(json.dumps(told)) < 1000
