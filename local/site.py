"""What answers on the stack's first port: the page, the controls under `/local/`, and the API behind its gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.controls import Controls
from local.gateway import Gateway
from local.replies import Reply

PAGE = Path(__file__).with_name("index.html")
PAGE_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hands a request to whom it is for. *addresses* are written into the page by their names."""

    gateway: Gateway
    controls: Controls
    addresses: Mapping[str, str]

    def handle(self, method: str, path_with_query: str, headers: Mapping[str, str], body: bytes) -> Reply:
        path = path_with_query.partition("?")[0]
        if path == "/" and method in ("GET", "HEAD"):
            return self._page()
        if path.startswith("/local/"):
            return self.controls.handle(method, path_with_query, body)
        return self.gateway.handle(method, path_with_query, headers, body)

    def _page(self) -> Reply:
        page = PAGE.read_text(encoding="utf-8")
        for name, address in self.addresses.items():
            page = page.replace(f"{{{{{name}}}}}", address)
        return Reply(status=200, headers=PAGE_HEADERS, body=page.encode())
