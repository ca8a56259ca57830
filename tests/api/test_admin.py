"""An admin's word over HTTP: freezing a wallet and lifting it; who and why stands in the entry."""

from __future__ import annotations

from typing import Any

import pytest

from local.replies import Reply
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.webhooks.premises import WALLET

FREEZE, UNFREEZE = f"/api/admin/wallets/{WALLET}/freeze", f"/api/admin/wallets/{WALLET}/unfreeze"
BODY = {"reason": "chargebacks"}


def say(desk: Desk, path: str, body: object = BODY, *, key: str | None = "f1", admin: str = "boss") -> Reply:
    return desk.post(path, body, key=key, token=desk.token(admin, scope=ADMIN))


def history(desk: Desk, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = desk.get(f"/api/credits/history{query}").json()["entries"]
    return listed


def is_frozen(desk: Desk) -> bool:
    frozen: bool = desk.get("/api/credits/balance").json()["frozen"]
    return frozen


def test_an_admin_freezes_a_wallet_and_lifts_it(desk: Desk) -> None:
    desk.give(100)

    first = say(desk, FREEZE)
    between = is_frozen(desk)
    second = say(desk, UNFREEZE, key="f2")

    assert (first.status, second.status) == (200, 200)
    assert first.json() == {"wallet_id": WALLET, "entry_id": "acct_a:2", "seq": 2, "frozen": True}
    assert second.json() == {"wallet_id": WALLET, "entry_id": "acct_a:3", "seq": 3, "frozen": False}
    assert first.headers["cache-control"] == "no-store"
    assert (between, is_frozen(desk)) == (True, False)
    assert desk.premises.faults() == []


def test_who_froze_it_and_why_stands_in_the_entry(desk: Desk) -> None:
    say(desk, FREEZE, {"reason": "é" * 200}, admin="acct_root")
    say(desk, UNFREEZE, {"reason": "talked to them"}, key="f2", admin="acct_other")

    told = [(each["kind"], each["frozen"], each["actor"], each["reason"]) for each in history(desk, "?type=freeze")]
    assert told == [
        ("freeze", False, "acct_other", "talked to them"),
        ("freeze", True, "acct_root", "é" * 200),
    ]


def test_a_frozen_wallet_spends_nothing_and_still_gets(desk: Desk) -> None:
    desk.give(100)
    bought = desk.buy()
    say(desk, FREEZE)

    with desk.changing_nothing():
        refusal(desk.use(1, key="u1"), 409, "frozen")
    desk.pay(bought)
    desk.give(5)

    assert desk.get("/api/credits/balance").json()["available"] == 1105
    say(desk, UNFREEZE, key="f2")
    assert desk.use(1, key="u1").status == 200


@pytest.mark.parametrize("wallet_id", ["acct_new", "team_new", "a", "a" * 64, "auth0%7C12:x@y.z", "auth0|12:x@y.z"])
def test_any_wallet_can_be_frozen_also_one_never_written(desk: Desk, wallet_id: str) -> None:
    reply = say(desk, f"/api/admin/wallets/{wallet_id}/freeze")

    assert (reply.status, reply.json()["wallet_id"]) == (200, wallet_id.replace("%7C", "|"))
    assert desk.premises.wallet(wallet_id.replace("%7C", "|")).frozen


def test_a_frozen_wallet_can_not_be_frozen_again(desk: Desk) -> None:
    say(desk, FREEZE)

    with desk.changing_nothing():
        refusal(say(desk, FREEZE, key="f2"), 409, "conflict")


def test_a_wallet_that_is_not_frozen_can_not_be_lifted(desk: Desk) -> None:
    with desk.changing_nothing():
        refusal(say(desk, UNFREEZE), 409, "conflict")


def test_the_repeat_of_a_freeze_is_the_first_answer_again(desk: Desk) -> None:
    first = say(desk, FREEZE)
    lifted = say(desk, UNFREEZE, key="f2")
    desk.premises.advance(days=40)

    with desk.changing_nothing(may_try=True):
        again, lifted_again = say(desk, FREEZE, admin="acct_other"), say(desk, UNFREEZE, key="f2")

    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (200, first.body, "true")
    assert (lifted_again.body, lifted_again.headers["idempotency-replayed"]) == (lifted.body, "true")
    assert not is_frozen(desk)


def test_a_key_spent_on_something_else_is_refused(desk: Desk) -> None:
    say(desk, FREEZE)

    with desk.changing_nothing(may_try=True):
        refusal(say(desk, FREEZE, {"reason": "another"}), 409, "key_reused")
        refusal(say(desk, UNFREEZE), 409, "key_reused")


@pytest.mark.parametrize("path", [FREEZE, UNFREEZE])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": 1}, "reason"),
        ({"reason": True}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "x", "frozen": True}, "frozen"),
        ({"reason": "x", "wallet_id": WALLET}, "wallet_id"),
        ([], "body"),
        (b"", "body"),
        (b'{"reason":"a","reason":"b"}', "reason"),
    ],
)
def test_an_admin_says_why_and_nothing_else(desk: Desk, path: str, body: object, field: str) -> None:
    with desk.changing_nothing():
        refusal(say(desk, path, body), 400, "invalid_request", field)


@pytest.mark.parametrize("path", [FREEZE, UNFREEZE])
def test_an_admin_sends_a_key_and_json_of_64_kb_at_most(desk: Desk, path: str) -> None:
    with desk.changing_nothing():
        for key in (None, "", "a b", "é", "k" * 129):
            refusal(say(desk, path, key=key), 400, "invalid_request", "Idempotency-Key")
        refusal(say(desk, path, b"x" * 65_537), 413, "too_large")
        media = {"Content-Type": "text/plain"}
        boss = desk.token("boss", scope=ADMIN)
        refusal(desk.post(path, BODY, token=boss, headers=media), 415, "unsupported_media_type")


@pytest.mark.parametrize("word", ["freeze", "unfreeze"])
@pytest.mark.parametrize(
    "wallet_id", ["a%20b", "%C3%A9", "a" * 65, "a%0A", "%00", "a%23b", "a%2Fb", "a%22", "a*", "a,b", "%2E%2E%2Fa"]
)
def test_a_malformed_wallet_is_not_found(desk: Desk, word: str, wallet_id: str) -> None:
    with desk.changing_nothing():
        refusal(say(desk, f"/api/admin/wallets/{wallet_id}/{word}"), 404, "not_found")


@pytest.mark.parametrize("path", [FREEZE, UNFREEZE])
@pytest.mark.parametrize("scope", [CUSTOMER, SERVICE, ""])
def test_freezing_is_for_admins_alone(desk: Desk, path: str, scope: str) -> None:
    token = desk.token(scope=scope, teams=((WALLET, "owner"),))

    with desk.changing_nothing():
        refusal(desk.post(path, BODY, token=token), 403, "forbidden")
        refusal(desk.ask("POST", path), 401, "unauthenticated")
