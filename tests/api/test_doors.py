"""
Every route × every caller × everybody's ids: what opens to whom, and that what is foreign looks like what isn't there.

All cells are asked in one and the same world; what a request changes is put back after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from chalicelib.api.scopes import DECLARED
from local.replies import Reply
from local.tokens import Issuer
from tests.api.desk import CUSTOMER, opened_desk, refusal
from tests.api.doors import (
    CALLERS,
    DOORS,
    SAID,
    THERE,
    Caller,
    Door,
    Ids,
    Whose,
    expected,
)
from tests.api.world import World

ROUTES = sorted(f"{method} {path}" for method, path in DECLARED)
LEAST = 13_800  # cells
CODES = {
    400: "invalid_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    422: "unprocessable",
}


class Matrix:
    """The world, knocked at: each cell once, however often it is asked for."""

    def __init__(self, world: World) -> None:
        self.world, self._desk = world, world.desk
        self._replies: dict[tuple[str, str, str, bytes], Reply] = {}

    def ask(self, route: str, door: Door, caller: Caller, ids: Ids) -> Reply:
        """
        Knock.

        The answer must have the status that the contract gives, and what is refused or read must change nothing.
        """
        names = {slot: self.world.name(door.traces if slot == "id" else slot, whose) for slot, whose in ids.items()}
        sent = (caller.name, *door.request(route, names))
        if sent not in self._replies:
            status = expected(door, caller, ids)
            changes = status < 400 and not route.startswith("GET") and Whose.MALFORMED not in ids.values()
            try:
                with nullcontext() if changes else self._changing_nothing(door, status):
                    reply = self._send(*sent)
                    assert reply.status == status, reply.body
            finally:
                self.world.put_back()
            self._replies[sent] = reply
        return self._replies[sent]

    def _send(self, caller: str, method: str, target: str, body: bytes) -> Reply:
        return self._desk.ask(method, target, token=self.world.tokens[caller], headers=SAID, body=body)

    @contextmanager
    def _changing_nothing(self, door: Door, status: int) -> Iterator[None]:
        """Whoever isn't let in has not even something read; who traces has Stripe asked, but only to read."""
        with self._desk.changing_nothing(may_try=status >= 409):
            yield
            if status in (401, 403) or not door.opens_to:
                assert self._desk.premises.is_untouched
            if door.traces:
                calls = self._desk.premises.transport.calls
                calls[:] = [(method, path) for method, path in calls if method != "GET"]


@pytest.fixture(scope="module")
def matrix(issuer: Issuer) -> Iterator[Matrix]:
    with opened_desk(issuer) as desk:
        yield Matrix(World(desk))


def cells(route: str) -> Iterator[tuple[Door, Ids]]:
    if route not in DOORS:
        pytest.fail(f"{route} is not in the matrix: say in tests/api/doors.py, DOORS, how it is knocked at")
    for door in DOORS[route]:
        for ids in door.cells(route):
            yield door, ids


@contextmanager
def about(ids: Ids) -> Iterator[None]:
    """Say which cell an assertion that fails is about."""
    try:
        yield
    except AssertionError as failed:
        failed.add_note(", ".join(f"{slot}: {whose}" for slot, whose in ids.items()))
        raise


@pytest.mark.parametrize("caller", CALLERS, ids=str)
@pytest.mark.parametrize("route", ROUTES, scope="module")
def test_a_door_opens_to_whom_the_contract_says(matrix: Matrix, route: str, caller: Caller) -> None:
    for door, ids in cells(route):
        with about(ids):
            reply, status = matrix.ask(route, door, caller, ids), expected(door, caller, ids)
            if status >= 400:
                refusal(reply, status, CODES[status])


@pytest.mark.parametrize("caller", CALLERS, ids=str)
@pytest.mark.parametrize("route", ROUTES, scope="module")
def test_what_is_foreign_or_malformed_looks_like_what_is_not_there(matrix: Matrix, route: str, caller: Caller) -> None:
    for door, ids in cells(route):
        status, reply = expected(door, caller, ids), matrix.ask(route, door, caller, ids)
        for slot, whose in ids.items():
            twin = {**ids, slot: Whose.NOBODYS}
            if status >= 400 and whose is not Whose.UNSAID and expected(door, caller, twin) == status:
                with about(ids):
                    assert matrix.ask(route, door, caller, twin) == reply


@pytest.mark.parametrize("caller", [each for each in CALLERS if each.scope == CUSTOMER], ids=str)
@pytest.mark.parametrize("route", ROUTES, scope="module")
def test_no_answer_names_what_is_hidden_from_a_customer(matrix: Matrix, route: str, caller: Caller) -> None:
    hidden = {name for whose in THERE if whose not in caller.roles for name in matrix.world.unique_names(whose)}
    for door, ids in cells(route):
        with about(ids):
            reply = matrix.ask(route, door, caller, ids)
            assert [name for name in hidden if name.encode() in reply.body] == []


def test_the_matrix_is_as_large_as_it_was() -> None:
    counts = {route: sum(1 for _ in cells(route)) * len(CALLERS) for route in ROUTES}
    for route, count in counts.items():
        print(f"{count:6} {route}")
    print(f"{sum(counts.values()):6} cells, of {len(ROUTES)} routes and {len(CALLERS)} callers")

    assert sum(counts.values()) >= LEAST
    assert set(DOORS) == set(ROUTES)
