"""A counter for tests at which a purchase was paid, and what then happens to its money and its credits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.domain import audit
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.transfers import Order, transfer
from chalicelib.domain.usage import Use, decide
from chalicelib.services.fulfilling import Outcome, fulfil
from chalicelib.services.ports import Change, Oddity
from chalicelib.services.taking_back import take_back
from tests.builders import CATALOG, stamp
from tests.counter import Counter


class Desk(Counter):
    """1,000 credits were bought for 1,000 minor units and paid at Stripe; `fulfilled` tells the program so."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = self.buy()
        self.control(f"sessions/{self.begun.purchase.session_id}/pay", {"method": "card"})
        session = self.payments.payment(self.begun.purchase.session_id or "")
        assert session
        assert session.payment_id
        self.payment_id = session.payment_id

    @property
    def row(self) -> Purchase:
        return self.store.purchases["acct_a", self.begun.purchase.purchase_id]

    @row.setter
    def row(self, row: Purchase) -> None:
        self.store.purchases["acct_a", self.begun.purchase.purchase_id] = row

    def due_at(self) -> datetime | None:
        """When the purchase is looked at next."""
        return self.row.due_at

    def hint(self, **more: Any) -> Oddity:
        fields: dict[str, Any] = {"event_id": "evt_1", "type": "refund.created", "reason": "", "at": self.clock}
        return Oddity(**(fields | more))

    def fulfilled(self) -> Outcome:
        return fulfil(self.shop, self.begun.purchase.session_id or "", event=self.hint(), stamp=stamp(self.clock))

    def taken(self, payment_id: str | None = None) -> Outcome:
        return take_back(self.shop, payment_id or self.payment_id, event=self.hint(), stamp=stamp(self.clock))

    def refund(self, amount: int) -> str:
        made = self.control(f"payment_intents/{self.payment_id}/refund", {"amount": amount})
        return str(made["id"])

    def dispute(self) -> str:
        return str(self.control(f"payment_intents/{self.payment_id}/dispute", {})["id"])

    def close(self, dispute_id: str, status: str) -> None:
        self.control(f"disputes/{dispute_id}/close", {"status": status})

    def spend(self, wallet_id: str, credits: int) -> None:
        use = Use(wallet_id=wallet_id, meter="extra", quantity=3 * credits)
        self.store.commit(Change(decisions=[decide(self.store.wallet(wallet_id), use, CATALOG, stamp(self.clock))]))

    def give(self, credits: int) -> None:
        wanted = Grant(credits=credits, source=Source.PROMO)
        self.store.commit(Change(decisions=[grant(self.store.wallet("acct_a"), wanted, CATALOG, stamp(self.clock))]))

    def move(self, sender: str, receiver: str, credits: int) -> None:
        order = Order(from_wallet_id=sender, to_wallet_id=receiver, credits=credits)
        wallets = self.store.two_wallets(sender, receiver)
        moved = transfer(*wallets, order, CATALOG, stamp(self.clock))
        self.store.commit(Change(decisions=[moved.sent, moved.received], holders=moved.holders))

    def kinds(self, wallet_id: str = "acct_a") -> list[str]:
        return [entry.kind for entry in self.store.history_of(wallet_id)]

    def stands(self, wallet_id: str = "acct_a") -> tuple[int, int, int]:
        """What is available, set aside and owed."""
        wallet = self.store.wallet(wallet_id)
        return wallet.available(self.clock), wallet.set_aside, wallet.debt

    def check(self) -> None:
        for wallet_id, wallet in self.store.wallets.items():
            assert list(audit.faults(wallet, self.store.history_of(wallet_id))) == []
