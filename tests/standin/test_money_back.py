"""Refunds and disputes."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.standin.driving import Desk


def test_refunds_add_up_on_the_charge(desk: Desk) -> None:
    session = desk.paid()
    intent = desk.intent(session).id

    first = desk.stripe.refunds.create({"payment_intent": intent, "amount": 500, "metadata": {"why": "one"}})
    assert (desk.charge(session).amount_refunded, desk.charge(session).refunded) == (500, False)
    desk.stripe.refunds.create({"charge": desk.charge(session).id, "reason": "requested_by_customer"})

    assert (desk.charge(session).amount_refunded, desk.charge(session).refunded) == (2_000, True)
    assert (first.status, first.amount, first.payment_intent) == ("succeeded", 500, intent)
    assert desk.listener.types()[3:] == ["refund.created", "charge.refunded", "refund.updated"] * 2
    levels = [
        (event["data"]["previous_attributes"]["amount_refunded"], event["data"]["object"]["amount_refunded"])
        for event in desk.listener.events
        if event["type"] == "charge.refunded"
    ]
    assert levels == [(0, 500), (500, 2_000)], "the level is cumulative"


def test_the_refunds_of_a_charge_come_with_it_when_asked_for(desk: Desk) -> None:
    session = desk.paid()
    refund = desk.control(f"payment_intents/{desk.intent(session).id}/refund", amount=300)

    charge = desk.stripe.charges.retrieve(desk.charge(session).id, {"expand": ["refunds"]})

    assert charge.refunds is not None
    assert [found.id for found in charge.refunds.data] == [refund["id"]]
    assert not hasattr(desk.charge(session), "refunds"), "left out unless asked for"


def test_no_more_can_be_refunded_than_was_paid(desk: Desk) -> None:
    intent = desk.intent(desk.paid()).id
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        desk.stripe.refunds.create({"payment_intent": intent, "amount": 2_001})
    desk.stripe.refunds.create({"payment_intent": intent})

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.refunds.create({"payment_intent": intent, "amount": 1})

    assert refusal.value.code == "charge_already_refunded"


def test_what_is_not_paid_cannot_be_refunded(desk: Desk) -> None:
    session = desk.session()
    desk.control(f"sessions/{session.id}/pay", method="bank_debit")

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        desk.stripe.refunds.create({"payment_intent": desk.intent(session).id})


@pytest.mark.parametrize("params", [{}, {"charge": "ch_1", "payment_intent": "pi_1"}, {"payment_intent": "pi_1"}])
def test_a_refund_must_name_one_payment_that_is_there(desk: Desk, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.refunds.create(params)
    assert refusal.value.http_status == 400


def test_a_refund_that_the_bank_sends_back_lowers_the_level(desk: Desk) -> None:
    session = desk.paid()
    refund = desk.stripe.refunds.create({"payment_intent": desk.intent(session).id, "amount": 700})

    desk.control(f"refunds/{refund.id}/fail")

    assert desk.charge(session).amount_refunded == 0
    assert desk.stripe.refunds.retrieve(refund.id).status == "failed"
    assert desk.listener.types()[-2:] == ["refund.updated", "refund.failed"]
    assert desk.listener.last("refund.failed")["failure_reason"] == "lost_or_stolen_card"
    assert desk.try_control(f"refunds/{refund.id}/fail")[0] == 400, "only once"


def test_metadata_of_a_refund_can_be_changed_and_refunds_are_listed_by_charge(desk: Desk) -> None:
    session = desk.paid()
    refund = desk.stripe.refunds.create({"payment_intent": desk.intent(session).id, "amount": 700})

    changed = desk.stripe.refunds.update(refund.id, {"metadata": {"ticket": "7"}})

    assert changed.metadata is not None
    assert changed.metadata["ticket"] == "7"
    listed = desk.standin.handle(
        "GET", f"/v1/charges/{desk.charge(session).id}/refunds", {"authorization": "Bearer sk_test_x"}
    )
    assert refund.id in listed.body.decode()


def test_a_failed_charge_cannot_be_refunded_by_its_id(desk: Desk) -> None:
    session = desk.session()
    desk.control(f"sessions/{session.id}/pay", method="declined")

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.refunds.create({"charge": desk.charge(session).id})
    assert refusal.value.code == "charge_not_refundable"
    assert desk.try_control(f"payment_intents/{desk.intent(session).id}/dispute")[0] == 400


@pytest.mark.parametrize("wishes", [{"amount": 0}, {"amount": True}, {"amount": "5"}, {"inquiry": "yes"}])
def test_orders_about_money_are_read_strictly(desk: Desk, wishes: dict[str, object]) -> None:
    assert desk.try_control(f"payment_intents/{desk.intent(desk.paid()).id}/dispute", **wishes)[0] == 400


def test_a_chargeback_takes_the_money_when_it_opens(desk: Desk) -> None:
    session = desk.paid()

    dispute = desk.control(f"payment_intents/{desk.intent(session).id}/dispute", amount=1_500)

    assert (dispute["status"], dispute["amount"], dispute["is_charge_refundable"]) == ("needs_response", 1_500, False)
    assert dispute["balance_transactions"][0]["amount"] == -1_500
    assert desk.charge(session).disputed
    assert desk.listener.types()[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.stripe.refunds.create({"payment_intent": desk.intent(session).id})
    assert refusal.value.code == "charge_disputed"


def test_a_won_dispute_brings_the_money_back(desk: Desk) -> None:
    session = desk.paid()
    dispute = desk.control(f"payment_intents/{desk.intent(session).id}/dispute")

    desk.control(f"disputes/{dispute['id']}/close", status="won")

    won = desk.stripe.disputes.retrieve(dispute["id"])
    assert (won.status, [booked.amount for booked in won.balance_transactions]) == ("won", [-2_000, 2_000])
    assert desk.listener.types()[-2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]
    assert desk.try_control(f"disputes/{dispute['id']}/close", status="lost")[0] == 400
    assert desk.stripe.refunds.create({"payment_intent": desk.intent(session).id}).status == "succeeded"


def test_a_lost_dispute_only_closes(desk: Desk) -> None:
    dispute = desk.control(f"payment_intents/{desk.intent(desk.paid()).id}/dispute")

    desk.control(f"disputes/{dispute['id']}/close", status="lost")

    assert desk.stripe.disputes.retrieve(dispute["id"]).status == "lost"
    assert desk.listener.types()[-1] == "charge.dispute.closed"
    again, told = desk.try_control(f"payment_intents/{dispute['payment_intent']}/dispute", amount=2_001)
    assert (again, told["error"]["param"]) == (400, "amount")


def test_an_inquiry_takes_nothing_and_may_just_end(desk: Desk) -> None:
    session = desk.paid()
    dispute = desk.control(f"payment_intents/{desk.intent(session).id}/dispute", inquiry=True)
    assert (dispute["status"], dispute["balance_transactions"]) == ("warning_needs_response", [])
    assert desk.listener.types()[-1] == "charge.dispute.created"

    desk.control(f"disputes/{dispute['id']}/close", status="won")

    assert desk.stripe.disputes.retrieve(dispute["id"]).status == "warning_closed"
    assert desk.listener.types()[-1] == "charge.dispute.closed"


def test_an_inquiry_that_is_lost_takes_the_money_first(desk: Desk) -> None:
    dispute = desk.control(f"payment_intents/{desk.intent(desk.paid()).id}/dispute", inquiry=True)

    desk.stripe.disputes.close(dispute["id"])

    assert desk.stripe.disputes.retrieve(dispute["id"]).status == "lost"
    assert desk.listener.types()[-2:] == ["charge.dispute.funds_withdrawn", "charge.dispute.closed"]


def test_a_charge_has_one_open_dispute_at_a_time(desk: Desk) -> None:
    intent = desk.intent(desk.paid()).id
    desk.control(f"payment_intents/{intent}/dispute")

    assert desk.try_control(f"payment_intents/{intent}/dispute")[0] == 400
    assert desk.try_control(f"payment_intents/{intent}/dispute", amount=2_001)[0] == 400


def test_metadata_of_a_dispute_can_be_changed(desk: Desk) -> None:
    dispute = desk.control(f"payment_intents/{desk.intent(desk.paid()).id}/dispute")

    changed = desk.stripe.disputes.update(dispute["id"], {"metadata": {"case": "7"}})

    assert changed.metadata["case"] == "7"
    assert desk.listener.types()[-1] == "charge.dispute.updated"
