"""Every test of this folder runs on the fake and on each engine, with a wallet of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from chalicelib.services.ports import Store
from tests import engines


@pytest.fixture(params=engines.ALL)
def store(request: pytest.FixtureRequest) -> Store:
    return engines.store(request.param)


@pytest.fixture
def other_wallet_id() -> Callable[[], str]:
    return lambda: f"acct_{uuid.uuid4().hex}"


@pytest.fixture
def wallet_id(other_wallet_id: Callable[[], str]) -> str:
    return other_wallet_id()
