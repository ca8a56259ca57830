"""Subscriptions at Stripe: read strictly into our own news, begun by Checkout, and changed through the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from chalicelib.domain.catalog import Interval
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.money import Money
from chalicelib.domain.subscription_changes import SubscriptionChange
from chalicelib.domain.subscriptions import Asked, News, SubscriptionStatus
from chalicelib.domain.times import from_ms, to_ms
from chalicelib.payments.client import answered, is_unknown
from chalicelib.payments.money_back import refusable
from chalicelib.payments.offered import coupon_id, plan_key, read_plan
from chalicelib.payments.tags import WALLET
from chalicelib.payments.terms import WINDOW, CheckoutTerms
from chalicelib.services.ports import (
    Checkout,
    PaymentsDeclined,
    PaymentsFailed,
    PaymentsRefused,
    PlanOrder,
)

if TYPE_CHECKING:
    import stripe

Json = Mapping[str, Any]
EXPANDED = ["latest_invoice", "schedule.phases.items.price"]
PAID, DRAFT = "paid", "draft"
UNREADABLE = (KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError)
RUNNING = ("active", "trialing", "past_due", "unpaid", "paused")


class StripeSubscriptions:
    """The part of `services.ports.Payments` that is about plans."""

    _client: Callable[[], stripe.StripeClient]
    _terms: CheckoutTerms

    def subscription(self, subscription_id: str) -> News | None:
        with known() as found, answered():
            asked = cast(Any, {"expand": EXPANDED})
            found.append(self._client().v1.subscriptions.retrieve(subscription_id, asked).to_dict())
        return read_subscription(found[0]) if found else None

    def subscription_of_session(self, session_id: str) -> str | None:
        with known() as found, answered():
            found.append(self._client().v1.checkout.sessions.retrieve(session_id).to_dict())
        begun = found[0].get("subscription") if found else None
        return begun if isinstance(begun, str) else None

    def subscription_of_customer(self, customer_id: str) -> str | None:
        with answered():
            asked = cast(Any, {"customer": customer_id, "limit": 100})
            listed = [each.to_dict() for each in self._client().v1.subscriptions.list(asked).auto_paging_iter()]
        ours = [each["id"] for each in listed if each.get("status") in RUNNING and WALLET in _tags(each)]
        return ours[0] if ours else None

    def invoice(self, invoice_id: str) -> Invoice | None:
        with known() as found, answered():
            found.append(self._client().v1.invoices.retrieve(invoice_id).to_dict())
        return read_invoice(found[0]) if found else None

    def open_plan_checkout(self, order: PlanOrder, *, now: datetime) -> Checkout:
        window = (now - order.asked_at) // WINDOW
        expires_at = order.asked_at + (window + 1) * WINDOW + timedelta(minutes=self._terms.minutes)
        back = self._terms.back()
        tags = {WALLET: order.wallet_id}
        with refusable(), answered():
            asked: dict[str, Any] = {
                "mode": "subscription",
                "customer": order.customer_id,
                "metadata": tags,
                "subscription_data": {"metadata": tags},
                "line_items": [{"price": self._price(order.plan_id, order.interval), "quantity": 1}],
                "success_url": f"{back}subscription=done&session_id={{CHECKOUT_SESSION_ID}}",
                "cancel_url": f"{back}subscription=canceled",
                "expires_at": to_ms(expires_at) // 1000,
            }
            if order.incentive:
                asked["discounts"] = [{"coupon": coupon_id(order.incentive)}]
            if self._terms.automatic_tax:
                asked |= {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}
            options = {"idempotency_key": f"tally-plan-{order.key}-{window}"}
            session = self._client().v1.checkout.sessions.create(cast(Any, asked), cast(Any, options))
        if not session.url:
            raise PaymentsFailed("a session without an address")
        return Checkout(session_id=session.id, url=session.url, expires_at=from_ms(session.expires_at * 1000))

    def close_checkout(self, session_id: str) -> None:
        try:
            with refusable(), answered():
                self._client().v1.checkout.sessions.expire(session_id)
        except PaymentsRefused:
            return  # it has ended

    def change_subscription(self, news: News, asked: Asked, *, key: str) -> None:
        change = SubscriptionChange(asked.change)
        with declinable(), refusable(), answered():
            if change is SubscriptionChange.END:
                self._client().v1.subscriptions.cancel(news.subscription_id, options=_options(key, "end"))
                return
            if change is SubscriptionChange.SWITCH:  # first: a card that says no leaves what was planned
                self._update(news, self._switched(news, asked), key)
            if news.schedule_id:  # what was planned is over; and while there is a plan, Stripe refuses to end it
                schedules = self._client().v1.subscription_schedules
                schedules.release(news.schedule_id, options=_options(key, f"release-{news.schedule_id}"))
            if change is SubscriptionChange.SCHEDULE:
                self._schedule(news, asked, key)
            elif change is SubscriptionChange.CANCEL:
                self._update(news, {"cancel_at_period_end": True}, key)
            elif change is SubscriptionChange.RESUME:
                self._update(news, _running_on(news), key)

    def _switched(self, news: News, asked: Asked) -> dict[str, Any]:
        wanted = _running_on(news)
        if (news.plan_id, news.interval) != (asked.plan_id, asked.interval):
            wanted |= {
                "items": [{"id": news.item_id, "price": self._price(asked.plan_id, asked.interval)}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "error_if_incomplete",
            }
        return wanted

    def _update(self, news: News, wanted: dict[str, Any], key: str) -> None:
        if wanted:
            subscriptions = self._client().v1.subscriptions
            subscriptions.update(news.subscription_id, cast(Any, wanted), _options(key, "update"))

    def _schedule(self, news: News, asked: Asked, key: str) -> None:
        """
        Plan another price from the period's end on; after its first period the subscription goes on by itself.

        A schedule is made without a key: Stripe takes no second one of a subscription, and the first answer to a key
        would be one that was released since.
        """
        self._update(news, _running_on(news), key)
        schedules = self._client().v1.subscription_schedules
        made = schedules.create(cast(Any, {"from_subscription": news.subscription_id}))
        running = made.to_dict()["phases"][0]
        item = running["items"][0]
        phases = [
            {
                "items": [{"price": _id_of(item["price"]), "quantity": item["quantity"]}],
                "start_date": running["start_date"],
                "end_date": to_ms(news.period_end) // 1000,
            },
            {
                "items": [{"price": self._price(asked.plan_id, asked.interval), "quantity": 1}],
                "duration": {"interval": str(asked.interval), "interval_count": 1},
                "proration_behavior": "none",
            },
        ]
        wanted = {"phases": phases, "end_behavior": "release"}
        schedules.update(made.id, cast(Any, wanted), _options(key, f"phases-{made.id}"))

    def _price(self, plan_id: str | None, interval: Interval | None) -> str:
        name = plan_key(plan_id or "", interval or Interval.MONTH)
        found = self._client().v1.prices.list(cast(Any, {"lookup_keys": [name], "active": True, "limit": 1})).data
        if not found:
            raise PaymentsRefused(f"no price {name}: `make stripe-sync` makes it")
        return found[0].id

    def open_portal(self, customer_id: str) -> str:
        with refusable(), answered():
            asked = {"customer": customer_id, "return_url": self._terms.back().rstrip("?&")}
            return self._client().v1.billing_portal.sessions.create(cast(Any, asked)).url

    def is_deleted(self, customer_id: str) -> bool:
        with known() as found, answered():
            found.append(self._client().v1.customers.retrieve(customer_id).to_dict())
        return not found or bool(found[0].get("deleted"))


def _running_on(news: News) -> dict[str, Any]:
    """Say that it isn't to end, if it was to."""
    return {"cancel_at_period_end": False} if news.ends_at else {}


def _options(key: str, step: str) -> Any:
    return {"idempotency_key": f"tally-subscription-{key}-{step}"}


@contextmanager
def known() -> Iterator[list[Json]]:
    """Leave the list empty where Stripe says that there is no such thing."""
    try:
        yield []
    except PaymentsFailed as failed:
        if not is_unknown(failed):
            raise


@contextmanager
def declinable() -> Iterator[None]:
    """Tell a card that says no from a Stripe that fails."""
    import stripe

    try:
        yield
    except PaymentsFailed as failed:
        if isinstance(failed.__cause__, stripe.CardError):
            raise PaymentsDeclined(failed.__cause__.code or "card_declined") from failed.__cause__
        raise


def read_subscription(subscription: Json) -> News | None:
    """
    Read a subscription with its latest invoice and its schedule. None: it carries no tag of ours.

    Raises:
        PaymentsFailed: It is ours but lacks what Stripe always sends.
    """
    tags = _tags(subscription)
    if not tags.get(WALLET):
        return None
    try:
        items = subscription["items"]["data"]
        item = next((each for each in items if read_plan(each["price"])), items[0])
        plan_id, interval = read_plan(item["price"]) or ("", Interval.MONTH)
        invoice = subscription.get("latest_invoice")
        status = invoice.get("status") if isinstance(invoice, Mapping) else None
        period_end = _moment(item["current_period_end"])
        return News(
            subscription_id=subscription["id"],
            wallet_id=tags[WALLET],
            customer_id=_id_of(subscription["customer"]),
            status=SubscriptionStatus(subscription["status"]),
            plan_id=plan_id,
            interval=interval,
            price=Money(item["price"]["unit_amount"] * item["quantity"], item["price"]["currency"]),
            created_at=_moment(subscription["created"]),
            anchor=_moment(subscription["billing_cycle_anchor"]),
            period_start=_moment(item["current_period_start"]),
            period_end=period_end,
            live=subscription["livemode"],
            is_paid=status == PAID,
            invoice_id=invoice["id"] if isinstance(invoice, Mapping) else None,
            invoiced_at=_moment(invoice["created"]) if isinstance(invoice, Mapping) else None,
            ends_at=_ends_at(subscription, period_end),
            ended_at=_moment(subscription["ended_at"]) if subscription.get("ended_at") else None,
            pending=_pending(subscription.get("schedule"), period_end),
            item_id=item["id"],
            schedule_id=_id_of(subscription["schedule"]) if subscription.get("schedule") else None,
        )
    except UNREADABLE as wrong:
        raise PaymentsFailed(f"a subscription without what we need: {wrong}") from None


def read_invoice(invoice: Json) -> Invoice | None:
    """
    Read an invoice of one of our subscriptions. None: it is another's, or isn't final yet.

    Raises:
        PaymentsFailed: It is ours but lacks what Stripe always sends.
    """
    details = _within(_within(invoice, "parent"), "subscription_details")
    tags = _tags(details)
    if not tags.get(WALLET) or invoice.get("status") == DRAFT:
        return None
    try:
        periods = [line["period"] for line in invoice["lines"]["data"]]
        paid_at = invoice["status_transitions"]["paid_at"]
        return Invoice(
            wallet_id=tags[WALLET],
            invoice_id=invoice["id"],
            subscription_id=_id_of(details["subscription"]),
            status=invoice["status"],
            amount=Money(invoice["total"], invoice["currency"]),
            created_at=_moment(invoice["created"]),
            period_start=_moment(min(each["start"] for each in periods)),
            period_end=_moment(max(each["end"] for each in periods)),
            paid_at=_moment(paid_at) if paid_at else None,
            number=invoice.get("number"),
            url=invoice.get("hosted_invoice_url"),
        )
    except UNREADABLE as wrong:
        raise PaymentsFailed(f"an invoice without what we need: {wrong}") from None


def _ends_at(subscription: Json, period_end: datetime) -> datetime | None:
    """Stripe plans an end in two ways; one that lies beyond this period is none yet."""
    cancel_at = subscription.get("cancel_at")
    if cancel_at and _moment(cancel_at) <= period_end:
        return _moment(cancel_at)
    return period_end if subscription["cancel_at_period_end"] else None


def _pending(schedule: object, period_end: datetime) -> tuple[str, Interval] | None:
    """Read what a schedule puts the subscription on once this period is over."""
    if not isinstance(schedule, Mapping):
        return None
    later = [each for each in schedule["phases"] if _moment(each["start_date"]) >= period_end]
    return read_plan(later[0]["items"][0]["price"]) if later else None


def _tags(thing: Json) -> Mapping[str, str]:
    return _within(thing, "metadata")


def _within(thing: Json, name: str) -> Json:
    """Read an object within another; where there is none, an empty one."""
    found = thing.get(name)
    return found if isinstance(found, Mapping) else {}


def _id_of(either: object) -> str:
    """Read an id that Stripe gives as it is, or inside the expanded object."""
    found = either["id"] if isinstance(either, Mapping) else either
    if not isinstance(found, str):
        raise TypeError("an id is wanted")
    return found


def _moment(seconds: int) -> datetime:
    return from_ms(seconds * 1000)
