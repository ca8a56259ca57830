"""The one place where a request finds its answer: lock, answer, then deliver what happened."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import unquote

from local.stripe import control, looks, pages, sessions
from local.stripe.account import NOBODY, Account
from local.stripe.api import Api
from local.stripe.courier import MODES, RETRY_DELAYS, Courier, Endpoint
from local.stripe.errors import ApiError, Json
from local.stripe.replies import Reply, answer, refuse
from local.stripe.shown import Shown

DELIVER = re.compile(r"/_control/events/(?P<id>[^/]+)/deliver")


class StandIn:
    """
    Stripe, as far as selling credits needs it.

    Args:
        now: The clock that stamps, signs and expires everything.
        secrets: Signing secrets of the endpoint; with two, every event carries both signatures.
        endpoint: Takes a signed event (body, headers) and answers the HTTP status; None records only.
        base_url: Where the hosted pages are reached.
        seed: The same seed and the same calls give the same ids.
        deliver_inline: Deliver before the call returns, on its own thread, and retry without waiting.
        retry_delays: Seconds before each further attempt to deliver.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        secrets: Sequence[str],
        endpoint: Endpoint | None = None,
        base_url: str = "http://127.0.0.1:8002",
        seed: int = 0,
        deliver_inline: bool = False,
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self._account = Account(now=now, base_url=base_url.rstrip("/"), seed=seed)
        self._api = Api(now)
        self._lock = threading.RLock()
        self._courier = Courier(endpoint, now=now, secrets=secrets, inline=deliver_inline, retry_delays=retry_delays)

    def handle(self, method: str, path_with_query: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Answer one HTTP request. Safe for threads; no lock is held while events are delivered."""
        method = method.upper()
        path, _, query = path_with_query.partition("?")
        path, text = unquote(path), body.decode("utf-8", errors="replace")
        if path.startswith("/_control/"):
            return self._control(method, path, body)
        with self._turn() as account:
            if path.startswith("/v1/"):
                named = {name.lower(): value for name, value in headers.items()}
                return self._api.call(account, method, path, text if method == "POST" else query, named)
            return _page(pages.show(account, method, path, text))

    def catch_up(self) -> None:
        """Let happen what fell due by the clock; every request does so too, but a moved clock sends none."""
        with self._turn():
            pass

    def drain(self, timeout: float) -> bool:
        """Wait until every event that is not held is delivered or given up; False after *timeout* seconds."""
        return self._courier.drain(timeout)

    @contextmanager
    def _turn(self) -> Iterator[Account]:
        """Have the state to oneself; what happened meanwhile is delivered once the state is let go."""
        try:
            with self._lock:
                self._account.request = dict(NOBODY)
                sessions.expire_due(self._account)
                try:
                    yield self._account
                finally:
                    self._courier.take(self._account.take_outbox())
        finally:
            self._courier.pump()

    def _control(self, method: str, path: str, body: bytes) -> Reply:
        try:
            if (method, path) == ("GET", "/_control/events"):
                with self._turn() as account:
                    return answer({"events": self._event_rows(account)})
            if method != "POST":
                raise ApiError(405, "Controls are driven by POST; only /_control/events is read.")
            if path == "/_control/delivery":
                return self._set_mode(body)
            match = DELIVER.fullmatch(path)
            if match:
                return self._deliver(match["id"], body)
            with self._turn() as account:
                return answer(control.obey(account, path, body))
        except ApiError as refusal:
            return refuse(refusal)

    def _set_mode(self, body: bytes) -> Reply:
        mode = control.Wishes(body, "mode").choice("mode", MODES)
        self._courier.set_mode(mode)
        return answer({"mode": mode})

    def _deliver(self, name: str, body: bytes) -> Reply:
        control.Wishes(body)
        with self._turn() as account:
            event = account.find("event", name)
        return answer({"status": self._courier.deliver(event)})

    def _event_rows(self, account: Account) -> list[Json]:
        """The events, oldest first, with how often each was sent and what the endpoint said last."""
        return [
            {name: event[name] for name in ("id", "type", "created", "data")}
            | {
                "deliveries": self._courier.attempts[event["id"]],
                "last_status": self._courier.last_status.get(event["id"]),
            }
            for event in account.objects.get("event", {}).values()
        ]


def _page(shown: Shown) -> Reply:
    headers = {"content-type": shown.kind, "cache-control": "no-store", "content-security-policy": looks.POLICY}
    if shown.location:
        headers["location"] = shown.location
    return Reply(status=shown.status, headers=headers, body=shown.body)
