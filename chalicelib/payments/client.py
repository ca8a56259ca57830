"""The one Stripe client: bounded waits, its own retries, and every failure under our name for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from chalicelib.services.ports import PaymentsFailed

if TYPE_CHECKING:
    import stripe

TIMEOUT = 5  # seconds for one request: two calls and their retries fit the 29 that the gateway waits
RETRIES = 1


def connect(key: str, api_base: str, *, http_client: stripe.HTTPClient | None = None) -> stripe.StripeClient:
    """Make a client that neither waits 80 seconds nor gives up at the first lost packet."""
    import stripe

    return stripe.StripeClient(
        key,
        base_addresses={"api": api_base},
        max_network_retries=RETRIES,
        http_client=http_client or stripe.RequestsClient(timeout=TIMEOUT),
    )


@contextmanager
def answered() -> Iterator[None]:
    """Turn every way in which Stripe doesn't do what was asked into `PaymentsFailed`."""
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        raise PaymentsFailed(f"{type(error).__name__} {error.http_status} {error.code}") from error


def is_unknown(failed: PaymentsFailed) -> bool:
    """Say whether Stripe's answer was that there is no such thing: then asking again won't help."""
    import stripe

    cause = failed.__cause__
    return isinstance(cause, stripe.InvalidRequestError) and cause.http_status == HTTPStatus.NOT_FOUND
