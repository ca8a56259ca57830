"""A seat, once per module, as new for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.desk import Desk, new_issuer, opened_desk
from tests.cli.seat import API, DIRECT, Seat, served


@pytest.fixture(scope="module")
def building() -> Iterator[tuple[Desk, str]]:
    """The desk, and where its gateway listens, built once for a module."""
    with opened_desk(new_issuer()) as desk, served(desk) as url:
        yield desk, url


@pytest.fixture
def desk(building: tuple[Desk, str]) -> Desk:
    building[0].reset()
    return building[0]


@pytest.fixture(params=[DIRECT, API])
def seat(request: pytest.FixtureRequest, desk: Desk, building: tuple[Desk, str]) -> Seat:
    """A seat from which the office is asked one way, then the other."""
    return Seat(desk=desk, url=building[1], way=request.param)


@pytest.fixture
def direct(desk: Desk, building: tuple[Desk, str]) -> Seat:
    return Seat(desk=desk, url=building[1], way=DIRECT)


@pytest.fixture
def remote(desk: Desk, building: tuple[Desk, str]) -> Seat:
    return Seat(desk=desk, url=building[1], way=API)
