"""Charges saved cards where a balance fell below its line."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import observability, wiring
from chalicelib.jobs.schedule import remaining_ms, told

jobs = Blueprint(__name__)


@jobs.schedule(Rate(1, unit=Rate.MINUTES), name="charge_topups")
@observability.guarded()
def charge_topups(event: CloudWatchEvent) -> dict[str, Any]:
    """Charge what crossed its line, and ask about payments under way. Running twice charges once."""
    from chalicelib.services.topping_up import Charging, charge_due

    left = remaining_ms(event)
    charging = Charging(wiring.errand("charge_topups", left), wiring.shop(left))
    return told("charge_topups", charge_due(charging))
