"""Use: what services record, what customers see of it, and what a use would take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.desk import ADMIN, MONEY, SERVICE, Desk, refusal
from tests.webhooks.premises import WALLET

INCREMENT, BATCH, QUOTE = "/api/user/usage/increment", "/api/usage/batch", "/api/usage/quote"
RECORDED = {"entry_id", "seq", "from_quota", "credits", "draws", "available", "meter"}
METER = {"meter", "name", "kind", "used", "quota", "remaining", "percent", "level", "overage_credits"}
OFFERS = {"packages", "total", "plan"}
QUOTED = {"quote_id", "allowed", "from_quota", "credits", "draws", "shortfall", "offers", "valid_until"}
USE: dict[str, Any] = {"wallet_id": WALLET, "meter": "pull_requests", "quantity": 1}


def service(desk: Desk) -> str:
    return desk.token("svc", scope=SERVICE)


def sent(**changes: object) -> bytes:
    """A use with changes; what is changed to ... is left out."""
    return json.dumps({name: value for name, value in {**USE, **changes}.items() if value is not ...}).encode()


def test_a_use_fills_the_quota_first(desk: Desk) -> None:
    reply = desk.use(40, key="u1")

    said = reply.json()
    assert reply.status == 200
    assert said.keys() >= RECORDED
    assert said["meter"].keys() >= METER
    assert (said["entry_id"], said["seq"]) == ("acct_a:1", 1)
    assert (said["from_quota"], said["credits"], said["draws"], said["available"]) == (40, 0, [], 0)
    assert {name: said["meter"][name] for name in METER - {"name"}} == {
        "meter": "pull_requests",
        "kind": "counter",
        "used": 40,
        "quota": 50,
        "remaining": 10,
        "percent": 80,
        "level": "warning",
        "overage_credits": 0,
    }
    assert reply.headers["cache-control"] == "no-store"


def test_what_goes_over_the_quota_is_paid_with_credits(desk: Desk) -> None:
    desk.pay(desk.buy())

    said = desk.use(60, key="u1").json()

    assert (said["from_quota"], said["credits"], said["available"]) == (50, 50, 950)
    assert said["draws"] == [{"lot_id": "lot_1", "credits": 50}]
    assert (said["meter"]["remaining"], said["meter"]["level"]) == (0, "exceeded")


def test_a_use_that_credits_do_not_cover_is_402_with_a_way_out(desk: Desk) -> None:
    desk.give(49)
    with desk.changing_nothing():
        reply = desk.use(60, key="u1")

    said = refusal(reply, 402, "insufficient_credits")
    assert (said["required"], said["available"], said["shortfall"]) == (50, 49, 1)
    assert said["offers"].keys() == OFFERS
    (package,) = said["offers"]["packages"]
    assert package == {
        "package_id": "starter",
        "quantity": 1,
        "credits": 1000,
        "price": {"amount_minor": 1000, "currency": "usd", "exponent": 2},
    }
    assert said["offers"]["total"].keys() == MONEY
    assert said["offers"]["plan"].keys() == {"plan_id", "interval", "price"}


def test_a_refused_use_spends_no_key(desk: Desk) -> None:
    refusal(desk.use(60, key="u1"), 402, "insufficient_credits")
    desk.give(50)

    again = desk.use(60, key="u1")

    assert (again.status, again.json()["credits"]) == (200, 50)
    assert "idempotency-replayed" not in again.headers


def test_the_repeat_of_a_use_is_the_first_answer_again(desk: Desk) -> None:
    desk.give(50)
    first = desk.use(60, key="u1")
    desk.premises.advance(days=40)

    with desk.changing_nothing(may_try=True):
        again = desk.use(60, key="u1")

    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (200, first.body, "true")


def test_a_key_spent_on_another_use_is_refused(desk: Desk) -> None:
    desk.use(1, key="u1")

    with desk.changing_nothing(may_try=True):
        refusal(desk.use(2, key="u1"), 409, "key_reused")
        refusal(desk.use(1, key="u1", meter="api_calls"), 409, "key_reused")
    assert desk.use(2, key="u1", wallet_id="acct_b").status == 200


def test_a_customer_can_not_spend_the_keys_that_a_service_or_an_admin_will_come_with(desk: Desk) -> None:
    desk.give(100)
    token = desk.token(teams=(("team_a", "owner"),))
    for key in ("job-1", "job-2", "job-3", "job-4"):
        assert desk.transfer(1, "team_a", key=key, token=token).status == 201
        assert desk.buy(key, quantity=2).status == 409

    event = {"key": "job-2", "wallet_id": WALLET, "meter": "api_calls", "quantity": 1}
    assert desk.use(1, key="job-1").status == 200
    assert (
        desk.post("/api/usage/batch", {"events": [event]}, token=desk.service()).json()["results"][0]["status"] == 200
    )
    assert desk.place(key="job-3", credits=5).status == 201
    assert desk.freeze(key="job-4").status == 200
    assert desk.premises.faults() == []


def test_a_gauge_is_set(desk: Desk) -> None:
    body = {"wallet_id": WALLET, "meter": "repositories", "set": 3}

    said = desk.post(INCREMENT, body, token=service(desk)).json()

    assert (said["meter"]["used"], said["meter"]["kind"], said["credits"]) == (3, "gauge", 0)


WRONG: dict[str, tuple[bytes, str]] = {
    "no wallet": (sent(wallet_id=...), "wallet_id"),
    "a number for a wallet": (sent(wallet_id=7), "wallet_id"),
    "an empty wallet": (sent(wallet_id=""), "wallet_id"),
    "a wallet with a hash": (sent(wallet_id="a#b"), "wallet_id"),
    "a wallet with a line break": (sent(wallet_id="acct_a\n"), "wallet_id"),
    "a wallet beyond ASCII": (sent(wallet_id="é"), "wallet_id"),
    "a long wallet": (sent(wallet_id="a" * 65), "wallet_id"),
    "no meter": (sent(meter=...), "meter"),
    "an unknown meter": (sent(meter="builds"), "meter"),
    "a number for a meter": (sent(meter=1), "meter"),
    "neither quantity nor set": (sent(quantity=...), "quantity"),
    "quantity and set": (sent(set=1), "quantity"),
    "a gauge that is added to": (sent(meter="repositories"), "set"),
    "a counter that is set": (sent(quantity=..., set=1), "quantity"),
    "nothing": (sent(quantity=0), "quantity"),
    "less than nothing": (sent(quantity=-1), "quantity"),
    "more than a milliard": (sent(quantity=1_000_000_001), "quantity"),
    "10**30": (sent(quantity=10**30), "quantity"),
    "a fraction": (sent(quantity=1.5), "quantity"),
    "1.0": (sent(quantity=1.0), "quantity"),
    "true": (sent(quantity=True), "quantity"),
    "a number as text": (sent(quantity="1"), "quantity"),
    "a gauge below zero": (sent(meter="repositories", quantity=..., set=-1), "set"),
    "a gauge too high": (sent(meter="repositories", quantity=..., set=1_000_000_001), "set"),
    "true for a gauge": (sent(meter="repositories", quantity=..., set=True), "set"),
    "a time in words": (sent(at="now"), "at"),
    "a time without an offset": (sent(at="2026-11-22T12:00:00"), "at"),
    "a number for a time": (sent(at=1), "at"),
    "a long time": (sent(at="2026-11-22T12:00:00." + "0" * 40 + "Z"), "at"),
    "a list for labels": (sent(labels=[]), "labels"),
    "six labels": (sent(labels={f"l{n}": "x" for n in range(6)}), "labels"),
    "a number for a label": (sent(labels={"a": 1}), "labels"),
    "an empty name": (sent(labels={"": "x"}), "labels"),
    "a long name": (sent(labels={"a" * 21: "x"}), "labels"),
    "a name with a line break": (sent(labels={"a\n": "x"}), "labels"),
    "a name beyond ASCII": (sent(labels={"é": "x"}), "labels"),
    "a long value": (sent(labels={"a": "x" * 41}), "labels"),
    "a field that we don't know": (sent(credits=1), "credits"),
    "a key in the body": (sent(key="k1"), "key"),
}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_of_a_use_is_named(desk: Desk, body: bytes, field: str) -> None:
    with desk.changing_nothing():
        refusal(desk.post(INCREMENT, body, token=service(desk)), 400, "invalid_request", field)


@pytest.mark.parametrize("key", [None, "", "a b", "é", "k" * 129])
def test_a_use_wants_a_key(desk: Desk, key: str | None) -> None:
    with desk.changing_nothing():
        reply = desk.post(INCREMENT, sent(), key=key, token=service(desk))
        refusal(reply, 400, "invalid_request", "Idempotency-Key")


@pytest.mark.parametrize("path", [INCREMENT, BATCH, QUOTE])
def test_a_service_sends_json_of_64_kb_at_most(desk: Desk, path: str) -> None:
    with desk.changing_nothing():
        refusal(desk.post(path, b"x" * 65_537, token=service(desk)), 413, "too_large")
        media = {"Content-Type": "text/plain"}
        refusal(desk.post(path, sent(), token=service(desk), headers=media), 415, "unsupported_media_type")
        refusal(desk.post(path, b"[" * 30_000, token=service(desk)), 400, "invalid_request", "body")
        refusal(desk.post(path, b'{"a":NaN}', token=service(desk)), 400, "invalid_request", "body")


@pytest.mark.parametrize("at", ["2026-11-21T23:59:59Z", "2026-11-22T12:00:00.001Z", "2030-01-01T00:00:00Z"])
def test_a_use_outside_the_running_period_is_impossible(desk: Desk, at: str) -> None:
    with desk.changing_nothing():
        refusal(desk.post(INCREMENT, sent(at=at), token=service(desk)), 422, "unprocessable")


def test_a_use_may_carry_what_it_was_for_and_when(desk: Desk) -> None:
    body = sent(at="2026-11-22T01:00:00+01:00", labels={"repo": "tally", "pr": "7"})

    assert desk.post(INCREMENT, body, token=service(desk)).status == 200

    (entry,) = desk.get("/api/credits/history").json()["entries"]
    assert entry["labels"] == {"repo": "tally", "pr": "7"}
    assert entry["used_at"] == "2026-11-22T00:00:00.000Z"


def batch(desk: Desk, *events: object) -> list[dict[str, Any]]:
    reply = desk.post(BATCH, {"events": events}, key=None, token=service(desk))
    assert reply.status == 200, reply.body
    results: list[dict[str, Any]] = reply.json()["results"]
    assert len(results) == len(events)
    return results


def test_a_batch_answers_each_event_in_order(desk: Desk) -> None:
    desk.use(1, key="known")

    results = batch(
        desk,
        {**USE, "key": "e1"},
        {**USE, "key": "e2", "quantity": 10**6},
        {**USE, "key": "known"},
        {**USE, "key": "known", "quantity": 2},
        {**USE, "key": "e1"},
        {**USE, "key": "e3", "quantity": 0},
        {**USE, "key": "e4", "wallet_id": "acct_b"},
        {**USE, "key": "e5", "meter": "builds"},
        7,
        {**USE, "key": "e 6"},
        {**USE, "key": "e7\n"},
    )

    assert [result["status"] for result in results] == [200, 402, 200, 409, 200, 400, 200, 400, 400, 400, 400]
    keys = ["e1", "e2", "known", "known", "e1", "e3", "e4", "e5", None, "e 6", "e7\n"]
    assert [result["key"] for result in results] == keys
    replays = [place for place, result in enumerate(results) if result["replayed"]]
    assert replays == [keys.index("known"), 4]
    assert results[0].keys() >= RECORDED | {"key", "status", "replayed"}
    assert results[1].keys() >= {"code", "required", "available", "shortfall", "offers"}
    assert [result.get("code") for result in results[:4]] == [None, "insufficient_credits", None, "key_reused"]
    wrong = [result["field"] for result in results if result["status"] == 400]
    assert wrong == ["quantity", "meter", "body", "key", "key"]


def test_an_event_and_an_increment_are_the_same_operation(desk: Desk) -> None:
    (first,) = batch(desk, {**USE, "key": "e1"})

    with desk.changing_nothing(may_try=True):
        again = desk.post(INCREMENT, sent(), key="e1", token=service(desk))

    assert again.headers["idempotency-replayed"] == "true"
    assert {name: first[name] for name in RECORDED} == again.json()


@pytest.mark.parametrize(
    "body",
    [{}, {"events": []}, {"events": None}, {"events": {}}, {"events": [USE] * 101}, {"events": "x"}],
    ids=["none", "empty", "null", "an object", "101", "a text"],
)
def test_a_bad_list_fails_as_a_whole(desk: Desk, body: object) -> None:
    with desk.changing_nothing():
        refusal(desk.post(BATCH, body, key=None, token=service(desk)), 400, "invalid_request", "events")


def test_a_batch_of_a_hundred_is_taken(desk: Desk) -> None:
    results = batch(desk, *({**USE, "meter": "api_calls", "key": f"e{number}"} for number in range(100)))

    assert {result["status"] for result in results} == {200}
    assert desk.get("/api/user/usage").json()["credits"]["spent_in_period"] == 0


def test_a_quote_says_what_a_use_would_take_and_takes_nothing(desk: Desk) -> None:
    desk.give(100)
    with desk.changing_nothing():
        said = desk.post(QUOTE, {"meter": "pull_requests", "quantity": 60}, key=None).json()

    assert said.keys() >= QUOTED
    assert (said["allowed"], said["from_quota"], said["credits"], said["shortfall"]) == (True, 50, 50, 0)
    assert (said["draws"], said["offers"]) == ([{"lot_id": "lot_1", "credits": 50}], None)
    assert said["valid_until"] == "2026-11-22T12:10:00.000Z"


def test_a_quote_says_what_is_missing_and_how_to_get_it(desk: Desk) -> None:
    said = desk.post(QUOTE, {"meter": "pull_requests", "quantity": 60}, key=None).json()

    assert (said["allowed"], said["shortfall"]) == (False, 50)
    assert said["offers"].keys() == OFFERS


def test_who_may_ask_for_a_quote_of_which_wallet(desk: Desk) -> None:
    body = {"meter": "pull_requests", "quantity": 1}
    member = desk.token(teams=(("team_a", "member"),))

    assert desk.post(QUOTE, {**body, "wallet_id": "acct_z"}, token=service(desk)).status == 200
    assert desk.post(QUOTE, {**body, "wallet_id": WALLET}).status == 200
    assert desk.post(QUOTE, {**body, "wallet_id": "team_a"}, token=member).status == 200
    assert desk.post(f"{QUOTE}?wallet=team_a", body, token=member).status == 200
    refusal(desk.post(QUOTE, body, token=service(desk)), 400, "invalid_request", "wallet_id")
    refusal(desk.post(QUOTE, {**body, "wallet_id": "acct_b"}), 404, "not_found")
    refusal(desk.post(QUOTE, {**body, "wallet_id": "team_b"}, token=member), 404, "not_found")
    refusal(desk.post(QUOTE, {**body, "wallet_id": WALLET}, token=desk.token(scope=ADMIN)), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quantity": 1}, "meter"),
        ({"meter": "builds", "quantity": 1}, "meter"),
        ({"meter": "api_calls"}, "quantity"),
        ({"meter": "api_calls", "quantity": 0}, "quantity"),
        ({"meter": "api_calls", "quantity": 1_000_000_001}, "quantity"),
        ({"meter": "api_calls", "quantity": True}, "quantity"),
        ({"meter": "api_calls", "quantity": 1, "wallet_id": "a b"}, "wallet_id"),
        ({"meter": "api_calls", "quantity": 1, "credits": 1}, "credits"),
    ],
)
def test_a_wrong_field_of_a_quote_is_named(desk: Desk, body: object, field: str) -> None:
    refusal(desk.post(QUOTE, body, key=None), 400, "invalid_request", field)


def test_usage_shows_every_meter_against_its_limit(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.use(60, key="u1")
    reply = desk.get("/api/user/usage?days=7")

    said = reply.json()
    assert said.keys() >= {"plan", "period", "meters", "credits", "warnings", "actions", "daily"}
    assert said["plan"] == {"plan_id": "free", "name": "Free"}
    assert said["period"] == {"start": "2026-11-22T00:00:00.000Z", "end": "2026-12-22T00:00:00.000Z"}
    assert said["credits"] == {"available": 950, "spent_in_period": 50}
    meters = {meter["meter"]: meter for meter in said["meters"]}
    assert all(meter.keys() >= METER for meter in said["meters"])
    assert (meters["pull_requests"]["used"], meters["pull_requests"]["level"]) == (60, "exceeded")
    assert (meters["predictions"]["quota"], meters["feedback"]["quota"]) == (0, None)
    assert [day["date"] for day in said["daily"]] == [f"2026-11-{number}" for number in range(16, 23)]
    assert said["daily"][-1].keys() >= {"date", "meters", "credits"}
    assert (said["daily"][-1]["meters"]["pull_requests"], said["daily"][-1]["credits"]) == (60, 50)
    assert all(each.keys() >= {"code", "message"} for each in said["warnings"])
    assert all(each.keys() >= {"action", "message"} for each in said["actions"])


@pytest.mark.parametrize("path", ["/api/user/usage", "/api/customer/usage"])
@pytest.mark.parametrize(("days", "shown"), [("?days=7", 7), ("?days=30", 30), ("?days=90", 90), ("", 30)])
def test_a_chart_spans_what_was_asked(desk: Desk, path: str, days: str, shown: int) -> None:
    assert len(desk.get(path + days).json()["daily"]) == shown


@pytest.mark.parametrize("path", ["/api/user/usage", "/api/customer/usage"])
@pytest.mark.parametrize("days", ["1", "8", "365", "-7", "7.0", "seven", " 7", "7&days=7"])
def test_another_span_is_refused(desk: Desk, path: str, days: str) -> None:
    refusal(desk.get(f"{path}?days={days}"), 400, "invalid_request", "days")


def test_usage_has_an_etag_as_the_balance_has(desk: Desk) -> None:
    first = desk.get("/api/user/usage")
    desk.premises.advance(hours=1)

    again = desk.get("/api/user/usage", If_None_Match=first.headers["etag"])
    desk.use(1, key="u1")
    changed = desk.get("/api/user/usage", If_None_Match=first.headers["etag"])
    other = desk.get("/api/user/usage", token=desk.token("acct_b"))

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status, changed.status) == (304, 200)
    assert other.headers["etag"] != first.headers["etag"]


def test_predictions_and_feedback_are_counted(desk: Desk) -> None:
    desk.give(100)
    for meter, quantity in (("predictions", 8), ("feedback", 3), ("api_calls", 5)):
        desk.use(quantity, key=meter, meter=meter)

    said = desk.get("/api/customer/usage?days=7").json()

    assert said.keys() >= {"days", "predictions", "feedback_rate", "api_calls", "daily"}
    assert (said["days"], said["predictions"]) == (7, {"total": 8, "with_feedback": 3})
    assert (said["feedback_rate"], said["api_calls"]) == (0.375, 5)


def test_without_predictions_there_is_no_rate(desk: Desk) -> None:
    assert desk.get("/api/customer/usage").json()["feedback_rate"] is None


def test_plans_say_what_they_cost_and_include(desk: Desk) -> None:
    reply = desk.ask("GET", "/api/plans")

    said = reply.json()
    assert said.keys() >= {"meters", "plans", "incentive", "thresholds"}
    assert [plan["plan_id"] for plan in said["plans"]] == ["free", "pro", "team", "enterprise"]
    assert all(
        plan.keys()
        >= {
            *("plan_id", "name", "self_service", "prices", "quotas", "rates"),
            *("included_credits", "rollover_cap", "year_saves_percent"),
        }
        for plan in said["plans"]
    )
    pro = said["plans"][1]
    assert pro["prices"].keys() == {"month", "year"}
    assert pro["prices"]["month"] == {"amount_minor": 2900, "currency": "usd", "exponent": 2}
    assert (pro["quotas"]["feedback"], pro["rates"]["api_calls"]) == (None, {"credits": 1, "per": 20})
    assert said["incentive"].keys() == {"name", "percent_off", "first_payments"}
    assert said["thresholds"] == [80, 90, 100]
    assert all(meter.keys() == {"meter", "name", "kind"} for meter in said["meters"])
    assert desk.premises.is_untouched


SUBSCRIPTION = {
    *("plan_id", "name", "status", "interval", "price", "current_period_start", "current_period_end"),
    *("next_billing_at", "cancel_at_period_end", "pending_plan_id"),
}


def test_a_wallet_is_on_free_until_an_admin_says_otherwise(desk: Desk) -> None:
    boss = desk.token("boss", scope=ADMIN)
    before = desk.get("/api/user/subscription").json()

    answered = desk.post("/api/user/subscription", {"wallet_id": WALLET, "plan_id": "team"}, token=boss)

    after = desk.get("/api/user/subscription").json()
    assert before.keys() >= SUBSCRIPTION
    assert (before["plan_id"], before["status"]) == ("free", "active")
    assert answered.status == 200
    assert (answered.json()["plan_id"], after["plan_id"]) == ("team", "team")
    assert desk.get("/api/user/usage").json()["plan"]["plan_id"] == "team"

    cleared = desk.post("/api/user/subscription", {"wallet_id": WALLET, "plan_id": None}, key="k2", token=boss)
    assert (cleared.status, desk.get("/api/user/subscription").json()["plan_id"]) == (200, "free")


def test_an_admins_word_is_said_once_per_key(desk: Desk) -> None:
    boss, body = desk.token("boss", scope=ADMIN), {"wallet_id": WALLET, "plan_id": "pro"}
    first = desk.post("/api/user/subscription", body, token=boss)

    with desk.changing_nothing(may_try=True):
        again = desk.post("/api/user/subscription", body, token=boss)
        refusal(desk.post("/api/user/subscription", {**body, "plan_id": "team"}, token=boss), 409, "key_reused")

    assert (again.body, again.headers["idempotency-replayed"]) == (first.body, "true")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"plan_id": "pro"}, "wallet_id"),
        ({"wallet_id": WALLET}, "plan_id"),
        ({"wallet_id": WALLET, "plan_id": "gold"}, "plan_id"),
        ({"wallet_id": WALLET, "plan_id": ""}, "plan_id"),
        ({"wallet_id": WALLET, "plan_id": 1}, "plan_id"),
        ({"wallet_id": "a b", "plan_id": "pro"}, "wallet_id"),
        ({"wallet_id": WALLET, "plan_id": "pro", "price": 0}, "price"),
    ],
)
def test_a_wrong_field_of_an_admins_word_is_named(desk: Desk, body: object, field: str) -> None:
    with desk.changing_nothing():
        reply = desk.post("/api/user/subscription", body, token=desk.token("boss", scope=ADMIN))
        refusal(reply, 400, "invalid_request", field)
