"""Exports page by page, over a past that stands: what callers get, that it verifies, and every refusal."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.api import cursors
from chalicelib.api.statement_views import EXPORT as LIST
from chalicelib.domain.exports import Place
from chalicelib.store.requests import key_of
from chalicelib.store.tables import entry_key
from local.replies import Reply
from tests.api.desk import Desk, refusal
from tests.api.pages import past
from tests.exported import judged
from tests.webhooks.premises import WALLET
from tests.webhooks.trouble import throttled, trouble

EXPORT, STATEMENT = "/api/credits/export", "/api/credits/statement"
MEMBER, OWNER = (("team_a", "member"),), (("team_a", "owner"),)
ENTRIES, ERASED = 29, (2, 9)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def told(building: Desk) -> Desk:
    """A desk with a past, of which two entries' private fields were erased; nothing here adds to it."""
    building.reset()
    past(building)
    for _ in range(ENTRIES - 9):
        building.give(1)
    building.give(70, wallet_id="team_a")
    building.buy("k2", token=building.token("acct_b"))
    for seq in ERASED:
        request = {"TableName": "usage", "Key": key_of(WALLET, entry_key(seq)), "UpdateExpression": "REMOVE s, p"}
        building.premises.store.connection.dispatch("UpdateItem", request)
    return building


def pages(desk: Desk, *, limit: int | None = None, token: str | None = None, query: str = "") -> list[Reply]:
    """Follow the cursors from the first page to the last."""
    told, cursor = list[Reply](), ""
    while True:
        asked = f"{EXPORT}?{query}" + (f"&limit={limit}" if limit else "") + (f"&cursor={cursor}" if cursor else "")
        told.append(desk.get(asked, token=token))
        assert told[-1].status == 200
        cursor = told[-1].headers.get("next-cursor", "")
        if not cursor:
            return told
        assert len(told) < 100


def lines(replies: list[Reply]) -> list[Json]:
    return [json.loads(line) for reply in replies for line in reply.body.splitlines()]


def cursor_of(desk: Desk, limit: int = 3) -> str:
    return str(desk.get(f"{EXPORT}?limit={limit}").headers["next-cursor"])


def test_an_export_is_all_there_is_and_verifies(told: Desk) -> None:
    statements = [told.get(f"{STATEMENT}?month={month}").json() for month in ("2026-10", "2026-11")]

    (reply,) = pages(told)

    assert (reply.headers["content-type"], reply.headers["cache-control"]) == ("application/x-ndjson", "no-store")
    found = judged(reply.body, *statements, head=told.premises.wallet().head.hex())
    assert found["faults"] == []
    assert found["credits"]["left"] == told.get("/api/credits/balance").json()["available"]
    assert found["erased"] == len(ERASED)
    said, history = lines([reply]), told.premises.history()
    assert [line["canonical"].encode() for line in said[:ENTRIES]] == [each.canonical for each in history]
    assert [line["hash"] for line in said[:ENTRIES]] == [each.hash.hex() for each in history]
    for line, entry in zip(said, history, strict=False):
        assert line.get("private_fields", {}).get("fields") == (entry.private.fields if entry.private else None)
        assert ("private_fields" in line) == (entry.seq not in ERASED)
    lots = [line["lot"] for line in said if "lot" in line]
    assert lots == told.get("/api/credits/balance").json()["lots"]
    (purchase,) = (line["purchase"] for line in said if "purchase" in line)
    assert purchase == told.get(f"/api/credits/purchases/{purchase['purchase_id']}").json()
    assert said[-1].items() >= {"seq": ENTRIES, "next_cursor": None, "wallet_id": WALLET}.items()


def test_an_export_of_a_wallet_without_a_past_is_its_end(told: Desk) -> None:
    (reply,) = pages(told, token=told.token("acct_never"))

    (end,) = lines([reply])
    assert end.items() >= {"head": "0" * 64, "next_cursor": None, "seq": 0, "wallet_id": "acct_never"}.items()
    assert judged(reply.body)["holds"]


def test_what_was_never_paid_is_exported_as_well(told: Desk) -> None:
    (reply,) = pages(told, token=told.token("acct_b"))

    purchase, end = lines([reply])
    assert (purchase["purchase"]["status"], end["seq"]) == ("pending", 0)
    assert judged(reply.body)["holds"]


@pytest.mark.parametrize("limit", [2, 7, 28, 29, 30, 1000])
def test_pages_put_together_are_the_whole_export(told: Desk, limit: int) -> None:
    replies = pages(told, limit=limit)

    for page in replies:
        said = lines([page])
        assert sum("canonical" in line or "purchase" in line for line in said) <= limit
        assert page.headers.get("next-cursor") == said[-1]["next_cursor"]
    assert len(replies) == -(-(ENTRIES + 1) // limit)  # and a purchase
    entries = [line["canonical"].encode() for line in lines(replies) if "canonical" in line]
    assert entries == [each.canonical for each in told.premises.history()]
    assert judged(b"".join(page.body for page in replies))["faults"] == []


def test_an_unasked_limit_is_1000(told: Desk) -> None:
    (page,) = pages(told)

    assert page.body == told.get(f"{EXPORT}?limit=1000").body


def test_a_page_reads_no_more_than_it_shows_and_never_scans(told: Desk) -> None:
    cursor = cursor_of(told, 20)
    asked = []
    for path in (f"{EXPORT}?limit=4", f"{EXPORT}?limit=4&cursor={cursor}", f"{EXPORT}?cursor={cursor}"):
        told.premises.forget_calls()
        told.get(path)
        asked.append(told.premises.aws[:])

    assert asked == [["GetItem", "Query"], ["GetItem", "Query"], ["GetItem", "Query", "Query"]]


def test_a_store_that_is_asked_too_much_is_busy(told: Desk) -> None:
    for operation in ("GetItem", "Query"):
        with trouble(told.premises, operation, throttled):
            reply = told.get(EXPORT)
            refusal(reply, 503, "busy")
            assert reply.headers["retry-after"]


WRONG = ["0", "1001", "-1", "+1", "1.0", "1e3", "ten", "", " 5", "5 ", "0x5", "５", "9" * 20]


@pytest.mark.parametrize("limit", WRONG)
def test_a_limit_that_is_wrong_is_refused(told: Desk, limit: str) -> None:
    told.premises.forget_calls()

    refusal(told.get(f"{EXPORT}?limit={quote(limit)}"), 400, "invalid_request", "limit")
    assert told.premises.aws == []


@pytest.mark.parametrize("name", ["limit", "cursor"])
def test_a_parameter_that_comes_twice_is_refused(told: Desk, name: str) -> None:
    refusal(told.get(f"{EXPORT}?{name}=5&{name}=5"), 400, "invalid_request", name)


def test_a_cursor_that_was_changed_is_refused(told: Desk) -> None:
    cursor = cursor_of(told)
    changed = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(0, len(cursor), 5)]

    for each in (*changed, cursor[:-1], cursor + "A", cursor + "=", cursor[::-1], "x", "é", "e.0", "-" * 300):
        refusal(told.get(f"{EXPORT}?cursor={quote(each)}"), 400, "invalid_request", "cursor")


def test_a_cursor_of_another_wallet_or_list_is_refused(told: Desk) -> None:
    cursor, owner = cursor_of(told), told.token(teams=OWNER)
    of_history = told.get("/api/credits/history?limit=1").json()["next_cursor"]

    refusal(told.get(f"{EXPORT}?wallet=team_a&cursor={cursor}", token=owner), 400, "invalid_request", "cursor")
    refusal(told.get(f"{EXPORT}?cursor={cursor}", token=told.token("acct_b")), 400, "invalid_request", "cursor")
    refusal(told.get(f"{EXPORT}?cursor={of_history}"), 400, "invalid_request", "cursor")


def test_a_cursor_that_was_made_up_leads_nowhere(told: Desk) -> None:
    """The check in a cursor is no secret; but the chain tells which places there are."""
    entries = told.premises.history()
    made_up = ["nowhere", "e.1." + "0" * 128]
    made_up += [str(Place(seq=seq, head=entries[place].hash)) for seq, place in ((2, 2), (30, 28), (10**15, 28))]
    made_up += [str(Place(seq=3)), str(Place(seq=ENTRIES))]

    for text in made_up:
        cursor = cursors.write_name(text, WALLET, LIST)
        refusal(told.get(f"{EXPORT}?cursor={cursor}"), 400, "invalid_request", "cursor")


def test_a_teams_export_is_for_its_members(told: Desk) -> None:
    member = told.token("acct_m", teams=MEMBER)

    (page,) = pages(told, token=member, query="wallet=team_a")

    assert judged(page.body).items() >= {"holds": True, "wallet_id": "team_a"}.items()
    refusal(told.get(f"{EXPORT}?wallet=team_b", token=member), 404, "not_found")
