"""`python -m local` in a process of its own: the transcript, the ending, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.__main__ import LOG
from local.child import HOST, is_free, listens
from tests.hearing import read

from .places import free_row

LAST_LINE = "Ctrl-C ends everything."


@contextmanager
def program(root: Path, around: dict[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start it as the leader of a process group of its own, so that nothing of it can hide."""
    command = [sys.executable, "-m", "local", *options]
    with subprocess.Popen(
        command,
        cwd=root,
        env=around,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()
    log = Path(options[options.index("--data") + 1], LOG)
    if log.exists() and log.stat().st_size:  # who can't start has nothing to say
        read(log)


def group_is_gone(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_once_shows_a_purchase_and_leaves_nothing(root: Path, around: dict[str, str], tmp_path: Path) -> None:
    port = free_row()

    with program(root, around, "--once", "--port", str(port), "--data", str(tmp_path)) as running:
        shown, _ = running.communicate(timeout=60)

    assert running.returncode == 0, shown
    assert "balance 1,000, held 0" in shown
    assert "entry 1: purchase +1,000" in shown
    for level in ("80 %: warning", "90 %: critical", "100 %: exceeded"):
        assert level in shown
    assert "insufficient_credits: 10 credits short" in shown
    assert "offered: 1 × starter for 10.00 USD" in shown
    assert "0 from the quota, 10 credits; 52 of 50 used" in shown
    assert "hold_6: 50 set aside until" in shown
    for said in ("40 credits taken, 10 back, 950 available", "15 credits taken, 85 back, 935 available"):
        assert said in shown
    assert "500 of lot_4; 435 available" in shown
    assert "lot_1: 500, ends" in shown
    assert "50 from the quota, 50 credits; 450 available" in shown
    assert "409  frozen: The wallet is frozen." in shown
    assert "100 of lot_4; 335 available" in shown
    assert "2.50 USD refunded, 250 credits revoked, not disputed" in shown
    for said in ("150 available, 0 set aside, debt 0", "0 available, 150 set aside, debt 0"):
        assert said in shown
    assert "7.50 USD go back; 1000 credits revoked in all, debt 600" in shown
    assert "entry 6: revocation -150, debt +600, by acct_admin: not wanted" in shown
    assert "10.00 USD paid, 10.00 USD refunded" in shown
    assert "differences 0, healed 0, for_people 0, failed 0" in shown
    assert re.search(r"payments [1-9]\d*, purchases [1-9]", shown)
    assert "to pay at http://127.0.0.1" in shown
    for said in (
        "pro, active: Pro, 29.00 USD a month; the next payment is on",
        "team, active: Team, 99.00 USD a month",
        "then Pro, paid by the year.",
        "; then Free.",
        "Your 335 credits stay yours; the first end on",
        "23.20 USD, paid",
    ):
        assert said in shown
    assert "armed: Credits are bought when a spend leaves fewer than 200." in shown
    assert "purchase +1,000, 1,150 available, by auto_topup" in shown
    assert "Charged this month: 10.00 USD." in shown
    assert "So the use takes 600 credits.  0 - 600 = -600" in shown
    assert "export.jsonl holds: 8 lines" in shown
    assert re.search(r"statement \d{4}-\d\d is what the entries make", shown)
    for said in ("40 of the 50 in your plan", "1,000 credits end on", "balance 1,000, ends", "entry 5: expiry -1,000"):
        assert said in shown
    assert shown.rstrip().endswith("0 credits are left. That is less than 100.")
    assert "whsec_" in shown
    assert all(f"http://127.0.0.1:{port + nth}" in shown for nth in range(3))
    assert max(map(len, shown.splitlines())) <= 140
    assert group_is_gone(running.pid)
    assert all(is_free(port + nth) for nth in range(3))


def test_what_the_program_logs_is_in_its_file_and_not_on_the_terminal(
    root: Path, around: dict[str, str], tmp_path: Path
) -> None:
    with program(root, around, "--once", "--port", str(free_row()), "--data", str(tmp_path)) as running:
        shown, _ = running.communicate(timeout=60)

    written = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = [line for line in written if "_aws" not in line]  # those are metrics
    answered = [line["route"] for line in lines if line["message"] == "answered"]
    assert answered.count("/api/credits/balance") == 9
    assert answered.count("/api/credits/holds") == answered.count("/api/credits/holds/{hold_id}/capture") == 2
    assert answered.count("/api/credits/transfer") == 2
    refused = [line["route"] for line in lines if line["message"] == "refused"]
    assert refused == ["/api/user/usage/increment", "/api/credits/transfer"]
    jobs = [line["job"] for line in lines if line["message"] == "job done"]
    assert jobs == ["reconcile_stripe", "charge_topups", *["send_alerts"] * 3, "expire_credits"]
    settled = [line["event_type"] for line in lines if line.get("outcome") == "settled"]
    assert settled[:3] == ["checkout.session.completed"] * 3
    money = [each for each in settled if each.startswith(("charge.", "refund."))]
    assert len(money) in (3, 4)  # a refund, a dispute opened and won; of the admin's, the event may be the first
    plans = [each for each in settled[3:] if each not in money]
    told = ("checkout.session.", "customer.subscription.", "invoice.", "payment_intent.")  # whichever was the first
    assert plans
    assert all(each.startswith(told) for each in plans)
    assert '"level"' not in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(root: Path, around: dict[str, str], tmp_path: Path, number: signal.Signals) -> None:
    port = free_row()

    with program(root, around, "--port", str(port), "--data", str(tmp_path)) as running:
        assert running.stdout
        said = ""
        while (line := running.stdout.readline().rstrip("\n")) != LAST_LINE:
            said += line
            assert line or running.poll() is None
        assert "here now, and the clock only goes forward." in said
        assert listens(port)
        os.killpg(running.pid, number) if number == signal.SIGINT else running.send_signal(number)
        rest = running.stdout.read()
        assert running.wait(timeout=60) == 0

    assert rest == ""
    assert group_is_gone(running.pid)
    assert all(is_free(port + nth) for nth in range(3))


def test_a_taken_port_is_one_clear_line_and_exit_code_1(root: Path, around: dict[str, str], tmp_path: Path) -> None:
    port = free_row()
    with (
        socket.create_server((HOST, port + 1)),
        program(root, around, "--once", "--port", str(port), "--data", str(tmp_path)) as running,
    ):
        shown, _ = running.communicate(timeout=60)

    assert running.returncode == 1
    assert shown.splitlines() == [f"can't start: port {port + 1} taken; choose another with: make run PORT=9000"]
    assert not (tmp_path / "roto").exists()
    assert group_is_gone(running.pid)
