"""
Calls customers' own endpoints, in the form of Standard Webhooks, and nothing else that their URLs could lead to.

    url ── grammar ──► host ── resolved once ──► addresses ── all public? ──► connect to one of them, TLS for the host

The host is resolved by us, and the connection goes to an address that was judged: a second answer of the name server
is never asked for. Redirects are not followed, proxies not used, and of the answer only the status counts.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from chalicelib.domain.endpoints import Endpoint, is_public, read_endpoint
from chalicelib.domain.errors import InvalidRequest
from chalicelib.notices.lines import Line
from chalicelib.services.ports import NotSent

CONNECT_TIMEOUT = 2.0  # seconds for each address, and for the handshake
MOST_ADDRESSES = 3  # that are tried
LONGEST = 8.0  # seconds from the first connection to the answer, however slowly it drips
SENT = range(200, 300)


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@cache
def _usual_context() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSender:
    """How names are resolved, which addresses may be called, and whose certificates are believed."""

    resolve: Callable[[str, int], Sequence[str]] = _resolve
    is_allowed: Callable[[str], bool] = is_public
    context: Callable[[], ssl.SSLContext] = _usual_context
    longest: float = LONGEST

    def send(self, url: str, body: str, *, secret: str, message_id: str, now: datetime) -> None:
        """
        Post a message, signed.

        Raises:
            NotSent: It was not taken with a 2xx, or must not go there. The text names no address.
        """
        headers = _headers(body, secret=secret, message_id=message_id, now=now)
        try:
            status = self._post(read_endpoint(url), body.encode(), headers)
        except (OSError, http.client.HTTPException, UnicodeError, InvalidRequest) as error:
            raise NotSent(f"webhook: {type(error).__name__}") from None
        if status not in SENT:
            raise NotSent(f"webhook: answered {status}")

    def _post(self, endpoint: Endpoint, body: bytes, headers: dict[str, str]) -> int:
        addresses = self.resolve(endpoint.host, endpoint.port)
        if not addresses or not all(self.is_allowed(each) for each in addresses):
            raise NotSent("webhook: the host leads to an address that isn't public")
        with closing(self._connect(addresses, endpoint)) as line:
            asked = http.client.HTTPConnection(endpoint.host, endpoint.port)
            asked.sock = line
            asked.request("POST", endpoint.target, body, {"Host": endpoint.authority, **headers})
            with closing(asked.getresponse()) as answer:
                return answer.status

    def _connect(self, addresses: Sequence[str], endpoint: Endpoint) -> Line:
        """Open a TLS connection to the first address that answers."""
        context, deadline, failure = self.context(), time.monotonic() + self.longest, OSError()
        for address in addresses[:MOST_ADDRESSES]:
            try:
                plain = socket.create_connection((address, endpoint.port), CONNECT_TIMEOUT)
            except OSError as error:
                failure = error
                continue
            with plain:  # a handshake that fails closes it; one that succeeds has taken it over
                return Line(context.wrap_socket(plain, server_hostname=endpoint.host), deadline=deadline)
        raise failure


def _headers(body: str, *, secret: str, message_id: str, now: datetime) -> dict[str, str]:
    from standardwebhooks import Webhook
    from standardwebhooks.webhooks import EmptyWebhookSecretError

    try:
        signature = Webhook(secret).sign(message_id, now.astimezone(UTC), body)
    except (ValueError, EmptyWebhookSecretError):
        raise NotSent("webhook: its secret can't be used") from None
    return {
        "Content-Type": "application/json",
        "User-Agent": "Tally-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
