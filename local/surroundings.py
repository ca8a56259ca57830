"""The environment and secrets that a deployment would have, as they are on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

AUDIENCE = "tally-local"
STRIPE_KEY_NAME, WEBHOOK_SECRET_NAME = "/tally/local/stripe-key", "/tally/local/stripe-webhook-secret"
STRIPE_KEY = "sk_test_local"  # the stand-in takes any that begins so
TABLES = {
    "TALLY_WALLETS_TABLE": "tally-local-wallets",
    "TALLY_PURCHASES_TABLE": "tally-local-purchases",
    "TALLY_USAGE_TABLE": "tally-local-usage",
}


def secrets(webhook_secret: str) -> dict[str, str]:
    """What SSM holds for a deployment."""
    return {STRIPE_KEY_NAME: STRIPE_KEY, WEBHOOK_SECRET_NAME: webhook_secret}


def settings(url: str, port: int, *, stripe_url: str) -> dict[str, str]:
    """What a deployment's functions find in their environment; tables may be named from outside."""
    return {
        **{name: os.environ.get(name) or usual for name, usual in TABLES.items()},
        "TALLY_STAGE": "local",
        "TALLY_STRIPE_API_BASE": stripe_url,
        "TALLY_STRIPE_KEY_NAME": STRIPE_KEY_NAME,
        "TALLY_STRIPE_WEBHOOK_SECRET_NAME": WEBHOOK_SECRET_NAME,
        "TALLY_JWT_ISSUER": url,
        "TALLY_JWT_AUDIENCE": AUDIENCE,
        "TALLY_JWKS_URL": f"{url}/local/jwks.json",
        "TALLY_AUDIT_SHARES": "1",  # few wallets: the auditor looks at all of them each time
        "TALLY_ALLOWED_ORIGINS": f"{url},http://localhost:{port}",
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
    }


@contextmanager
def replaced(wanted: Mapping[str, str | None]) -> Iterator[None]:
    """Set names in the environment (None: take away), and put everything back at the end."""
    before = dict(os.environ)
    for name, value in wanted.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
