"""
Every single fault at every point of the jobs' flows, pairs of faults, overlapping runs, and clocks that jump.

Always: the books hold, each lot is booked once, each line of a notice is told once, each purchase is granted once, and
every channel takes every message once — or once more under the same id, where a process died or an answer was lost
between sending and noting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from chalicelib.services.ports import LostRace, OutcomeUnknown, Throttled
from tests.builders import DAY
from tests.simulation.stages import Crossing, Night, Stage, Told, Unheard
from tests.simulation.striking import Crash, Fault, Strike, cases, faults_of, in_turn, numbered

FLOWS: list[type[Stage]] = [Night, Crossing, Unheard]
EACH_FLOW = pytest.mark.parametrize("flow", FLOWS)
PAIRS = 100  # of each flow
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
IN_THE_END = [
    ("expiring", 30),
    ("expiring", 7),
    ("expiry", 4),  # the short lot, the bought one, two of the plan's
    ("low_balance", None),
    ("notice", 2),
    ("purchase", 1),
    ("renewal", 2),
]


def calls_of(flow: type[Stage]) -> list[str]:
    stage = flow()
    stage.run()
    stage.check()
    return stage.calls


def check_to_the_end(stage: Stage) -> None:
    stage.check()
    if isinstance(stage, Night):
        assert stage.later() == IN_THE_END


CALLS = {flow: calls_of(flow) for flow in FLOWS}
CASES = [
    pytest.param(flow, *case.values, id=f"{flow.__name__}-{case.id}")
    for flow in FLOWS
    for case in cases(numbered(CALLS[flow]))
]


@pytest.mark.parametrize(("flow", "point", "fault"), CASES)
def test_one_fault_at_one_point_changes_nothing_in_the_end(flow: type[Stage], point: str, fault: Fault) -> None:
    stage = flow()
    strike = Strike(point, fault)
    stage.strike = strike

    stage.run()

    check_to_the_end(stage)
    assert strike.struck, "the fault never came: the flow no longer makes this call"


@EACH_FLOW
def test_pairs_of_faults_change_nothing_either(flow: type[Stage]) -> None:
    random = Random(flow.__name__)
    points = numbered(CALLS[flow] * 2)  # those of the repetition as well
    both = 0
    for _ in range(PAIRS):
        chosen = [(point, random.choice(faults_of(point))) for point in random.sample(points, 2)]
        strikes = [Strike(*each) for each in chosen]
        stage = flow()
        stage.strike = in_turn(*strikes)
        print(flow.__name__, [(point, fault[0]) for point, fault in chosen])

        stage.run()

        check_to_the_end(stage)
        both += all(each.struck for each in strikes)
    assert both > PAIRS // 4


class At:
    """Does something before the n-th call, once."""

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        self.left, self.act = number, act

    def __call__(self, _name: str, when: str) -> None:
        if when == "before":
            self.left -= 1
            if self.left == 0:
                self.act()


@EACH_FLOW
def test_a_second_run_between_any_two_calls_of_the_first_does_nothing_twice(flow: type[Stage]) -> None:
    for number in range(1, len(CALLS[flow]) + 1):
        stage = flow()
        stage.strike = at = At(number, stage.run_another)
        print(flow.__name__, "second run before call", number, CALLS[flow][number - 1])

        stage.run()

        assert at.left <= 0
        check_to_the_end(stage)


@EACH_FLOW
@pytest.mark.parametrize("jump", [-HOUR, -SECOND, SECOND, 25 * HOUR, 3 * DAY], ids=str)
def test_a_clock_that_jumps_between_any_two_calls_changes_nothing(flow: type[Stage], jump: timedelta) -> None:
    for number in range(1, len(CALLS[flow]) + 1):
        stage = flow()
        stage.strike = at = At(number, lambda: turn_clock(stage, jump))  # noqa: B023 - called within the turn
        print(flow.__name__, "jump before call", number, CALLS[flow][number - 1])

        stage.run()

        assert at.left <= 0
        check_to_the_end(stage)


def turn_clock(stage: Stage, jump: timedelta) -> None:
    stage.now += jump


@EACH_FLOW
def test_a_process_frozen_for_a_day_while_another_does_its_work_sends_at_most_once_more(flow: type[Stage]) -> None:
    for number in range(1, len(CALLS[flow]) + 1):
        stage = flow()
        print(flow.__name__, "frozen before call", number, CALLS[flow][number - 1])

        def freeze(stage: Stage = stage) -> None:
            if isinstance(stage, Told):
                stage.excused.update((channel, name) for channel in ("email", "webhook") for name in claimed(stage))
            turn_clock(stage, 25 * HOUR)
            stage.run_another()

        stage.strike = At(number, freeze)

        stage.run()

        check_to_the_end(stage)


def claimed(stage: Told) -> list[str]:
    """Name the messages that a process holds just now: after so long another may send them too."""
    return [name for (_, name), each in stage.store.messages.items() if each.due_at and each.attempts]


@pytest.mark.parametrize("channel", [1, 2])
def test_a_crash_after_sending_makes_the_message_come_again_under_its_id(channel: int) -> None:
    stage = Crossing()
    stage.strike = Strike(f"send#{channel}", ("crash after", "after", Crash))

    stage.run()

    stage.check()
    twice = ["email", "webhook"][:channel]
    assert sorted(name for name, _ in stage.clock.carrier.sent) == sorted(["email", "webhook", *twice])


@pytest.mark.parametrize("trouble", [OutcomeUnknown, Throttled, LostRace])
@pytest.mark.parametrize("when", ["before", "after"])
def test_trouble_while_noting_sends_nothing_again(trouble: type[Exception], when: str) -> None:
    stage = Crossing()
    stage.strike = Strike("keep_outgoing#2", ("trouble", when, trouble))

    stage.run()

    stage.check()
    assert [name for name, _ in stage.clock.carrier.sent] == ["email", "webhook"]


def test_the_flows_have_as_many_points_as_we_think() -> None:
    found = {flow.__name__: len(calls) for flow, calls in CALLS.items()}
    assert found["Night"] >= 40
    assert found["Crossing"] >= 20
    assert found["Unheard"] >= 12
    print(f"points: {found}; {len(CASES)} single faults: all ended as without any")
