"""What Stripe says of subscriptions and invoices, read strictly; and what our questions make of its answers."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from chalicelib.domain.catalog import Interval
from chalicelib.domain.money import Money
from chalicelib.domain.subscriptions import Asked, SubscriptionStatus
from chalicelib.payments.checkout import StripePayments
from chalicelib.payments.client import connect
from chalicelib.payments.subscriptions import EXPANDED, read_invoice, read_subscription
from chalicelib.services.ports import PaymentsFailed, PaymentsRefused, PlanOrder
from local.stripe.transport import lost
from tests.builders import DAY, NOON, SOLD
from tests.counter import TERMS
from tests.patron import WALLET, Patron

Json = dict[str, Any]
END = NOON + 30 * DAY
MISSING = object()
WRONG: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", "é", "x", [], [None], {}, {"id": None}, {"data": []}]


@pytest.fixture(scope="module")
def patron() -> Patron:
    """A patron who pays for Team by the month, to be lowered to Pro by the year; nothing here changes that."""
    there = Patron()
    there.subscribe("team")
    there.want("pro", Interval.YEAR)
    return there


@pytest.fixture
def said(patron: Patron) -> Json:
    """The subscription as Stripe says it."""
    return deepcopy(asked_for(patron))


def asked_for(patron: Patron) -> Json:
    [there] = patron.objects("subscription")
    client = connect("sk_test_1", "https://stripe.example", http_client=patron.transport)
    found: Json = client.v1.subscriptions.retrieve(there["id"], cast(Any, {"expand": EXPANDED})).to_dict()
    return found


@pytest.fixture
def billed(patron: Patron) -> Json:
    """Its invoice."""
    return deepcopy(patron.objects("invoice")[0])


def put(thing: Any, path: str, value: object) -> Any:
    """Set, or take away, what a path of names and numbers leads to."""
    *steps, last = [int(each) if each.isdigit() else each for each in path.split(".")]
    inner = thing
    for step in steps:
        inner = inner[step]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    return thing


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def test_a_subscription_is_read_as_it_is(said: Json) -> None:
    news = read_subscription(said)

    assert news
    assert (news.subscription_id, news.wallet_id, news.customer_id) == (said["id"], WALLET, said["customer"])
    assert (news.plan_id, news.interval, news.price) == ("team", Interval.MONTH, Money(9900, "usd"))
    assert (news.created_at, news.anchor, news.period_start, news.period_end) == (NOON, NOON, NOON, END)
    assert (news.is_paid, news.invoice_id, news.invoiced_at) == (True, said["latest_invoice"]["id"], NOON)
    assert (news.ends_at, news.ended_at, news.live) == (None, None, False)
    assert (news.pending, news.schedule_id) == (("pro", Interval.YEAR), said["schedule"]["id"])
    assert news.item_id == said["items"]["data"][0]["id"]


@pytest.mark.parametrize("status", SubscriptionStatus)
def test_every_status_of_stripes_is_ours(said: Json, status: str) -> None:
    news = read_subscription(put(said, "status", status))

    assert news
    assert news.status == status


@pytest.mark.parametrize("tags", [{}, None, {"tally_purchase": "pur_1"}, {"tally_wallet": ""}, {"wallet": "acct_a"}])
def test_without_our_tag_it_is_not_ours(said: Json, billed: Json, tags: object) -> None:
    assert read_subscription(put(said, "metadata", tags)) is None
    assert read_invoice(put(billed, "parent.subscription_details.metadata", tags)) is None


@pytest.mark.parametrize("parent", [None, {}, {"subscription_details": None}, {"subscription_details": {}}])
def test_an_invoice_of_no_subscription_is_not_ours(billed: Json, parent: object) -> None:
    assert read_invoice(put(billed, "parent", parent)) is None


NEEDED = [
    "id",
    "customer",
    "status",
    "created",
    "billing_cycle_anchor",
    "livemode",
    "cancel_at_period_end",
    "items",
    "items.data",
    "items.data.0",
    "items.data.0.id",
    "items.data.0.price",
    "items.data.0.price.unit_amount",
    "items.data.0.price.currency",
    "items.data.0.quantity",
    "items.data.0.current_period_start",
    "items.data.0.current_period_end",
    "latest_invoice.id",
    "latest_invoice.created",
    "schedule.id",
    "schedule.phases",
    "schedule.phases.0.start_date",
    "schedule.phases.1.items",
    "schedule.phases.1.items.0",
    "schedule.phases.1.items.0.price",
]


@pytest.mark.parametrize("path", NEEDED)
def test_a_subscription_that_lacks_what_stripe_always_sends_is_no_answer(said: Json, path: str) -> None:
    if path == "schedule.phases.1.items.0":
        said["schedule"]["phases"][1]["items"].append(None)
    with pytest.raises(PaymentsFailed, match="a subscription without what we need"):
        read_subscription(put(said, path, MISSING))


@pytest.mark.parametrize("path", ["metadata", "status", *NEEDED])
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_one_that_says_something_else_there_is_read_or_is_no_answer(said: Json, path: str, value: object) -> None:
    with suppress(PaymentsFailed):
        read_subscription(put(said, path, value))


NEEDED_OF_AN_INVOICE = [
    "id",
    "status",
    "total",
    "currency",
    "created",
    "lines",
    "lines.data",
    "lines.data.0.period",
    "lines.data.0.period.start",
    "lines.data.0.period.end",
    "status_transitions",
    "status_transitions.paid_at",
    "parent.subscription_details.subscription",
]


@pytest.mark.parametrize("path", NEEDED_OF_AN_INVOICE)
def test_an_invoice_that_lacks_what_stripe_always_sends_is_no_answer(billed: Json, path: str) -> None:
    with pytest.raises(PaymentsFailed, match="an invoice without what we need"):
        read_invoice(put(billed, path, MISSING))


@pytest.mark.parametrize("path", ["parent", "parent.subscription_details.metadata", *NEEDED_OF_AN_INVOICE])
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_an_invoice_that_says_something_else_there_is_read_or_is_no_answer(
    billed: Json, path: str, value: object
) -> None:
    with suppress(PaymentsFailed):
        read_invoice(put(billed, path, value))


def test_an_unknown_status_is_no_answer(said: Json) -> None:
    with pytest.raises(PaymentsFailed, match="dreaming"):
        read_subscription(put(said, "status", "dreaming"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata", {}),
        ("metadata", {"tally_plan": "pro"}),
        ("metadata.tally_interval", "week"),
        ("recurring.interval", "week"),
        ("recurring.interval_count", 2),
        ("recurring", None),
    ],
)
def test_a_price_that_is_not_ours_has_no_plan(said: Json, path: str, value: object) -> None:
    news = read_subscription(put(said, f"items.data.0.price.{path}", value))

    assert news
    assert (news.plan_id, news.interval, news.price) == ("", Interval.MONTH, Money(9900, "usd"))


def test_of_several_items_ours_counts(said: Json) -> None:
    ours = said["items"]["data"][0]
    other = put(deepcopy(ours) | {"id": "si_other", "quantity": 3}, "price.metadata", {})
    said["items"]["data"] = [other, ours]

    news = read_subscription(said)

    assert news
    assert (news.item_id, news.plan_id, news.price.amount_minor) == (ours["id"], "team", 9900)


def test_a_plan_that_is_sold_no_more_is_read_by_its_tags(said: Json) -> None:
    news = read_subscription(put(said, "items.data.0.price.metadata.tally_plan", "gone"))

    assert news
    assert news.plan_id == "gone"


@pytest.mark.parametrize(
    ("cancel_at", "at_period_end", "ends_at"),
    [
        (None, False, None),
        (None, True, END),
        (END, True, END),
        (END, False, END),
        (END - DAY, False, END - DAY),
        (END + timedelta(seconds=1), False, None),
        (END + 300 * DAY, False, None),
        (END + 300 * DAY, True, END),
    ],
)
def test_an_end_is_planned_in_two_ways_and_one_beyond_the_period_is_none_yet(
    said: Json, cancel_at: datetime | None, *, at_period_end: bool, ends_at: datetime | None
) -> None:
    said |= {"cancel_at": seconds(cancel_at) if cancel_at else None, "cancel_at_period_end": at_period_end}

    news = read_subscription(said)

    assert news
    assert news.ends_at == ends_at


@pytest.mark.parametrize("status", ["draft", "open", "void", "uncollectible"])
def test_only_a_paid_invoice_is_paid(said: Json, status: str) -> None:
    news = read_subscription(put(said, "latest_invoice.status", status))

    assert news
    assert (news.is_paid, news.invoice_id) == (False, said["latest_invoice"]["id"])


@pytest.mark.parametrize("invoice", [None, "in_1"])
def test_an_invoice_that_is_not_said_is_not_paid(said: Json, invoice: object) -> None:
    news = read_subscription(put(said, "latest_invoice", invoice))

    assert news
    assert (news.is_paid, news.invoice_id, news.invoiced_at) == (False, None, None)


def test_an_end_is_dated(said: Json) -> None:
    news = read_subscription(said | {"status": "canceled", "ended_at": seconds(NOON + DAY)})

    assert news
    assert news.ended_at == NOON + DAY


def test_a_customer_may_be_said_whole(said: Json) -> None:
    news = read_subscription(put(said, "customer", {"id": "cus_whole", "object": "customer"}))

    assert news
    assert news.customer_id == "cus_whole"


@pytest.mark.parametrize("schedule", [None, "sub_sched_1"])
def test_without_its_phases_a_schedule_plans_nothing(said: Json, schedule: object) -> None:
    news = read_subscription(put(said, "schedule", schedule))

    assert news
    assert (news.pending, news.schedule_id) == (None, schedule)


def test_a_schedule_whose_later_phase_is_not_ours_or_is_under_way_plans_nothing(said: Json) -> None:
    foreign = read_subscription(put(deepcopy(said), "schedule.phases.1.items.0.price.metadata", {}))
    under_way = read_subscription(put(said, "schedule.phases.1.start_date", seconds(NOON)))

    assert foreign
    assert under_way
    assert (foreign.pending, under_way.pending) == (None, None)


def test_an_invoice_is_read_as_it_is(billed: Json, patron: Patron) -> None:
    billed["lines"]["data"].append({"period": {"start": seconds(NOON - DAY), "end": seconds(NOON)}})
    invoice = read_invoice(billed)

    assert invoice
    assert (invoice.wallet_id, invoice.invoice_id, invoice.status) == (WALLET, billed["id"], "paid")
    assert (invoice.amount, invoice.created_at, invoice.paid_at) == (Money(7920, "usd"), NOON, NOON)
    assert (invoice.period_start, invoice.period_end) == (NOON - DAY, END)
    assert (invoice.number, invoice.url) == (billed["number"], billed["hosted_invoice_url"])
    assert invoice.subscription_id == patron.objects("subscription")[0]["id"]


def test_an_open_invoice_was_not_paid_and_a_draft_is_none_yet(billed: Json) -> None:
    invoice = read_invoice(put(put(billed, "status", "open"), "status_transitions.paid_at", None))

    assert invoice
    assert (invoice.paid_at, invoice.is_final) == (None, False)
    assert read_invoice(put(billed, "status", "draft")) is None


# Questions and orders


def test_what_stripe_does_not_know_is_none_and_what_it_fails_to_answer_fails(patron: Patron) -> None:
    payments = patron.payments
    assert payments.subscription("sub_gone") is None
    assert payments.invoice("in_gone") is None
    assert payments.subscription_of_session("cs_test_gone") is None
    assert payments.is_deleted("cus_gone")
    assert payments.subscription_of_customer("cus_gone") is None

    patron.transport.before = _lost
    for ask in (payments.subscription, payments.invoice, payments.subscription_of_session, payments.is_deleted):
        with pytest.raises(PaymentsFailed):
            ask("x")
    patron.transport.before = None


def _lost(*_call: object) -> None:
    raise lost()


def test_a_customers_running_subscription_is_found_unless_it_is_anothers(patron: Patron) -> None:
    [there], [customer] = patron.objects("subscription"), patron.objects("customer")
    assert patron.payments.subscription_of_customer(customer["id"]) == there["id"]
    assert patron.payments.is_deleted(customer["id"]) is False

    tags = there["metadata"]
    there["metadata"] = {}
    assert patron.payments.subscription_of_customer(customer["id"]) is None
    there["metadata"] = tags
    there["status"] = "incomplete"
    assert patron.payments.subscription_of_customer(customer["id"]) is None
    there["status"] = "active"


def order(**more: Any) -> PlanOrder:
    fields: dict[str, Any] = {
        "wallet_id": WALLET,
        "plan_id": "pro",
        "interval": Interval.MONTH,
        "incentive": None,
        "asked_at": NOON,
        "key": "k",
    }
    return PlanOrder(**(fields | more))


def test_a_checkout_for_a_plan_says_whose_it_is_and_stays_open_for_a_while() -> None:
    patron = Patron()
    customer = patron.payments.create_customer(WALLET, email=None)
    wanted = order(customer_id=customer, incentive=SOLD.incentive)
    first = patron.payments.open_plan_checkout(wanted, now=NOON)
    again = patron.payments.open_plan_checkout(wanted, now=NOON + timedelta(minutes=9))
    later = patron.payments.open_plan_checkout(wanted, now=NOON + timedelta(minutes=10))

    assert (first, later.session_id == first.session_id) == (again, False)
    assert first.expires_at == NOON + timedelta(minutes=70)
    session = patron.objects("checkout.session")[0]
    assert (session["metadata"], session["amount_total"]) == ({"tally_wallet": WALLET}, 2320)
    assert "session_id={CHECKOUT_SESSION_ID}" in session["success_url"]
    patron.payments.close_checkout(first.session_id)
    patron.payments.close_checkout(first.session_id)
    assert patron.objects("checkout.session")[0]["status"] == "expired"


def test_tax_is_stripes_where_it_is_wanted_and_a_customer_who_is_gone_gets_no_checkout() -> None:
    patron = Patron()
    customer = patron.payments.create_customer(WALLET, email=None)
    client = connect("sk_test_1", "https://stripe.example", http_client=patron.transport)
    taxed = StripePayments(lambda: client, replace(TERMS, automatic_tax=True), live=False)
    with pytest.raises(PaymentsRefused):
        taxed.open_plan_checkout(order(customer_id="cus_gone"), now=NOON)
    taxed.open_plan_checkout(order(customer_id=customer, key="taxed"), now=NOON)
    [session] = patron.objects("checkout.session")
    assert session["automatic_tax"]["enabled"] is True


@pytest.mark.parametrize("change", ["cancel", "end", "resume", "switch", "schedule"])
def test_a_subscription_that_has_ended_is_not_changed(change: str) -> None:
    patron = Patron()
    name = patron.subscribe("pro")
    news = patron.payments.subscription(name)
    assert news
    patron.at_provider("DELETE", f"subscriptions/{name}")
    asked = Asked(ask_id="a", change=change, at=NOON, plan_id="team", interval=Interval.MONTH)
    if change == "resume":
        patron.payments.change_subscription(news, asked, key="k")  # nothing was planned: nothing is asked
        return

    with pytest.raises(PaymentsRefused):
        patron.payments.change_subscription(news, asked, key="k")


def test_a_switch_that_stopped_half_way_only_lets_go_of_what_was_planned() -> None:
    patron = Patron()
    name = patron.subscribe("team")
    patron.want("pro")
    news = patron.payments.subscription(name)
    assert news
    assert news.pending
    asked = Asked(ask_id="a", change="switch", at=NOON, plan_id="team", interval=Interval.MONTH)

    patron.payments.change_subscription(news, asked, key="k")

    assert patron.there() == [("active", False, False)]
    assert patron.billed() == [7920], "nothing is billed for what is in force"


def test_the_portal_opens_for_a_customer_and_not_for_one_who_is_gone(patron: Patron) -> None:
    [customer] = patron.objects("customer")

    assert patron.payments.open_portal(customer["id"]).startswith("http")
    with pytest.raises(PaymentsRefused):
        patron.payments.open_portal("cus_gone")


def test_times_are_of_utc(said: Json) -> None:
    news = read_subscription(said)

    assert news
    assert {each.tzinfo for each in (news.created_at, news.anchor, news.period_end)} == {UTC}
