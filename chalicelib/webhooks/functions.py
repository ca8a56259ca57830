"""The Lambda function behind the function URL, as Chalice packages it."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import observability
from chalicelib.webhooks.endpoint import handle

webhooks = Blueprint(__name__)


@webhooks.lambda_function(name="stripe_webhook")
@observability.guarded()
def stripe_webhook(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take an event from Stripe."""
    remaining = context.get_remaining_time_in_millis() if context else None
    return handle(event, remaining)
