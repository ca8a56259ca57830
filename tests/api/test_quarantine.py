"""Events that were kept aside: an admin lists them, and has them applied once whatever stood in the way is gone."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.services.hearing import MOST_FAILURES
from local.replies import Reply
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal

PATH = "/api/admin/quarantine"
COMPLETED = "checkout.session.completed"
FIELDS = {"event_id", "type", "reason", "at"}
Json = dict[str, Any]


def listed(desk: Desk, query: str = "") -> Json:
    reply = desk.get(PATH + query, token=desk.token("boss", scope=ADMIN))
    assert reply.status == 200, reply.body
    found: Json = reply.json()
    return found


def events(desk: Desk) -> list[str]:
    return [each["event_id"] for each in listed(desk)["events"]]


def replay(desk: Desk, event_id: str, *, key: str | None = "q1") -> Reply:
    return desk.post(f"{PATH}/{event_id}/replay", {}, key=key, token=desk.token("boss", scope=ADMIN))


def session(desk: Desk, bought: Reply) -> Json:
    """Reach into the stand-in for a session, to bend it."""
    found: Json = desk.premises.standin._account.objects["checkout.session"][bought.json()["checkout_session_id"]]
    return found


def odd(desk: Desk, key: str = "k1", *, amount: int = 999) -> tuple[Reply, str]:
    """Have a purchase paid with another amount than its own; it and its event, which is kept aside."""
    desk.premises.hold()
    bought = desk.buy(key)
    desk.pay(bought)
    session(desk, bought)["amount_subtotal"] = amount
    event_id = desk.premises.events(COMPLETED)[-1]
    assert desk.premises.deliver(event_id) == 200
    return bought, event_id


def status(desk: Desk, bought: Reply) -> str:
    said: str = desk.get(bought.headers["location"]).json()["status"]
    return said


def available(desk: Desk) -> int:
    said: int = desk.get("/api/credits/balance").json()["available"]
    return said


def test_with_nothing_kept_aside_the_list_is_empty(desk: Desk) -> None:
    assert listed(desk) == {"events": [], "next_cursor": None}


def test_an_event_that_does_not_fit_is_listed_with_its_reason(desk: Desk) -> None:
    bought, event_id = odd(desk)

    (event,) = listed(desk)["events"]

    assert event.keys() >= FIELDS
    assert (event["event_id"], event["type"]) == (event_id, COMPLETED)
    assert event["reason"].startswith("amount: ")
    assert (event["wallet_id"], event["purchase_id"]) == ("acct_a", bought.json()["purchase_id"])
    assert event["at"] == "2026-11-22T12:00:00.000Z"
    assert (status(desk, bought), available(desk)) == ("review", 0)


def test_what_fits_by_now_is_settled_and_leaves_the_list(desk: Desk) -> None:
    bought, event_id = odd(desk)
    session(desk, bought)["amount_subtotal"] = 1000

    assert desk.premises.deliver(event_id) == 200  # Stripe alone doesn't decide what a person should
    assert (status(desk, bought), events(desk)) == ("review", [event_id])
    reply = replay(desk, event_id)

    assert (reply.status, reply.json()) == (200, {"event_id": event_id, "outcome": "settled"})
    assert (status(desk, bought), available(desk), events(desk)) == ("paid", 1000, [])
    (entry,) = desk.get("/api/credits/history").json()["entries"]
    assert (entry["kind"], entry["actor"]) == ("purchase", "boss")
    refusal(replay(desk, event_id, key="q2"), 404, "not_found")
    assert available(desk) == 1000
    assert desk.premises.faults() == []


def test_what_still_does_not_fit_stays(desk: Desk) -> None:
    bought, event_id = odd(desk)

    reply = replay(desk, event_id)

    assert (reply.status, reply.json()) == (200, {"event_id": event_id, "outcome": "quarantined"})
    assert (status(desk, bought), available(desk), events(desk)) == ("review", 0, [event_id])


def test_an_event_that_was_parked_is_applied_once_its_purchase_is_known(desk: Desk) -> None:
    desk.premises.hold()
    bought = desk.buy()
    desk.pay(bought)
    tags = session(desk, bought)["metadata"]
    right = tags["tally_purchase"]
    tags["tally_purchase"] = "pur_00000000000000000000"
    event_id = desk.premises.events(COMPLETED)[0]
    answers = [desk.premises.deliver(event_id) for _ in range(MOST_FAILURES)]

    (event,) = listed(desk)["events"]
    early = replay(desk, event_id)
    tags["tally_purchase"] = right
    late = replay(desk, event_id)

    assert answers == [503] * (MOST_FAILURES - 1) + [200]
    assert event["reason"].startswith("parked: ")
    refusal(early, 503, "busy")
    assert late.json()["outcome"] == "settled"
    assert (status(desk, bought), available(desk), events(desk)) == ("paid", 1000, [])


@pytest.mark.parametrize("event_id", ["evt_none", "x", "e" * 255])
def test_an_event_that_is_not_kept_aside_is_not_found(desk: Desk, event_id: str) -> None:
    with desk.changing_nothing():
        refusal(replay(desk, event_id), 404, "not_found")


@pytest.mark.parametrize("event_id", ["%00", "a%20b", "q%23evt", "e" * 256, "%C3%A9", "*"])
def test_what_names_no_event_is_not_even_looked_for(desk: Desk, event_id: str) -> None:
    refusal(replay(desk, event_id), 404, "not_found")
    assert desk.premises.is_untouched


def test_a_replay_wants_a_key(desk: Desk) -> None:
    _, event_id = odd(desk)

    for key in (None, "", "a b", "k" * 129):
        refusal(replay(desk, event_id, key=key), 400, "invalid_request", "Idempotency-Key")
    assert events(desk) == [event_id]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
def test_all_pages_together_are_every_event_once(desk: Desk, limit: int) -> None:
    kept = {odd(desk, f"k{number}")[1] for number in range(4)}

    found, cursor = list[str](), ""
    for _ in range(6):
        said = listed(desk, f"?limit={limit}{cursor}")
        found += [each["event_id"] for each in said["events"]]
        assert len(said["events"]) <= limit
        if said["next_cursor"] is None:
            break
        cursor = f"&cursor={said['next_cursor']}"

    assert (len(found), set(found)) == (4, kept)


def test_pages_leave_out_what_was_replayed(desk: Desk) -> None:
    both = [odd(desk, f"k{number}") for number in range(3)]
    bought, event_id = both[1]
    session(desk, bought)["amount_subtotal"] = 1000
    replay(desk, event_id)

    assert set(events(desk)) == {both[0][1], both[2][1]}


def test_a_cursor_that_was_changed_is_refused(desk: Desk) -> None:
    for number in range(2):
        odd(desk, f"k{number}")
    boss = desk.token("boss", scope=ADMIN)
    cursor = listed(desk, "?limit=1")["next_cursor"]
    changed = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor))]
    payments = desk.get("/api/user/payments?limit=1").json()["next_cursor"]

    for each in (*changed, cursor[:-1], cursor + "A", cursor + "=", "x", "é", payments):
        refusal(desk.get(f"{PATH}?cursor={quote(each)}", token=boss), 400, "invalid_request", "cursor")
    assert len(listed(desk, f"?limit=1&cursor={cursor}")["events"]) == 1


@pytest.mark.parametrize("scope", [CUSTOMER, SERVICE, ""])
def test_the_quarantine_is_for_admins_alone(desk: Desk, scope: str) -> None:
    _, event_id = odd(desk)
    token = desk.token(scope=scope)

    with desk.changing_nothing():
        refusal(desk.get(PATH, token=token), 403, "forbidden")
        refusal(desk.post(f"{PATH}/{event_id}/replay", {}, token=token), 403, "forbidden")
        refusal(desk.ask("GET", PATH), 401, "unauthenticated")
        refusal(desk.ask("POST", f"{PATH}/{event_id}/replay"), 401, "unauthenticated")
