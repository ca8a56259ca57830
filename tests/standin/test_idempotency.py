"""Idempotency keys, as Stripe keeps them."""

from __future__ import annotations

import threading

import pytest
import stripe

from tests.standin.driving import KEY, Desk, told_headers


def test_a_repeat_with_the_same_key_gets_the_first_answer(desk: Desk) -> None:
    first = desk.stripe.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
    desk.stripe.customers.update(first.id, {"name": "Grace"})

    again = desk.stripe.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})

    assert (again.id, again.name) == (first.id, "Ada"), "as it was then"
    assert len(desk.stripe.customers.list().data) == 1
    assert "Idempotent-Replayed" not in told_headers(first)
    assert told_headers(again)["Idempotent-Replayed"] == "true"
    assert told_headers(again)["Original-Request"] == told_headers(first)["Request-Id"]


def test_the_order_of_parameters_does_not_matter_but_their_values_do(desk: Desk) -> None:
    key: stripe.RequestOptions = {"idempotency_key": "k1"}
    first = desk.stripe.customers.create({"name": "Ada", "email": "a@example.com"}, key)
    assert desk.stripe.customers.create({"email": "a@example.com", "name": "Ada"}, key).id == first.id

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        desk.stripe.customers.create({"name": "Grace", "email": "a@example.com"}, key)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        desk.stripe.products.create({"name": "Ada"}, key)


def test_a_key_is_forgotten_after_a_day(desk: Desk) -> None:
    first = desk.stripe.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
    desk.clock.advance(hours=23, minutes=59, seconds=59)
    assert desk.stripe.customers.create({"name": "Ada"}, {"idempotency_key": "k1"}).id == first.id

    desk.clock.advance(seconds=1)

    assert desk.stripe.customers.create({"name": "Ada"}, {"idempotency_key": "k1"}).id != first.id


def test_a_mistyped_call_leaves_its_key_free(desk: Desk) -> None:
    key: stripe.RequestOptions = {"idempotency_key": "k1"}
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.checkout.sessions.create({"mode": "payment"}, key)

    desk.stripe.customers.create({"name": "Ada"}, key)


def test_a_refusal_of_a_call_that_began_is_kept(desk: Desk) -> None:
    key: stripe.RequestOptions = {"idempotency_key": "k1"}
    intent = desk.intent(desk.paid()).id
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.refunds.create({"payment_intent": intent, "amount": 9_999}, key)

    with pytest.raises(stripe.InvalidRequestError) as again:
        desk.stripe.refunds.create({"payment_intent": intent, "amount": 9_999}, key)

    assert again.value.headers is not None
    assert again.value.headers["idempotent-replayed"] == "true"


def test_an_answer_that_cannot_be_expanded_is_kept_as_well_since_the_work_was_done(desk: Desk) -> None:
    key: stripe.RequestOptions = {"idempotency_key": "k1"}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError):
            desk.stripe.customers.create({"expand": ["nothing"]}, key)

    assert len(desk.stripe.customers.list().data) == 1


def test_keys_belong_to_a_secret_key(desk: Desk) -> None:
    first = desk.stripe.customers.create({}, {"idempotency_key": "k1"})
    other = desk.stripe.customers.create({}, {"idempotency_key": "k1", "api_key": KEY + "2"})
    assert first.id != other.id


def test_a_key_that_is_too_long_is_refused(desk: Desk) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.customers.create({}, {"idempotency_key": "k" * 256})


def test_of_many_at_once_one_is_done(desk: Desk) -> None:
    made: set[str] = set()

    def create() -> None:
        made.add(desk.stripe.customers.create({"name": "Ada"}, {"idempotency_key": "k1"}).id)

    threads = [threading.Thread(target=create) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1
    assert desk.listener.types() == ["customer.created"]


@pytest.mark.parametrize("key", ["pk_test_x", "sk_live_x", "whatever"])
def test_only_a_secret_key_of_test_mode_is_let_in(desk: Desk, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refusal:
        desk.stripe.customers.list({}, {"api_key": key})

    assert refusal.value.http_status == 401
    assert key not in str(refusal.value)


def test_without_a_key_nothing_is_told(desk: Desk) -> None:
    reply = desk.standin.handle("GET", "/v1/customers", {}, b"")

    assert reply.status == 401
    assert reply.headers["request-id"].startswith("req_")


def test_what_the_stand_in_has_not_is_404(desk: Desk) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refusal:
        desk.stripe.payouts.list()
    assert refusal.value.http_status == 404
