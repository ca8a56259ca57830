"""
One cold start, in a process of its own beside the bundle alone: what was loaded, and what it took. Prints JSON.

`python -S cold_start.py KIND`, with the bundle in PYTHONPATH and the settings in the environment.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

ROUTES = {"balance": "/api/credits/balance", "usage": "/api/user/usage", "history": "/api/credits/history"}
SCOPES = {"sub": "acct_cold", "scopes": "tally:customer", "teams": "{}", "email": ""}
Load = Callable[[], object]


def botocore() -> object:
    """What nobody can do without who speaks to DynamoDB."""
    session = importlib.import_module("botocore.session").Session()
    return session.create_client("dynamodb", region_name="us-east-1")


def api() -> object:
    return importlib.import_module("app")


def api_ready() -> object:
    importlib.import_module("app")
    return _store()


def webhook() -> object:
    return importlib.import_module("chalicelib.webhooks.functions")


def webhook_ready() -> object:
    importlib.import_module("chalicelib.webhooks.functions")
    importlib.import_module("stripe")
    return _store(), importlib.import_module("chalicelib.wiring")._ssm()


def authorizer() -> object:
    importlib.import_module("chalicelib.api.auth")
    importlib.import_module("jwt")
    return importlib.import_module("chalicelib.wiring").verifier()


def _store() -> object:
    store = importlib.import_module("chalicelib.wiring").store()
    return store.connection.client


def answered(path: str) -> int:
    """Answer a request of a customer's as Lambda hands it over, and give the status."""
    app: Any = importlib.import_module("app").app
    event = {
        "httpMethod": "GET",
        "requestContext": {"resourcePath": path, "httpMethod": "GET", "path": path, "authorizer": SCOPES},
        "headers": {},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    return int(app(event, None)["statusCode"])


LOADS: dict[str, Load] = {
    each.__name__: each for each in (botocore, api, api_ready, webhook, webhook_ready, authorizer)
} | {name: lambda path=path: answered(path) for name, path in ROUTES.items()}


def main(kind: str) -> None:
    """Load, and tell."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = LOADS[kind]()
    spent = {"cpu": (time.process_time() - cpu) * 1000, "wall": (time.perf_counter() - wall) * 1000}
    status = found if isinstance(found, int) else None
    sys.stdout.write("\n" + json.dumps({**spent, "stripe": "stripe" in sys.modules, "status": status}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
