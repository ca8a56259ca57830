"""Files of `web/` as answers: which addresses are pages, what else may be fetched, and the policy that binds pages."""

from __future__ import annotations

from pathlib import Path

from local.replies import Reply

WEB = Path(__file__).resolve().parent.parent / "web"
DASHBOARD, GALLERY = "demo/index.html", "demo/gallery.html"
PAGES = {
    **dict.fromkeys(("/", "/buy", "/billing", "/pricing", "/history", "/team"), DASHBOARD),
    "/gallery": GALLERY,
}
UNDER = "/web/"
MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",
    )
)
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page_at(path: str) -> Reply | None:
    """Answer with the file that has this address. None: none has."""
    name = PAGES.get(path) or (path.removeprefix(UNDER) if path.startswith(UNDER) else "")
    file = (WEB / name).resolve()
    if file.suffix not in MEDIA or not file.is_relative_to(WEB) or not file.is_file():
        return None
    return Reply(status=200, headers={**HEADERS, "content-type": MEDIA[file.suffix]}, body=file.read_bytes())
