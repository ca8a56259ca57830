"""Sessions and what buyers and banks do with them."""

from __future__ import annotations

import pytest
import stripe

from tests.standin.driving import Desk, price_data

USD_LINE = {"quantity": 1, "price_data": price_data()}
PRICE_DATA = "line_items[0][price_data][product]"


def test_a_new_session_is_open_and_has_no_payment_yet(desk: Desk) -> None:
    session = desk.session(client_reference_id="pur_1", metadata={"purchase": "pur_1", "0": "digits are names too"})

    assert (session.status, session.payment_status, session.mode) == ("open", "unpaid", "payment")
    assert (session.amount_subtotal, session.amount_total, session.currency) == (2_000, 2_000, "usd")
    assert session.payment_intent is None
    assert session.client_reference_id == "pur_1"
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"purchase": "pur_1", "0": "digits are names too"}
    assert session.id.startswith("cs_test_")
    assert session.url == f"https://pay.example/pay/{session.id}"
    assert session.expires_at == desk.clock.timestamp() + 24 * 3600
    assert desk.listener.types() == []


def test_paying_by_card_completes_the_session_and_tells(desk: Desk) -> None:
    session = desk.session(payment_intent_data={"metadata": {"purchase": "pur_1"}})

    desk.control(f"sessions/{session.id}/pay", method="card")

    assert desk.status(session) == ("complete", "paid")
    intent, charge = desk.intent(session), desk.charge(session)
    assert (intent.status, intent.amount_received, intent.metadata["purchase"]) == ("succeeded", 2_000, "pur_1")
    assert (charge.status, charge.paid, charge.amount_captured) == ("succeeded", True, 2_000)
    assert charge.receipt_url == f"https://pay.example/receipts/{charge.id}"
    assert desk.listener.types() == ["payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"]
    told = desk.listener.last("checkout.session.completed")
    assert (told["payment_status"], told["payment_intent"], told["url"]) == ("paid", intent.id, None)
    assert told["customer_details"]["email"] == "buyer@example.com"


def test_money_that_came_in_is_in_the_balance_less_the_fee(desk: Desk) -> None:
    charge = desk.charge(desk.paid())

    assert isinstance(charge.balance_transaction, str)
    booked = desk.stripe.balance_transactions.retrieve(charge.balance_transaction)

    assert (booked.amount, booked.fee, booked.net) == (2_000, 88, 1_912)
    assert (booked.source, booked.type) == (charge.id, "charge")


def test_a_declined_card_leaves_the_session_open_for_another_try(desk: Desk) -> None:
    session = desk.session()

    desk.control(f"sessions/{session.id}/pay", method="declined")

    assert desk.status(session) == ("open", "unpaid")
    assert desk.listener.types() == ["payment_intent.payment_failed", "charge.failed"]
    declined = desk.intent(session)
    assert declined.status == "requires_payment_method"
    assert declined.last_payment_error is not None
    assert declined.last_payment_error.code == "card_declined"

    desk.control(f"sessions/{session.id}/pay", method="card")

    assert desk.status(session) == ("complete", "paid")
    assert desk.intent(session).id == declined.id, "Stripe keeps the payment intent over attempts"
    assert desk.intent(session).last_payment_error is None


def test_a_bank_debit_completes_unpaid_and_is_settled_later(desk: Desk) -> None:
    session = desk.session()

    desk.control(f"sessions/{session.id}/pay", method="bank_debit")

    assert desk.status(session) == ("complete", "unpaid")
    assert (desk.intent(session).status, desk.charge(session).status) == ("processing", "pending")
    assert desk.listener.types() == ["checkout.session.completed"]

    desk.control(f"payment_intents/{desk.intent(session).id}/settle")

    assert desk.status(session) == ("complete", "paid")
    assert desk.charge(session).paid
    assert desk.listener.types()[1:] == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "checkout.session.async_payment_succeeded",
    ]


def test_a_bank_debit_that_failed_can_still_be_settled(desk: Desk) -> None:
    session = desk.session()
    desk.control(f"sessions/{session.id}/pay", method="bank_debit")
    intent = desk.intent(session).id

    desk.control(f"payment_intents/{intent}/fail")

    assert desk.status(session) == ("complete", "unpaid")
    assert desk.listener.types()[-1] == "checkout.session.async_payment_failed"
    assert desk.intent(session).status == "requires_payment_method"

    desk.control(f"payment_intents/{intent}/settle")

    assert desk.status(session) == ("complete", "paid")
    assert desk.listener.types()[-1] == "checkout.session.async_payment_succeeded"


@pytest.mark.parametrize("order", ["settle", "fail"])
def test_a_card_payment_can_be_neither_settled_nor_failed(desk: Desk, order: str) -> None:
    intent = desk.intent(desk.paid())

    status, told = desk.try_control(f"payment_intents/{intent.id}/{order}")

    assert (status, told["error"]["code"]) == (400, "payment_intent_unexpected_state")


def test_a_session_ends_by_the_clock_and_says_so_once(desk: Desk) -> None:
    session = desk.session(expires_at=desk.clock.timestamp() + 1_800)

    desk.clock.advance(minutes=30)

    assert desk.status(session) == ("expired", "unpaid")
    assert desk.status(session) == ("expired", "unpaid")
    assert desk.listener.types() == ["checkout.session.expired"]
    assert desk.listener.last("checkout.session.expired")["url"] is None
    assert desk.try_control(f"sessions/{session.id}/pay", method="card")[0] == 400


def test_the_clock_can_be_heeded_without_a_request(desk: Desk) -> None:
    desk.session()
    desk.clock.advance(days=1)
    assert desk.listener.types() == []

    desk.standin.catch_up()

    assert desk.listener.types() == ["checkout.session.expired"]


def test_a_paid_session_does_not_end_by_the_clock(desk: Desk) -> None:
    session = desk.paid()

    desk.clock.advance(days=3)

    assert desk.status(session) == ("complete", "paid")
    assert "checkout.session.expired" not in desk.listener.types()


def test_an_open_session_can_be_expired_by_the_seller_and_only_an_open_one(desk: Desk) -> None:
    session = desk.session()
    desk.control(f"sessions/{session.id}/pay", method="declined")

    expired = desk.stripe.checkout.sessions.expire(session.id)

    assert expired.status == "expired"
    assert desk.intent(session).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match=r"status of expired"):
        desk.stripe.checkout.sessions.expire(session.id)
    assert desk.try_control(f"sessions/{session.id}/expire")[0] == 400


def test_an_invoice_is_made_when_one_was_asked_for(desk: Desk) -> None:
    customer = desk.stripe.customers.create({"email": "ada@example.com"})
    session = desk.paid(
        customer=customer.id, invoice_creation={"enabled": True, "invoice_data": {"metadata": {"purchase": "pur_1"}}}
    )

    assert isinstance(session.invoice, str)
    invoice = desk.stripe.invoices.retrieve(session.invoice, {"expand": ["payments"]})

    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 2_000, 0)
    assert invoice.metadata is not None
    assert invoice.metadata["purchase"] == "pur_1"
    assert invoice.hosted_invoice_url == f"https://pay.example/invoices/{invoice.id}"
    assert invoice.invoice_pdf == f"https://pay.example/invoices/{invoice.id}/pdf"
    assert invoice.customer_email == "ada@example.com"
    assert invoice.payments is not None
    assert invoice.payments.data[0].payment.payment_intent == desk.intent(session).id
    assert "invoice.paid" in desk.listener.types()
    found = desk.stripe.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": desk.intent(session).id}}
    )
    assert [payment.invoice for payment in found] == [invoice.id]


def test_an_invoice_of_a_bank_debit_waits_for_the_money(desk: Desk) -> None:
    session = desk.session(invoice_creation={"enabled": True})
    desk.control(f"sessions/{session.id}/pay", method="bank_debit")
    assert desk.stripe.checkout.sessions.retrieve(session.id).invoice is None

    desk.control(f"payment_intents/{desk.intent(session).id}/settle")

    assert desk.stripe.checkout.sessions.retrieve(session.id).invoice


def test_a_customer_is_made_only_where_one_is_needed(desk: Desk) -> None:
    assert desk.paid().customer is None
    for wish in (
        {"customer_creation": "always"},
        {"invoice_creation": {"enabled": True}},
        {"payment_intent_data": {"setup_future_usage": "off_session"}},
    ):
        assert isinstance(desk.paid(**wish).customer, str)


def test_the_address_entered_on_the_page_is_kept_with_a_customer_that_had_none(desk: Desk) -> None:
    customer = desk.stripe.customers.create({"metadata": {"wallet": "user_1"}})
    session = desk.session(customer=customer.id)

    desk.control(f"sessions/{session.id}/pay", method="card", email="ada@example.com")

    assert desk.stripe.customers.retrieve(customer.id).email == "ada@example.com"
    assert desk.listener.last("checkout.session.completed")["customer_details"]["email"] == "ada@example.com"


def test_a_coupon_is_taken_off_line_by_line(desk: Desk) -> None:
    desk.stripe.coupons.create({"id": "FIFTH", "percent_off": 20})
    session = desk.session(discounts=[{"coupon": "FIFTH"}], expand=["line_items"])

    assert (session.amount_subtotal, session.amount_total) == (2_000, 1_600)
    assert session.total_details is not None
    assert session.total_details.amount_discount == 400
    assert session.line_items is not None
    assert session.line_items.data[0].amount_discount == 400


def test_a_session_that_costs_nothing_needs_no_payment(desk: Desk) -> None:
    desk.stripe.coupons.create({"id": "ALL", "percent_off": 100})
    session = desk.paid(discounts=[{"coupon": "ALL"}])

    assert (session.status, session.payment_status) == ("complete", "no_payment_required")
    assert session.payment_intent is None


def test_line_items_are_listed_apart(desk: Desk) -> None:
    session = desk.session()

    (line,) = desk.stripe.checkout.sessions.line_items.list(session.id).data

    assert (line.description, line.quantity, line.amount_total) == ("1,000 credits", 2, 2_000)
    assert line.price is not None
    assert (line.price.unit_amount, line.price.active) == (1_000, False)


def test_metadata_of_a_session_is_merged_and_unset(desk: Desk) -> None:
    session = desk.session(metadata={"a": "1", "b": "2"})

    changed = desk.stripe.checkout.sessions.update(session.id, {"metadata": {"b": "", "c": "3"}})

    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"a": "1", "c": "3"}


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": None}, "mode"),
        ({"mode": "gift"}, "mode"),
        ({"success_url": None}, "success_url"),
        ({"success_url": "/done"}, "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url"),
        ({"line_items": None}, "line_items"),
        ({"line_items": [{"price_data": price_data()}]}, "line_items[0][quantity]"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0]"),
        ({"line_items": [{"quantity": "two", "price_data": price_data()}]}, "line_items[0][quantity]"),
        ({"line_items": [{"quantity": 1, "price": "price_nowhere"}]}, "line_items[0][price]"),
        ({"line_items": [{"quantity": 1, "price_data": price_data(49)}]}, "line_items"),
        ({"customer": "cus_nowhere"}, "customer"),
        ({"metadata": {"k" * 41: "v"}}, "metadata[" + "k" * 41 + "]"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"metadata": {f"k{i}": "v" for i in range(51)}}, "metadata"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"payment_intent_data": {"colour": "red"}}, "payment_intent_data[colour]"),
        ({"subscription_data": {"description": "x"}}, "subscription_data"),
        ({"invoice_creation": {"enabled": "perhaps"}}, "invoice_creation[enabled]"),
        ({"discounts": [{"coupon": "NOWHERE"}]}, "discounts[0][coupon]"),
        ({"discounts": [{"coupon": "A"}, {"coupon": "B"}]}, "discounts"),
        ({"discounts": [{"coupon": "A"}], "allow_promotion_codes": True}, "discounts"),
        ({"customer": "cus_1", "customer_email": "ada@example.com"}, "customer_email"),
        ({"metadata": "none"}, "metadata"),
        ({"success_url": "https://[shop"}, "success_url"),
        ({"success_url": {"a": "b"}}, "success_url"),
        ({"line_items": [USD_LINE, {**USD_LINE, "price_data": {**price_data(), "currency": "eur"}}]}, "line_items"),
        ({"line_items": [{**USD_LINE, "tax_rates": ["txr_1"]}]}, "line_items[0][tax_rates]"),
        ({"payment_intent_data": {"setup_future_usage": "perhaps"}}, "payment_intent_data[setup_future_usage]"),
        ({"line_items": [{"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 100}}]}, PRICE_DATA),
    ],
)
def test_a_session_that_stripe_would_refuse_is_refused(desk: Desk, changes: dict[str, object], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.session(**changes)

    assert refusal.value.http_status == 400
    assert refusal.value.param == param
    assert desk.stripe.checkout.sessions.list().data == []


@pytest.mark.parametrize(("seconds", "accepted"), [(1_799, False), (1_800, True), (86_400, True), (86_401, False)])
def test_a_session_lasts_between_half_an_hour_and_a_day(desk: Desk, seconds: int, *, accepted: bool) -> None:
    ending = desk.clock.timestamp() + seconds
    if accepted:
        assert desk.session(expires_at=ending).expires_at == ending
        return
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.session(expires_at=ending)
    assert refusal.value.param == "expires_at"


def test_a_session_of_a_deleted_customer_cannot_be_paid(desk: Desk) -> None:
    customer = desk.stripe.customers.create({})
    session = desk.session(customer=customer.id)
    desk.stripe.customers.delete(customer.id)

    assert desk.try_control(f"sessions/{session.id}/pay", method="card")[0] == 400
    assert desk.browse(f"/pay/{session.id}", "method=card")[0] == 409
    assert desk.try_control(f"customers/{customer.id}/card", behaviour="ok")[0] == 400


def test_late_money_of_a_deleted_customer_still_comes_in(desk: Desk) -> None:
    customer = desk.stripe.customers.create({})
    session = desk.session(customer=customer.id, invoice_creation={"enabled": True})
    desk.control(f"sessions/{session.id}/pay", method="bank_debit")
    desk.stripe.customers.delete(customer.id)

    desk.control(f"payment_intents/{desk.intent(session).id}/settle")

    assert desk.status(session) == ("complete", "paid")
    assert desk.stripe.checkout.sessions.retrieve(session.id).invoice is None
