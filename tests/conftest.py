"""Every line that the program writes during a test is read, and a bad one fails the test: see `tests/hearing.py`."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.hearing import EAR, listen, suite_of

Judged = Generator[None, object, object]
HEARD = "heard"  # what a worker hands to the process that started it


def pytest_configure(config: pytest.Config) -> None:
    patch = pytest.MonkeyPatch()
    listen(EAR, patch)
    config.add_cleanup(patch.undo)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Judged:
    return (yield from _judged(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Judged:
    EAR.ran[suite_of(item.path)] += 1
    return (yield from _judged(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Judged:
    return (yield from _judged(item))


def _judged(item: pytest.Item) -> Judged:
    """Judge what was heard in a phase of a test."""
    result = yield
    EAR.judge(suite_of(item.path))
    return result


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker heard; one that crashed has nothing to say."""
    EAR.add(getattr(node, "workeroutput", {}).get(HEARD, {"read": {}, "ran": {}}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[HEARD] = EAR.told()
    elif EAR.deaf():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(EAR.summary())
    for suite in EAR.deaf():
        terminalreporter.write_line(
            f"not one line was heard in tests/{suite}: is the program silent, or deaf who listens?"
        )
