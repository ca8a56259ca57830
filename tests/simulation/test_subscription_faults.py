"""
Every single fault at every point of subscribing and of each change: the same end as without any, nothing paid twice.

The points are found by running each flow once and noting its calls. After a fault the customer repeats with the same
key until there is an answer - or goes away -, events are delivered again until it is quiet, and the jobs run. All of
them meet the provider in memory, which is quick; what gets lost on the way to Stripe, the stand-in under the real
package.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any, TypeVar

import pytest

from chalicelib.domain import audit
from chalicelib.domain.catalog import Interval
from chalicelib.domain.errors import PaymentsUnavailable, Refusal
from chalicelib.services.ports import OutcomeUnknown, PaymentsFailed, Throttled
from local.stripe.transport import lost
from tests.bank import Json
from tests.builders import DAY, NOON
from tests.patron import PROVIDER, WALLET, Patron
from tests.provider import Program
from tests.simulation.striking import (
    PROVIDER_FAULTS,
    READ_FAULTS,
    STORE_FAULTS,
    Crash,
    Fault,
    Point,
    Strike,
    in_turn,
    name_of,
    numbered,
)

T = TypeVar("T")
MOST_REPEATS = 5
AGAIN = (Crash, Refusal, PaymentsFailed, Throttled, OutcomeUnknown)  # what asks for a repetition
READS = frozenset({"subscription", "receipt", "answer", "invoice", "customer", "former_customer", "due_purchases"})
KEY = "the-key"
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PAIRS = 60  # of each flow


def until_done(step: Callable[[], T]) -> T:
    """Repeat as a customer or Stripe would, after a crash or an answer that asks for it."""
    for _ in range(MOST_REPEATS):
        try:
            return step()
        except AGAIN:
            continue
    raise AssertionError("the flow did not come to its end")


class Flow:
    """Something that a patron asks for; `prepare` is done before anything can go wrong."""

    billed = 1  # invoices at the provider in the end

    def __init__(self, patron: Patron, *, events_first: bool = False, repeats: bool = True) -> None:
        self.patron = patron
        self.events_first, self.repeats = events_first, repeats
        self.strike: Point = lambda _name, _when: None
        self.prepare()
        self.patron.calls.clear()
        self.patron.strike = self._point

    def _point(self, name: str, when: str) -> None:
        if (name, when) == ("commit", "after"):
            history = self.patron.store.history_of(WALLET)
            assert list(audit.faults(self.patron.wallet, history)) == []
        self.strike(name, when)

    def prepare(self) -> None:
        self.patron.subscribe("team")

    def ask(self) -> Json:
        raise NotImplementedError

    def react(self) -> None:
        """What the customer does with the answer."""

    def play(self) -> None:
        if self.repeats:
            self.answer_to_the_key()
        else:
            with suppress(*AGAIN):
                self.ask()
        self.react()
        self.listen()
        self.work()

    def answer_to_the_key(self) -> None:
        """Ask until there is an answer; asked once more, it is the same."""
        for _ in range(MOST_REPEATS):
            try:
                self.answer = self.ask()
                break
            except AGAIN:
                if self.events_first:
                    self.listen()
        again = until_done(self.ask)
        assert again == {**self.answer, "replayed": True}

    def listen(self) -> None:
        """Hear every new event until it is taken, and then once more, the other way round."""
        told = self.patron.news()
        for event in (*told, *reversed(told)):
            until_done(lambda: self.patron.told(event))  # noqa: B023 - called at once

    def work(self) -> None:
        """Let the jobs run for two days."""
        for _ in range(4):
            self.patron.clock += timedelta(hours=12)
            for job in (self.patron.sweep, self.patron.expire):
                try:
                    job()
                except Crash:
                    continue

    def state(self) -> object:
        """What there is in the end, however it came about."""
        store, wallet, row = self.patron.store, self.patron.wallet, self.patron.row
        lots = sorted((lot.source.value, lot.free, str(lot.expires_at)) for lot in wallet.lots)
        nameless: dict[str, Any] = {
            "subscription_id": "",
            "invoice_id": "",
            "item_id": "",
            "schedule_id": None,
            "customer_id": "",
        }
        news = replace(row.news, **nameless) if row.news else None
        said = replace(row, version=0, due_at=None, news=news, customer_id=None)
        kept = sorted((key, receipt.seq) for (_, key), receipt in store.spent.items())
        messages = [each.message.facts for each in store.messages.values()]
        return wallet.plan, wallet.meters, lots, said, self.patron.invoices(), kept, len(store.answers), messages

    def check(self) -> None:
        patron = self.patron
        patron.check()
        assert patron.store.oddities == {}
        assert len(patron.billed()) == self.billed, "nothing is billed twice"
        [there] = patron.there()
        news = patron.row.news
        assert news
        assert (news.status.value, news.ends_at is not None, news.pending is not None) == there
        assert patron.row.asked is None or not self.repeats


class Subscribing(Flow):
    """The first checkout, and its payment."""

    def prepare(self) -> None:
        pass

    def ask(self) -> Json:
        return self.patron.want("pro", key=KEY)

    def react(self) -> None:
        if not self.repeats:  # the first page was never seen
            self.answer = until_done(lambda: self.patron.want("pro", key="another"))
        self.patron.pay_for(self.answer)

    def check(self) -> None:
        super().check()
        assert (self.patron.plan.plan_id, self.patron.available) == ("pro", 50)


class Raising(Flow):
    billed = 2

    def prepare(self) -> None:
        self.patron.subscribe("pro")

    def ask(self) -> Json:
        return self.patron.want("team", key=KEY)


class RaisingInstead(Flow):
    """A dearer plan instead of another interval that was planned."""

    billed = 2

    def prepare(self) -> None:
        self.patron.subscribe("pro")
        self.patron.want("pro", Interval.YEAR)

    def ask(self) -> Json:
        return self.patron.want("team", key=KEY)


class RaisingAgain(Flow):
    """A dearer plan instead of the end that was planned."""

    billed = 2

    def prepare(self) -> None:
        self.patron.subscribe("pro")
        self.patron.cancel()

    def ask(self) -> Json:
        return self.patron.want("team", key=KEY)


class Lowering(Flow):
    def ask(self) -> Json:
        return self.patron.want("pro", key=KEY)


class LoweringInstead(Flow):
    """A cheaper plan instead of the end that was planned."""

    def prepare(self) -> None:
        super().prepare()
        self.patron.cancel()

    def ask(self) -> Json:
        return self.patron.want("pro", key=KEY)


class LoweringOtherwise(Flow):
    """Another cheaper price than the one that was planned."""

    def prepare(self) -> None:
        super().prepare()
        self.patron.want("pro")

    def ask(self) -> Json:
        return self.patron.want("pro", Interval.YEAR, key=KEY)


class Cancelling(Flow):
    def ask(self) -> Json:
        return self.patron.cancel(key=KEY)


class CancellingInstead(Flow):
    """An end instead of a cheaper plan that was planned."""

    def prepare(self) -> None:
        super().prepare()
        self.patron.want("pro")

    def ask(self) -> Json:
        return self.patron.cancel(key=KEY)


class Ending(Flow):
    def ask(self) -> Json:
        return self.patron.cancel(now=True, key=KEY)


class Resuming(Flow):
    def prepare(self) -> None:
        super().prepare()
        self.patron.cancel()

    def ask(self) -> Json:
        return self.patron.resume(key=KEY)


class ResumingInstead(Flow):
    """Going on instead of a cheaper plan that was planned."""

    def prepare(self) -> None:
        super().prepare()
        self.patron.want("pro")

    def ask(self) -> Json:
        return self.patron.resume(key=KEY)


class Renewing(Flow):
    """A month is over: it fails, and is paid a day later."""

    billed = 2

    def prepare(self) -> None:
        self.name = self.patron.subscribe("team")

    def play(self) -> None:
        self.patron.clock = NOON + 30 * DAY
        for outcome in ("failed", "paid"):
            self.patron.renew(self.name, outcome)
            self.listen()
            self.work()

    def check(self) -> None:
        super().check()
        assert self.patron.invoices()[0] == ("paid", 9900)
        assert self.patron.available == 100 + 200, "what rolls over, and the month's"
        assert len(self.patron.store.messages) == 1


class RenewingUntold(Renewing):
    """The same, but nobody tells: the sweep looks, hour by hour."""

    def play(self) -> None:
        self.patron.clock = NOON + 30 * DAY
        for outcome in ("failed", "paid"):
            self.patron.renew(self.name, outcome)
            self.patron.news()
            for _ in range(54):  # what a crash interrupts is looked at again a day later
                self.patron.clock += timedelta(hours=1)
                for job in (self.patron.sweep, self.patron.expire):
                    try:
                        job()
                    except Crash:
                        continue


CHANGES: list[type[Flow]] = [
    Subscribing,
    Raising,
    RaisingInstead,
    RaisingAgain,
    Lowering,
    LoweringInstead,
    LoweringOtherwise,
    Cancelling,
    CancellingInstead,
    Ending,
    Resuming,
    ResumingInstead,
]
FLOWS = [*CHANGES, Renewing, RenewingUntold]


def faults_of(point: str) -> list[Fault]:
    """List what can go wrong at a point: it depends on who is called."""
    name = name_of(point)
    if name == f"{PROVIDER}live":
        return []
    if name.startswith(PROVIDER):
        return PROVIDER_FAULTS
    return READ_FAULTS if name in READS else STORE_FAULTS


def played(flow: type[Flow], patron: Patron) -> Flow:
    found = flow(patron)
    found.play()
    found.check()
    return found


def points_of(flow: type[Flow]) -> list[str]:
    """Name a flow's points; of the jobs' looks at what is due, one of each shard and round is like the next."""
    points = numbered(CALLS[flow])
    looks = {"due_purchases", "due_wallets"}
    return [each for each in points if name_of(each) not in looks or each.endswith("#1")]


UNDISTURBED = {flow: played(flow, Program()) for flow in FLOWS}
CALLS = {flow: list(each.patron.calls) for flow, each in UNDISTURBED.items()}
STATES = {flow: each.state() for flow, each in UNDISTURBED.items()}
CASES = [
    pytest.param(flow, point, fault, id=f"{flow.__name__}-{point}-{fault[0]}")
    for flow in FLOWS
    for point in points_of(flow)
    for fault in faults_of(point)
]


@pytest.mark.parametrize(("flow", "point", "fault"), CASES)
def test_one_fault_at_one_point_changes_nothing_in_the_end(flow: type[Flow], point: str, fault: Fault) -> None:
    for events_first in (False, True) if flow in CHANGES else (False,):
        found = flow(Program(), events_first=events_first)
        found.strike = strike = Strike(point, fault)

        found.play()

        found.check()
        assert found.state() == STATES[flow]
        assert strike.struck, "the fault never came: the flow no longer makes this call"


@pytest.mark.parametrize("flow", CHANGES)
def test_who_goes_away_after_a_fault_leaves_the_wallet_where_its_subscription_is(flow: type[Flow]) -> None:
    for point in points_of(flow):
        for fault in faults_of(point):
            found = flow(Program(), repeats=False)
            found.strike = Strike(point, fault)
            print(flow.__name__, point, fault[0])
            found.billed = 0
            found.play()
            found.billed = len(found.patron.billed())

            found.check()
            assert found.billed <= flow.billed
            answered = (WALLET, KEY) in found.patron.store.spent
            assert len([name for name in found.patron.store.answers if name[0] == WALLET]) >= answered


@pytest.mark.parametrize("flow", FLOWS)
def test_pairs_of_faults_change_nothing_either(flow: type[Flow]) -> None:
    random, both = Random(flow.__name__), 0
    points = [point for point in points_of(flow) if faults_of(point)]
    for _ in range(PAIRS):
        chosen = [(point, random.choice(faults_of(point))) for point in random.sample(points, 2)]
        strikes = [Strike(*each) for each in chosen]
        found = flow(Program(), events_first=random.random() < 0.5)
        found.strike = in_turn(*strikes)
        print(flow.__name__, [(point, fault[0]) for point, fault in chosen])

        found.play()

        found.check()
        assert found.state() == STATES[flow]
        both += all(each.struck for each in strikes)
    assert both > PAIRS // 4


class At:
    """Does something before the n-th call, once."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        self.left, self.act = number, act

    def __call__(self, _name: str, when: str) -> None:
        if when == "before":
            self.left -= 1
            if self.left == 0:
                self.act()


WISHES: dict[str, Callable[[Patron, str], Json]] = {
    "dearer": lambda patron, key: patron.want("team", key=key),
    "another interval": lambda patron, key: patron.want("pro", Interval.YEAR, key=key),
    "the end": lambda patron, key: patron.cancel(key=key),
    "the end now": lambda patron, key: patron.cancel(now=True, key=key),
    "going on": lambda patron, key: patron.resume(key=key),
}


@pytest.mark.parametrize("second", WISHES)
@pytest.mark.parametrize("first", WISHES)
def test_a_second_wish_between_any_two_calls_of_the_first_leaves_both_answered_and_nothing_billed_twice(
    first: str, second: str
) -> None:
    for number in count(1):
        patron = Program()
        patron.subscribe("pro")
        if "going on" in (first, second):
            patron.cancel()
        answers: dict[str, Json | None] = {}

        def ask(what: str, key: str, patron: Program = patron, answers: dict[str, Json | None] = answers) -> None:
            with suppress(Refusal):
                answers[key] = WISHES[what](patron, key)

        patron.strike = at = At(number, lambda: ask(second, "second"))
        ask(first, "first")
        if at.left > 0:
            break
        patron.strike = lambda _name, _when: None
        for event in patron.news():
            patron.told(event)

        patron.check()
        assert patron.store.oddities == {}
        assert (patron.row.asked, len(patron.there())) == (None, 1)
        [there], news = patron.there(), patron.row.news
        assert news
        assert (news.status.value, news.ends_at is not None, news.pending is not None) == there
        assert len(patron.billed()) == 1 + (news.plan_id == "team")
        for what, key in ((first, "first"), (second, "second")):
            if answer := answers.get(key):
                assert WISHES[what](patron, key) == {**answer, "replayed": True}
    assert number > 3


@pytest.mark.parametrize("jump", [-10 * MINUTE, -SECOND, SECOND, 10 * MINUTE, 25 * HOUR], ids=str)
@pytest.mark.parametrize("flow", CHANGES)
def test_a_clock_that_jumps_between_any_two_calls_breaks_nothing(flow: type[Flow], jump: timedelta) -> None:
    for number in [place for place, name in enumerate(CALLS[flow], start=1) if not name.startswith("due_")]:
        program = Program()
        found = flow(program)

        def turn(program: Program = program) -> None:
            program.clock += jump
            program.provider.tick()

        found.strike = At(number, turn)
        print(flow.__name__, "jump before call", number, CALLS[flow][number - 1])
        found.play()

        found.check()


@pytest.mark.parametrize("flow", CHANGES)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("events_first", [False, True])
def test_whatever_is_lost_on_the_way_to_stripe_the_repeats_end_it_once(
    flow: type[Flow], when: str, *, events_first: bool
) -> None:
    """Each request or response is lost, together with what the package itself repeats."""
    expected = played(flow, Patron()).state()
    for attempt in count():
        found = flow(Patron(), events_first=events_first)
        struck, attempts = list[int](), count()

        def lose(*_: object, attempts: Any = attempts, attempt: int = attempt, struck: list[int] = struck) -> None:
            number = next(attempts)
            if number in (attempt, attempt + 1):
                struck.append(number)
                raise lost()

        setattr(found.patron.transport, when, lose)
        with suppress(PaymentsUnavailable):
            found.ask()
        setattr(found.patron.transport, when, None)
        if events_first:
            found.listen()
        found.play()

        found.check()
        assert found.state() == expected
        if not struck:
            break
    assert attempt >= 3, "each of its calls was lost once"


def test_the_flows_have_as_many_points_as_we_think() -> None:
    found = {flow.__name__: len(points_of(flow)) for flow in FLOWS}
    assert min(found.values()) >= 20
    print(f"points: {found}; {len(CASES)} single faults, {PAIRS * len(FLOWS)} pairs: all ended as without any")
