"""Customers' endpoints are called as signed and as judged, and nothing else is, whatever their owners try."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from chalicelib.domain.wording import Worded
from chalicelib.notices import lines, payloads, webhooks
from chalicelib.notices.webhooks import WebhookSender
from chalicelib.services.ports import NotSent
from tests.notices.letters import DEBT, SECRET
from tests.notices.premises import HOST, Endpoint, certificate, listening, status

LOOPBACK = "127.0.0.1"
BODY = '{"name":"Größe"}'


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def sender(pem: Path) -> WebhookSender:
    """A sender that believes the test's certificate, finds every host on this machine, and may go there."""
    return allowing(pem)


def allowing(pem: Path, *, resolve: Callable[[str, int], Sequence[str]] | None = None, **more: Any) -> WebhookSender:
    return WebhookSender(
        resolve=resolve or (lambda _host, _port: [LOOPBACK]),
        is_allowed=lambda address: address == LOOPBACK,
        context=lambda: ssl.create_default_context(cafile=str(pem)),
        **more,
    )


def post(sender: WebhookSender, url: str, body: str = BODY, *, secret: str = SECRET) -> None:
    sender.send(url, body, secret=secret, message_id="msg_1", now=datetime.now(UTC))


def test_a_message_arrives_signed_at_its_path(pem: Path, sender: WebhookSender) -> None:
    with listening(pem, status(204)) as endpoint:
        post(sender, endpoint.url)

    [(path, headers, body)] = endpoint.asked
    assert (path, body) == ("/tally?tenant=1", BODY)
    assert headers["Host"] == f"{HOST}:{endpoint.port}"
    assert (headers["webhook-id"], headers["Content-Type"]) == ("msg_1", "application/json")
    assert Webhook(SECRET).verify(body, dict(headers)) == json.loads(BODY)


def test_a_repeat_has_the_same_id_and_the_time_of_its_own(pem: Path, sender: WebhookSender) -> None:
    now = datetime(2026, 11, 22, 12, 0, 0, 999_000, tzinfo=UTC)

    with listening(pem, status(200)) as endpoint:
        for minute in (0, 1):
            sender.send(endpoint.url, BODY, secret=SECRET, message_id="msg_1", now=now.replace(minute=minute))

    sent = [(headers["webhook-id"], int(headers["webhook-timestamp"])) for _, headers, _ in endpoint.asked]
    assert sent == [("msg_1", 1795348800), ("msg_1", 1795348860)]


def test_the_body_is_an_event_of_standard_webhooks() -> None:
    worded = Worded(language="en", subject="S", text="T")

    assert json.loads(payloads.event(DEBT, worded)) == {
        "type": "tally.debt",
        "timestamp": "2026-11-22T12:00:00.000Z",
        "data": {
            "wallet_id": "acct_a",
            "message_id": "msg_1",
            "kind": "debt",
            "debt": 7,
            "subject": "S",
            "text": "T",
        },
    }


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, 400, 404, 410, 429, 500, 503])
def test_only_a_2xx_is_taken_and_redirects_are_not_followed(pem: Path, sender: WebhookSender, code: int) -> None:
    elsewhere = status(code, Location="https://169.254.169.254/")

    with listening(pem, elsewhere) as endpoint, pytest.raises(NotSent, match=f"^webhook: answered {code}$"):
        post(sender, endpoint.url)

    assert (len(endpoint.asked), endpoint.connections) == (1, 1)


def test_a_huge_answer_is_not_read(pem: Path, sender: WebhookSender) -> None:
    written = 0

    def huge(handler: BaseHTTPRequestHandler) -> None:
        nonlocal written
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            written += handler.wfile.write(b"x" * 100_000)

    with listening(pem, huge) as endpoint:
        post(sender, endpoint.url)

    assert written < 50_000_000


def test_headers_without_end_are_not_read(pem: Path, sender: WebhookSender) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(90):
            handler.wfile.write(b"x-%d: %s\r\n" % (number, b"y" * 1000))
        handler.wfile.write(b"\r\n")

    with listening(pem, endless) as endpoint, pytest.raises(NotSent, match=r"^webhook: OSError$"):
        post(sender, endpoint.url)


def test_what_is_no_http_is_not_an_answer(pem: Path, sender: WebhookSender) -> None:
    def babble(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 smtp.example.com ESMTP\r\n")

    with listening(pem, babble) as endpoint, pytest.raises(NotSent, match=r"^webhook: BadStatusLine$"):
        post(sender, endpoint.url)


def test_an_endpoint_that_hangs_up_did_not_take_it(pem: Path, sender: WebhookSender) -> None:
    with listening(pem, lambda _handler: None) as endpoint, pytest.raises(NotSent, match=r"^webhook: "):
        post(sender, endpoint.url)


def test_silence_is_waited_for_a_while_only(pem: Path, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "READ_TIMEOUT", 0.2)
    over = threading.Event()

    def silent(_handler: BaseHTTPRequestHandler) -> None:
        over.wait(5)

    with listening(pem, silent) as endpoint:
        with pytest.raises(NotSent, match=r"^webhook: TimeoutError$"):
            post(sender, endpoint.url)
        over.set()


def test_a_dripping_answer_ends_at_the_deadline(pem: Path) -> None:
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
        while not over.wait(0.05):
            handler.wfile.write(b"y")

    start = time.monotonic()
    with listening(pem, drip) as endpoint:
        with pytest.raises(NotSent, match=r"^webhook: TimeoutError$"):
            post(allowing(pem, longest=0.5), endpoint.url)
        over.set()

    assert time.monotonic() - start < 3


def test_after_the_deadline_nothing_is_asked_any_more() -> None:
    ours, theirs = socket.socketpair()

    with ours, theirs, pytest.raises(TimeoutError):
        lines.Line(ours, deadline=time.monotonic()).sendall(b"POST")


def test_a_handshake_that_hangs_is_given_up(pem: Path, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "CONNECT_TIMEOUT", 0.2)

    with socket.create_server((LOOPBACK, 0)) as silent, pytest.raises(NotSent, match=r"^webhook: TimeoutError$"):
        post(sender, f"https://{HOST}:{silent.getsockname()[1]}/")


def test_a_certificate_that_nobody_vouches_for_is_refused(pem: Path) -> None:
    sender = WebhookSender(resolve=lambda _host, _port: [LOOPBACK], is_allowed=lambda _address: True)

    with listening(pem, status(200)) as endpoint, pytest.raises(NotSent, match=r"^webhook: SSLCertVerificationError$"):
        post(sender, endpoint.url)

    assert endpoint.asked == []


def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    other = certificate(tmp_path, "other.example.com")

    with listening(other, status(200)) as endpoint, pytest.raises(NotSent, match=r"^webhook: SSLCertVerificationErr"):
        post(allowing(other), endpoint.url)

    assert endpoint.asked == []


def judged(pem: Path, *addresses: str) -> WebhookSender:
    """A sender with the real judgement, for a host that resolves to *addresses*."""
    context = ssl.create_default_context(cafile=str(pem))
    return WebhookSender(resolve=lambda _host, _port: addresses, context=lambda: context)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["64:ff9b::7f00:1"],
        ["::ffff:127.0.0.1"],
        ["fd00:ec2::254"],
        ["8.8.8.8", "10.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        [],
    ],
)
def test_a_host_with_one_address_inside_is_not_called(
    pem: Path, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> socket.socket:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", never)

    with pytest.raises(NotSent, match=r"^webhook: the host leads to an address that isn't public$"):
        post(judged(pem, *addresses), f"https://{HOST}/")


def test_a_loopback_endpoint_sees_no_connection(pem: Path) -> None:
    with listening(pem, status(200)) as endpoint, pytest.raises(NotSent, match="isn't public"):
        post(judged(pem, LOOPBACK), endpoint.url)

    assert endpoint.connections == 0


def test_a_name_that_changes_its_mind_is_asked_once_only(pem: Path) -> None:
    answers = iter([[LOOPBACK], ["10.0.0.1"]])

    with listening(pem, status(200)) as endpoint:
        post(allowing(pem, resolve=lambda _host, _port: next(answers)), endpoint.url)

    assert len(endpoint.asked) == 1
    assert next(answers) == ["10.0.0.1"]


def test_the_connection_goes_to_the_judged_address_without_another_look(
    pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []
    real = socket.getaddrinfo

    def watched(host: Any, *more: Any, **named: Any) -> Any:
        looked_up.append(host)
        return real(host, *more, **named)

    with listening(pem, status(200)) as endpoint:
        monkeypatch.setattr(socket, "getaddrinfo", watched)
        post(allowing(pem), endpoint.url)

    assert set(looked_up) <= {LOOPBACK}


def test_the_next_address_is_tried_where_one_does_not_answer(pem: Path) -> None:
    opened: list[str] = []

    def allowed(address: str) -> bool:
        opened.append(address)
        return address.startswith("127.")

    context = ssl.create_default_context(cafile=str(pem))
    sender = WebhookSender(
        resolve=lambda _host, _port: ["127.0.0.2", LOOPBACK], is_allowed=allowed, context=lambda: context
    )

    with listening(pem, status(200)) as endpoint:
        post(sender, endpoint.url)

    assert (len(endpoint.asked), opened) == (1, ["127.0.0.2", LOOPBACK])


def test_nobody_there_is_said_without_an_address(pem: Path, sender: WebhookSender) -> None:
    with socket.create_server((LOOPBACK, 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(NotSent, match=r"^webhook: ConnectionRefusedError$"):
        post(sender, Endpoint(port=port).url)


def test_a_name_that_nobody_knows_is_not_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(NotSent, match=r"^webhook: gaierror$"):
        post(WebhookSender(), f"https://{HOST}/")


def test_the_systems_resolver_gives_addresses() -> None:
    assert webhooks._resolve(LOOPBACK, 443) == [LOOPBACK]


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://u:p@hooks.example.com/", "https://10.0.0.1/"])
def test_a_url_is_judged_again_before_each_call(sender: WebhookSender, url: str) -> None:
    with pytest.raises(NotSent, match=r"^webhook: InvalidRequest$"):
        post(sender, url)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_a", "whsec_ü"])
def test_a_secret_that_cannot_sign_sends_nothing(sender: WebhookSender, secret: str) -> None:
    with pytest.raises(NotSent, match=r"^webhook: its secret can't be used$"):
        post(sender, f"https://{HOST}/", secret=secret)
