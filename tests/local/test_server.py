"""HTTP on loopback: connections are kept, bodies bounded, and whatever goes wrong has our shape."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.replies import Reply, said
from local.server import HOST, Server

LARGEST = 1000


def answer(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    if path == "/broken":
        raise RuntimeError("broken")
    if path == "/unchanged":
        return Reply(status=304, headers={"etag": '"1"'})
    return said({"method": method, "path": path, "headers": dict(headers), "body": body.hex()})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server(answer, 0, largest_body=LARGEST)
    yield running
    running.close()


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    opened = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    yield opened
    opened.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection.request(method, path, body)
    told = connection.getresponse()
    return told.status, told.headers, told.read()


def raw(server: Server, sent: bytes) -> bytes:
    with socket.create_connection((HOST, int(server.url.rpartition(":")[2])), timeout=5) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(4096), b""))


def problem(sent: bytes) -> tuple[bytes, dict[str, Any]]:
    head, _, body = sent.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    told: dict[str, Any] = json.loads(body)
    return head.split()[1], told


def test_a_connection_is_kept(connection: http.client.HTTPConnection) -> None:
    for nth in range(50):
        status, _, body = ask(connection, "POST", f"/{nth}?a=b", b"\xff")
        assert (status, json.loads(body)["path"], json.loads(body)["body"]) == (200, f"/{nth}?a=b", "ff")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_is_handed_on(connection: http.client.HTTPConnection, method: str) -> None:
    assert json.loads(ask(connection, method, "/")[2])["method"] == method


def test_head_and_304_have_no_body_and_the_connection_goes_on(connection: http.client.HTTPConnection) -> None:
    for method, path, status in (("HEAD", "/", 200), ("GET", "/unchanged", 304), ("GET", "/", 200)):
        told, _, body = ask(connection, method, path)
        assert (told, body == b"") == (status, path != "/" or method == "HEAD")


def test_a_body_over_the_limit_is_413_and_the_sender_gets_to_read_it(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "POST", "/", b"x" * LARGEST)[0] == 200
    for length in (LARGEST + 1, 20_000_000):
        status, headers, body = ask(connection, "POST", "/", b"x" * length)
        assert (status, headers["content-type"]) == (413, "application/problem+json")
        assert json.loads(body)["code"] == "too_large"


def test_what_breaks_is_500(connection: http.client.HTTPConnection) -> None:
    status, headers, body = ask(connection, "GET", "/broken")

    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert b"broken" not in body


def test_a_header_that_comes_twice_is_one_with_a_comma(server: Server) -> None:
    told = raw(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Thing: 1\r\nx-thing: 2\r\n\r\n")

    assert json.loads(told.partition(b"\r\n\r\n")[2])["headers"]["x-thing"] == "1, 2"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1" + b"0" * 5000 + b"\r\n\r\n", b"413"),
        (b"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", b"404"),
        (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", b"505"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"414"),
        (b"nonsense and more nonsense of it\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_proper_request_gets_a_problem(server: Server, sent: bytes, status: bytes) -> None:
    told = problem(raw(server, sent))

    assert told[0] == status
    assert told[1]["status"] == int(status)


@pytest.mark.parametrize("host", [b"127.0.0.1", b"127.0.0.1:8000", b"localhost:1", b"LOCALHOST"])
def test_it_answers_to_its_own_names(server: Server, host: bytes) -> None:
    assert raw(server, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "hosts",
    [
        *(b"Host: evil.example\r\n", b"Host: evil.example:8000\r\n", b"Host: 127.0.0.1.evil.example\r\n"),
        *(b"Host: localhost.evil.example\r\n", b"Host: evil@localhost\r\n", b"Host: 127.0.0.2\r\n", b"Host: [::1]\r\n"),
        *(b"Host: 0.0.0.0:8000\r\n", b"Host: localhost\r\nHost: evil.example\r\n", b"Host: \r\n", b""),
    ],
)
def test_a_page_whose_name_leads_here_learns_nothing(server: Server, hosts: bytes) -> None:
    status, told = problem(raw(server, b"GET /local/token HTTP/1.1\r\n" + hosts + b"\r\n"))

    assert (status, told["code"]) == (b"403", "forbidden")


def test_it_listens_on_loopback_only(server: Server) -> None:
    assert server.url.startswith("http://127.0.0.1:")
