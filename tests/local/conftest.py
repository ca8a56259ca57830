"""An issuer, and the program's own app behind the local gateway, without a socket and without tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import app
from chalicelib import wiring
from chalicelib.api import tokens
from local import surroundings
from local.clock import Clock
from local.gateway import Gateway
from local.tokens import Issuer

ADDRESS = "http://127.0.0.1:8000"
ORIGIN = "http://localhost:8000"


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer(issuer=ADDRESS, audience=surroundings.AUDIENCE)


@pytest.fixture
def gateway(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """The real app; it verifies tokens with the issuer's keys."""
    settings = surroundings.settings(ADDRESS, 8000, stripe_url="http://127.0.0.1:8002")
    monkeypatch.setattr(tokens, "fetch_keys", lambda _url: issuer.jwks()["keys"])
    usual = wiring.Outside()
    with surroundings.replaced({**settings, "AWS_DEFAULT_REGION": "us-east-1"}):
        wiring.install(clock=Clock().now)
        yield Gateway(app, wiring.settings().allowed_origins)
        wiring.install(clock=usual.clock)


@pytest.fixture(scope="session")
def around() -> dict[str, str]:
    """The environment for a stack in a process of its own: this one's, without what would change it."""
    changing = ("STRIPE_WEBHOOK_SECRET", "TIMERS", "TALLY_", "AWS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(changing)}


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[2]
