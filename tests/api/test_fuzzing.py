"""
Random requests, by Schemathesis and by mutations of good ones: nothing breaks, and no refusal changes anything.

`TALLY_FUZZ=100` sends a hundred times as many.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode

from chalicelib.api.scopes import DECLARED
from infra import openapi
from local.replies import Reply
from local.tokens import Issuer
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, opened_desk
from tests.api.doors import DOORS, SAID, Door, Whose
from tests.api.mutations import Sent, mutated
from tests.api.world import World

TIMES = int(os.environ.get("TALLY_FUZZ", "1"))
BY_SCHEMA = 55 * TIMES  # for each operation and each way of generating
BY_MUTATION = 150 * TIMES  # for each operation
FRESH = 100  # requests until the world is as it was

ROUTES = sorted(DECLARED)
LEAST = 10_000  # requests
TRACES = (b"Traceback", b'File "', b".py", b"chalicelib")
CALLERS = {CUSTOMER: "Anna as an owner", SERVICE: "a service", ADMIN: "an admin"}
GOOD = {  # names that Schemathesis can't guess, by the field or parameter
    "package_id": ["starter", "value"],
    "plan_id": ["free", "pro", "team", "enterprise"],
    "meter": ["predictions", "api_calls", "repositories"],
    "to": ["pro"],
    "month": ["2026-11"],
}
DOCUMENT = openapi.document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


class Prober:
    """Sends requests, and looks at what every answer must keep to, whatever was asked."""

    def __init__(self, world: World) -> None:
        self._world, self._desk = world, world.desk
        self.random = Random()
        self.statuses: Counter[int] = Counter()  # of the answers so far
        self.sent = 0  # since the test began

    def send(self, sent: Sent) -> Reply:
        before = self._desk.premises.items()
        self._desk.premises.forget_calls()
        reply = self._desk.send(sent.method, sent.target, headers=sent.headers, body=sent.body)
        self.statuses[reply.status] += 1
        self.sent += 1
        assert reply.status < 500, (sent, reply)
        if reply.status >= 400:
            assert reply.headers["content-type"] == "application/problem+json", (sent, reply)
            assert not [trace for trace in TRACES if trace in reply.body], (sent, reply)
            assert self._desk.premises.items() == before, sent
            assert {method for method, _ in self._desk.premises.transport.calls} <= {"GET"}, sent
        if self.sent % FRESH == 0:
            self._put_back()
        return reply

    def begin(self, test: str) -> None:
        """Begin a test: neither its luck nor its world depends on what was tested before it."""
        self.random.seed(test)
        self.sent = 0
        self._put_back()

    def _put_back(self) -> None:
        self._world.put_back()
        self._world.put_stripe_back()

    def good(self, route: tuple[str, str], nth: int) -> Sent:
        """Write a request that is accepted, of whom it opens to."""
        doors = DOORS[" ".join(route)]
        door = doors[nth % len(doors)]
        names = {slot: self._name(door, slot) for slot in door.slots(" ".join(route))}
        method, target, body = door.request(" ".join(route), names)
        url = urlsplit(target)
        headers = {**SAID, "Idempotency-Key": f"probe-{nth}", **self.bearer(door)}
        return Sent(method, url.path, tuple(parse_qsl(url.query)), headers, body)

    def bearer(self, door: Door) -> dict[str, str]:
        scope = next(iter(sorted(door.opens_to)), None)
        token = self._world.tokens[CALLERS[scope]] if scope else None
        return {"Authorization": f"Bearer {token}"} if token else {}

    def real(self, name: str, value: str) -> str:
        """Put a name that there is in place of one that was made up, as often as not."""
        known = GOOD.get(name) or [
            there[slot]
            for whose in (Whose.ANNAS, Whose.TEAMS)
            for there in [self._world.names[whose]]
            for slot in (name, {"wallet_id": "named", "to_wallet_id": "to", "id": "key"}.get(name, name))
            if slot in there
        ]
        return self.random.choice(known) if known and self.random.random() < 0.5 else value

    def _name(self, door: Door, slot: str) -> str | None:
        return self._world.name(door.traces if slot == "id" else slot, Whose.TEAMS if slot == "to" else Whose.ANNAS)


@pytest.fixture
def fresh(prober: Prober, request: pytest.FixtureRequest) -> Prober:
    """The prober, in the world as it was."""
    prober.begin(request.node.name)
    return prober


@pytest.fixture(scope="module")
def prober(issuer: Issuer) -> Iterator[Prober]:
    with opened_desk(issuer) as desk:
        prober = Prober(World(desk))
        yield prober
        print(prober.statuses.total(), "random requests:", dict(sorted(prober.statuses.items())))


def sent_of(case: Case[Any], prober: Prober, door: Door) -> Sent:
    """Write what Schemathesis made up as a request, with some names that there are, and mostly with a good token."""
    case.path_parameters = {name: _real(prober, name, value) for name, value in (case.path_parameters or {}).items()}
    case.query = {name: _real(prober, name, value) for name, value in (case.query or {}).items()}
    case.body = _real(prober, "", case.body)
    made = case.as_transport_kwargs(base_url="http://here")
    request = requests.Request(
        made["method"], made["url"], params=made.get("params"), data=made.get("data"), json=made.get("json")
    ).prepare()
    headers = {name: str(value) for name, value in made["headers"].items() if name != "Authorization"}
    headers |= {name: str(value) for name, value in request.headers.items() if name.lower() == "content-type"}
    url, body = urlsplit(str(request.url)), request.body
    query = tuple((unquote(name), unquote(value)) for name, value in parse_qsl(url.query, keep_blank_values=True))
    bearer = prober.bearer(door) if prober.random.random() < 0.95 else {}
    raw = body if isinstance(body, bytes) else str(body or "").encode()
    return Sent(case.method, url.path, query, {**headers, **bearer}, raw)


def _real(prober: Prober, name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {each: _real(prober, each, inner) for each, inner in value.items()}
    if isinstance(value, list):
        return [_real(prober, name, each) for each in value]
    return prober.real(name, value) if isinstance(value, str) else value


def takes_anything(route: tuple[str, str]) -> bool:
    method, path = route
    operation = DOCUMENT["paths"][path][method.lower()]
    return "parameters" in operation or "requestBody" in operation


def ways() -> Iterator[tuple[tuple[str, str], GenerationMode]]:
    """What takes nothing can't be asked wrongly."""
    for route in ROUTES:
        yield route, GenerationMode.POSITIVE
        if takes_anything(route):
            yield route, GenerationMode.NEGATIVE


@pytest.mark.parametrize(("route", "mode"), list(ways()), ids=lambda each: getattr(each, "value", " ".join(each)))
def test_whatever_schemathesis_makes_up(fresh: Prober, route: tuple[str, str], mode: GenerationMode) -> None:
    method, path = route
    doors = DOORS[" ".join(route)]

    @seed(TIMES)
    @settings(
        max_examples=BY_SCHEMA,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=SCHEMA[path][method].as_strategy(generation_mode=mode))
    def probe(case: Case[Any]) -> None:
        fresh.send(sent_of(case, fresh, doors[0]))

    probe()
    assert fresh.sent >= BY_SCHEMA or not takes_anything(route)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_whatever_becomes_of_a_good_request(fresh: Prober, route: tuple[str, str]) -> None:
    random = Random(" ".join(route))
    assert fresh.send(fresh.good(route, 0)).status == DOORS[" ".join(route)][0].done

    for nth in range(BY_MUTATION):
        fresh.send(mutated(fresh.good(route, nth), random))


def test_there_are_as_many_requests_as_there_were() -> None:
    """Each test sends its share, or fails."""
    by_schema = sum(BY_SCHEMA for route, _ in ways() if takes_anything(route))

    assert by_schema + len(ROUTES) * BY_MUTATION >= LEAST
