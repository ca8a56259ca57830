"""Refunds by an admin's word, over HTTP: once per key whatever Stripe does, and the credits with the money."""

from __future__ import annotations

from typing import Any

import pytest

from local.replies import Reply
from local.stripe.replies import Reply as StripeReply
from local.stripe.transport import lost
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.webhooks.premises import WALLET

PATH = f"/api/admin/wallets/{WALLET}/refunds"
FIELDS = {"refund_id", "purchase_id", "amount_minor", "revoked", "debt"}
Json = dict[str, Any]


def refund(
    desk: Desk, bought: Reply, *, key: str | None = "r1", admin: str = "boss", path: str = PATH, **fields: object
) -> Reply:
    body = {"purchase_id": bought.json()["purchase_id"], "reason": "a mistake", **fields}
    return desk.post(path, body, key=key, token=desk.token(admin, scope=ADMIN))


def paid(desk: Desk, *, token: str | None = None) -> Reply:
    bought = desk.buy(token=token)
    desk.pay(bought)
    return bought


def made(desk: Desk) -> list[Json]:
    """The refunds that Stripe has."""
    return list(desk.premises.standin._account.objects.get("refund", {}).values())


def shown(desk: Desk, bought: Reply) -> Json:
    said: Json = desk.get(bought.headers["location"]).json()
    return said


def balance(desk: Desk) -> tuple[int, int, int]:
    said = desk.get("/api/credits/balance").json()
    return said["available"], said["set_aside"], said["debt"]


def test_a_refund_gives_money_back_and_takes_its_credits(desk: Desk) -> None:
    bought = paid(desk)

    reply = refund(desk, bought)

    (stripes,) = made(desk)
    purchase_id = bought.json()["purchase_id"]
    assert (reply.status, reply.json().keys()) == (201, FIELDS)
    assert reply.json() == {
        "refund_id": stripes["id"],
        "purchase_id": purchase_id,
        "amount_minor": 1000,
        "revoked": 1000,
        "debt": 0,
    }
    assert stripes["amount"] == 1000
    assert reply.headers["location"] == f"/api/admin/trace/{stripes['id']}"
    assert reply.headers["cache-control"] == "no-store"
    assert "idempotency-replayed" not in reply.headers
    assert balance(desk) == (0, 0, 0)
    assert (shown(desk, bought)["refunded_minor"], shown(desk, bought)["status"]) == (1000, "paid")
    assert desk.premises.faults() == []


def test_a_part_takes_its_part_rounded_up_and_the_rest_is_what_is_left(desk: Desk) -> None:
    bought = paid(desk)

    first, rest = refund(desk, bought, amount_minor=333), refund(desk, bought, key="r2")

    assert (first.json()["amount_minor"], first.json()["revoked"]) == (333, 333)
    assert (rest.json()["amount_minor"], rest.json()["revoked"]) == (667, 1000)
    assert [each["amount"] for each in made(desk)] == [333, 667]
    refusal(refund(desk, bought, key="r3"), 422, "unprocessable")


def test_what_was_spent_already_is_debt(desk: Desk) -> None:
    bought = paid(desk)
    desk.use(50 + 120, key="u1")

    reply = refund(desk, bought)

    assert (reply.json()["revoked"], reply.json()["debt"]) == (1000, 600)
    assert balance(desk) == (0, 0, 600)
    assert desk.premises.faults() == []


@pytest.mark.parametrize("mode", ["auto", "hold"], ids=["Stripe's event first", "Stripe's event last"])
def test_the_entry_names_who_and_why(desk: Desk, mode: str) -> None:
    bought = paid(desk)
    desk.premises.control("delivery", mode=mode)

    refund(desk, bought, admin="acct_root", reason="é" * 200)
    desk.premises.control("delivery", mode="auto")

    (entry,) = desk.get("/api/credits/history?type=revocation").json()["entries"]
    assert (entry["actor"], entry["reason"], entry["credits"], entry["debt"]) == ("acct_root", "é" * 200, -1000, 0)
    assert entry["purchase_id"] == bought.json()["purchase_id"]
    assert len(made(desk)) == 1


def test_the_repeat_of_a_refund_is_the_first_answer_again(desk: Desk) -> None:
    bought = paid(desk)
    first = refund(desk, bought, amount_minor=400)
    refund(desk, bought, key="r2", amount_minor=100)
    desk.premises.advance(days=40)

    with desk.changing_nothing(may_try=True):
        again = refund(desk, bought, amount_minor=400)

    assert (again.status, again.body, again.headers["idempotency-replayed"]) == (201, first.body, "true")
    assert len(made(desk)) == 2


def test_a_key_spent_on_something_else_is_refused(desk: Desk) -> None:
    bought = paid(desk)
    desk.freeze(key="f1")
    refund(desk, bought, amount_minor=400)

    with desk.changing_nothing(may_try=True):
        refusal(refund(desk, bought, amount_minor=401), 409, "key_reused")
        refusal(refund(desk, bought, amount_minor=400, reason="another"), 409, "key_reused")
        refusal(refund(desk, bought, key="f1", amount_minor=400), 409, "key_reused")


@pytest.mark.parametrize("amount", [1001, 1_000_000_000])
def test_no_more_goes_back_than_was_paid(desk: Desk, amount: int) -> None:
    bought = paid(desk)

    with desk.changing_nothing(may_try=True):
        refusal(refund(desk, bought, amount_minor=amount), 422, "unprocessable")
    assert refund(desk, bought, amount_minor=1000).status == 201


def test_what_went_back_past_us_is_not_there_any_more(desk: Desk) -> None:
    bought = paid(desk)
    payment_id = made_payment(desk, bought)
    desk.premises.control(f"payment_intents/{payment_id}/refund", amount=300)

    refusal(refund(desk, bought, amount_minor=701), 422, "unprocessable")
    assert refund(desk, bought).json()["amount_minor"] == 700


def made_payment(desk: Desk, bought: Reply) -> str:
    session = desk.premises.standin._account.objects["checkout.session"][bought.json()["checkout_session_id"]]
    payment_id: str = session["payment_intent"]
    return payment_id


@pytest.mark.parametrize("method", [None, "declined", "bank_debit"])
def test_what_is_not_paid_can_not_be_refunded(desk: Desk, method: str | None) -> None:
    bought = desk.buy()
    if method:
        desk.pay(bought, method)

    with desk.changing_nothing(may_try=True):
        refusal(refund(desk, bought), 422, "unprocessable")


def test_a_purchase_that_is_not_the_wallets_is_not_found(desk: Desk) -> None:
    bought = paid(desk, token=desk.token("acct_b"))

    with desk.changing_nothing(may_try=True):
        refusal(refund(desk, bought), 404, "not_found")
        refusal(refund(desk, bought, purchase_id="pur_00000000000000000000"), 404, "not_found")
        refusal(refund(desk, bought, path="/api/admin/wallets/acct_none/refunds"), 404, "not_found")


@pytest.mark.parametrize("name", ["", "x", "pur_", "PUR_00000000000000000000", "p#", "pur_0000000000000000000G"])
def test_what_names_no_purchase_is_not_even_looked_for(desk: Desk, name: str) -> None:
    bought = paid(desk)
    desk.premises.forget_calls()

    refusal(refund(desk, bought, purchase_id=name), 404, "not_found")
    assert desk.premises.is_untouched


@pytest.mark.parametrize("wallet_id", ["a%20b", "a" * 65, "%00", "a%2Fb", "a*"])
def test_a_malformed_wallet_is_not_found(desk: Desk, wallet_id: str) -> None:
    bought = paid(desk)
    desk.premises.forget_calls()

    refusal(refund(desk, bought, path=f"/api/admin/wallets/{wallet_id}/refunds"), 404, "not_found")
    assert desk.premises.is_untouched


def test_a_wallet_in_a_path_may_come_encoded(desk: Desk) -> None:
    bought = paid(desk, token=desk.token("auth0|12:x"))

    assert refund(desk, bought, path="/api/admin/wallets/auth0%7C12:x/refunds").status == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount_minor": 0}, "amount_minor"),
        ({"amount_minor": -1}, "amount_minor"),
        ({"amount_minor": 1.5}, "amount_minor"),
        ({"amount_minor": "1"}, "amount_minor"),
        ({"amount_minor": True}, "amount_minor"),
        ({"amount_minor": 1_000_000_001}, "amount_minor"),
        ({"reason": ""}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"purchase_id": None}, "purchase_id"),
        ({"wallet_id": WALLET}, "wallet_id"),
    ],
)
def test_a_refund_is_read_strictly(desk: Desk, fields: Json, field: str) -> None:
    bought = paid(desk)

    with desk.changing_nothing():
        refusal(refund(desk, bought, **fields), 400, "invalid_request", field)
        refusal(refund(desk, bought, key=None), 400, "invalid_request", "Idempotency-Key")


def test_what_stripe_refuses_is_refused_and_forgotten(desk: Desk) -> None:
    bought = paid(desk)
    desk.premises.hold()
    desk.premises.control(f"payment_intents/{made_payment(desk, bought)}/refund")

    refused = refusal(refund(desk, bought), 422, "unprocessable")

    assert "refuses" in refused["detail"]
    assert len(made(desk)) == 1
    assert balance(desk) == (1000, 0, 0)
    (row,) = [
        item for item in desk.premises.items()[desk.premises.store.names.purchases] if item["sk"]["S"].startswith("p#")
    ]
    assert desk.premises.store.purchase(WALLET, row["sk"]["S"][2:]).asked == ()  # type: ignore[union-attr]


def unplugged(_method: str, _path: str) -> None:
    raise lost()


def losing_answers(_method: str, _path: str, _reply: StripeReply) -> None:
    raise lost()


@pytest.mark.parametrize("when", ["before", "after"])
def test_when_stripe_does_not_answer_the_same_key_makes_exactly_one_refund(desk: Desk, when: str) -> None:
    bought = paid(desk)
    setattr(desk.premises.transport, when, unplugged if when == "before" else losing_answers)
    refusal(refund(desk, bought, amount_minor=400), 502, "stripe_unavailable")
    desk.premises.transport.before = desk.premises.transport.after = None

    reply, again = refund(desk, bought, amount_minor=400), refund(desk, bought, amount_minor=400)

    assert (reply.status, reply.json()["amount_minor"], reply.json()["revoked"]) == (201, 400, 400)
    assert again.body == reply.body
    assert [each["amount"] for each in made(desk)] == [400]
    assert balance(desk) == (600, 0, 0)


def test_the_answer_to_a_refund_that_was_lost_is_found_again_after_days(desk: Desk) -> None:
    """Stripe forgets idempotency keys after a day; what we wrote on the refund stays."""
    bought = paid(desk)

    def losing_the_refund(method: str, path: str, _reply: StripeReply) -> None:
        if (method, path) == ("POST", "/v1/refunds"):
            raise lost()

    desk.premises.transport.after = losing_the_refund
    refusal(refund(desk, bought), 502, "stripe_unavailable")
    desk.premises.transport.after = None
    desk.premises.advance(days=3)

    assert refund(desk, bought).status == 201
    assert [each["amount"] for each in made(desk)] == [1000]


@pytest.mark.parametrize("scope", [CUSTOMER, SERVICE, ""])
def test_refunding_is_for_admins_alone(desk: Desk, scope: str) -> None:
    body = {"purchase_id": paid(desk).json()["purchase_id"], "reason": "mine"}

    with desk.changing_nothing():
        refusal(desk.post(PATH, body, token=desk.token(scope=scope)), 403, "forbidden")
        refusal(desk.ask("POST", PATH), 401, "unauthenticated")


def test_a_purchase_shows_what_went_back_and_whether_it_is_disputed(desk: Desk) -> None:
    bought = paid(desk)
    payment_id = made_payment(desk, bought)

    dispute = desk.premises.control(f"payment_intents/{payment_id}/dispute")
    disputed, aside = shown(desk, bought), balance(desk)
    desk.premises.control(f"disputes/{dispute['id']}/close", status="won")
    won, back = shown(desk, bought), balance(desk)
    refund(desk, bought, amount_minor=250)

    assert (disputed["disputed"], disputed["refunded_minor"], aside) == (True, 0, (0, 1000, 0))
    assert (won["disputed"], won["refunded_minor"], back) == (False, 0, (1000, 0, 0))
    last = shown(desk, bought)
    assert (last["disputed"], last["refunded_minor"], last["revoked_credits"]) == (False, 250, 250)


def test_what_is_disputed_stripe_does_not_refund(desk: Desk) -> None:
    bought = paid(desk)
    desk.premises.control(f"payment_intents/{made_payment(desk, bought)}/dispute")

    refusal(refund(desk, bought), 422, "unprocessable")
    assert made(desk) == []
