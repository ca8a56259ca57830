"""Customers, products, prices, coupons."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.standin.driving import Desk


def test_a_customer_is_made_read_and_changed(desk: Desk) -> None:
    made = desk.stripe.customers.create({"email": "ada@example.com", "name": "Ada", "metadata": {"wallet": "user_1"}})

    changed = desk.stripe.customers.update(made.id, {"name": "Ada L.", "metadata": {"team": "t1"}, "email": ""})

    assert (changed.id, changed.name, changed.email) == (made.id, "Ada L.", None)
    read = desk.stripe.customers.retrieve(made.id)
    assert read.metadata is not None
    assert read.metadata.to_dict() == {"wallet": "user_1", "team": "t1"}
    assert desk.listener.types() == ["customer.created", "customer.updated"]


def test_an_empty_metadata_unsets_all_of_it(desk: Desk) -> None:
    made = desk.stripe.customers.create({"metadata": {"a": "1"}})

    changed = desk.stripe.customers.update(made.id, {"metadata": ""})

    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {}


def test_a_deleted_customer_is_only_known_to_be_deleted(desk: Desk) -> None:
    made = desk.stripe.customers.create({"email": "ada@example.com"})

    gone = desk.stripe.customers.delete(made.id)

    assert gone.deleted
    assert desk.stripe.customers.retrieve(made.id).to_dict() == {"id": made.id, "object": "customer", "deleted": True}
    assert desk.stripe.customers.list().data == []
    assert desk.listener.last("customer.deleted")["email"] == "ada@example.com"
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.customers.update(made.id, {"name": "x"})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.session(customer=made.id)
    assert (refusal.value.http_status, refusal.value.code) == (400, "resource_missing")


def test_what_is_not_there_is_404(desk: Desk) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.customers.retrieve("cus_nowhere")

    assert (refusal.value.http_status, refusal.value.code, refusal.value.param) == (404, "resource_missing", "id")
    assert "No such customer: 'cus_nowhere'" in str(refusal.value)
    assert refusal.value.request_id is not None
    assert refusal.value.request_id.startswith("req_")


def test_a_price_is_found_by_its_lookup_key_and_the_key_can_move(desk: Desk) -> None:
    product = desk.stripe.products.create({"id": "starter", "name": "1,000 credits"})
    terms: Any = {"product": product.id, "currency": "usd", "lookup_key": "starter_usd"}
    old = desk.stripe.prices.create(terms | {"unit_amount": 1_000})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.prices.create(terms | {"unit_amount": 1_200})
    assert refusal.value.param == "lookup_key"

    new = desk.stripe.prices.create(terms | {"unit_amount": 1_200, "transfer_lookup_key": True})

    assert [price.id for price in desk.stripe.prices.list({"lookup_keys": ["starter_usd"]})] == [new.id]
    assert desk.stripe.prices.retrieve(old.id).lookup_key is None
    assert desk.stripe.prices.update(old.id, {"active": False}).active is False
    assert [price.id for price in desk.stripe.prices.list({"active": True, "product": product.id})] == [new.id]
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.prices.update(old.id, terms)
    with pytest.raises(stripe.InvalidRequestError) as inactive:
        desk.session(line_items=[{"price": old.id, "quantity": 1}])
    assert inactive.value.code == "price_inactive"


def test_a_session_can_be_opened_by_a_price(desk: Desk) -> None:
    price = desk.stripe.prices.create(
        {"currency": "usd", "unit_amount": 1_500, "product_data": {"name": "5,000 credits"}}
    )

    session = desk.session(line_items=[{"price": price.id, "quantity": 3}])

    assert session.amount_total == 4_500


def test_recurring_prices_and_modes_must_fit(desk: Desk) -> None:
    monthly = desk.stripe.prices.create(
        {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Pro"}, "recurring": {"interval": "month"}}
    )

    assert monthly.recurring is not None
    assert (monthly.type, monthly.recurring.interval) == ("recurring", "month")
    assert [price.id for price in desk.stripe.prices.list({"recurring": {"interval": "month"}})] == [monthly.id]
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.session(line_items=[{"price": monthly.id, "quantity": 1}])
    assert refusal.value.param == "mode"
    with pytest.raises(stripe.InvalidRequestError):
        desk.session(mode="subscription")


def test_products_are_made_once_by_id_and_deleted_without_prices(desk: Desk) -> None:
    desk.stripe.products.create({"id": "pro", "name": "Pro", "metadata": {"kind": "plan"}})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.products.create({"id": "pro", "name": "Pro"})
    assert refusal.value.code == "resource_already_exists"

    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.products.create({"id": "a plan", "name": "Pro"})
    price = desk.stripe.prices.create({"currency": "usd", "unit_amount": 5, "product": "pro", "nickname": "p"})
    assert desk.stripe.products.update("pro", {"default_price": price.id}).default_price == price.id
    desk.standin.handle("POST", f"/v1/prices/{price.id}", {"authorization": "Bearer sk_test_x"}, b"nickname=q")
    assert desk.stripe.prices.retrieve(price.id).nickname == "q"
    assert desk.stripe.products.create({"id": "team", "name": "Team"}).id == "team"

    assert desk.stripe.products.update("pro", {"name": "Pro+", "active": False}).name == "Pro+"
    assert [product.id for product in desk.stripe.products.list({"ids": ["pro"], "active": False})] == ["pro"]
    assert desk.stripe.products.delete("team").deleted
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.products.retrieve("team")


def test_a_product_with_prices_stays(desk: Desk) -> None:
    price = desk.stripe.prices.create({"currency": "usd", "unit_amount": 100, "product_data": {"name": "x"}})

    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.products.delete(str(price.product))


@pytest.mark.parametrize(("percent", "off"), [("20", 200), ("33.33", 333), ("0.05", 1), ("100", 1_000)])
def test_a_coupon_takes_off_its_share(desk: Desk, percent: str, off: int) -> None:
    coupon = desk.stripe.coupons.create({"percent_off": float(percent), "duration": "once", "name": "Welcome"})
    line = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 1_000, "product_data": {"name": "x"}}}

    session = desk.session(line_items=[line], discounts=[{"coupon": coupon.id}])

    assert session.total_details is not None
    assert session.total_details.amount_discount == off


def test_a_coupon_of_an_amount_is_taken_off_once_over_all_lines(desk: Desk) -> None:
    desk.stripe.coupons.create({"id": "TENNER", "amount_off": 1_000, "currency": "usd"})
    line = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 800, "product_data": {"name": "x"}}}

    session = desk.session(line_items=[line, line], discounts=[{"coupon": "TENNER"}], expand=["line_items"])

    assert session.amount_total == 600
    assert session.line_items is not None
    assert sorted(item.amount_discount for item in session.line_items) == [200, 800]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"percent_off": 0},
        {"percent_off": 101},
        {"percent_off": 5, "amount_off": 5},
        {"percent_off": 5, "duration": "repeating"},
    ],
)
def test_a_coupon_that_stripe_would_refuse_is_refused(desk: Desk, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.coupons.create(params)


def test_coupons_are_listed_renamed_and_deleted(desk: Desk) -> None:
    desk.stripe.coupons.create({"id": "A", "percent_off": 5})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.coupons.create({"id": "A", "percent_off": 5})
    assert refusal.value.code == "resource_already_exists"
    assert desk.stripe.coupons.update("A", {"name": "Five", "metadata": {"k": "v"}}).name == "Five"
    assert [coupon.id for coupon in desk.stripe.coupons.list()] == ["A"]
    assert desk.stripe.coupons.delete("A").deleted
    assert desk.stripe.coupons.list().data == []


def test_a_change_that_is_refused_halfway_changes_nothing(desk: Desk) -> None:
    made = desk.stripe.customers.create({"name": "Ada", "email": "ada@example.com"})
    wish: Any = {"email": "grace@example.com", "metadata": {"k": "v"}, "preferred_locales": {"first": "en"}}

    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.customers.update(made.id, wish)

    assert desk.stripe.customers.retrieve(made.id).to_dict() == made.to_dict()


def test_a_customers_settings_and_address_are_kept(desk: Desk) -> None:
    given = desk.control(f"customers/{desk.stripe.customers.create({}).id}/card", behaviour="ok")
    address: Any = {"city": "Bern", "country": "CH"}

    changed = desk.stripe.customers.update(
        given["customer"],
        {
            "address": address,
            "preferred_locales": ["de-CH"],
            "invoice_settings": {"default_payment_method": given["payment_method"]},
        },
    )

    assert changed.address is not None
    assert (changed.address.city, changed.address.line1) == ("Bern", None)
    assert changed.preferred_locales == ["de-CH"]
    assert changed.invoice_settings is not None
    assert changed.invoice_settings.default_payment_method == given["payment_method"]


def test_a_saved_card_can_be_moved_to_another_customer_and_described(desk: Desk) -> None:
    given = desk.control(f"customers/{desk.stripe.customers.create({}).id}/card", behaviour="ok")
    card = given["payment_method"]
    desk.stripe.payment_methods.detach(card)
    desk.stripe.payment_methods.update(card, {"metadata": {"of": "Ada"}})

    other = desk.stripe.customers.create({"payment_method": card})

    assert desk.stripe.payment_methods.retrieve(card).customer == other.id
    assert desk.stripe.payment_methods.attach(card, {"customer": given["customer"]}).customer == given["customer"]
    assert desk.stripe.payment_methods.retrieve(card).metadata is not None


def test_ten_lookup_keys_are_taken_at_once_and_find_prices_that_are_not_active_too(desk: Desk) -> None:
    price = desk.stripe.prices.create(
        {"currency": "usd", "unit_amount": 100, "lookup_key": "k0", "product_data": {"name": "x"}}
    )
    desk.stripe.prices.update(price.id, {"active": False})
    keys = [f"k{number}" for number in range(11)]

    assert [found.id for found in desk.stripe.prices.list({"lookup_keys": keys[:10]})] == [price.id]
    assert desk.stripe.prices.list({"lookup_keys": keys[:10], "active": True}).data == []
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.prices.list({"lookup_keys": keys})
    assert refusal.value.param == "lookup_keys"
