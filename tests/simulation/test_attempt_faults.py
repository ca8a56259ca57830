"""
Every single fault at every point of commands that are given over and over, as by a loop that doesn't take no.

Always: the payment provider is asked for no command that didn't take its attempts first, a card that is charged took
ten, and an hour has no more of them than it may, whatever became of the commands. One fault lets one more through:
when the count itself couldn't be reached.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from chalicelib.domain.catalog import Limits
from chalicelib.domain.errors import Refusal
from chalicelib.domain.limits import ASKING, CHARGING, hour_at
from chalicelib.domain.subscriptions import Asked, News
from chalicelib.services.limiting import Slot
from chalicelib.services.ports import OutcomeUnknown, PaymentsFailed, Throttled
from tests.builders import NOON
from tests.patron import PROVIDER, WALLET, Patron
from tests.simulation.striking import PROVIDER_FAULTS, Crash, Fault, Strike, faults_of, name_of, numbered

TIMES = 3
REFUSED = (f"{PROVIDER}change_subscription", f"{PROVIDER}open_checkout")


class Loop:
    """One command, given again and again with one key; asked for as the API asks."""

    attempts, weight = 2, ASKING  # of an hour, and of each

    def __init__(self) -> None:
        self.patron = Patron()
        self.limits = Limits(commands_per_hour=60, provider_attempts_per_hour=self.attempts)
        self.prepare()
        self.patron.calls.clear()
        self.asking = self.accepted = self.missed = 0
        self.charges: set[str] = set()  # by the key that Stripe gets: the same one is charged once

    def prepare(self) -> None:
        """Do what comes before anything can go wrong."""

    def ask(self) -> None:
        raise NotImplementedError

    def play(self) -> None:
        for _ in range(TIMES):
            before = len(self.provider_calls())
            self.once()
            self.asking += len(self.provider_calls()) > before

    def once(self) -> None:
        """Do as `api.limits` does; a process that is gone gives nothing back."""
        slot = Slot(self.patron.seen_store, self.limits, NOON)
        self.patron.take_slot = slot.take
        with suppress(Crash, Refusal, Throttled, OutcomeUnknown):
            try:
                self.ask()
                self.accepted += 1
            except Refusal:
                slot.give_back()
        self.missed += slot.is_uncounted

    def provider_calls(self) -> list[str]:
        return [name for name in self.patron.calls if name.startswith(PROVIDER)]

    @property
    def taken(self) -> int:
        return self.patron.store.taken.get((WALLET, hour_at(NOON, self.limits).starts_at), 0)

    @property
    def asked(self) -> int:
        return self.patron.store.asked.get((WALLET, hour_at(NOON, self.limits).starts_at), 0)


class Declined(Loop):
    """A dearer plan, with a card that says no."""

    attempts, weight = CHARGING + 1, CHARGING

    def prepare(self) -> None:
        self.patron.subscribe()
        self.patron.set_card("declined")
        change = self.patron.payments.change_subscription

        def noting(news: News, asked: Asked, *, key: str) -> None:
            self.charges.add(key)
            change(news, asked, key=key)

        self.patron.payments.change_subscription = noting  # type: ignore[method-assign]

    def ask(self) -> None:
        self.patron.want("team", key="the-key")


class NothingPlanned(Loop):
    """A change to be taken back, where none is planned."""

    def prepare(self) -> None:
        self.patron.subscribe()

    def ask(self) -> None:
        self.patron.resume(key="the-key")


class Unopened(Loop):
    """A purchase, while no page can be opened."""

    def ask(self) -> None:
        self.patron.fail(f"{PROVIDER}open_checkout", "before", [PaymentsFailed("down")])
        self.patron.buy("the-key")


LOOPS: list[type[Loop]] = [Declined, NothingPlanned, Unopened]


def calls_of(loop: type[Loop]) -> list[str]:
    played = loop()
    played.play()
    return played.patron.calls


CASES = [
    pytest.param(loop, point, fault, id=f"{loop.__name__}-{point}-{fault[0]}")
    for loop in LOOPS
    for point in numbered(calls_of(loop))
    for fault in (PROVIDER_FAULTS if point.startswith(PROVIDER) else faults_of(point))
    if not (name_of(point) in REFUSED and fault[1] == "after")  # what is refused has no answer to lose
]


@pytest.mark.parametrize(("loop", "point", "fault"), CASES)
def test_a_fault_lets_nobody_ask_the_provider_for_nothing(loop: type[Loop], point: str, fault: Fault) -> None:
    played = loop()
    strike = Strike(point, fault)
    played.patron.strike = strike

    played.play()

    assert played.asked <= played.attempts
    assert played.asking <= played.asked + played.missed
    assert len(played.charges) * CHARGING <= played.asked + played.missed * CHARGING
    assert played.taken <= played.accepted + 1
    assert strike.struck, "the fault never came: the flow no longer makes this call"


@pytest.mark.parametrize("loop", LOOPS)
def test_without_a_fault_the_provider_is_asked_as_often_as_the_hour_may(loop: type[Loop]) -> None:
    played = loop()
    played.play()

    most = played.attempts // played.weight
    assert (played.accepted, played.taken, played.missed) == (0, 0, 0)
    assert len(played.charges) == (most if loop is Declined else 0)
    assert played.asked == played.attempts
    assert played.asking == most + played.attempts % played.weight
    print(f"{loop.__name__}: {len(CASES)} single faults in all")
