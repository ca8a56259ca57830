"""The second act of the transcript: a month on Free that meets its limit, is made an offer, and goes on over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.client import Answer, call
from local.transcript import money

if TYPE_CHECKING:
    from local.tour import Tour

METER = "pull_requests"
REFUSED = 4  # the first digit of the status


@dataclass(slots=True)
class Limits:
    """Uses a wallet up to its quota and beyond; the service that analyses pull requests records the uses."""

    tour: Tour
    service: Mapping[str, str]
    wallet_id: str

    def run(self) -> None:
        """Show 80, 90 and 100 % of the quota, the refusal with its offer, and the charge once credits are there."""
        tour = self.tour
        customer, service = tour.bearer(self.wallet_id), self.service
        for number, quantity in enumerate((40, 5, 5)):
            self._use(service, quantity, key=f"use-{number}")
            self._usage(customer)
        self._refused(service)
        bought = tour.buy(customer, key=f"{self.wallet_id}-1")
        tour.pay(bought["checkout_session_id"])
        tour.await_webhook(customer, bought["purchase_id"])
        self._use(service, 2, key="use-more")
        self._usage(customer)

    def _record(self, service: Mapping[str, str], quantity: int, key: str) -> tuple[str, Answer]:
        path = "/api/user/usage/increment"
        body = {"wallet_id": self.wallet_id, "meter": METER, "quantity": quantity}
        answer = call("POST", self.tour.api + path, body=body, headers={**service, "Idempotency-Key": key})
        return f"{path}  {json.dumps({'meter': METER, 'quantity': quantity})}", answer

    def _use(self, service: Mapping[str, str], quantity: int, *, key: str) -> None:
        request, answer = self._record(service, quantity, key)
        taken = self.tour.step("POST", request, answer)
        meter = taken["meter"]
        paid = f"{taken['from_quota']} from the quota, {taken['credits']} credits"
        self.tour.say(f"{paid}; {meter['used']} of {meter['quota']} used")

    def _refused(self, service: Mapping[str, str]) -> None:
        request, answer = self._record(service, 2, "use-more")
        problem = self.tour.step("POST", request, answer, expected=REFUSED)
        offers: dict[str, Any] = problem["offers"]
        packages = " + ".join(f"{each['quantity']} × {each['package_id']}" for each in offers["packages"])
        self.tour.say(f"{problem['code']}: {problem['shortfall']} credits short")
        self.tour.say(f"offered: {packages} for {money(offers['total'])}")
        self.tour.say(f"or the {offers['plan']['plan_id']} plan for {money(offers['plan']['price'])} a month")

    def _usage(self, customer: Mapping[str, str]) -> None:
        path = "/api/user/usage?days=7"
        usage = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=customer))
        meter = next(each for each in usage["meters"] if each["meter"] == METER)
        self.tour.say(
            f"{meter['name']} {meter['percent']} %: {meter['level']}, {usage['credits']['available']:,} credits"
        )
        for warning in usage["warnings"]:
            self.tour.say(warning["message"])
