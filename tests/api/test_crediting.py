"""An admin's grants and adjustments over HTTP: once per key, with who and why, and refused where they can't be."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant as make_grant
from chalicelib.domain.lots import Source
from chalicelib.services.ports import Change
from local.replies import Reply
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.webhooks.premises import WALLET

GRANTS, ADJUSTMENTS = f"/api/admin/wallets/{WALLET}/grants", f"/api/admin/wallets/{WALLET}/adjustments"
BOTH = pytest.mark.parametrize("path", [GRANTS, ADJUSTMENTS])
Json = dict[str, Any]


def say(
    desk: Desk, path: str, *, key: str | None = "g1", admin: str = "boss", body: object = None, **fields: object
) -> Reply:
    said = {"credits": 100, "reason": "sorry", **fields} if body is None else body
    return desk.post(path, said, key=key, token=desk.token(admin, scope=ADMIN))


def balance(desk: Desk) -> Json:
    found: Json = desk.get("/api/credits/balance").json()
    return found


def entries(desk: Desk, kind: str) -> list[Json]:
    found: list[Json] = desk.get(f"/api/credits/history?type={kind}").json()["entries"]
    return found


def in_debt(desk: Desk, credits: int = 400) -> None:
    """Buy 1,000 credits, spend so many, and have all of the money refunded."""
    bought = desk.buy("b1")
    desk.pay(bought)
    desk.use(50 + credits // 5, key="spent")
    body = {"purchase_id": bought.json()["purchase_id"], "reason": "returned"}
    made = desk.post(f"/api/admin/wallets/{WALLET}/refunds", body, key="r1", token=desk.token("boss", scope=ADMIN))
    assert made.json()["debt"] == credits


def test_a_grant_makes_a_promotional_lot(desk: Desk) -> None:
    reply = say(desk, GRANTS, expires_at="2027-11-22T12:00:00Z", priority=7)

    assert (reply.status, reply.json()) == (
        201,
        {"entry_id": "acct_a:1", "seq": 1, "lot_id": "lot_1", "available": 100, "paid_to_debt": 0},
    )
    assert reply.headers["location"] == "/api/admin/trace/acct_a:1"
    assert reply.headers["cache-control"] == "no-store"
    assert "idempotency-replayed" not in reply.headers
    (lot,) = balance(desk)["lots"]
    assert (lot["source"], lot["priority"], lot["remaining"]) == ("promo", 7, 100)
    assert lot["expires_at"] == "2027-11-22T12:00:00.000Z"
    assert desk.premises.faults() == []


def test_a_grant_without_more_has_no_end_and_the_usual_priority(desk: Desk) -> None:
    say(desk, GRANTS)

    (lot,) = balance(desk)["lots"]
    assert (lot["expires_at"], lot["priority"]) == (None, 50)


@pytest.mark.parametrize(("path", "kind"), [(GRANTS, "grant"), (ADJUSTMENTS, "adjustment")])
def test_who_and_why_stands_in_the_entry(desk: Desk, path: str, kind: str) -> None:
    say(desk, path, admin="acct_root", reason="é" * 200)

    (entry,) = entries(desk, kind)
    assert (entry["actor"], entry["reason"], entry["credits"]) == ("acct_root", "é" * 200, 100)


def test_an_adjustment_up_makes_a_lot_and_one_down_takes_what_is_free(desk: Desk) -> None:
    up = say(desk, ADJUSTMENTS)
    down = say(desk, ADJUSTMENTS, key="g2", credits=-30)

    assert (up.status, down.status) == (201, 201)
    assert up.json() == {"entry_id": "acct_a:1", "seq": 1, "lot_id": "lot_1", "available": 100, "paid_to_debt": 0}
    assert down.json() == {"entry_id": "acct_a:2", "seq": 2, "available": 70}
    (lot,) = balance(desk)["lots"]
    assert (lot["source"], lot["granted"], lot["remaining"]) == ("adjustment", 100, 70)
    assert [entry["draws"] for entry in entries(desk, "adjustment")] == [
        [{"lot_id": "lot_1", "credits": -30}],
        [{"lot_id": "lot_1", "credits": 100}],
    ]
    assert desk.premises.faults() == []


@BOTH
def test_debt_is_paid_first_and_what_it_swallows_makes_no_lot(desk: Desk, path: str) -> None:
    in_debt(desk)

    first = say(desk, path)
    second = say(desk, path, key="g2", credits=301)

    assert first.json().items() >= {"available": 0, "paid_to_debt": 100}.items()
    assert "lot_id" not in first.json()
    assert second.json().items() >= {"available": 1, "paid_to_debt": 300}.items()
    assert second.json()["lot_id"] == f"lot_{second.json()['seq']}"
    assert desk.premises.faults() == []


def test_below_what_is_free_is_refused(desk: Desk) -> None:
    say(desk, ADJUSTMENTS)
    desk.place(credits=40)

    with desk.changing_nothing(may_try=True):
        refusal(say(desk, ADJUSTMENTS, key="g2", credits=-61), 422, "unprocessable")
    assert say(desk, ADJUSTMENTS, key="g2", credits=-60).json()["available"] == 0
    assert balance(desk)["held"] == 40


def test_what_is_free_can_be_taken_whatever_is_owed(desk: Desk) -> None:
    desk.give(100)
    in_debt(desk)
    owed = balance(desk)["debt"]
    assert owed > 0

    reply = say(desk, ADJUSTMENTS, credits=-100)

    assert (reply.status, reply.json()["available"]) == (201, 0)
    assert balance(desk)["debt"] == owed
    refusal(say(desk, ADJUSTMENTS, key="g2", credits=-1), 422, "unprocessable")
    assert desk.premises.faults() == []


@pytest.mark.parametrize("ends", ["2026-11-22T12:00:00Z", "2026-11-22T11:59:59.999Z", "0001-01-01T00:00:00Z"])
def test_an_end_that_has_passed_is_refused(desk: Desk, ends: str) -> None:
    with desk.changing_nothing(may_try=True):
        refusal(say(desk, GRANTS, expires_at=ends), 422, "unprocessable")


def test_an_end_beyond_all_plans_is_taken_as_it_is(desk: Desk) -> None:
    assert say(desk, GRANTS, expires_at="9999-12-31T23:59:59.999Z").status == 201

    assert balance(desk)["lots"][0]["expires_at"] == "9999-12-31T23:59:59.999Z"
    assert desk.premises.faults() == []


def test_a_grant_can_be_sent_again_after_its_end(desk: Desk) -> None:
    first = say(desk, GRANTS, expires_at="2026-11-22T12:00:01Z")
    desk.premises.advance(days=2)

    again = say(desk, GRANTS, expires_at="2026-11-22T12:00:01Z")

    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (201, first.body, "true")


@BOTH
def test_a_full_wallet_refuses_another_lot(desk: Desk, path: str) -> None:
    wallet = desk.premises.wallet()
    for _ in range(100):
        decision = make_grant(wallet, Grant(credits=1, source=Source.PROMO), wiring.catalog(), wiring.stamp("x"))
        wallet = decision.wallet
        desk.premises.store.commit(Change(decisions=[decision]))

    with desk.changing_nothing(may_try=True):
        refusal(say(desk, path), 422, "unprocessable")
    assert say(desk, ADJUSTMENTS, credits=-1).status == 201
    assert say(desk, path, key="g2").status == 201


@BOTH
def test_a_frozen_wallet_still_gets_and_is_corrected(desk: Desk, path: str) -> None:
    desk.freeze()

    assert say(desk, path).json()["available"] == 100
    assert say(desk, ADJUSTMENTS, key="g2", credits=-100).json()["available"] == 0
    assert balance(desk)["frozen"]


@BOTH
@pytest.mark.parametrize("wallet_id", ["acct_new", "team_new", "auth0%7C12:x@y.z"])
def test_a_wallet_begins_with_its_first_command_whoever_sends_it(desk: Desk, path: str, wallet_id: str) -> None:
    reply = say(desk, path.replace(WALLET, wallet_id))

    assert reply.json()["entry_id"] == f"{wallet_id.replace('%7C', '|')}:1"
    assert reply.headers["location"] == f"/api/admin/trace/{wallet_id}:1"


@BOTH
def test_the_repeat_is_the_first_answer_again(desk: Desk, path: str) -> None:
    first = say(desk, path)
    say(desk, ADJUSTMENTS, key="other", credits=-100)
    desk.premises.advance(days=40)

    with desk.changing_nothing(may_try=True):
        again = say(desk, path, admin="acct_other")

    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (201, first.body, "true")


@BOTH
def test_a_key_spent_on_something_else_is_refused(desk: Desk, path: str) -> None:
    desk.freeze(key="f1")
    desk.freeze(key="f2", lift=True)
    say(desk, path)
    other = GRANTS if path == ADJUSTMENTS else ADJUSTMENTS

    with desk.changing_nothing(may_try=True):
        refusal(say(desk, path, credits=101), 409, "key_reused")
        refusal(say(desk, path, reason="another"), 409, "key_reused")
        refusal(say(desk, other), 409, "key_reused")
        refusal(say(desk, path, key="f1"), 409, "key_reused")


def test_what_is_left_out_is_the_same_as_what_is_usual(desk: Desk) -> None:
    first = say(desk, GRANTS)

    assert say(desk, GRANTS, priority=50, expires_at=None).body == first.body
    refusal(say(desk, GRANTS, priority=51), 409, "key_reused")


@BOTH
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"credits": 0}, "credits"),
        ({"credits": 1.5}, "credits"),
        ({"credits": "1"}, "credits"),
        ({"credits": True}, "credits"),
        ({"credits": None}, "credits"),
        ({"credits": 1_000_000_001}, "credits"),
        ({"credits": -1_000_000_001}, "credits"),
        ({"reason": ""}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"source": "purchase"}, "source"),
        ({"wallet_id": WALLET}, "wallet_id"),
        ({"body": []}, "body"),
        ({"body": b""}, "body"),
        ({"body": {"credits": 1}}, "reason"),
        ({"body": {"reason": "x"}}, "credits"),
        ({"body": b'{"credits":1,"credits":2,"reason":"x"}'}, "credits"),
    ],
)
def test_bodies_are_read_strictly(desk: Desk, path: str, fields: Json, field: str) -> None:
    with desk.changing_nothing():
        refusal(say(desk, path, **fields), 400, "invalid_request", field)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"credits": -1}, "credits"),
        ({"priority": 0}, "priority"),
        ({"priority": 101}, "priority"),
        ({"priority": "50"}, "priority"),
        ({"priority": None}, "priority"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2027-11-22"}, "expires_at"),
        ({"expires_at": "2027-11-22T12:00:00"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-01:00"}, "expires_at"),
        ({"expires_at": 1}, "expires_at"),
    ],
)
def test_a_grants_own_fields_are_read_strictly(desk: Desk, fields: Json, field: str) -> None:
    with desk.changing_nothing():
        refusal(say(desk, GRANTS, **fields), 400, "invalid_request", field)


@pytest.mark.parametrize("fields", [{"expires_at": "2027-11-22T12:00:00Z"}, {"priority": 50}])
def test_an_adjustment_has_neither_end_nor_priority(desk: Desk, fields: Json) -> None:
    with desk.changing_nothing():
        refusal(say(desk, ADJUSTMENTS, **fields), 400, "invalid_request", next(iter(fields)))


@BOTH
def test_a_key_and_json_of_64_kb_at_most_are_wanted(desk: Desk, path: str) -> None:
    with desk.changing_nothing():
        for key in (None, "", "a b", "é", "k" * 129):
            refusal(say(desk, path, key=key), 400, "invalid_request", "Idempotency-Key")
        refusal(say(desk, path, body=b"x" * 65_537), 413, "too_large")
        media = {"Content-Type": "text/plain"}
        boss = desk.token("boss", scope=ADMIN)
        refusal(desk.post(path, {}, token=boss, headers=media), 415, "unsupported_media_type")


@BOTH
@pytest.mark.parametrize("wallet_id", ["a%20b", "%C3%A9", "a" * 65, "%00", "a%2Fb", "a*", "%2E%2E%2Fa"])
def test_a_malformed_wallet_is_not_found(desk: Desk, path: str, wallet_id: str) -> None:
    with desk.changing_nothing():
        refusal(say(desk, path.replace(WALLET, wallet_id)), 404, "not_found")


@BOTH
@pytest.mark.parametrize("scope", [CUSTOMER, SERVICE, ""])
def test_crediting_is_for_admins_alone(desk: Desk, path: str, scope: str) -> None:
    body = {"credits": 100, "reason": "mine"}

    with desk.changing_nothing():
        refusal(desk.post(path, body, token=desk.token(scope=scope)), 403, "forbidden")
        refusal(desk.ask("POST", path), 401, "unauthenticated")
