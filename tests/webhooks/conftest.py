"""Fixtures for the webhook's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.webhooks.premises import Premises, opened


@pytest.fixture(scope="module")
def building() -> Iterator[Premises]:
    """The premises, built once for a module."""
    with opened() as premises:
        yield premises


@pytest.fixture
def premises(building: Premises) -> Premises:
    """The premises, as new."""
    building.reset()
    return building
