"""All about one wallet on one page, for admins: in four round trips, and without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.replies import Reply
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.api.subscriber import Subscriber
from tests.webhooks.premises import WALLET

PATH = f"/api/admin/wallets/{WALLET}"
Json = dict[str, Any]


def ask(desk: Desk, path: str = PATH) -> Reply:
    return desk.get(path, token=desk.token("boss", scope=ADMIN))


def shown(desk: Desk, path: str = PATH) -> Json:
    reply = ask(desk, path)
    assert reply.status == 200, reply.body
    said: Json = reply.json()
    return said


def put(desk: Desk, path: str, body: object, *, token: str) -> Reply:
    media = {"Content-Type": "application/json"}
    return desk.ask("PUT", path, token=token, headers=media, body=json.dumps(body).encode())


def contact(desk: Desk, **fields: object) -> Json:
    token = desk.token(email="token@example.org")
    reply = put(desk, "/api/user/notifications", fields, token=token)
    assert reply.status == 200, reply.body
    said: Json = reply.json()
    return said


def test_a_wallet_that_was_never_written_reads_as_zeros(desk: Desk) -> None:
    with desk.changing_nothing():
        said = shown(desk, "/api/admin/wallets/auth0%7Cnew")

    assert (said["wallet_id"], said["seq"], said["available"], said["head"]) == ("auth0|new", 0, 0, "0" * 64)
    assert (said["last_at"], said["due_at"], said["latches"]) == (None, None, {})
    assert (said["plan"]["plan_id"], said["plan"]["set_by"], said["plan"]["tenure"]) == ("free", "default", None)
    assert (said["subscription"], said["auto_topup"], said["entries"], said["purchases"]) == (None, None, [], [])
    assert said["customer"] == {"customer_id": None, "former_customer_id": None}
    assert said["contact"]["email_in_use"] is None
    assert said["messages"] == {"waiting": 0, "parked": 0, "more": False}


def test_the_page_has_the_balance_and_the_books(desk: Desk) -> None:
    desk.give(100)
    desk.place(credits=40)
    desk.use(40, key="u1")

    said = shown(desk)

    assert said.items() >= desk.get("/api/credits/balance").json().items()
    wallet = desk.premises.wallet()
    assert (said["head"], said["seq"]) == (wallet.head.hex(), 3)
    assert (said["left"], said["held"], said["available"]) == (100, 40, 60)
    assert said["last_at"] == "2026-11-22T12:00:00.000Z"
    assert said["due_at"] == "2026-11-22T13:00:00.000Z"
    assert (said["last_purchase"], said["debt_since"], said["topup_below"]) == (0, None, None)
    assert said["latches"] == {"quota:pull_requests": 80, "low_balance": 1}
    (meter,) = [each for each in said["meters"] if each["meter"] == "pull_requests"]
    assert (meter["used"], meter["quota"], meter["percent"]) == (40, 50, 80)
    assert said["messages"] == {"waiting": 2, "parked": 0, "more": False}


def test_the_plan_says_who_set_it_and_how_long_it_lasts(desk: Desk) -> None:
    subscriber = Subscriber(desk)
    subscription_id = subscriber.subscribe("pro")

    said = shown(desk)

    assert (said["plan"]["plan_id"], said["plan"]["set_by"]) == ("pro", "stripe")
    assert said["plan"]["granted"] == ["pro"]
    assert said["plan"]["tenure"] == {
        "until": "2026-12-22T12:00:00.000Z",
        "is_ending": False,
        "is_paid": True,
        "lapses_at": "2026-12-25T12:00:00.000Z",
    }
    row = said["subscription"]
    assert row["news"].items() >= {"subscription_id": subscription_id, "status": "active", "interval": "month"}.items()
    assert row["news"]["price"] == {"amount_minor": 2900, "currency": "usd", "exponent": 2}
    assert row["customer_id"] == said["customer"]["customer_id"]
    assert row["news"]["period_end"] == "2026-12-22T12:00:00.000Z"


def test_an_admins_plan_is_an_admins(desk: Desk) -> None:
    body = {"wallet_id": WALLET, "plan_id": "enterprise"}
    desk.post("/api/user/subscription", body, token=desk.token("boss", scope=ADMIN))

    said = shown(desk)["plan"]

    assert (said["plan_id"], said["set_by"], said["tenure"]) == ("enterprise", "admin", None)
    assert said["period"] == {"start": "2026-11-22T00:00:00.000Z", "end": "2026-12-22T00:00:00.000Z"}


def test_every_address_is_shown_with_where_it_is_from_and_no_secret(desk: Desk) -> None:
    desk.pay(desk.buy(token=desk.token(email="customer@example.org")))
    made = contact(desk, email="set@example.org", webhook_url="https://hooks.example.com/tally", locale="de")

    reply = ask(desk)

    assert made["secret"].startswith("whsec_")
    assert b"whsec_" not in reply.body
    assert reply.json()["contact"] == {
        "email": "set@example.org",
        "payment_email": "customer@example.org",
        "token_email": "token@example.org",
        "customer_email": "customer@example.org",
        "email_in_use": "set@example.org",
        "webhook_url": "https://hooks.example.com/tally",
        "has_webhook_secret": True,
        "locale": "de",
    }


def test_the_latest_ten_entries_and_purchases_are_shown_newest_first(desk: Desk) -> None:
    bought = []
    for number in range(12):
        bought.append(desk.buy(f"b{number}"))
        desk.pay(bought[-1])
        desk.premises.advance(minutes=10)

    said = shown(desk)

    assert [entry["seq"] for entry in said["entries"]] == list(range(12, 2, -1))
    assert (said["entries"][0]["entry_id"], said["entries"][0]["wallet_id"]) == ("acct_a:12", "acct_a")
    ids = [reply.json()["purchase_id"] for reply in reversed(bought)]
    assert [each["purchase_id"] for each in said["purchases"]] == ids[:10]


def test_a_purchase_is_shown_with_all_that_its_row_says(desk: Desk) -> None:
    bought = desk.buy()
    desk.pay(bought)
    (payment_id,) = desk.premises.standin._account.objects["payment_intent"]
    made = desk.premises.control(f"payment_intents/{payment_id}/refund", amount=300)

    (said,) = shown(desk)["purchases"]

    assert said.items() >= desk.get(bought.headers["location"]).json().items()
    assert (said["payment_id"], said["customer_id"][:4], said["paid_minor"]) == (payment_id, "cus_", 1000)
    assert said["facts"] == {"refunds": {made["id"]: {"amount_minor": 300, "state": "given"}}, "disputes": {}}
    assert (said["owed"], said["holders"], said["asked"]) == (0, [], [])


def test_an_automatic_top_up_is_shown_as_it_is_kept(desk: Desk) -> None:
    desk.pay(desk.buy(save_card=True))
    terms = {"below": 50, "target": 500, "package_id": "starter", "monthly_cap_minor": 5000}
    reply = put(desk, "/api/credits/auto-topup", {"enabled": True, **terms}, token=desk.token())
    assert reply.status == 200, reply.body

    said = shown(desk)

    assert said["topup_below"] == 50
    assert said["auto_topup"].items() >= {"enabled": True, "status": "armed", "flight": None}.items()
    assert said["auto_topup"]["terms"] == terms


def test_it_takes_four_round_trips_whatever_the_wallet_holds(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.premises.forget_calls()
    shown(desk)

    assert desk.premises.aws == ["BatchGetItem", "Query", "Query", "Query"]
    assert desk.premises.transport.calls == []


def test_nothing_of_it_is_kept_by_anybody(desk: Desk) -> None:
    reply = ask(desk)

    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers


@pytest.mark.parametrize("wallet_id", ["a%20b", "%C3%A9", "a" * 65, "%00", "a%2Fb", "a*", "a%0A"])
def test_a_malformed_wallet_is_not_found(desk: Desk, wallet_id: str) -> None:
    with desk.changing_nothing():
        refusal(ask(desk, f"/api/admin/wallets/{wallet_id}"), 404, "not_found")


@pytest.mark.parametrize("scope", [CUSTOMER, SERVICE, ""])
def test_the_page_is_for_admins_alone(desk: Desk, scope: str) -> None:
    with desk.changing_nothing():
        refusal(desk.get(PATH, token=desk.token(scope=scope)), 403, "forbidden")
        refusal(desk.ask("GET", PATH), 401, "unauthenticated")
