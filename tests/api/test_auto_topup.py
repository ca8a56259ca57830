"""Automatic top-up through the API: what is set and shown, each refusal, how it reads while cards say yes and no."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from chalice.local import LambdaContext

from app import app
from chalicelib import wiring
from local.replies import Reply
from local.stripe.transport import lost
from tests.api.desk import ADMIN, SERVICE, Desk, refusal
from tests.builders import NOON
from tests.trouble import KINDS, answered
from tests.webhooks.premises import WALLET

Json = dict[str, Any]
PATH = "/api/credits/auto-topup"
USD = {"currency": "usd", "exponent": 2}
TERMS: Json = {
    "enabled": True,
    "below": 200,
    "target": 1000,
    "package_id": "starter",
    "monthly_cap_minor": 5000,
}
NOTHING = {
    "wallet_id": WALLET,
    "enabled": False,
    "below": None,
    "target": None,
    "package_id": None,
    "monthly_cap_minor": None,
    "status": "off",
    "message": "Automatic top-up is off.",
    "charged_this_month": {"amount_minor": 0, **USD},
    "next_try_at": None,
}
ARMED = {
    **NOTHING,
    **TERMS,
    "status": "armed",
    "message": "Credits are bought when a spend leaves fewer than 200.",
}


def put(desk: Desk, body: object, *, token: str | None = None, query: str = "") -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    return desk.ask("PUT", PATH + query, token=token or desk.token(), headers=headers, body=raw)


def shown(desk: Desk, *, token: str | None = None, query: str = "") -> Json:
    reply = desk.get(PATH + query, token=token)
    assert reply.status == 200, reply.body
    assert reply.headers["cache-control"] == "no-store"
    said: Json = reply.json()
    return said


def saved(desk: Desk, *, token: str | None = None, query: str = "") -> None:
    """Buy 1,000 credits with a card that is saved."""
    bought = desk.buy(f"card{query}", token=token, query=query, save_card=True)
    assert bought.status == 201, bought.body
    desk.pay(bought)


def behave(desk: Desk, behaviour: str, wallet_id: str = WALLET) -> None:
    """Say how the customer's card takes payments from now on."""
    desk.premises.control(f"customers/{desk.premises.store.customer(wallet_id)}/card", behaviour=behaviour)


def spend(desk: Desk, credits: int, key: str) -> None:
    assert desk.use(credits // 2, key=key, meter="predictions").status == 200


def run_job(desk: Desk) -> Json:
    event = {"time": desk.premises.now().strftime("%Y-%m-%dT%H:%M:%SZ"), "detail": {}, "detail-type": "", "source": ""}
    event |= {"id": "1", "account": "0", "region": "us-east-1", "resources": [], "version": "0"}
    answer: Json = app.handler_map["charge_topups"](event, LambdaContext("charge_topups", 512, 300_000))
    return answer


def test_before_anything_was_set_it_is_off(desk: Desk) -> None:
    with desk.changing_nothing():
        assert shown(desk) == NOTHING


def test_it_is_set_and_shown(desk: Desk) -> None:
    saved(desk)

    reply = put(desk, TERMS)

    assert (reply.status, reply.json()) == (200, ARMED)
    assert reply.headers["cache-control"] == "no-store"
    assert shown(desk) == ARMED
    [entry] = desk.get("/api/credits/history?type=settings").json()["entries"]
    assert (entry["settings"], entry["auto_topup"], entry["actor"]) == ("auto_topup", TERMS, WALLET)
    assert desk.premises.faults() == []


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    saved(desk)
    put(desk, TERMS)
    before = desk.premises.items()

    assert put(desk, TERMS).json() == ARMED

    assert desk.premises.items() == before


def test_switched_off_what_is_left_out_stays(desk: Desk) -> None:
    saved(desk)
    put(desk, TERMS)

    off = put(desk, {"enabled": False})
    changed = put(desk, {"enabled": False, "target": 1500, "monthly_cap_minor": None})

    assert off.json() == {**NOTHING, **TERMS, "enabled": False}
    assert changed.json() == {**NOTHING, **TERMS, "enabled": False, "target": 1500, "monthly_cap_minor": None}
    assert put(desk, TERMS).json() == ARMED


def test_switching_off_what_was_never_on_changes_nothing(desk: Desk) -> None:
    with desk.changing_nothing():
        assert put(desk, {"enabled": False}).json() == NOTHING


WRONG = {
    "nothing said": ({}, "enabled"),
    "on, and nothing else": ({"enabled": True}, "below"),
    "on, without a target": ({**TERMS, "target": ...}, "target"),
    "on, without a package": ({**TERMS, "package_id": ...}, "package_id"),
    "on, without a word on the cap": ({**TERMS, "monthly_cap_minor": ...}, "monthly_cap_minor"),
    "off, a part of what was never set": ({"enabled": False, "below": 5}, "target"),
    "a text for a number": ({**TERMS, "below": "200"}, "below"),
    "a fraction": ({**TERMS, "below": 1.5}, "below"),
    "a line below nothing": ({**TERMS, "below": -1}, "below"),
    "a target of nothing": ({**TERMS, "target": 0}, "target"),
    "a line of null": ({**TERMS, "below": None}, "below"),
    "more than a number may be": ({**TERMS, "target": 1_000_000_001}, "target"),
    "a cap of nothing": ({**TERMS, "monthly_cap_minor": 0}, "monthly_cap_minor"),
    "a package that isn't offered": ({**TERMS, "package_id": "none"}, "package_id"),
    "a package off that isn't offered": ({**TERMS, "enabled": False, "package_id": "none"}, "package_id"),
    "yes for true": ({**TERMS, "enabled": "yes"}, "enabled"),
    "one for true": ({**TERMS, "enabled": 1}, "enabled"),
    "another wallet": ({**TERMS, "wallet_id": "acct_b"}, "wallet_id"),
    "how it stands": ({**TERMS, "status": "armed"}, "status"),
    "a list": ([], "body"),
    "a thing said twice": (b'{"enabled":false,"enabled":true}', "enabled"),
    "no JSON": (b"enabled=true", "body"),
}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_and_changes_nothing(desk: Desk, body: Any, field: str) -> None:
    said = {name: value for name, value in body.items() if value is not ...} if isinstance(body, dict) else body

    with desk.changing_nothing():
        refusal(put(desk, said), 400, "invalid_request", field)


IMPOSSIBLE = {
    "a target below its line": {"below": 500, "target": 499},
    "a target out of one payment's reach": {"target": 100_001},
    "a cap below one package": {"monthly_cap_minor": 999},
}


@pytest.mark.parametrize("terms", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_can_never_be_is_refused_and_changes_nothing(desk: Desk, terms: Json) -> None:
    with desk.changing_nothing():
        refusal(put(desk, {**TERMS, **terms}), 422, "unprocessable")


def test_without_a_saved_card_it_cannot_be_switched_on(desk: Desk) -> None:
    with desk.changing_nothing():
        refusal(put(desk, TERMS), 409, "conflict")
    desk.pay(desk.buy())  # with a card that isn't saved
    before = desk.premises.items()

    said = refusal(put(desk, TERMS), 409, "conflict")

    assert "save_card" in said["detail"]
    assert desk.premises.items() == before


def test_when_the_provider_gives_no_answer_nothing_is_set(desk: Desk) -> None:
    saved(desk)
    before = desk.premises.items()

    def down(*_call: object) -> None:
        raise lost()

    desk.premises.transport.before = down

    refusal(put(desk, TERMS), 502, "stripe_unavailable")

    assert desk.premises.items() == before


def test_only_json_of_64_kb_is_read(desk: Desk) -> None:
    with desk.changing_nothing():
        refusal(put(desk, b"x" * 65_537), 413, "too_large")
        plain = {"Content-Type": "text/plain"}
        refusal(desk.ask("PUT", PATH, token=desk.token(), headers=plain, body=b"{}"), 415, "unsupported_media_type")


def test_a_member_may_look_and_an_owner_may_set(desk: Desk) -> None:
    owner = desk.token(teams=(("team_a", "owner"),))
    member = desk.token("acct_b", teams=(("team_a", "member"),))
    team = "?wallet=team_a"
    saved(desk, token=owner, query=team)

    refusal(put(desk, TERMS, token=member, query=team), 403, "forbidden")
    assert put(desk, TERMS, token=owner, query=team).json() == {**ARMED, "wallet_id": "team_a"}

    assert shown(desk, token=member, query=team) == {**ARMED, "wallet_id": "team_a"}
    assert shown(desk, token=owner) == NOTHING


@pytest.mark.parametrize("scope", [SERVICE, ADMIN, "", "openid email"])
def test_only_customers_have_one(desk: Desk, scope: str) -> None:
    token = desk.token(scope=scope)

    with desk.changing_nothing():
        refusal(put(desk, TERMS, token=token), 403, "forbidden")
        refusal(desk.get(PATH, token=token), 403, "forbidden")
        refusal(desk.ask("PUT", PATH, body=b"{}"), 401, "unauthenticated")


def test_another_wallet_looks_like_none(desk: Desk) -> None:
    with desk.changing_nothing():
        for query in ("?wallet=acct_c", "?wallet=acct_none", "?wallet=team_x"):
            refusal(put(desk, TERMS, query=query), 404, "not_found")
            refusal(desk.get(PATH + query), 404, "not_found")


def test_a_spend_below_the_line_is_charged_and_shown_among_the_payments(desk: Desk) -> None:
    saved(desk)
    desk.premises.advance(seconds=1)
    put(desk, TERMS)
    spend(desk, 850, "u1")
    waiting = shown(desk)
    assert (waiting["status"], waiting["next_try_at"]) == ("waiting", "2026-11-22T12:00:01.000Z")

    run_job(desk)

    assert shown(desk) == {**ARMED, "charged_this_month": {"amount_minor": 1000, **USD}}
    newest, first = desk.get("/api/user/payments").json()["payments"]
    assert (newest["status"], newest["amount"], newest["credits"]) == ("paid", first["amount"], 1000)
    assert newest["receipt_url"]
    bought = desk.get(f"/api/credits/purchases/{newest['purchase_id']}").json()
    assert (bought["status"], bought["checkout_session_id"], bought["expires_at"]) == ("paid", None, None)
    [granted, _] = desk.get("/api/credits/history?type=purchase").json()["entries"]
    assert (granted["actor"], granted["purchase_id"]) == ("auto_topup", newest["purchase_id"])
    assert desk.get("/api/credits/balance").json()["available"] == 1150
    assert desk.premises.faults() == []


def test_money_goes_back_for_it_as_for_any_purchase(desk: Desk) -> None:
    saved(desk)
    put(desk, TERMS)
    spend(desk, 850, "u1")
    run_job(desk)
    purchase_id = desk.get("/api/user/payments").json()["payments"][0]["purchase_id"]
    body = {"purchase_id": purchase_id, "amount_minor": 400, "reason": "asked nicely"}

    reply = desk.post(f"/api/admin/wallets/{WALLET}/refunds", body, token=desk.token("boss", scope=ADMIN))

    assert (reply.status, reply.json()["revoked"]) == (201, 400)
    assert desk.get(f"/api/credits/purchases/{purchase_id}").json()["refunded_minor"] == 400
    assert desk.get("/api/credits/balance").json()["available"] == 750
    assert desk.premises.faults() == []


READS_AS = {
    "declined": ("backing_off", "declined", timedelta(hours=1)),
    "authentication_required": ("authentication_required", "confirm", None),
    "bank_debit": ("charging", "1,000 credits", None),
}


@pytest.mark.parametrize("behaviour", READS_AS)
def test_what_the_card_does_is_said_in_plain_words(desk: Desk, behaviour: str) -> None:
    status, words, pause = READS_AS[behaviour]
    saved(desk)
    put(desk, TERMS)
    behave(desk, behaviour)
    spend(desk, 850, "u1")

    run_job(desk)

    said = shown(desk)
    assert (said["status"], words in said["message"]) == (status, True)
    assert said["next_try_at"] == ("2026-11-22T13:00:00.000Z" if pause else None)
    assert said["charged_this_month"]["amount_minor"] == (1000 if status == "charging" else 0)


def test_three_declines_read_as_suspended(desk: Desk) -> None:
    saved(desk)
    put(desk, TERMS)
    behave(desk, "declined")
    spend(desk, 850, "u1")
    for _ in range(3):
        run_job(desk)
        desk.premises.advance(hours=1)

    assert (shown(desk)["status"], shown(desk)["next_try_at"]) == ("suspended", None)
    assert put(desk, TERMS).json()["status"] == "suspended"


def test_a_cap_that_is_reached_names_the_next_month(desk: Desk) -> None:
    saved(desk)
    put(desk, {**TERMS, "monthly_cap_minor": 1000})
    for key in ("u1", "u2"):
        spend(desk, 850 if key == "u1" else 1050, key)
        run_job(desk)
        desk.premises.advance(hours=1)
        run_job(desk)

    said = shown(desk)
    assert (said["status"], said["next_try_at"]) == ("capped", "2026-12-01T00:00:00.000Z")
    assert said["charged_this_month"] == {"amount_minor": 1000, **USD}
    desk.premises.advance(days=20)
    assert shown(desk)["charged_this_month"] == {"amount_minor": 0, **USD}


def test_a_package_that_is_offered_no_more_is_named_as_the_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(desk)
    put(desk, TERMS)
    packages = {name: each for name, each in wiring.catalog().packages.items() if name != "starter"}
    monkeypatch.setattr(type(wiring.catalog()), "packages", packages, raising=False)

    assert "not offered any more" in shown(desk)["message"]


@pytest.mark.parametrize("kind", KINDS)
def test_trouble_on_the_way_changes_no_answer(desk: Desk, kind: str) -> None:
    saved(desk)

    with answered(desk.premises.store.connection, kind, times=1) as struck:
        said = put(desk, TERMS).json()

    assert struck == [kind]
    assert said == ARMED == shown(desk)
    assert [entry.kind for entry in desk.premises.history()] == ["purchase", "settings"]
    assert desk.premises.now() == NOON


def test_no_log_line_names_a_card(desk: Desk) -> None:
    saved(desk)
    put(desk, TERMS)
    spend(desk, 850, "u1")
    run_job(desk)

    logged = json.dumps(desk.premises.lines)
    assert not any(value in logged for value in ("pm_", "pi_", "cus_"))
