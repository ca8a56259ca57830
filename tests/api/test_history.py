"""The entries of a wallet, newest first: page by page, by kind, and between times."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.api.desk import Desk, refusal
from tests.api.pages import HISTORY, all_of, cursor_of, past
from tests.webhooks.premises import WALLET

ENTRY = {"seq", "entry_id", "kind", "at", "credits", "available_after", "draws", "actor", "hash"}


def test_a_wallet_without_a_past_has_an_empty_history(desk: Desk) -> None:
    reply = desk.get(HISTORY)

    assert (reply.status, reply.json()) == (200, {"entries": [], "next_cursor": None})
    assert reply.headers["cache-control"] == "no-store"


def test_an_entry_says_what_happened_and_what_was_left(desk: Desk) -> None:
    bought = desk.buy()
    desk.pay(bought)
    desk.premises.advance(seconds=90)
    desk.use(60, key="u1")

    use, purchase = desk.get(HISTORY).json()["entries"]

    assert purchase.keys() >= ENTRY | {"purchase_id"}
    assert (purchase["seq"], purchase["entry_id"], purchase["kind"]) == (1, "acct_a:1", "purchase")
    assert (purchase["credits"], purchase["available_after"]) == (1000, 1000)
    assert purchase["draws"] == [{"lot_id": "lot_1", "credits": 1000}]
    assert (purchase["purchase_id"], purchase["actor"]) == (bought.json()["purchase_id"], "stripe")
    assert re.fullmatch(r"[0-9a-f]{64}", purchase["hash"])
    assert use.keys() >= ENTRY | {"meter", "quantity", "from_quota"}
    assert (use["seq"], use["kind"], use["meter"], use["quantity"], use["from_quota"]) == (
        2,
        "usage",
        "pull_requests",
        60,
        50,
    )
    assert (use["credits"], use["available_after"], use["actor"]) == (-50, 950, "svc")
    assert use["draws"] == [{"lot_id": "lot_1", "credits": -50}]
    assert use["at"] == "2026-11-22T12:01:30.000Z"


WRONG = {
    "limit": ["0", "101", "1000", "-1", "+1", "1.0", "1e1", "ten", "", " 5", "5 ", "0x5", "５", "99999999999999999999"],
    "type": ["", "purchases", "PURCHASE", "usage,grant", "*", "usage ", "e#", "None"],
    "from": [
        *("", "yesterday", "2026-11-22", "2026-11-22T12:00:00", "1763812800", "2026-13-01T00:00:00Z"),
        *("2026-11-22T25:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "NaN", "é"),
    ],
    "to": ["", "tomorrow", "2026-11-22T12:00:00", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-23:59"],
    "cursor": ["x", "AAAA", "a" * 27, "a" * 28, "=" * 27, "é", "1", "e#000000000001", "-" * 27, "a" * 5000],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_parameter_that_is_wrong_is_named(desk: Desk, name: str, value: str) -> None:
    refusal(desk.get(f"{HISTORY}?{name}={quote(value)}"), 400, "invalid_request", name)
    assert desk.premises.aws == []


@pytest.mark.parametrize("name", WRONG)
def test_a_parameter_that_comes_twice_is_refused(desk: Desk, name: str) -> None:
    good = {"limit": "5", "type": "usage", "from": "2026-11-22T12:00:00Z", "to": "2026-11-22T12:00:00Z", "cursor": "x"}

    refusal(desk.get(f"{HISTORY}?{name}={good[name]}&{name}={good[name]}"), 400, "invalid_request", name)


def test_from_after_to_is_refused(desk: Desk) -> None:
    reply = desk.get(f"{HISTORY}?from=2026-11-22T12:00:00.001Z&to=2026-11-22T12:00:00Z")

    refusal(reply, 400, "invalid_request", "from")


def test_a_page_that_was_begun_is_not_moved_by_what_comes_after(desk: Desk) -> None:
    past(desk)
    first = desk.get(f"{HISTORY}?limit=4").json()
    desk.give(1)
    desk.give(2)

    second = desk.get(f"{HISTORY}?limit=100&cursor={first['next_cursor']}").json()

    assert [entry["seq"] for entry in second["entries"]] == [5, 4, 3, 2, 1]


def test_an_unasked_limit_is_25(desk: Desk) -> None:
    for _ in range(26):
        desk.give(1)

    said = desk.get(HISTORY).json()

    assert len(said["entries"]) == 25
    assert said["next_cursor"]
    assert len(desk.get(f"{HISTORY}?limit=100").json()["entries"]) == 26


def test_a_cursor_of_another_wallet_is_refused(desk: Desk) -> None:
    past(desk)
    for number in range(4):
        desk.give(1 + number, wallet_id="acct_b")

    reply = desk.get(f"{HISTORY}?limit=2&cursor={cursor_of(desk)}", token=desk.token("acct_b"))

    refusal(reply, 400, "invalid_request", "cursor")


def test_the_history_of_one_wallet_says_nothing_of_another(desk: Desk) -> None:
    past(desk)
    desk.give(5, wallet_id="acct_b")

    (entry,) = desk.get(HISTORY, token=desk.token("acct_b")).json()["entries"]

    assert entry["entry_id"] == "acct_b:1"
    assert {each.wallet_id for each in desk.premises.history(WALLET)} == {WALLET}


def test_a_wallet_whose_name_begins_like_another_is_told_apart(desk: Desk) -> None:
    past(desk)
    desk.give(5, wallet_id="acct_a1")

    assert len(desk.get(HISTORY, token=desk.token("acct_a1")).json()["entries"]) == 1
    assert all_of(desk) == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_an_entry_stays_as_it_was_said(desk: Desk) -> None:
    past(desk)
    before = desk.get(HISTORY).json()["entries"]
    desk.premises.advance(days=40)
    desk.give(3, ends_at=desk.premises.at + timedelta(days=1))

    assert desk.get(HISTORY).json()["entries"][1:] == before
