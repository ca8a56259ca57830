"""Finds and heals what differs between Stripe and us."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import observability, wiring
from chalicelib.jobs.schedule import remaining_ms, told

jobs = Blueprint(__name__)


@jobs.schedule(Rate(1, unit=Rate.DAYS), name="reconcile_stripe")
@observability.guarded()
def reconcile_stripe(event: CloudWatchEvent) -> dict[str, Any]:
    """Compare the last 35 days with Stripe, both ways, and heal what a machine may. Running twice heals once."""
    from chalicelib.services.reconciling import HEALED, reconcile

    left = remaining_ms(event)
    found = reconcile(wiring.shop(left), wiring.errand("reconcile_stripe", left), apply=True)
    for each in found.differences:
        observability.say(
            "difference", outcome=each.finding.value, wallet_id=each.wallet_id, purchase_id=each.purchase_id
        )
    found.report.counts["for_people"] = sum(each.finding not in HEALED for each in found.differences)
    return told("reconcile_stripe", found.report)
