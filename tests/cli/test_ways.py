"""Two ways to talk: what one doesn't have it says, and no token is ever shown."""

from __future__ import annotations

import pytest

from tests.cli.seat import API, Seat, past
from tests.webhooks.premises import KEY, SECRET, WALLET


@pytest.mark.parametrize("typed", [("reconcile",), ("audit", WALLET), ("seed", "--yes")])
def test_what_the_api_does_not_have_ends_with_2_and_says_so(remote: Seat, typed: tuple[str, ...]) -> None:
    ended = remote.run(*typed)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"tally: the API has no {typed[0]}; unset TALLY_API to go straight to the tables\n"


@pytest.mark.parametrize("typed", [("history", "acct_b"), ("explain", "acct_b", "1"), ("export", "acct_b")])
def test_a_customers_own_reads_want_that_customers_token(remote: Seat, typed: tuple[str, ...]) -> None:
    with remote.desk.changing_nothing():
        ended = remote.run(*typed, *(("--to", "/dev/null/x") if typed[0] == "export" else ()))

    assert ended.code in (1, 2)
    assert ended.err.startswith("tally: ")


@pytest.mark.parametrize(
    ("around", "says"),
    [
        ({"TALLY_OPERATOR": None}, "say who you are: --as NAME, or TALLY_OPERATOR"),
        ({"TALLY_OPERATOR": "a\nb"}, "a name has at most 64 printable characters"),
        ({"TALLY_API": "http://tally.example"}, "TALLY_API: https is wanted, or http on this machine"),
        ({"TALLY_API": "https://tally.example"}, "TALLY_TOKEN is not set"),
        ({"TALLY_TOKEN": "a b"}, "TALLY_TOKEN is no token"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_ends_with_2(direct: Seat, around: dict[str, str], says: str) -> None:
    with direct.desk.changing_nothing():
        ended = direct.run("grant", WALLET, "5", "--reason", "x", **around)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith(f"tally: {says}\n")


def test_an_api_that_does_not_answer_or_is_none_ends_with_1(remote: Seat) -> None:
    gone = remote.run("--api", "http://127.0.0.1:1", "wallet", WALLET)
    other = remote.run("--api", remote.desk.keys.url, "wallet", WALLET)

    assert (gone.code, other.code) == (1, 1)
    assert gone.err.startswith("tally: no answer from http://127.0.0.1:1: ")
    assert gone.err.count("\n") == other.err.count("\n") == 1


def test_a_token_without_the_scope_is_refused(remote: Seat) -> None:
    ended = remote.run("wallet", WALLET, TALLY_TOKEN=remote.desk.token())

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith("(forbidden)\n")


def test_no_secret_is_shown_whatever_goes_wrong(remote: Seat) -> None:
    past(remote.desk)
    token = remote.desk.token(scope="tally:nobody")
    said = [
        remote.run("--debug", "wallet", WALLET, TALLY_TOKEN=token),
        remote.run("--debug", "--api", "http://127.0.0.1:1", "wallet", WALLET, TALLY_TOKEN=token),
        remote.run("wallet", WALLET),
        remote.run("doctor"),
        remote.run("doctor", way="direct"),
    ]

    everything = "".join(ended.out + ended.err for ended in said)
    assert token not in everything
    assert not any(secret in everything for secret in (KEY, SECRET, remote.desk.token(WALLET)))


def test_a_fault_is_one_line_and_its_trace_only_with_debug(direct: Seat) -> None:
    direct.desk.premises.secrets.clear()

    short, long = direct.run("trace", "pi_1"), direct.run("--debug", "trace", "pi_1")

    assert (short.code, short.err.count("\n"), "Traceback" in short.err) == (1, 1, False)
    assert "Traceback" in long.err
    assert direct.told("trace", "pi_1", code=1)["error"]["code"] == "failed"


def test_an_environment_without_settings_is_named(direct: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib import wiring

    monkeypatch.delenv("TALLY_WALLETS_TABLE")
    wiring.install()
    try:
        ended = direct.run("wallet", WALLET)
    finally:
        monkeypatch.undo()
        wiring.install()

    assert (ended.code, ended.err) == (2, "tally: TALLY_WALLETS_TABLE is not set; or set TALLY_API to ask the API\n")


def test_the_apis_own_way_of_writing_its_address_is_understood(remote: Seat) -> None:
    for address in (f"{remote.url}/", f"{remote.url}/api"):
        assert remote.run("--api", address, "wallet", WALLET, way=API).code == 0
