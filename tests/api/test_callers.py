"""Every route × every caller × every wallet: who may read, who may buy, and that a foreign wallet looks like none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from chalice.local import LambdaContext, LambdaEventConverter, RouteMatcher

from app import app
from chalicelib.api.scopes import DECLARED, Scope
from local.replies import Reply
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.api.subscriber import Subscriber

MEMBER = (("team_a", "member"),)
OWNER = (("team_a", "owner"),)
CALLERS: dict[str, Callable[[Desk], str | None]] = {
    "nobody": lambda desk: None,
    "a forger": lambda desk: desk.token()[:-4] + "AAAA",
    "the customer": lambda desk: desk.token(),
    "another customer": lambda desk: desk.token("acct_b"),
    "a member": lambda desk: desk.token(teams=MEMBER),
    "an owner": lambda desk: desk.token(teams=OWNER),
    "a service": lambda desk: desk.token("svc", scope=SERVICE),
    "an admin": lambda desk: desk.token("boss", scope=ADMIN),
}
WALLETS = {
    "the own": "",
    "the own by name": "?wallet=acct_a",
    "the team's": "?wallet=team_a",
    "a foreign one": "?wallet=acct_c",
    "an unknown one": "?wallet=team_unknown",
    "a malformed one": "?wallet=%00%ff%22team_a",
}


Asking = Callable[[Desk, str | None, str], Reply]


def read(path: str) -> Asking:
    return lambda desk, token, query: desk.ask("GET", _joined(path, query), token=token)


def _joined(path: str, query: str) -> str:
    return path + (query.replace("?", "&", 1) if "?" in path else query)


def buy(desk: Desk, token: str | None, query: str) -> Reply:
    headers = {"Idempotency-Key": "k1", "Content-Type": "application/json"}
    return desk.ask(
        "POST", f"/api/credits/purchase{query}", token=token, headers=headers, body=b'{"package_id":"starter"}'
    )


def set_address(desk: Desk, token: str | None, query: str) -> Reply:
    headers = {"Content-Type": "application/json"}
    return desk.ask(
        "PUT", f"/api/user/notifications{query}", token=token, headers=headers, body=b'{"email":"a@example.com"}'
    )


def set_topup(desk: Desk, token: str | None, query: str) -> Reply:
    headers = {"Content-Type": "application/json"}
    return desk.ask("PUT", f"/api/credits/auto-topup{query}", token=token, headers=headers, body=b'{"enabled":false}')


def change(what: str, body: bytes) -> Asking:
    """Change the subscription."""
    headers = {"Idempotency-Key": f"plan {what}".replace(" ", "-"), "Content-Type": "application/json"}
    path = f"/api/user/subscription/{what}"
    return lambda desk, token, query: desk.ask("POST", path + query, token=token, headers=headers, body=body)


def open_portal(desk: Desk, token: str | None, query: str) -> Reply:
    return desk.ask("POST", f"/api/user/portal{query}", token=token)


def quote(desk: Desk, token: str | None, query: str) -> Reply:
    headers = {"Content-Type": "application/json"}
    return desk.ask(
        "POST", f"/api/usage/quote{query}", token=token, headers=headers, body=b'{"meter":"api_calls","quantity":1}'
    )


def transfer(desk: Desk, token: str | None, query: str) -> Reply:
    """From the own wallet to the team's, and from the team's to the own."""
    headers = {"Idempotency-Key": "t1", "Content-Type": "application/json"}
    to = "acct_a" if query == WALLETS["the team's"] else "team_a"
    body = json.dumps({"to_wallet_id": to, "credits": 1}).encode()
    return desk.ask("POST", f"/api/credits/transfer{query}", token=token, headers=headers, body=body)


READING = {
    "balance": read("/api/credits/balance"),
    "history": read("/api/credits/history"),
    "usage": read("/api/user/usage"),
    "predictions": read("/api/customer/usage"),
    "subscription": read("/api/user/subscription"),
    "notifications": read("/api/user/notifications"),
    "payments": read("/api/user/payments"),
    "a top-up": read("/api/credits/auto-topup"),
    "a statement": read("/api/credits/statement"),
    "an export": read("/api/credits/export"),
    "advice": read("/api/user/recommendation"),
    "a comparison": read("/api/plans/compare?to=pro"),
    "a quote": quote,
}
CHANGING: dict[str, Asking] = {
    "buying": buy,
    "an address": set_address,
    "a top-up's terms": set_topup,
    "a transfer": transfer,
    "a plan": change("checkout", b'{"plan_id":"pro","interval":"month"}'),
}
# What only an owner may do, and how it is answered here, where there is no subscription and nothing was paid.
LACKING: dict[str, tuple[Asking, int]] = {
    "a cancellation": (change("cancel", b'{"at":"now"}'), 409),
    "a resumption": (change("resume", b"{}"), 409),
    "the portal": (open_portal, 404),
}
CHANGING |= {name: asking for name, (asking, _) in LACKING.items()}
ABSENT = {  # there is none of that name
    "purchase": read("/api/credits/purchases/pur_00000000000000000000"),
    "an explanation": read("/api/credits/entries/999/explanation"),
}
ALL = {**READING, **CHANGING, **ABSENT}


def expected(asking: str, caller: str, wallet: str) -> int:
    """The status that the contract gives."""
    if caller in ("nobody", "a forger"):
        return 401
    if caller in ("a service", "an admin"):
        return 400 if (asking, caller) == ("a quote", "a service") else 403  # a service names the wallet in the body
    is_own = wallet == "the own" or (wallet == "the own by name" and caller != "another customer")
    is_listed = wallet == "the team's" and caller in ("a member", "an owner")
    if not (is_own or is_listed) or (asking == "a transfer" and caller not in ("a member", "an owner")):
        return 404
    if asking in CHANGING:
        allowed = LACKING[asking][1] if asking in LACKING else 201
        return 403 if wallet == "the team's" and caller == "a member" else allowed
    return 404 if asking in ABSENT else 200


CODES = {400: "invalid_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 409: "conflict"}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("asking", ALL)
def test_who_may_do_what_with_which_wallet(desk: Desk, asking: str, caller: str) -> None:
    desk.give(10)
    desk.give(10, wallet_id="team_a")
    if asking == "a plan":
        Subscriber(desk)  # so that there are prices
    for wallet, query in WALLETS.items():
        status = expected(asking, caller, wallet)
        if status == 201:
            assert ALL[asking](desk, CALLERS[caller](desk), query).status in (200, 201)
            continue
        with desk.changing_nothing():
            reply = ALL[asking](desk, CALLERS[caller](desk), query)
        assert reply.status == status, wallet
        if status in CODES:
            refusal(reply, status, CODES[status])


def test_every_route_for_customers_was_asked() -> None:
    asked: set[tuple[str, str]] = set()

    class Note:
        def ask(self, method: str, path: str, **_more: object) -> None:
            path = re.sub(r"pur_\w+", "{purchase_id}", path.partition("?")[0])
            asked.add((method, path.replace("/999/", "/{seq}/")))

    for asking in ALL.values():
        asking(cast(Desk, Note()), None, "")

    assert asked == {route for route, scopes in DECLARED.items() if Scope.CUSTOMER in scopes}


@pytest.mark.parametrize("asking", ALL)
def test_a_foreign_wallet_looks_like_one_that_does_not_exist(desk: Desk, asking: str) -> None:
    desk.pay(desk.buy(token=desk.token("acct_c")))

    replies = [ALL[asking](desk, desk.token(), f"?wallet={name}") for name in ("acct_c", "acct_none", "team_x", "%00")]

    assert {reply.status for reply in replies} == {404}
    assert len({(reply.body, tuple(sorted(reply.headers.items()))) for reply in replies}) == 1


@pytest.mark.parametrize("role", ["viewer", "Owner", "OWNER", "", "admin", "owner "])
def test_a_role_that_we_do_not_know_counts_as_not_listed(desk: Desk, role: str) -> None:
    token = desk.token(teams=(("team_a", role),))

    for asking in ALL.values():
        refusal(asking(desk, token, "?wallet=team_a"), 404, "not_found")


@pytest.mark.parametrize("wallet_id", ["acct_b", "Team_a", "xteam_a", "team_" + "a" * 64])
def test_only_a_teams_wallet_can_be_listed(desk: Desk, wallet_id: str) -> None:
    token = desk.token(teams=((wallet_id, "owner"),))

    for asking in ALL.values():
        refusal(asking(desk, token, f"?wallet={wallet_id}"), 404, "not_found")


def test_what_an_owner_buys_for_the_team_is_the_teams(desk: Desk) -> None:
    owner, member = desk.token(teams=OWNER), desk.token("acct_m", teams=MEMBER)
    bought = desk.buy(query="?wallet=team_a", token=owner)
    desk.pay(bought)

    assert desk.get("/api/credits/balance?wallet=team_a", token=member).json()["available"] == 1000
    assert desk.get(f"{bought.headers['location']}?wallet=team_a", token=member).json()["status"] == "paid"
    assert desk.get("/api/credits/balance", token=owner).json()["available"] == 0
    refusal(desk.get(bought.headers["location"], token=owner), 404, "not_found")


def test_the_teams_key_and_the_own_are_told_apart(desk: Desk) -> None:
    owner = desk.token(teams=OWNER)

    own, teams = desk.buy(token=owner), desk.buy(token=owner, query="?wallet=team_a")

    assert "idempotency-replayed" not in teams.headers
    assert own.json()["purchase_id"] != teams.json()["purchase_id"]


def test_two_owners_share_the_teams_keys(desk: Desk) -> None:
    one, other = desk.token(teams=OWNER), desk.token("acct_b", teams=OWNER)

    first, again = desk.buy(token=one, query="?wallet=team_a"), desk.buy(token=other, query="?wallet=team_a")

    assert (again.body, again.headers["idempotency-replayed"]) == (first.body, "true")


def test_every_route_of_the_app_declares_its_scopes() -> None:
    routes = {(method, path) for path, methods in app.routes.items() for method in methods}

    assert routes == set(DECLARED)
    assert all(DECLARED.values())
    assert all(scopes == {Scope.PUBLIC} or Scope.PUBLIC not in scopes for scopes in DECLARED.values())
    assert {path for path in app.routes if not path.startswith("/api/")} == set()


def test_only_what_the_contract_calls_public_is_public() -> None:
    public = {(method, path) for (method, path), scopes in DECLARED.items() if Scope.PUBLIC in scopes}

    assert public <= {
        ("GET", "/api/credits/packages"),
        ("GET", "/api/plans"),
        ("GET", "/api/health"),
        ("GET", "/api/openapi.json"),
    }


def guarded() -> Iterator[tuple[str, str, frozenset[Scope]]]:
    for (method, path), scopes in sorted(DECLARED.items()):
        if Scope.PUBLIC not in scopes:
            yield method, re.sub(r"\{[^}]+\}", "x", path), scopes


@pytest.mark.parametrize(("method", "path", "scopes"), list(guarded()), ids=[f"{m} {p}" for m, p, _ in guarded()])
def test_a_guarded_route_opens_to_its_own_scopes_alone(
    desk: Desk, method: str, path: str, scopes: frozenset[Scope]
) -> None:
    with desk.changing_nothing():
        refusal(desk.ask(method, path), 401, "unauthenticated")
        refusal(desk.ask(method, path, token=desk.token(scope="")), 403, "forbidden")
        for scope in (CUSTOMER, SERVICE, ADMIN):
            reply = desk.ask(method, path, token=desk.token(scope=scope))
            if scope in scopes:
                assert reply.status not in (401, 403)
            else:
                refusal(reply, 403, "forbidden")


@pytest.mark.parametrize(("method", "path", "scopes"), list(guarded()), ids=[f"{m} {p}" for m, p, _ in guarded()])
def test_a_view_looks_at_the_scope_again(desk: Desk, method: str, path: str, scopes: frozenset[Scope]) -> None:
    """The gateway keeps an authorizer's answer for a while, so a view must not trust that it was asked."""
    others = " ".join(sorted({CUSTOMER, SERVICE, ADMIN, "openid"} - scopes))
    event = LambdaEventConverter(RouteMatcher(list(app.routes)), []).create_lambda_event(method, path, {})
    event["requestContext"]["authorizer"] = {"sub": "acct_a", "scopes": others, "teams": "[]", "email": ""}

    with desk.changing_nothing():
        answer = app(event, LambdaContext("api_handler", 512, 29_000))

    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["code"] == "forbidden"


def test_a_public_route_asks_for_no_token(desk: Desk) -> None:
    for (method, path), scopes in sorted(DECLARED.items()):
        if Scope.PUBLIC in scopes:
            assert desk.ask(method, path).status == 200
            assert desk.ask(method, path, token="nonsense").status == 200
    assert desk.premises.is_untouched
