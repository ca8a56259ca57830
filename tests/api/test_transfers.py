"""Transfers over HTTP: members bring credits to their team, owners take them from it, and both ends can be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.replies import Reply
from local.tokens import Role
from tests.api.desk import ADMIN, SERVICE, Desk, refusal
from tests.webhooks.premises import WALLET

TRANSFER, BALANCE, HISTORY = "/api/credits/transfer", "/api/credits/balance", "/api/credits/history"
SENT = {"entry_id", "credits", "lots", "available"}
TEAM, TEAM_QUERY = "team_a", "?wallet=team_a"
GOOD: dict[str, Any] = {"to_wallet_id": TEAM, "credits": 1}
LARGEST = 1_000_000_000


def teamed(desk: Desk, role: str = "member", wallet_id: str = WALLET, *more: Role) -> str:
    return desk.token(wallet_id, teams=((TEAM, role), *more))


def ok(reply: Reply, status: int = 200) -> dict[str, Any]:
    assert reply.status == status, reply.body
    said: dict[str, Any] = reply.json()
    return said


def available(desk: Desk, token: str, query: str = "") -> int:
    return int(ok(desk.get(BALANCE + query, token=token))["available"])


def entries(desk: Desk, token: str, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ok(desk.get(HISTORY + query, token=token))["entries"]
    return listed


@pytest.mark.parametrize("role", ["member", "owner"])
def test_a_customer_brings_credits_to_the_team(desk: Desk, role: str) -> None:
    desk.give(100)
    token = teamed(desk, role)

    reply = desk.transfer(60, TEAM, token=token)

    said = ok(reply, 201)
    assert said.keys() >= SENT
    assert (said["entry_id"], said["seq"]) == ("acct_a:2", 2)
    assert (said["to_wallet_id"], said["to_entry_id"]) == (TEAM, "team_a:1")
    assert (said["credits"], said["available"]) == (60, 40)
    assert said["lots"] == [{"lot_id": "lot_1", "credits": 60}]
    assert reply.headers["location"] == "/api/credits/entries/2/explanation"
    assert reply.headers["cache-control"] == "no-store"
    assert (available(desk, token), available(desk, token, TEAM_QUERY)) == (40, 60)
    assert desk.premises.faults() == desk.premises.faults(TEAM) == []


def test_an_owner_takes_credits_from_the_team(desk: Desk) -> None:
    desk.give(100, wallet_id=TEAM)
    token = teamed(desk, "owner")

    said = ok(desk.transfer(60, WALLET, token=token, query=TEAM_QUERY), 201)

    assert (said["entry_id"], said["to_entry_id"], said["available"]) == ("team_a:2", "acct_a:1", 40)
    assert (available(desk, token), available(desk, token, TEAM_QUERY)) == (60, 40)


@pytest.mark.parametrize("role", ["member", "owner"])
def test_an_owner_moves_credits_to_another_team(desk: Desk, role: str) -> None:
    desk.give(100, wallet_id=TEAM)
    token = teamed(desk, "owner", WALLET, ("team_b", role))

    assert ok(desk.transfer(60, "team_b", token=token, query=TEAM_QUERY), 201)["available"] == 40
    assert available(desk, token, "?wallet=team_b") == 60


def test_a_member_takes_nothing_from_the_team(desk: Desk) -> None:
    desk.give(100, wallet_id=TEAM)

    with desk.changing_nothing():
        refusal(desk.transfer(60, WALLET, token=teamed(desk), query=TEAM_QUERY), 403, "forbidden")


def test_a_lot_keeps_what_it_is_and_names_where_it_first_came_from(desk: Desk) -> None:
    desk.pay(desk.buy())
    token = teamed(desk, "owner", WALLET, ("team_b", "owner"))
    desk.premises.advance(days=1)
    [own] = ok(desk.get(BALANCE))["lots"]

    ok(desk.transfer(600, TEAM, token=token), 201)
    ok(desk.transfer(200, "team_b", key="t2", token=token, query=TEAM_QUERY), 201)

    [teams] = ok(desk.get(BALANCE + TEAM_QUERY, token=token))["lots"]
    [others] = ok(desk.get(f"{BALANCE}?wallet=team_b", token=token))["lots"]
    kept = ("source", "priority", "granted_at", "expires_at", "purchase_id")
    assert [own[name] for name in kept] == [teams[name] for name in kept] == [others[name] for name in kept]
    assert "origin" not in own
    assert teams["origin"] == others["origin"] == {"wallet_id": WALLET, "lot_id": "lot_1"}
    assert (teams["lot_id"], teams["granted"], teams["remaining"]) == ("lot_1", 600, 400)
    assert (others["lot_id"], others["granted"], others["remaining"]) == ("lot_1", 200, 200)


def test_lots_move_in_the_order_in_which_they_pay(desk: Desk) -> None:
    desk.give(30)
    desk.give(20, ends_at=desk.premises.at.replace(month=12))
    token = teamed(desk)

    said = ok(desk.transfer(40, TEAM, token=token), 201)

    assert said["lots"] == [{"lot_id": "lot_2", "credits": 20}, {"lot_id": "lot_1", "credits": 20}]
    lots = ok(desk.get(BALANCE + TEAM_QUERY, token=token))["lots"]
    assert [(lot["lot_id"], lot["remaining"], lot["origin"]["lot_id"]) for lot in lots] == [
        ("lot_1", 20, "lot_2"),
        ("lot_1.1", 20, "lot_1"),
    ]


def test_the_history_of_both_ends_tells_of_it(desk: Desk) -> None:
    desk.give(100)
    token = teamed(desk)
    ok(desk.transfer(60, TEAM, token=token, note="for the sprint"), 201)

    [out] = entries(desk, token, "?type=transfer_out")
    [into] = entries(desk, token, f"{TEAM_QUERY}&type=transfer_in")

    assert (out["credits"], out["available_after"], out["to_wallet_id"], out["to_entry_id"]) == (
        *(-60, 40),
        *(TEAM, "team_a:1"),
    )
    assert (into["credits"], into["available_after"], into["from_entry_id"]) == (60, 60, "acct_a:2")
    assert out["draws"] == [{"lot_id": "lot_1", "credits": -60}]
    assert into["draws"] == [{"lot_id": "lot_1", "credits": 60}]
    assert out["at"] == into["at"]
    assert {(each["actor"], each["note"]) for each in (out, into)} == {(WALLET, "for the sprint")}
    assert entries(desk, token, "?type=transfer_in") == entries(desk, token, f"{TEAM_QUERY}&type=transfer_out") == []


def test_what_the_team_got_it_can_use(desk: Desk) -> None:
    desk.give(100)
    token = teamed(desk)
    ok(desk.transfer(60, TEAM, token=token), 201)

    assert desk.use(60, key="u1", wallet_id=TEAM).json()["available"] == 10
    assert available(desk, token, TEAM_QUERY) == 10
    assert desk.premises.faults(TEAM) == []


def test_the_repeat_of_a_transfer_is_the_first_answer_again(desk: Desk) -> None:
    desk.give(100)
    token = teamed(desk, "owner")
    first = desk.transfer(60, TEAM, token=token, note="once")
    desk.use(58, key="u1")  # 40 credits: nothing is left
    desk.freeze(TEAM)
    desk.premises.advance(days=40)

    with desk.changing_nothing(may_try=True):
        again = desk.transfer(60, TEAM, token=token, note="once")

    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (201, first.body, "true")
    assert again.headers["location"] == first.headers["location"]


def test_a_key_spent_on_something_else_is_refused(desk: Desk) -> None:
    desk.give(100)
    token = teamed(desk, "owner", WALLET, ("team_b", "owner"))
    ok(desk.transfer(10, TEAM, token=token), 201)
    desk.buy("b1")

    with desk.changing_nothing(may_try=True):
        refusal(desk.transfer(11, TEAM, token=token), 409, "key_reused")
        refusal(desk.transfer(10, "team_b", token=token), 409, "key_reused")
        refusal(desk.transfer(10, TEAM, token=token, note="x"), 409, "key_reused")
        refusal(desk.transfer(10, TEAM, token=token, key="b1"), 409, "key_reused")


def test_a_key_is_the_senders_and_not_the_receivers(desk: Desk) -> None:
    desk.give(100)
    token = teamed(desk, "owner")
    ok(desk.transfer(10, TEAM, token=token), 201)

    back = desk.transfer(10, WALLET, token=token, query=TEAM_QUERY)

    assert (back.status, "idempotency-replayed" in back.headers) == (201, False)
    assert available(desk, token) == 100


def test_a_wallet_that_is_not_the_callers_looks_like_none(desk: Desk) -> None:
    desk.give(100)
    desk.give(100, wallet_id="acct_b")
    desk.give(100, wallet_id="team_b")
    token = teamed(desk)

    with desk.changing_nothing():
        to = [desk.transfer(1, name, token=token) for name in ("acct_b", "acct_none", "team_b", "team_none")]
        out_of = [
            desk.transfer(1, WALLET, token=token, query=f"?wallet={name}") for name in ("acct_b", "team_b", "team_none")
        ]

    for reply in (*to, *out_of):
        refusal(reply, 404, "not_found")
    assert len({(reply.body, tuple(sorted(reply.headers.items()))) for reply in (*to, *out_of)}) == 1


@pytest.mark.parametrize("role", ["viewer", "Owner", "", "admin"])
def test_a_role_that_we_do_not_know_is_no_way_to_a_team(desk: Desk, role: str) -> None:
    desk.give(100)
    desk.give(100, wallet_id=TEAM)

    with desk.changing_nothing():
        refusal(desk.transfer(1, TEAM, token=teamed(desk, role)), 404, "not_found")
        refusal(desk.transfer(1, WALLET, token=teamed(desk, role), query=TEAM_QUERY), 404, "not_found")


def test_a_transfer_to_oneself_is_impossible(desk: Desk) -> None:
    desk.give(100)
    desk.give(100, wallet_id=TEAM)
    token = teamed(desk, "owner")

    with desk.changing_nothing():
        refusal(desk.transfer(1, WALLET, token=token), 422, "unprocessable")
        refusal(desk.transfer(1, WALLET, token=token, query=f"?wallet={WALLET}"), 422, "unprocessable")
        refusal(desk.transfer(1, TEAM, token=token, query=TEAM_QUERY), 422, "unprocessable")


def test_more_than_is_available_is_402_with_a_way_out(desk: Desk) -> None:
    desk.give(100)
    ok(desk.place(credits=60), 201)
    token = teamed(desk)

    with desk.changing_nothing():
        told = refusal(desk.transfer(41, TEAM, token=token), 402, "insufficient_credits")

    assert (told["required"], told["available"], told["shortfall"]) == (41, 40, 1)
    assert [each["package_id"] for each in told["offers"]["packages"]] == ["starter"]
    assert ok(desk.transfer(40, TEAM, token=token), 201)["available"] == 0


def test_nothing_moves_from_or_to_a_frozen_wallet(desk: Desk) -> None:
    desk.give(100)
    desk.give(100, wallet_id=TEAM)
    token = teamed(desk, "owner")
    desk.freeze()
    with desk.changing_nothing():
        refusal(desk.transfer(1, TEAM, token=token), 409, "frozen")
        refusal(desk.transfer(1, WALLET, token=token, query=TEAM_QUERY), 409, "frozen")
    desk.freeze(lift=True, key="f2")

    desk.freeze(TEAM)
    with desk.changing_nothing():
        refusal(desk.transfer(1, TEAM, token=token), 409, "frozen")
    desk.freeze(TEAM, lift=True, key="f2")

    assert desk.transfer(1, TEAM, token=token).status == 201


def test_credits_of_20_lots_move_at_once_and_no_more(desk: Desk) -> None:
    for _ in range(21):
        desk.give(1)
    token = teamed(desk)

    with desk.changing_nothing():
        refusal(desk.transfer(21, TEAM, token=token), 422, "unprocessable")
    assert len(ok(desk.transfer(20, TEAM, token=token), 201)["lots"]) == 20
    assert len(ok(desk.get(BALANCE + TEAM_QUERY, token=token))["lots"]) == 20


def test_credits_of_one_purchase_go_to_20_other_wallets_and_no_more(desk: Desk) -> None:
    desk.pay(desk.buy())
    teams = [f"team_{number}" for number in range(21)]
    token = desk.token(teams=tuple((team, "owner") for team in teams))
    for team in teams[:20]:
        ok(desk.transfer(10, team, key=team, token=token), 201)

    with desk.changing_nothing(may_try=True):
        refusal(desk.transfer(10, teams[20], key="more", token=token), 422, "unprocessable")
        refusal(desk.transfer(5, teams[20], key="on", token=token, query="?wallet=team_0"), 422, "unprocessable")
    assert ok(desk.transfer(5, teams[1], key="on", token=token, query="?wallet=team_0"), 201)["available"] == 5
    assert ok(desk.transfer(5, WALLET, key="home", token=token, query="?wallet=team_0"), 201)["available"] == 0
    desk.give(1, ends_at=desk.premises.at.replace(month=12))
    assert ok(desk.transfer(1, teams[20], key="gift", token=token), 201)["lots"] == [{"lot_id": "lot_23", "credits": 1}]


@pytest.mark.parametrize(("note", "kept"), [("é" * 200, "é" * 200), ("", None), (None, None)])
def test_a_note_of_200_characters_goes_with_it(desk: Desk, note: str | None, kept: str | None) -> None:
    desk.give(100)
    token = teamed(desk)

    assert desk.transfer(1, TEAM, token=token, note=note).status == 201
    assert entries(desk, token)[0].get("note") == kept


def test_the_limits_of_a_transfer_themselves_are_allowed(desk: Desk) -> None:
    desk.give(LARGEST)

    assert ok(desk.transfer(LARGEST, TEAM, token=teamed(desk)), 201)["available"] == 0


def without(**changes: object) -> dict[str, Any]:
    """A good body with changes; what is changed to ... is left out."""
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}


WRONG: dict[str, tuple[object, str]] = {
    "no receiver": (without(to_wallet_id=...), "to_wallet_id"),
    "null for a receiver": (without(to_wallet_id=None), "to_wallet_id"),
    "a number for a receiver": (without(to_wallet_id=1), "to_wallet_id"),
    "an empty receiver": (without(to_wallet_id=""), "to_wallet_id"),
    "a receiver with a hash": (without(to_wallet_id="team_a#e"), "to_wallet_id"),
    "a receiver with a line break": (without(to_wallet_id="team_a\n"), "to_wallet_id"),
    "a long receiver": (without(to_wallet_id="t" * 65), "to_wallet_id"),
    "no number": (without(credits=...), "credits"),
    "null for a number": (without(credits=None), "credits"),
    "nothing": (without(credits=0), "credits"),
    "less than nothing": (without(credits=-1), "credits"),
    "more than a milliard": (without(credits=LARGEST + 1), "credits"),
    "half a credit": (without(credits=0.5), "credits"),
    "true": (without(credits=True), "credits"),
    "a number as text": (without(credits="1"), "credits"),
    "a long note": (without(note="x" * 201), "note"),
    "a number for a note": (without(note=1), "note"),
    "a field that we don't know": (without(from_wallet_id="acct_b"), "from_wallet_id"),
    "a list": ([], "body"),
}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_of_a_transfer_is_named(desk: Desk, body: object, field: str) -> None:
    desk.give(100)
    with desk.changing_nothing():
        refusal(desk.post(TRANSFER, body, token=teamed(desk)), 400, "invalid_request", field)


def test_a_transfer_wants_a_key_and_json_of_64_kb_at_most(desk: Desk) -> None:
    desk.give(100)
    token = teamed(desk)
    with desk.changing_nothing():
        for key in (None, "", "a b", "é", "k" * 129):
            refusal(desk.transfer(1, TEAM, key=key, token=token), 400, "invalid_request", "Idempotency-Key")
        refusal(desk.post(TRANSFER, b"x" * 65_537, token=token), 413, "too_large")
        media = {"Content-Type": "text/plain"}
        refusal(desk.post(TRANSFER, GOOD, token=token, headers=media), 415, "unsupported_media_type")
        twice = json.dumps(GOOD)[:-1].encode() + b',"credits":2}'
        refusal(desk.post(TRANSFER, twice, token=token), 400, "invalid_request", "credits")
        refusal(desk.transfer(1, TEAM, token=token, query="?wallet=acct_a&wallet=team_a"), 400, "invalid_request")


@pytest.mark.parametrize("scope", [SERVICE, ADMIN, ""])
def test_transfers_are_for_customers_alone(desk: Desk, scope: str) -> None:
    desk.give(100)
    token = desk.token(scope=scope, teams=((TEAM, "owner"),))

    with desk.changing_nothing():
        refusal(desk.transfer(1, TEAM, token=token), 403, "forbidden")
