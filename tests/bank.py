"""A counter with the bank behind it: money goes back at the stand-in, and the program hears of it event by event."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from chalicelib.domain import audit
from chalicelib.domain.moneyback import target_of
from chalicelib.domain.purchases import Purchase, Status
from chalicelib.domain.transfers import Order
from chalicelib.domain.usage import Use
from chalicelib.payments import events
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.hearing import apply_event
from chalicelib.services.once import Claim
from chalicelib.services.ports import Oddity
from chalicelib.services.purchasing import Started
from chalicelib.services.reconciling import Reconciliation, reconcile
from chalicelib.services.rounds import Errand
from chalicelib.services.transferring import transfer_credits
from chalicelib.services.using import Event, Till, record_usage
from tests.builders import CATALOG, patience, stamp
from tests.counter import Counter
from tests.fakes import MemoryStore

Json = dict[str, Any]
PER_CREDIT = 3  # of the meter `extra`, which is paid from the first unit on


def hint_of(event: Json) -> Oddity:
    """Read an event as the webhook does once it is verified."""
    return events._read(json.dumps(event).encode()).hint(stamp().now)


class NotPossible(Exception):
    """The stand-in refuses, as Stripe would."""


class Bank(Counter):
    """Plays buyer, seller and bank; looks at what came of it on both sides."""

    def objects(self, kind: str) -> list[Json]:
        """What the stand-in holds of a kind, oldest first."""
        found: dict[str, Json] = self.standin._account.objects.get(kind, {})
        return list(found.values())

    def control(self, path: str, body: Json) -> Json:
        reply = self.standin.handle("POST", f"/_control/{path}", {}, json.dumps(body).encode())
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise NotPossible(reply.body)
        answer: Json = json.loads(reply.body)
        return answer

    def pay(self, begun: Started) -> str:
        """Pay by card; gives the payment's id."""
        paid = self.control(f"sessions/{begun.purchase.session_id}/pay", {"method": "card"})
        return str(paid["payment_intent"])

    def refund(self, payment_id: str, amount: int) -> str:
        return str(self.control(f"payment_intents/{payment_id}/refund", {"amount": amount})["id"])

    def dispute(self, payment_id: str, amount: int, *, inquiry: bool = False) -> str:
        wishes = {"amount": amount, "inquiry": inquiry}
        return str(self.control(f"payment_intents/{payment_id}/dispute", wishes)["id"])

    def close(self, dispute_id: str, status: str) -> None:
        self.control(f"disputes/{dispute_id}/close", {"status": status})

    def reinstate(self, dispute_id: str) -> None:
        """Give the money of a lost dispute back after all, as banks now and then do."""
        account = self.standin._account
        dispute = account.find("dispute", dispute_id)
        dispute["status"] = "won"
        account.emit("charge.dispute.funds_reinstated", dispute)

    def hear(self, event: Json) -> Outcome:
        return apply_event(self.shop, hint_of(event), stamp=stamp(self.clock, actor="stripe"))

    def reconcile(self) -> Reconciliation:
        """Compare with the stand-in, and heal."""
        errand = Errand(
            store=self.seen_store,
            catalog=CATALOG,
            patience=patience(),
            stamp=lambda: stamp(self.clock, actor="clock"),
            has_time=lambda: True,
        )
        return reconcile(self.shop, errand, apply=True)

    def move(self, to: str, credits: int, key: str = "t1") -> None:
        order = Order(from_wallet_id=self.wallet_id, to_wallet_id=to, credits=credits)
        claim = Claim.on(self.wallet_id, key, operation="transfer", body={})
        transfer_credits(till(self.store), order, claim, stamp=stamp(self.clock))

    def spend(self, wallet_id: str, credits: int, key: str = "u1") -> None:
        use = Use(wallet_id=wallet_id, meter="extra", quantity=credits * PER_CREDIT)
        claim = Claim.on(wallet_id, key, operation="usage", body={})
        record_usage(till(self.store), Event(use, claim), stamp=stamp(self.clock))

    def kept_minor(self, purchase: Purchase) -> int:
        """What the stand-in says is left of a purchase's money: paid, less refunds that arrived and disputes lost."""
        sessions = [each for each in self.objects("checkout.session") if each["id"] == purchase.session_id]
        [paid] = [int(each["amount_total"]) for each in sessions if each["payment_status"] == "paid"]
        gone = sum(int(each["amount"]) for each in self.of(purchase, "refund") if each["status"] == "succeeded")
        lost = sum(int(each["amount"]) for each in self.of(purchase, "dispute") if each["status"] == "lost")
        return max(0, paid - gone - lost)

    def of(self, purchase: Purchase, kind: str) -> list[Json]:
        return [each for each in self.objects(kind) if each["payment_intent"] == purchase.payment_id]

    def check_kept(self) -> None:
        """Paid at the stand-in is granted less revoked, for every purchase, and over the wallets together."""
        kept = 0
        for purchase in self.store.purchases.values():
            assert purchase.status is Status.PAID
            paid = purchase.paid_minor or 0
            credits = purchase.total_credits * self.kept_minor(purchase) // paid
            assert purchase.total_credits - purchase.revoked == credits
            kept += credits
        assert worth(self.store) == kept


def till(store: MemoryStore) -> Till:
    return Till(store=store, catalog=CATALOG, patience=patience())


def spent(store: MemoryStore) -> int:
    return sum(-int(entry.facts["credits"]) for entry in store.entries.values() if entry.kind == "usage")


def worth(store: MemoryStore) -> int:
    """What all wallets have left, less their debts, with what was spent."""
    return sum(wallet.left - wallet.debt for wallet in store.wallets.values()) + spent(store)


def check_books(store: MemoryStore) -> None:
    """What must hold after every write: the books of every wallet, and revoked = target of what is known."""
    for wallet_id, wallet in store.wallets.items():
        assert list(audit.faults(wallet, store.history_of(wallet_id))) == []
    for purchase in store.purchases.values():
        if purchase.status is Status.PAID:
            assert purchase.revoked == target_of(purchase.total_credits, purchase.paid_minor or 0, purchase.facts)
            assert 0 <= purchase.owed <= purchase.revoked
