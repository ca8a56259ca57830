"""What answers on the stack's first port: pages, the controls under `/local/`, and the API behind its gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import loopback
from local.controls import Controls
from local.gateway import Gateway
from local.pages import page_at
from local.play import Play
from local.replies import Reply, problem

BY_HAND = Path(__file__).with_name("index.html")
BY_HAND_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
}
READ = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hands a request to whom it is for. *addresses* are written into the page about the API by their names."""

    gateway: Gateway
    controls: Controls
    play: Play
    addresses: Mapping[str, str]

    def handle(self, method: str, path_with_query: str, headers: Mapping[str, str], body: bytes) -> Reply:
        path = path_with_query.partition("?")[0]
        if path.startswith("/local/") and not loopback.is_from_here(headers):
            return problem("forbidden", loopback.REFUSED, "Pages from elsewhere drive nothing here.")
        if path.startswith("/local/play/"):
            return self.play.handle(method, path, body)
        if path.startswith("/local/"):
            return self.controls.handle(method, path_with_query, body)
        if method in READ and path == "/by-hand":
            return self._by_hand()
        page = page_at(path) if method in READ else None
        return page or self.gateway.handle(method, path_with_query, headers, body)

    def _by_hand(self) -> Reply:
        page = BY_HAND.read_text(encoding="utf-8")
        for name, address in self.addresses.items():
            page = page.replace(f"{{{{{name}}}}}", address)
        return Reply(status=200, headers=BY_HAND_HEADERS, body=page.encode())
