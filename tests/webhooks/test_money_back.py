"""From money that goes back at Stripe to credits that leave the wallet: signed events, through the whole endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from typing import Any, cast

import pytest

from chalicelib.domain.purchases import Status
from chalicelib.payments.client import connect
from chalicelib.services.purchasing import Started
from tests.webhooks.heard import metrics
from tests.webhooks.premises import KEY, WALLET, Json, Premises

COMPLETED, REFUNDED = "checkout.session.completed", "charge.refunded"


@pytest.fixture(autouse=True)
def audited(premises: Premises) -> Iterator[None]:
    """After each test the auditor has nothing to say of any wallet."""
    yield
    for item in premises.items()[premises.store.names.wallets]:
        assert premises.faults(item["wallet_id"]["S"].removeprefix("w#")) == []


def bought(premises: Premises) -> tuple[Started, str]:
    """Buy and pay; gives the payment as well."""
    begun = premises.buy()
    payment_id: str = premises.pay(begun)["payment_intent"]
    premises.answers.clear()
    return begun, payment_id


def refund(premises: Premises, payment_id: str, amount: int) -> str:
    return str(premises.control(f"payment_intents/{payment_id}/refund", amount=amount)["id"])


def dispute(premises: Premises, payment_id: str, amount: int, **more: Any) -> str:
    return str(premises.control(f"payment_intents/{payment_id}/dispute", amount=amount, **more)["id"])


def available(premises: Premises) -> int:
    return premises.wallet().available(premises.at)


def kinds(premises: Premises) -> list[str]:
    return [entry.kind for entry in premises.history()]


def test_a_refund_takes_its_part_of_the_credits(premises: Premises) -> None:
    begun, payment_id = bought(premises)

    refund_id = refund(premises, payment_id, 333)

    row, entry = premises.purchase(begun), premises.history()[-1]
    assert set(premises.answers) == {200}
    assert (available(premises), row.revoked, row.refunded_minor, row.status) == (667, 333, 333, Status.PAID)
    assert list(row.facts.refunds) == [refund_id]
    assert (entry.kind, entry.facts["credits"], entry.facts["revoked"]) == ("revocation", -333, 333)
    assert entry.private
    assert entry.private.fields == {"actor": "stripe"}


def test_refunds_add_up_and_one_that_comes_back_gives_credits_back(premises: Premises) -> None:
    begun, payment_id = bought(premises)
    first = refund(premises, payment_id, 333)
    refund(premises, payment_id, 667)
    assert (available(premises), premises.purchase(begun).revoked) == (0, 1000)

    premises.control(f"refunds/{first}/fail")

    assert (available(premises), premises.purchase(begun).revoked) == (333, 667)
    assert kinds(premises) == ["purchase", "revocation", "revocation", "restoration"]


def test_every_event_of_a_refund_told_again_changes_nothing(premises: Premises) -> None:
    _, payment_id = bought(premises)
    refund(premises, payment_id, 333)
    before = premises.items()

    for event in premises.control("events")["events"]:
        assert premises.deliver(event["id"]) == 200

    assert premises.items() == before


@pytest.mark.parametrize(("outcome", "left"), [("won", 1000), ("lost", 400)])
def test_a_dispute_sets_aside_and_its_end_gives_back_or_revokes(premises: Premises, outcome: str, left: int) -> None:
    begun, payment_id = bought(premises)

    dispute_id = dispute(premises, payment_id, 600)
    assert (available(premises), premises.purchase(begun).revoked) == (0, 0)
    assert premises.purchase(begun).disputed
    assert premises.purchase(begun).due_at

    premises.control(f"disputes/{dispute_id}/close", status=outcome)

    row = premises.purchase(begun)
    assert (available(premises), row.revoked, row.disputed, row.due_at) == (left, 1000 - left, False, None)
    assert set(premises.answers) == {200}


def test_an_inquiry_moves_nothing(premises: Premises) -> None:
    begun, payment_id = bought(premises)

    dispute_id = dispute(premises, payment_id, 600, inquiry=True)
    premises.control(f"disputes/{dispute_id}/close", status="won")

    assert (available(premises), kinds(premises), premises.purchase(begun).revoked) == (1000, ["purchase"], 0)


def test_in_any_order_refund_and_payment_come_to_the_same(premises: Premises) -> None:
    """Six events of a payment that was refunded in part and disputed before anybody heard of it."""
    for order in list(permutations(range(6)))[::48]:
        premises.reset()
        premises.hold()
        begun = premises.buy()
        payment_id = premises.pay(begun)["payment_intent"]
        refund(premises, payment_id, 333)
        dispute(premises, payment_id, 600)
        told = [COMPLETED, "refund.created", REFUNDED, "refund.updated"]
        told += ["charge.dispute.created", "charge.dispute.funds_withdrawn"]

        for number in order:
            assert premises.deliver(premises.events(told[number])[0]) == 200

        assert kinds(premises) == ["purchase", "revocation", "set_aside"]
        assert (available(premises), premises.purchase(begun).revoked) == (0, 333)


def test_news_of_a_refund_before_that_of_the_payment_settles_both_at_once(premises: Premises) -> None:
    premises.hold()
    begun = premises.buy()
    refund(premises, premises.pay(begun)["payment_intent"], 400)
    premises.forget_calls()

    assert premises.deliver(premises.events(REFUNDED)[0]) == 200

    assert premises.purchase(begun).status is Status.PAID
    assert (available(premises), premises.purchase(begun).revoked, kinds(premises)) == (
        600,
        400,
        ["purchase", "revocation"],
    )
    assert premises.aws.count("TransactWriteItems") == 1

    before = premises.items()
    assert premises.deliver(premises.events(COMPLETED)[0]) == 200
    assert premises.items() == before


def test_a_second_payment_of_a_paid_purchase_that_is_refunded_revokes_nothing(
    premises: Premises, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, _ = bought(premises)
    second = premises.control(f"sessions/{twin(premises, begun)}/pay")["payment_intent"]
    row = premises.purchase(begun)
    capsys.readouterr()

    refund(premises, second, 1000)

    assert premises.purchase(begun) == row
    assert (available(premises), kinds(premises)) == (1000, ["purchase"])
    assert set(premises.answers) == {200}
    reasons = {each["reason"] for each in premises.oddities()}
    assert "money went back for a payment that is not the purchase's" in reasons
    assert metrics(capsys.readouterr().out)["QuarantinedEvents"] == 3  # of the three events that tell of it


def twin(premises: Premises, begun: Started) -> str:
    """Open another session for the same purchase, whose payment bears its name as well."""
    tags = premises.session(begun)["metadata"]
    return session(premises, customer=premises.session(begun)["customer"], metadata=tags, tags=tags)


def session(premises: Premises, *, tags: Json, **more: Any) -> str:
    client = connect(KEY, "https://stripe.example", http_client=premises.transport)
    asked: dict[str, Any] = {
        "mode": "payment",
        "success_url": "https://app.example/",
        "payment_intent_data": {"metadata": tags},
        "line_items": [
            {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Tea"}}}
        ],
    }
    return client.v1.checkout.sessions.create(cast(Any, asked | more)).id


@pytest.mark.parametrize("tags", [{}, {"tally_wallet": WALLET}, {"tally_purchase": "pur_1"}, {"other": "x"}])
def test_money_that_another_program_gives_back_is_none_of_our_business(premises: Premises, tags: Json) -> None:
    payment_id = premises.control(f"sessions/{session(premises, tags=tags)}/pay")["payment_intent"]
    premises.forget_calls()

    refund(premises, payment_id, 100)
    dispute(premises, payment_id, 500)

    assert set(premises.answers) == {200}
    assert premises.aws == []
    assert {line["outcome"] for line in premises.lines} == {"ignored"}


def signed(premises: Premises, type_: str, **subject: object) -> int:

    body = json.dumps({"id": "evt_made_up", "type": type_, "data": {"object": subject}}).encode()
    return premises.url.post(body, {"stripe-signature": premises.sign(body)})


def test_a_charge_without_a_payment_is_ignored(premises: Premises) -> None:
    assert signed(premises, REFUNDED, id="ch_1", payment_intent=None) == 200
    assert premises.is_untouched
    assert signed(premises, REFUNDED, id="ch_1") == 400


def test_a_payment_that_stripe_does_not_know_is_ignored(premises: Premises) -> None:
    assert signed(premises, REFUNDED, id="ch_1", payment_intent="pi_unknown") == 200
    assert premises.aws == []
    assert {line["outcome"] for line in premises.lines} == {"ignored"}


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_a_state_that_nobody_has_heard_of_comes_again_and_changes_nothing(premises: Premises, kind: str) -> None:
    begun, payment_id = bought(premises)
    premises.hold()
    name = refund(premises, payment_id, 100) if kind == "refund" else dispute(premises, payment_id, 100)
    there = premises.standin._account.objects[kind][name]
    told = premises.events(REFUNDED if kind == "refund" else "charge.dispute.created")[0]
    usual, there["status"], before = there["status"], "undreamt_of", premises.items()

    assert premises.deliver(told) == 503
    assert premises.items() == before

    there["status"] = usual
    assert premises.deliver(told) == 200
    assert premises.purchase(begun).facts.refunded_minor == (100 if kind == "refund" else 0)
    assert available(premises) == (900 if kind == "refund" else 0)
