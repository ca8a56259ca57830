"""Fixtures for the stand-in's tests."""

from __future__ import annotations

import pytest

from tests.standin.driving import Desk


@pytest.fixture
def desk() -> Desk:
    """A stand-in that delivers before it answers."""
    return Desk()
