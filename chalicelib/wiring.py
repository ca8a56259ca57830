"""
The composition root: the only place that picks the adapters. Everything is made at its first use and kept.

The local stack and the tests put their own clock, secrets and HTTP client in place with `install`; nothing else
differs from a deployed function.
"""

from __future__ import annotations

import os
import random
import secrets as randomness
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chalicelib import loaded, ssm
from chalicelib.domain import catalog_file, languages_file
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.languages import Languages
from chalicelib.domain.ledger import SALT_BYTES, Stamp
from chalicelib.domain.times import to_grain
from chalicelib.services.once import Patience
from chalicelib.services.ports import Notices, Payments, Store
from chalicelib.services.purchasing import Shop
from chalicelib.services.rounds import Errand
from chalicelib.services.using import Till
from chalicelib.settings import Settings, read_settings

if TYPE_CHECKING:
    import stripe

    from chalicelib.api.tokens import Verifier

MOST_SECRETS = 2  # at once, while one follows the other
LONGEST_TRY = 10.0  # seconds
SPARE = 1.0  # seconds of the Lambda's time kept for the answer
LAST_THING = 15.0  # seconds of a job's time in which nothing new is begun: the longest that one thing may take
LONGEST_JOB = 600.0  # seconds, where nobody says how long a job may take


def _machine_clock() -> datetime:
    return datetime.now(UTC)


def _ssm() -> Any:
    connected: Any = store()
    return ssm.connect(connected.connection.session, settings().region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the program takes from the machine it runs on."""

    clock: Callable[[], datetime] = _machine_clock
    secret: Callable[[str], str] = field(default_factory=lambda: ssm.Secrets(_ssm))
    stripe_http: stripe.HTTPClient | None = None
    patience: Patience | None = None
    notices: Notices | None = None


_outside = Outside()


def install(**parts: Any) -> None:
    """Replace parts of the outside, and forget everything that was made with the old ones."""
    global _outside  # noqa: PLW0603 - one program, one outside
    _outside = replace(_outside, **parts)
    for made in (settings, catalog, languages, store, payments, notices, verifier):
        made.cache_clear()


def now() -> datetime:
    """Read the program's one clock, in whole milliseconds."""
    return to_grain(_outside.clock())


def stamp(actor: str) -> Stamp:
    """Say when a command is decided, and by whom."""
    return Stamp(now=now(), actor=actor, salt=randomness.token_bytes(SALT_BYTES))


@cache
def settings() -> Settings:
    return read_settings(os.environ)


@cache
def catalog() -> Catalog:
    return catalog_file.parse((files("chalicelib") / "catalog.toml").read_text(encoding="utf-8"))


@cache
def languages() -> Languages:
    return languages_file.parse((files("chalicelib") / "languages.toml").read_text(encoding="utf-8"))


@cache
def store() -> Store:
    from chalicelib.store.commit import connect
    from chalicelib.watching import WatchedStore

    loaded()
    return WatchedStore(connect(region=settings().region), settings().tables)


@cache
def payments() -> Payments:
    from chalicelib.payments.checkout import StripePayments
    from chalicelib.payments.client import connect
    from chalicelib.payments.terms import CheckoutTerms

    terms = CheckoutTerms(
        origin=settings().allowed_origins[0],
        default_return_path=settings().default_return_path,
        minutes=settings().checkout_minutes,
        automatic_tax=settings().automatic_tax,
    )

    def client() -> stripe.StripeClient:
        key = _outside.secret(settings().stripe_key_name)
        return connect(key, settings().stripe_api_base, http_client=_outside.stripe_http)

    live = "_live_" in _outside.secret(settings().stripe_key_name)
    return StripePayments(client, terms, live=live)


@cache
def notices() -> Notices:
    if _outside.notices:
        return _outside.notices
    from chalicelib.notices.channels import AwsNotices, Senders, clients

    senders = Senders(
        email_from=settings().email_from,
        alerts_topic=settings().alerts_topic,
        dead_letters_queue=settings().dead_letters_queue,
    )
    return AwsNotices(senders, catalog(), languages(), client=clients(region=settings().region))


def webhook_secrets() -> list[str]:
    """
    Read the secrets with which Stripe may sign; two while they are being changed.

    Raises:
        ValueError: There is none, or an empty one.
    """
    found = _outside.secret(settings().stripe_webhook_secret_name).split(",")
    if not all(each.strip() for each in found) or len(found) > MOST_SECRETS:
        raise ValueError("the webhook secret must be one or two, with a comma, none of them empty")
    return [each.strip() for each in found]


@cache
def verifier() -> Verifier:
    from chalicelib.api.tokens import Verifier, fetch_keys

    loaded()
    return Verifier(
        issuer=settings().jwt_issuer,
        audience=settings().jwt_audience,
        fetch=lambda: fetch_keys(settings().jwks_url),
        now=now,
    )


def patience(remaining_ms: float | None = None) -> Patience:
    """Say how long to go on trying: ten seconds, or the Lambda's remaining time less one if that is shorter."""
    if _outside.patience:
        return _outside.patience
    remaining = remaining_ms / 1000 - SPARE if remaining_ms is not None else LONGEST_TRY
    return Patience(
        budget=max(0.0, min(LONGEST_TRY, remaining)),
        monotonic=time.monotonic,
        sleep=time.sleep,
        uniform=random.uniform,
    )


def till(remaining_ms: float | None = None) -> Till:
    return Till(store=store(), catalog=catalog(), patience=patience(remaining_ms))


def errand(actor: str, remaining_ms: float | None = None) -> Errand:
    """Give a job what it needs; it begins nothing new within the last seconds that it has."""
    begun = time.monotonic()
    limit = remaining_ms / 1000 - LAST_THING if remaining_ms is not None else LONGEST_JOB
    return Errand(
        store=store(),
        catalog=catalog(),
        patience=patience(remaining_ms),
        stamp=lambda: stamp(actor),
        has_time=lambda: time.monotonic() - begun < limit,
    )


def shop(remaining_ms: float | None = None) -> Shop:
    return Shop(store=store(), payments=payments(), catalog=catalog(), patience=patience(remaining_ms))
