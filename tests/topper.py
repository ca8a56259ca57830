"""A bank for tests with a wallet that tops itself up: a card is saved, a line set, spends cross it, a job charges."""

from __future__ import annotations

from collections import Counter as Bag
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from chalicelib.domain.holding import Wish, place
from chalicelib.domain.purchases import Order, Purchase, Status
from chalicelib.domain.topups import TopUp, TopUpStatus, TopUpTerms
from chalicelib.domain.usage import Use
from chalicelib.services.once import Claim
from chalicelib.services.ports import Change, Oddity, Store
from chalicelib.services.rounds import Errand, Report
from chalicelib.services.topping_up import Charging, charge_due
from chalicelib.services.topup_settings import set_topup
from chalicelib.services.using import Event, Till, record_usage
from tests.bank import PER_CREDIT, Bank, Json, check_books
from tests.builders import CATALOG, patience, stamp
from tests.fakes import MemoryStore

TERMS = TopUpTerms(below=200, target=1000, package_id="starter", monthly_cap_minor=None)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Topper(Bank):
    """1,000 credits were bought with a card that was saved; below 200 a package of 1,000 for 1,000 is bought."""

    def __init__(
        self, terms: TopUpTerms | None = TERMS, *, wallet_id: str = "acct_a", store: Store | None = None
    ) -> None:
        super().__init__(wallet_id=wallet_id)
        if store:  # an engine's; then only what `Store` promises can be asked of it
            self.store = cast(MemoryStore, store)
            self.seen_store = store
        begun = self.buy(order=Order(wallet_id=wallet_id, package_id="starter", save_card=True))
        self.pay(begun)
        self.heard = 0  # events, of those that there are
        self.listen()
        self.customer_id = str(self.store.customer(wallet_id))
        if terms:
            self.set(terms)
        self.calls.clear()

    def till(self) -> Till:
        return Till(store=self.seen_store, catalog=CATALOG, patience=patience())

    def set(self, terms: TopUpTerms | None = TERMS, *, enabled: bool = True) -> TopUp:
        """Set the terms as the customer does; None keeps those that stand."""

        def wish(before: TopUp) -> TopUp:
            return replace(before, enabled=enabled, terms=terms or before.terms)

        return set_topup(self.shop, self.wallet_id, wish, stamp=stamp(self.clock), take_slot=self.take_slot)

    def use(self, credits: int, key: str | None = None) -> None:
        """Spend credits, once per key; without one, anew."""
        use = Use(wallet_id=self.wallet_id, meter="extra", quantity=credits * PER_CREDIT)
        name = key or f"u{self.store.wallet(self.wallet_id).seq}"
        claim = Claim.on(self.wallet_id, name, operation="usage", body={"credits": credits})
        record_usage(self.till(), Event(use, claim), stamp=stamp(self.clock))

    def hold(self, credits: int) -> None:
        """Set credits aside for ten minutes."""
        wish = Wish(wallet_id=self.wallet_id, ttl=10 * MINUTE, credits=credits)
        self.store.commit(
            Change(decisions=[place(self.store.wallet(self.wallet_id), wish, CATALOG, stamp(self.clock))])
        )

    def cross(self) -> None:
        """Spend down to 100 credits, whatever there is."""
        self.use(self.available - 100)

    def charge(self, **later: float) -> Report:
        """Run the job, so much later."""
        self.clock += timedelta(**later)
        return charge_due(self.charging())

    def charging(self) -> Charging:
        errand = Errand(
            store=self.seen_store,
            catalog=CATALOG,
            patience=patience(),
            stamp=lambda: stamp(self.clock, actor="clock"),
            has_time=lambda: True,
        )
        return Charging(errand, self.shop)

    def card(self, behaviour: str) -> None:
        """Say how the customer's card takes payments from now on."""
        self.control(f"customers/{self.customer_id}/card", {"behaviour": behaviour})

    def new_card(self) -> str:
        """Have the customer save another card, as the provider's own pages do; it works."""
        self.card("ok")
        account = self.standin._account
        [method, *_] = [each for each in account.all("payment_method") if each["customer"] == self.customer_id]
        other = account.add({**method, "id": account.new_id("pm"), "created": account.timestamp()})
        settings = account.find("customer", self.customer_id)["invoice_settings"]
        settings["default_payment_method"] = other["id"]
        return str(other["id"])

    def without_card(self) -> None:
        """Have the customer remove every card."""
        for method in self.standin._account.all("payment_method"):
            method["customer"] = None
        self.standin._account.find("customer", self.customer_id)["invoice_settings"]["default_payment_method"] = None

    def listen(self, *, times: int = 1) -> None:
        """Hear every new event."""
        told = self.objects("event")[self.heard :]
        self.heard += len(told)
        for event in told * times:
            self.hear(event)

    def bank_says(self, verb: str) -> None:
        """Have the bank settle or fail the debit that is under way."""
        [intent] = [each for each in self.intents() if each["status"] == "processing"]
        self.control(f"payment_intents/{intent['id']}/{verb}", {})

    @property
    def available(self) -> int:
        return self.store.wallet(self.wallet_id).available(self.clock)

    @property
    def row(self) -> TopUp:
        return self.store.topup(self.wallet_id)

    @row.setter
    def row(self, row: TopUp) -> None:
        self.store.topups[self.wallet_id] = row

    @property
    def stands(self) -> TopUpStatus:
        """How the top-up reads now."""
        return self.row.status(self.clock)

    def intents(self) -> list[Json]:
        """What the stand-in holds of payments for top-ups, oldest first."""
        return [each for each in self.objects("payment_intent") if "tally_topup" in each["metadata"]]

    def outcomes(self) -> list[str]:
        return [str(each["status"]) for each in self.intents()]

    def topups(self) -> list[Purchase]:
        found = [each for each in self.store.purchases.values() if each.topup_seq is not None]
        return sorted(found, key=lambda each: each.purchase_id)

    def told(self) -> list[str]:
        """Of which reasons the customer was told, oldest first."""
        messages = [each.message for each in self.store.messages.values() if each.message.kind.value == "topup_failed"]
        return [str(each.facts["reason"]) for each in messages]

    def granted(self) -> list[Any]:
        """The entries that granted a top-up."""
        ids = {each.purchase_id for each in self.topups()}
        return [each for each in self.store.history_of(self.wallet_id) if each.facts.get("purchase_id") in ids]

    def hint(self) -> Oddity:
        return Oddity(event_id="evt_hint", type="topup", reason="", at=self.clock)

    def check_alive(self) -> None:
        """At most one payment of each trigger has succeeded, or still may."""
        alive = Bag(each["metadata"]["tally_topup"] for each in self.intents() if each["status"] != "canceled")
        assert all(count == 1 for count in alive.values()), alive

    def check(self) -> None:
        """What must hold after every step: the books, one payment of each trigger, one grant of each payment."""
        check_books(self.store)
        self.check_alive()
        paid = {each.payment_id for each in self.topups() if each.status is Status.PAID}
        assert paid <= {each["id"] for each in self.intents() if each["status"] == "succeeded"}
        grants = Bag(each.facts["purchase_id"] for each in self.granted() if each.kind == "purchase")
        assert all(count == 1 for count in grants.values()), grants
        under_way = [each for each in self.topups() if each.is_open]
        assert [each.purchase_id for each in under_way] == ([self.row.flight.purchase_id] if self.row.flight else [])

    def check_quiet(self) -> None:
        """What must hold when all is quiet: what was paid for was granted, and the month's money is what was taken."""
        self.check()
        succeeded = {each["id"] for each in self.intents() if each["status"] == "succeeded"}
        assert {each.payment_id for each in self.topups() if each.status is Status.PAID} == succeeded
        assert len([each for each in self.granted() if each.kind == "purchase"]) == len(succeeded)

    def due_names(self, until: datetime) -> list[str]:
        """What the index of what is due says by a time, of this wallet."""
        found = [self.store.due_purchases(shard, until).names for shard in range(8)]
        return [name for names in found for wallet_id, name in names if wallet_id == self.wallet_id]
