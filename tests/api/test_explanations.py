"""Explanations: a customer asks how an entry came to its credits, and can check the answer."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from chalicelib.domain.arithmetic import evaluate
from tests.api.desk import ADMIN, SERVICE, Desk, refusal

MEMBER = (("team_a", "member"),)


def path_of(seq: int | str) -> str:
    return f"/api/credits/entries/{seq}/explanation"


def test_a_use_after_a_purchase_is_explained(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.use(60, key="u1")

    reply = desk.get(path_of(2))

    included = "The plan includes 50, and beyond that it takes 5 credits each. The quota takes 50."
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    assert reply.json() == {
        "seq": 2,
        "kind": "usage",
        "steps": [
            {
                "text": "With this entry 100 % of the quota of pull requests is reached.",
                "expression": "0",
                "value": 0,
            },
            {"text": "Pull requests: 0 so far in this period, and 60 more.", "expression": "0 + 60", "value": 60},
            {"text": included, "expression": "min(60, 50) - min(0, 50)", "value": 50},
            {"text": "All 60 cost 50 credits.", "expression": "max(60 - 50, 0) * 5", "value": 50},
            {"text": "The 0 before cost no credits.", "expression": "max(0 - 50, 0) * 5", "value": 0},
            {"text": "So the use takes 50 credits.", "expression": "0 - 50", "value": -50},
        ],
        "draws": [{"lot_id": "lot_1", "credits": -50, "because": "the only lot"}],
        "credits": -50,
    }


def test_every_entry_of_a_history_is_explained_as_it_was_written(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.give(40, ends_at=desk.premises.at.replace(year=2027))
    desk.use(55, key="u1")
    held = desk.place(credits=20).json()["hold_id"]
    desk.capture(held, credits=5)
    desk.transfer(10, "team_a", token=desk.token(teams=MEMBER))
    desk.freeze()
    entries = desk.get("/api/credits/history").json()["entries"]
    assert len(entries) == 7

    for entry in entries:
        told = desk.get(path_of(entry["seq"])).json()
        assert (told["seq"], told["kind"], told["credits"]) == (entry["seq"], entry["kind"], entry["credits"])
        assert [{"lot_id": draw["lot_id"], "credits": draw["credits"]} for draw in told["draws"]] == entry["draws"]
        assert [evaluate(step["expression"]) for step in told["steps"]] == [step["value"] for step in told["steps"]]
        assert told["steps"][-1]["value"] == told["credits"]


def test_an_explanation_says_why_a_lot_paid_first(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.give(3, ends_at=desk.premises.at.replace(day=30))
    desk.use(52, key="u1")

    assert desk.get(path_of(3)).json()["draws"] == [
        {"lot_id": "lot_2", "credits": -3, "because": "ends first, on 30 November 2026"},
        {"lot_id": "lot_1", "credits": -7, "because": "the only lot left"},
    ]


def test_an_explanation_stays_as_it_was_said(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.use(60, key="u1")
    before = desk.get(path_of(2)).body
    desk.premises.advance(days=40)
    desk.give(3)

    assert desk.get(path_of(2)).body == before


def test_a_member_of_a_team_may_read_its_explanations(desk: Desk) -> None:
    desk.give(10, wallet_id="team_a")

    told = desk.get(f"{path_of(1)}?wallet=team_a", token=desk.token(teams=MEMBER)).json()

    assert (told["kind"], told["credits"]) == ("grant", 10)


def test_another_wallets_entry_looks_like_one_that_does_not_exist(desk: Desk) -> None:
    desk.give(10, wallet_id="acct_b")
    desk.give(10, wallet_id="team_a")
    desk.premises.forget_calls()

    replies = [desk.get(f"{path_of(1)}{query}") for query in ("", "?wallet=acct_b", "?wallet=team_a", "?wallet=acct_c")]

    assert {reply.body for reply in replies} == {replies[0].body}
    for reply in replies:
        refusal(reply, 404, "not_found")


MALFORMED = [
    *("0", "00", "01", "-1", "+1", "1.0", "1e1", "0x1", "x", "1x", " 1", "1 ", "1_0", "１", "é", "lot_1", "acct_a:1"),
    *("1000000000000", "9" * 400, "e#000000000001", "1\n", "*", "{seq}"),
]


@pytest.mark.parametrize("seq", MALFORMED)
def test_what_is_no_number_of_an_entry_is_not_found_and_nothing_is_read(desk: Desk, seq: str) -> None:
    refusal(desk.get(path_of(quote(seq, safe=""))), 404, "not_found")
    assert desk.premises.aws == []


@pytest.mark.parametrize("seq", [2, 999_999_999_999])
def test_an_entry_that_there_is_not_yet_is_not_found(desk: Desk, seq: int) -> None:
    desk.give(10)

    with desk.changing_nothing():
        refusal(desk.get(path_of(seq)), 404, "not_found")


def test_explanations_are_for_customers(desk: Desk) -> None:
    desk.give(10)

    refusal(desk.ask("GET", path_of(1)), 401, "unauthenticated")
    for scope in (SERVICE, ADMIN, ""):
        refusal(desk.get(path_of(1), token=desk.token(scope=scope)), 403, "forbidden")


def test_an_explanation_writes_nothing_and_reads_little(desk: Desk) -> None:
    desk.give(10)
    desk.use(51, key="u1")

    with desk.changing_nothing():
        assert desk.get(path_of(2)).status == 200
        assert desk.premises.aws == ["GetItem", "Query"]
