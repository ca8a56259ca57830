"""The stand-in over HTTP, on loopback only and by its names; pages from elsewhere drive nothing."""

from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from local import loopback
from local.stripe.replies import Reply
from local.stripe.standin import StandIn

HOST = "127.0.0.1"
MOST_BYTES = 1_000_000
MOST_DIGITS = 9
IDLE_SECONDS = 60
POLL_SECONDS = 0.05
"""How long closing may take."""

BROKEN = b'{"error": {"type": "api_error", "message": "The stand-in broke; its log says where."}}'


class Server:
    """A running stand-in: where it is, and how to stop it."""

    def __init__(self, standin: StandIn, port: int) -> None:
        self._http = _Http((HOST, port), standin)
        self.url = f"http://{HOST}:{self._http.server_address[1]}"
        serving = {"poll_interval": POLL_SECONDS}
        threading.Thread(target=self._http.serve_forever, kwargs=serving, name="stripe-standin", daemon=True).start()

    def close(self) -> None:
        """Stop listening; answers under way are let go."""
        self._http.shutdown()
        self._http.server_close()


def serve(standin: StandIn, port: int) -> Server:
    """Start answering on a port; 0 takes a free one."""
    return Server(standin, port)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], standin: StandIn) -> None:
        self.standin = standin
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    server_version = "stripe-standin"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdecimal():
            self._send(Reply(status=411), keep_alive=False)
        elif len(length) > MOST_DIGITS or int(length) > MOST_BYTES:
            self._send(Reply(status=413), keep_alive=False)
        else:
            self._send(self._reply(self.rfile.read(int(length))))

    def _reply(self, body: bytes) -> Reply:
        if not self._is_welcome():
            return Reply(status=loopback.REFUSED, headers={"content-type": "application/json"}, body=b"{}")
        try:
            return self.server.standin.handle(self.command, self.path, dict(self.headers), body)
        except Exception:
            logging.getLogger(__name__).exception("%s %s", self.command, self.path)
            return Reply(status=500, headers={"content-type": "application/json"}, body=BROKEN)

    def _is_welcome(self) -> bool:
        named = {name.lower(): value for name, value in self.headers.items()}
        drives = unquote(self.path).startswith("/_control/")
        return loopback.is_called_by_name(named) and (not drives or loopback.is_from_here(named))

    def _send(self, reply: Reply, *, keep_alive: bool = True) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        if not keep_alive:
            self.send_header("connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()
