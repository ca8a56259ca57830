"""Books what the clock has decided."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import observability, wiring
from chalicelib.jobs.schedule import remaining_ms, told

jobs = Blueprint(__name__)


@jobs.schedule(Rate(5, unit=Rate.MINUTES), name="expire_credits")
@observability.guarded()
def expire_credits(event: CloudWatchEvent) -> dict[str, Any]:
    """Book the credits of lots whose time has passed, and quota months that have turned. Running twice books once."""
    from chalicelib.services.deadlines import expire_due

    return told("expire_credits", expire_due(wiring.errand("expire_credits", remaining_ms(event))))
