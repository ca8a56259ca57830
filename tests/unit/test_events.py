"""Stripe's events: of which thing each type speaks, and whose it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.payments import events
from chalicelib.payments.events import (
    CUSTOMER_DELETED,
    INVOICE_EVENTS,
    SESSION_EVENTS,
    SUBSCRIPTION_EVENTS,
    Event,
    Forged,
)
from tests.builders import NOON

IDS = ("session_id", "payment_id", "subscription_id", "invoice_id", "customer_id", "wallet_id")


def read(type_: str, subject: Any) -> Event:
    return events._read(json.dumps({"id": "evt_1", "type": type_, "data": {"object": subject}}).encode())


def named(event: Event) -> dict[str, str]:
    """The ids that an event names; its hint names the same."""
    hint = event.hint(NOON)
    found = {name: getattr(event, name) for name in IDS if getattr(event, name) is not None}
    assert {name: getattr(hint, name) for name in IDS if getattr(hint, name) is not None} == found
    assert (hint.event_id, hint.type, hint.at, hint.reason, hint.purchase_id) == ("evt_1", event.type, NOON, "", None)
    return found


@pytest.mark.parametrize(
    ("types", "name"),
    [(SESSION_EVENTS, "session_id"), (SUBSCRIPTION_EVENTS, "subscription_id"), (INVOICE_EVENTS, "invoice_id")],
)
def test_an_event_speaks_of_its_object_by_id(types: frozenset[str], name: str) -> None:
    assert len(types) >= 4
    for type_ in types:
        assert named(read(type_, {"id": "x_1", "payment_intent": "pi_1", "metadata": "whatever"})) == {name: "x_1"}


def test_every_type_that_is_heard_has_one_subject() -> None:
    assert not SESSION_EVENTS & SUBSCRIPTION_EVENTS
    assert not INVOICE_EVENTS & SUBSCRIPTION_EVENTS
    assert set(events.SUBJECTS) >= SUBSCRIPTION_EVENTS | INVOICE_EVENTS
    assert {"customer.subscription.deleted", "invoice.paid", "invoice.payment_failed"} <= set(events.SUBJECTS)


@pytest.mark.parametrize("tags", [None, {}, {"tally_wallet": ""}, {"other": "acct_a"}])
def test_a_deleted_customer_without_our_tag_names_no_wallet(tags: object) -> None:
    assert named(read(CUSTOMER_DELETED, {"id": "cus_1", "metadata": tags})) == {"customer_id": "cus_1"}
    assert named(read(CUSTOMER_DELETED, {"id": "cus_1"})) == {"customer_id": "cus_1"}


def test_a_deleted_customer_of_ours_names_the_wallet() -> None:
    said = {"id": "cus_1", "deleted": True, "metadata": {"tally_wallet": "acct_a"}}

    assert named(read(CUSTOMER_DELETED, said)) == {"customer_id": "cus_1", "wallet_id": "acct_a"}


@pytest.mark.parametrize("tags", ["acct_a", ["acct_a"], 7, {"tally_wallet": 7}, {"tally_wallet": "a b"}])
def test_a_deleted_customer_with_tags_of_another_shape_is_forged(tags: object) -> None:
    with pytest.raises(Forged):
        read(CUSTOMER_DELETED, {"id": "cus_1", "metadata": tags})


def test_what_is_not_heard_names_nothing() -> None:
    for type_ in ("customer.subscription.trial_will_end", "invoice.created", "customer.created", "plan.deleted"):
        assert named(read(type_, {"id": "x_1"})) == {}
