"""Erasure over HTTP: what identifies a person is gone from every item of every table, and the ledger stands."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chalicelib.domain.folding import fold
from chalicelib.domain.ledger import Entry
from local.replies import Reply
from tests.api.desk import Desk
from tests.api.erased import EMAIL, TEAM, erase, found, live, marked
from tests.exported import judged
from tests.webhooks.premises import WALLET

Names = list[tuple[str, str]]
MINE = f"w#{WALLET}"


@dataclass(frozen=True)
class Past:
    """What was there before the erasure, and how that was answered; nothing here writes afterwards."""

    desk: Desk
    marks: Names
    links: Names
    secrets: Names
    histories: dict[str, list[Entry]]
    reply: Reply


@pytest.fixture(scope="module")
def past(building: Desk) -> Past:
    building.reset()
    live(building)
    marks, links, secrets = marked(building), linked(building), hidden(building)
    histories = {wallet: building.premises.history(wallet) for wallet in (WALLET, TEAM)}
    return Past(building, marks, links, secrets, histories, erase(building))


def linked(desk: Desk) -> Names:
    """The wallet's items with an address of the web in them."""
    return [name for name in found(desk, lambda word: "://" in word) if name[0] == MINE]


def hidden(desk: Desk) -> Names:
    return found(desk, lambda word: "whsec_" in word)


def test_the_life_had_marks_in_every_kind_of_item_that_takes_them(past: Past) -> None:
    kinds = {(wallet, sk.partition("#")[0]) for wallet, sk in past.marks}

    assert kinds == {(MINE, "e"), (f"w#{TEAM}", "e"), (MINE, "p"), (MINE, "contact"), (MINE, "customer")}
    assert {sk.partition("#")[0] for _, sk in past.links} == {"c", "contact", "i", "p", "r"}
    assert past.secrets == [(MINE, "contact")]


def test_every_kind_of_item_that_there_is_was_there(past: Past) -> None:
    """But for a day that ended and a hundredth entry: they hold numbers alone."""
    tables = past.desk.premises.items()
    kinds = {item["sk"]["S"].partition("#")[0] for items in tables.values() for item in items if "sk" in item}

    assert kinds == {*"pcqrist", "customer", "contact", "erasure", "e", "k", "n"}


def test_after_the_erasure_no_mark_is_anywhere(past: Past) -> None:
    assert (marked(past.desk), linked(past.desk), hidden(past.desk)) == ([], [], [])
    assert found(past.desk, lambda word: EMAIL.partition("@")[2] in word) == []


def test_the_answer_says_how_far_it_came(past: Past) -> None:
    last = len(past.histories[WALLET])

    assert (past.reply.status, past.reply.headers["cache-control"]) == (200, "no-store")
    assert past.reply.json() == {
        "wallet_id": WALLET,
        "entry_id": f"{WALLET}:{last + 1}",
        "seq": last + 1,
        "erased_up_to": last,
        "erased": last,
        "done": True,
    }


def test_the_ledger_stands(past: Past) -> None:
    premises = past.desk.premises
    for wallet, before in past.histories.items():
        after = premises.history(wallet)
        assert premises.faults(wallet) == []
        assert fold(wallet, after).head == premises.wallet(wallet).head
        for was, now in zip(before, after, strict=False):
            assert (now.canonical, now.hash) == (was.canonical, was.hash)


def test_all_entries_but_the_one_that_says_so_are_erased(past: Past) -> None:
    *erased, said = past.desk.premises.history()

    assert [entry.private for entry in erased] == [None] * len(past.histories[WALLET])
    assert said.private
    assert said.private.fields == {"actor": "boss", "reason": "ticket 4711"}


def test_of_another_wallet_only_the_other_ends_of_transfers_are_erased(past: Past) -> None:
    history = past.desk.premises.history(TEAM)

    assert [entry.kind for entry in history if not entry.private] == ["transfer_in", "transfer_out"]
    assert [entry.kind for entry in history if entry.private] == ["grant"]


def test_history_says_that_it_is_erased(past: Past) -> None:
    first, *others = past.desk.get("/api/credits/history?limit=100").json()["entries"]

    assert (first["kind"], first["settings"], first["actor"], first["reason"]) == (
        "settings",
        "erasure",
        "boss",
        "ticket 4711",
    )
    assert first["erased_up_to"] == len(others)
    assert all(entry["actor"] is None and entry["erased"] for entry in others)
    assert not any({"reason", "note", "labels"} & entry.keys() for entry in others)


def test_an_export_still_verifies(past: Past) -> None:
    page = past.desk.get("/api/credits/export?limit=1000")

    assert "next-cursor" not in page.headers
    told = judged(page.body, head=past.desk.premises.wallet().head.hex())
    assert (told["faults"], told["erased"]) == ([], past.desk.premises.wallet().seq - 1)


def test_no_hash_of_what_was_asked_is_left_to_try_guesses_on(past: Past) -> None:
    usage = past.desk.premises.items()[past.desk.premises.store.names.usage]
    receipts = {item["sk"]["S"][2:]: item["h"]["B"] for item in usage if item["sk"]["S"].startswith("k#")}
    mine = {key for key in receipts if any(receipts[key])}
    assert mine == {"a e1", "c t2"}  # the erasure's own, and that of the team's transfer
    assert len(receipts) > 12
