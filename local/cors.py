"""Which pages may call the API from a browser, and what they may read of the answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from chalicelib.api.origins import EXPOSED, SENDABLE
from local.replies import Reply

KEPT = 600  # seconds for which a browser may remember a preflight


def preflight(methods: Sequence[str]) -> Reply:
    """Say what may be sent; whether the asking page may is added by `opened`."""
    headers = {
        "access-control-allow-methods": ", ".join(sorted({*methods, "OPTIONS"})),
        "access-control-allow-headers": SENDABLE,
        "access-control-max-age": str(KEPT),
    }
    return Reply(status=204, headers=headers)


def opened(reply: Reply, origin: str | None, allowed: Collection[str]) -> Reply:
    """Let a page of an allowed origin read the answer; caches must keep the origins apart."""
    told = reply.headers.get("vary", "")
    vary = told if "Origin" in told else ", ".join(filter(None, (told, "Origin")))  # the functions say it themselves
    if origin is None or origin not in allowed:
        return replace(reply, headers={**reply.headers, "vary": vary})
    more = {"access-control-allow-origin": origin, "access-control-expose-headers": EXPOSED, "vary": vary}
    return replace(reply, headers={**reply.headers, **more})
