"""
The matrix of closed doors: how each route is knocked at, who knocks, whose ids they name, and what the contract says.

A new route is in the matrix by itself, and fails there until `DOORS` says how it is knocked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, product
from typing import Any
from urllib.parse import quote, urlencode

from tests.api.desk import ADMIN, CUSTOMER, SERVICE

Json = dict[str, Any]

SAID = {"Content-Type": "application/json", "Idempotency-Key": "knock"}  # with every request


class Whose(StrEnum):
    """Whose an id is. What there is belongs to one of three wallets, each somebody's own and foreign to somebody."""

    UNSAID = "unsaid"
    ANNAS = "Anna's"
    TEAMS = "the team's"
    BENS = "Ben's"
    NOBODYS = "nobody's"
    MALFORMED = "malformed"


Ids = Mapping[str, Whose]

THERE = (Whose.ANNAS, Whose.TEAMS, Whose.BENS)
MEMBER, OWNER = "member", "owner"
WALLETS = ("wallet", "wallet_id", "named", "to")
CURSORS = ("history", "payments", "export")
MAY_BE_UNSAID = ("wallet", "named", *CURSORS)
SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """
    How a route is knocked at. What stands in braces is an id; of wallets `{wallet}` is the query's, `{named}` the
    body's, and `{to}` the receiver's.

    Public if it opens to no scope. `done` is the status for whom it opens. A bad wallet in a list `fails_alone`.
    `traces` says what the path's `{id}` is, `without_wallet` how it is answered if it can't be found without one.
    """

    opens_to: frozenset[str]
    done: int = 200
    for_owners: bool = False
    query: Json = field(default_factory=dict)
    body: Json | None = None
    fails_alone: bool = False
    traces: str = ""
    without_wallet: int | None = None

    def slots(self, route: str) -> list[str]:
        """Name the ids that a request takes."""
        return sorted(set(SLOT.findall(f"{route} {json.dumps([self.query, self.body])}")))

    def cells(self, route: str) -> Iterator[dict[str, Whose]]:
        """Say every id as everybody's, in all combinations."""
        slots = self.slots(route)
        choices = [[each for each in Whose if each is not Whose.UNSAID or slot in MAY_BE_UNSAID] for slot in slots]
        for chosen in product(*choices):
            yield dict(zip(slots, chosen, strict=True))

    def request(self, route: str, names: Mapping[str, str | None]) -> tuple[str, str, bytes]:
        """Write a request with these names for its ids: method, target and body."""
        method, _, path = SLOT.sub(lambda slot: quote(names[slot[1]] or "", safe=""), route).partition(" ")
        query = urlencode(filled(self.query, names))
        body = b"" if self.body is None else json.dumps(filled(self.body, names)).encode()
        return method, f"{path}?{query}" if query else path, body


def filled(said: Any, names: Mapping[str, str | None]) -> Any:
    """Put names in place of what stands in braces; what is unsaid is left out."""
    if isinstance(said, dict):
        return {name: each for name, told in said.items() if (each := filled(told, names)) is not None}
    if isinstance(said, list):
        return [filled(each, names) for each in said]
    slot = SLOT.fullmatch(said) if isinstance(said, str) else None
    return names[slot[1]] if slot else said


def public() -> Door:
    return Door(opens_to=frozenset())


def reading(**query: str) -> Door:
    return Door(opens_to=frozenset({CUSTOMER}), query={"wallet": "{wallet}", **query})


def owning(body: Json | None = None, *, done: int = 200) -> Door:
    return Door(opens_to=frozenset({CUSTOMER}), for_owners=True, query={"wallet": "{wallet}"}, body=body, done=done)


def serving(body: Json, *, done: int = 200, **more: Any) -> Door:
    return Door(opens_to=frozenset({SERVICE}), body=body, done=done, **more)


def governing(body: Json | None = None, *, done: int = 200) -> Door:
    return Door(opens_to=frozenset({ADMIN}), body=body, done=done)


def tracing(kind: str, *, without_wallet: int | None = None) -> Door:
    query = {"wallet": "{wallet}"} if kind != "wallet" else {}  # a wallet lies in no other
    return Door(opens_to=frozenset({ADMIN}), query=query, traces=kind, without_wallet=without_wallet)


REASON = {"reason": "asked for"}
USE = {"wallet_id": "{named}", "meter": "api_calls", "quantity": 1}
AT_PROVIDER = ("session", "payment", "subscription", "customer")
DOORS: dict[str, list[Door]] = {
    "GET /api/health": [public()],
    "GET /api/openapi.json": [public()],
    "GET /api/plans": [public()],
    "GET /api/credits/packages": [public()],
    "GET /api/plans/compare": [reading(to="pro")],
    "GET /api/user/usage": [reading()],
    "GET /api/user/payments": [reading(limit="1", cursor="{payments}")],
    "GET /api/user/recommendation": [reading()],
    "GET /api/customer/usage": [reading()],
    "GET /api/credits/balance": [reading()],
    "GET /api/credits/history": [reading(limit="1", cursor="{history}")],
    "GET /api/credits/export": [reading(limit="1", cursor="{export}")],
    "GET /api/credits/statement": [reading()],
    "GET /api/credits/purchases/{purchase_id}": [reading()],
    "GET /api/credits/entries/{seq}/explanation": [reading()],
    "POST /api/credits/purchase": [owning({"package_id": "starter"}, done=201)],
    "POST /api/credits/transfer": [owning({"to_wallet_id": "{to}", "credits": 1}, done=201)],
    "GET /api/credits/auto-topup": [reading()],
    "PUT /api/credits/auto-topup": [owning({"enabled": False})],
    "GET /api/user/notifications": [reading()],
    "PUT /api/user/notifications": [owning({"email": "a@example.com"})],
    "POST /api/user/portal": [owning()],
    "GET /api/user/subscription": [reading()],
    "POST /api/user/subscription": [governing({"wallet_id": "{named}", "plan_id": "enterprise"})],
    "POST /api/user/subscription/checkout": [owning({"plan_id": "team", "interval": "month"})],
    "POST /api/user/subscription/cancel": [owning({"at": "now"})],
    "POST /api/user/subscription/resume": [owning({})],
    "POST /api/user/usage/increment": [serving(USE)],
    "POST /api/usage/batch": [serving({"events": [{**USE, "key": "e1"}]}, fails_alone=True)],
    "POST /api/usage/quote": [
        Door(opens_to=frozenset({CUSTOMER, SERVICE}), query={"wallet": "{wallet}"}, body=USE),
    ],
    "POST /api/credits/holds": [
        serving({**USE, "ttl_seconds": 60}, done=201),
        serving({"wallet_id": "{named}", "ttl_seconds": 60, "quote_id": "{quote_id}"}, done=201),
    ],
    "POST /api/credits/holds/{hold_id}/capture": [serving({"wallet_id": "{named}", "credits": 1})],
    "POST /api/credits/holds/{hold_id}/release": [serving({"wallet_id": "{named}"})],
    "GET /api/admin/wallets/{wallet_id}": [governing()],
    "POST /api/admin/wallets/{wallet_id}/grants": [governing({"credits": 1, **REASON}, done=201)],
    "POST /api/admin/wallets/{wallet_id}/adjustments": [governing({"credits": 1, **REASON}, done=201)],
    "POST /api/admin/wallets/{wallet_id}/refunds": [governing({"purchase_id": "{purchase_id}", **REASON}, done=201)],
    "POST /api/admin/wallets/{wallet_id}/freeze": [governing(REASON)],
    "POST /api/admin/wallets/{wallet_id}/unfreeze": [governing(REASON, done=409)],  # none is frozen
    "POST /api/admin/wallets/{wallet_id}/erasure": [governing(REASON)],
    "GET /api/admin/quarantine": [governing()],
    "POST /api/admin/quarantine/{event_id}/replay": [governing({})],
    "GET /api/admin/trace/{id}": [
        tracing("wallet"),
        tracing("purchase_id"),
        tracing("event_id"),
        tracing("entry"),
        *map(tracing, AT_PROVIDER),
        tracing("lot", without_wallet=400),
        tracing("hold_id", without_wallet=400),
        tracing("key", without_wallet=404),
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who knocks: not known at all, or with one scope of ours or none."""

    name: str
    is_known: bool = True
    scope: str | None = None
    own: Whose = Whose.ANNAS
    role: str | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def roles(self) -> dict[Whose, str]:
        return {self.own: OWNER, **({Whose.TEAMS: self.role} if self.role else {})}


STRANGERS = (
    "nobody",
    "with garbage",
    "with alg none",
    "with HS256 by the public key",
    "with another's key under our key id",
    "with an unknown key id",
    "of another issuer",
    "for another audience",
    "too late",
    "too early",
)
CALLERS = (
    *(Caller(name=name, is_known=False) for name in STRANGERS),
    Caller(name="without a scope of ours"),
    Caller(name="Anna", scope=CUSTOMER),
    Caller(name="Ben", scope=CUSTOMER, own=Whose.BENS),
    Caller(name="Anna as a member", scope=CUSTOMER, role=MEMBER),
    Caller(name="Anna as an owner", scope=CUSTOMER, role=OWNER),
    Caller(name="a service", scope=SERVICE),
    Caller(name="an admin", scope=ADMIN),
)


def expected(door: Door, caller: Caller, ids: Ids) -> int:
    """Say what the contract answers: first to who calls, then to whose wallet it is, then to what is named in it."""
    if not door.opens_to:
        return door.done
    wallet = next((ids[slot] for slot in ("named", "wallet_id", "wallet") if slot in ids), Whose.UNSAID)
    if caller.scope == CUSTOMER:
        wallet = caller.own if ids.get("wallet") in (None, Whose.UNSAID) else ids["wallet"]
    refusals = (_of_caller(door, caller), _of_wallet(door, caller, wallet, ids), _of_things(door, wallet, ids))
    return next(chain.from_iterable(refusals), door.done)


def _of_caller(door: Door, caller: Caller) -> Iterator[int]:
    if not caller.is_known:
        yield 401
    if caller.scope not in door.opens_to:
        yield 403


def _of_wallet(door: Door, caller: Caller, wallet: Whose, ids: Ids) -> Iterator[int]:
    """A wallet's name in a body is read before anything is looked at."""
    is_customer = caller.scope == CUSTOMER
    named, to = ids.get("named"), ids.get("to")
    if not door.fails_alone and (named is Whose.MALFORMED or (named is Whose.UNSAID and not is_customer)):
        yield 400
    if is_customer and wallet not in caller.roles:
        yield 404
    if door.for_owners and caller.roles[wallet] != OWNER:
        yield 403
    if to is Whose.MALFORMED:
        yield 400
    if is_customer and {named, to} - {None, Whose.UNSAID, *caller.roles}:
        yield 404
    if to is wallet:
        yield 422
    if wallet is Whose.MALFORMED and not door.fails_alone:
        yield 404


def _of_things(door: Door, wallet: Whose, ids: Ids) -> Iterator[int]:
    """What lies in another wallet isn't there, and what is malformed is nowhere."""
    if ids.get("quote_id") is Whose.MALFORMED:
        yield 422
    if door.without_wallet and wallet is Whose.UNSAID and ids["id"] is not Whose.MALFORMED:
        yield door.without_wallet
    for slot, whose in ids.items():
        if slot not in WALLETS and whose is not Whose.UNSAID and not _lies_in(wallet, slot, whose):
            yield 400 if slot in CURSORS else 404


def _lies_in(wallet: Whose, slot: str, whose: Whose) -> bool:
    """Entries are numbered in each wallet anew; Anna's are the fewest, and Ben's the most."""
    if whose not in THERE:
        return False
    if slot == "seq":
        return THERE.index(wallet) >= THERE.index(whose)
    return wallet is Whose.UNSAID or whose is wallet
