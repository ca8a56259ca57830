"""A customer who subscribes: through the API, the stand-in's pay page, and the events that follow."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.payments.client import connect
from infra.stripe_sync import sync
from local.replies import Reply
from tests.api.desk import Desk
from tests.webhooks.premises import KEY, WALLET

Json = dict[str, Any]
PATH = "/api/user/subscription"


class Subscriber:
    """Acts for one wallet; what is on offer is at the stand-in already."""

    def __init__(self, desk: Desk, wallet_id: str = WALLET) -> None:
        self.desk, self.wallet_id = desk, wallet_id
        self._keys = 0
        client = connect(KEY, "https://stripe.example", http_client=desk.premises.transport)
        sync(client, wiring.catalog())

    def ask(self, path: str, body: object, *, key: str | None = "", token: str | None = None, query: str = "") -> Reply:
        """Send a command with a key of its own, unless one is given."""
        self._keys += 1
        key = f"plan-{self._keys}" if key == "" else key
        return self.desk.post(f"{PATH}{path}{query}", body, key=key, token=token or self.token())

    def token(self) -> str:
        return self.desk.token(self.wallet_id)

    def want(self, plan_id: str, interval: str = "month", **how: Any) -> Reply:
        return self.ask("/checkout", {"plan_id": plan_id, "interval": interval}, **how)

    def cancel(self, at: str = "period_end", **how: Any) -> Reply:
        return self.ask("/cancel", {"at": at}, **how)

    def resume(self, **how: Any) -> Reply:
        return self.ask("/resume", {}, **how)

    def subscribe(self, plan_id: str = "pro", interval: str = "month", method: str = "card") -> str:
        """Subscribe and pay; gives the subscription's id at the stand-in."""
        begun = self.want(plan_id, interval)
        assert begun.status == 201, begun.body
        session_id = begun.json()["checkout_session_id"]
        self.desk.premises.control(f"sessions/{session_id}/pay", method=method)
        return str(self.at_stripe("checkout.session")[session_id]["subscription"])

    def renew(self, subscription_id: str, outcome: str = "paid") -> None:
        self.desk.premises.control(f"subscriptions/{subscription_id}/renew", outcome=outcome)

    def shown(self) -> Json:
        """What the API says of the subscription."""
        reply = self.desk.get(PATH, token=self.token())
        assert reply.status == 200, reply.body
        found: Json = reply.json()
        return found

    def at_stripe(self, kind: str) -> dict[str, Json]:
        return dict(self.desk.premises.standin._account.objects.get(kind, {}))

    def payments(self) -> list[Json]:
        found: list[Json] = self.desk.get("/api/user/payments", token=self.token()).json()["payments"]
        return found
