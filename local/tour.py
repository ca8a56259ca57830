"""The transcript of `make run`: a customer buys credits, over HTTP, and every answer is a real one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from local.client import Answer, call

PATIENCE = 20.0  # seconds for the webhook
LOOK_EVERY = 0.05  # seconds
CUT = 28  # characters shown of what is long and tells a reader nothing
BODY = {"package_id": "starter"}


class WentWrong(Exception):
    """An answer was not what it should be. The message shows it."""


@dataclass(slots=True)
class Tour:
    """Buys credits for a wallet that is new with every run. *show* prints a line."""

    api: str
    stripe: str
    show: Callable[[str], object]
    _steps: int = field(default=0, init=False)
    _status: int = field(default=0, init=False)

    def run(self) -> None:
        """
        Walk through a purchase.

        Raises:
            WentWrong: A step failed; those before it are shown.
        """
        wallet_id = f"acct_tour_{int(time.time())}"
        bearer = {"Authorization": f"Bearer {self._token(wallet_id)}"}
        self._packages()
        bought = self._buy(bearer, key=f"{wallet_id}-1")
        self._pay(bought["checkout_session_id"])
        self._await_webhook(bearer, bought["purchase_id"])
        self._balance(bearer)
        self._history(bearer)

    def _token(self, wallet_id: str) -> str:
        path = f"/local/token?{urlencode({'wallet_id': wallet_id})}"
        answer = self._step("GET", path, call("GET", self.api + path))
        token: str = answer["token"]
        self._say(f"token {_cut(token)}")
        return token

    def _packages(self) -> None:
        path = "/api/credits/packages"
        offers = self._step("GET", path, call("GET", self.api + path))["packages"]
        self._say(
            ", ".join(f"{each['package_id']}: {each['credits']:,} for {_money(each['price'])}" for each in offers)
        )

    def _buy(self, bearer: Mapping[str, str], *, key: str) -> dict[str, Any]:
        path = "/api/credits/purchase"
        answer = call("POST", self.api + path, body=BODY, headers={**bearer, "Idempotency-Key": key})
        bought: dict[str, Any] = self._step("POST", f"{path}  {json.dumps(BODY)}  Idempotency-Key: {key}", answer)
        self._say(f"{bought['purchase_id']} {bought['status']}, {bought['credits']:,} for {_money(bought['price'])}")
        return bought

    def _pay(self, session_id: str) -> None:
        path, body = f"/_control/sessions/{session_id}/pay", {"method": "card"}
        answer = call("POST", self.stripe + path, body=body)
        shown = self.stripe + path.replace(session_id, _cut(session_id))
        paid = self._step("POST", f"{shown}  {json.dumps(body)}", answer)
        self._say(f"the checkout session is {paid['status']}, {paid['payment_status']}")

    def _await_webhook(self, bearer: Mapping[str, str], purchase_id: str) -> None:
        path, began = f"/api/credits/purchases/{purchase_id}", time.monotonic()
        answer = call("GET", self.api + path, headers=bearer)
        while _still(answer, "pending") and time.monotonic() - began < PATIENCE:
            time.sleep(LOOK_EVERY)
            answer = call("GET", self.api + path, headers=bearer)
        took = (time.monotonic() - began) * 1000
        purchase = self._step("GET", path, answer)
        if purchase["status"] != "paid":
            raise WentWrong(f"the purchase is {purchase['status']}: Stripe's event did not arrive in {PATIENCE:.0f} s")
        self._say(f"paid, granted as {purchase['lot_id']}; Stripe's signed event took {took:.0f} ms")

    def _balance(self, bearer: Mapping[str, str]) -> None:
        path = "/api/credits/balance"
        balance = self._step("GET", path, call("GET", self.api + path, headers=bearer))
        ends = balance["expiring_next"]["at"][:10] if balance["expiring_next"] else "never"
        self._say(f"balance {balance['available']:,}, held {balance['held']:,}, ends {ends}")

    def _history(self, bearer: Mapping[str, str]) -> None:
        path = "/api/credits/history"
        entries = self._step("GET", path, call("GET", self.api + path, headers=bearer))["entries"]
        for entry in entries:
            amount = f"{entry['kind']} {entry['credits']:+,}, {entry['available_after']:,} available"
            self._say(f"entry {entry['seq']}: {amount}, by {entry['actor']}, hash {entry['hash'][:12]}…")

    def _step(self, method: str, request: str, answer: Answer) -> Any:
        self._steps += 1
        self.show("")
        self.show(f"  {self._steps}  {method:<5}{request}")
        if answer.status // 100 != 2:  # noqa: PLR2004 - success
            raise WentWrong(f"{answer.status} {json.dumps(answer.body)}")
        self._status = answer.status
        return answer.body

    def _say(self, text: str) -> None:
        self.show(f"     {self._status:<5}{text}")


def _still(answer: Answer, status: str) -> bool:
    return answer.status == 200 and answer.body["status"] == status  # noqa: PLR2004


def _money(price: Mapping[str, Any]) -> str:
    """Write an amount by the exponent that the API names."""
    exponent = price["exponent"]
    return f"{price['amount_minor'] / 10**exponent:,.{exponent}f} {price['currency'].upper()}"


def _cut(text: str) -> str:
    return text if len(text) <= CUT else f"{text[:CUT]}…"
