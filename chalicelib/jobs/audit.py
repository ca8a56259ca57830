"""Checks that the books are right."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import observability, wiring
from chalicelib.jobs.schedule import remaining_ms, told

jobs = Blueprint(__name__)


@jobs.schedule(Rate(1, unit=Rate.HOURS), name="audit")
@observability.guarded()
def audit(event: CloudWatchEvent) -> dict[str, Any]:
    """Check the invariants of a share of all wallets against their histories, another share each hour."""
    from chalicelib.services.auditing import audit_share

    errand = wiring.errand("audit", remaining_ms(event))
    return told("audit", audit_share(errand, shares=wiring.settings().audit_shares))
