"""Exports and proofs: what was cut short goes on, and what was tampered with is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.seat import Seat, past
from tests.webhooks.premises import WALLET


def exported(seat: Seat, path: Path, *more: str) -> bytes:
    assert seat.run("export", WALLET, "--to", str(path), *more).code == 0
    return path.read_bytes()


def test_an_export_is_the_same_however_it_was_cut_into_pages(seat: Seat, tmp_path: Path) -> None:
    past(seat.desk)

    told = seat.told("export", WALLET, "--to", str(tmp_path / "one.jsonl"), "--page", "2")

    assert (told["entries"], told["pages"], told["resumed"]) == (5, 3, False)
    assert told["head"] == seat.desk.premises.history()[-1].hash.hex()
    assert seat.told("verify", "--file", told["file"], "--head", told["head"])["holds"]
    again = seat.told("export", WALLET, "--to", told["file"])
    assert (again["pages"], again["resumed"]) == (0, True)
    assert "was complete already" in seat.run("export", WALLET, "--to", told["file"]).out


def test_an_export_that_was_cut_short_anywhere_goes_on(direct: Seat, tmp_path: Path) -> None:
    past(direct.desk)
    whole, path = exported(direct, tmp_path / "whole.jsonl", "--page", "2"), tmp_path / "cut.jsonl"

    for cut in (0, 5, 40, 700, len(whole) // 2, len(whole) - 200, len(whole) - 1, len(whole)):
        path.write_bytes(whole[:cut])
        assert exported(direct, path, "--page", "2") == whole, cut


@pytest.mark.parametrize("held", [b"a letter\n", b"a letter", b'{"another": 1}\n', b"[]\n"])
def test_a_file_that_holds_something_else_is_left_alone(direct: Seat, tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(held)

    ended = direct.run("export", WALLET, "--to", str(path))

    assert (ended.code, path.read_bytes()) == (1, held)
    assert "holds something else" in ended.err


def test_another_wallets_export_is_left_alone(direct: Seat, tmp_path: Path) -> None:
    past(direct.desk)
    before = exported(direct, tmp_path / "a.jsonl")

    ended = direct.run("export", "acct_b", "--to", str(tmp_path / "a.jsonl"))

    assert (ended.code, (tmp_path / "a.jsonl").read_bytes()) == (1, before)
    assert direct.run("export", WALLET, "--to", str(tmp_path)).code == 1


def test_a_line_that_was_tampered_with_is_found(direct: Seat, tmp_path: Path) -> None:
    past(direct.desk)
    path = tmp_path / "a.jsonl"
    honest = exported(direct, path)
    path.write_bytes(honest.replace(b'\\"quantity\\":15', b'\\"quantity\\":14', 1))

    ended, told = direct.run("verify", "--file", str(path)), direct.told("verify", "--file", str(path), code=3)

    assert ended.code == 3
    shown = " ".join(ended.out.split())  # the path may be long
    assert "does NOT hold: 1 fault" in shown
    assert "line 4, at entry 4: its hash is not that of what it says" in shown
    assert [(fault["line"], fault["code"]) for fault in told["faults"]] == [(4, "hash")]


def test_a_statement_in_a_file_is_held_against_the_export(seat: Seat, tmp_path: Path) -> None:
    past(seat.desk)
    said = seat.run("statement", WALLET, "2026-11", "--json").out
    (tmp_path / "november.json").write_text(said, encoding="utf-8")
    (tmp_path / "false.json").write_text(said.replace('"used": 50', '"used": 49'), encoding="utf-8")

    assert seat.run("verify", WALLET, "--statement", str(tmp_path / "november.json")).code == 0
    assert seat.run("verify", WALLET, "--statement", str(tmp_path / "false.json")).code == 3
    assert seat.run("verify", WALLET, "--head", "0" * 64).code == 3


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("verify",), 2),
        (("verify", WALLET, "--file", "x"), 2),
        (("verify", "--file", "x", "--month", "2026-11"), 2),
        (("verify", WALLET, "--head", "abc"), 2),
        (("verify", "--file", "/nowhere/at/all"), 1),
    ],
)
def test_what_cannot_be_judged_says_why(direct: Seat, typed: tuple[str, ...], code: int) -> None:
    ended = direct.run(*typed)

    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("tally: ")
