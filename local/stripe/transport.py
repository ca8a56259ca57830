"""The stand-in under the real `stripe` package, without a socket; the only module here that imports it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from local.stripe.replies import Reply
from local.stripe.standin import StandIn

Before = Callable[[str, str], None]
After = Callable[[str, str, Reply], None]


class InProcess(stripe.HTTPClient):
    """
    Hand every call of the `stripe` package to a stand-in.

    Args:
        before: Called with method and path before each attempt. What it raises stands for a request
            that never arrived; `lost()` makes the right error.
        after: Called with the reply as well, once the stand-in has done its work. What it raises
            stands for a response that never arrived.
    """

    name = "in-process"

    def __init__(self, standin: StandIn, *, before: Before | None = None, after: After | None = None) -> None:
        super().__init__()
        self.standin, self.before, self.after = standin, before, after
        self.calls: list[tuple[str, str]] = []

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Answer one attempt; attempts, not only calls, are counted in `calls`."""
        parts = urlsplit(url)
        self.calls.append((method.upper(), parts.path))
        if self.before:
            self.before(method.upper(), parts.path)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        reply = self.standin.handle(method, target, headers or {}, (post_data or "").encode())
        if self.after:
            self.after(method.upper(), parts.path, reply)
        return reply.body.decode(), reply.status, Headers(reply.headers)

    def close(self) -> None:
        """Nothing is open."""

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0.0


class Headers(dict[str, str]):
    """Headers that are found in any spelling: the package asks for `request-id` and for `Request-Id`."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The header, or the default."""
        return super().get(name.lower(), default)


def lost() -> stripe.APIConnectionError:
    """The error by which the package learns that a request or its response was lost; it may retry."""
    make: Callable[..., stripe.APIConnectionError] = stripe.APIConnectionError
    return make("The connection was lost (on purpose).", should_retry=True)
