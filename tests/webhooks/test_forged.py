"""
Forged and malformed requests to the webhook: the same `400 {}` to all of them, and nothing was touched.

Each vector is aimed at a session that is really paid and not yet fulfilled: were one accepted, it would grant.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.webhooks.endpoint import handle
from tests.webhooks.heard import metrics
from tests.webhooks.premises import KEY, SECRET, SECRET_NAME, Premises
from tests.webhooks.sender import (
    A_MAC,
    LARGEST_BODY,
    LONGEST_HEADER,
    LONGEST_ID,
    MOST_SIGNATURES,
    SHUT,
    Request,
    Sender,
    request,
)

DEEP = 100_000


@pytest.fixture(scope="module")
def aimed(building: Premises) -> Sender:
    """Somebody aiming at a session that is paid and not fulfilled: one for all, because nothing may come of it."""
    building.reset()
    return Sender(building)


@pytest.fixture
def stripe(aimed: Sender) -> Sender:
    aimed.premises.forget_calls()
    return aimed


HEADERS: dict[str, Callable[[Sender], str | None]] = {
    "no header": lambda s: None,
    "an empty header": lambda s: "",
    "spaces": lambda s: "   ",
    "commas": lambda s: ",,,,",
    "only equal signs": lambda s: "=,==,===",
    "one character over 1 KB": lambda s: s.sign() + ",x=" + "a" * (LONGEST_HEADER - len(s.sign()) - 2),
    "a megabyte": lambda s: s.sign() + "," + "a" * 2**20,
    "a letter beyond ASCII": lambda s: s.sign() + ",é=1",
    "a signature beyond ASCII": lambda s: f"t={s.time},v1={'é' * 64}",
    "a time in Arabic digits": lambda s: "t=" + str(s.time).translate({48 + n: 0x660 + n for n in range(10)}),
    "no time": lambda s: f"v1={s.mac()}",
    "an empty time": lambda s: s.marked(""),
    "two times": lambda s: f"t={s.time},{s.sign()}",
    "a second, older time": lambda s: f"{s.sign()},t={s.time - 9999}",
    "a second time behind a space": lambda s: f"{s.sign()}, t={s.time - 9999}",
    "a time in words": lambda s: s.marked("now"),
    "a time in hexadecimal": lambda s: s.marked(hex(s.time)),
    "a time with a fraction": lambda s: s.marked(f"{s.time}.0"),
    "a time with a plus": lambda s: s.marked(f"+{s.time}"),
    "a time with an exponent": lambda s: s.marked(f"{s.time:e}"),
    "a time with an underscore": lambda s: s.marked(f"{s.time // 1000}_{s.time % 1000:03d}"),
    "a time with a space in it": lambda s: s.marked(f" {s.time}"),
    "a time in milliseconds": lambda s: s.marked(f"{s.time}000"),
    "a negative time": lambda s: s.marked(f"-{s.time}"),
    "a time of thirty digits": lambda s: s.marked("9" * 30),
    "NaN for a time": lambda s: s.marked("nan"),
    "infinity for a time": lambda s: s.marked("inf"),
    "1970": lambda s: s.marked("0"),
    "301 seconds ago": lambda s: s.sign(seconds_ago=301),
    "an hour ago": lambda s: s.sign(seconds_ago=3600),
    "61 seconds ahead": lambda s: s.sign(seconds_ago=-61),
    "a year ahead": lambda s: s.sign(seconds_ago=-365 * 86400),
    "six signatures, the right one first": lambda s: s.sign() + f",v1={A_MAC}" * MOST_SIGNATURES,
    "six signatures, the right one last": lambda s: f"t={s.time}" + f",v1={A_MAC}" * MOST_SIGNATURES + f",v1={s.mac()}",
    "a hundred thousand signatures": lambda s: s.sign() + f",v1={A_MAC}" * 100_000,
    "no signature": lambda s: f"t={s.time}",
    "an empty signature": lambda s: f"t={s.time},v1=",
    "a signature without an equal sign": lambda s: f"t={s.time},v1",
    "a signature of zeros": lambda s: f"t={s.time},v1={A_MAC}",
    "the scheme v0": lambda s: f"t={s.time},v0={s.mac()}",
    "the scheme V1": lambda s: f"t={s.time},V1={s.mac()}",
    "the scheme v2": lambda s: f"t={s.time},v2={s.mac()}",
    "a signature behind a space": lambda s: f"t={s.time}, v1={s.mac()}",
    "semicolons": lambda s: f"t={s.time};v1={s.mac()}",
    "quotes": lambda s: f't={s.time},v1="{s.mac()}"',
    "a wrong secret": lambda s: s.sign(secret="whsec_other"),
    "an empty secret": lambda s: s.sign(secret=""),
    "the secret's name": lambda s: s.sign(secret=SECRET_NAME),
    "the secret without its prefix": lambda s: s.sign(secret=SECRET.removeprefix("whsec_")),
    "the API key for a secret": lambda s: s.sign(secret=KEY),
    "the signature of another body": lambda s: s.sign(b"{}"),
    "the signature of another time": lambda s: f"t={s.time},v1={s.mac(time=s.time - 1)}",
    "the signature of the body alone": lambda s: (
        f"t={s.time},v1={hmac.new(SECRET.encode(), s.body, 'sha256').hexdigest()}"
    ),
    "a plain hash": lambda s: f"t={s.time},v1={hashlib.sha256(s.body).hexdigest()}",
    "SHA-1": lambda s: f"t={s.time},v1={s.mac(how='sha1')}",
    "SHA-512": lambda s: f"t={s.time},v1={s.mac(how='sha512')}",
    "upper case": lambda s: f"t={s.time},v1={s.mac().upper()}",
    "a cut signature": lambda s: s.sign()[:-1],
    "one character": lambda s: f"t={s.time},v1={s.mac()[0]}",
    "a signature with something behind it": lambda s: s.sign() + "0",
    "base64": lambda s: f"t={s.time},v1={base64.b64encode(bytes.fromhex(s.mac())).decode()}",
    "a line break": lambda s: s.sign() + "\n",
}
BODIES: dict[str, Callable[[Sender], Request]] = {
    "a cut body": lambda s: request(s.body[:-1], s.sign()),
    "a byte behind the body": lambda s: request(s.body + b" ", s.sign()),
    "a line break behind the body": lambda s: request(s.body + b"\n", s.sign()),
    "a byte order mark": lambda s: request(b"\xef\xbb\xbf" + s.body, s.sign()),
    "another order of fields": lambda s: request(json.dumps(s.event, sort_keys=True).encode(), s.sign()),
    "another session": lambda s: request(s.body.replace(b"cs_test_", b"cs_live_"), s.sign()),
    "an empty body": lambda s: request(b"", s.sign(b"")),
    "no body": lambda s: request(b"", s.sign(b""), body=None),
    "a body that is no text": lambda s: request(s.body, s.sign(), body=s.event),
    "half a character": lambda s: request(s.body, s.sign(), body="\ud800"),
    "garbage that says it is base64": lambda s: request(s.body, s.sign(), body="@@@@", isBase64Encoded=True),
    "text that says it is base64": lambda s: request(s.body, s.sign(), isBase64Encoded=True),
    "base64 that says it is text": lambda s: request(s.body, s.sign(), body=base64.b64encode(s.body).decode()),
    "base64 with line breaks": lambda s: request(
        s.body, s.sign(), body=base64.encodebytes(s.body).decode(), isBase64Encoded=True
    ),
    "base64 without its padding": lambda s: request(b"x", s.sign(b"x"), body="eA", isBase64Encoded=True),
    "base64 beyond ASCII": lambda s: request(s.body, s.sign(), body="é", isBase64Encoded=True),
    "base64 of nothing": lambda s: request(b"", s.sign(b""), body="", isBase64Encoded=True),
    "no headers": lambda s: request(s.body, s.sign(), headers=None),
    "the header in capitals": lambda s: request(s.body, None, headers={"Stripe-Signature": s.sign()}),
    "another header": lambda s: request(s.body, None, headers={"x-stripe-signature": s.sign()}),
    "the signature for a token": lambda s: request(s.body, None, headers={"authorization": s.sign()}),
}
SIGNED: dict[str, Callable[[Sender], Request]] = {
    "one byte over 256 KB": lambda s: s.signed(s.body + b" " * (LARGEST_BODY + 1 - len(s.body))),
    "one byte over 256 KB in base64": lambda s: s.signed(b"\xff" * (LARGEST_BODY + 1)),
    "a megabyte": lambda s: s.signed(s.body + b" " * 2**20),
    "no JSON": lambda s: s.signed(b"hello"),
    "a form": lambda s: s.signed(b"id=evt_1&type=checkout.session.completed"),
    "two events": lambda s: s.signed(s.body + s.body),
    "half an event": lambda s: s.signed(s.body[: len(s.body) // 2]),
    "single quotes": lambda s: s.signed(repr(s.event).encode()),
    "no UTF-8": lambda s: s.signed(b"\xff\xfe\xfd"),
    "UTF-16": lambda s: s.signed(s.body.decode().encode("utf-16")),
    "[1]": lambda s: s.sending([1]),
    "a list of events": lambda s: s.sending([s.event]),
    "null": lambda s: s.sending(None),
    "a number": lambda s: s.sending(1),
    "a text": lambda s: s.sending("evt_1"),
    "true": lambda s: s.signed(b"true"),
    "NaN": lambda s: s.sending(float("nan")),
    "NaN within": lambda s: s.saying(created=float("nan")),
    "infinity within": lambda s: s.saying(created=float("-inf")),
    "an empty object": lambda s: s.sending({}),
    "a deep list": lambda s: s.signed(b"[" * DEEP + b"]" * DEEP),
    "a deep object": lambda s: s.signed(b'{"a":' * 40_000 + b"1" + b"}" * 40_000),
    "a deep list within": lambda s: s.signed(s.body[:-1] + b',"a":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "no type": lambda s: s.lacking("type"),
    "a number for a type": lambda s: s.saying(type=1),
    "null for a type": lambda s: s.saying(type=None),
    "a list for a type": lambda s: s.saying(type=["checkout.session.completed"]),
    "an object for a type": lambda s: s.saying(type={}),
    "an empty type": lambda s: s.saying(type=""),
    "a long type": lambda s: s.saying(type="a" * (LONGEST_ID + 1)),
    "a type with a line break": lambda s: s.saying(type="customer.created\n"),
    "no id": lambda s: s.lacking("id"),
    "a number for an id": lambda s: s.saying(id=1),
    "an object for an id": lambda s: s.saying(id={}),
    "null for an id": lambda s: s.saying(id=None),
    "an empty id": lambda s: s.saying(id=""),
    "a long id": lambda s: s.saying(id="e" * (LONGEST_ID + 1)),
    "half a character for an id": lambda s: s.saying(id="\ud800"),
    "no data": lambda s: s.lacking("data"),
    "a list for data": lambda s: s.saying(data=[]),
    "null for data": lambda s: s.saying(data=None),
    "a text for data": lambda s: s.saying(data="object"),
    "no object": lambda s: s.saying(data={}),
    "no object in an event that we ignore": lambda s: s.saying(type="customer.created", data={}),
    "null for an object": lambda s: s.saying(data={"object": None}),
    "a list for an object": lambda s: s.saying(data={"object": []}),
    "a text for an object": lambda s: s.saying(data={"object": "cs_test_1"}),
    "a number for an object": lambda s: s.saying(data={"object": 1}),
    "a session without an id": lambda s: s.saying(data={"object": {}}),
    "null for a session's id": lambda s: s.of_session(None),
    "false for a session's id": lambda s: s.saying(data={"object": {"id": False}}),
    "zero for a session's id": lambda s: s.of_session(0),
    "a number for a session's id": lambda s: s.of_session(7),
    "a list for a session's id": lambda s: s.of_session([]),
    "an object for a session's id": lambda s: s.of_session({}),
    "an empty session id": lambda s: s.of_session(""),
    "a long session id": lambda s: s.of_session("c" * (LONGEST_ID + 1)),
    "a session id with a space": lambda s: s.of_session("cs_test 1"),
    "a session id with a zero byte": lambda s: s.of_session("cs_test\0"),
    "a session id beyond ASCII": lambda s: s.of_session("cs_tést"),
    "half a character for a session's id": lambda s: s.of_session("\ud800"),
}
THINGS = {  # of each a type of event that speaks of it
    "a subscription": "customer.subscription.updated",
    "an invoice": "invoice.paid",
    "a deleted customer": "customer.deleted",
}
NAMELESS: dict[str, object] = {
    "no id": {},
    "null for an id": {"id": None},
    "true for an id": {"id": True},
    "a number for an id": {"id": 7},
    "a list for an id": {"id": ["sub_1"]},
    "an object for an id": {"id": {"id": "sub_1"}},
    "an empty id": {"id": ""},
    "a long id": {"id": "s" * (LONGEST_ID + 1)},
    "an id with a space": {"id": "sub 1"},
    "an id with a line break": {"id": "sub_1\n"},
    "an id beyond ASCII": {"id": "sub_é"},
    "half a character for an id": {"id": "\ud800"},
    "no object": None,
    "a text": "sub_1",
    "a list": [{"id": "sub_1"}],
}
WALLETLESS: dict[str, object] = {
    "a number for a wallet": {"tally_wallet": 7},
    "a list for a wallet": {"tally_wallet": ["acct_a"]},
    "a wallet with a space": {"tally_wallet": "acct a"},
    "a long wallet": {"tally_wallet": "a" * (LONGEST_ID + 1)},
    "a list of tags": ["acct_a"],
    "a text of tags": "acct_a",
}
SIGNED |= {
    f"{how} of {thing}": lambda s, type_=type_, said=said: s.saying(type=type_, data={"object": said})  # type: ignore[misc]
    for thing, type_ in THINGS.items()
    for how, said in NAMELESS.items()
}
SIGNED |= {
    f"{how} of a deleted customer": lambda s, said=said: s.saying(  # type: ignore[misc]
        type="customer.deleted", data={"object": {"id": "cus_1", "metadata": said}}
    )
    for how, said in WALLETLESS.items()
}
VECTORS: list[Any] = [
    *(
        pytest.param(lambda s, made=made: s.with_header(made(s)), id=f"header: {name}")
        for name, made in HEADERS.items()
    ),
    *(pytest.param(made, id=f"request: {name}") for name, made in BODIES.items()),
    *(pytest.param(made, id=f"signed: {name}") for name, made in SIGNED.items()),
]


def test_there_are_at_least_sixty_vectors() -> None:
    assert len(VECTORS) >= 60


@pytest.mark.parametrize("forge", VECTORS)
def test_what_is_forged_or_malformed_is_refused_and_touches_nothing(
    stripe: Sender, capsys: pytest.CaptureFixture[str], forge: Callable[[Sender], Request]
) -> None:
    forged = forge(stripe)

    assert handle(forged, 29_000) == SHUT
    assert stripe.premises.is_untouched
    assert stripe.premises.lines == []
    assert metrics(capsys.readouterr().out) == {"ForgedWebhooks": 1}
    assert stripe.premises.wallet().seq == 0


def test_a_refusal_says_nothing_of_what_came(stripe: Sender, capsys: pytest.CaptureFixture[str]) -> None:
    handle(request(b"private words", stripe.sign(b"other words"), headers={"x-forwarded-for": "203.0.113.9"}), 29_000)

    said = json.loads(capsys.readouterr().out)
    assert said.keys() == {"_aws", "service", "stage", "ForgedWebhooks"}
    assert stripe.premises.lines == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "post", ""])
def test_another_method_is_not_allowed(stripe: Sender, method: str) -> None:
    asked = request(stripe.body, stripe.sign(), requestContext={"http": {"method": method, "path": "/"}})

    assert handle(asked, 29_000) == {**SHUT, "statusCode": 405}
    assert stripe.premises.is_untouched


@pytest.mark.parametrize("context", [{}, {"http": {}}, {"http": None}, None])
def test_a_request_without_a_method_is_not_allowed(stripe: Sender, context: object) -> None:
    assert handle(request(stripe.body, stripe.sign(), requestContext=context), 29_000)["statusCode"] == 405
    assert stripe.premises.is_untouched


@pytest.mark.parametrize("path", ["/stripe", "//", "/.", "/%2F", "/index.html", "*"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_another_path_is_not_found(stripe: Sender, path: str, method: str) -> None:
    asked = request(stripe.body, stripe.sign(), rawPath=path, requestContext={"http": {"method": method, "path": path}})

    assert handle(asked, 29_000) == {**SHUT, "statusCode": 404}
    assert stripe.premises.is_untouched
