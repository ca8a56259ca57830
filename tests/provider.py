"""
A payment provider in memory: subscriptions that are renewed, fail and end by themselves as the clock goes on.

It is quicker than the stand-in under the real package, and is in states that the stand-in doesn't know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.catalog import Catalog, Interval
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.periods import month_after
from chalicelib.domain.subscription_changes import SubscriptionChange
from chalicelib.domain.subscriptions import Asked, News, SubscriptionStatus
from chalicelib.services.ports import Checkout, Oddity, PaymentsDeclined, PaymentsRefused, PlanOrder
from tests.bank import Json
from tests.builders import SOLD
from tests.fakes import Faulty
from tests.patron import Patron

S = SubscriptionStatus
MONTHS = {Interval.MONTH: 1, Interval.YEAR: 12}


class Provider:
    """
    Keeps the promises of `services.ports.Payments` about plans, and notes an event for whatever happens.

    `card_pays` says whether the card does; `trial` begins the next subscription with a trial of so many days.
    """

    live = False

    def __init__(self, clock: Callable[[], datetime], catalog: Catalog) -> None:
        self.clock, self.catalog = clock, catalog
        self.subscriptions: dict[str, News] = {}
        self.invoices: dict[str, Invoice] = {}
        self.orders: dict[str, PlanOrder] = {}
        self.begun: dict[str, str | None] = {}  # by session: its subscription, None: it was closed
        self.events: list[Oddity] = []
        self.done: set[str] = set()
        self.card_pays = True
        self.trial = timedelta()

    def payment(self, session_id: str) -> None:
        """No session sells credits."""

    def create_customer(self, wallet_id: str, *, email: str | None, after: str | None = None) -> str:
        del email, after
        return f"cus_{wallet_id}"

    def subscription(self, subscription_id: str) -> News | None:
        return self.subscriptions.get(subscription_id)

    def subscription_of_session(self, session_id: str) -> str | None:
        return self.begun.get(session_id)

    def subscription_of_customer(self, customer_id: str) -> str | None:
        running = [name for name, each in self.subscriptions.items() if each.is_running]
        return running[0] if running and self.subscriptions[running[0]].customer_id == customer_id else None

    def invoice(self, invoice_id: str) -> Invoice | None:
        return self.invoices.get(invoice_id)

    def open_plan_checkout(self, order: PlanOrder, *, now: datetime) -> Checkout:
        session_id = f"cs_{order.key}"
        self.orders[session_id] = order
        return Checkout(session_id=session_id, url="https://pay.example", expires_at=now + timedelta(hours=1))

    def close_checkout(self, session_id: str) -> None:
        self.begun.setdefault(session_id, None)

    def change_subscription(self, news: News, asked: Asked, *, key: str) -> None:
        running = self.subscriptions[news.subscription_id]
        if not running.is_running:
            raise PaymentsRefused("ended")
        if key in self.done:
            return
        if asked.change == SubscriptionChange.SWITCH and not self.card_pays:
            raise PaymentsDeclined("card_declined")
        self.done.add(key)
        if asked.change == SubscriptionChange.SWITCH:
            self._switch(running, asked)
        elif asked.change == SubscriptionChange.END:
            self.end(running, self.clock())
        elif asked.change == SubscriptionChange.CANCEL:
            self.keep(running, ends_at=running.period_end, pending=None)
        else:
            planned = (asked.plan_id or "", asked.interval or Interval.MONTH)
            self.keep(running, ends_at=None, pending=planned if asked.change == SubscriptionChange.SCHEDULE else None)

    def _switch(self, running: News, asked: Asked) -> None:
        plan_id, interval = asked.plan_id or "", asked.interval or Interval.MONTH
        if (plan_id, interval) == (running.plan_id, running.interval):  # nothing to bill
            self.keep(running, ends_at=None, pending=None)
            return
        changed = self._priced(replace(running, ends_at=None, pending=None), plan_id, interval)
        if interval is not running.interval:
            now = self.clock()
            changed = replace(changed, anchor=now, period_start=now, period_end=month_after(now, MONTHS[interval]))
        self._bill(changed, self.clock(), "paid")

    # What happens there

    def pay(self, session_id: str) -> str | None:
        """Pay a checkout, if it is open; the subscription that it begins."""
        if session_id in self.begun:
            return self.begun[session_id]
        order, now = self.orders[session_id], self.clock()
        name = f"sub_{len(self.subscriptions) + 1}"
        anchor = now + self.trial
        news = News(
            subscription_id=name,
            wallet_id=order.wallet_id,
            customer_id=order.customer_id,
            status=S.TRIALING if self.trial else S.ACTIVE,
            plan_id=order.plan_id,
            interval=order.interval,
            price=self.catalog.plans[order.plan_id].prices[order.interval],
            created_at=now,
            anchor=anchor,
            period_start=now,
            period_end=anchor if self.trial else month_after(anchor, MONTHS[order.interval]),
            live=False,
            is_paid=True,
        )
        self.trial = timedelta()
        self.begun[session_id] = name
        self._bill(news, now, "paid", type_="customer.subscription.created")
        self.tell("checkout.session.completed", session_id=session_id)
        return name

    def tick(self) -> None:
        """Let happen what the clock brings: renewals, planned changes, ends."""
        for name in list(self.subscriptions):
            while (news := self.subscriptions[name]).is_running and news.period_end <= self.clock():
                if news.ends_at:
                    self.end(news, news.ends_at)
                else:
                    self._renew(news)

    def _renew(self, news: News) -> None:
        start, interval = news.period_end, news.pending[1] if news.pending else news.interval
        anchor = news.anchor if interval is news.interval else start
        step, number = MONTHS[interval], 0
        while month_after(anchor, number) <= start:
            number += step
        moved = replace(news, anchor=anchor, period_start=start, period_end=month_after(anchor, number), pending=None)
        moved = self._priced(moved, news.pending[0] if news.pending else news.plan_id, interval)
        unpaid = S.UNPAID if news.status in (S.PAST_DUE, S.UNPAID) else S.PAST_DUE
        status = S.PAUSED if news.status is S.PAUSED else S.ACTIVE if self.card_pays else unpaid
        self._bill(replace(moved, status=status), start, "paid" if self.card_pays else "open")

    def retry(self) -> None:
        """Take the money of the latest invoice, if the card pays by now."""
        for news in list(self.subscriptions.values()):
            invoice = self.invoices[news.invoice_id or ""]
            if news.is_running and invoice.status == "open" and self.card_pays:
                self.invoices[invoice.invoice_id] = replace(invoice, status="paid", paid_at=self.clock())
                self.tell("invoice.paid", invoice_id=invoice.invoice_id)
                self.keep(news, status=S.ACTIVE, is_paid=True)

    def pause(self, *, over: bool) -> None:
        for news in list(self.subscriptions.values()):
            if news.status in (S.ACTIVE, S.PAUSED):
                self.keep(news, status=S.ACTIVE if over else S.PAUSED)

    def end(self, news: News, at: datetime) -> None:
        self.keep(news, "customer.subscription.deleted", status=S.CANCELED, ended_at=at, pending=None)

    def keep(self, news: News, type_: str = "customer.subscription.updated", **changes: Any) -> News:
        changed = replace(news, **changes)
        self.subscriptions[news.subscription_id] = changed
        self.tell(type_, subscription_id=news.subscription_id)
        return changed

    def tell(self, type_: str, **named: Any) -> None:
        number = len(self.events) + 1
        self.events.append(Oddity(event_id=f"evt_{number}", type=type_, reason="", at=self.clock(), **named))

    def _priced(self, news: News, plan_id: str, interval: Interval) -> News:
        price = self.catalog.plans[plan_id].prices[interval]
        return replace(news, plan_id=plan_id, interval=interval, price=price)

    def _bill(self, news: News, at: datetime, status: str, type_: str = "customer.subscription.updated") -> None:
        invoice = Invoice(
            wallet_id=news.wallet_id,
            invoice_id=f"in_{len(self.invoices) + 1}",
            subscription_id=news.subscription_id,
            status=status,
            amount=news.price,
            created_at=at,
            period_start=news.period_start,
            period_end=news.period_end,
            paid_at=at if status == "paid" else None,
        )
        self.invoices[invoice.invoice_id] = invoice
        is_paid = status == "paid"
        self.keep(news, type_, is_paid=is_paid, invoice_id=invoice.invoice_id, invoiced_at=at)
        self.tell("invoice.paid" if is_paid else "invoice.payment_failed", invoice_id=invoice.invoice_id)


class Program(Patron):
    """A patron of the provider in memory; several may hear of the same one."""

    def __init__(self, provider: Provider | None = None) -> None:
        super().__init__()
        self.provider = provider or Provider(lambda: self.clock, SOLD)
        self.payments: Any = self.provider
        self.seen_payments = Faulty(self.provider, self._asked)

    def pay_for(self, begun: Json, method: str = "card") -> str:
        del method
        return self.provider.pay(begun["checkout_session_id"]) or ""

    def renew(self, subscription_id: str, outcome: str = "paid") -> None:
        """Let happen what the clock brings, and take the money that is still open."""
        del subscription_id
        self.provider.card_pays = outcome == "paid"
        self.provider.tick()
        self.provider.retry()

    def news(self) -> list[Oddity]:
        told = self.provider.events[self.heard :]
        self.heard += len(told)
        return told

    def billed(self) -> list[int]:
        return [each.amount.amount_minor for each in self.provider.invoices.values()]

    def there(self) -> list[tuple[str, bool, bool]]:
        return [
            (each.status.value, each.ends_at is not None, each.pending is not None)
            for each in self.provider.subscriptions.values()
        ]
