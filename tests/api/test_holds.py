"""Holds over HTTP: placed for credits, for a use or by a quote; captured, released, or lapsed by the clock."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.services.deadlines import expire_due
from local.replies import Reply
from tests.api.desk import ADMIN, CUSTOMER, MONEY, Desk, refusal
from tests.webhooks.premises import WALLET

HOLDS, QUOTE, HISTORY = "/api/credits/holds", "/api/usage/quote", "/api/credits/history"
PLACED = {"hold_id", "credits", "draws", "lapses_at", "available"}
OFFERS = {"packages", "total", "plan"}
USE: dict[str, Any] = {"meter": "pull_requests", "quantity": 60}  # 50 from the quota, and 50 credits
HOLD: dict[str, Any] = {"wallet_id": WALLET, "ttl_seconds": 60, "credits": 1}
CAPTURE: dict[str, Any] = {"wallet_id": WALLET, "credits": 1}
LARGEST = 1_000_000_000


def without(good: dict[str, Any], **changes: object) -> dict[str, Any]:
    """A body with changes; what is changed to ... is left out."""
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def ok(reply: Reply, status: int = 200) -> dict[str, Any]:
    assert reply.status == status, reply.body
    said: dict[str, Any] = reply.json()
    return said


def held(desk: Desk, **fields: Any) -> str:
    return str(ok(desk.place(**(fields or {"credits": 60})), 201)["hold_id"])


def quoted(desk: Desk, *, wallet_id: str = WALLET, **use: object) -> str:
    body = {"wallet_id": wallet_id, **(use or USE)}
    return str(ok(desk.post(QUOTE, body, key=None, token=desk.service()))["quote_id"])


def written(terms: object) -> str:
    """Write a quote's id by hand: nobody signs one."""
    text = json.dumps(terms, separators=(",", ":"), sort_keys=True)
    return "q_" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def balance(desk: Desk, query: str = "") -> dict[str, Any]:
    return ok(desk.get(f"/api/credits/balance{query}"))


def used(desk: Desk, meter: str = "pull_requests") -> int:
    meters = ok(desk.get("/api/user/usage"))["meters"]
    return int(next(each for each in meters if each["meter"] == meter)["used"])


def kinds(desk: Desk, query: str = "") -> list[str]:
    return [entry["kind"] for entry in ok(desk.get(HISTORY + query))["entries"]]


def test_a_hold_of_credits_sets_them_aside(desk: Desk) -> None:
    desk.give(100)

    reply = desk.place(credits=60)

    said = ok(reply, 201)
    assert said.keys() >= PLACED
    assert (said["hold_id"], said["entry_id"], said["seq"]) == ("hold_2", "acct_a:2", 2)
    assert (said["credits"], said["draws"]) == (60, [{"lot_id": "lot_1", "credits": 60}])
    assert (said["lapses_at"], said["available"]) == ("2026-11-22T13:00:00.000Z", 40)
    assert "location" not in reply.headers  # only captures and releases have addresses
    assert reply.headers["cache-control"] == "no-store"
    assert "idempotency-replayed" not in reply.headers


def test_a_hold_of_a_use_counts_it_at_once_and_holds_what_goes_over(desk: Desk) -> None:
    desk.give(100)

    said = ok(desk.place(**USE), 201)

    assert (said["meter"], said["quantity"], said["from_quota"]) == ("pull_requests", 60, 50)
    assert (said["credits"], said["available"]) == (50, 50)
    assert used(desk) == 60


def test_a_hold_of_what_the_quota_covers_holds_no_credits(desk: Desk) -> None:
    said = ok(desk.place(meter="pull_requests", quantity=50), 201)

    assert (said["credits"], said["draws"], said["from_quota"]) == (0, [], 50)


@pytest.mark.parametrize("wallet_id", ["acct_new", "team_new"])
def test_a_service_may_hold_in_any_wallet(desk: Desk, wallet_id: str) -> None:
    assert desk.place(wallet_id=wallet_id, meter="api_calls", quantity=1).status == 201


def test_the_balance_shows_what_is_held_and_by_which_holds(desk: Desk) -> None:
    desk.give(200)
    before = balance(desk)
    desk.place(credits=60)
    desk.place(key="h2", **USE)

    said = balance(desk)

    assert (before["held"], before["holds"], before["frozen"]) == (0, [], False)
    assert (said["available"], said["held"]) == (90, 110)
    assert (said["lots"][0]["remaining"], said["lots"][0]["held"]) == (200, 110)
    assert said["holds"] == [
        {"hold_id": "hold_2", "credits": 60, "lapses_at": "2026-11-22T13:00:00.000Z"},
        {"hold_id": "hold_3", "credits": 50, "lapses_at": "2026-11-22T13:00:00.000Z", **USE},
    ]


def test_the_balance_of_a_past_time_shows_the_holds_of_that_time(desk: Desk) -> None:
    desk.give(100)
    hold_id = held(desk)
    desk.premises.advance(minutes=10)
    desk.release(hold_id)
    desk.premises.advance(minutes=10)

    assert (balance(desk)["held"], balance(desk)["holds"]) == (0, [])
    then = balance(desk, "?at=2026-11-22T12:05:00Z")
    assert (then["held"], then["available"], then["holds"][0]["hold_id"]) == (60, 40, hold_id)


def test_the_balances_tag_changes_when_a_hold_lapses(desk: Desk) -> None:
    desk.give(100)
    held(desk)
    first = desk.get("/api/credits/balance")
    desk.premises.advance(minutes=59)
    before = desk.get("/api/credits/balance", If_None_Match=first.headers["etag"])
    desk.premises.advance(minutes=1)

    after = desk.get("/api/credits/balance", If_None_Match=first.headers["etag"])

    assert (before.status, after.status) == (304, 200)


def test_a_capture_of_less_gives_the_rest_back(desk: Desk) -> None:
    desk.give(100)

    reply = desk.capture(held(desk), credits=45)

    said = ok(reply)
    assert (said["hold_id"], said["entry_id"], said["seq"]) == ("hold_2", "acct_a:3", 3)
    assert (said["credits"], said["released"], said["expired"], said["available"]) == (45, 15, 0, 55)
    assert said["draws"] == [{"lot_id": "lot_1", "credits": 45}]
    assert (balance(desk)["held"], balance(desk)["holds"]) == (0, [])
    assert reply.headers["cache-control"] == "no-store"
    assert desk.premises.faults() == []


def test_a_capture_of_all_gives_nothing_back(desk: Desk) -> None:
    desk.give(100)

    said = ok(desk.capture(held(desk), credits=60))

    assert (said["credits"], said["released"], said["available"]) == (60, 0, 40)


def test_a_capture_of_more_takes_the_surplus_from_what_is_available(desk: Desk) -> None:
    desk.give(100)

    said = ok(desk.capture(held(desk), credits=75))

    assert (said["credits"], said["released"], said["available"]) == (75, 0, 25)
    assert sum(draw["credits"] for draw in said["draws"]) == 75
    assert desk.premises.faults() == []


def test_a_surplus_that_is_not_covered_is_402_and_the_hold_stays_open(desk: Desk) -> None:
    desk.give(100)
    hold_id = held(desk)

    with desk.changing_nothing():
        told = refusal(desk.capture(hold_id, credits=101), 402, "insufficient_credits")

    assert (told["required"], told["available"], told["shortfall"]) == (41, 40, 1)
    assert told["offers"].keys() == OFFERS
    assert ok(desk.capture(hold_id, credits=100))["available"] == 0


@pytest.mark.parametrize(
    ("quantity", "credits", "from_quota", "available"),
    [(1, 0, 1, 100), (50, 0, 50, 100), (55, 25, 50, 75), (60, 50, 50, 50), (62, 60, 50, 40)],
)
def test_a_hold_of_a_use_is_captured_by_quantity(
    desk: Desk, quantity: int, credits: int, from_quota: int, available: int
) -> None:
    desk.give(100)

    said = ok(desk.capture(held(desk, **USE), quantity=quantity))

    assert (said["meter"], said["quantity"], said["from_quota"]) == ("pull_requests", quantity, from_quota)
    assert (said["credits"], said["available"]) == (credits, available)
    assert used(desk) == quantity
    assert desk.premises.faults() == []


def test_a_held_use_keeps_its_price_when_the_plan_changes(desk: Desk) -> None:
    desk.give(100)
    hold_id = held(desk, **USE)
    boss = desk.token("boss", scope=ADMIN)
    ok(desk.post("/api/user/subscription", {"wallet_id": WALLET, "plan_id": "enterprise"}, key="p1", token=boss))

    assert ok(desk.capture(hold_id, quantity=60))["credits"] == 50


def test_a_lease_is_captured_with_what_it_was_spent_on(desk: Desk) -> None:
    desk.give(100)
    uses = [
        {"meter": "pull_requests", "quantity": 55, "labels": {"repo": "tally"}},
        {"meter": "predictions", "quantity": 5},
        {"meter": "pull_requests", "quantity": 1, "labels": {}},
    ]

    said = ok(desk.capture(held(desk), uses=uses))

    assert [(use["meter"], use["from_quota"], use["credits"]) for use in said["uses"]] == [
        ("pull_requests", 50, 25),
        ("predictions", 0, 10),
        ("pull_requests", 0, 5),
    ]
    assert (said["credits"], said["released"], said["available"]) == (40, 20, 60)
    assert (used(desk), used(desk, "predictions")) == (56, 5)
    entry = ok(desk.get(f"{HISTORY}?type=capture"))["entries"][0]
    assert entry["labels"] == [{"repo": "tally"}, {}, {}]
    assert desk.premises.faults() == []


def test_a_lease_takes_a_hundred_uses_with_all_their_labels(desk: Desk) -> None:
    desk.give(1000)
    labels = {f"label-{number}": "v" * 40 for number in range(5)}
    uses = [{"meter": "predictions", "quantity": 1, "labels": labels} for _ in range(100)]

    said = ok(desk.capture(held(desk, credits=500), uses=uses))

    assert (len(said["uses"]), said["credits"], said["released"]) == (100, 200, 300)
    assert ok(desk.get(f"{HISTORY}?limit=1"))["entries"][0]["labels"] == [labels] * 100


def test_a_release_gives_everything_back(desk: Desk) -> None:
    desk.give(100)
    hold_id = held(desk, **USE)

    reply = desk.release(hold_id)

    said = ok(reply)
    assert (said["hold_id"], said["entry_id"], said["seq"]) == (hold_id, "acct_a:3", 3)
    assert (said["released"], said["expired"], said["available"]) == (50, 0, 100)
    assert used(desk) == 0
    assert reply.headers["cache-control"] == "no-store"
    assert desk.premises.faults() == []


def test_what_is_released_after_its_lots_end_goes_to_expired(desk: Desk) -> None:
    desk.give(100, ends_at=desk.premises.at.replace(hour=13))
    hold_id = held(desk, credits=60, ttl_seconds=86_400)
    desk.premises.advance(hours=2)

    said = ok(desk.release(hold_id))

    assert (said["released"], said["expired"], said["available"]) == (0, 60, 0)


def test_a_hold_is_honoured_after_its_lots_end(desk: Desk) -> None:
    desk.give(100, ends_at=desk.premises.at.replace(hour=13))
    hold_id = held(desk, credits=60, ttl_seconds=86_400)
    desk.premises.advance(hours=2)

    said = ok(desk.capture(hold_id, credits=50))

    assert (said["credits"], said["released"], said["expired"], said["available"]) == (50, 0, 10, 0)


def test_the_repeat_of_each_command_is_the_first_answer_again(desk: Desk) -> None:
    desk.give(200)
    placed = desk.place(credits=60)
    captured = desk.capture("hold_2", credits=50)
    desk.place(key="h2", **USE)
    released = desk.release("hold_4")
    desk.place(key="h3", credits=20)
    leased = desk.capture("hold_6", key="c2", uses=[{"meter": "predictions", "quantity": 10, "labels": {"a": "b"}}])
    desk.use(76, key="u1")  # 130 credits: nothing is left
    assert balance(desk)["available"] == 0
    desk.premises.advance(days=40)

    with desk.changing_nothing(may_try=True):
        again = [desk.place(credits=60), desk.capture("hold_2", credits=50), desk.release("hold_4")]
        again += [
            desk.capture("hold_6", key="c2", uses=[{"labels": {"a": "b"}, "quantity": 10, "meter": "predictions"}])
        ]

    for first, second in zip((placed, captured, released, leased), again, strict=True):
        assert (second.status, second.body) == (first.status, first.body)
        assert second.headers["idempotency-replayed"] == "true"


def test_a_hold_by_a_quote_is_answered_again_when_the_quote_is_too_old(desk: Desk) -> None:
    desk.give(50)
    quote_id = quoted(desk)
    first = desk.place(quote_id=quote_id)
    desk.premises.advance(minutes=11)

    with desk.changing_nothing():
        again = desk.place(quote_id=quote_id)

    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (201, first.body, "true")
    refusal(desk.place(key="h2", quote_id=quote_id), 422, "unprocessable")


def test_a_key_spent_on_something_else_is_refused(desk: Desk) -> None:
    desk.give(200)
    desk.place(key="h1", credits=60)
    desk.place(key="h2", credits=60)
    desk.capture("hold_2", key="c1", credits=50)
    desk.release("hold_3", key="r1")
    desk.place(key="h3", credits=10)

    with desk.changing_nothing(may_try=True):
        for reply in (
            desk.place(key="h1", credits=61),
            desk.place(key="h1", credits=60, ttl_seconds=60),
            desk.place(key="h1", **USE),
            desk.place(key="c1", credits=50),
            desk.capture("hold_2", key="c1", credits=51),
            desk.capture("hold_3", key="c1", credits=50),
            desk.capture("hold_6", key="c1", credits=50),
            desk.capture("hold_6", key="h1", credits=10),
            desk.release("hold_2", key="r1"),
            desk.release("hold_6", key="r1"),
            desk.release("hold_6", key="c1"),
            desk.use(1, key="h1"),
        ):
            refusal(reply, 409, "key_reused")
    assert desk.place(key="h1", wallet_id="acct_b", meter="api_calls", quantity=1).status == 201


def test_a_refused_hold_spends_no_key(desk: Desk) -> None:
    refusal(desk.place(credits=60), 402, "insufficient_credits")
    desk.give(60)

    again = desk.place(credits=60)

    assert again.status == 201
    assert "idempotency-replayed" not in again.headers


def closed_by(desk: Desk, how: str) -> str:
    hold_id = held(desk, credits=10)
    if how == "capture":
        ok(desk.capture(hold_id, key="first", credits=10))
    elif how == "release":
        ok(desk.release(hold_id, key="first"))
    else:
        desk.premises.advance(hours=1)
    return hold_id


@pytest.mark.parametrize("how", ["capture", "release", "lapse"])
def test_a_hold_that_is_closed_is_told_so(desk: Desk, how: str) -> None:
    desk.give(100)
    hold_id = closed_by(desk, how)

    with desk.changing_nothing():
        refusal(desk.capture(hold_id, credits=1), 409, "hold_closed")
        refusal(desk.release(hold_id), 409, "hold_closed")


def test_a_hold_is_open_until_the_instant_at_which_it_lapses(desk: Desk) -> None:
    desk.give(100)
    ok(desk.place(credits=10, ttl_seconds=1), 201)
    ok(desk.place(key="h2", credits=10, ttl_seconds=1), 201)
    desk.premises.advance(seconds=0.999)

    assert ok(desk.release("hold_2"))["available"] == 90
    desk.premises.advance(seconds=0.001)

    refusal(desk.release("hold_3", key="r2"), 409, "hold_closed")
    assert (balance(desk)["available"], balance(desk)["holds"]) == (100, [])


def test_a_hold_that_lapsed_gives_back_what_it_counted(desk: Desk) -> None:
    desk.give(100)
    held(desk, **USE)
    desk.premises.advance(hours=1)

    assert (balance(desk)["available"], used(desk)) == (100, 0)
    assert desk.use(60, key="u1").json()["from_quota"] == 50


UNKNOWN = ["hold_0", "hold_1", "hold_3", "hold_99", "hold_02", "hold_-2", "hold_2x", "hold_", "2", "lot_2", "HOLD_2"]


@pytest.mark.parametrize("hold_id", [*UNKNOWN, "hold_" + "9" * 13, "hold_%C2%B2", "hold_2%00", "%20hold_2", "x" * 500])
def test_an_unknown_hold_is_not_found(desk: Desk, hold_id: str) -> None:
    desk.give(100)
    assert held(desk) == "hold_2"

    with desk.changing_nothing():
        replies = [desk.capture(hold_id, credits=1), desk.release(hold_id)]

    for reply in replies:
        refusal(reply, 404, "not_found")


def test_another_wallets_hold_is_not_found(desk: Desk) -> None:
    desk.give(100)
    hold_id = held(desk)

    with desk.changing_nothing():
        replies = [desk.capture(hold_id, wallet_id="acct_b", credits=1), desk.release(hold_id, wallet_id="acct_b")]
        unknown = desk.release("hold_99", wallet_id="acct_b")

    for reply in replies:
        refusal(reply, 404, "not_found")
        assert reply.body == unknown.body


def test_a_hold_that_credits_do_not_cover_is_402_with_a_way_out(desk: Desk) -> None:
    desk.give(49)
    with desk.changing_nothing():
        of_credits, of_a_use = desk.place(credits=50), desk.place(**USE)

    for reply in (of_credits, of_a_use):
        told = refusal(reply, 402, "insufficient_credits")
        assert (told["required"], told["available"], told["shortfall"]) == (50, 49, 1)
        assert told["offers"].keys() == OFFERS
        assert [each["package_id"] for each in told["offers"]["packages"]] == ["starter"]
        assert told["offers"]["total"].keys() == MONEY
    assert of_a_use.json()["offers"]["plan"]["plan_id"] == "pro"


def test_a_lease_whose_uses_are_not_covered_is_402_and_stays_open(desk: Desk) -> None:
    desk.give(60)
    hold_id = held(desk)

    with desk.changing_nothing():
        reply = desk.capture(hold_id, uses=[{"meter": "pull_requests", "quantity": 63}])

    assert refusal(reply, 402, "insufficient_credits")["shortfall"] == 5
    assert balance(desk)["holds"][0]["hold_id"] == hold_id
    assert ok(desk.capture(hold_id, uses=[{"meter": "pull_requests", "quantity": 62}]))["available"] == 0


def test_a_wallet_has_50_open_holds_at_most(desk: Desk) -> None:
    for number in range(50):
        ok(desk.place(key=f"h{number}", meter="api_calls", quantity=1), 201)

    with desk.changing_nothing():
        refusal(desk.place(key="more", meter="api_calls", quantity=1), 422, "unprocessable")
    desk.release("hold_1")
    assert desk.place(key="more", meter="api_calls", quantity=1).status == 201


def test_a_frozen_wallet_holds_and_captures_nothing_and_still_releases(desk: Desk) -> None:
    desk.give(100)
    hold_id = held(desk)
    desk.freeze()

    with desk.changing_nothing():
        refusal(desk.place(key="h2", credits=1), 409, "frozen")
        refusal(desk.capture(hold_id, credits=1), 409, "frozen")
    assert balance(desk)["frozen"] is True
    assert ok(desk.release(hold_id))["available"] == 100


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no wallet": (without(HOLD, wallet_id=...), "wallet_id"),
    "a wallet with a space": (without(HOLD, wallet_id="a b"), "wallet_id"),
    "a number for a wallet": (without(HOLD, wallet_id=1), "wallet_id"),
    "no time to live": (without(HOLD, ttl_seconds=...), "ttl_seconds"),
    "no time at all": (without(HOLD, ttl_seconds=0), "ttl_seconds"),
    "less than none": (without(HOLD, ttl_seconds=-1), "ttl_seconds"),
    "more than a day": (without(HOLD, ttl_seconds=86_401), "ttl_seconds"),
    "a fraction of a second": (without(HOLD, ttl_seconds=0.5), "ttl_seconds"),
    "a whole number with a point": (without(HOLD, ttl_seconds=60.0), "ttl_seconds"),
    "true for a time": (without(HOLD, ttl_seconds=True), "ttl_seconds"),
    "a time as text": (without(HOLD, ttl_seconds="60"), "ttl_seconds"),
    "for nothing": (without(HOLD, credits=...), "credits"),
    "no credits": (without(HOLD, credits=0), "credits"),
    "less than no credits": (without(HOLD, credits=-1), "credits"),
    "more than a milliard credits": (without(HOLD, credits=LARGEST + 1), "credits"),
    "10**30 credits": (without(HOLD, credits=10**30), "credits"),
    "true for credits": (without(HOLD, credits=True), "credits"),
    "false for credits": (without(HOLD, credits=False), "credits"),
    "half a credit": (without(HOLD, credits=0.5), "credits"),
    "credits as text": (without(HOLD, credits="1"), "credits"),
    "credits and a use": (without(HOLD, **USE), "credits"),
    "credits and a quote": (without(HOLD, quote_id="q_x"), "credits"),
    "a use and a quote": (without(HOLD, credits=..., quote_id="q_x", **USE), "credits"),
    "all three": (without(HOLD, quote_id="q_x", **USE), "credits"),
    "a meter without a quantity": (without(HOLD, credits=..., meter="api_calls"), "quantity"),
    "a quantity without a meter": (without(HOLD, quantity=1), "meter"),
    "a quantity alone": (without(HOLD, credits=..., quantity=1), "credits"),
    "no quantity": (without(HOLD, credits=..., meter="api_calls", quantity=0), "quantity"),
    "less than no quantity": (without(HOLD, credits=..., meter="api_calls", quantity=-1), "quantity"),
    "too great a quantity": (without(HOLD, credits=..., meter="api_calls", quantity=LARGEST + 1), "quantity"),
    "true for a quantity": (without(HOLD, credits=..., meter="api_calls", quantity=True), "quantity"),
    "an unknown meter": (without(HOLD, credits=..., meter="builds", quantity=1), "meter"),
    "a number for a meter": (without(HOLD, credits=..., meter=1, quantity=1), "meter"),
    "an empty meter": (without(HOLD, credits=..., meter="", quantity=1), "meter"),
    "a gauge": (without(HOLD, credits=..., meter="repositories", quantity=1), "meter"),
    "a number for a quote": (without(HOLD, credits=..., quote_id=1), "quote_id"),
    "an empty quote": (without(HOLD, credits=..., quote_id=""), "quote_id"),
    "a long quote": (without(HOLD, credits=..., quote_id="q" * 401), "quote_id"),
    "labels": (without(HOLD, labels={"a": "b"}), "labels"),
    "a field that we don't know": (without(HOLD, lapses_at="2026-11-22T13:00:00Z"), "lapses_at"),
}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_of_a_hold_is_named(desk: Desk, body: dict[str, Any], field: str) -> None:
    desk.give(100)
    with desk.changing_nothing():
        refusal(desk.post(HOLDS, body, token=desk.service()), 400, "invalid_request", field)


@pytest.mark.parametrize("changes", [{"ttl_seconds": 1}, {"ttl_seconds": 86_400}, {"credits": LARGEST}])
def test_the_limits_of_a_hold_themselves_are_allowed(desk: Desk, changes: dict[str, Any]) -> None:
    desk.give(LARGEST)

    assert desk.place(**{"credits": 1, **changes}).status == 201


USED: dict[str, Any] = {"meter": "api_calls", "quantity": 1}
WRONG_CAPTURE: dict[str, tuple[dict[str, Any], str]] = {
    "no wallet": (without(CAPTURE, wallet_id=...), "wallet_id"),
    "nothing": (without(CAPTURE, credits=...), "credits"),
    "no credits": (without(CAPTURE, credits=0), "credits"),
    "less than no credits": (without(CAPTURE, credits=-1), "credits"),
    "more than a milliard": (without(CAPTURE, credits=LARGEST + 1), "credits"),
    "true for credits": (without(CAPTURE, credits=True), "credits"),
    "credits and a quantity": (without(CAPTURE, quantity=1), "credits"),
    "credits and uses": (without(CAPTURE, uses=[USED]), "credits"),
    "a quantity and uses": (without(CAPTURE, credits=..., quantity=1, uses=[USED]), "credits"),
    "a quantity of what is no use": (without(CAPTURE, credits=..., quantity=1), "credits"),
    "no quantity": (without(CAPTURE, credits=..., quantity=0), "quantity"),
    "true for a quantity": (without(CAPTURE, credits=..., quantity=True), "quantity"),
    "too great a quantity": (without(CAPTURE, credits=..., quantity=LARGEST + 1), "quantity"),
    "no uses": (without(CAPTURE, credits=..., uses=[]), "uses"),
    "101 uses": (without(CAPTURE, credits=..., uses=[USED] * 101), "uses"),
    "an object for uses": (without(CAPTURE, credits=..., uses={}), "uses"),
    "a number for a use": (without(CAPTURE, credits=..., uses=[1]), "uses[0]"),
    "a use without a meter": (without(CAPTURE, credits=..., uses=[{"quantity": 1}]), "uses[0].meter"),
    "a use without a quantity": (without(CAPTURE, credits=..., uses=[{"meter": "api_calls"}]), "uses[0].quantity"),
    "a use of nothing": (without(CAPTURE, credits=..., uses=[USED, {**USED, "quantity": 0}]), "uses[1].quantity"),
    "true for a use's quantity": (without(CAPTURE, credits=..., uses=[{**USED, "quantity": True}]), "uses[0].quantity"),
    "a use of an unknown meter": (without(CAPTURE, credits=..., uses=[{**USED, "meter": "builds"}]), "meter"),
    "a use of a gauge": (without(CAPTURE, credits=..., uses=[{**USED, "meter": "repositories"}]), "uses"),
    "a use that says when": (without(CAPTURE, credits=..., uses=[{**USED, "at": "2026-11-22"}]), "uses[0].at"),
    "a use with six labels": (
        without(CAPTURE, credits=..., uses=[{**USED, "labels": {f"l{nth}": "" for nth in range(6)}}]),
        "uses[0].labels",
    ),
    "a field that we don't know": (without(CAPTURE, meter="api_calls"), "meter"),
    "the hold in the body": (without(CAPTURE, hold_id="hold_2"), "hold_id"),
}


@pytest.mark.parametrize(("body", "field"), WRONG_CAPTURE.values(), ids=WRONG_CAPTURE)
def test_a_wrong_field_of_a_capture_is_named(desk: Desk, body: dict[str, Any], field: str) -> None:
    desk.give(100)
    hold_id = held(desk)
    with desk.changing_nothing():
        reply = desk.post(f"{HOLDS}/{hold_id}/capture", body, key="c1", token=desk.service())
        refusal(reply, 400, "invalid_request", field)


@pytest.mark.parametrize("what", [{"credits": 1}, {"uses": [USED]}])
def test_a_hold_of_a_use_is_captured_by_nothing_else(desk: Desk, what: dict[str, Any]) -> None:
    desk.give(100)
    hold_id = held(desk, **USE)

    with desk.changing_nothing():
        refusal(desk.capture(hold_id, **what), 400, "invalid_request", "quantity")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "wallet_id"),
        ({"wallet_id": True}, "wallet_id"),
        ({"wallet_id": "a#b"}, "wallet_id"),
        ({"wallet_id": WALLET, "credits": 1}, "credits"),
        ([], "body"),
    ],
)
def test_a_wrong_field_of_a_release_is_named(desk: Desk, body: object, field: str) -> None:
    desk.give(100)
    hold_id = held(desk)
    with desk.changing_nothing():
        reply = desk.post(f"{HOLDS}/{hold_id}/release", body, key="r1", token=desk.service())
        refusal(reply, 400, "invalid_request", field)


@pytest.mark.parametrize("path", [HOLDS, f"{HOLDS}/hold_2/capture", f"{HOLDS}/hold_2/release"])
def test_every_command_wants_a_key_and_json_of_64_kb_at_most(desk: Desk, path: str) -> None:
    desk.give(100)
    held(desk)
    body = {"wallet_id": WALLET} if path.endswith("release") else HOLD if path == HOLDS else CAPTURE
    with desk.changing_nothing():
        for key in (None, "", "a b", "é", "k" * 129):
            reply = desk.post(path, body, key=key, token=desk.service())
            refusal(reply, 400, "invalid_request", "Idempotency-Key")
        refusal(desk.post(path, b"x" * 65_537, token=desk.service()), 413, "too_large")
        media = {"Content-Type": "text/plain"}
        refusal(desk.post(path, body, token=desk.service(), headers=media), 415, "unsupported_media_type")
        twice = json.dumps(body)[:-1].encode() + b',"wallet_id":"acct_a"}'
        refusal(desk.post(path, twice, token=desk.service()), 400, "invalid_request", "wallet_id")


@pytest.mark.parametrize("scope", [CUSTOMER, ADMIN, ""])
def test_holds_are_for_services_alone(desk: Desk, scope: str) -> None:
    desk.give(100)
    held(desk)
    token = desk.token(WALLET, scope=scope)

    with desk.changing_nothing():
        for path, body in (
            (HOLDS, HOLD),
            (f"{HOLDS}/hold_2/capture", CAPTURE),
            (f"{HOLDS}/hold_2/release", {"wallet_id": WALLET}),
        ):
            refusal(desk.post(path, body, token=token), 403, "forbidden")


def test_a_hold_by_a_quote_takes_what_was_quoted(desk: Desk) -> None:
    desk.give(100)

    said = ok(desk.place(quote_id=quoted(desk)), 201)

    assert (said["meter"], said["quantity"], said["from_quota"], said["credits"]) == ("pull_requests", 60, 50, 50)
    assert ok(desk.capture(said["hold_id"], quantity=60))["credits"] == 50


def test_a_quote_that_a_customer_asked_for_holds_too(desk: Desk) -> None:
    desk.give(100)
    quote_id = ok(desk.post(QUOTE, USE, key=None))["quote_id"]

    assert ok(desk.place(quote_id=quote_id), 201)["credits"] == 50


def test_a_quote_is_good_for_ten_minutes(desk: Desk) -> None:
    desk.give(100)
    quote_id = quoted(desk)
    desk.premises.advance(minutes=10)
    with desk.changing_nothing():
        refusal(desk.place(quote_id=quote_id), 422, "unprocessable")

    desk.premises.advance(seconds=-0.001)
    assert desk.place(quote_id=quote_id).status == 201


def test_a_use_that_became_dearer_than_quoted_is_refused(desk: Desk) -> None:
    desk.give(1000)
    quote_id = quoted(desk)
    desk.use(1, key="u1")

    with desk.changing_nothing():
        refusal(desk.place(quote_id=quote_id), 409, "conflict")
    assert desk.place(quote_id=quoted(desk)).status == 201


def test_a_use_that_became_cheaper_than_quoted_is_held_at_less(desk: Desk) -> None:
    desk.give(1000)
    desk.use(10, key="u1")
    quote_id = quoted(desk)  # 60 on top of 10: 100 credits
    boss = desk.token("boss", scope=ADMIN)
    ok(desk.post("/api/user/subscription", {"wallet_id": WALLET, "plan_id": "pro"}, key="p1", token=boss))

    said = ok(desk.place(quote_id=quote_id), 201)

    assert (said["credits"], said["from_quota"]) == (0, 60)


def test_a_quote_for_what_was_not_allowed_binds_once_the_credits_are_there(desk: Desk) -> None:
    quote_id = quoted(desk)
    refusal(desk.place(quote_id=quote_id), 402, "insufficient_credits")
    desk.give(50)

    assert ok(desk.place(quote_id=quote_id), 201)["credits"] == 50


def test_another_wallets_quote_is_not_found(desk: Desk) -> None:
    desk.give(100)
    quote_id = quoted(desk, wallet_id="acct_b", **USE)

    with desk.changing_nothing():
        refusal(desk.place(quote_id=quote_id), 404, "not_found")


TERMS: dict[str, Any] = {"w": WALLET, "m": "pull_requests", "q": 1, "c": 0, "u": 1_800_000_000_000}
UNREADABLE = {
    "words": "hello",
    "a mark alone": "q_",
    "letters beyond ASCII": "q_é",
    "no base64": "q_!!!!",
    "no JSON": "q_" + base64.urlsafe_b64encode(b"hello").decode(),
    "no object": written([1]),
    "null": written(None),
    "an empty object": written({}),
    "a quantity of none": written({**TERMS, "q": 0}),
    "a negative quantity": written({**TERMS, "q": -1}),
    "a quantity that no quote can have": written({**TERMS, "q": LARGEST + 1}),
    "the greatest quantity that an entry can have": written({**TERMS, "q": 2**53 - 1}),
    "half a quantity": written({**TERMS, "q": 0.5}),
    "true for a quantity": written({**TERMS, "q": True}),
    "a negative price": written({**TERMS, "c": -1}),
    "a price as text": written({**TERMS, "c": "0"}),
    "a price beyond all": written({**TERMS, "c": 2**53}),
    "an end beyond the calendar": written({**TERMS, "u": 2**53 - 1}),
    "a number for a wallet": written({**TERMS, "w": 1}),
    "a list for a meter": written({**TERMS, "m": ["pull_requests"]}),
    "half a character": written({**TERMS, "m": "\ud800"}),
    "something more": written({**TERMS, "x": 1}),
    "padding": written(TERMS) + "=",
    "no mark": written(TERMS).removeprefix("q_"),
    "the mark twice": "q_" + written(TERMS),
    "a line break": written(TERMS) + "\n",
    "spaces within": "q_" + base64.urlsafe_b64encode(json.dumps(TERMS).encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("quote_id", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_quote_is_impossible(desk: Desk, quote_id: str) -> None:
    desk.give(100)
    with desk.changing_nothing():
        refusal(desk.place(quote_id=quote_id), 422, "unprocessable")


def test_a_quote_written_by_hand_binds_nobody_to_less(desk: Desk) -> None:
    """It is not signed, so it is decided anew."""
    desk.give(100)
    free, dear = written({**TERMS, "q": 60, "c": 0}), written({**TERMS, "q": 60, "c": 10**6})

    with desk.changing_nothing():
        refusal(desk.place(quote_id=free), 409, "conflict")
        refusal(desk.place(quote_id=written({**TERMS, "m": "builds"})), 400, "invalid_request", "meter")
        refusal(desk.place(quote_id=written({**TERMS, "m": "repositories"})), 400, "invalid_request", "meter")
    assert ok(desk.place(quote_id=dear), 201)["credits"] == 50


def test_history_tells_what_became_of_each_hold(desk: Desk) -> None:
    desk.give(200)
    desk.place(key="h1", credits=60)
    desk.capture("hold_2", credits=45)
    desk.place(key="h2", **USE)
    desk.release("hold_4")
    desk.place(key="h3", credits=10)
    desk.premises.advance(hours=1)
    assert expire_due(wiring.errand("expire_credits")).counts["lapsed"] == 1

    entries = ok(desk.get(HISTORY))["entries"]

    told = [(each["kind"], each["credits"], each["available_after"], each.get("hold_id")) for each in entries]
    assert told == [
        ("lapse", 10, 155, "hold_6"),
        ("hold", -10, 145, "hold_6"),
        ("release", 50, 155, "hold_4"),
        ("hold", -50, 105, "hold_4"),
        ("capture", 15, 155, "hold_2"),
        ("hold", -60, 140, "hold_2"),
        ("grant", 200, 200, None),
    ]
    assert entries[0]["actor"] == "expire_credits"
    assert {each["actor"] for each in entries[1:-1]} == {"svc"}
    assert kinds(desk, "?type=hold") == ["hold", "hold", "hold"]
    assert [kinds(desk, f"?type={kind}") for kind in ("capture", "release", "lapse")] == [
        ["capture"],
        ["release"],
        ["lapse"],
    ]
    assert desk.premises.faults() == []


def test_a_lapse_that_a_command_comes_upon_rides_on_its_entry(desk: Desk) -> None:
    desk.give(100)
    held(desk)
    desk.premises.advance(hours=1)
    desk.use(60, key="u1")

    entry = ok(desk.get(f"{HISTORY}?limit=1"))["entries"][0]

    assert (entry["kind"], entry["credits"], entry["available_after"]) == ("usage", -50, 50)
    [lapse] = [step for step in entry["also"] if step["kind"] == "lapse"]
    assert (lapse["hold_id"], lapse["credits"]) == ("hold_2", 60)
    assert lapse["draws"] == [{"lot_id": "lot_1", "credits": 60}]
    assert desk.premises.faults() == []


def test_what_was_captured_counts_as_spent(desk: Desk) -> None:
    desk.give(100)
    desk.capture(held(desk), credits=45)
    desk.capture(held(desk, key="h2", **{**USE, "quantity": 55}), key="c2", quantity=55)

    said = ok(desk.get("/api/user/usage?days=7"))

    assert said["credits"] == {"available": 30, "spent_in_period": 70}
    assert (said["daily"][-1]["credits"], said["daily"][-1]["meters"]["pull_requests"]) == (70, 55)
