"""The function URL: the event has Lambda's shape, and the answer becomes HTTP."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.app import Chalice

from local.function_url import FunctionUrl, event_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIGNED = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": "t=1,v1=ab", "Host": "here"}


def url_of(answer: Callable[[dict[str, Any]], Any]) -> FunctionUrl:
    app = Chalice(app_name="heard", configure_logs=False)

    @app.lambda_function(name="stripe_webhook")
    def stripe_webhook(event: dict[str, Any], context: Any) -> Any:
        assert 28_000 < context.get_remaining_time_in_millis() <= 29_000
        return answer(event)

    return FunctionUrl(app, now=lambda: NOON)


def test_a_request_has_the_shape_of_payload_version_2() -> None:
    event = event_of("POST", "/a%20b?x=1&x=2&y=%C3%A9&z=", SIGNED, b'{"id": "evt_1"}', at=NOON)

    assert event["version"] == "2.0"
    assert event["rawPath"] == "/a%20b"
    assert event["rawQueryString"] == "x=1&x=2&y=%C3%A9&z="
    assert event["queryStringParameters"] == {"x": "1,2", "y": "é", "z": ""}
    assert event["headers"] == {name.lower(): value for name, value in SIGNED.items()}
    http = event["requestContext"]["http"]
    assert (http["method"], http["path"], http["protocol"]) == ("POST", "/a%20b", "HTTP/1.1")
    assert event["requestContext"]["time"] == "22/Nov/2026:12:00:00 +0000"
    assert event["requestContext"]["timeEpoch"] == 1_795_348_800_000
    assert (event["body"], event["isBase64Encoded"]) == ('{"id": "evt_1"}', False)


def test_without_query_and_body_there_are_none() -> None:
    event = event_of("GET", "/", {}, b"", at=NOON)

    assert event.keys().isdisjoint({"queryStringParameters", "body"})
    assert event["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("media", "body", "encoded"),
    [
        ("application/json", '{"a": "é"}'.encode(), False),
        ("APPLICATION/JSON", b"{}", False),
        ("text/plain", b"hello", False),
        ("application/json", b"\xff", True),
        ("application/octet-stream", b"{}", True),
        ("application/x-www-form-urlencoded", b"a=b", True),
        ("", b"{}", True),
    ],
)
def test_text_comes_as_text_and_everything_else_in_base64(media: str, body: bytes, *, encoded: bool) -> None:
    event = event_of("POST", "/", {"content-type": media}, body, at=NOON)

    assert event["isBase64Encoded"] is encoded
    assert event["body"] == (base64.b64encode(body).decode() if encoded else body.decode())


def test_an_answer_becomes_http() -> None:
    url = url_of(lambda event: {"statusCode": 201, "headers": {"X-Path": event["rawPath"]}, "body": "said"})

    reply = url.handle("post", "/there?x=1", {}, b"")

    assert (reply.status, reply.headers["x-path"], reply.body) == (201, "/there", b"said")


def test_binary_and_plain_answers_are_understood() -> None:
    binary = url_of(lambda _: {"statusCode": 200, "body": "/w==", "isBase64Encoded": True})
    plain = url_of(lambda _: {"counted": 1})

    assert binary.handle("GET", "/", {}).body == b"\xff"
    assert plain.handle("GET", "/", {}).json() == {"counted": 1}


def test_a_function_that_breaks_is_502() -> None:
    def breaks(_event: dict[str, Any]) -> None:
        raise RuntimeError("broken")

    assert url_of(breaks).post(b"{}", {}) == 502


def test_an_event_is_posted_to_the_root() -> None:
    heard: list[dict[str, Any]] = []

    def hear(event: dict[str, Any]) -> dict[str, Any]:
        heard.append(event)
        return {"statusCode": 200, "body": "{}"}

    assert url_of(hear).post(b'{"id": "evt_1"}', SIGNED) == 200
    assert (heard[0]["rawPath"], heard[0]["body"]) == ("/", '{"id": "evt_1"}')
    assert heard[0]["headers"]["stripe-signature"] == "t=1,v1=ab"
