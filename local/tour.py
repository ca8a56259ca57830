"""The transcript of `make run`: a customer buys credits, over HTTP, and every answer is a real one; then the others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from local.books import Books
from local.client import call
from local.limits import Limits
from local.plans import Plans
from local.refunds import Refunds
from local.team import Team
from local.topup import TopUp
from local.transcript import Transcript, WentWrong, cut, money
from local.year import Year

PATIENCE = 20.0  # seconds for the webhook
LOOK_EVERY = 0.05  # seconds
BODY = {"package_id": "starter"}
OK = 200


@dataclass(slots=True, kw_only=True)
class Tour(Transcript):
    """Buys, meets limits, shares, gives money back, changes plans, tops up, proves its books, lets a year go by."""

    api: str
    stripe: str

    def run(self) -> None:
        """
        Walk through a purchase, a month over its limit, holds and a team, money back, plans, and a year to its end.

        Raises:
            WentWrong: A step failed; those before it are shown.
        """
        number = int(time.time())
        wallet_id, busy_id = f"acct_tour_{number}", f"acct_tour_{number}_busy"
        bearer = self.bearer(wallet_id)
        self._packages()
        bought = self.buy(bearer, key=f"{wallet_id}-1")
        self.pay(bought["checkout_session_id"])
        self.await_webhook(bearer, bought["purchase_id"])
        self._balance(bearer)
        self._history(bearer)
        service = self.bearer("svc_analyser", scope="tally:service")
        Limits(self, service, busy_id).run()
        Team(self, service, busy_id, f"team_tour_{number}").run()
        Refunds(self, service, f"{wallet_id}_back").run()
        Plans(self, busy_id).run()
        TopUp(self, service, f"{wallet_id}_auto").run()
        Books(self, self.bearer(f"{wallet_id}_back")).run()
        Year(self, bearer, wallet_id, busy_id).run()  # the last act: the clock never goes back

    def bearer(self, wallet_id: str, **more: str) -> dict[str, str]:
        """Take a token, and give the header that carries it."""
        path = f"/local/token?{urlencode({'wallet_id': wallet_id, **more}, safe=':')}"
        token: str = self.step("GET", path, call("GET", self.api + path))["token"]
        self.say(f"token {cut(token)}")
        return {"Authorization": f"Bearer {token}"}

    def _packages(self) -> None:
        path = "/api/credits/packages"
        offers = self.step("GET", path, call("GET", self.api + path))["packages"]
        self.say(", ".join(f"{each['package_id']}: {each['credits']:,} for {money(each['price'])}" for each in offers))

    def buy(self, bearer: Mapping[str, str], *, key: str, **more: Any) -> dict[str, Any]:
        path, body = "/api/credits/purchase", {**BODY, **more}
        answer = call("POST", self.api + path, body=body, headers={**bearer, "Idempotency-Key": key})
        bought: dict[str, Any] = self.step("POST", f"{path}  {json.dumps(body)}  Idempotency-Key: {key}", answer)
        self.say(f"{bought['purchase_id']} {bought['status']}, {bought['credits']:,} for {money(bought['price'])}")
        return bought

    def pay(self, session_id: str) -> str:
        """Pay on the stand-in's page; the payment's id."""
        path, body = f"/_control/sessions/{session_id}/pay", {"method": "card"}
        answer = call("POST", self.stripe + path, body=body)
        shown = self.stripe + path.replace(session_id, cut(session_id))
        paid = self.step("POST", f"{shown}  {json.dumps(body)}", answer)
        self.say(f"the checkout session is {paid['status']}, {paid['payment_status']}")
        payment_id: str = paid["payment_intent"]
        return payment_id

    def await_webhook(self, bearer: Mapping[str, str], purchase_id: str) -> None:
        purchase, took = self.await_purchase(bearer, purchase_id, lambda each: each["status"] == "paid")
        self.say(f"paid, granted as {purchase['lot_id']}; Stripe's signed event took {took:.0f} ms")

    def await_purchase(
        self, bearer: Mapping[str, str], purchase_id: str, is_there: Callable[[dict[str, Any]], bool]
    ) -> tuple[dict[str, Any], float]:
        """
        Ask for a purchase until Stripe's event has come; give it, and how many milliseconds that took.

        Raises:
            WentWrong: The event did not come.
        """
        path, began = f"/api/credits/purchases/{purchase_id}", time.monotonic()
        answer = call("GET", self.api + path, headers=bearer)
        while answer.status == OK and not is_there(answer.body) and time.monotonic() - began < PATIENCE:
            time.sleep(LOOK_EVERY)
            answer = call("GET", self.api + path, headers=bearer)
        took = (time.monotonic() - began) * 1000
        purchase: dict[str, Any] = self.step("GET", path, answer)
        if not is_there(purchase):
            raise WentWrong(f"the purchase is {purchase['status']}: Stripe's event did not arrive in {PATIENCE:.0f} s")
        return purchase, took

    def _balance(self, bearer: Mapping[str, str]) -> None:
        path = "/api/credits/balance"
        balance = self.step("GET", path, call("GET", self.api + path, headers=bearer))
        ends = balance["expiring_next"]["at"][:10] if balance["expiring_next"] else "never"
        self.say(f"balance {balance['available']:,}, held {balance['held']:,}, ends {ends}")

    def _history(self, bearer: Mapping[str, str]) -> None:
        path = "/api/credits/history"
        entries = self.step("GET", path, call("GET", self.api + path, headers=bearer))["entries"]
        for entry in entries:
            amount = f"{entry['kind']} {entry['credits']:+,}, {entry['available_after']:,} available"
            self.say(f"entry {entry['seq']}: {amount}, by {entry['actor']}, hash {entry['hash'][:12]}…")
