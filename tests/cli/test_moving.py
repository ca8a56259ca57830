"""What moves credits or money: once per key whichever way, with a reason, asked before it can't be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.seat import API, DIRECT, Seat, past, without
from tests.webhooks.premises import WALLET

ENTRY = {"entry_id", "seq", "available", "paid_to_debt", "lot_id", "key", "replayed", "dry_run"}


def last(seat: Seat) -> Any:
    private = seat.desk.premises.history()[-1].private
    assert private
    return private.fields


def test_a_grant_is_done_once_however_often_and_whichever_way(seat: Seat) -> None:
    typed = ("grant", WALLET, "500", "--reason", "thanks", "--expires", "2027-01-01", "--key", "g1")

    first = seat.told(*typed)
    again = [seat.told(*typed, way=way) for way in (DIRECT, API)]

    assert first.keys() == ENTRY
    assert (first["available"], first["replayed"], first["key"]) == (500, False, "g1")
    assert again == [{**first, "replayed": True}] * 2
    assert len(seat.desk.premises.history()) == 1
    [lot] = seat.desk.premises.wallet().lots
    assert (lot.granted, str(lot.expires_at)) == (500, "2027-01-01 00:00:00+00:00")


def test_who_and_why_stand_in_the_entry(direct: Seat) -> None:
    direct.run("--as", "grace", "grant", WALLET, "5", "--reason", "thanks")
    assert last(direct) == {"actor": "grace", "reason": "thanks"}

    direct.run("adjust", WALLET, "-5", "-r", "counted twice")
    assert last(direct) == {"actor": "ada", "reason": "counted twice"}


def test_a_key_is_made_for_each_run_and_said(seat: Seat) -> None:
    typed = ("grant", WALLET, "5", "--reason", "thanks")

    one, other = seat.told(*typed), seat.told(*typed)

    assert one["key"] != other["key"]
    assert seat.desk.premises.wallet().available(seat.desk.premises.now()) == 10
    said = seat.run(*typed)
    key = said.err.split()[1]
    assert f"--key {key}" in said.err
    assert key in said.out


def test_a_key_that_was_used_for_something_else_is_refused(seat: Seat) -> None:
    seat.run("grant", WALLET, "5", "--reason", "thanks", "--key", "k")

    ended = seat.run("grant", WALLET, "6", "--reason", "thanks", "--key", "k")

    assert (ended.code, ended.out) == (1, "")
    assert "tally: This Idempotency-Key was used for another request. (key_reused)\n" in ended.err
    assert seat.run("grant", WALLET, "5", "--reason", "thanks", "--key", "not a key").code == 2


def test_an_adjustment_goes_either_way_and_not_below_what_is_free(seat: Seat) -> None:
    assert seat.told("adjust", WALLET, "30", "--reason", "found")["available"] == 30
    assert seat.told("adjust", WALLET, "-10", "--reason", "lost")["available"] == 20

    refused = seat.told("adjust", WALLET, "-21", "--reason", "lost", code=1)

    assert refused["error"]["code"] == "unprocessable"
    assert seat.told("adjust", WALLET, "0", "--reason", "nothing", code=1)["error"]["field"] == "credits"


def test_a_frozen_wallet_is_shown_so_until_it_is_let_go(seat: Seat) -> None:
    frozen = seat.run("freeze", WALLET, "--reason", "odd")
    assert frozen.out.startswith("frozen")
    assert "frozen" in seat.run("wallet", WALLET).out

    assert seat.told("unfreeze", WALLET, "--reason", "looked at")["frozen"] is False
    assert not seat.desk.premises.wallet().frozen


def test_a_refund_is_asked_about_first_and_made_once(seat: Seat) -> None:
    purchase_id = past(seat.desk)
    typed = ("refund", WALLET, purchase_id, "--reason", "not wanted", "--amount", "250", "--key", "r1")

    assert seat.run(*typed, answers="n\n").code == 2
    assert seat.run(*typed).code == 2
    assert seat.told(*typed, code=2)["error"]["code"] == "usage"
    assert len(seat.desk.premises.history()) == 5

    done = seat.run(*typed, answers="y\n")
    assert done.code == 0
    assert "\nrefunded\n" in done.out
    again = seat.told(*typed, "--yes")
    assert (again["amount_minor"], again["revoked"], again["replayed"]) == (250, 250, True)
    more = seat.told("refund", WALLET, purchase_id, "--reason", "x", "--amount", "751", "--yes", code=1)
    assert more["error"]["detail"] == "amount_minor: 750 are left to refund"


@pytest.mark.parametrize(
    "typed",
    [
        ("grant", WALLET, "5"),
        ("adjust", WALLET, "5"),
        ("refund", WALLET, "pur_01kajy9w0001234567ab"),
        ("freeze", WALLET),
        ("unfreeze", WALLET),
    ],
)
def test_without_a_reason_nothing_is_done(direct: Seat, typed: tuple[str, ...]) -> None:
    direct.desk.premises.forget_calls()

    ended = direct.run(*typed, "--yes") if typed[0] == "refund" else direct.run(*typed)

    assert ended.code == 2
    assert "--reason" in ended.err
    assert direct.desk.premises.is_untouched
    assert direct.run(*typed, "--reason", "").code in (1, 2)


@pytest.mark.parametrize(
    "typed",
    [
        ("grant", WALLET, "500", "--reason", "x"),
        ("adjust", WALLET, "-50", "--reason", "x"),
        ("freeze", WALLET, "--reason", "x"),
        ("unfreeze", WALLET, "--reason", "x"),
        ("refund", WALLET, "PURCHASE", "--reason", "x"),
    ],
)
def test_a_dry_run_says_what_would_be_and_writes_nothing(seat: Seat, typed: tuple[str, ...]) -> None:
    purchase_id = past(seat.desk)
    named = [each.replace("PURCHASE", purchase_id) for each in typed]
    if typed[0] == "unfreeze":
        seat.desk.freeze()
    seat.desk.premises.forget_calls()

    with seat.desk.changing_nothing():
        told, shown = seat.told(*named, "--dry-run"), seat.run(*named, "--dry-run")

    assert (told["dry_run"], told["replayed"], shown.code) == (True, False, 0)
    assert "nothing was written" in shown.out
    assert shown.is_narrow


def test_straight_at_the_tables_a_dry_run_decides_for_real(direct: Seat) -> None:
    purchase_id = past(direct.desk)

    assert direct.told("grant", WALLET, "500", "--reason", "x", "--dry-run")["available"] == 1370
    assert direct.told("adjust", WALLET, "-9999", "--reason", "x", "--dry-run", code=1)["error"]["code"]
    refund = direct.told("refund", WALLET, purchase_id, "--reason", "x", "--dry-run")
    assert refund["amount_minor"] == 1000
    direct.run("grant", WALLET, "500", "--reason", "x", "--key", "g1")
    assert direct.told("grant", WALLET, "500", "--reason", "x", "--key", "g1", "--dry-run")["replayed"]
    assert direct.told("grant", WALLET, "501", "--reason", "x", "--key", "g1", "--dry-run", code=1)


def test_over_the_api_a_dry_run_says_what_would_be_sent(remote: Seat) -> None:
    past(remote.desk)

    told = remote.told("grant", WALLET, "500", "--reason", "x", "--dry-run")

    assert without(told, "key", "replayed", "dry_run") == {
        "post": f"/api/admin/wallets/{WALLET}/grants",
        "body": {"credits": 500, "reason": "x", "priority": 50},
        "decided": False,
        "available": 870,
        "frozen": False,
    }


def test_an_event_that_was_kept_aside_is_listed_and_replayed(seat: Seat) -> None:
    premises = seat.desk.premises
    begun = premises.buy()
    premises.hold()
    premises.session(begun)["amount_subtotal"] = 999
    premises.pay(begun)
    [event] = premises.events("checkout.session.completed")
    premises.deliver(event)

    [listed] = seat.told("quarantine")["events"]
    assert (listed["event_id"], listed["purchase_id"]) == (event, begun.purchase.purchase_id)
    assert event in seat.run("quarantine").out
    before = premises.items()
    assert event in seat.run("replay", event, "--dry-run").out
    assert premises.items() == before

    assert seat.told("replay", event, code=2)["error"]["code"] == "usage"
    assert seat.told("replay", event, "--yes")["outcome"] == "quarantined"
    premises.session(begun)["amount_subtotal"] = 1000
    assert seat.told("replay", event, "--yes")["outcome"] == "settled"
    assert seat.told("quarantine")["events"] == []
    assert seat.told("replay", "evt_none", "--yes", code=1)["error"]["code"] == "not_found"


def test_words_of_others_do_not_drive_the_terminal(direct: Seat) -> None:
    direct.run("grant", WALLET, "5", "--reason", "\x1b[31m[bold]red[/bold]\x1b[0m")

    shown = direct.run("history", WALLET).out

    assert "\x1b" not in shown
    assert "[bold]" in shown
