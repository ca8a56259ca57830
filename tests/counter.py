"""A shop counter for tests: a store in memory, the real `stripe` package over the stand-in, faults on request."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.purchases import Order, Status
from chalicelib.payments.checkout import StripePayments
from chalicelib.payments.client import connect
from chalicelib.payments.terms import CheckoutTerms
from chalicelib.services.limiting import TakeSlot, unlimited
from chalicelib.services.once import Claim
from chalicelib.services.purchasing import Shop, Started, start_purchase
from chalicelib.services.rounds import Errand, Report
from chalicelib.services.sweeping import Sweep, sweep_due
from local.stripe.standin import StandIn
from local.stripe.transport import InProcess
from tests.builders import CATALOG, NOON, patience, stamp
from tests.fakes import Faulty, MemoryStore

TERMS = CheckoutTerms(origin="https://app.example", default_return_path="/", minutes=60, automatic_tax=False)
SECRET = "whsec_test"


class Counter:
    """Sells packages; `fail` makes named calls go wrong, `control` plays the customer and the bank."""

    def __init__(self, *, wallet_id: str = "acct_a") -> None:
        self.wallet_id = wallet_id
        self.clock = NOON
        self.store = MemoryStore()
        self.standin = StandIn(now=lambda: self.clock, secrets=[SECRET])
        self.transport = InProcess(self.standin)
        client = connect("sk_test_1", "https://stripe.example", http_client=self.transport)
        self.payments = StripePayments(lambda: client, TERMS, live=False)
        self.calls: list[str] = []
        self.troubles: dict[tuple[str, str], list[BaseException]] = {}
        self.strike: Callable[[str, str], None] = lambda _name, _when: None
        self.take_slot: TakeSlot = unlimited
        self.seen_store: Any = Faulty(self.store, self._point)
        self.seen_payments: Any = Faulty(self.payments, self._point)

    def _point(self, name: str, when: str) -> None:
        if when == "before":
            self.calls.append(name)
        self.strike(name, when)
        if self.troubles.get((name, when)):
            raise self.troubles[name, when].pop(0)

    def fail(self, name: str, when: str, troubles: Sequence[BaseException]) -> None:
        self.troubles[name, when] = list(troubles)

    def claim(self, key: str, body: dict[str, Any] | None = None) -> Claim:
        return Claim.on(self.wallet_id, key, operation="purchase", body=body or {"package_id": "starter"})

    def buy(
        self,
        key: str = "k1",
        *,
        order: Order | None = None,
        body: dict[str, Any] | None = None,
        now: datetime = NOON,
    ) -> Started:
        wanted = order or Order(wallet_id=self.wallet_id, package_id="starter")
        claim = self.claim(key, body)
        return start_purchase(self.shop, wanted, claim, email="a@example.org", now=now, take_slot=self.take_slot)

    @property
    def shop(self) -> Shop:
        return Shop(store=self.seen_store, payments=self.seen_payments, catalog=CATALOG, patience=patience())

    def sweep(self) -> Report:
        errand = Errand(
            store=self.seen_store,
            catalog=CATALOG,
            patience=patience(),
            stamp=lambda: stamp(self.clock, actor="clock"),
            has_time=lambda: True,
        )
        return sweep_due(Sweep(errand, self.shop))

    def status(self, begun: Started) -> Status:
        return self.store.purchases[self.wallet_id, begun.purchase.purchase_id].status

    def control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self.standin.handle("POST", f"/_control/{path}", {}, json.dumps(body).encode())
        assert reply.status < 300, reply.body
        answer: dict[str, Any] = json.loads(reply.body)
        return answer

    def created(self, path: str) -> list[tuple[str, str]]:
        return [call for call in self.transport.calls if call == ("POST", path)]

    def foreign_session(self) -> str:
        """Open a session as another program with the same Stripe account would."""
        client = connect("sk_test_1", "https://stripe.example", http_client=self.transport)
        session = client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "success_url": "https://other.example/",
                "cancel_url": "https://other.example/",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Tea"}},
                    }
                ],
            }
        )
        return session.id
