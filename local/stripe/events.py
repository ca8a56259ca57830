"""`/v1/events`: what happened, newest first."""

from __future__ import annotations

from fnmatch import fnmatchcase

from local.stripe.account import Call
from local.stripe.errors import Json
from local.stripe.lists import page


def retrieve(call: Call) -> Json:
    """One event, as it was when it happened."""
    call.params.only()
    return call.account.find("event", call.id)


def list_(call: Call) -> Json:
    """Events by `type` (with `*`), `types` and `delivery_success`."""
    type_, types = call.params.text("type"), call.params.texts("types")
    asked = call.params.has("delivery_success")
    success = call.params.flag("delivery_success")
    events = [
        event
        for event in call.account.all("event")
        if (type_ is None or fnmatchcase(event["type"], type_))
        and (not types or event["type"] in types)
        and (not asked or success == (event["pending_webhooks"] == 0))
    ]
    return page(call, events, "/v1/events", also=("type", "types", "delivery_success"))
