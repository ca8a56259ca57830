"""Payments with a saved card at Stripe: which card pays, what is asked, and what of the answers is believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import stripe

from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Order, Progress, Purchase
from chalicelib.payments.client import connect
from chalicelib.payments.saved_cards import read_intent
from chalicelib.services.ports import PaymentsDeclined, PaymentsFailed, PaymentsRefused
from local.stripe.errors import ApiError
from tests.builders import DAY, NOON, purchase
from tests.topper import Topper


@pytest.fixture
def topper() -> Topper:
    return Topper()


def bought(topper: Topper, **more: Any) -> Purchase:
    return purchase(customer_id=topper.customer_id, topup_seq=7, **more)


def card(topper: Topper) -> str:
    found = topper.payments.saved_card(topper.customer_id)
    assert found
    return found


def test_the_customers_default_pays_else_the_card_that_was_saved_last(topper: Topper) -> None:
    first = card(topper)
    topper.clock += DAY
    begun = topper.buy("k2", order=Order(wallet_id="acct_a", package_id="starter", save_card=True), now=topper.clock)
    topper.pay(begun)
    second = card(topper)
    third = topper.new_card()

    assert len({first, second, third}) == 3
    assert card(topper) == third


def test_a_customer_who_is_gone_or_unknown_has_no_card(topper: Topper) -> None:
    client = connect("sk_test_1", "https://stripe.example", http_client=topper.transport)
    client.v1.customers.delete(topper.customer_id)

    assert topper.payments.saved_card(topper.customer_id) is None
    assert topper.payments.saved_card("cus_none") is None


def test_a_payment_is_read_as_it_was_made(topper: Topper) -> None:
    found = topper.payments.pay_by_card(bought(topper), card=card(topper), key="k")

    payment = found.payment
    assert (payment.progress, payment.amount, payment.paid_minor) == (Progress.PAID, Money(1000, "usd"), 1000)
    assert (payment.session_id, payment.mode, payment.live) == (None, "payment", False)
    assert (payment.customer_id, payment.payment_id) == (topper.customer_id, found.payment_id)
    assert (payment.email, bool(payment.receipt_url), payment.money_back) == ("a@example.org", True, False)
    assert not found.is_over
    assert topper.payments.card_payment(found.payment_id) == found
    assert topper.payments.find_card_payment(bought(topper)) == found
    [intent] = topper.intents()
    assert intent["description"] == "1000 credits"


def test_the_same_key_is_the_same_payment(topper: Topper) -> None:
    with_card = card(topper)

    first = topper.payments.pay_by_card(bought(topper), card=with_card, key="k")
    again = topper.payments.pay_by_card(bought(topper), card=with_card, key="k")

    assert first == again
    assert len(topper.intents()) == 1


def test_a_payment_is_found_among_many_and_only_its_own(topper: Topper) -> None:
    names = [f"pur_01kajy9w0001234567{number:02}" for number in range(3)]
    for number, name in enumerate(names):
        topper.payments.pay_by_card(bought(topper, purchase_id=name), card=card(topper), key=str(number))

    found = [topper.payments.find_card_payment(bought(topper, purchase_id=name)) for name in (*names, "pur_none")]

    assert [each.payment.purchase_id if each else None for each in found] == [*names, None]


def test_what_was_made_long_before_its_purchase_is_not_looked_at(topper: Topper) -> None:
    topper.payments.pay_by_card(bought(topper), card=card(topper), key="k")

    later = bought(topper, created_at=NOON + timedelta(hours=2))
    assert topper.payments.find_card_payment(later) is None


@pytest.mark.parametrize(("behaviour", "needs"), [("declined", False), ("authentication_required", True)])
def test_a_card_that_says_no_leaves_a_payment_that_can_be_canceled(topper: Topper, behaviour: str, needs: Any) -> None:
    topper.card(behaviour)

    found = topper.payments.pay_by_card(bought(topper), card=card(topper), key="k")
    assert (found.payment.progress, found.is_over, found.needs_customer) == (Progress.FAILED, False, needs)
    for _ in range(2):
        topper.payments.cancel_payment(found.payment_id)

    after = topper.payments.card_payment(found.payment_id)
    assert after
    assert (after.payment.progress, after.is_over, after.needs_customer) == (Progress.FAILED, True, needs)


def test_what_was_paid_is_not_canceled(topper: Topper) -> None:
    found = topper.payments.pay_by_card(bought(topper), card=card(topper), key="k")

    topper.payments.cancel_payment(found.payment_id)

    assert topper.payments.card_payment(found.payment_id) == found


def test_a_card_that_is_gone_is_refused_and_no_payment_made(topper: Topper) -> None:
    with pytest.raises(PaymentsRefused):
        topper.payments.pay_by_card(bought(topper), card="pm_gone", key="k")

    assert topper.intents() == []


def test_a_card_error_without_a_payment_is_a_decline(topper: Topper, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ApiError(402, "Your card was declined.", type="card_error", code="card_declined")

    monkeypatch.setattr("local.stripe.payments.decline", refuse)
    monkeypatch.setattr("local.stripe.payments.open_intent", refuse)
    topper.card("declined")

    with pytest.raises(PaymentsDeclined, match="card_declined"):
        topper.payments.pay_by_card(bought(topper), card=card(topper), key="k")


def test_an_answer_without_our_tags_is_not_believed(topper: Topper, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stripe.PaymentIntent.construct_from({"id": "pi_1", "metadata": {}}, "sk_test_1")
    monkeypatch.setattr("stripe._payment_intent_service.PaymentIntentService.create", lambda *_, **__: made)

    with pytest.raises(PaymentsFailed, match="without our tags"):
        topper.payments.pay_by_card(bought(topper), card=card(topper), key="k")


def test_other_payments_are_not_ours(topper: Topper) -> None:
    checkout = topper.pay(topper.buy("k2"))

    assert topper.payments.card_payment(checkout) is None
    assert topper.payments.card_payment("pi_none") is None


def intent(topper: Topper) -> dict[str, Any]:
    topper.payments.pay_by_card(bought(topper), card=card(topper), key="k")
    return dict(topper.intents()[0])


@pytest.mark.parametrize(
    ("status", "progress", "over"),
    [
        ("succeeded", Progress.PAID, False),
        ("processing", Progress.PROCESSING, False),
        ("requires_payment_method", Progress.FAILED, False),
        ("requires_confirmation", Progress.FAILED, False),
        ("requires_action", Progress.FAILED, False),
        ("canceled", Progress.FAILED, True),
    ],
)
def test_each_of_stripes_words_is_read(topper: Topper, status: str, progress: Progress, over: Any) -> None:
    found = read_intent({**intent(topper), "status": status})

    assert found
    assert (found.payment.progress, found.is_over, found.needs_customer) == (
        progress,
        over,
        status == "requires_action",
    )


@pytest.mark.parametrize("tag", ["tally_purchase", "tally_wallet", "tally_topup"])
def test_without_one_of_our_tags_it_is_not_ours(topper: Topper, tag: str) -> None:
    tagged = intent(topper)
    tagged["metadata"] = {name: value for name, value in tagged["metadata"].items() if name != tag}

    assert read_intent(tagged) is None


@pytest.mark.parametrize("lacking", ["status", "amount", "currency", "amount_received", "livemode", "id"])
def test_one_of_ours_that_lacks_something_is_no_answer(topper: Topper, lacking: str) -> None:
    whole = intent(topper)

    with pytest.raises(PaymentsFailed, match=lacking):
        read_intent({name: value for name, value in whole.items() if name != lacking})


def test_a_status_that_we_do_not_know_is_no_answer(topper: Topper) -> None:
    with pytest.raises(PaymentsFailed, match="requires_capture"):
        read_intent({**intent(topper), "status": "requires_capture"})


@pytest.mark.parametrize("charge", [{"amount_refunded": 1}, {"disputed": True}])
def test_money_that_went_back_is_seen(topper: Topper, charge: dict[str, Any]) -> None:
    found = read_intent({**intent(topper), "latest_charge": charge})

    assert found
    assert found.payment.money_back


def test_payments_of_a_span_are_listed_page_by_page(topper: Topper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.payments.saved_cards.PAGE", 2)
    names = [f"pur_01kajy9w0001234567{number:02}" for number in range(5)]
    for number, name in enumerate(names):
        topper.clock += timedelta(minutes=1)
        topper.payments.pay_by_card(bought(topper, purchase_id=name), card=card(topper), key=str(number))

    found, cursor, pages = [], None, 0
    while True:
        page, cursor = topper.payments.recent_card_payments(NOON, NOON + timedelta(minutes=5), cursor=cursor)
        found += [each.purchase_id for each in page]
        pages += 1
        if cursor is None:
            break

    assert found == names[3::-1]  # not the fifth; and not the checkout's
    assert pages == 3
