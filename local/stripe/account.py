"""The one place for state: every object of the pretended Stripe account, in Stripe's own JSON shape."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from local.stripe.errors import Json, no_such
from local.stripe.params import Params

API_VERSION = "2026-10-28.endive"
"""The version that the pinned `stripe` package speaks; a test compares the two."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTHS = MappingProxyType({"cs_test": 58, "cus": 14, "prod": 14, "req": 14, "si": 14})
DEFAULT_ID_LENGTH = 24


NOBODY = MappingProxyType({"id": None, "idempotency_key": None})
"""The `request` of an event that no API call caused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was asked of a Checkout Session and matters only when it is paid."""

    lines: tuple[Json, ...]
    intent: Json
    subscription: Json
    invoice: Json
    coupon: str | None
    saves_card: bool


class Account:
    """
    The objects by kind and id, oldest first, the clock, and the events not yet handed on.

    `terms` are by Checkout Session, `behaviours` (how a saved card takes an off-session payment) by
    customer, `pending` (invoice lines for the next bill) by subscription; `expiries` (when, which
    session) are a heap.

    Not safe for threads by itself: `StandIn` holds its lock around every call.
    """

    def __init__(self, *, now: Callable[[], datetime], base_url: str, seed: int = 0) -> None:
        self.now, self.base_url, self.seed = now, base_url, seed
        self.objects: dict[str, dict[str, Json]] = {}
        self.terms: dict[str, Terms] = {}
        self.behaviours: dict[str, str] = {}
        self.pending: dict[str, list[Json]] = {}
        self.expiries: list[tuple[int, str]] = []
        self.outbox: list[Json] = []
        self.request: Json = dict(NOBODY)
        self._made = 0

    def timestamp(self) -> int:
        """Now, in whole seconds since 1970."""
        return int(self.now().timestamp())

    def new_id(self, prefix: str) -> str:
        """Make an id like Stripe's: the same for the same seed and the same number of ids before it."""
        self._made += 1
        digest = hashlib.sha512(f"{self.seed}:{self._made}".encode()).digest()
        letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)
        return f"{prefix}_{letters[: ID_LENGTHS.get(prefix, DEFAULT_ID_LENGTH)]}"

    def add(self, thing: Json) -> Json:
        """Keep an object under its kind and id."""
        self.objects.setdefault(thing["object"], {})[thing["id"]] = thing
        return thing

    def all(self, kind: str) -> Iterator[Json]:
        """Every object of a kind, newest first, as Stripe lists them."""
        return reversed(self.objects.get(kind, {}).values())

    def find(self, kind: str, name: str) -> Json:
        """The object that the path names, or 404."""
        try:
            return self.objects[kind][name]
        except KeyError:
            raise no_such(kind, name) from None

    def refer(self, kind: str, name: str, param: str) -> Json:
        """The object that a parameter names, or 400; a deleted one counts as gone."""
        thing = self.objects.get(kind, {}).get(name)
        if thing is None or thing.get("deleted"):
            raise no_such(kind, name, param=param, status=400)
        return thing

    def named(self, name: str) -> list[Json]:
        """Whatever has an id, of any kind; ids of the caller's choice may stand in more than one."""
        return [things[name] for things in self.objects.values() if name in things]

    def emit(self, type_: str, thing: Json, previous: Mapping[str, Any] | None = None) -> Json:
        """Record an event about the object as it stands now; delivery is left to the outbox's reader."""
        body: Json = {"object": deepcopy(thing)}
        if previous is not None:
            body["previous_attributes"] = dict(previous)
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.timestamp(),
            "data": body,
            "livemode": False,
            "pending_webhooks": 1,
            "request": dict(self.request),
            "type": type_,
        }
        self.outbox.append(event)
        return self.add(event)

    def take_outbox(self) -> list[Json]:
        """Hand over the events recorded since the last time, oldest first."""
        fresh, self.outbox = self.outbox, []
        return fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as its handler sees it: the state, the parameters, and the id in the path."""

    account: Account
    params: Params = field(default_factory=Params)
    id: str = ""
