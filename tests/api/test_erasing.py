"""An erasure is done once, goes on where it was broken off, and leaves what comes later; and every refusal."""

from __future__ import annotations

import pytest

from chalicelib import wiring
from chalicelib.services.sweeping import Sweep, sweep_due
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.api.erased import BODY, EMAIL, MARKER, PATH, TEAM, admin, erase, found, live, marked, put
from tests.builders import patience
from tests.webhooks.premises import WALLET


@pytest.fixture
def lived(desk: Desk) -> Desk:
    live(desk)
    return desk


def test_what_was_bought_is_still_known_and_can_be_refunded(lived: Desk) -> None:
    payments = lived.get("/api/user/payments?limit=100").json()["payments"]
    (purchase_id,) = [each["purchase_id"] for each in payments if each.get("refunded_minor") == 200]
    before = lived.get(f"/api/credits/purchases/{purchase_id}").json()
    erase(lived)

    after = lived.get(f"/api/credits/purchases/{purchase_id}").json()
    body = {"purchase_id": purchase_id, "reason": "promised"}
    refund = lived.post(f"/api/admin/wallets/{WALLET}/refunds", body, key="r9", token=lived.token("boss", scope=ADMIN))

    assert before["receipt_url"]
    assert after == {**before, "receipt_url": None, "invoice_url": None}
    assert (refund.status, refund.json()["amount_minor"]) == (201, 800)
    assert lived.premises.faults() == []


def test_a_refund_that_was_asked_for_is_still_made_without_a_name(lived: Desk) -> None:
    erase(lived)
    lived.premises.advance(hours=1)
    lived.premises.control("delivery", mode="auto")
    sweep_due(Sweep(wiring.errand("sweep_purchases"), wiring.shop()))

    revoked = lived.get("/api/credits/history?type=revocation").json()["entries"]
    assert [(entry["actor"], entry.get("reason")) for entry in revoked] == [("erased", "erased"), (None, None)]
    assert marked(lived) == []


def test_keys_stay_spent_and_nothing_is_done_twice(lived: Desk) -> None:
    erase(lived)
    before = lived.premises.items()

    again = [
        lived.use(60, key="u1"),
        lived.buy("b1", token=lived.token(email=EMAIL), return_path=f"/thanks/{MARKER}", save_card=True),
        lived.transfer(100, TEAM, key="t1", token=lived.token(teams=((TEAM, "owner"),)), note=f"for {MARKER}"),
    ]

    for reply in again:
        refusal(reply, 409, "key_reused")
    assert lived.premises.items() == before


def test_the_repeat_is_the_same_answer_and_changes_nothing(lived: Desk) -> None:
    first = erase(lived)

    with lived.changing_nothing(may_try=True):
        again = erase(lived)

    assert (again.status, again.body) == (200, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers


def test_what_comes_later_stays_until_the_next_erasure(lived: Desk) -> None:
    first = erase(lived).json()
    admin(lived, "grants", "g9", credits=5)
    put(lived, "/api/user/notifications", {"email": EMAIL})

    repeated = erase(lived).json()
    between = {sk.partition("#")[0] for _, sk in marked(lived)}
    second = erase(lived, key="e2").json()

    assert repeated == first
    assert between == {"contact", "e"}
    assert second["erased_up_to"] == second["erased"] == first["seq"] + 2
    assert marked(lived) == []
    assert b"4711" not in b"".join(entry.canonical for entry in lived.premises.history())
    assert found(lived, lambda word: "4711" in word) == [(f"w#{WALLET}", f"e#{second['seq']:012d}")]


def test_a_wallet_with_nothing_in_it_is_erased_as_any_other(desk: Desk) -> None:
    reply = erase(desk, path="/api/admin/wallets/auth0%7Cnew/erasure")

    assert reply.json() == {
        "wallet_id": "auth0|new",
        "entry_id": "auth0|new:1",
        "seq": 1,
        "erased_up_to": 0,
        "erased": 0,
        "done": True,
    }


def test_a_purchase_that_nobody_paid_is_erased_too(desk: Desk) -> None:
    desk.buy(token=desk.token(email=EMAIL), return_path=f"/{MARKER}")
    assert marked(desk)

    assert erase(desk).json()["erased_up_to"] == 0
    assert marked(desk) == []


def test_a_frozen_wallet_is_erased_and_stays_frozen(desk: Desk) -> None:
    desk.freeze(reason=MARKER)

    assert erase(desk).json()["done"]
    assert marked(desk) == []
    assert desk.premises.wallet().frozen


def test_broken_off_it_says_how_far_it_came_and_goes_on(lived: Desk) -> None:
    wiring.install(patience=patience(budget=0.0))
    stuck = erase(lived)
    wiring.install(patience=patience(budget=1.0))
    gone_on = erase(lived)

    assert stuck.status == 200
    assert stuck.json().items() >= {"erased": 0, "next": 1, "done": False}.items()
    assert gone_on.json()["done"]
    assert gone_on.headers["idempotency-replayed"] == "true"
    assert (gone_on.json()["seq"], marked(lived)) == (stuck.json()["seq"], [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "x", "wallet_id": WALLET}, "wallet_id"),
        ([], "body"),
        (b"", "body"),
    ],
)
def test_an_admin_says_why_and_nothing_else(desk: Desk, body: object, field: str) -> None:
    with desk.changing_nothing():
        refusal(erase(desk, body=body), 400, "invalid_request", field)


def test_a_key_is_wanted_and_spent(desk: Desk) -> None:
    with desk.changing_nothing():
        for key in (None, "", "a b", "k" * 129):
            refusal(erase(desk, key=key), 400, "invalid_request", "Idempotency-Key")
    erase(desk)

    with desk.changing_nothing(may_try=True):
        refusal(erase(desk, body={"reason": "another"}), 409, "key_reused")


@pytest.mark.parametrize("wallet_id", ["a%20b", "%C3%A9", "a" * 65, "%00", "a%2Fb", "a*"])
def test_a_malformed_wallet_is_not_found(desk: Desk, wallet_id: str) -> None:
    with desk.changing_nothing():
        refusal(erase(desk, path=f"/api/admin/wallets/{wallet_id}/erasure"), 404, "not_found")


@pytest.mark.parametrize("scope", [CUSTOMER, SERVICE, ""])
def test_erasing_is_for_admins_alone(desk: Desk, scope: str) -> None:
    with desk.changing_nothing():
        refusal(desk.post(PATH, BODY, token=desk.token(scope=scope)), 403, "forbidden")
        refusal(desk.ask("POST", PATH), 401, "unauthenticated")
