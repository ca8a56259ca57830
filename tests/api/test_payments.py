"""What a wallet has paid for: newest first, page by page, with what went back and the receipts."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.api.cursors import write_name
from chalicelib.api.payments import LIST
from local.replies import Reply
from tests.api.desk import MONEY, Desk, refusal
from tests.api.subscriber import Subscriber
from tests.webhooks.premises import WALLET

PATH = "/api/user/payments"
FIELDS = {"purchase_id", "status", "amount", "refunded_minor", "disputed", "created_at", "paid_at", "receipt_url"}
MEMBER, OWNER = (("team_a", "member"),), (("team_a", "owner"),)


def listed(desk: Desk, query: str = "", *, token: str | None = None) -> list[dict[str, Any]]:
    reply = desk.get(PATH + query, token=token)
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.json()["payments"]
    return found


def names(purchases: list[dict[str, Any]]) -> list[str]:
    return [each["purchase_id"] for each in purchases]


def bought(desk: Desk, number: int) -> list[str]:
    """Buy some packages, a minute apart; their names, newest first."""
    found: list[str] = []
    for nth in range(number):
        desk.premises.advance(minutes=10)
        found.insert(0, desk.buy(f"k{nth}").json()["purchase_id"])
    return found


def test_a_wallet_that_bought_nothing_has_no_payments(desk: Desk) -> None:
    reply = desk.get(PATH)

    assert (reply.status, reply.json()) == (200, {"payments": [], "next_cursor": None})
    assert reply.headers["cache-control"] == "no-store"


def test_a_payment_shows_what_was_paid_and_its_receipt(desk: Desk) -> None:
    first = desk.buy("k1", package_id="growth", quantity=2)
    desk.pay(first)
    desk.premises.advance(minutes=1)
    second = desk.buy("k2")

    open_, paid = listed(desk)

    assert names([open_, paid]) == [second.json()["purchase_id"], first.json()["purchase_id"]]
    assert paid.keys() >= FIELDS
    assert (paid["status"], paid["amount"]) == ("paid", first.json()["price"])
    assert paid["amount"].keys() == MONEY
    assert (paid["refunded_minor"], paid["disputed"]) == (0, False)
    assert paid["receipt_url"].startswith("http")
    assert (open_["status"], open_["paid_at"], open_["receipt_url"]) == ("pending", None, None)


def test_a_payment_shows_what_went_back(desk: Desk) -> None:
    reply = desk.buy()
    desk.pay(reply)
    payment_id = payment_of(desk, reply)
    desk.premises.control(f"payment_intents/{payment_id}/refund", amount=250)
    desk.premises.control(f"payment_intents/{payment_id}/dispute", amount=100)

    (paid,) = listed(desk)

    assert (paid["refunded_minor"], paid["disputed"], paid["status"]) == (250, True, "paid")


def payment_of(desk: Desk, reply: Reply) -> str:
    session = desk.premises.standin._account.objects["checkout.session"][reply.json()["checkout_session_id"]]
    payment_id: str = session["payment_intent"]
    return payment_id


def mixed(desk: Desk) -> list[str]:
    """Buy, subscribe, buy twice, renew twice; the names, newest first."""
    ada = Subscriber(desk)
    found = [desk.buy("k1").json()["purchase_id"]]
    desk.premises.advance(minutes=1)
    subscription = ada.subscribe("pro")
    found.append(newest_invoice(ada))
    for number in (2, 3):
        desk.premises.advance(minutes=10)
        found.append(desk.buy(f"k{number}").json()["purchase_id"])
    for _ in range(2):
        desk.premises.advance(days=31)
        ada.renew(subscription)
        found.append(newest_invoice(ada))
    return found[::-1]


def newest_invoice(ada: Subscriber) -> str:
    return list(ada.at_stripe("invoice"))[-1]


def names_of_both(payments: list[dict[str, Any]]) -> list[str]:
    return [each["purchase_id" if each["kind"] == "purchase" else "invoice_id"] for each in payments]


def test_an_invoice_shows_what_was_paid_for_which_time_and_where_it_is(desk: Desk) -> None:
    ada = Subscriber(desk)
    ada.subscribe("team", method="bank_debit")

    (opened,) = listed(desk)
    [at_stripe] = ada.at_stripe("invoice").values()
    assert opened == {
        "kind": "invoice",
        "invoice_id": at_stripe["id"],
        "number": at_stripe["number"],
        "status": "open",
        "amount": {"amount_minor": 7920, "currency": "usd", "exponent": 2},
        "period": {"start": "2026-11-22T12:00:00.000Z", "end": "2026-12-22T12:00:00.000Z"},
        "created_at": "2026-11-22T12:00:00.000Z",
        "paid_at": None,
        "receipt_url": at_stripe["hosted_invoice_url"],
        "invoice_url": at_stripe["hosted_invoice_url"],
    }

    [payment] = ada.at_stripe("payment_intent")
    desk.premises.advance(days=3)
    desk.premises.control(f"payment_intents/{payment}/settle")
    (paid,) = listed(desk)
    assert (paid["status"], paid["paid_at"]) == ("paid", "2026-11-25T12:00:00.000Z")
    assert paid["amount"].keys() == MONEY


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 7, 100])
def test_purchases_and_invoices_are_one_list_newest_first_over_all_pages(desk: Desk, limit: int) -> None:
    made = mixed(desk)

    pages, cursor = list[list[str]](), ""
    while True:
        said = desk.get(f"{PATH}?limit={limit}{cursor}").json()
        pages.append(names_of_both(said["payments"]))
        if said["next_cursor"] is None:
            break
        cursor = f"&cursor={said['next_cursor']}"

    assert [name for page in pages for name in page] == made
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_what_is_paid_meanwhile_does_not_come_up_on_later_pages(desk: Desk, limit: int) -> None:
    made = mixed(desk)
    cursor = desk.get(f"{PATH}?limit={limit}").json()["next_cursor"]
    desk.premises.advance(minutes=10)
    desk.buy("later")
    [subscription] = Subscriber(desk).at_stripe("subscription")
    desk.premises.control(f"subscriptions/{subscription}/renew", outcome="paid")

    assert names_of_both(listed(desk, f"?limit=100&cursor={cursor}")) == made[limit:]


def test_a_cursor_over_both_that_was_changed_is_refused(desk: Desk) -> None:
    mixed(desk)
    cursor = desk.get(f"{PATH}?limit=3").json()["next_cursor"]
    changed = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor))]
    forged = [write_name(name, WALLET, LIST) for name in ("", "x", "pur_1", "pur_1  ", "pur_é in", " a b", "p#1 i#1")]

    for each in (*changed, *forged, cursor[:-1], cursor + "A", cursor[::-1]):
        refusal(desk.get(f"{PATH}?cursor={quote(each)}"), 400, "invalid_request", "cursor")
    refusal(desk.get(f"{PATH}?cursor={cursor}", token=desk.token("acct_b")), 400, "invalid_request", "cursor")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 100])
def test_all_pages_together_are_every_payment_once_newest_first(desk: Desk, limit: int) -> None:
    made = bought(desk, 5)

    found, cursor = list[str](), ""
    for _ in range(6):
        said = desk.get(f"{PATH}?limit={limit}{cursor}").json()
        found += names(said["payments"])
        if said["next_cursor"] is None:
            break
        assert len(said["payments"]) == limit
        cursor = f"&cursor={said['next_cursor']}"

    assert found == made


def test_a_purchase_made_meanwhile_does_not_disturb_the_pages(desk: Desk) -> None:
    made = bought(desk, 3)
    cursor = desk.get(f"{PATH}?limit=2").json()["next_cursor"]
    desk.premises.advance(minutes=1)
    desk.buy("later")

    assert names(listed(desk, f"?limit=2&cursor={cursor}")) == made[2:]


def test_a_cursor_that_was_changed_is_refused(desk: Desk) -> None:
    bought(desk, 3)
    cursor = desk.get(f"{PATH}?limit=1").json()["next_cursor"]
    changed = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor))]

    for each in (*changed, cursor[:-1], cursor + "A", cursor + "=", cursor[::-1], "x", "é", "p#"):
        refusal(desk.get(f"{PATH}?cursor={quote(each)}"), 400, "invalid_request", "cursor")
    for query in (f"cursor={cursor}&cursor={cursor}", "limit=0", "limit=101", "limit=x", "limit=1&limit=1"):
        refusal(desk.get(f"{PATH}?{query}"), 400, "invalid_request")


def test_a_cursor_of_another_wallet_or_list_is_refused(desk: Desk) -> None:
    bought(desk, 2)
    desk.give(1)
    desk.give(1)
    token = desk.token(teams=OWNER)
    cursor = desk.get(f"{PATH}?limit=1").json()["next_cursor"]
    of_history = desk.get("/api/credits/history?limit=1").json()["next_cursor"]

    refusal(desk.get(f"{PATH}?wallet=team_a&cursor={cursor}", token=token), 400, "invalid_request", "cursor")
    refusal(desk.get(f"{PATH}?cursor={cursor}", token=desk.token("acct_b")), 400, "invalid_request", "cursor")
    refusal(desk.get(f"{PATH}?cursor={of_history}"), 400, "invalid_request", "cursor")


def test_a_teams_payments_are_for_its_members_and_apart_from_their_own(desk: Desk) -> None:
    owner, member = desk.token(teams=OWNER), desk.token("acct_m", teams=MEMBER)
    own = desk.buy(token=owner).json()["purchase_id"]
    teams = desk.buy(token=owner, query="?wallet=team_a").json()["purchase_id"]

    assert names(listed(desk, "?wallet=team_a", token=member)) == [teams]
    assert names(listed(desk, token=owner)) == [own]
    assert listed(desk, token=member) == []
    refusal(desk.get(f"{PATH}?wallet=team_b", token=owner), 404, "not_found")
