"""Fixtures for the API's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.tokens import Issuer
from tests.api.desk import Desk, new_issuer, opened_desk


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """An issuer; making its key takes a while."""
    return new_issuer()


@pytest.fixture(scope="module")
def building(issuer: Issuer) -> Iterator[Desk]:
    """The desk, built once for a module."""
    with opened_desk(issuer) as desk:
        yield desk


@pytest.fixture
def desk(building: Desk) -> Desk:
    """The desk, as new."""
    building.reset()
    return building
