"""Cards kept with a customer, and charging them without the customer."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.standin.driving import Desk


def saved_card(desk: Desk) -> tuple[str, str]:
    """Buy once with the card kept; the customer and the card."""
    customer = desk.stripe.customers.create({"email": "ada@example.com"})
    desk.paid(customer=customer.id, payment_intent_data={"setup_future_usage": "off_session"})
    (card,) = desk.stripe.customers.payment_methods.list(customer.id, {"type": "card"}).data
    return customer.id, card.id


def charge(desk: Desk, customer: str, card: str | None, key: str | None = None) -> stripe.PaymentIntent:
    """Charge a saved card 15 dollars off session."""
    params: Any = {"amount": 1_500, "currency": "usd", "customer": customer, "metadata": {"topup": "1"}}
    params |= {"confirm": True, "off_session": True, "payment_method": card, "expand": ["latest_charge"]}
    return desk.stripe.payment_intents.create(params, {"idempotency_key": key} if key else {})


def test_a_card_is_kept_only_when_asked_for(desk: Desk) -> None:
    customer = desk.stripe.customers.create({})
    desk.paid(customer=customer.id)
    assert desk.stripe.customers.payment_methods.list(customer.id).data == []

    desk.paid(customer=customer.id, saved_payment_method_options={"payment_method_save": "enabled"})

    (card,) = desk.stripe.payment_methods.list({"customer": customer.id, "type": "card"}).data
    assert card.card is not None
    assert (card.customer, card.card.last4) == (customer.id, "4242")


def test_a_saved_card_pays_without_its_owner(desk: Desk) -> None:
    customer, card = saved_card(desk)
    desk.listener.events.clear()

    intent = charge(desk, customer, card)

    assert (intent.status, intent.amount_received, intent.customer) == ("succeeded", 1_500, customer)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.metadata["topup"] == "1"
    assert desk.listener.types() == ["payment_intent.succeeded", "charge.succeeded"]


@pytest.mark.parametrize(
    ("behaviour", "code", "decline_code"),
    [
        ("declined", "card_declined", "generic_decline"),
        ("authentication_required", "authentication_required", "authentication_required"),
    ],
)
def test_a_card_that_refuses_is_a_card_error(desk: Desk, behaviour: str, code: str, decline_code: str) -> None:
    customer, card = saved_card(desk)
    desk.control(f"customers/{customer}/card", behaviour=behaviour)

    with pytest.raises(stripe.CardError) as refusal:
        charge(desk, customer, card, key="topup-1")

    assert (refusal.value.http_status, refusal.value.code) == (402, code)
    error = refusal.value.error
    assert error is not None
    assert error.decline_code == decline_code
    assert error.payment_intent is not None
    assert error.payment_intent.status == "requires_payment_method"
    assert desk.listener.types()[-2:] == ["payment_intent.payment_failed", "charge.failed"]
    with pytest.raises(stripe.CardError) as again:
        charge(desk, customer, card, key="topup-1")
    assert again.value.json_body == refusal.value.json_body, "a stored refusal is repeated"
    assert again.value.headers is not None
    assert again.value.headers["idempotent-replayed"] == "true"


def test_a_bank_debit_off_session_is_processing_until_the_bank_pays(desk: Desk) -> None:
    customer, card = saved_card(desk)
    desk.control(f"customers/{customer}/card", behaviour="bank_debit")

    intent = charge(desk, customer, card)
    assert intent.status == "processing"
    desk.control(f"payment_intents/{intent.id}/settle")

    assert desk.stripe.payment_intents.retrieve(intent.id).status == "succeeded"
    assert desk.listener.types()[-2:] == ["payment_intent.succeeded", "charge.succeeded"]


def test_a_card_recovers_when_it_is_told_to(desk: Desk) -> None:
    customer, card = saved_card(desk)
    desk.control(f"customers/{customer}/card", behaviour="declined")
    desk.control(f"customers/{customer}/card", behaviour="ok")

    assert charge(desk, customer, card).status == "succeeded"


def test_a_customer_without_a_card_can_be_given_one(desk: Desk) -> None:
    customer = desk.stripe.customers.create({})

    given = desk.control(f"customers/{customer.id}/card", behaviour="ok")

    assert charge(desk, customer.id, given["payment_method"]).status == "succeeded"


def test_charging_without_a_card_is_refused(desk: Desk) -> None:
    customer = desk.stripe.customers.create({})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        charge(desk, customer.id, None)

    assert refusal.value.code == "payment_intent_unexpected_state"
    assert desk.stripe.payment_intents.list().data == []


def test_another_customers_card_and_a_detached_one_are_refused(desk: Desk) -> None:
    customer, card = saved_card(desk)
    other = desk.stripe.customers.create({})
    with pytest.raises(stripe.InvalidRequestError):
        charge(desk, other.id, card)

    desk.stripe.payment_methods.detach(card)

    with pytest.raises(stripe.InvalidRequestError):
        charge(desk, customer, card)
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.payment_methods.detach(card)
    assert desk.stripe.customers.payment_methods.list(customer).data == []


def test_an_intent_can_be_made_first_and_confirmed_or_cancelled_later(desk: Desk) -> None:
    customer, card = saved_card(desk)
    terms: Any = {"amount": 900, "currency": "USD", "customer": customer}
    first = desk.stripe.payment_intents.create(terms)
    second = desk.stripe.payment_intents.create(terms)
    assert (first.status, first.currency) == ("requires_payment_method", "usd")

    third = desk.stripe.payment_intents.create(terms | {"payment_method": card})
    assert third.status == "requires_confirmation"
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.payment_intents.confirm(first.id)

    assert desk.stripe.payment_intents.confirm(third.id).status == "succeeded"
    assert desk.stripe.payment_intents.confirm(first.id, {"payment_method": card}).status == "succeeded"
    assert desk.stripe.payment_intents.cancel(second.id).status == "canceled"

    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.payment_intents.cancel(first.id)
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.payment_intents.confirm(second.id, {"payment_method": card})


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"amount": 49}, "amount"),
        ({"amount": 100_000_000}, "amount"),
        ({"amount": "ten"}, "amount"),
        ({"currency": "dollars"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"customer": "cus_nowhere"}, "customer"),
        ({"off_session": True}, "off_session"),
        ({"payment_method": "pm_nowhere"}, "payment_method"),
        ({"shipping": {"name": "Ada"}}, "shipping"),
    ],
)
def test_an_intent_that_stripe_would_refuse_is_refused(desk: Desk, changes: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.payment_intents.create({"amount": 900, "currency": "usd"} | changes)
    assert refusal.value.param == param


def test_metadata_of_payments_can_be_changed(desk: Desk) -> None:
    session = desk.paid()
    intent, charged = desk.intent(session), desk.charge(session)

    changed = desk.stripe.payment_intents.update(intent.id, {"metadata": {"a": "1"}, "description": "Credits"})
    desk.stripe.charges.update(charged.id, {"metadata": {"b": "2"}})

    assert (changed.metadata.to_dict(), changed.description) == ({"a": "1"}, "Credits")
    assert desk.stripe.charges.retrieve(charged.id).metadata.to_dict() == {"b": "2"}
