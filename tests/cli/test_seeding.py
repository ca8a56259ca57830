"""Demo wallets: in no production, once however often, and their books hold."""

from __future__ import annotations

import pytest

from chalicelib import wiring
from tests.cli.seat import Seat

TYPED = ("seed", "--wallets", "2", "--days", "3")


def test_demo_wallets_are_written_once_and_their_books_hold(direct: Seat) -> None:
    first = direct.told(*TYPED, "--yes")
    again = direct.told(*TYPED, "--yes")

    assert first["wallets"] == ["demo_0001", "demo_0002"]
    assert (first["granted"], first["done_before"], first["refused"]) == (2, 0, 0)
    assert (again["granted"], again["uses"], again["done_before"]) == (0, 0, 2 + first["uses"])
    assert direct.told("audit")["faults"] == []
    assert direct.told("verify", "demo_0001")["holds"]


def test_a_dry_run_and_a_no_write_nothing(direct: Seat) -> None:
    with direct.desk.changing_nothing():
        assert direct.told(*TYPED, "--dry-run")["dry_run"]
        assert direct.run(*TYPED, answers="n\n").code == 2
        assert direct.told(*TYPED, code=2)["error"]["code"] == "usage"
    assert direct.run(*TYPED, answers="y\n").code == 0


@pytest.mark.parametrize("stage", ["prod", "production"])
def test_production_is_refused(direct: Seat, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    monkeypatch.setenv("TALLY_STAGE", stage)
    wiring.install()
    try:
        with direct.desk.changing_nothing():
            ended = direct.run(*TYPED, "--yes")
    finally:
        monkeypatch.undo()
        wiring.install()

    assert (ended.code, ended.err) == (1, f"tally: demo data has no place in stage {stage}\n")
