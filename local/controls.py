"""`/local/…`: tokens, the clock, jobs, messages. Only the local stack has this; nothing of it is packaged."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from chalicelib.api import bodies
from chalicelib.domain.errors import InvalidRequest, NotFound, Refusal
from chalicelib.domain.times import from_text, to_text
from local.clock import Clock, WrongMove
from local.jobs import Jobs
from local.outbox import Outbox
from local.replies import Reply, broken, refused, said
from local.tokens import USUAL_SCOPE, Issuer, Wish, read_teams

CLAIMS = ("wallet_id", "scope", "teams", "iss", "aud", "exp", "nbf", "email")
SECONDS = re.compile(r"-?[0-9]{1,15}")
JOB = re.compile(r"/local/jobs/(?P<name>[^/]+)")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What drives the local stack by hand and in tests."""

    clock: Clock
    issuer: Issuer
    jobs: Jobs
    outbox: Outbox

    def handle(self, method: str, path_with_query: str, body: bytes = b"") -> Reply:
        """Answer one request."""
        path, _, query = path_with_query.partition("?")
        try:
            return said(self._answer(method.upper(), path, query, body))
        except Refusal as refusal:
            return refused(refusal)
        except Exception:
            log.exception("%s %s", method, path)
            return broken()

    def _answer(self, method: str, path: str, query: str, body: bytes) -> Mapping[str, Any]:
        routes: dict[tuple[str, str], Callable[[], Mapping[str, Any]]] = {
            ("GET", "/local/token"): lambda: {"token": self.issuer.mint(read_wish(query))},
            ("GET", "/local/jwks.json"): self.issuer.jwks,
            ("GET", "/local/clock"): lambda: {"now": to_text(self.clock.now())},
            ("POST", "/local/clock"): lambda: {"now": to_text(move(self.clock, body))},
            ("GET", "/local/outbox"): lambda: {"messages": self.outbox.messages()},
        }
        if answer := routes.get((method, path)):
            return answer()
        job = JOB.fullmatch(path)
        if method == "POST" and job:
            return self._run(unquote(job["name"]), body)
        raise NotFound

    def _run(self, name: str, body: bytes) -> Mapping[str, Any]:
        if body and bodies.parse(body) != {}:
            raise InvalidRequest("body", "a job takes none")
        if name not in self.jobs.names():
            raise NotFound(f"No such job. There are: {', '.join(self.jobs.names()) or 'none yet'}.")
        counts: Mapping[str, Any] = self.jobs.run(name) or {}
        return counts


def move(clock: Clock, body: bytes) -> datetime:
    """
    Move the clock as the body says.

    Raises:
        InvalidRequest: It says neither or both, or to go back.
    """
    wanted = bodies.parse(body)
    if not isinstance(wanted, dict) or wanted.keys() not in ({"advance_seconds"}, {"now"}):
        raise InvalidRequest("body", 'either {"advance_seconds": 60} or {"now": "2026-11-22T09:30:00Z"} is wanted')
    field, value = next(iter(wanted.items()))
    try:
        return clock.move_to(_time(value)) if field == "now" else clock.advance(_seconds(value))
    except WrongMove as wrong:
        raise InvalidRequest(field, str(wrong)) from None


def _time(value: object) -> datetime:
    try:
        return from_text(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        raise InvalidRequest("now", "an RFC 3339 time is wanted") from None


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest("advance_seconds", "a number of seconds is wanted")
    return value


def read_wish(query: str) -> Wish:
    """
    Read from a query what a token is to say.

    Raises:
        InvalidRequest: A name is unknown or comes twice, or a value can't be read.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    if len(given) != len(pairs):
        raise InvalidRequest("query", "a name is given more than once")
    if unknown := given.keys() - set(CLAIMS):
        raise InvalidRequest(min(unknown)[:64], f"unknown; known are {', '.join(CLAIMS)}")
    if not given.get("wallet_id"):
        raise InvalidRequest("wallet_id", "missing")
    try:
        teams = read_teams(given.get("teams", ""))
    except ValueError as wrong:
        raise InvalidRequest("teams", str(wrong)) from None
    return Wish(
        wallet_id=given["wallet_id"],
        scope=given.get("scope", USUAL_SCOPE),
        teams=teams,
        iss=given.get("iss"),
        aud=given.get("aud"),
        exp=_epoch(given, "exp"),
        nbf=_epoch(given, "nbf"),
        email=given.get("email"),
    )


def _epoch(given: Mapping[str, str], name: str) -> int | None:
    """Read seconds since 1970, or the same as an RFC 3339 time."""
    text = given.get(name)
    if text is None:
        return None
    if SECONDS.fullmatch(text):
        return int(text)
    try:
        return int(from_text(text.replace(" ", "+")).timestamp())
    except (ValueError, OverflowError):
        raise InvalidRequest(name, "seconds since 1970 or an RFC 3339 time are wanted") from None
