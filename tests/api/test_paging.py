"""Page by page through a history that stands: every entry once, whatever the page's size, kind and times."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from urllib.parse import quote

import pytest

from chalicelib.domain.ledger import KINDS
from tests.api.desk import Desk, refusal
from tests.api.pages import HISTORY, all_of, cursor_of, pages, past


@pytest.fixture(scope="module")
def told(building: Desk) -> Desk:
    """A desk with a past: entries 1 to 9, which nothing here adds to."""
    building.reset()
    past(building)
    return building


def test_the_hashes_are_those_of_the_stored_lines(told: Desk) -> None:
    shown = {entry["seq"]: entry["hash"] for entry in told.get(HISTORY).json()["entries"]}

    assert shown == {entry.seq: sha256(entry.canonical).hexdigest() for entry in told.premises.history()}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 8, 9, 10, 100, None])
def test_all_pages_together_are_every_entry_once_newest_first(told: Desk, limit: int | None) -> None:
    assert all_of(told, limit=limit) == [9, 8, 7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, None])
@pytest.mark.parametrize(
    ("kind", "found"), [("usage", [9, 7, 5, 3]), ("grant", [8, 6, 4, 2]), ("purchase", [1]), ("expiry", [])]
)
def test_all_pages_of_one_kind_are_every_entry_of_it_once(
    told: Desk, kind: str, found: list[int], limit: int | None
) -> None:
    assert all_of(told, f"type={kind}", limit=limit) == found
    assert all(entry["kind"] == kind for page in pages(told, f"type={kind}") for entry in page)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_asked_for(told: Desk, kind: str) -> None:
    assert told.get(f"{HISTORY}?type={kind}").status == 200


@pytest.mark.parametrize("limit", [1, 2, None])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from=2026-11-22T14:00:00Z", [9, 8, 7, 6, 5]),
        ("from=2026-11-22T14:00:00.001Z", [9, 8, 7, 6]),
        ("to=2026-11-22T14:00:00Z", [4, 3, 2, 1]),
        ("to=2026-11-22T14:00:00.001Z", [5, 4, 3, 2, 1]),
        ("from=2026-11-22T13:00:00Z&to=2026-11-22T15:00:00Z", [6, 5, 4, 3]),
        ("from=2026-11-22T14:00:00%2B01:00&to=2026-11-22T16:00:00%2B01:00", [6, 5, 4, 3]),
        ("from=2026-11-22T14:00:00+01:00&to=2026-11-22T16:00:00+01:00", [6, 5, 4, 3]),
        ("from=2026-11-22T14:00:00Z&to=2026-11-22T14:00:00Z", []),
        ("from=2020-01-01T00:00:00Z", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("from=2030-01-01T00:00:00Z", []),
        ("to=2020-01-01T00:00:00Z", []),
        ("to=2030-01-01T00:00:00Z", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("type=usage&from=2026-11-22T14:00:00Z", [9, 7, 5]),
        ("type=grant&to=2026-11-22T14:00:00Z", [4, 2]),
        ("type=usage&from=2026-11-22T13:30:00Z&to=2026-11-22T15:30:00Z", [7, 5]),
    ],
)
def test_all_pages_between_two_times_are_every_entry_there_once(
    told: Desk, query: str, found: list[int], limit: int | None
) -> None:
    assert all_of(told, query, limit=limit) == found


def test_a_cursor_that_was_changed_is_refused(told: Desk) -> None:
    cursor = cursor_of(told)
    changed = [cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :] for place in range(27)]
    changed += [cursor[:-1], cursor + "A", cursor + "=", cursor.lower(), cursor[::-1], f" {cursor}"]
    raw = urlsafe_b64decode(cursor + "=")
    changed.append(urlsafe_b64encode((int.from_bytes(raw[:8]) + 1).to_bytes(8) + raw[8:]).decode().rstrip("="))

    for each in changed:
        refusal(told.get(f"{HISTORY}?limit=2&cursor={quote(each)}"), 400, "invalid_request", "cursor")
    assert told.get(f"{HISTORY}?limit=2&cursor={cursor}").status == 200


def test_a_cursor_of_the_own_wallet_is_no_good_for_the_teams(told: Desk) -> None:
    token = told.token(teams=(("team_a", "member"),))

    reply = told.get(f"{HISTORY}?limit=2&wallet=team_a&cursor={cursor_of(told)}", token=token)

    refusal(reply, 400, "invalid_request", "cursor")


@pytest.mark.parametrize("other", ["type=usage", "type=grant", "from=2026-11-22T12:00:00Z", "to=2026-11-23T12:00:00Z"])
def test_a_cursor_of_other_filters_is_refused(told: Desk, other: str) -> None:
    refusal(told.get(f"{HISTORY}?limit=2&{other}&cursor={cursor_of(told)}"), 400, "invalid_request", "cursor")
    filtered = cursor_of(told, f"limit=1&{other}")
    refusal(told.get(f"{HISTORY}?limit=1&cursor={filtered}"), 400, "invalid_request", "cursor")


def test_a_cursor_does_not_mind_another_limit(told: Desk) -> None:
    said = told.get(f"{HISTORY}?limit=100&cursor={cursor_of(told)}").json()

    assert [entry["seq"] for entry in said["entries"]] == [7, 6, 5, 4, 3, 2, 1]
