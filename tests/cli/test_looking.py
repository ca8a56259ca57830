"""What is only looked at says the same both ways, as JSON and to people, and writes nothing."""

from __future__ import annotations

import pytest

from tests.api.desk import Desk
from tests.cli.seat import API, DIRECT, Seat, past, without
from tests.webhooks.premises import WALLET

LOOKS = [
    ("wallet", WALLET),
    ("history", WALLET),
    ("history", WALLET, "--type", "usage", "--from", "2026-11-22", "--to", "2026-11-22T13:00:00Z", "--limit", "1"),
    ("explain", WALLET, "4"),
    ("statement", WALLET),
    ("statement", WALLET, "2026-11"),
    ("hold", "list", WALLET),
    ("trace", f"{WALLET}:1"),
    ("trace", "k1", "--wallet", WALLET),
    ("quarantine",),
    ("verify", WALLET, "--month", "2026-11"),
]


@pytest.fixture(scope="module")
def lived(building: tuple[Desk, str]) -> tuple[Desk, str]:
    """A desk with a past, to which nothing here adds."""
    building[0].reset()
    past(building[0])
    return building


@pytest.fixture
def direct(lived: tuple[Desk, str]) -> Seat:
    return Seat(desk=lived[0], url=lived[1], way=DIRECT)


@pytest.fixture(params=[DIRECT, API])
def seat(request: pytest.FixtureRequest, lived: tuple[Desk, str]) -> Seat:
    return Seat(desk=lived[0], url=lived[1], way=request.param)


@pytest.mark.parametrize("looking", LOOKS, ids=" ".join)
def test_both_ways_say_the_same_and_write_nothing(direct: Seat, looking: tuple[str, ...]) -> None:
    before = direct.desk.premises.items()
    one, other = (direct.told(*looking, way=way) for way in (DIRECT, API))

    assert without(one, "as_of") == without(other, "as_of")
    assert direct.desk.premises.items() == before


@pytest.mark.parametrize("looking", LOOKS, ids=" ".join)
def test_people_get_lines_that_fit_a_terminal(seat: Seat, looking: tuple[str, ...]) -> None:
    ended = seat.run(*looking)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.strip()
    assert ended.is_narrow, ended.out
    assert "\x1b" not in ended.out


def test_a_wallet_shows_its_numbers_with_separators(direct: Seat) -> None:
    shown = direct.run("wallet", WALLET).out

    assert "+1,000" in shown
    assert "Pull requests     60          50" in shown


def test_an_unwritten_wallet_reads_as_zeros(seat: Seat) -> None:
    assert seat.told("wallet", "acct_new")["available"] == 0
    assert seat.told("hold", "list", "acct_new") == {"wallet_id": "acct_new", "held": 0, "holds": []}
    assert "no open holds" in seat.run("hold", "list", "acct_new").out


def test_pages_of_a_history_lead_on(seat: Seat) -> None:
    first = seat.told("history", WALLET, "--limit", "3")
    second = seat.told("history", WALLET, "--limit", "3", "--cursor", first["next_cursor"])

    assert [each["seq"] for page in (first, second) for each in page["entries"]] == [5, 4, 3, 2, 1]
    assert second["next_cursor"] is None
    assert f"--cursor {first['next_cursor'][:20]}" in seat.run("history", WALLET, "--limit", "3").out.replace("\n", "")


def test_the_arithmetic_of_an_entry_is_shown(seat: Seat) -> None:
    shown = seat.run("explain", WALLET, "4").out

    assert "max(60 - 50, 0) * 5 = 50" in shown
    assert seat.told("explain", WALLET, "4")["credits"] == -50


def test_a_statement_as_csv_has_a_line_of_names_and_one_of_values(seat: Seat) -> None:
    ended = seat.run("statement", WALLET, "2026-11", "--csv")

    names, values = ended.out.splitlines()
    assert dict(zip(names.split(","), values.split(","), strict=True))["bought"] == "1000"
    assert seat.run("statement", WALLET, "--csv", "--json").code == 2


@pytest.mark.parametrize(
    ("looking", "says"),
    [
        (("explain", WALLET, "9"), "not_found"),
        (("history", WALLET, "--type", "gift"), "invalid_request"),
        (("history", WALLET, "--cursor", "x"), "invalid_request"),
        (("statement", WALLET, "2026-13"), "invalid_request"),
        (("statement", WALLET, "2027-01"), "invalid_request"),
        (("trace", "nothing/of;the kind"), "not_found"),
        (("trace", "lot_1"), "invalid_request"),
        (("quarantine", "--cursor", "x"), "invalid_request"),
    ],
)
def test_what_is_refused_ends_with_1_and_one_line(seat: Seat, looking: tuple[str, ...], says: str) -> None:
    ended, told = seat.run(*looking), seat.told(*looking, code=1)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("tally: ")
    assert ended.err.endswith(f"({says})\n")
    assert ended.err.count("\n") == 1
    assert told["error"]["code"] == says


@pytest.mark.parametrize(
    "typed",
    [
        ("walet", WALLET),
        ("wallet",),
        ("explain", WALLET, "0"),
        ("history", WALLET, "--limit", "101"),
        ("history", WALLET, "--from", "yesterday"),
    ],
)
def test_what_is_typed_wrongly_ends_with_2(direct: Seat, typed: tuple[str, ...]) -> None:
    assert direct.run(*typed).code == 2
