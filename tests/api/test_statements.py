"""Statements as JSON and as CSV: what callers get, and every refusal."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.store.requests import key_of
from chalicelib.store.tables import day_key
from tests.api.desk import Desk, refusal
from tests.webhooks.premises import WALLET
from tests.webhooks.trouble import throttled, trouble

STATEMENT = "/api/credits/statement"
MEMBER = (("team_a", "member"),)
FIELDS = [
    *("wallet_id", "month", "opening", "bought", "granted", "used", "expired", "revoked", "restored", "adjusted"),
    *("sent", "received", "recalled", "paid_to_debt", "closing", "held_at_close", "debt_at_open", "debt_at_close"),
    *("from_seq", "to_seq", "head", "complete"),
]
Json = dict[str, Any]


def spent(desk: Desk) -> None:
    """1,000 credits are bought on 22 November and 50 used; 10 more are used on 2 December."""
    desk.pay(desk.buy())
    desk.use(60, key="u1")
    desk.premises.advance(days=10)
    desk.use(10, key="u2")


def statement(desk: Desk, month: str | None = None, **more: Any) -> Json:
    reply = desk.get(STATEMENT + (f"?month={month}" if month else ""), **more)
    assert reply.status == 200
    said: Json = reply.json()
    return said


def test_a_statement_says_what_a_month_brought_and_took(desk: Desk) -> None:
    spent(desk)

    reply = desk.get(f"{STATEMENT}?month=2026-11")

    november, december = reply.json(), statement(desk, "2026-12")
    assert list(november) == [*FIELDS, "entries"]
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert "Accept" in reply.headers["vary"]
    zeros = dict.fromkeys([*FIELDS[5:16], "granted", "debt_at_open", "debt_at_close"], 0)
    head = desk.premises.history()[1].hash.hex()
    assert november == zeros | {
        "wallet_id": WALLET,
        "month": "2026-11",
        "opening": 0,
        "bought": 1000,
        "used": 50,
        "closing": 950,
        "held_at_close": 0,
        "debt_at_close": 0,
        "from_seq": 1,
        "to_seq": 2,
        "head": head,
        "complete": True,
        "entries": [
            {"kind": "notice", "count": 1, "credits": 0},  # the use crossed the quota's lines
            {"kind": "purchase", "count": 1, "credits": 1000},
            {"kind": "usage", "count": 1, "credits": -50},
        ],
    }
    assert (december["opening"], december["used"], december["closing"]) == (950, 50, 900)
    assert (december["from_seq"], december["to_seq"], december["complete"]) == (3, 3, False)
    assert december["head"] == desk.premises.wallet().head.hex()


def test_without_a_month_it_is_the_one_that_runs(desk: Desk) -> None:
    spent(desk)

    assert statement(desk) == statement(desk, "2026-12")
    desk.premises.advance(days=30)
    assert statement(desk).items() >= {"month": "2027-01", "opening": 900, "closing": 900, "entries": []}.items()


def test_a_wallet_without_a_past_has_a_statement_of_zeros(desk: Desk) -> None:
    said = statement(desk)

    assert said.items() >= {"month": "2026-11", "from_seq": 1, "to_seq": 0, "head": "0" * 64, "entries": []}.items()
    assert not any(said[name] for name in FIELDS[2:18])
    assert statement(desk, "1970-01")["complete"] is True


@pytest.mark.parametrize(
    "month",
    [
        *("", "2026", "2026-13", "2026-1", "2026-11-01", "11-2026", "2026-11T", "november", "0000-01", "1969-12", "é"),
        *("2026-11 ", "-026-11", "２０２６-11", "2026-11\n", "9" * 5000),
    ],
)
def test_what_is_no_month_is_refused(desk: Desk, month: str) -> None:
    refusal(desk.get(f"{STATEMENT}?month={quote(month)}"), 400, "invalid_request", "month")
    assert desk.premises.aws == []


@pytest.mark.parametrize("month", ["2026-12", "2027-11", "9999-12"])
def test_a_month_that_has_not_begun_is_refused(desk: Desk, month: str) -> None:
    refusal(desk.get(f"{STATEMENT}?month={month}"), 400, "invalid_request", "month")
    assert desk.premises.aws == []


def test_a_month_that_comes_twice_is_refused(desk: Desk) -> None:
    refusal(desk.get(f"{STATEMENT}?month=2026-11&month=2026-11"), 400, "invalid_request", "month")


def test_a_statement_as_csv_is_a_line_of_names_and_a_line_of_values(desk: Desk) -> None:
    spent(desk)

    reply = desk.get(f"{STATEMENT}?month=2026-11", Accept="text/csv")

    assert (reply.status, reply.headers["content-type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert (reply.headers["cache-control"], "Accept" in reply.headers["vary"]) == ("no-store", True)
    assert reply.body.count(b"\r\n") == reply.body.count(b"\n") == 2
    names, values = csv.reader(StringIO(reply.body.decode(), newline=""))
    said = statement(desk, "2026-11")
    assert names == FIELDS
    assert values == [str(said[name]).lower() if name == "complete" else str(said[name]) for name in FIELDS]


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        *(("text/csv", "csv"), ("TEXT/CSV", "csv"), ("text/csv;q=0.001", "csv"), ("text/*", "csv")),
        *(("text/csv; charset=utf-8; q=0.9, application/json;q=0.8", "csv"), ("text/csv, */*;q=0.1", "csv")),
        *(("text/csv;q=0.5, text/*;q=0.1, application/json;q=0.4", "csv"), ("application/json;q=0, */*", "csv")),
        *(("text/csv,application/json;q=1.1", "csv"), ("*/*;q=0.5,application/*;q=0.1", "csv")),
        *(("", "json"), ("*/*", "json"), ("application/json", "json"), ("text/csv, application/json", "json")),
        *(("text/csv;q=0.5, application/json", "json"), ("text/csv;q=0", "json"), ("text/csv;q=0, */*;q=0.1", "json")),
        *(("image/png", "json"), ("text/csvx", "json"), ("text", "json"), (",;q=,=", "json"), ("text/csv;q=2", "json")),
        *(("text/csv;q=-1", "json"), ("text/csv;q=1e9", "json"), ("text/csv;q=nan", "json"), ("text/html", "json")),
        *(("text/csv;q=0.5, text/*, application/json;q=0.6", "json"), ("application/csv", "json")),
    ],
)
def test_the_form_that_is_liked_better_is_sent(desk: Desk, accept: str, wanted: str) -> None:
    reply = desk.get(STATEMENT, Accept=accept)

    assert reply.headers["content-type"].partition(";")[0] == {"csv": "text/csv", "json": "application/json"}[wanted]


def test_a_refusal_is_problem_json_whatever_is_accepted(desk: Desk) -> None:
    refusal(desk.get(f"{STATEMENT}?month=x", Accept="text/csv"), 400, "invalid_request", "month")


def test_a_teams_statement_is_for_its_members(desk: Desk) -> None:
    desk.give(70, wallet_id="team_a")
    member = desk.token("acct_m", teams=MEMBER)

    said = desk.get(f"{STATEMENT}?wallet=team_a", token=member).json()

    assert (said["wallet_id"], said["granted"], said["closing"]) == ("team_a", 70, 70)
    assert statement(desk, token=member)["closing"] == 0
    refusal(desk.get(f"{STATEMENT}?wallet=team_b", token=member), 404, "not_found")


def test_a_statement_reads_three_items_or_so(desk: Desk) -> None:
    spent(desk)
    desk.premises.forget_calls()

    statement(desk, "2026-12")

    assert desk.premises.aws == ["GetItem", "Query", "Query"]


def test_books_that_do_not_come_out_are_our_mistake_and_not_stated(desk: Desk) -> None:
    spent(desk)
    key = key_of(WALLET, day_key(desk.premises.history()[0].at.date()))
    desk.premises.store.connection.dispatch("DeleteItem", {"TableName": "usage", "Key": key})

    refusal(desk.get(f"{STATEMENT}?month=2026-12"), 500, "internal")
    assert any("BooksDiffer" in json.dumps(line, default=str) for line in desk.premises.lines)


def test_a_store_that_is_asked_too_much_is_busy(desk: Desk) -> None:
    spent(desk)
    for operation in ("GetItem", "Query"):
        with trouble(desk.premises, operation, throttled):
            reply = desk.get(STATEMENT)
            refusal(reply, 503, "busy")
            assert reply.headers["retry-after"]
