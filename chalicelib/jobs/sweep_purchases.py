"""Finds payments whose event was lost."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import observability, wiring
from chalicelib.jobs.schedule import remaining_ms, told

jobs = Blueprint(__name__)


@jobs.schedule(Rate(15, unit=Rate.MINUTES), name="sweep_purchases")
@observability.guarded()
def sweep_purchases(event: CloudWatchEvent) -> dict[str, Any]:
    """Ask Stripe about purchases that are open for a while. Running twice settles once."""
    from chalicelib.services.sweeping import Sweep, sweep_due

    left = remaining_ms(event)
    sweep = Sweep(wiring.errand("sweep_purchases", left), wiring.shop(left))
    return told("sweep_purchases", sweep_due(sweep))
