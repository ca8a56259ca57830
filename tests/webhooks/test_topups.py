"""Events of saved cards: those of our top-ups are hints, all others are none of our business."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.topups import TopUpTerms
from chalicelib.domain.usage import Use, decide
from chalicelib.services.ports import Change
from chalicelib.services.topping_up import Charging, charge_due
from chalicelib.services.topup_settings import set_topup
from chalicelib.webhooks.endpoint import handle
from tests.webhooks.heard import metrics
from tests.webhooks.premises import WALLET, Premises
from tests.webhooks.sender import SHUT, Sender

SUCCEEDED, FAILED, UPDATED = "payment_intent.succeeded", "payment_intent.payment_failed", "customer.updated"
TERMS = TopUpTerms(below=200, target=1000, package_id="starter", monthly_cap_minor=None)
TAGS = {"tally_purchase": "pur_1", "tally_wallet": WALLET, "tally_topup": "3"}


@pytest.fixture
def stripe(premises: Premises) -> Sender:
    return Sender(premises)


def crossed(premises: Premises, behaviour: str = "ok") -> None:
    """Buy 1,000 credits, have a card that behaves so, set a top-up below 200, and spend down to 150."""
    premises.pay(premises.buy())
    premises.control(f"customers/{premises.store.customer(WALLET)}/card", behaviour=behaviour)
    set_topup(wiring.shop(), WALLET, lambda row: replace(row, enabled=True, terms=TERMS), stamp=wiring.stamp(WALLET))
    use = Use(wallet_id=WALLET, meter="predictions", quantity=425)
    decision = decide(premises.wallet(), use, wiring.catalog(), wiring.stamp("svc"))
    premises.store.commit(Change(decisions=[decision]))


def charge() -> None:
    charge_due(Charging(wiring.errand("charge_topups"), wiring.shop()))


def tagged(**more: Any) -> dict[str, Any]:
    return {"data": {"object": {"id": "pi_1", "object": "payment_intent", "metadata": TAGS} | more}}


@pytest.mark.parametrize("type_", [SUCCEEDED, FAILED])
@pytest.mark.parametrize("metadata", [{}, None, {"tally_purchase": "pur_1", "tally_wallet": WALLET}])
def test_a_payment_without_our_tag_is_accepted_and_asks_nobody(stripe: Sender, type_: str, metadata: Any) -> None:
    assert handle(stripe.saying(type=type_, **tagged(metadata=metadata)), 29_000)["statusCode"] == 200
    assert stripe.premises.is_untouched


@pytest.mark.parametrize("metadata", [{}, None, {"colour": "red"}])
def test_a_customer_who_is_not_ours_asks_nobody_of_the_tables(stripe: Sender, metadata: Any) -> None:
    customer = {"data": {"object": {"id": "cus_1", "object": "customer", "metadata": metadata}}}

    assert handle(stripe.saying(type=UPDATED, **customer), 29_000)["statusCode"] == 200
    assert stripe.premises.is_untouched


def test_a_customer_of_ours_who_changed_costs_one_read(stripe: Sender) -> None:
    customer = {"data": {"object": {"id": "cus_1", "object": "customer", "metadata": {"tally_wallet": WALLET}}}}

    assert handle(stripe.saying(type=UPDATED, **customer), 29_000)["statusCode"] == 200
    assert (stripe.premises.aws, stripe.premises.transport.calls) == (["GetItem"], [])


MALFORMED = {
    "no id": {"id": None},
    "a number for an id": {"id": 7},
    "a long id": {"id": "p" * 256},
    "an id with a space": {"id": "pi 1"},
    "tags that are a list": {"metadata": ["tally_topup"]},
    "tags that are a text": {"metadata": "tally_topup"},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED)
def test_what_stripe_never_says_is_shut_out(stripe: Sender, changes: Any) -> None:
    assert handle(stripe.saying(type=SUCCEEDED, **tagged(**changes)), 29_000) == SHUT
    assert stripe.premises.is_untouched


def test_a_tag_alone_is_not_believed(stripe: Sender) -> None:
    assert handle(stripe.saying(type=SUCCEEDED, **tagged()), 29_000)["statusCode"] == 200
    assert stripe.premises.wallet().seq == 0  # Stripe knows no such payment


def intents(premises: Premises) -> list[Any]:
    """What the stand-in holds of payments for top-ups."""
    found = premises.standin._account.objects["payment_intent"].values()
    return [each for each in found if "tally_topup" in each["metadata"]]


def test_a_charge_is_settled_by_its_event_and_granted_once(premises: Premises) -> None:
    crossed(premises, "bank_debit")
    charge()
    premises.hold()
    [intent] = intents(premises)
    premises.control(f"payment_intents/{intent['id']}/settle")
    assert premises.wallet().available(premises.at) == 150

    statuses = [premises.deliver(each) for each in premises.events(SUCCEEDED)[-1:] * 5]

    assert statuses == [200] * 5
    assert premises.wallet().available(premises.at) == 1150
    assert premises.faults() == []


def test_events_of_a_declined_and_a_paid_try_in_any_order_come_to_the_same(premises: Premises) -> None:
    ends = set()
    for order in permutations(range(3)):
        premises.reset()
        crossed(premises, "declined")
        premises.hold()
        charge()
        premises.control(f"customers/{premises.store.customer(WALLET)}/card", behaviour="ok")
        premises.advance(hours=1)
        charge()
        told = [*premises.events(FAILED), *premises.events("payment_intent.canceled"), *premises.events(SUCCEEDED)][:3]
        for place in order:
            assert {premises.deliver(told[place % len(told)]) for _ in range(2)} == {200}
        assert premises.faults() == []
        ends.add((premises.wallet().available(premises.at), premises.wallet().seq, len(premises.oddities())))

    assert ends == {(1150, 4, 0)}


def test_an_event_whose_row_is_not_there_comes_again_and_is_parked_in_the_end(
    premises: Premises, capsys: pytest.CaptureFixture[str]
) -> None:
    crossed(premises)
    premises.hold()
    charge()
    [intent] = intents(premises)
    intent["metadata"]["tally_purchase"] = "pur_00000000000000000000"
    [event_id] = premises.events(SUCCEEDED)[-1:]

    statuses = [premises.deliver(event_id) for _ in range(20)]

    assert statuses == [503] * 19 + [200]
    assert metrics(capsys.readouterr().out)["ParkedEvents"] == 1
