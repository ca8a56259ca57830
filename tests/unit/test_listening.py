"""A test in which a bad line was written fails, wherever it was written, and deaf ears are noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib import observability
from tests import hearing
from tests.hearing import Ear

GOOD = '{"level":"INFO","message":"answered","timestamp":"2026-11-26T12:00:00+00:00","service":"tally","reason":"%s"}'
LEAKING = """
import threading
import pytest
from chalicelib import observability

@pytest.fixture
def cleaning():
    yield
    observability.logger().info("answered", extra={"reason": "sk_live_of_a_fixture"})

def test_good(): observability.say("answered", status=200)
def test_caught(capsys): observability.logger().info("answered", extra={"reason": "ann@example.org"})
def test_in_a_thread():
    thread = threading.Thread(target=lambda: observability.logger().info("Ann called"))
    thread.start()
    thread.join()
def test_counted(monkeypatch):
    from aws_lambda_powertools.metrics import MetricUnit, single_metric
    with single_metric(name="Spent", unit=MetricUnit.Count, value=1, namespace="Tally") as line:
        line.add_dimension(name="who", value="ann@example.org")
def test_afterwards(cleaning): pass
"""


def test_only_the_tests_that_leak_fail(tmp_path: Path) -> None:
    (tmp_path / "test_leaking.py").write_text(LEAKING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-n", "1"]
    around = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}

    run = subprocess.run(
        [*command, f"--rootdir={tmp_path}", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={**around, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1, run.stdout
    assert "2 passed" in run.stdout
    for name, wrong in (
        ("FAILED", "test_caught"),
        ("FAILED", "test_in_a_thread"),
        ("FAILED", "test_counted"),
        ("ERROR", "test_afterwards"),
    ):
        assert any(line.startswith(name) and wrong in line for line in run.stdout.splitlines()), run.stdout
    assert "log lines read: 5" in run.stdout


def test_what_is_heard_is_judged_once_and_counted_in_its_suite() -> None:
    ear = Ear()
    ear.heard += [GOOD % "a", GOOD % "b"]

    ear.judge("api")
    ear.judge("jobs")

    assert ear.summary() == "log lines read: 2 (api 2)"


def test_a_bad_line_is_shown_with_what_is_wrong() -> None:
    ear = Ear()
    ear.heard += [GOOD % "a", GOOD % "ann@example.org"]

    with pytest.raises(pytest.fail.Exception, match=r"an e-mail address, the value of reason in: .*ann@example.org"):
        ear.judge("api")


def test_a_suite_in_which_nothing_is_heard_is_named() -> None:
    ear = Ear()
    ear.add({"read": {"jobs": 1}, "ran": {"api": 499, "jobs": 60, "webhooks": 300, "unit": 600}})

    assert ear.deaf() == ["webhooks"]
    ear.add(ear.told())
    assert (ear.ran["webhooks"], ear.deaf()) == (600, ["api", "webhooks"])


def test_a_log_without_a_line_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").touch()

    with pytest.raises(AssertionError, match="nothing"):
        hearing.read(tmp_path / "log.jsonl")


def test_this_very_test_is_listened_to() -> None:
    observability.say("answered", status=200)

    assert '"message":"answered"' in hearing.EAR.heard[-1]
