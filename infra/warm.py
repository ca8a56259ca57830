"""
Loads what the functions load, in the bundle's folder, and prints which of its modules that were.

Run with `python -S` beside the bundle alone, so that what the bundle lacks is missed here and not in Lambda. What is
printed gets compiled ahead; a module that is not named still works, it is compiled at each cold start.

`python -S warm.py BUNDLE MODULE…`
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

KINDS = (
    "checkout.session",
    "payment_intent",
    "charge",
    "refund",
    "dispute",
    "subscription",
    "subscription_schedule",
    "invoice",
    "customer",
    "payment_method",
    "price",
)
SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "TALLY_STAGE": "dev",
    "TALLY_WALLETS_TABLE": "wallets",
    "TALLY_PURCHASES_TABLE": "purchases",
    "TALLY_USAGE_TABLE": "usage",
    "TALLY_STRIPE_API_BASE": "http://127.0.0.1:9",
    "TALLY_STRIPE_KEY_NAME": "/key",
    "TALLY_STRIPE_WEBHOOK_SECRET_NAME": "/secret",
    "TALLY_JWT_ISSUER": "issuer",
    "TALLY_JWT_AUDIENCE": "audience",
    "TALLY_JWKS_URL": "http://127.0.0.1:9",
    "TALLY_ALLOWED_ORIGINS": "https://app.example.com",
}


def main(bundle: Path, modules: Sequence[str]) -> None:
    """Import the functions' modules, make what they make at their first use, and tell."""
    os.environ.update(SETTINGS)
    sys.path.insert(0, str(bundle))
    for name in modules:
        importlib.import_module(name)
    _use()
    for module in list(sys.modules.values()):
        place = getattr(module, "__file__", None) or ""
        if place.endswith(".py") and Path(place).is_relative_to(bundle):
            print(Path(place).relative_to(bundle).as_posix())


def _use() -> None:
    """Reach for each package as the first request, event and job do; nobody is called."""
    importlib.import_module("jwt")
    importlib.import_module("standardwebhooks")
    importlib.import_module("boto3.session")
    importlib.import_module("aws_lambda_powertools.metrics")
    wiring = importlib.import_module("chalicelib.wiring")
    wiring.install(secret=lambda _name: "sk_test_none")
    for part in (wiring.catalog, wiring.languages, wiring.notices, wiring.verifier):
        part()
    _ = wiring.store().connection.client, wiring._ssm()
    importlib.import_module("chalicelib.observability").logger()
    _ask_stripe(wiring)


def _ask_stripe(wiring: Any) -> None:
    """Have a request answered with one object of each kind that we read: the package loads their modules by then."""
    stripe: Any = importlib.import_module("stripe")
    listed = {"object": "list", "data": [{"object": kind, "id": "none"} for kind in KINDS], "has_more": False}

    class Nobody(stripe.HTTPClient):  # type: ignore[misc]
        name = "nobody"

        def request(self, *_: object) -> tuple[str, int, dict[str, str]]:
            return json.dumps({**listed, "url": "/v1/events"}), 200, {}

    wiring.install(stripe_http=Nobody())
    v1 = wiring.payments()._client().v1
    for resource in (v1.checkout.sessions, v1.payment_intents, v1.subscriptions, v1.customers, v1.refunds):
        resource.list()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
