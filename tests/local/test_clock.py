"""The one clock: it runs, it is moved ahead, it never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from local.clock import Clock, WrongMove

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Machine:
    """A machine whose time is set by the test."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_it_runs_as_the_machine_does(machine: Machine) -> None:
    clock = Clock(machine)
    machine.time += timedelta(seconds=5)

    assert clock.now() == NOON + timedelta(seconds=5)


def test_it_runs_on_from_where_it_was_moved(machine: Machine) -> None:
    clock = Clock(machine)

    assert clock.advance(3600) == NOON + timedelta(hours=1)
    assert clock.move_to(NOON + timedelta(days=30)) == NOON + timedelta(days=30)
    machine.time += timedelta(seconds=2)
    assert clock.now() == NOON + timedelta(days=30, seconds=2)


def test_standing_still_is_no_move_back(machine: Machine) -> None:
    assert Clock(machine).move_to(NOON) == NOON
    assert Clock(machine).advance(0) == NOON


def test_it_never_goes_back(machine: Machine) -> None:
    clock = Clock(machine)
    clock.advance(60)

    with pytest.raises(WrongMove, match="never goes back"):
        clock.move_to(NOON + timedelta(seconds=59))
    with pytest.raises(WrongMove, match="never goes back"):
        clock.advance(-1)
    assert clock.now() == NOON + timedelta(seconds=60)


def test_a_machine_that_is_set_back_does_not_take_it_along(machine: Machine) -> None:
    clock = Clock(machine)
    clock.advance(10)
    machine.time -= timedelta(hours=1)

    assert clock.now() == NOON + timedelta(seconds=10)


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e30, 10.0**12])
def test_there_is_an_end_to_the_calendar(machine: Machine, seconds: float) -> None:
    clock = Clock(machine)

    with pytest.raises(WrongMove):
        clock.advance(seconds)
    assert clock.now() == NOON
