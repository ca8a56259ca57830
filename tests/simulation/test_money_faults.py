"""
Every single fault at every point of money coming and going back: always the books hold, and paid = granted - revoked.

The points are found by running each flow once and noting its calls. After a fault events are delivered again until it
is quiet, and an admin repeats with the same key - or doesn't, and then the sweep makes the refund.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import TypeVar

import pytest

from chalicelib.domain.errors import Refusal
from chalicelib.services.fulfilling import NotYetKnown
from chalicelib.services.once import Claim
from chalicelib.services.ports import OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.refunding import RefundOrder, refund_purchase
from local.stripe.transport import lost
from tests.bank import Bank, Json, check_books
from tests.builders import stamp
from tests.simulation.striking import Crash, Fault, Point, Strike, cases, faults_of, in_turn, name_of, numbered

T = TypeVar("T")
MOST_REPEATS, MOST_SWEEPS = 5, 12
AGAIN = (Crash, Refusal, NotYetKnown, PaymentsFailed, Throttled, OutcomeUnknown)  # what asks for a repetition
OTHER = "acct_b"
PAIRS = 150  # of each flow


def until_done(step: Callable[[], T]) -> T:
    """Repeat as a customer, an admin or Stripe would, after a crash or an answer that asks for it."""
    for _ in range(MOST_REPEATS):
        try:
            return step()
        except AGAIN:
            continue
    raise AssertionError("the flow did not come to its end")


class Flow:
    """Something that happens to one purchase; `prepare` is done before anything can go wrong."""

    def __init__(self) -> None:
        self.bank = Bank()
        self.heard = 0  # events, of those that there are
        self.strike: Point = lambda _name, _when: None
        self.prepare()
        self.bank.calls.clear()
        self.bank.strike = self._point

    def _point(self, name: str, when: str) -> None:
        if (name, when) == ("commit", "after"):
            check_books(self.bank.store)
        self.strike(name, when)

    def prepare(self) -> None:
        """Buy and pay, and hear of it."""
        self.payment_id = self.bank.pay(self.bank.buy())
        self.listen()

    def play(self) -> None:
        raise NotImplementedError

    def listen(self) -> None:
        """Hear every new event, each until it is taken, and then once more."""
        told = self.bank.objects("event")[self.heard :]
        self.heard += len(told)
        for event in (*told, *told):
            self._hear(event)

    def _hear(self, event: Json) -> None:
        until_done(lambda: self.bank.hear(event))

    def sweep(self) -> None:
        """Let jobs run until nobody waits any more for a refund; what crashes is run again when its time has come."""
        for _ in range(MOST_SWEEPS):
            if not any(each.asked or each.is_open for each in self.bank.store.purchases.values()):
                return
            self.bank.clock += timedelta(hours=1)
            try:
                self.bank.sweep()
            except Crash:
                continue
        raise AssertionError("the refund was never made")

    def check(self) -> None:
        check_books(self.bank.store)
        self.bank.check_kept()
        assert self.bank.store.oddities == {}
        assert not any(each.asked for each in self.bank.store.purchases.values())


class Journey(Flow):
    """Bought, paid, refunded in part, disputed, lost, and reinstated after all."""

    def prepare(self) -> None:
        pass

    def play(self) -> None:
        bank = self.bank
        payment_id = bank.pay(until_done(bank.buy))
        self.listen()
        bank.refund(payment_id, 333)
        self.listen()
        dispute_id = bank.dispute(payment_id, 600)
        self.listen()
        bank.close(dispute_id, "lost")
        self.listen()
        bank.reinstate(dispute_id)
        self.listen()

    def check(self) -> None:
        super().check()
        [purchase] = self.bank.store.purchases.values()
        assert (purchase.revoked, purchase.owed, purchase.due_at) == (333, 0, None)
        assert self.bank.store.wallet("acct_a").available(self.bank.clock) == 667
        kinds = [entry.kind for entry in self.bank.store.history_of("acct_a")]
        assert kinds == ["purchase", "revocation", "set_aside", "revocation", "set_aside", "restoration"]


class Unready(Flow):
    """Money went back before anybody heard that it had come: the news comes backwards."""

    def prepare(self) -> None:
        self.payment_id = self.bank.pay(self.bank.buy())
        self.bank.refund(self.payment_id, 333)
        self.bank.dispute(self.payment_id, 600)

    def play(self) -> None:
        for event in reversed(self.bank.objects("event")):
            self._hear(event)

    def check(self) -> None:
        super().check()
        assert self.bank.store.wallet("acct_a").available(self.bank.clock) == 0
        assert [lot.set_aside for lot in self.bank.store.wallet("acct_a").lots] == [667]


class Ordered(Flow):
    """An admin refunds, and repeats with the same key until there is an answer; then Stripe tells of it."""

    repeats = True

    def play(self) -> None:
        [purchase] = self.bank.store.purchases.values()
        order = RefundOrder(
            wallet_id="acct_a", purchase_id=purchase.purchase_id, reason="asked nicely", amount_minor=400
        )
        self.claim = Claim.on("acct_a", "r1", operation="refund", body={"amount_minor": 400})

        def ask() -> dict[str, object]:
            shop, admin = self.bank.shop, stamp(self.bank.clock, actor="admin")
            return dict(refund_purchase(shop, order, self.claim, stamp=admin)[0])

        if self.repeats:
            first = until_done(ask)
            assert until_done(ask) == first
            [refund] = self.bank.objects("refund")
            assert (first["refund_id"], first["amount_minor"], first["revoked"]) == (refund["id"], 400, 400)
        else:
            try:
                ask()
            except AGAIN:
                self.sweep()
        self.listen()

    def check(self) -> None:
        super().check()
        was_asked = self.bank.store.receipt("acct_a", "r1") is not None
        assert [each["amount"] for each in self.bank.objects("refund")] == [400] * was_asked
        assert len(self.bank.store.answers) == was_asked
        assert was_asked or not self.repeats
        revocations = [each for each in self.bank.store.history_of("acct_a") if each.kind == "revocation"]
        assert len(revocations) == was_asked
        for each in revocations:
            assert each.private
            assert each.private.fields == {"actor": "admin", "reason": "asked nicely"}


class Left(Ordered):
    """An admin refunds and goes home: what was noted is made by the sweep, exactly once."""

    repeats = False


class Homeward(Flow):
    """Everything is refunded after some of it went to another wallet, which has spent a part: the rest comes home."""

    def prepare(self) -> None:
        super().prepare()
        self.bank.move(OTHER, 600)
        self.bank.spend(OTHER, 200)
        self.bank.spend("acct_a", 50)

    def play(self) -> None:
        self.bank.refund(self.payment_id, 1000)
        self.listen()

    def check(self) -> None:
        super().check()
        store = self.bank.store
        assert (store.wallet("acct_a").left, store.wallet("acct_a").debt) == (0, 250)
        assert (store.wallet(OTHER).left, store.wallet(OTHER).debt) == (0, 0)
        assert [each.kind for each in store.history_of(OTHER)] == ["transfer_in", "usage", "recall"]


class Swept(Homeward):
    """The same, but each event is told once and never again: the sweep and the reconciliation do what was left."""

    def play(self) -> None:
        self.bank.refund(self.payment_id, 1000)
        told = next(each for each in self.bank.objects("event") if each["type"] == "charge.refunded")
        steps: list[Callable[[], object]] = [
            lambda: self.bank.hear(told),
            self.bank.sweep,
            self.bank.reconcile,
            self.bank.sweep,
        ]
        for step in (*steps, *steps[1:]):
            try:
                step()
            except AGAIN:
                continue
            finally:
                self.bank.clock += timedelta(days=1)

    def check(self) -> None:
        super().check()
        self.strike = lambda _name, _when: None
        again = self.bank.reconcile()
        assert (again.differences, again.report.failures) == ([], [])


FLOWS: list[type[Flow]] = [Journey, Unready, Ordered, Left, Homeward, Swept]
EACH_FLOW = pytest.mark.parametrize("flow", FLOWS)


def calls_of(flow: type[Flow]) -> list[str]:
    played = flow()
    played.play()
    calls = list(played.bank.calls)
    played.check()
    return calls


def points_of(flow: type[Flow]) -> list[str]:
    """Name a flow's points; of the days that a reconciliation looks through, one after the other, every ninth."""
    points = numbered(CALLS[flow])
    return [point for point in points if name_of(point) != "paid_on" or int(point.partition("#")[2]) % 9 == 1]


CALLS = {flow: calls_of(flow) for flow in FLOWS}
CASES = [
    pytest.param(flow, *case.values, id=f"{flow.__name__}-{case.id}")
    for flow in FLOWS
    for case in cases(points_of(flow))
]


@pytest.mark.parametrize(("flow", "point", "fault"), CASES)
def test_one_fault_at_one_point_leaves_paid_equal_to_granted_less_revoked(
    flow: type[Flow], point: str, fault: Fault
) -> None:
    played = flow()
    played.strike = strike = Strike(point, fault)

    played.play()

    played.check()
    assert strike.struck, "the fault never came: the flow no longer makes this call"


@EACH_FLOW
def test_pairs_of_faults_leave_it_so_too(flow: type[Flow]) -> None:
    random = Random(flow.__name__)
    points = points_of(flow)
    both = 0
    for _ in range(PAIRS):
        chosen = [(point, random.choice(faults_of(point))) for point in random.sample(points, 2)]
        strikes = [Strike(*each) for each in chosen]
        played = flow()
        played.strike = in_turn(*strikes)
        print(flow.__name__, [(point, fault[0]) for point, fault in chosen])

        played.play()

        played.check()
        both += all(each.struck for each in strikes)
    assert both > PAIRS // 4


@pytest.mark.parametrize("flow", [Ordered, Left])
def test_a_request_lost_on_the_way_to_stripe_refunds_once_all_the_same(flow: type[Flow]) -> None:
    for attempt in range(8):
        for when in ("before", "after"):
            played = flow()
            left = [*[False] * attempt, True]

            def lose(*_call: object, left: list[bool] = left) -> None:
                if left and left.pop(0):
                    raise lost()

            setattr(played.bank.transport, when, lose)

            played.play()

            played.check()


def test_the_flows_have_as_many_points_as_we_think() -> None:
    found = {flow.__name__: len(points_of(flow)) for flow in FLOWS}
    assert found["Journey"] >= 60
    assert found["Ordered"] >= 20
    assert found["Left"] >= 20
    assert found["Homeward"] >= 20
    print(f"points: {found}; {len(CASES)} single faults, {PAIRS * len(FLOWS)} pairs: paid = granted - revoked")
