"""
Every single fault at every point of buying and fulfilment: always exactly one grant, and paid = granted.

The points are found by running the flow once and noting its calls to the outside, so that a new call is covered
by being made. After a fault the customer repeats with the same key and Stripe delivers again, until it is quiet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import Refusal
from chalicelib.domain.purchases import Status
from chalicelib.services.fulfilling import NotYetKnown, Outcome, fulfil
from chalicelib.services.ports import Oddity, PaymentsFailed
from chalicelib.services.purchasing import Started
from local.stripe.transport import lost
from tests.builders import NOON, stamp
from tests.counter import Counter
from tests.simulation.striking import Crash, Fault, Strike, cases, numbered

T = TypeVar("T")
HINT = Oddity(event_id="evt_1", type="checkout.session.completed", reason="", at=NOON)
MOST_REPEATS = 5


def until_done(step: Callable[[], T]) -> T:
    """Repeat as a customer or Stripe would, after a crash or an answer that asks for it."""
    for _ in range(MOST_REPEATS):
        try:
            return step()
        except (Crash, Refusal, NotYetKnown, PaymentsFailed):
            continue
    raise AssertionError("the flow did not come to its end")


def flow(counter: Counter) -> Started:
    """Buy, pay, and be told of it twice."""
    begun = until_done(counter.buy)
    session_id = str(begun.purchase.session_id)
    counter.control(f"sessions/{session_id}/pay", {"method": "card"})

    def deliver() -> Outcome:
        return fulfil(counter.shop, session_id, event=HINT, stamp=stamp())

    until_done(deliver)
    until_done(deliver)
    return begun


def check(counter: Counter, begun: Started) -> None:
    wallet = counter.store.wallet("acct_a")
    history = counter.store.history_of("acct_a")
    assert [entry.kind for entry in history] == ["purchase"]
    assert wallet.available(NOON) == 1000
    assert list(audit.faults(wallet, history)) == []
    assert [each.status for each in counter.store.purchases.values()] == [Status.PAID]
    assert list(counter.store.purchases) == [("acct_a", begun.purchase.purchase_id)]
    assert counter.store.oddities == {}


def points() -> list[str]:
    """Name every call to the outside that the flow makes."""
    counter = Counter()
    check(counter, flow(counter))
    return numbered(counter.calls)


CASES = cases(points())


@pytest.mark.parametrize(("point", "fault"), CASES)
def test_one_fault_at_one_point_still_grants_once(point: str, fault: Fault) -> None:
    counter = Counter()
    strike = Strike(point, fault)
    counter.strike = strike

    begun = flow(counter)

    check(counter, begun)
    assert strike.struck, "the fault never came: the flow no longer makes this call"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("attempt", range(6))
def test_a_request_or_response_lost_on_the_way_to_stripe_is_made_good_by_its_client(when: str, attempt: int) -> None:
    counter = Counter()
    attempts = iter(range(1000))

    def lose(*_call: object) -> None:
        if next(attempts) == attempt:
            raise lost()

    setattr(counter.transport, when, lose)

    check(counter, flow(counter))


def test_the_flow_has_as_many_points_as_we_think() -> None:
    assert len(points()) >= 14
    print(f"{len(points())} points, {len(CASES)} faults: all ended in one grant")
