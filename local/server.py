"""HTTP on loopback, to its own names alone: keep-alive, bounded bodies, a thread per connection, and no word said."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local import loopback
from local.replies import Reply, broken, problem

HOST = "127.0.0.1"
IDLE_SECONDS = 60
CHUNK = 64 * 1024
MOST_DISCARDED = 64 * 1024 * 1024  # bytes read of a body that is refused, so that the sender gets to read why
NOT_IMPLEMENTED = 501
BODILESS = (204, 304)

Answerer = Callable[[str, str, Mapping[str, str], bytes], Reply]

log = logging.getLogger(__name__)


class Server:
    """A running server: where it is, and how to stop it."""

    def __init__(self, answer: Answerer, port: int, *, largest_body: int) -> None:
        self._http = _Http((HOST, port), answer, largest_body)
        self.url = f"http://{HOST}:{self._http.server_address[1]}"
        threading.Thread(target=self._serve, name=f"http-{port}", daemon=True).start()

    def close(self) -> None:
        """Stop listening; answers under way are let go."""
        self._http.shutdown()
        self._http.server_close()

    def _serve(self) -> None:
        self._http.serve_forever(poll_interval=0.05)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answer: Answerer, largest_body: int) -> None:
        self.answer, self.largest_body = answer, largest_body
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is none of our business; anything else goes to the log."""
        log.info("a connection broke", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms
    wbufsize = -1
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        self._send(self._reply())

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the base class looks for these names

    def version_string(self) -> str:
        return "tally-local"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what the standard library refuses by itself in our own shape."""
        self.close_connection, self.request_version = True, self.protocol_version
        if code == NOT_IMPLEMENTED:
            self._send(problem("not_found", 404, "No such resource."))
        else:
            self._send(problem("invalid_request", code, message or "No HTTP request."))

    def _reply(self) -> Reply:
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not (length.isascii() and length.isdecimal()):
            self.close_connection = True
            return problem("invalid_request", 411, "A Content-Length is wanted.")
        if len(length) > len(str(MOST_DISCARDED)) or int(length) > self.server.largest_body:
            self._discard(int(length[:12]))
            return problem("too_large", 413, f"At most {self.server.largest_body} bytes.")
        headers, body = self._headers(), self.rfile.read(int(length))
        if not loopback.is_called_by_name(headers):
            return problem("forbidden", loopback.REFUSED, "Only 127.0.0.1 and localhost are answered for.")
        try:
            return self.server.answer(self.command, self.path, headers, body)
        except Exception:
            log.exception("%s %s", self.command, self.path.partition("?")[0])
            return broken()

    def _headers(self) -> dict[str, str]:
        """Name headers in small letters; one that comes twice is one with a comma."""
        found: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            found.setdefault(name.lower(), []).append(value)
        return {name: ", ".join(values) for name, values in found.items()}

    def _discard(self, length: int) -> None:
        self.close_connection = True
        left = min(length, MOST_DISCARDED)
        while left > 0 and (read := len(self.rfile.read(min(CHUNK, left)))):
            left -= read

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status not in BODILESS:
            self.send_header("content-length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD" and reply.status not in BODILESS:
            self.wfile.write(reply.body)
        self.wfile.flush()
