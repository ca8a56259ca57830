"""A patron for tests: subscribes and changes plans through the services, over a store in memory and the stand-in."""

from __future__ import annotations

from collections import Counter as Bag
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from chalicelib.domain import audit
from chalicelib.domain.catalog import Catalog, Interval
from chalicelib.domain.lots import Source
from chalicelib.domain.plans import ADMIN, catch_up
from chalicelib.domain.subscription_changes import SubscriptionChange, to_cancel, to_plan, to_resume
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.times import to_text
from chalicelib.domain.usage import Use
from chalicelib.domain.wallet import RunningPlan, Wallet
from chalicelib.payments.client import connect
from chalicelib.services.deadlines import expire_due
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.hearing import apply_event
from chalicelib.services.once import Claim
from chalicelib.services.ports import Checkout, Oddity
from chalicelib.services.purchasing import Shop
from chalicelib.services.rounds import Errand, Report
from chalicelib.services.subscribing import PlanWish, change_plan, open_portal
from chalicelib.services.sweeping import Sweep, sweep_due
from chalicelib.services.using import Event, Till, record_usage
from infra.stripe_sync import sync
from tests.bank import Bank, Json, hint_of
from tests.builders import SOLD, patience, stamp
from tests.fakes import Faulty

WALLET = "acct_a"
PROVIDER = "provider."  # how the names of its calls begin


@cache
def _offered() -> dict[str, dict[str, Json]]:
    """What a stand-in holds once it sells what is usually on offer: made once, because that takes a while."""
    bank = Bank()
    sync(connect("sk_test_1", "https://stripe.example", http_client=bank.transport), SOLD)
    return bank.standin._account.objects


class Patron(Bank):
    """Acts for one wallet; what is on offer is at the stand-in already. `heard` counts the events that were told."""

    def __init__(self, catalog: Catalog = SOLD, *, like: Patron | None = None) -> None:
        super().__init__()
        self.catalog = catalog
        self.heard = 0
        self._keys = 0
        if like:
            self.standin, self.transport, self.payments = like.standin, like.transport, like.payments
        else:
            self.sell(catalog)
        self.seen_payments = Faulty(self.payments, self._asked)

    def _asked(self, name: str, when: str) -> None:
        """Tell calls of the provider from those of the store, of which some have the same name."""
        self._point(f"{PROVIDER}{name}", when)

    def sell(self, catalog: Catalog) -> None:
        """Put what is on offer at the stand-in."""
        self.catalog = catalog
        account = self.standin._account
        if catalog is SOLD and not account.objects:
            account.objects.update(deepcopy(_offered()))
        else:
            sync(connect("sk_test_1", "https://stripe.example", http_client=self.transport), catalog)

    @property
    def shop(self) -> Shop:
        return Shop(store=self.seen_store, payments=self.seen_payments, catalog=self.catalog, patience=patience())

    @property
    def errand(self) -> Errand:
        return Errand(
            store=self.seen_store,
            catalog=self.catalog,
            patience=patience(),
            stamp=lambda: stamp(self.clock, actor="clock"),
            has_time=lambda: True,
        )

    def sweep(self) -> Report:
        return sweep_due(Sweep(self.errand, self.shop))

    def expire(self) -> Report:
        return expire_due(self.errand)

    # What a patron asks for

    def ask(
        self,
        operation: str,
        decide: Callable[[Subscription], SubscriptionChange],
        said: dict[str, Any],
        *,
        key: str | None = None,
        plan_id: str | None = None,
        interval: Interval | None = None,
    ) -> Json:
        """Ask with a key of its own, unless one is given; the answer, and whether it is a repeat."""
        self._keys += 1
        wish = PlanWish(
            wallet_id=WALLET,
            decide=decide,
            show=shown,
            show_checkout=page,
            plan_id=plan_id,
            interval=interval,
            email="a@example.org",
        )
        claim = Claim.on(WALLET, key or f"plan-{self._keys}", operation=f"subscription.{operation}", body=said)
        answer, replayed = change_plan(self.shop, wish, claim, stamp=stamp(self.clock), take_slot=self.take_slot)
        return {**answer, "replayed": replayed}

    def want(self, plan_id: str, interval: Interval = Interval.MONTH, *, key: str | None = None) -> Json:
        def decide(row: Subscription) -> SubscriptionChange:
            return to_plan(row, plan_id, interval, self.catalog)

        said = {"plan_id": plan_id, "interval": interval.value}
        return self.ask("subscribe", decide, said, key=key, plan_id=plan_id, interval=interval)

    def cancel(self, *, now: bool = False, key: str | None = None) -> Json:
        return self.ask("cancel", lambda row: to_cancel(row, now=now), {"now": now}, key=key)

    def resume(self, *, key: str | None = None) -> Json:
        return self.ask("resume", to_resume, {}, key=key)

    def portal(self) -> str:
        return open_portal(self.shop, WALLET, take_slot=self.take_slot)

    def use(self, quantity: int, meter: str = "calls", key: str | None = None) -> int:
        """Use a meter; what it cost."""
        self._keys += 1
        what: dict[str, Any] = {"set_to": quantity} if meter == "seats" else {"quantity": quantity}
        claim = Claim.on(WALLET, key or f"use-{self._keys}", operation="usage", body={"meter": meter})
        till = Till(store=self.store, catalog=self.catalog, patience=patience())
        use = Use(wallet_id=WALLET, meter=meter, **what)
        return -int(record_usage(till, Event(use, claim), stamp=stamp(self.clock)).entry.facts["credits"])

    # What happens at the provider

    def pay_for(self, begun: Json, method: str = "card") -> str:
        """Pay a checkout; the subscription that it begins."""
        paid = self.control(f"sessions/{begun['checkout_session_id']}/pay", {"method": method})
        return str(paid["subscription"])

    def subscribe(self, plan_id: str = "pro", interval: Interval = Interval.MONTH, method: str = "card") -> str:
        """Subscribe, pay, and hear of it."""
        begun = self.want(plan_id, interval)
        name = self.pay_for(begun, method)
        self.listen()
        return name

    def renew(self, subscription_id: str, outcome: str = "paid") -> None:
        self.control(f"subscriptions/{subscription_id}/renew", {"outcome": outcome})

    def set_card(self, behaviour: str) -> None:
        for customer in self.objects("customer"):
            self.control(f"customers/{customer['id']}/card", {"behaviour": behaviour})

    def at_provider(self, method: str, path: str) -> None:
        """Do something on the provider's own pages."""
        reply = self.standin.handle(method, f"/v1/{path}", {"Authorization": "Bearer sk_test_1"})
        assert reply.status == 200, reply.body

    def news(self) -> list[Oddity]:
        """The events that were not told yet; now they are."""
        told = self.objects("event")[self.heard :]
        self.heard += len(told)
        return [hint_of(event) for event in told]

    def told(self, event: Oddity) -> Outcome:
        return apply_event(self.shop, event, stamp=stamp(self.clock, actor="stripe"))

    def listen(self) -> list[Outcome]:
        """Hear every new event, in order."""
        return [self.told(event) for event in self.news()]

    def told_again(self, type_: str) -> Outcome:
        """Hear the newest event of a type, whether it was heard or not."""
        return self.hear(next(event for event in reversed(self.objects("event")) if event["type"] == type_))

    def hear_hint(self, **named: Any) -> Outcome:
        fields: dict[str, Any] = {"event_id": "evt_hint", "type": "test", "reason": "", "at": self.clock}
        return self.told(Oddity(**(fields | named)))

    # What came of it

    @property
    def wallet(self) -> Wallet:
        return self.store.wallet(WALLET)

    @property
    def row(self) -> Subscription:
        return self.store.subscription(WALLET)

    @property
    def plan(self) -> RunningPlan:
        return catch_up(self.wallet, self.catalog, self.wallet.time_of_decision(self.clock)).plan

    @property
    def available(self) -> int:
        caught_up = catch_up(self.wallet, self.catalog, self.wallet.time_of_decision(self.clock))
        return caught_up.wallet.available(self.clock)

    def invoices(self) -> list[tuple[str, int]]:
        """Status and amount of each invoice that is listed, newest first."""
        listed = self.store.listed_invoices(WALLET, before=None, limit=1000)
        return [(each.status, each.amount.amount_minor) for each in listed]

    def billed(self) -> list[int]:
        """What the provider billed, oldest first."""
        return [int(each["total"]) for each in self.objects("invoice")]

    def there(self) -> list[tuple[str, bool, bool]]:
        """Of each subscription at the provider: its status, whether it is to end, whether a change is planned."""
        return [
            (each["status"], each["cancel_at_period_end"], each["schedule"] is not None)
            for each in self.objects("subscription")
        ]

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.store.history_of(WALLET)]

    def check(self) -> None:
        """Check the books, and that each paid plan's credits came once a month at most."""
        history = self.store.history_of(WALLET)
        assert list(audit.faults(self.wallet, history)) == []
        came = Bag(
            (each["plan_id"], each["period"]["start"])
            for entry in history
            for each in (*entry.facts.get("also", ()), entry.facts)
            if each.get("lot", {}).get("source") == Source.PLAN and not each.get("provisional")
            if each.get("set_by") != ADMIN
        )
        assert {name: times for name, times in came.items() if times > 1} == {}


def shown(wallet: Wallet, row: Subscription) -> Mapping[str, Any]:
    """What is answered: enough to tell one state from another."""
    news, plan = row.news, wallet.plan
    return {
        "plan_id": news.plan_id if news else "free",
        "status": news.status.value if news else None,
        "ends_at": to_text(news.ends_at) if news and news.ends_at else None,
        "pending": news.pending[0] if news and news.pending else None,
        "quota": plan.plan_id if plan else "free",
    }


def page(opened: Checkout) -> Mapping[str, Any]:
    return {"checkout_url": opened.url, "checkout_session_id": opened.session_id}
