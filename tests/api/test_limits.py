"""Limits over HTTP: an hour takes so many commands of a wallet's customers, and only those that were accepted count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.api.limits import LIMITED
from chalicelib.api.scopes import DECLARED, Scope
from chalicelib.domain.catalog import Limits
from chalicelib.services.ports import OutcomeUnknown, Throttled
from chalicelib.store.dynamo import DynamoStore
from local.replies import Reply
from tests.api.desk import ADMIN, Desk, refusal
from tests.api.subscriber import Subscriber
from tests.webhooks.premises import WALLET

TEAM, TEAM_QUERY = "team_a", "?wallet=team_a"
OWNER = ((TEAM, "owner"),)
NOT_LIMITED = {
    ("POST", "/api/usage/quote"): "writes nothing and asks nobody outside",
}
Asking = Callable[[Desk, int], Reply]  # the n-th command, another one each time


def transfer(desk: Desk, number: int, **how: Any) -> Reply:
    how = {"token": desk.token(teams=OWNER), "key": f"t{number}"} | how
    return desk.transfer(1, TEAM, **how)


def put(desk: Desk, path: str, body: bytes, *, query: str = "", token: str | None = None) -> Reply:
    media = {"Content-Type": "application/json"}
    return desk.ask("PUT", path + query, token=token or desk.token(teams=OWNER), headers=media, body=body)


def set_address(desk: Desk, number: int, **how: Any) -> Reply:
    return put(desk, "/api/user/notifications", f'{{"email":"a{number}@example.org"}}'.encode(), **how)


def buy(desk: Desk, number: int) -> Reply:
    return desk.buy(f"b{number}")


def set_topup(desk: Desk, number: int, **how: Any) -> Reply:
    body = f'{{"enabled":false,"below":{number + 1},"target":500,"package_id":"starter","monthly_cap_minor":null}}'
    return put(desk, "/api/credits/auto-topup", body.encode(), **how)


def open_portal(desk: Desk, _number: int) -> Reply:
    return desk.post("/api/user/portal", {}, key=None)


def subscribe(desk: Desk, number: int) -> Reply:
    body = {"plan_id": "pro", "interval": ("month", "year")[number % 2]}
    return desk.post("/api/user/subscription/checkout", body, key=f"s{number}")


def cancel(desk: Desk, number: int) -> Reply:
    return desk.post("/api/user/subscription/cancel", {"at": "period_end"}, key=f"c{number}")


def resume(desk: Desk, number: int) -> Reply:
    return desk.post("/api/user/subscription/resume", {}, key=f"r{number}")


def cancel_or_resume(desk: Desk, number: int) -> Reply:
    return (cancel, resume)[number % 2](desk, number)


ASKING: dict[tuple[str, str], Asking] = {
    ("POST", "/api/credits/purchase"): buy,
    ("POST", "/api/credits/transfer"): transfer,
    ("PUT", "/api/user/notifications"): set_address,
    ("PUT", "/api/credits/auto-topup"): set_topup,
    ("POST", "/api/user/portal"): open_portal,
    ("POST", "/api/user/subscription/checkout"): subscribe,
    ("POST", "/api/user/subscription/cancel"): cancel_or_resume,
    ("POST", "/api/user/subscription/resume"): lambda desk, number: cancel_or_resume(desk, number + 1),
}


@pytest.fixture
def few(desk: Desk) -> Iterator[int]:
    """Three accepted commands an hour, so that a test needn't give 300."""
    del desk
    usual, most = wiring.catalog, 3
    few = replace(usual(), limits=Limits(commands_per_hour=most))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "catalog", lambda: few)
        yield most


def furnish(desk: Desk, route: tuple[str, str]) -> None:
    """Have what the commands of a route need: credits, a plan that runs, a customer who has paid."""
    if "subscription" in route[1]:
        ada = Subscriber(desk)
        if route[1].endswith(("cancel", "resume")):
            ada.subscribe()
        if route[1].endswith("resume"):
            ada.cancel()
        forget_hours(desk)
    elif route[1].endswith("portal"):
        desk.pay(desk.buy())
        forget_hours(desk)
    desk.give(500)


def forget_hours(desk: Desk) -> None:
    """Come to an hour of which nothing was counted."""
    desk.premises.advance(hours=1)


def test_every_command_of_customers_is_limited_or_says_why_not() -> None:
    commands = {each for each, scopes in DECLARED.items() if Scope.CUSTOMER in scopes and each[0] != "GET"}

    assert commands == LIMITED | set(NOT_LIMITED)
    assert not LIMITED & set(NOT_LIMITED)
    assert set(ASKING) == LIMITED


def test_only_customers_are_limited() -> None:
    assert {scope for route in LIMITED for scope in DECLARED[route]} == {Scope.CUSTOMER}


def test_as_many_are_taken_as_the_hour_has_and_the_next_is_429_until_it_is_over(desk: Desk, few: int) -> None:
    desk.give(100)
    desk.premises.advance(minutes=10, seconds=0.5)
    for number in range(few):
        assert transfer(desk, number).status == 201

    with desk.changing_nothing(may_try=True):
        full = transfer(desk, few)

    refusal(full, 429, "too_many_requests")
    assert full.headers["retry-after"] == str(50 * 60)
    assert desk.premises.taken() == {(WALLET, "2026-11-22T12"): few}
    desk.premises.advance(seconds=int(full.headers["retry-after"]))
    assert transfer(desk, few).status == 201


def test_the_shipped_catalogue_has_the_usual_limits() -> None:
    assert wiring.catalog().limits == Limits()


@pytest.mark.parametrize("route", ASKING, ids=" ".join)
def test_each_limited_route_counts_and_is_refused(desk: Desk, few: int, route: tuple[str, str]) -> None:
    furnish(desk, route)
    counted = sum(desk.premises.taken().values())
    ask = ASKING[route]
    for number in range(few):
        assert ask(desk, number).status in (200, 201), number
        assert sum(desk.premises.taken().values()) == counted + number + 1

    with desk.changing_nothing(may_try=True):
        full = ask(desk, few + few % 2)  # of two that take turns the one that this route is

    refusal(full, 429, "too_many_requests")
    assert 1 <= int(full.headers["retry-after"]) <= 3600
    assert sum(desk.premises.taken().values()) == counted + few
    forget_hours(desk)
    assert ask(desk, few).status in (200, 201)


def test_all_commands_of_a_wallet_are_counted_together(desk: Desk, few: int) -> None:
    desk.give(100)
    bought = buy(desk, 1)
    desk.pay(bought)
    asked = [bought, transfer(desk, 1), set_address(desk, 1)]

    assert [each.status for each in asked] == [201, 201, 200]
    for ask in (set_topup, open_portal, buy):
        refusal(ask(desk, 2), 429, "too_many_requests")
    assert len(asked) == few


def test_refused_commands_do_not_count(desk: Desk, few: int) -> None:
    desk.give(2)
    member = desk.token("acct_b", teams=((TEAM, "member"),))
    with desk.changing_nothing():
        for number in range(few + 1):
            refusal(
                desk.transfer(3, TEAM, key=f"x{number}", token=desk.token(teams=OWNER)), 402, "insufficient_credits"
            )
            refusal(desk.transfer(0, TEAM, key=f"x{number}", token=desk.token(teams=OWNER)), 400, "invalid_request")
            refusal(transfer(desk, number, token=desk.token()), 404, "not_found")
            refusal(transfer(desk, number, token=desk.token("boss", scope=ADMIN)), 403, "forbidden")
            refusal(set_topup(desk, number, token=member, query=TEAM_QUERY), 403, "forbidden")
            refusal(open_portal(desk, number), 404, "not_found")
            refusal(cancel(desk, number), 409, "conflict")
        assert desk.premises.taken() == {}

    assert transfer(desk, 1).status == 201


def test_what_is_refused_late_does_not_count_either(desk: Desk, few: int) -> None:
    ada = Subscriber(desk)
    ada.subscribe()
    forget_hours(desk)

    for _ in range(few + 1):
        refusal(ada.want("pro"), 409, "conflict")  # Stripe was asked how it stands

    assert {hour for _, hour in desk.premises.taken()} == {"2026-11-22T12"}
    assert ada.cancel().status == 200


def test_repeats_do_not_count_and_are_answered_though_the_hour_is_full(desk: Desk, few: int) -> None:
    desk.give(100)
    ada = Subscriber(desk)
    first = [transfer(desk, 1), subscribe(desk, 2), buy(desk, 3)]

    for _ in range(few + 1):
        again = [transfer(desk, 1), subscribe(desk, 2), buy(desk, 3)]
        assert [(each.status, each.body) for each in again] == [(each.status, each.body) for each in first]
        assert all(each.headers["idempotency-replayed"] == "true" for each in again)
    assert (sum(desk.premises.taken().values()), desk.premises.attempts()) == (few, 2)
    refusal(set_address(desk, 2), 429, "too_many_requests")

    again = [transfer(desk, 1), subscribe(desk, 2), buy(desk, 3)]
    assert [each.body for each in again] == [each.body for each in first]
    refusal(desk.transfer(2, TEAM, key="t1", token=desk.token(teams=OWNER)), 409, "key_reused")
    refusal(ada.want("pro"), 429, "too_many_requests")


def test_a_refused_command_may_come_again_with_its_key(desk: Desk, few: int) -> None:
    desk.give(100)
    for number in range(few):
        transfer(desk, number)
    refusal(transfer(desk, few), 429, "too_many_requests")

    forget_hours(desk)
    late = transfer(desk, few)

    assert (late.status, "idempotency-replayed" in late.headers) == (201, False)
    assert desk.premises.wallet().available(desk.premises.at) == 100 - few - 1


def test_another_wallet_is_not_affected(desk: Desk, few: int) -> None:
    desk.give(100)
    desk.give(100, wallet_id="acct_b")
    for number in range(few):
        transfer(desk, number)

    refusal(transfer(desk, few), 429, "too_many_requests")
    assert transfer(desk, 1, token=desk.token("acct_b", teams=OWNER)).status == 201
    assert set_address(desk, 1, query=TEAM_QUERY).status == 200  # nor the team's, by the same token


def test_owners_share_what_their_team_may(desk: Desk, few: int) -> None:
    ann, ben = (desk.token(name, teams=OWNER) for name in ("acct_ann", "acct_ben"))
    for number, token in enumerate((ann, ben, ann)):
        assert set_address(desk, number, query=TEAM_QUERY, token=token).status == 200

    for token in (ann, ben):
        refusal(set_address(desk, few, query=TEAM_QUERY, token=token), 429, "too_many_requests")
        assert set_address(desk, few, token=token).status == 200


def test_services_and_admins_are_not_counted(desk: Desk, few: int) -> None:
    desk.give(100)
    for number in range(few + 1):
        assert desk.use(1, key=f"u{number}", meter="predictions").status == 200
        assert desk.freeze(key=f"f{number}").status == 200
        assert desk.freeze(key=f"l{number}", lift=True).status == 200

    assert desk.premises.taken() == {}


def test_quotes_are_not_counted(desk: Desk, few: int) -> None:
    for _ in range(few + 1):
        assert desk.post("/api/usage/quote", {"meter": "api_calls", "quantity": 1}, key=None).status == 200

    assert desk.premises.taken() == {}


def test_what_changes_nothing_and_asks_nobody_is_not_counted(desk: Desk, few: int) -> None:
    for _ in range(few + 2):
        assert set_address(desk, 1).status == 200

    assert sum(desk.premises.taken().values()) == 1


@pytest.mark.parametrize("trouble", [Throttled("slow down"), OutcomeUnknown("no answer")])
def test_a_count_that_cannot_be_reached_stops_nobody_and_is_counted_itself(
    desk: Desk, few: int, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    desk.give(100)
    missed: list[str] = []

    def down(*_asked: object, **_more: object) -> bool:
        raise trouble

    monkeypatch.setattr(DynamoStore, "take_slot", down)
    monkeypatch.setattr("chalicelib.observability.count", lambda metric, amount=1: missed.append(metric))

    for number in range(few + 1):
        assert transfer(desk, number).status == 201

    assert missed == ["UncountedCommands"] * (few + 1)


def test_a_mistake_of_ours_keeps_the_slot_because_the_command_may_have_been_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.give(100)

    def broken(*_asked: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(DynamoStore, "commit", broken)
    assert transfer(desk, 1).status == 500

    assert sum(desk.premises.taken().values()) == 1
