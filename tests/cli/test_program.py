"""`python -m cli` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.seat import Seat

ROOT = Path(__file__).parents[2]
COMMANDS = [
    *("wallet", "history", "explain", "statement", "verify", "export", "trace", "hold list"),
    *("grant", "adjust", "refund", "freeze", "unfreeze", "quarantine", "replay"),
    *("reconcile", "audit", "doctor", "seed", "cost"),
]


def run(*typed: str, **around: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TALLY_", "AWS_"))}
    command = [sys.executable, "-m", "cli", *typed]
    return subprocess.run(command, cwd=ROOT, env=bare | around, capture_output=True, text=True, check=False)


def test_it_explains_itself_and_names_what_is_missing() -> None:
    helped, lost = run("--help"), run("wallet", "acct_a")

    assert (helped.returncode, helped.stderr) == (0, "")
    assert all(command.split()[0] in helped.stdout for command in COMMANDS)
    assert max(map(len, helped.stdout.splitlines())) <= 80
    assert (lost.returncode, lost.stdout) == (2, "")
    assert lost.stderr == "tally: TALLY_STAGE is not set; or set TALLY_API to ask the API\n"


def test_no_color_is_respected() -> None:
    coloured = run("cost", FORCE_COLOR="1", TERM="xterm-256color")
    plain = run("cost", FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1")

    assert "\x1b[" in coloured.stdout
    assert not any(f"\x1b[{colour}m" in plain.stdout for colour in range(30, 38))


@pytest.mark.parametrize("form", ["", "--json"])
def test_a_reader_who_has_seen_enough_is_no_fault(form: str) -> None:
    command = f"{sys.executable} -m cli cost {form} | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_speaks_json_and_explains_itself(direct: Seat, command: str) -> None:
    helped = direct.run(*command.split(), "--help")

    assert helped.code == 0
    assert "--json" in helped.out
    assert helped.is_narrow
