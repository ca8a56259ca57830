"""Buying: what is answered, when it is said again, and when it is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from local.stripe.replies import Reply as StripeReply
from local.stripe.transport import lost
from tests.api.desk import MONEY, Desk, refusal

OPEN_PURCHASES = 10  # at most, per wallet and hour
STARTED = {
    *("purchase_id", "status", "credits", "bonus_credits", "price"),
    *("checkout_session_id", "checkout_url", "expires_at"),
}
PURCHASE = {
    *("purchase_id", "status", "credits", "bonus_credits", "price"),
    *("refunded_minor", "disputed", "receipt_url", "lot_id"),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def rows(desk: Desk) -> list[str]:
    """Name the purchases that have a row."""
    return [
        item["sk"]["S"]
        for item in desk.premises.items()[desk.premises.store.names.purchases]
        if item["sk"]["S"].startswith("p#")
    ]


def test_buying_answers_where_to_pay(desk: Desk) -> None:
    reply = desk.buy(package_id="scale", quantity=2)

    said = reply.json()
    assert reply.status == 201
    assert said.keys() >= STARTED
    assert (said["status"], said["credits"], said["bonus_credits"]) == ("pending", 40_000, 2_000)
    assert said["price"] == {"amount_minor": 30_000, "currency": "usd", "exponent": 2}
    assert said["checkout_session_id"].startswith("cs_test_")
    assert said["checkout_url"].endswith(said["checkout_session_id"])
    assert TIME.fullmatch(said["expires_at"])
    assert reply.headers["location"] == f"/api/credits/purchases/{said['purchase_id']}"
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert "idempotency-replayed" not in reply.headers


def test_stripe_is_told_what_is_sold_to_whom_and_where_to_go_back(desk: Desk) -> None:
    bought = desk.buy(
        package_id="growth", quantity=3, return_path="/billing?tab=credits", token=desk.token(email="a@example.org")
    ).json()

    session = desk.premises.standin._account.objects["checkout.session"][bought["checkout_session_id"]]
    customer = desk.premises.standin._account.objects["customer"][session["customer"]]
    assert (session["amount_subtotal"], session["currency"], session["mode"]) == (12_000, "usd", "payment")
    assert session["client_reference_id"] == bought["purchase_id"]
    assert session["metadata"] == {"tally_purchase": bought["purchase_id"], "tally_wallet": "acct_a"}
    assert session["success_url"].startswith(
        "https://app.example/billing?tab=credits&purchase=" + bought["purchase_id"]
    )
    assert session["success_url"].endswith("session_id={CHECKOUT_SESSION_ID}")
    assert session["cancel_url"].startswith("https://app.example/billing?tab=credits&")
    assert customer["email"] == "a@example.org"


def test_without_a_return_path_the_way_back_is_the_usual_one(desk: Desk) -> None:
    bought = desk.buy().json()

    session = desk.premises.standin._account.objects["checkout.session"][bought["checkout_session_id"]]
    assert session["success_url"].startswith("https://app.example/?purchase=")


def test_a_purchase_can_be_followed_until_it_is_paid(desk: Desk) -> None:
    bought = desk.buy()
    place = bought.headers["location"]

    pending = desk.get(place).json()
    desk.pay(bought)
    paid = desk.get(place)

    assert pending.keys() >= PURCHASE
    assert pending["status"] == "pending"
    assert (pending["refunded_minor"], pending["disputed"]) == (0, False)
    assert (pending["receipt_url"], pending["lot_id"]) == (None, None)
    said = paid.json()
    assert (said["status"], said["lot_id"], said["credits"]) == ("paid", "lot_1", 1000)
    assert said["receipt_url"].startswith("http")
    assert said["invoice_url"].startswith("http")
    assert said["price"].keys() == MONEY
    assert paid.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("happen", "status"),
    [
        (lambda desk, bought: desk.pay(bought, "declined"), "pending"),
        (lambda desk, bought: desk.pay(bought, "bank_debit"), "awaiting_payment"),
        (
            lambda desk, bought: desk.premises.control(f"sessions/{bought.json()['checkout_session_id']}/expire"),
            "expired",
        ),
    ],
    ids=["declined", "bank debit", "expired"],
)
def test_a_purchase_shows_what_became_of_it(desk: Desk, happen: Callable[[Desk, object], object], status: str) -> None:
    bought = desk.buy()

    happen(desk, bought)

    assert desk.get(bought.headers["location"]).json()["status"] == status


def test_a_purchase_that_is_not_there_is_not_found(desk: Desk) -> None:
    refusal(desk.get("/api/credits/purchases/pur_00000000000000000000"), 404, "not_found")


@pytest.mark.parametrize("name", ["pur_", "x", "PUR_00000000000000000000", "p%23", "*", "pur_0000000000000000000G"])
def test_what_names_no_purchase_is_not_even_looked_for(desk: Desk, name: str) -> None:
    refusal(desk.get(f"/api/credits/purchases/{name}"), 404, "not_found")
    assert desk.premises.is_untouched


def test_a_purchase_of_another_wallet_looks_like_none(desk: Desk) -> None:
    theirs = desk.buy(token=desk.token("acct_b")).headers["location"]

    foreign, missing = desk.get(theirs), desk.get("/api/credits/purchases/pur_00000000000000000000")

    refusal(foreign, 404, "not_found")
    assert foreign.body == missing.body


def test_the_repeat_of_a_purchase_is_the_first_answer_again(desk: Desk) -> None:
    first = desk.buy(quantity=2)
    desk.premises.advance(minutes=30)

    with desk.changing_nothing():
        again = desk.buy(quantity=2)

    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]


def test_the_repeat_is_the_same_also_after_it_was_paid(desk: Desk) -> None:
    first = desk.buy()
    desk.pay(first)
    desk.premises.advance(days=3)

    with desk.changing_nothing():
        again = desk.buy()

    assert (again.status, again.body) == (first.status, first.body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"package_id":"starter","quantity":1}',
        b' { "quantity" : 1, "package_id" : "starter" } ',
        b'{"package_id":"\\u0073tarter","save_card":false,"return_path":null}',
    ],
)
def test_what_is_equal_once_it_is_read_is_the_same_request(desk: Desk, body: bytes) -> None:
    first = desk.buy()

    again = desk.post("/api/credits/purchase", body)

    assert (again.body, again.headers["idempotency-replayed"]) == (first.body, "true")


@pytest.mark.parametrize(
    "fields",
    [{"quantity": 2}, {"package_id": "growth"}, {"return_path": "/x"}, {"save_card": True}],
)
def test_a_key_that_was_spent_on_something_else_is_refused(desk: Desk, fields: dict[str, Any]) -> None:
    desk.buy()

    with desk.changing_nothing():
        refusal(desk.buy(**fields), 409, "key_reused")


def test_another_wallet_may_use_the_same_key(desk: Desk) -> None:
    mine, theirs = desk.buy(), desk.buy(token=desk.token("acct_b"), quantity=5)

    assert (mine.status, theirs.status) == (201, 201)
    assert "idempotency-replayed" not in theirs.headers
    assert mine.json()["purchase_id"] != theirs.json()["purchase_id"]


def test_another_key_is_another_purchase(desk: Desk) -> None:
    one, other = desk.buy("k1").json(), desk.buy("k2").json()

    assert one["purchase_id"] != other["purchase_id"]
    assert one["checkout_session_id"] != other["checkout_session_id"]


def test_a_refused_request_spends_no_key(desk: Desk) -> None:
    refusal(desk.buy(quantity=0), 400, "invalid_request", "quantity")

    bought = desk.buy(quantity=1)

    assert bought.status == 201
    assert "idempotency-replayed" not in bought.headers


def unplugged(_method: str, _path: str) -> None:
    raise lost()


def losing_answers(_method: str, _path: str, _reply: StripeReply) -> None:
    raise lost()


def test_when_stripe_does_not_answer_the_same_key_may_be_tried_again(desk: Desk) -> None:
    desk.premises.transport.before = unplugged
    refusal(desk.buy(), 502, "stripe_unavailable")
    desk.premises.transport.before = None

    bought = desk.buy()

    assert bought.status == 201
    assert rows(desk) == [f"p#{bought.json()['purchase_id']}"]
    desk.pay(bought)
    assert desk.get("/api/credits/balance").json()["available"] == 1000


def test_when_stripes_answer_was_lost_the_repeat_finds_the_same_session(desk: Desk) -> None:
    desk.premises.transport.after = losing_answers
    refusal(desk.buy(), 502, "stripe_unavailable")
    desk.premises.transport.after = None

    bought = desk.buy()

    assert bought.status == 201
    assert len(desk.premises.standin._account.objects["customer"]) == 1
    assert bought.json()["checkout_session_id"].startswith("cs_test_")
    assert len(rows(desk)) == 1


def test_the_eleventh_open_purchase_has_to_wait(desk: Desk) -> None:
    for number in range(OPEN_PURCHASES):
        assert desk.buy(f"k{number}").status == 201
    desk.premises.advance(minutes=10)

    with desk.changing_nothing():
        full = desk.buy("one-more")

    refusal(full, 429, "too_many_requests")
    assert full.headers["retry-after"] == "3000"
    assert desk.buy("k3").headers["idempotency-replayed"] == "true"

    desk.premises.advance(seconds=3001)
    assert desk.buy("one-more").status == 201


def test_a_purchase_that_was_paid_makes_room_for_another(desk: Desk) -> None:
    bought = [desk.buy(f"k{number}") for number in range(OPEN_PURCHASES)]
    desk.pay(bought[0])

    assert desk.buy("one-more").status == 201


def test_open_purchases_of_one_wallet_are_no_matter_of_another(desk: Desk) -> None:
    for number in range(OPEN_PURCHASES):
        desk.buy(f"k{number}")

    assert desk.buy("k0", token=desk.token("acct_b")).status == 201
