"""
Every single fault at every point of holding and transferring, pairs of faults, and two callers with one key.

After a fault the caller repeats with the same key. Always: one hold, one end of it, one transfer, however often it was
asked for; the books of both wallets hold after every write.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

import pytest

from chalicelib.domain import audit, folding
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import Busy, HoldClosed, Refusal, Unprocessable
from chalicelib.domain.transfers import MOST_HOLDERS, Holder
from chalicelib.services.ports import Change, OutcomeUnknown, Throttled
from tests.builders import NOON
from tests.simulation.striking import Crash, Fault, Point, Strike, faults_of, in_turn, name_of, numbered
from tests.teller import PROMO, Teller, bought

T = TypeVar("T")
BUYER, TEAM = "acct_a", "team_b"
MOST_REPEATS = 6
PAIRS = 300  # of each flow


class Stage:
    """A flow over a teller of its own, each of its commands repeated until it is answered."""

    kinds: tuple[str, ...]  # of the entries that the flow writes at the buyer's
    available: tuple[int, int]  # to the buyer and the team, in the end

    def __init__(self) -> None:
        self.teller = Teller()
        self.teller.give(BUYER, PROMO, bought("pur_1"))
        self.prepare()
        self.strike: Point = lambda _name, _when: None
        self.teller.strike = self.point

    def prepare(self) -> None:
        """Write what is there before the flow."""

    def point(self, name: str, when: str) -> None:
        if (name, when) == ("commit", "after"):
            self.hold()
        self.strike(name, when)

    def play(self) -> None:
        raise NotImplementedError

    def hold(self) -> None:
        """Check what must hold after every write."""
        wallets = [self.teller.store.wallet(each) for each in (BUYER, TEAM)]
        for wallet in wallets:
            assert list(audit.faults(wallet, self.teller.history(wallet.wallet_id))) == []
        used = folding.total_flows(self.teller.history(BUYER))[Flow.USED]
        assert sum(wallet.left for wallet in wallets) + used == 1100

    def check(self) -> None:
        """Check what must have come of it in the end."""
        self.hold()
        store = self.teller.store
        assert tuple(self.teller.kinds(BUYER)[2:]) == self.kinds
        sent = self.kinds == ("transfer_out",)
        assert self.teller.kinds(TEAM) == (["transfer_in"] if sent else [])
        assert store.purchases[BUYER, "pur_1"].holders == self.holders()
        assert tuple(store.wallet(each).available(NOON) for each in (BUYER, TEAM)) == self.available
        assert {(receipt.wallet_id, receipt.seq) for receipt in store.spent.values()} == {
            (BUYER, seq) for seq in range(3, 3 + len(self.kinds))
        }

    def holders(self) -> tuple[str, ...]:
        return (TEAM,) if self.kinds == ("transfer_out",) else ()


class Captured(Stage):
    """Place, then capture less than was held."""

    kinds, available = ("hold", "capture"), (980, 0)

    def play(self) -> None:
        hold_id = placed(self.teller)
        entry = until_answered(lambda: self.teller.capture("k2", hold_id, credits=120)).entry
        assert (entry.seq, entry.facts["captured"]) == (4, 120)


class Released(Stage):
    """Place, then release; then a capture is told that it came too late, and never anything else."""

    kinds, available = ("hold", "release"), (1100, 0)

    def play(self) -> None:
        hold_id = placed(self.teller)
        assert until_answered(lambda: self.teller.release("k2", hold_id)).entry.seq == 4
        assert until_answered(lambda: refused(HoldClosed, lambda: self.teller.capture("k3", hold_id, credits=1)))


class Sent(Stage):
    """Move credits of both lots to the team."""

    kinds, available = ("transfer_out",), (950, 150)

    def play(self) -> None:
        entry = until_answered(lambda: self.teller.move("k1", 150, receiver=TEAM)).entry
        assert (entry.seq, entry.facts["to_entry_id"]) == (3, f"{TEAM}:1")


class Full(Stage):
    """Move bought credits into one wallet more than may hold some: refused, and never half done."""

    kinds, available = (), (1100, 0)

    def prepare(self) -> None:
        for name in self.holders():
            self.teller.store.commit(Change(holders=[Holder(BUYER, "pur_1", name)]))

    def holders(self) -> tuple[str, ...]:
        return tuple(f"team_{number}" for number in range(10, 10 + MOST_HOLDERS))

    def play(self) -> None:
        assert until_answered(lambda: refused(Unprocessable, lambda: self.teller.move("k1", 150, receiver=TEAM)))


def placed(teller: Teller) -> str:
    entry = until_answered(lambda: teller.hold("k1", 150)).entry
    assert entry.facts["hold_id"] == "hold_3"
    return "hold_3"


def refused(expected: type[Refusal], command: Callable[[], object]) -> bool:
    try:
        command()
    except expected:
        return True
    return False


def until_answered(command: Callable[[], T]) -> T:
    """Repeat as a caller would, after a crash or an answer that asks for it."""
    for _ in range(MOST_REPEATS):
        try:
            return command()
        except (Crash, Busy, Throttled, OutcomeUnknown):
            continue
    raise AssertionError("the flow did not come to its end")


FLOWS: list[type[Stage]] = [Captured, Released, Sent, Full]
EACH_FLOW = pytest.mark.parametrize("flow", FLOWS)


def calls_of(flow: type[Stage]) -> list[str]:
    stage = flow()
    stage.play()
    stage.check()
    return stage.teller.calls


CALLS = {flow: calls_of(flow) for flow in FLOWS}


def troubles_of(flow: type[Stage], point: str) -> list[Fault]:
    """List what can go wrong at a point of a flow: only writes lose races, and one that lost has no answer to lose."""
    if name_of(point) != "commit":
        return [fault for fault in faults_of(point) if fault[0] != "conflict"]
    return [fault for fault in faults_of(point) if flow is not Full or fault[1] == "before"]


CASES = [
    pytest.param(flow, point, fault, id=f"{flow.__name__}-{point}-{fault[0]}")
    for flow in FLOWS
    for point in numbered(CALLS[flow])
    for fault in troubles_of(flow, point)
]


@pytest.mark.parametrize(("flow", "point", "fault"), CASES)
def test_one_fault_at_one_point_changes_nothing_in_the_end(flow: type[Stage], point: str, fault: Fault) -> None:
    stage = flow()
    stage.strike = strike = Strike(point, fault)

    stage.play()

    stage.check()
    assert strike.struck, "the fault never came: the flow no longer makes this call"


@EACH_FLOW
def test_pairs_of_faults_change_nothing_either(flow: type[Stage]) -> None:
    random = Random(flow.__name__)
    points = numbered([*CALLS[flow] * 2, "receipt", "entry"])  # those of the repetition as well
    both = 0
    for _ in range(PAIRS):
        chosen = [(point, random.choice(troubles_of(flow, point))) for point in random.sample(points, 2)]
        strikes = [Strike(*each) for each in chosen]
        stage = flow()
        stage.strike = in_turn(*strikes)
        print(flow.__name__, [(point, fault[0]) for point, fault in chosen])

        stage.play()

        stage.check()
        both += all(each.struck for each in strikes)
    assert both > PAIRS // 8


@EACH_FLOW
def test_a_second_caller_with_the_same_keys_between_any_two_calls_changes_nothing(flow: type[Stage]) -> None:
    for number in range(1, len(CALLS[flow]) + 1):
        stage, second = flow(), flow()
        second.teller.store = stage.teller.store
        stage.strike = before_call(number, second.play)
        print(flow.__name__, "second caller before call", number, CALLS[flow][number - 1])

        stage.play()

        stage.check()


def before_call(number: int, act: Callable[[], None]) -> Point:
    """Do something before the n-th call, once."""
    left = number

    def point(_name: str, when: str) -> None:
        nonlocal left
        if when == "before":
            left -= 1
            if left == 0:
                act()

    return point


def test_the_flows_have_as_many_points_as_we_think() -> None:
    found = {flow.__name__: len(calls) for flow, calls in CALLS.items()}
    assert found == {"Captured": 4, "Released": 7, "Sent": 2, "Full": 5}
    print(f"points: {found}; {len(CASES)} single faults: all ended as without any")
