"""Subscriptions: begun on the pay page, renewed by order, changed and ended through the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.standin.driving import Desk, price_data


def price(desk: Desk, amount: int = 3_000, interval: str = "month") -> str:
    """A recurring price."""
    recurring: Any = {"interval": interval}
    return desk.stripe.prices.create(
        {"currency": "usd", "unit_amount": amount, "recurring": recurring, "product_data": {"name": "Pro"}}
    ).id


def subscribed(desk: Desk, price_id: str | None = None, *, way: str = "card", **changes: Any) -> stripe.Subscription:
    """Subscribe through the pay page."""
    customer = desk.stripe.customers.create({"email": "ada@example.com"})
    session = desk.session(
        mode="subscription",
        customer=customer.id,
        line_items=[{"price": price_id or price(desk), "quantity": 1}],
        subscription_data={"metadata": {"wallet": "user_1"}},
        **changes,
    )
    desk.control(f"sessions/{session.id}/pay", method=way)
    done = desk.stripe.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_intent) == ("complete", None)
    assert isinstance(done.subscription, str)
    return desk.stripe.subscriptions.retrieve(done.subscription)


def item(subscription: stripe.Subscription) -> stripe.SubscriptionItem:
    """Its only item."""
    found: stripe.SubscriptionItem = subscription["items"].data[0]
    return found


def latest(desk: Desk, subscription: stripe.Subscription) -> stripe.Invoice:
    """Its newest invoice."""
    name = desk.stripe.subscriptions.retrieve(subscription.id).latest_invoice
    assert isinstance(name, str)
    return desk.stripe.invoices.retrieve(name)


def day(timestamp: int) -> str:
    """The date of a timestamp."""
    return datetime.fromtimestamp(timestamp, UTC).date().isoformat()


def test_a_subscription_begins_paid(desk: Desk) -> None:
    subscription = subscribed(desk)

    assert (subscription.status, subscription.metadata["wallet"]) == ("active", "user_1")
    assert (day(item(subscription).current_period_start), day(item(subscription).current_period_end)) == (
        "2026-11-20",
        "2026-12-20",
    )
    assert desk.listener.types()[1:] == [
        "customer.subscription.created",
        "payment_intent.succeeded",
        "charge.succeeded",
        "invoice.paid",
        "checkout.session.completed",
    ]
    assert desk.listener.last("checkout.session.completed")["payment_status"] == "paid"


def test_its_invoice_names_it_by_parent_and_line(desk: Desk) -> None:
    subscription = subscribed(desk)
    invoice = latest(desk, subscription)

    assert (invoice.billing_reason, invoice.amount_paid, invoice.status) == ("subscription_create", 3_000, "paid")
    assert invoice.parent is not None
    assert invoice.parent.subscription_details is not None
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.parent.subscription_details.metadata is not None
    assert invoice.parent.subscription_details.metadata["wallet"] == "user_1"
    (line,) = invoice.lines.data
    assert line.parent is not None
    assert line.parent.subscription_item_details is not None
    assert line.parent.subscription_item_details.subscription_item == item(subscription).id
    assert line.period.end == item(subscription).current_period_end
    found = desk.stripe.invoices.list({"subscription": subscription.id})
    assert [one.id for one in found] == [invoice.id]


def test_a_renewal_moves_the_period_whatever_the_clock_says(desk: Desk) -> None:
    desk.clock.advance(days=72)  # 31 January
    subscription = subscribed(desk)
    ends = [day(item(subscription).current_period_end)]
    for _ in range(3):
        desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")
        ends.append(day(item(desk.stripe.subscriptions.retrieve(subscription.id)).current_period_end))

    assert ends == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"], "anchored, without drift"
    assert latest(desk, subscription).billing_reason == "subscription_cycle"
    assert len(desk.stripe.invoices.list({"subscription": subscription.id}).data) == 4
    assert desk.listener.types()[-4:] == [
        "customer.subscription.updated",
        "payment_intent.succeeded",
        "charge.succeeded",
        "invoice.paid",
    ]


def test_a_failed_renewal_is_past_due_until_it_is_paid(desk: Desk) -> None:
    subscription = subscribed(desk)

    desk.control(f"subscriptions/{subscription.id}/renew", outcome="failed")

    past_due = desk.stripe.subscriptions.retrieve(subscription.id)
    invoice = latest(desk, subscription)
    assert (past_due.status, day(item(past_due).current_period_end)) == ("past_due", "2027-01-20")
    assert (invoice.status, invoice.attempt_count, invoice.amount_remaining) == ("open", 1, 3_000)
    assert invoice.next_payment_attempt is not None
    assert "invoice.payment_failed" in desk.listener.types()

    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")

    again = desk.stripe.subscriptions.retrieve(subscription.id)
    assert (again.status, day(item(again).current_period_end)) == ("active", "2027-01-20")
    assert latest(desk, subscription).id == invoice.id
    assert latest(desk, subscription).status == "paid"


def test_a_subscription_that_never_pays_ends(desk: Desk) -> None:
    subscription = subscribed(desk)

    for _ in range(4):
        desk.control(f"subscriptions/{subscription.id}/renew", outcome="failed")

    ended = desk.stripe.subscriptions.retrieve(subscription.id)
    assert ended.status == "canceled"
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.reason == "payment_failed"
    assert desk.listener.types()[-1] == "customer.subscription.deleted"
    assert desk.try_control(f"subscriptions/{subscription.id}/renew", outcome="paid")[0] == 400


def test_one_to_be_cancelled_ends_with_its_period(desk: Desk) -> None:
    subscription = subscribed(desk)
    told = desk.stripe.subscriptions.update(
        subscription.id, {"cancel_at_period_end": True, "cancellation_details": {"comment": "too dear"}}
    )
    assert (told.status, told.cancel_at_period_end) == ("active", True)
    assert told.cancel_at == item(subscription).current_period_end
    changed = [event for event in desk.listener.events if event["type"] == "customer.subscription.updated"]
    assert changed[-1]["data"]["previous_attributes"]["cancel_at_period_end"] is False

    desk.clock.advance(days=40)
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")

    ended = desk.stripe.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", item(subscription).current_period_end)
    assert desk.listener.types()[-1] == "customer.subscription.deleted"


def test_one_to_be_cancelled_can_be_resumed(desk: Desk) -> None:
    subscription = subscribed(desk)
    desk.stripe.subscriptions.update(subscription.id, {"cancel_at_period_end": True})

    resumed = desk.stripe.subscriptions.update(subscription.id, {"cancel_at_period_end": False})

    assert (resumed.cancel_at_period_end, resumed.cancel_at, resumed.canceled_at) == (False, None, None)
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")
    assert desk.stripe.subscriptions.retrieve(subscription.id).status == "active"


def test_one_can_be_cancelled_now(desk: Desk) -> None:
    subscription = subscribed(desk)

    ended = desk.stripe.subscriptions.cancel(subscription.id)

    assert (ended.status, ended.ended_at) == ("canceled", desk.clock.timestamp())
    assert desk.listener.types()[-1] == "customer.subscription.deleted"
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    customer = str(subscription.customer)
    assert desk.stripe.subscriptions.list({"customer": customer}).data == []
    assert len(desk.stripe.subscriptions.list({"customer": customer, "status": "all"}).data) == 1


def test_deleting_a_customer_ends_the_subscription(desk: Desk) -> None:
    subscription = subscribed(desk)

    desk.stripe.customers.delete(str(subscription.customer))

    assert desk.stripe.subscriptions.retrieve(subscription.id).status == "canceled"
    assert desk.listener.types()[-2:] == ["customer.subscription.deleted", "customer.deleted"]


def test_an_upgrade_is_billed_at_once_for_the_rest_of_the_period(desk: Desk) -> None:
    subscription = subscribed(desk)
    dearer = price(desk, 9_000)
    desk.clock.advance(days=15)

    changed = desk.stripe.subscriptions.update(
        subscription.id,
        {"items": [{"id": item(subscription).id, "price": dearer}], "proration_behavior": "always_invoice"},
    )

    assert item(changed).price.id == dearer
    assert item(changed).current_period_end == item(subscription).current_period_end
    invoice = latest(desk, subscription)
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert [line.amount for line in invoice.lines.data] == [-1_500, 4_500]
    assert invoice.amount_paid == 3_000


def test_a_change_is_otherwise_billed_with_the_next_period(desk: Desk) -> None:
    subscription = subscribed(desk)
    desk.clock.advance(days=15)
    desk.stripe.subscriptions.update(
        subscription.id, {"items": [{"id": item(subscription).id, "price": price(desk, 9_000)}]}
    )
    assert latest(desk, subscription).billing_reason == "subscription_create"

    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")

    assert latest(desk, subscription).amount_paid == 9_000 - 1_500 + 4_500


def test_a_change_without_proration_costs_only_the_next_period(desk: Desk) -> None:
    subscription = subscribed(desk)
    desk.clock.advance(days=15)
    desk.stripe.subscriptions.update(
        subscription.id,
        {"items": [{"id": item(subscription).id, "price": price(desk, 1_000)}], "proration_behavior": "none"},
    )

    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")

    assert latest(desk, subscription).amount_paid == 1_000


def test_a_change_of_interval_begins_a_new_period(desk: Desk) -> None:
    subscription = subscribed(desk)
    desk.clock.advance(days=15)

    changed = desk.stripe.subscriptions.update(
        subscription.id, {"items": [{"id": item(subscription).id, "price": price(desk, 30_000, "year")}]}
    )

    assert changed.billing_cycle_anchor == desk.clock.timestamp()
    assert (day(item(changed).current_period_start), day(item(changed).current_period_end)) == (
        "2026-12-05",
        "2027-12-05",
    )
    assert latest(desk, subscription).amount_paid == 30_000 - 1_500


def test_what_a_downgrade_gives_back_stands_to_the_customers_credit(desk: Desk) -> None:
    subscription = subscribed(desk)
    desk.clock.advance(days=15)
    cheaper: Any = {"items": [{"id": item(subscription).id, "price": price(desk, 1_000)}]}
    desk.stripe.subscriptions.update(subscription.id, cheaper | {"proration_behavior": "always_invoice"})
    assert (latest(desk, subscription).amount_due, latest(desk, subscription).ending_balance) == (0, -1_000)

    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")

    assert latest(desk, subscription).amount_paid == 0
    assert desk.stripe.customers.retrieve(str(subscription.customer)).balance == 0


def test_an_incentive_counts_for_as_many_payments_as_it_says(desk: Desk) -> None:
    desk.stripe.coupons.create({"id": "ONCE", "percent_off": 20, "duration": "once"})
    desk.stripe.coupons.create({"id": "TWICE", "percent_off": 50, "duration": "repeating", "duration_in_months": 2})
    once = subscribed(desk, discounts=[{"coupon": "ONCE"}])
    twice = subscribed(desk, discounts=[{"coupon": "TWICE"}])
    for subscription, first in ((once, 2_400), (twice, 1_500)):
        invoice = latest(desk, subscription)
        assert (invoice.amount_paid, invoice.subtotal) == (first, 3_000)

    paid = {
        one.id: [
            (desk.control(f"subscriptions/{one.id}/renew", outcome="paid"), latest(desk, one).amount_paid)[1]
            for _ in range(2)
        ]
        for one in (once, twice)
    }

    assert paid == {once.id: [3_000, 3_000], twice.id: [1_500, 3_000]}
    assert desk.stripe.coupons.retrieve("ONCE").times_redeemed == 1


def test_a_bank_debit_pays_a_subscription_later(desk: Desk) -> None:
    subscription = subscribed(desk, way="bank_debit")
    invoice = latest(desk, subscription)
    assert (subscription.status, invoice.status) == ("active", "open")
    (payment,) = desk.stripe.invoice_payments.list({"invoice": invoice.id}).data
    intent = payment.payment.payment_intent

    desk.control(f"payment_intents/{intent}/fail")
    assert desk.stripe.subscriptions.retrieve(subscription.id).status == "past_due"
    assert desk.listener.types()[-1] == "checkout.session.async_payment_failed"
    desk.control(f"payment_intents/{intent}/settle")

    assert desk.stripe.subscriptions.retrieve(subscription.id).status == "active"
    assert latest(desk, subscription).status == "paid"
    assert desk.listener.types()[-1] == "checkout.session.async_payment_succeeded"
    assert desk.listener.last("checkout.session.async_payment_succeeded")["payment_status"] == "paid"


def test_a_declined_card_begins_no_subscription(desk: Desk) -> None:
    session = desk.session(mode="subscription", line_items=[{"price": price(desk), "quantity": 1}])

    desk.control(f"sessions/{session.id}/pay", method="declined")

    assert desk.status(session) == ("open", "unpaid")
    assert desk.stripe.subscriptions.list({"status": "all"}).data == []


def test_an_upgrade_that_the_card_refuses_changes_nothing_if_the_caller_says_so(desk: Desk) -> None:
    subscription = subscribed(desk)
    desk.control(f"customers/{subscription.customer}/card", behaviour="declined")
    wish: Any = {"items": [{"id": item(subscription).id, "price": price(desk, 9_000)}]}
    wish |= {"proration_behavior": "always_invoice", "payment_behavior": "error_if_incomplete"}

    with pytest.raises(stripe.CardError):
        desk.stripe.subscriptions.update(subscription.id, wish)
    assert item(desk.stripe.subscriptions.retrieve(subscription.id)).price.id == item(subscription).price.id

    desk.stripe.subscriptions.update(subscription.id, wish | {"payment_behavior": "allow_incomplete"})
    assert desk.stripe.subscriptions.retrieve(subscription.id).status == "past_due"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"items": [{"id": "si_nowhere", "price": "x"}]}, "items[0][id]"),
        ({"items": [{"price": "x"}]}, "items[0][id]"),
        ({"proration_behavior": "perhaps"}, "proration_behavior"),
        ({"trial_end": "now"}, "trial_end"),
    ],
)
def test_a_change_that_stripe_would_refuse_is_refused(desk: Desk, changes: Any, param: str) -> None:
    subscription = subscribed(desk)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.subscriptions.update(subscription.id, changes)
    assert refusal.value.param == param


def test_a_subscription_whose_card_was_taken_away_is_past_due(desk: Desk) -> None:
    desk.stripe.coupons.create({"id": "FREE", "percent_off": 100})
    subscription = subscribed(desk, discounts=[{"coupon": "FREE"}])
    assert (latest(desk, subscription).amount_due, latest(desk, subscription).status) == (0, "paid")
    desk.stripe.payment_methods.detach(str(subscription.default_payment_method))

    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")

    assert desk.stripe.subscriptions.retrieve(subscription.id).status == "past_due"


def test_a_one_time_price_cannot_be_subscribed_to(desk: Desk) -> None:
    subscription = subscribed(desk)
    once = desk.stripe.prices.create({"currency": "usd", "unit_amount": 500, "product_data": {"name": "Setup"}})
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.subscriptions.update(
            subscription.id, {"items": [{"id": item(subscription).id, "price": once.id, "quantity": 2}]}
        )


def test_subscriptions_come_with_their_customer_and_by_price(desk: Desk) -> None:
    monthly = price(desk)
    subscription = subscribed(desk, monthly)

    customer = desk.stripe.customers.retrieve(str(subscription.customer), {"expand": ["subscriptions"]})

    assert customer.subscriptions is not None
    assert [one.id for one in customer.subscriptions] == [subscription.id]
    assert [one.id for one in desk.stripe.subscriptions.list({"price": monthly})] == [subscription.id]
    assert desk.stripe.subscriptions.list({"price": price(desk)}).data == []


def planned(desk: Desk, subscription: stripe.Subscription, price_id: str) -> stripe.SubscriptionSchedule:
    """Plan another price from the next period on."""
    schedule = desk.stripe.subscription_schedules.create({"from_subscription": subscription.id})
    running = schedule.phases[0]
    phases: Any = [
        {
            "start_date": running.start_date,
            "end_date": running.end_date,
            "items": [{"price": item(subscription).price.id, "quantity": 1}],
        },
        {"items": [{"price": price_id, "quantity": 1}]},
    ]
    return desk.stripe.subscription_schedules.update(schedule.id, {"phases": phases, "end_behavior": "release"})


def test_a_planned_downgrade_comes_into_force_with_the_next_period(desk: Desk) -> None:
    subscription = subscribed(desk)
    cheaper = price(desk, 1_000)

    schedule = planned(desk, subscription, cheaper)

    assert item(desk.stripe.subscriptions.retrieve(subscription.id)).price.id == item(subscription).price.id
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")
    renewed = desk.stripe.subscriptions.retrieve(subscription.id)
    assert (item(renewed).price.id, renewed.schedule) == (cheaper, schedule.id)
    assert latest(desk, subscription).amount_paid == 1_000
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")
    assert desk.stripe.subscriptions.retrieve(subscription.id).schedule is None
    assert desk.stripe.subscription_schedules.retrieve(schedule.id).status == "released"


def test_a_planned_change_of_interval_moves_the_anchor(desk: Desk) -> None:
    subscription = subscribed(desk)
    planned(desk, subscription, price(desk, 30_000, "year"))

    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")

    renewed = item(desk.stripe.subscriptions.retrieve(subscription.id))
    assert (day(renewed.current_period_start), day(renewed.current_period_end)) == ("2026-12-20", "2027-12-20")


def test_a_planned_change_can_be_forgotten(desk: Desk) -> None:
    subscription = subscribed(desk)
    schedule = planned(desk, subscription, price(desk, 1_000))
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert refusal.value.param == "cancel_at_period_end"

    released = desk.stripe.subscription_schedules.release(schedule.id)

    assert (released.status, released.released_subscription) == ("released", subscription.id)
    assert [one.id for one in desk.stripe.subscription_schedules.list()] == [schedule.id]
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")
    assert latest(desk, subscription).amount_paid == 3_000
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.subscription_schedules.release(schedule.id)


def test_a_subscription_has_one_schedule(desk: Desk) -> None:
    subscription = subscribed(desk)
    desk.stripe.subscription_schedules.create({"from_subscription": subscription.id})
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.subscription_schedules.create({"from_subscription": subscription.id})


def test_a_schedule_ends_with_its_subscription(desk: Desk) -> None:
    subscription = subscribed(desk)
    schedule = planned(desk, subscription, price(desk, 1_000))

    desk.stripe.subscriptions.cancel(subscription.id)

    assert desk.stripe.subscription_schedules.retrieve(schedule.id).status == "released"


@pytest.mark.parametrize(
    ("duration", "until"),
    [({"interval": "month", "interval_count": 3}, "2027-03-20"), ({"interval": "week"}, "2026-12-27")],
)
def test_a_phase_lasts_as_long_as_it_says(desk: Desk, duration: Any, until: str) -> None:
    subscription = subscribed(desk)
    schedule = desk.stripe.subscription_schedules.create({"from_subscription": subscription.id})
    phases: Any = [
        {"start_date": phase.start_date, "end_date": phase.end_date, "items": [{"price": item(subscription).price.id}]}
        for phase in schedule.phases
    ]
    phases.append({"items": [{"price": price(desk, 1_000)}], "duration": duration})

    planned_too = desk.stripe.subscription_schedules.update(schedule.id, {"phases": phases})

    assert day(planned_too.phases[1].end_date) == until
    wrongs: Any = (phases[1:], [{**phases[0], "items": phases[1]["items"]}], "")
    for wrong in wrongs:
        with pytest.raises(stripe.InvalidRequestError):
            desk.stripe.subscription_schedules.update(schedule.id, {"phases": wrong})


def test_terms_of_a_subscription_can_be_changed(desk: Desk) -> None:
    subscription = subscribed(desk)
    desk.stripe.coupons.create({"id": "HALF", "percent_off": 50, "duration": "forever"})
    given = desk.control(f"customers/{subscription.customer}/card", behaviour="ok")

    changed = desk.stripe.subscriptions.update(
        subscription.id,
        {
            "discounts": [{"coupon": "HALF"}],
            "default_payment_method": given["payment_method"],
            "description": "Pro",
            "metadata": {"team": "t1"},
            "expand": ["discounts"],
        },
    )

    assert changed.to_dict()["discounts"][0]["source"] == {"coupon": "HALF", "type": "coupon"}
    assert changed.metadata.to_dict() == {"wallet": "user_1", "team": "t1"}
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")
    assert latest(desk, subscription).amount_paid == 1_500
    desk.stripe.subscriptions.update(subscription.id, {"discounts": ""})
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")
    assert latest(desk, subscription).amount_paid == 3_000


def test_a_session_may_sell_something_once_beside_the_subscription(desk: Desk) -> None:
    setup: Any = {"quantity": 1, "price_data": price_data(500)}
    session = desk.session(mode="subscription", line_items=[{"price": price(desk), "quantity": 2}, setup])
    assert session.amount_total == 6_500

    desk.control(f"sessions/{session.id}/pay", method="card")

    (subscription,) = desk.stripe.subscriptions.list().data
    assert latest(desk, subscription).amount_paid == 6_500
    assert desk.stripe.invoices.line_items.list(latest(desk, subscription).id).data[1].amount == 500
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="paid")
    assert latest(desk, subscription).amount_paid == 6_000


@pytest.mark.parametrize(("interval", "until"), [("week", "2026-11-27"), ("day", "2026-11-21"), ("year", "2027-11-20")])
def test_periods_follow_the_interval(desk: Desk, interval: str, until: str) -> None:
    assert day(item(subscribed(desk, price(desk, interval=interval))).current_period_end) == until
