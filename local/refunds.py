"""The fourth act of the transcript: money goes back, and its credits with it; a dispute comes and is won."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.client import call
from local.transcript import cut, money

if TYPE_CHECKING:
    from local.tour import Tour

USE = {"meter": "pull_requests", "quantity": 170}  # 50 are in the plan; the others cost 5 credits each
PART = 250  # cents that go back first
TWO_HOURS = 7200  # seconds; what is younger than one is not compared
Bearer = Mapping[str, str]


@dataclass(slots=True)
class Refunds:
    """Buys and spends, then has money go back past the API, through a bank, and by an admin's word."""

    tour: Tour
    service: Bearer
    wallet_id: str
    _bearer: Bearer = field(default_factory=dict, init=False)
    _purchase_id: str = field(default="", init=False)

    def run(self) -> None:
        """Show a part refunded, a dispute opened and won, the rest refunded into debt, and that Stripe agrees."""
        self._bearer = self.tour.bearer(self.wallet_id)
        admin = self.tour.bearer("acct_admin", scope="tally:admin")
        payment_id = self._buy_and_spend()
        self._control(f"payment_intents/{payment_id}/refund", payment_id, amount=PART)
        self._await(refunded=PART, disputed=False)
        self._balance()
        dispute = self._control(f"payment_intents/{payment_id}/dispute", payment_id)
        self._await(refunded=PART, disputed=True)
        self._balance()
        self._control(f"disputes/{dispute['id']}/close", dispute["id"], status="won")
        self._await(refunded=PART, disputed=False)
        self._balance()
        self._refund_rest(admin)
        self._history()
        self._balance()
        self._payments()
        self._reconcile()

    def _buy_and_spend(self) -> str:
        bought = self.tour.buy(self._bearer, key=f"{self.wallet_id}-1")
        self._purchase_id = bought["purchase_id"]
        payment_id = self.tour.pay(bought["checkout_session_id"])
        self.tour.await_webhook(self._bearer, self._purchase_id)
        path, body = "/api/user/usage/increment", {"wallet_id": self.wallet_id, **USE}
        used = self._post(path, body, self.service, key="use", shown=USE)
        self.tour.say(f"{used['from_quota']} from the quota, {used['credits']} credits; {used['available']} available")
        return payment_id

    def _post(self, path: str, body: Mapping[str, Any], bearer: Bearer, *, key: str, shown: Mapping[str, Any]) -> Any:
        headers = {**bearer, "Idempotency-Key": f"{self.wallet_id}-{key}"}
        answer = call("POST", self.tour.api + path, body=dict(body), headers=headers)
        return self.tour.step("POST", f"{path}  {json.dumps(shown)}", answer)

    def _control(self, path: str, name: str, **wishes: Any) -> dict[str, Any]:
        """Play the seller at Stripe, the buyer's bank, or the bank's judge."""
        path = f"/_control/{path}"
        answer = call("POST", self.tour.stripe + path, body=wishes)
        shown = self.tour.stripe + path.replace(name, cut(name))
        done: dict[str, Any] = self.tour.step("POST", f"{shown}  {json.dumps(wishes)}", answer)
        self.tour.say(
            f"the {done['object']} of {done['amount'] / 100:,.2f} {done['currency'].upper()}: {done['status']}"
        )
        return done

    def _await(self, *, refunded: int, disputed: bool) -> None:
        """Wait until the purchase knows of the money, as Stripe's events have it."""

        def is_there(purchase: Mapping[str, Any]) -> bool:
            return (purchase["refunded_minor"], purchase["disputed"]) == (refunded, disputed)

        purchase, _ = self.tour.await_purchase(self._bearer, self._purchase_id, is_there)
        back = money({**purchase["price"], "amount_minor": purchase["refunded_minor"]})
        self.tour.say(
            f"{back} refunded, {purchase['revoked_credits']} credits revoked, "
            f"{'disputed' if purchase['disputed'] else 'not disputed'}"
        )

    def _balance(self) -> None:
        path = "/api/credits/balance"
        balance = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self._bearer))
        self.tour.say(f"{balance['available']} available, {balance['set_aside']} set aside, debt {balance['debt']}")

    def _refund_rest(self, admin: Bearer) -> None:
        path = f"/api/admin/wallets/{self.wallet_id}/refunds"
        body = {"purchase_id": self._purchase_id, "reason": "not wanted"}
        made = self._post(path, body, admin, key="refund", shown=body)
        left = f"{made['revoked']} credits revoked in all, debt {made['debt']}"
        self.tour.say(f"{made['amount_minor'] / 100:,.2f} USD go back; {left}")

    def _history(self) -> None:
        path = "/api/credits/history"
        entries = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self._bearer))["entries"]
        for entry in entries:
            amount = f"{entry['kind']} {entry['credits']:+,}"
            owed = f", debt {entry['debt']:+,}" if entry.get("debt") else ""
            why = f": {entry['reason']}" if entry.get("reason") else ""
            self.tour.say(f"entry {entry['seq']}: {amount}{owed}, by {entry['actor']}{why}")

    def _payments(self) -> None:
        path = "/api/user/payments"
        paid = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self._bearer))["payments"]
        for each in paid:
            back = money({**each["amount"], "amount_minor": each["refunded_minor"]})
            self.tour.say(f"{each['purchase_id']}: {money(each['amount'])} {each['status']}, {back} refunded")

    def _reconcile(self) -> None:
        """Compare all of it with Stripe, once it is old enough that no event is still on its way."""
        path, body = "/local/clock", {"advance_seconds": TWO_HOURS}
        answer = call("POST", self.tour.api + path, body=body)
        now = self.tour.step("POST", f"{path}  {json.dumps(body)}", answer)["now"]
        self.tour.say(f"it is {now[11:16]} UTC now, for everything here")
        path = "/local/jobs/reconcile_stripe"
        counts: dict[str, Any] = self.tour.step("POST", path, call("POST", self.tour.api + path, body={}))
        self.tour.say(", ".join(f"{name} {count}" for name, count in counts.items() if name != "more"))
