"""Which pages may read our answers from a browser. What a gateway says by itself, and preflights, are in `infra/`."""

from __future__ import annotations

from collections.abc import Collection

from chalice.app import Response

EXPOSED = "ETag, Idempotency-Replayed, Retry-After, Location, Next-Cursor"
SENDABLE = "authorization, content-type, idempotency-key, if-none-match"


def opened(response: Response, origin: str | None, allowed: Collection[str]) -> Response:
    """Let a page of an allowed origin read the answer; caches must keep the origins apart."""
    vary = response.headers.get("Vary")
    response.headers["Vary"] = f"{vary}, Origin" if vary else "Origin"
    if origin is not None and origin in allowed:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
    return response
