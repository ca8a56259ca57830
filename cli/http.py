"""One request to the API and its answer, with nothing but the standard library. The token is never shown."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from cli.faults import Failed, Misused, refused
from cli.settings import TOKEN

OK = 2  # the first digit of every status that is one
ANSWER_WITHIN = 30  # seconds; the gateway itself waits 29


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Message  # found in any case
    body: bytes

    def json(self) -> Any:
        """
        Read JSON.

        Raises:
            Failed: It is none.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failed(f"the API answered {self.status} and no JSON; is this its address?") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not be carried to another address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Sends requests to the API at `base`."""

    base: str
    token: str | None

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        public: bool = False,
    ) -> Answer:
        """
        Send one request; what isn't 2xx is raised.

        Raises:
            Misused: A token is wanted, and there is none.
            Refused: The API says no.
            Failed: No answer, or one that says nothing.
        """
        if not public and not self.token:
            raise Misused(f"{TOKEN} is not set")
        answer = self._send(method, path, body, headers or {}, public=public)
        if answer.status // 100 != OK:
            said = answer.json()
            raise refused(said if isinstance(said, dict) else {"detail": f"the API answered {answer.status}"})
        return answer

    def _send(self, method: str, path: str, body: object, headers: Mapping[str, str], *, public: bool) -> Answer:
        sent = None if body is None else json.dumps(body).encode()
        named = {"Accept": "application/json", **headers}
        if sent is not None:
            named["Content-Type"] = "application/json"
        if not public:
            named["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.base + path, data=sent, headers=named, method=method)  # noqa: S310 - https or loopback
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=ANSWER_WITHIN) as reply:
                return Answer(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.headers, refusal.read())
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", None) or type(error).__name__
            raise Failed(f"no answer from {self.base}: {why}") from error
