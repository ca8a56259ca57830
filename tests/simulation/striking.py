"""
Striking: how a flow's calls to the outside are found and made to go wrong, one by one.

The points are found by running a flow once and noting its calls, so that a new call is covered by being made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from chalicelib.services.ports import LostRace, NotSent, OutcomeUnknown, PaymentsFailed, Throttled

Point = Callable[[str, str], None]  # told the name of a call, and whether it is before or after it


class Crash(BaseException):
    """The process is gone; nothing catches this but the simulation."""


Fault = tuple[str, str, Callable[[], BaseException]]  # its name, when it strikes, and what it is
CRASHES: list[Fault] = [("crash before", "before", Crash), ("crash after", "after", Crash)]
STORE_FAULTS: list[Fault] = [
    *CRASHES,
    ("lost request", "before", OutcomeUnknown),
    ("lost response", "after", OutcomeUnknown),
    ("throttled", "before", Throttled),
    ("conflict", "before", LostRace),
]
READ_FAULTS = [fault for fault in STORE_FAULTS if fault[0] != "conflict"]  # one item read alone meets nobody
PROVIDER_FAULTS: list[Fault] = [
    *CRASHES,
    ("lost request", "before", lambda: PaymentsFailed("lost")),
    ("lost response", "after", lambda: PaymentsFailed("lost")),
]
CARRIER_FAULTS: list[Fault] = [
    *CRASHES,
    ("not sent", "before", lambda: NotSent("down")),
    ("lost answer", "after", lambda: NotSent("no answer")),
]
FAULTS: dict[str, list[Fault]] = {
    **dict.fromkeys(("payment", "open_checkout", "create_customer"), PROVIDER_FAULTS),
    **dict.fromkeys(("money_back", "session_of", "refund", "recent_sessions", "recent_money_back"), PROVIDER_FAULTS),
    **dict.fromkeys(("saved_card", "find_card_payment", "pay_by_card", "card_payment"), PROVIDER_FAULTS),
    **dict.fromkeys(("cancel_payment", "recent_card_payments"), PROVIDER_FAULTS),
    **dict.fromkeys(("invoice", "subscription_of_session"), PROVIDER_FAULTS),  # of a purchase: the store isn't asked
    **dict.fromkeys(("purchase", "answer", "topup", "customer"), READ_FAULTS),
    **dict.fromkeys(("take_slot", "give_back_slot"), READ_FAULTS),  # one item, and no version of it
    "channels": CRASHES,  # asked of nobody outside
    "send": CARRIER_FAULTS,
}


def faults_of(point: str) -> list[Fault]:
    """List what can go wrong at a point: it depends on who is called."""
    return FAULTS.get(name_of(point), STORE_FAULTS)


def numbered(calls: Iterable[str]) -> list[str]:
    """Name points: the n-th call of a name is `name#n`."""
    seen: Counter[str] = Counter()
    points = []
    for name in calls:
        seen[name] += 1
        points.append(f"{name}#{seen[name]}")
    return points


def name_of(point: str) -> str:
    return point.partition("#")[0]


def cases(points: Iterable[str]) -> list[Any]:
    """Give every fault at every point, as parameters of a test."""
    return [pytest.param(point, fault, id=f"{point}-{fault[0]}") for point in points for fault in faults_of(point)]


class Strike:
    """Raises one fault at one point, once."""

    def __init__(self, point: str, fault: Fault) -> None:
        self.name, _, number = point.partition("#")
        self.left = int(number)
        _, self.when, self.make = fault
        self.struck = False

    def __call__(self, name: str, when: str) -> None:
        if name != self.name or self.struck:
            return
        if when == "before":
            self.left -= 1
        if self.left == 0 and when == self.when:
            self.struck = True
            raise self.make()


def in_turn(*points: Point) -> Point:
    """Tell several of each call, one after the other; what the first raises the next don't hear of."""

    def point(name: str, when: str) -> None:
        for each in points:
            each(name, when)

    return point
