"""What a deployment needs, looked at from inside: settings, secrets, tables, Stripe, clocks, the webhook."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from chalicelib import wiring
from chalicelib.store.commit import connect as connect_tables
from chalicelib.store.tables import definitions
from cli.doctor.checks import Look, Mark, Odd, Wrong, checked, skew
from cli.doctor.endpoints import judge
from cli.settings import WEBHOOK, Settings
from infra.stripe_sync import sync

ACTIVE = "ACTIVE"
WAIT = 5  # seconds for the function URL


def look(settings: Settings) -> Look:
    """Look at one thing after the other; without settings there is nothing to look at."""
    first = checked("settings", lambda: f"stage {wiring.settings().stage}, region {wiring.settings().region}")
    yield first
    if first.mark is Mark.FAIL:
        return
    yield checked("catalogue", _catalogue)
    dates: list[str | None] = []
    for definition in definitions(wiring.settings().tables):
        yield checked(f"table {definition['table_name']}", lambda: _table(definition, dates))  # noqa: B023 - called at once
    yield checked("clock", lambda: skew(next(filter(None, dates), None), wiring.now()))
    key = checked("Stripe's key", _key)
    yield key
    yield checked("webhook secret", lambda: f"{len(wiring.webhook_secrets())} in force")
    if key.mark is not Mark.FAIL:
        yield checked("Stripe's prices", _prices)
        yield checked("Stripe's webhook", lambda: judge(_endpoints(), settings.webhook_url))
    yield checked("function URL", lambda: _function_url(settings.webhook_url))


def _catalogue() -> str:
    catalog = wiring.catalog()
    return f"{len(catalog.packages)} packages, {len(catalog.plans)} plans, {len(catalog.meters)} meters"


def _table(wanted: Mapping[str, Any], dates: list[str | None]) -> str:
    """Describe a table and hold its keys and indexes against those that the code asks for."""
    client: Any = connect_tables(region=wiring.settings().region).client
    try:
        found = client.describe_table(TableName=wanted["table_name"])
    except client.exceptions.ResourceNotFoundException:
        raise Wrong("is missing") from None
    dates.append(found["ResponseMetadata"]["HTTPHeaders"].get("date"))
    table = found["Table"]
    there = {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", ())}
    named = {index["index_name"] for index in wanted["global_secondary_indexes"]}
    if absent := named - there.keys():
        raise Wrong(f"lacks the index {', '.join(sorted(absent))}")
    if table["TableStatus"] != ACTIVE:
        raise Wrong(f"is {table['TableStatus'].lower()}")
    if building := [name for name in sorted(named) if there[name].get("IndexStatus", ACTIVE) != ACTIVE]:
        raise Odd(f"the index {', '.join(building)} is being built")
    return f"is there, with {', '.join(sorted(named))}"


def _key() -> str:
    """Ask for the key, and whether real money moves; the key itself is never shown."""
    live = wiring.payments().live
    if live and wiring.settings().stage != "prod":
        raise Odd(f"a live key in stage {wiring.settings().stage}")
    return "is there, for real money" if live else "is there, for tests"


def _client() -> Any:
    return cast(Any, wiring.payments())._client()  # the one that the program itself uses


def _prices() -> str:
    report = sync(_client(), wiring.catalog(), dry_run=True)
    if report.steps:
        raise Wrong(f"{report.summary}; run make stripe-sync")
    return report.summary


def _endpoints() -> list[Mapping[str, Any]] | None:
    """List the endpoints that Stripe sends events to; None: this one doesn't list them."""
    import stripe

    try:
        return [each.to_dict() for each in _client().v1.webhook_endpoints.list({"limit": 100}).data]
    except stripe.InvalidRequestError:
        return None
    except stripe.PermissionError:
        return None


def _function_url(url: str | None) -> str:
    """Knock: it takes POST alone, and says so to anything else."""
    if not url:
        raise Odd(f"not looked at: {WEBHOOK} is not set")
    if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise Wrong(f"{WEBHOOK}: https is wanted, or http on this machine")
    try:
        with urllib.request.urlopen(url, timeout=WAIT) as answer:  # noqa: S310 - https or loopback
            status = answer.status
    except urllib.error.HTTPError as refusal:
        status = refusal.code
    if status != HTTPStatus.METHOD_NOT_ALLOWED:
        raise Wrong(f"answers {status} where 405 is wanted")
    return "answers"
