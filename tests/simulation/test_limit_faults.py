"""
Every single fault at every point of a transfer that is counted, and of one that is refused late.

After a fault the caller repeats with the same key. Always: the transfer is made once, a fault costs at most one slot
of one hour, and an hour takes no more transfers than it may. Two faults let one more through: when the count itself
couldn't be reached, and when the answer to the commit was lost, because then the transfer is taken for a repeat.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.catalog import Limits
from chalicelib.domain.errors import Busy, Refusal, TooManyRequests, Unprocessable
from chalicelib.domain.limits import hour_at
from chalicelib.domain.transfers import MOST_HOLDERS, Holder
from chalicelib.services.limiting import Slot
from chalicelib.services.ports import Change, OutcomeUnknown, Throttled
from tests.builders import NOON
from tests.simulation.striking import Crash, Fault, Strike, faults_of, numbered
from tests.teller import PROMO, Teller, bought

BUYER, TEAM = "acct_a", "team_b"
MOST_REPEATS = 4


class Counted:
    """Two transfers, with room for *most* in the hour; asked for as the API asks, each until it is answered."""

    refused: type[Refusal] | None = None

    def __init__(self, most: int) -> None:
        self.teller, self.limits = Teller(), Limits(commands_per_hour=most)
        self.teller.give(BUYER, PROMO, bought("pur_1"))
        self.prepare()
        self.is_uncounted = False

    def prepare(self) -> None:
        """Write what is there before the flow."""

    def play(self) -> list[bool]:
        """Say for each transfer whether it was made."""
        return [self.until_answered(key) for key in ("k1", "k2")]

    def until_answered(self, key: str) -> bool:
        for _ in range(MOST_REPEATS):
            slot = Slot(self.teller.till.store, self.limits, NOON)
            try:
                return self.ask(key, slot)
            except (Crash, Busy, Throttled, OutcomeUnknown):
                continue
            finally:
                self.is_uncounted |= slot.is_uncounted
        raise AssertionError("the flow did not come to its end")

    def ask(self, key: str, slot: Slot) -> bool:
        """Do as `api.limits` does; a process that is gone gives nothing back."""
        self.teller.take_slot = slot.take
        try:
            recorded = self.teller.move(key, 150, receiver=TEAM)
        except TooManyRequests:
            slot.give_back()
            return False
        except Refusal as error:
            slot.give_back()
            if self.refused and isinstance(error, self.refused):
                return False
            raise
        if recorded.replayed:
            slot.give_back()
        return True

    @property
    def made(self) -> int:
        return self.teller.kinds(BUYER).count("transfer_out")

    @property
    def taken(self) -> int:
        return int(self.teller.store.taken.get((BUYER, hour_at(NOON, self.limits).starts_at), 0))


class Full(Counted):
    """To one wallet more than may hold some of the purchase: refused once it was tried."""

    refused = Unprocessable

    def prepare(self) -> None:
        for number in range(10, 10 + MOST_HOLDERS):
            self.teller.store.commit(Change(holders=[Holder(BUYER, "pur_1", f"team_{number}")]))


def calls_of(flow: Callable[[int], Counted]) -> list[str]:
    played = flow(9)
    played.play()
    return played.teller.calls


FLOWS: list[type[Counted]] = [Counted, Full]
CALLS = {flow: calls_of(flow) for flow in FLOWS}
CASES = [
    pytest.param(flow, point, fault, id=f"{flow.__name__}-{point}-{fault[0]}")
    for flow in FLOWS
    for point in numbered(CALLS[flow])
    for fault in faults_of(point)
    if point.startswith("commit") or fault[0] != "conflict"
    if not (flow is Full and point.startswith("commit") and fault[1] == "after")  # one that lost has no answer to lose
]


@pytest.mark.parametrize("most", [1, 9])
@pytest.mark.parametrize(("flow", "point", "fault"), CASES)
def test_a_fault_costs_a_slot_at_most(flow: type[Counted], point: str, fault: Fault, most: int) -> None:
    played = flow(most)
    strike = Strike(point, fault)
    played.teller.strike = strike

    answers = played.play()

    assert sum(answers) == played.made
    missed = played.is_uncounted or (point.startswith("commit") and fault[0] == "lost response")
    assert played.made <= (0 if flow is Full else most + missed)
    assert played.made - missed <= played.taken <= min(most, played.made + 1)
    if most > len(answers):
        assert answers == [flow is Counted] * 2
        assert strike.struck, "the fault never came: the flow no longer makes this call"


def test_without_a_fault_the_count_is_exact() -> None:
    for flow, most, made in ((Counted, 1, 1), (Counted, 2, 2), (Counted, 9, 2), (Full, 1, 0), (Full, 9, 0)):
        played = flow(most)
        assert (sum(played.play()), played.made, played.taken) == (made,) * 3


def test_the_flows_make_the_calls_that_we_think() -> None:
    assert CALLS[Counted] == ["two_wallets", "take_slot", "commit"] * 2
    assert CALLS[Full].count("take_slot") == CALLS[Full].count("give_back_slot") == 2
    print(f"{len(CASES)} single faults: each cost at most a slot")
