"""The sixth act of the transcript: a saved card, a line that a spend crosses, and credits that are bought by a job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.client import call

if TYPE_CHECKING:
    from local.tour import Tour

TERMS = {"enabled": True, "below": 200, "target": 1000, "package_id": "starter", "monthly_cap_minor": 5000}
USE = {"meter": "pull_requests", "quantity": 220}  # 50 are in the plan; the others cost 5 credits each
Json = dict[str, Any]


@dataclass(slots=True)
class TopUp:
    """Buys once with a card that is saved, spends most of it, and lets the job buy more."""

    tour: Tour
    service: Mapping[str, str]
    wallet_id: str
    _bearer: Mapping[str, str] = field(default_factory=dict, init=False)

    def run(self) -> None:
        """Show the setting, the spend that crosses the line, one charge, and what the history says of it."""
        self._bearer = self.tour.bearer(self.wallet_id)
        bought = self.tour.buy(self._bearer, key=f"{self.wallet_id}-1", save_card=True)
        self.tour.pay(bought["checkout_session_id"])
        self.tour.await_webhook(self._bearer, bought["purchase_id"])
        self._set()
        self._spend()
        self._job()
        self._stands()
        self._history()

    def _set(self) -> None:
        path = "/api/credits/auto-topup"
        answer = call("PUT", self.tour.api + path, body=TERMS, headers=self._bearer)
        told: Json = self.tour.step("PUT", f"{path}  {json.dumps(TERMS)}", answer)
        self.tour.say(f"{told['status']}: {told['message']}")

    def _spend(self) -> None:
        path, body = "/api/user/usage/increment", {"wallet_id": self.wallet_id, **USE}
        headers = {**self.service, "Idempotency-Key": f"{self.wallet_id}-use"}
        answer = call("POST", self.tour.api + path, body=body, headers=headers)
        used = self.tour.step("POST", f"{path}  {json.dumps(USE)}", answer)
        self.tour.say(f"{used['credits']} credits; {used['available']} available")

    def _job(self) -> None:
        path = "/local/jobs/charge_topups"
        counts: Json = self.tour.step("POST", path, call("POST", self.tour.api + path, body={}))
        self.tour.say(", ".join(f"{name} {count}" for name, count in counts.items() if name != "more"))

    def _stands(self) -> None:
        path = "/api/credits/auto-topup"
        told: Json = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self._bearer))
        charged = told["charged_this_month"]["amount_minor"] / 100
        self.tour.say(f"{told['status']}: {told['message']} Charged this month: {charged:.2f} USD.")

    def _history(self) -> None:
        path = "/api/credits/history?limit=3"
        entries = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self._bearer))["entries"]
        for entry in entries:
            amount = f"{entry['kind']} {entry['credits']:+,}, {entry['available_after']:,} available"
            self.tour.say(f"entry {entry['seq']}: {amount}, by {entry['actor']}")
