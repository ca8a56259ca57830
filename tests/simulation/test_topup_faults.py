"""
Every single fault at every point of an automatic top-up, from the spend that crosses the line to the settled purchase.

The points are found by running each flow once and noting its calls. After a fault the caller repeats with the same
key, jobs run again when their time has come, Stripe delivers again: always at most one payment of a trigger succeeds or
still may, after every write; and when it is quiet, exactly one has, and was granted once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from chalicelib.domain.errors import Refusal
from chalicelib.domain.purchases import Status
from chalicelib.services.fulfilling import NotYetKnown
from chalicelib.services.ports import OutcomeUnknown, PaymentsFailed, Throttled
from local.stripe.transport import lost
from tests.bank import Json
from tests.simulation.striking import Crash, Fault, Point, Strike, cases, faults_of, in_turn, numbered
from tests.topper import HOUR, TERMS, Topper

AGAIN = (Crash, Refusal, NotYetKnown, PaymentsFailed, Throttled, OutcomeUnknown)  # what asks for a repetition
MOST_REPEATS, MOST_ROUNDS = 5, 40
PAUSE = timedelta(minutes=2)  # at least, between two rounds of the jobs
CHARGING = ("pay_by_card", "cancel_payment")  # what moves payments at the provider
PAIRS = 60  # of each flow


def until_done(step: Callable[[], object]) -> None:
    """Repeat as a caller or Stripe would, after a crash or an answer that asks for it."""
    for _ in range(MOST_REPEATS):
        try:
            step()
        except AGAIN:
            continue
        else:
            return
    raise AssertionError("the flow did not come to its end")


class Flow:
    """A line is crossed, and jobs and events do the rest; `prepare` is done before anything can go wrong."""

    hears = True  # of events, beside the job
    times = 1  # each of them
    outcomes: tuple[str, ...] = ("succeeded",)  # of the payments that the flow makes without faults
    told: tuple[str, ...] = ()
    available = 1100

    def __init__(self) -> None:
        self.topper = Topper()
        self.prepare()
        self.topper.listen()
        self.topper.calls.clear()
        self.strike: Point = lambda _name, _when: None
        self.topper.strike = self._point

    def _point(self, name: str, when: str) -> None:
        if (name, when) == ("commit", "after"):
            self.topper.check()
        elif when == "after" and name in CHARGING:
            self.topper.check_alive()
        self.strike(name, when)

    def prepare(self) -> None:
        """Nothing more than a saved card and a line."""

    def play(self) -> None:
        until_done(lambda: self.topper.use(900, "crossing"))
        self.rest()

    def rest(self) -> None:
        """Let the job run, and events come, until there is nothing left to do."""
        for _ in range(MOST_ROUNDS):
            self.round()
            if self.is_quiet():
                return
            self.topper.clock = max(self.topper.clock + PAUSE, self.topper.row.due_at or self.topper.clock)
        raise AssertionError("the flow did not come to its end")

    def round(self) -> None:
        for step in (self.topper.charge, self.topper.sweep):
            try:
                step()
            except Crash:
                continue
        self.between()
        if self.hears:
            self.listen()

    def between(self) -> None:
        """What customer and bank do between two rounds."""

    def listen(self) -> None:
        """Hear every new event, each until it is taken."""
        told = self.topper.objects("event")[self.topper.heard :]
        self.topper.heard += len(told)
        for event in told * self.times:
            self._hear(event)

    def _hear(self, event: Json) -> None:
        until_done(lambda: self.topper.hear(event))

    def is_quiet(self) -> bool:
        row = self.topper.row
        return row.trigger is None and row.flight is None

    def check(self) -> None:
        """One payment succeeded and was granted once; whatever else was tried for it is dead."""
        self.topper.check_quiet()
        assert self.topper.outcomes().count("succeeded") == 1
        assert set(self.topper.outcomes()) <= {"succeeded", "canceled"}
        assert self.topper.available == self.available
        assert self.topper.store.oddities == {}
        assert len({each.topup_seq for each in self.topper.topups()}) == 1
        assert self.topper.row.month_minor == 1000

    def check_unharmed(self) -> None:
        """What is so besides when nothing went wrong."""
        assert tuple(self.topper.outcomes()) == self.outcomes
        assert tuple(self.topper.told()) == self.told


class Plain(Flow):
    """The card pays; events come twice."""

    times = 2


class Unheard(Flow):
    """The card pays, and no event ever comes."""

    hears = False


class Heard(Flow):
    """The job runs only once; then events alone bring it to its end, or else the job when it comes back days later."""

    def round(self) -> None:
        super().round()
        self.topper.clock += timedelta(days=3)


class Declined(Flow):
    """The card declines once, then pays."""

    outcomes = ("canceled", "succeeded")
    told = ("declined",)

    def prepare(self) -> None:
        self.topper.card("declined")

    def between(self) -> None:
        if self.topper.intents():
            self.topper.card("ok")


class Replaced(Flow):
    """The card has declined twice, and does so a third time: it is suspended; then there is another card."""

    outcomes = ("canceled", "canceled", "canceled", "succeeded")
    told = ("declined", "suspended")

    def prepare(self) -> None:
        self.topper.card("declined")
        self.topper.use(900, "crossing")
        self.topper.charge()
        self.topper.charge(hours=1)
        self.topper.clock += HOUR

    def between(self) -> None:
        if self.topper.row.stopped:
            self.topper.new_card()


class Confirmed(Flow):
    """The bank wants the customer to be there; then there is another card, and the customer's change is heard of."""

    outcomes = ("canceled", "succeeded")
    told = ("authentication",)

    def prepare(self) -> None:
        self.topper.card("authentication_required")

    def between(self) -> None:
        if self.topper.row.stopped:
            self.topper.new_card()
            account = self.topper.standin._account
            account.emit("customer.updated", account.find("customer", self.topper.customer_id))


class Debited(Flow):
    """A bank takes days, and pays."""

    verb = "settle"

    def prepare(self) -> None:
        self.topper.card("bank_debit")

    def between(self) -> None:
        if "processing" in self.topper.outcomes() and self.topper.store.purchases:
            self.topper.clock += timedelta(days=2)
            self.topper.bank_says(self.verb)
            self.topper.card("ok")


class Undebited(Debited):
    """A bank takes days, and doesn't pay; by then there is a card. Events come twice."""

    times = 2
    verb = "fail"
    outcomes = ("canceled", "succeeded")
    told = ("declined",)


class Capped(Flow):
    """The cap leaves no room, until the customer raises it."""

    told = ("cap",)

    def prepare(self) -> None:
        self.topper.set(replace(TERMS, monthly_cap_minor=1000))
        self.topper.row = replace(self.topper.row, month="2026-11", month_minor=1)

    def between(self) -> None:
        if self.topper.row.capped_month and not self.topper.row.flight:
            until_done(lambda: self.topper.set(replace(TERMS, monthly_cap_minor=1001)))

    def check(self) -> None:
        self.topper.row = replace(self.topper.row, month_minor=self.topper.row.month_minor - 1)
        super().check()


FLOWS: list[type[Flow]] = [Plain, Unheard, Heard, Declined, Replaced, Confirmed, Debited, Undebited, Capped]
EACH_FLOW = pytest.mark.parametrize("flow", FLOWS)


def calls_of(flow: type[Flow]) -> list[str]:
    played = flow()
    played.play()
    played.check()
    played.check_unharmed()
    return list(played.topper.calls)


def points_of(flow: type[Flow]) -> list[str]:
    return numbered(CALLS[flow])


CALLS = {flow: calls_of(flow) for flow in FLOWS}
LOOKS = ("due_purchases",)  # of which there are eight in each round: every seventh is struck
POINTS = {
    flow: [
        point
        for point in points_of(flow)
        if point.partition("#")[0] not in LOOKS or int(point.partition("#")[2]) % 7 == 1
    ]
    for flow in FLOWS
}
CASES = [
    pytest.param(flow, *case.values, id=f"{flow.__name__}-{case.id}") for flow in FLOWS for case in cases(POINTS[flow])
]


@pytest.mark.parametrize(("flow", "point", "fault"), CASES)
def test_one_fault_at_one_point_still_charges_once(flow: type[Flow], point: str, fault: Fault) -> None:
    played = flow()
    played.strike = strike = Strike(point, fault)

    played.play()

    played.check()
    assert strike.struck, "the fault never came: the flow no longer makes this call"


@EACH_FLOW
def test_pairs_of_faults_charge_once_too(flow: type[Flow]) -> None:
    random = Random(flow.__name__)
    both = 0
    for _ in range(PAIRS):
        chosen = [(point, random.choice(faults_of(point))) for point in random.sample(POINTS[flow], 2)]
        strikes = [Strike(*each) for each in chosen]
        played = flow()
        played.strike = in_turn(*strikes)
        print(flow.__name__, [(point, fault[0]) for point, fault in chosen])

        played.play()

        played.check()
        both += all(each.struck for each in strikes)
    assert both > PAIRS // 2


@EACH_FLOW
def test_a_second_job_at_any_point_charges_once_too(flow: type[Flow]) -> None:
    """At every point of a job another one runs from its beginning to its end, as if AWS had started it twice."""
    for point in POINTS[flow]:
        played, strike = flow(), Strike(point, ("another job", "before", Crash))
        inside = False

        def another(name: str, when: str, played: Flow = played, strike: Strike = strike) -> None:
            nonlocal inside
            if inside:
                return
            try:
                strike(name, when)
            except Crash:
                inside = True
                played.topper.charge()
                inside = False

        played.strike = another

        played.play()

        played.check()


@pytest.mark.parametrize("flow", [Plain, Declined, Debited])
def test_requests_and_responses_lost_between_stripe_and_us_charge_once_too(flow: type[Flow]) -> None:
    for attempt in range(12):
        for when in ("before", "after"):
            for times in (1, 2):  # the client makes one good by itself
                played = flow()
                left = [*[False] * attempt, *[True] * times]

                def lose(*_call: object, left: list[bool] = left) -> None:
                    if left and left.pop(0):
                        raise lost()

                setattr(played.topper.transport, when, lose)

                played.play()

                played.check()


def test_what_is_given_up_was_never_granted() -> None:
    played = Replaced()
    played.play()

    assert [each.status for each in played.topper.topups()] == [Status.FAILED] * 3 + [Status.PAID]
    assert played.topper.row.not_before == played.topper.topups()[-1].paid_at + HOUR  # type: ignore[operator]


def test_the_flows_have_as_many_points_as_we_think() -> None:
    found = {flow.__name__: len(POINTS[flow]) for flow in FLOWS}
    assert min(found.values()) >= 14
    print(
        f"points: {found}; {len(CASES)} single faults, {PAIRS * len(FLOWS)} pairs: one trigger, one charge, one grant"
    )
