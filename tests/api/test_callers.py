"""Callers: who counts as a team's, what a team shares, and where it is declared and looked at who may come in."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from chalice.local import LambdaContext, LambdaEventConverter, RouteMatcher

from app import app
from chalicelib.api.scopes import DECLARED, Scope
from local.replies import Reply
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.api.doors import DOORS, SAID

MEMBER = (("team_a", "member"),)
OWNER = (("team_a", "owner"),)


def ask_everything(desk: Desk, token: str, wallet_id: str) -> Iterator[Reply]:
    """Ask whatever a customer may ask of a wallet."""
    names: defaultdict[str, str | None] = defaultdict(lambda: "x", wallet=wallet_id)
    for route, doors in DOORS.items():
        for door in doors:
            if CUSTOMER in door.opens_to:
                method, target, body = door.request(route, names)
                yield desk.ask(method, target, token=token, headers=SAID, body=body)


@pytest.mark.parametrize("role", ["viewer", "Owner", "OWNER", "", "admin", "owner "])
def test_a_role_that_we_do_not_know_counts_as_not_listed(desk: Desk, role: str) -> None:
    token = desk.token(teams=(("team_a", role),))

    for reply in ask_everything(desk, token, "team_a"):
        refusal(reply, 404, "not_found")


@pytest.mark.parametrize("wallet_id", ["acct_b", "Team_a", "xteam_a", "team_" + "a" * 64])
def test_only_a_teams_wallet_can_be_listed(desk: Desk, wallet_id: str) -> None:
    token = desk.token(teams=((wallet_id, "owner"),))

    for reply in ask_everything(desk, token, wallet_id):
        refusal(reply, 404, "not_found")


def test_what_an_owner_buys_for_the_team_is_the_teams(desk: Desk) -> None:
    owner, member = desk.token(teams=OWNER), desk.token("acct_m", teams=MEMBER)
    bought = desk.buy(query="?wallet=team_a", token=owner)
    desk.pay(bought)

    assert desk.get("/api/credits/balance?wallet=team_a", token=member).json()["available"] == 1000
    assert desk.get(bought.headers["location"], token=member).json()["status"] == "paid"
    assert desk.get("/api/credits/balance", token=owner).json()["available"] == 0
    refusal(desk.get(bought.headers["location"].partition("?")[0], token=owner), 404, "not_found")


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


def guarded() -> Iterator[tuple[str, str, frozenset[Scope]]]:
    for (method, path), scopes in sorted(DECLARED.items()):
        if Scope.PUBLIC not in scopes:
            yield method, re.sub(r"\{[^}]+\}", "x", path), scopes


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
