"""How the API says no, whatever it says no to: one map, one shape; and what browsers may read of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from app import app
from chalicelib.api import answers
from chalicelib.api.paths import as_asked_for
from chalicelib.domain.errors import Refusal
from local.replies import Reply
from tests.api.desk import ADMIN, Desk, refusal
from tests.api.shapes import PROBLEM
from tests.webhooks.heard import metrics
from tests.webhooks.premises import KEY
from tests.webhooks.trouble import Meet, failing, throttled, trouble, unreachable

CONTRACT = {
    "invalid_request": 400,
    "unauthenticated": 401,
    "insufficient_credits": 402,
    "payment_declined": 402,
    "quota_exceeded": 402,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "key_reused": 409,
    "hold_closed": 409,
    "frozen": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "unprocessable": 422,
    "too_many_requests": 429,
    "stripe_unavailable": 502,
    "busy": 503,
}
ORIGIN, STRANGER = "https://app.example", "https://evil.example"
EXPOSED = {"ETag", "Idempotency-Replayed", "Retry-After", "Location", "Next-Cursor"}


def refusals(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for kind in of.__subclasses__():
        yield kind
        yield from refusals(kind)


def test_every_refusal_has_its_status_and_nothing_else_has_one() -> None:
    assert set(answers.STATUS) == set(refusals())


def test_every_code_has_one_status_the_contracts_and_a_title() -> None:
    for kind in refusals():
        assert answers.STATUS[kind] == CONTRACT[kind.code]
        assert answers.TITLES[kind.code]


def test_every_title_is_of_a_code_and_no_two_are_the_same() -> None:
    assert set(answers.TITLES) - set(CONTRACT) == {"internal"}
    assert set(Counter(answers.TITLES.values()).values()) == {1}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api"),
        ("GET", "/api/"),
        ("GET", "/api/credits"),
        ("GET", "/api/credits/balances"),
        ("GET", "/api/credits/purchases"),
        ("GET", "/api/credits/purchases/a/b"),
        ("GET", "/API/HEALTH"),
        ("GET", "//api/health"),
        ("GET", "/v1/api/health"),
        ("POST", "/api/health"),
        ("DELETE", "/api/credits/balance"),
        ("PUT", "/api/credits/purchase"),
        ("GET", "/api/credits/purchase"),
        ("TRACE", "/api/health"),
    ],
)
def test_what_is_no_route_is_not_found(desk: Desk, method: str, path: str) -> None:
    refusal(desk.ask(method, path), 404, "not_found")
    refusal(desk.ask(method, path, token=desk.token()), 404, "not_found")


def test_a_mistake_of_ours_is_problem_json_without_a_trace(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.premises.secrets.clear()  # as when a parameter is missing

    reply = desk.buy()

    said = refusal(reply, 500, "internal")
    assert set(said) == {"type", "title", "status", "detail", "code"}
    assert b"Traceback" not in reply.body
    assert b"stripe" not in reply.body
    assert [line["level"] for line in desk.premises.lines if "route" in line] == ["ERROR"]
    assert metrics(capsys.readouterr().out) == {"InternalErrors": 1}


def test_every_request_says_one_line_that_names_no_person(desk: Desk) -> None:
    token = desk.token(email="anna@example.org")
    desk.premises.forget_calls()

    bought = desk.buy(token=token, return_path="/private-place")
    desk.buy("no key", token=token)
    desk.get("/api/credits/balance", token=token)

    assert [(line["message"], line["route"]) for line in desk.premises.lines if "route" in line] == [
        ("answered", "/api/credits/purchase"),
        ("refused", "/api/credits/purchase"),
        ("answered", "/api/credits/balance"),
    ]
    for private in ("anna@example.org", "private-place", token, KEY, bought.json()["checkout_url"], "no key"):
        assert private not in str(desk.premises.lines)


READS_OF_ROUTES = {
    "/api/credits/balance": "GetItem",
    "/api/credits/history": "Query",
    "/api/credits/history?to=2026-11-22T12:00:00Z": "GetItem",
    "/api/credits/purchases/pur_00000000000000000000": "GetItem",
    "/api/user/usage": "GetItem",
    "/api/customer/usage": "Query",
    "/api/user/subscription": "BatchGetItem",
}


@pytest.mark.parametrize("path", READS_OF_ROUTES)
@pytest.mark.parametrize("meet", [throttled, failing, unreachable])
def test_when_the_tables_cannot_be_read_the_caller_is_told_to_come_again(desk: Desk, path: str, meet: Meet) -> None:
    with trouble(desk.premises, READS_OF_ROUTES[path], meet):
        reply = desk.get(path)

    refusal(reply, 503, "busy")
    assert reply.headers["retry-after"] == "1"


@pytest.mark.parametrize("operation", ["GetItem", "Query", "TransactWriteItems"])
def test_when_the_tables_cannot_be_reached_a_purchase_may_be_tried_again(desk: Desk, operation: str) -> None:
    with desk.changing_nothing(may_try=True), trouble(desk.premises, operation, unreachable):
        reply = desk.buy()

    refusal(reply, 503, "busy")
    assert reply.headers["retry-after"] == "1"
    assert desk.buy().status == 201


def test_when_the_tables_cannot_be_reached_a_use_may_be_tried_again(desk: Desk) -> None:
    for operation in ("GetItem", "TransactWriteItems"):
        with desk.changing_nothing(may_try=True), trouble(desk.premises, operation, unreachable):
            refusal(desk.use(1, key="u1"), 503, "busy")

    assert desk.use(1, key="u1").json()["seq"] == 1


def test_when_the_answer_to_a_use_is_lost_the_use_is_found(desk: Desk) -> None:
    with trouble(desk.premises, "TransactWriteItems", failing):
        reply = desk.use(1, key="u1")

    assert (reply.status, reply.json()["seq"]) == (200, 1)
    assert desk.premises.wallet().seq == 1


def several(desk: Desk) -> dict[str, Reply]:
    """One answer of each kind, to a page of our own origin."""
    page = {"Origin": ORIGIN}
    return {
        "answered": desk.ask("GET", "/api/health", headers=page),
        "created": desk.post("/api/credits/purchase", {"package_id": "starter"}, headers=page),
        "replayed": desk.post("/api/credits/purchase", {"package_id": "starter"}, headers=page),
        "tagged": desk.get("/api/credits/balance", Origin=ORIGIN),
        "refused": desk.post("/api/credits/purchase", {}, headers=page),
        "no token": desk.ask("GET", "/api/credits/balance", headers=page),
        "wrong scope": desk.get("/api/credits/balance", token=desk.token(scope="x"), Origin=ORIGIN),
        "no route": desk.ask("GET", "/nowhere", headers=page),
        "too large": desk.post("/api/credits/purchase", b"x" * 11_000_000, headers=page),
    }


def test_a_page_of_ours_may_read_every_answer_also_a_refusal(desk: Desk) -> None:
    for reply in several(desk).values():
        assert reply.headers["access-control-allow-origin"] == ORIGIN
        assert set(reply.headers["access-control-expose-headers"].split(", ")) == EXPOSED
        assert "Origin" in reply.headers["vary"]
        assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "http://app.example", ORIGIN + ".evil.example", ORIGIN + "/", "*"]
)
def test_a_page_of_others_may_read_nothing(desk: Desk, origin: str) -> None:
    for path in ("/api/health", "/api/credits/balance", "/nowhere"):
        reply = desk.get(path, Origin=origin)
        assert "access-control-allow-origin" not in reply.headers
        assert "Origin" in reply.headers["vary"]


@pytest.mark.parametrize("origin", [ORIGIN, "https://beta.example"])
def test_a_page_of_ours_may_ask_what_it_may_send(desk: Desk, origin: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    reply = desk.ask("OPTIONS", "/api/credits/purchase", headers=headers)

    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == origin
    assert "POST" in reply.headers["access-control-allow-methods"]
    sendable = reply.headers["access-control-allow-headers"].lower()
    assert all(name in sendable for name in ("authorization", "content-type", "idempotency-key", "if-none-match"))


def test_a_preflight_needs_no_token_and_touches_nothing(desk: Desk) -> None:
    for path in app.routes:
        assert desk.ask("OPTIONS", path, headers={"Origin": ORIGIN}).status == 204
    assert desk.premises.is_untouched


def test_private_answers_are_kept_by_nobody(desk: Desk) -> None:
    for name, reply in several(desk).items():
        wanted = "private, no-cache" if name == "tagged" else "no-store"
        assert reply.headers["cache-control"] == wanted, name
        kinds = {PROBLEM, "application/json"}
        assert reply.headers["content-type"] in kinds


def test_what_came_into_being_is_found_where_the_answer_says(desk: Desk) -> None:
    owner, admin = desk.token(teams=(("team_a", "owner"),)), desk.token("boss", scope=ADMIN)
    wallet = "/api/admin/wallets/acct_a"
    desk.give(100)
    bought = desk.buy(key="k1")
    desk.pay(bought)
    purchase = {"purchase_id": bought.json()["purchase_id"], "reason": "asked for"}

    found = [
        (bought, desk.token()),
        (desk.buy(key="k2", query="?wallet=team_a", token=owner), owner),
        (desk.transfer(10, "team_a", token=owner), owner),
        (desk.transfer(5, "acct_a", key="t2", query="?wallet=team_a", token=owner), owner),
        (desk.post(f"{wallet}/grants", {"credits": 1, "reason": "asked for"}, key="g1", token=admin), admin),
        (desk.post(f"{wallet}/adjustments", {"credits": 1, "reason": "asked for"}, key="a1", token=admin), admin),
        (desk.post(f"{wallet}/refunds", purchase, key="r1", token=admin), admin),
    ]

    for reply, token in found:
        assert reply.status == 201
        assert desk.get(reply.headers["location"], token=token).status == 200


def test_a_place_has_the_gateways_stage_in_front_as_the_request_had() -> None:
    place = "/api/credits/purchases/pur_1"

    assert as_asked_for(place, "/v1/api/credits/purchase") == f"/v1{place}"
    assert as_asked_for(place, "/api/credits/purchase") == place


@pytest.mark.parametrize("query", ["?wallet_id=team_a", "?Wallet=team_a", "?wallet=acct_a&x=", "?="])
def test_a_command_with_a_parameter_that_there_is_not_does_nothing(desk: Desk, query: str) -> None:
    with desk.changing_nothing():
        for path in ("/api/credits/purchase", "/api/user/portal", "/api/credits/transfer"):
            refusal(desk.post(path + query, {"package_id": "starter"}), 400, "invalid_request")
