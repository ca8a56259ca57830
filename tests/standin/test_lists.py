"""Paging, filters and `expand[]`."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.standin.driving import Desk


def customers(desk: Desk, count: int) -> list[str]:
    """Make customers a minute apart; their ids, newest first."""
    made = []
    for number in range(count):
        made.append(desk.stripe.customers.create({"name": str(number)}).id)
        desk.clock.advance(minutes=1)
    return made[::-1]


def test_the_package_pages_through_everything(desk: Desk) -> None:
    made = customers(desk, 25)

    assert [customer.id for customer in desk.stripe.customers.list({"limit": 10}).auto_paging_iter()] == made
    assert len(desk.stripe.customers.list().data) == 10, "ten is the usual page"
    assert not desk.stripe.customers.list({"limit": 25}).has_more


def test_the_package_pages_backwards_too(desk: Desk) -> None:
    made = customers(desk, 7)

    page = desk.stripe.customers.list({"limit": 2, "ending_before": made[5]})

    assert [customer.id for customer in page] == made[3:5]
    assert page.has_more
    assert [customer.id for customer in page.auto_paging_iter()] == made[:5][::-1]


def test_times_bound_a_list(desk: Desk) -> None:
    start = desk.clock.timestamp()
    made = customers(desk, 4)

    def found(**bounds: Any) -> list[str]:
        created: Any = bounds
        return [customer.id for customer in desk.stripe.customers.list({"created": created})]

    assert found(gte=start + 60, lt=start + 180) == made[1:3]
    assert found(gt=start + 60, lte=start + 180) == made[:2]
    assert [customer.id for customer in desk.stripe.customers.list({"created": start})] == made[3:]


def test_payments_are_found_by_what_they_belong_to(desk: Desk) -> None:
    customer = desk.stripe.customers.create({}).id
    mine, other = desk.paid(customer=customer), desk.paid()
    intent = desk.intent(mine).id
    desk.stripe.refunds.create({"payment_intent": intent, "amount": 500})
    api = desk.stripe

    assert [found.id for found in api.payment_intents.list({"customer": customer})] == [intent]
    assert [found.payment_intent for found in api.charges.list({"payment_intent": intent})] == [intent]
    assert [found.amount for found in api.refunds.list({"payment_intent": intent})] == [500]
    assert [found.id for found in api.checkout.sessions.list({"payment_intent": intent})] == [mine.id]
    assert [found.id for found in api.checkout.sessions.list({"customer": customer, "status": "complete"})] == [mine.id]
    assert api.checkout.sessions.list({"status": "open"}).data == []
    buyer = api.checkout.sessions.list({"customer_details": {"email": "buyer@example.com"}})
    assert {found.id for found in buyer} == {mine.id, other.id}
    assert api.disputes.list({"payment_intent": intent}).data == []
    assert len(api.balance_transactions.list({"type": "refund"}).data) == 1


def test_events_are_found_by_type_and_by_delivery(desk: Desk) -> None:
    desk.control("delivery", mode="hold")
    session = desk.paid()
    api = desk.stripe.events

    completed = api.list({"type": "checkout.session.completed"}).data
    assert [event.data.object["id"] for event in completed] == [session.id]
    assert len(api.list({"type": "charge.*"}).data) == 1
    assert len(api.list({"types": ["charge.succeeded", "payment_intent.succeeded"]}).data) == 2
    assert len(api.list({"delivery_success": False}).data) == 3
    desk.control(f"events/{completed[0].id}/deliver")
    assert [event.id for event in api.list({"delivery_success": True})] == [completed[0].id]
    assert api.retrieve(completed[0].id).api_version == stripe.api_version


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"starting_after": "cus_nowhere"}, "starting_after"),
        ({"created": {"after": 5}}, "created[after]"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_list_that_stripe_would_refuse_is_refused(desk: Desk, params: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.customers.list(params)
    assert refusal.value.param == param


def test_payments_of_invoices_are_read_one_by_one(desk: Desk) -> None:
    desk.paid(invoice_creation={"enabled": True})
    (payment,) = desk.stripe.invoice_payments.list({"status": "paid"}).data

    assert desk.stripe.invoice_payments.retrieve(payment.id).amount_paid == 2_000


def test_ids_become_objects_where_that_is_asked_for(desk: Desk) -> None:
    customer = desk.stripe.customers.create({"email": "ada@example.com"}).id
    session = desk.paid(customer=customer, invoice_creation={"enabled": True})
    expand = ["customer", "invoice", "payment_intent.latest_charge.balance_transaction", "line_items"]

    told = desk.stripe.checkout.sessions.retrieve(session.id, {"expand": expand}).to_dict()

    assert told["customer"]["email"] == "ada@example.com"
    assert told["invoice"]["object"] == "invoice"
    assert told["payment_intent"]["latest_charge"]["balance_transaction"]["object"] == "balance_transaction"
    assert told["line_items"]["data"][0]["quantity"] == 2
    listed = desk.stripe.refunds.list({"expand": ["data.charge"]})
    assert listed.data == []
    desk.stripe.refunds.create({"payment_intent": told["payment_intent"]["id"]})
    (refund,) = desk.stripe.refunds.list({"expand": ["data.charge.payment_intent"]}).to_dict()["data"]
    assert refund["charge"]["payment_intent"]["id"] == told["payment_intent"]["id"]


@pytest.mark.parametrize("path", ["nothing", "amount_total", "status", "a.b.c.d.e"])
def test_what_cannot_be_expanded_is_refused(desk: Desk, path: str) -> None:
    session = desk.session()
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.checkout.sessions.retrieve(session.id, {"expand": [path]})
    assert refusal.value.param == "expand"


def test_nothing_in_an_answer_reaches_into_the_state(desk: Desk) -> None:
    session = desk.paid(expand=["line_items"])
    told = desk.stripe.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})

    assert isinstance(told.payment_intent, stripe.PaymentIntent)
    assert isinstance(desk.stripe.checkout.sessions.retrieve(session.id).payment_intent, str)
