"""What a wallet holds, and when a caller that has the answer already gets 304."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib import VERSION
from tests.api.desk import MONEY, Desk
from tests.webhooks.premises import WALLET

BALANCE = {
    *("wallet_id", "available", "held", "set_aside", "debt", "seq", "as_of", "lots"),
    *("expiring_next", "runs_out", "low", "low_below"),
}
LOT = {
    *("lot_id", "source", "granted", "remaining", "held", "priority", "granted_at", "expires_at", "purchase_id"),
}


def balance(desk: Desk) -> dict[str, object]:
    said: dict[str, object] = desk.get("/api/credits/balance").json()
    return said


def test_health_says_that_it_runs(desk: Desk) -> None:
    reply = desk.ask("GET", "/api/health")

    assert (reply.status, reply.json()) == (200, {"status": "ok", "version": VERSION})
    assert desk.premises.is_untouched


def test_packages_say_what_can_be_bought(desk: Desk) -> None:
    reply = desk.ask("GET", "/api/credits/packages")

    offered = {each["package_id"]: each for each in reply.json()["packages"]}
    assert list(offered) == ["starter", "growth", "scale"]
    assert offered["scale"] == {
        "package_id": "scale",
        "name": "20,000 credits",
        "credits": 20_000,
        "bonus_credits": 1_000,
        "price": {"amount_minor": 15_000, "currency": "usd", "exponent": 2},
        "expires_after_days": 730,
        "saves_percent": 28,
    }
    assert offered["starter"]["saves_percent"] == 0
    assert all(each["price"].keys() == MONEY for each in offered.values())
    assert reply.headers["cache-control"] == "public, max-age=60"
    assert desk.premises.is_untouched


def test_a_wallet_never_written_reads_as_zeros(desk: Desk) -> None:
    said = balance(desk)

    assert said.keys() >= BALANCE
    assert {name: said[name] for name in ("wallet_id", "available", "held", "set_aside", "debt", "seq")} == {
        "wallet_id": WALLET,
        "available": 0,
        "held": 0,
        "set_aside": 0,
        "debt": 0,
        "seq": 0,
    }
    assert (said["lots"], said["expiring_next"], said["low"]) == ([], None, False)
    assert said["as_of"] == "2026-11-22T12:00:00.000Z"


def test_reading_never_writes(desk: Desk) -> None:
    desk.pay(desk.buy())

    with desk.changing_nothing():
        for path in ("/api/credits/balance", "/api/credits/history", "/api/user/usage", "/api/user/subscription"):
            assert desk.get(path).status == 200


def test_a_paid_purchase_is_a_lot(desk: Desk) -> None:
    bought = desk.buy(package_id="scale")
    desk.pay(bought)

    said = balance(desk)

    assert (said["available"], said["seq"], said["low"], said["low_below"]) == (21_000, 1, False, 2_100)
    assert isinstance(said["lots"], list)
    (lot,) = said["lots"]
    assert lot.keys() >= LOT
    assert {name: lot[name] for name in LOT - {"expires_at"}} == {
        "lot_id": "lot_1",
        "source": "purchase",
        "granted": 21_000,
        "remaining": 21_000,
        "held": 0,
        "priority": 50,
        "granted_at": "2026-11-22T12:00:00.000Z",
        "purchase_id": bought.json()["purchase_id"],
    }
    assert lot["expires_at"] == "2028-11-21T12:00:00.000Z"
    assert said["expiring_next"] == {"credits": 21_000, "at": "2028-11-21T12:00:00.000Z"}


def test_lots_stand_in_the_order_in_which_they_pay(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.give(5)
    desk.give(7, ends_at=desk.premises.at + timedelta(days=3))

    said = balance(desk)

    assert isinstance(said["lots"], list)
    assert [(lot["lot_id"], lot["remaining"]) for lot in said["lots"]] == [("lot_3", 7), ("lot_1", 1000), ("lot_2", 5)]
    assert said["expiring_next"] == {"credits": 7, "at": "2026-11-25T12:00:00.000Z"}


def test_a_lot_that_ended_counts_no_more(desk: Desk) -> None:
    desk.give(5)
    desk.give(7, ends_at=desk.premises.at + timedelta(days=3))

    desk.premises.advance(days=3, microseconds=-1000)
    assert balance(desk)["available"] == 12

    desk.premises.advance(microseconds=1000)
    said = balance(desk)
    assert isinstance(said["lots"], list)
    assert said["available"] == 5
    assert [lot["lot_id"] for lot in said["lots"]] == ["lot_1"]


@pytest.mark.parametrize(("credits", "low"), [(99, True), (100, False), (101, False)])
def test_a_balance_below_its_line_is_low(desk: Desk, credits: int, *, low: bool) -> None:
    desk.give(credits)

    assert (balance(desk)["low"], balance(desk)["low_below"]) == (low, 100)


def test_who_has_the_answer_already_gets_304(desk: Desk) -> None:
    desk.pay(desk.buy())
    first = desk.get("/api/credits/balance")

    again = desk.get("/api/credits/balance", If_None_Match=first.headers["etag"])

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in again.headers["vary"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("*", 304),
        ("W/{etag}", 304),
        ('"other", {etag}', 304),
        ('{etag},"other"', 304),
        ('W/"other", W/{etag}', 304),
        ('"other"', 200),
        ("{bare}", 200),
        ("", 200),
        ("{etag}x", 200),
    ],
)
def test_if_none_match_is_read_as_http_says(desk: Desk, sent: str, status: int) -> None:
    etag = desk.get("/api/credits/balance").headers["etag"]

    reply = desk.get("/api/credits/balance", If_None_Match=sent.format(etag=etag, bare=etag.strip('"')))

    assert reply.status == status


def etag(desk: Desk, token: str | None = None) -> str:
    return desk.get("/api/credits/balance", token=token).headers["etag"]


def test_the_etag_is_not_over_the_time_of_asking(desk: Desk) -> None:
    desk.pay(desk.buy())
    before = etag(desk)
    desk.premises.advance(hours=5)

    assert etag(desk) == before


def test_the_etag_changes_with_every_entry(desk: Desk) -> None:
    seen = [etag(desk)]
    desk.pay(desk.buy("k1"))
    seen.append(etag(desk))
    desk.pay(desk.buy("k2"))
    seen.append(etag(desk))
    desk.use(1, key="u1")
    seen.append(etag(desk))

    assert len(set(seen)) == 4


def test_the_etag_changes_when_time_alone_changes_what_is_there(desk: Desk) -> None:
    desk.give(5, ends_at=desk.premises.at + timedelta(days=1))
    before = etag(desk)

    desk.premises.advance(days=1)

    assert etag(desk) != before
    assert desk.get("/api/credits/balance", If_None_Match=before).json()["available"] == 0


def test_the_etag_differs_between_wallets(desk: Desk) -> None:
    mine, theirs = desk.token(), desk.token("acct_b")

    assert etag(desk, mine) != etag(desk, theirs)
    assert desk.get("/api/credits/balance", token=theirs, If_None_Match=etag(desk, mine)).status == 200


def test_a_purchase_that_waits_for_its_money_is_not_in_the_balance(desk: Desk) -> None:
    desk.pay(desk.buy(), "bank_debit")

    assert (balance(desk)["available"], balance(desk)["seq"]) == (0, 0)


def test_a_past_balance_is_told_and_a_future_one_is_refused(desk: Desk) -> None:
    before = desk.premises.now()
    desk.premises.advance(hours=1)
    desk.pay(desk.buy())
    desk.premises.advance(minutes=20)
    paid = balance(desk)

    then = desk.get(f"/api/credits/balance?at={before:%Y-%m-%dT%H:%M:%SZ}").json()
    now = desk.get(f"/api/credits/balance?at={paid['as_of']}").json()
    future = desk.get("/api/credits/balance?at=2999-01-01T00:00:00Z")

    assert (then["available"], then["seq"], then["lots"]) == (0, 0, [])
    assert (now["available"], now["seq"]) == (1000, 1)
    assert (future.status, future.json()["field"]) == (400, "at")
