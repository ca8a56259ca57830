"""The fifth act of the transcript: a plan is bought, raised, lowered, cancelled and resumed; the credits stay."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.client import call
from local.transcript import WentWrong, cut, money

if TYPE_CHECKING:
    from local.tour import Tour

PATH = "/api/user/subscription"
PATIENCE, LOOK_EVERY = 20.0, 0.05  # seconds
OK = 200
Json = dict[str, Any]


@dataclass(slots=True)
class Plans:
    """Subscribes a wallet that has bought credits, and changes its mind several times."""

    tour: Tour
    wallet_id: str
    _bearer: Mapping[str, str] = field(default_factory=dict, init=False)
    _keys: int = field(default=0, init=False)

    def run(self) -> None:
        """Show a cheaper first month, an upgrade at once, a change for later, a cancellation, and both taken back."""
        self._bearer = self.tour.bearer(self.wallet_id)
        self._compare("team")
        begun = self._ask("/checkout", {"plan_id": "pro", "interval": "month"})
        self.tour.say(f"to pay at {cut(begun['checkout_url'])}")
        self._pay(begun["checkout_session_id"])
        self._await(lambda shown: shown["plan_id"] == "pro")
        self._said(self._ask("/checkout", {"plan_id": "team", "interval": "month"}))
        self._said(self._ask("/checkout", {"plan_id": "pro", "interval": "year"}))
        self._said(self._ask("/resume", {}))
        ending = self._ask("/cancel", {"at": "period_end"})
        self._said(ending)
        self.tour.say(ending["keeps"]["message"])
        self._said(self._ask("/resume", {}))
        self._payments()

    def _ask(self, path: str, body: Json) -> Json:
        self._keys += 1
        headers = {**self._bearer, "Idempotency-Key": f"{self.wallet_id}-plan-{self._keys}"}
        answer = call("POST", self.tour.api + PATH + path, body=body, headers=headers)
        told: Json = self.tour.step("POST", f"{PATH}{path}  {json.dumps(body)}", answer)
        return told

    def _pay(self, session_id: str) -> None:
        """Pay on the stand-in's page; a subscription's payment belongs to its invoice."""
        path, body = f"/_control/sessions/{session_id}/pay", {"method": "card"}
        answer = call("POST", self.tour.stripe + path, body=body)
        shown = self.tour.stripe + path.replace(session_id, cut(session_id))
        paid = self.tour.step("POST", f"{shown}  {json.dumps(body)}", answer)
        self.tour.say(f"the checkout session is {paid['status']}, {paid['payment_status']}")

    def _await(self, is_there: Callable[[Json], bool]) -> None:
        """Ask for the subscription until Stripe's events have come."""
        began = time.monotonic()
        answer = call("GET", self.tour.api + PATH, headers=self._bearer)
        while answer.status == OK and not is_there(answer.body) and time.monotonic() - began < PATIENCE:
            time.sleep(LOOK_EVERY)
            answer = call("GET", self.tour.api + PATH, headers=self._bearer)
        shown: Json = self.tour.step("GET", PATH, answer)
        if not is_there(shown):
            raise WentWrong(f"the plan is {shown['plan_id']}: Stripe's events did not arrive in {PATIENCE:.0f} s")
        self._said(shown)

    def _said(self, shown: Json) -> None:
        self.tour.say(f"{shown['plan_id']}, {shown['status']}: {shown['message']}")

    def _compare(self, plan_id: str) -> None:
        path = f"/api/plans/compare?to={plan_id}"
        compared = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self._bearer))
        [row] = [each for each in compared["rows"] if each["row"] == "quotas.pull_requests"]
        said = f"{row['from']} {row['name'].lower()} a month on {compared['from']['name']}"
        difference = money(compared["price_difference"])
        self.tour.say(f"{said}, {row['to']:,} on {compared['to']['name']}, for {difference} more a month")

    def _payments(self) -> None:
        path = "/api/user/payments"
        paid = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self._bearer))["payments"]
        for each in paid:
            name = each.get("number") or cut(each["purchase_id"])
            self.tour.say(f"{each['kind']} {name}: {money(each['amount'])}, {each['status']}")
