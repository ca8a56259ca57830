"""Tells customers what they should know."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import observability, wiring
from chalicelib.jobs.schedule import remaining_ms, told

jobs = Blueprint(__name__)


@jobs.schedule(Rate(5, unit=Rate.MINUTES), name="send_alerts")
@observability.guarded()
def send_alerts(event: CloudWatchEvent) -> dict[str, Any]:
    """Record the notices that have fallen due, then send the messages that wait. Running twice sends once."""
    from chalicelib.services.deadlines import announce_due
    from chalicelib.services.sending import Post, send_due

    errand = wiring.errand("send_alerts", remaining_ms(event))
    return told("send_alerts", send_due(Post(errand, wiring.notices()), announce_due(errand)))
