"""The stand-in behind a socket, and the transport without one."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from threading import Thread

import httpx
import pytest
import stripe

from local.stripe.replies import Reply
from local.stripe.server import Server, serve
from local.stripe.transport import InProcess, lost
from tests.standin.driving import KEY, SECRET, Desk, order, told_headers


@pytest.fixture
def server(desk: Desk) -> Iterator[Server]:
    """The desk's stand-in on a free port."""
    running = serve(desk.standin, 0)
    yield running
    running.close()


def test_the_package_buys_over_http(desk: Desk, server: Server) -> None:
    api = stripe.StripeClient(KEY, base_addresses={"api": server.url}, http_client=stripe.RequestsClient(timeout=5)).v1
    session = api.checkout.sessions.create(order())

    with httpx.Client(base_url=server.url) as web:
        paid = web.post(f"/_control/sessions/{session.id}/pay", json={"method": "card"})
        page = web.get(f"/pay/{session.id}")
        events = web.get("/_control/events").json()["events"]

    assert (paid.status_code, paid.json()["status"]) == (200, "complete")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert events[-1]["type"] == "checkout.session.completed"
    fresh = api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert isinstance(fresh.payment_intent, stripe.PaymentIntent)
    assert fresh.payment_intent.amount_received == 2_000
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.customers.retrieve("cus_nowhere")
    assert refusal.value.http_status == 404
    assert told_headers(api.customers.create({}))["Request-Id"].startswith("req_")


def test_a_connection_serves_many_requests(desk: Desk, server: Server) -> None:
    host = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    for _ in range(3):
        connection.request("GET", "/_control/events")
        answered = connection.getresponse()
        assert (answered.status, json.loads(answered.read())) == (200, {"events": []})
    connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Content-Length: 1000001\r\n", 413),
        ("Content-Length: 99999999999999999999\r\n", 413),
        ("Content-Length: -1\r\n", 411),
        ("Transfer-Encoding: chunked\r\n", 411),
    ],
)
def test_a_body_that_is_too_large_or_of_no_known_size_is_not_read(server: Server, headers: str, status: int) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(f"POST /_control/delivery HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        answered = connection.makefile("rb").read()
    assert answered.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"connection: close" in answered


def test_many_buy_at_once(desk: Desk, server: Server) -> None:
    def buy() -> None:
        api = stripe.StripeClient(
            KEY, base_addresses={"api": server.url}, http_client=stripe.RequestsClient(timeout=10)
        ).v1
        session = api.checkout.sessions.create(order())
        httpx.post(f"{server.url}/_control/sessions/{session.id}/pay", json={"method": "card"})

    threads = [Thread(target=buy) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert desk.standin.drain(5)
    assert len(desk.stripe.checkout.sessions.list({"status": "complete"}).data) == 8
    assert sorted(desk.listener.types()) == sorted(
        ["payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"] * 8
    )


def test_a_bug_is_answered_with_500(desk: Desk, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Reply:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.standin, "handle", broken)

    assert httpx.get(server.url).status_code == 500


def test_a_lost_request_is_tried_again_by_the_package(desk: Desk) -> None:
    losses = [lost(), lost()]

    def before(_method: str, _path: str) -> None:
        if losses:
            raise losses.pop()

    transport = InProcess(desk.standin, before=before)
    api = stripe.StripeClient(KEY, http_client=transport, max_network_retries=2).v1

    api.customers.create({})

    assert transport.calls == [("POST", "/v1/customers")] * 3
    assert len(desk.stripe.customers.list().data) == 1


def test_a_lost_response_has_done_its_work_once(desk: Desk) -> None:
    replies: list[Reply] = []

    def after(_method: str, _path: str, reply: Reply) -> None:
        replies.append(reply)
        if len(replies) == 1:
            raise lost()

    transport = InProcess(desk.standin, after=after)
    api = stripe.StripeClient(KEY, http_client=transport, max_network_retries=1).v1

    made = api.customers.create({})

    assert replies[0].body == replies[1].body
    assert [customer.id for customer in desk.stripe.customers.list()] == [made.id]
    assert told_headers(made)["Idempotent-Replayed"] == "true"


def test_a_crash_passes_through_the_package(desk: Desk) -> None:
    class Crash(BaseException):
        """The process dies here."""

    def before(_method: str, _path: str) -> None:
        raise Crash

    desk.transport.before = before
    with pytest.raises(Crash):
        desk.stripe.customers.list()


def test_the_secret_is_not_in_what_is_sent(desk: Desk) -> None:
    desk.paid()
    assert all(SECRET not in str(headers) for headers in desk.listener.headers)
