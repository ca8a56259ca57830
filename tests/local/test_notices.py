"""Messages on this machine: in the outbox, in the words that would have gone out."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.messages import Message, MessageKind, Recipient
from local.notices import LocalNotices
from local.outbox import Outbox
from tests.builders import CATALOG, DAY, NOON

QUOTA = {"meter": "calls", "level": 80, "used": 8, "quota": 10, "until": "2026-12-22T00:00:00.000Z"}


def message(kind: MessageKind, facts: dict[str, Any]) -> Message:
    return Message(message_id="msg_1", wallet_id="acct_a", kind=kind, at=NOON, facts=facts)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def notices(outbox: Outbox) -> LocalNotices:
    return LocalNotices(outbox, CATALOG, wiring.languages())


@pytest.mark.parametrize(
    ("has", "channels"),
    [
        ({}, ["local"]),
        ({"email": "ada@example.com"}, ["email"]),
        ({"webhook_url": "https://hooks.example.com/"}, ["webhook"]),
        ({"email": "ada@example.com", "webhook_url": "https://hooks.example.com/"}, ["email", "webhook"]),
    ],
)
def test_there_is_always_a_channel(notices: LocalNotices, has: dict[str, str], channels: list[str]) -> None:
    assert notices.channels(Recipient(wallet_id="acct_a", **has)) == channels


def test_a_message_is_kept_in_words(notices: LocalNotices, outbox: Outbox) -> None:
    to = Recipient(wallet_id="acct_a", locale="de")

    notices.send("local", message(MessageKind.QUOTA, QUOTA), to, now=NOON + DAY)

    [kept] = outbox.messages()
    assert kept.pop("text").startswith("Calls: Sie haben 8 von 10 genutzt")
    assert kept == {
        "id": "msg_1",
        "wallet_id": "acct_a",
        "channel": "local",
        "kind": "quota",
        "meter": "calls",
        "level": 80,
        "subject": "Calls: Sie haben 80\u00a0% Ihres Kontingents erreicht",
        "sent_at": "2026-11-23T12:00:00.000Z",
        "facts": {"used": 8, "quota": 10, "until": "2026-12-22T00:00:00.000Z"},
    }


def test_a_parked_message_says_why(notices: LocalNotices, outbox: Outbox) -> None:
    notices.park(message(MessageKind.DEBT, {"debt": 7}), "webhook: answered 500")

    [kept] = outbox.messages()
    assert (kept["channel"], kept["reason"]) == ("dead_letters", "webhook: answered 500")
    assert (kept["subject"], kept["sent_at"]) == ("Your account owes 7 credits", "2026-11-22T12:00:00.000Z")
    assert "meter" not in kept
