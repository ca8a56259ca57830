"""
Tells Stripe where to send events: one endpoint per stack, subscribed to what the program listens to, and no more.

Stripe says an endpoint's signing secret once, when it is made. So it goes to SSM at once; where SSM has none, another
endpoint is made and the old one ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import stripe

from chalicelib.payments.events import INVOICE_EVENTS, MONEY_EVENTS, SESSION_EVENTS, SUBSCRIPTION_EVENTS, TAGGED

EVENTS = sorted(SESSION_EVENTS | MONEY_EVENTS | SUBSCRIPTION_EVENTS | INVOICE_EVENTS | TAGGED)
TAG = "tally_stack"
PAGE = 100


def register(
    client: stripe.StripeClient, stack: str, url: str, *, has_secret: bool, keep: Callable[[str], object]
) -> str:
    """
    Have Stripe send a stack's events to *url*, and say what was done; *keep* is handed the secret of a new endpoint.

    Raises:
        stripe.StripeError: Stripe refused, or gave no answer.
    """
    v1: Any = client.v1
    old = _ours(client, stack)
    if old and has_secret:
        [first, *more] = old
        _end(client, more)
        if (first["url"], sorted(first["enabled_events"]), first["status"]) == (url, EVENTS, "enabled"):
            return f"Stripe sends {len(EVENTS)} kinds of events there already"
        v1.webhook_endpoints.update(first["id"], {"url": url, "enabled_events": EVENTS, "disabled": False})
        return f"Stripe sends {len(EVENTS)} kinds of events there from now on"
    asked = {"url": url, "enabled_events": EVENTS, "metadata": {TAG: stack}, "description": f"Tally, {stack}"}
    made = v1.webhook_endpoints.create({**asked, "api_version": stripe.api_version})  # the one the package reads
    keep(made.secret)
    _end(client, old)
    return f"Stripe sends {len(EVENTS)} kinds of events there; its signing secret is kept in SSM"


def unregister(client: stripe.StripeClient, stack: str) -> int:
    """Have Stripe send a stack's events no more; gives how many endpoints ended."""
    old = _ours(client, stack)
    _end(client, old)
    return len(old)


def _ours(client: stripe.StripeClient, stack: str) -> list[dict[str, Any]]:
    listed = client.v1.webhook_endpoints.list({"limit": PAGE}).auto_paging_iter()
    return [each for each in (one.to_dict() for one in listed) if each["metadata"].get(TAG) == stack]


def _end(client: stripe.StripeClient, endpoints: list[dict[str, Any]]) -> None:
    for each in endpoints:
        client.v1.webhook_endpoints.delete(each["id"])
