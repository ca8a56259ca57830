"""Hearing: each event is a hint; what can't be applied comes again, is parked at last, and can be replayed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.errors import Busy, NotFound
from chalicelib.domain.purchases import Purchase, Status
from chalicelib.services.fulfilling import NotYetKnown, Outcome
from chalicelib.services.hearing import MOST_FAILURES, apply_event, replay
from chalicelib.services.ports import LostRace, Oddity, OutcomeUnknown, PaymentsFailed, Throttled
from tests.builders import NOON, stamp
from tests.paid import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


def paid(desk: Desk, event_id: str = "evt_paid") -> Oddity:
    return desk.hint(event_id=event_id, type="checkout.session.completed", session_id=desk.begun.purchase.session_id)


def refunded(desk: Desk, event_id: str = "evt_refund") -> Oddity:
    return desk.hint(event_id=event_id, payment_id=desk.payment_id)


def heard(desk: Desk, event: Oddity) -> Outcome:
    return apply_event(desk.shop, event, stamp=stamp(desk.clock))


def hidden(desk: Desk) -> Purchase:
    """Take the row away, as if it weren't there yet."""
    return desk.store.purchases.pop(("acct_a", desk.begun.purchase.purchase_id))


def test_an_event_of_a_session_fulfils_and_one_of_a_payment_takes_back(desk: Desk) -> None:
    assert heard(desk, paid(desk)) is Outcome.SETTLED
    desk.refund(250)
    assert heard(desk, refunded(desk)) is Outcome.SETTLED
    assert [heard(desk, each) for each in (paid(desk), refunded(desk))] == [Outcome.UNCHANGED] * 2
    assert desk.stands() == (750, 0, 0)
    desk.check()


def test_an_event_that_names_neither_is_ignored(desk: Desk) -> None:
    desk.calls.clear()

    assert heard(desk, desk.hint()) is Outcome.IGNORED
    assert desk.calls == []


@pytest.mark.parametrize("which", [paid, refunded])
def test_an_event_of_an_unknown_purchase_comes_again_and_is_parked_the_twentieth_time(
    desk: Desk, which: Callable[[Desk], Oddity]
) -> None:
    event = which(desk)
    row = hidden(desk)

    for _ in range(MOST_FAILURES - 1):
        with pytest.raises(NotYetKnown):
            heard(desk, event)
    assert desk.store.oddities == {}
    assert heard(desk, event) is Outcome.PARKED

    (odd,) = desk.store.oddities.values()
    assert odd.reason == "parked: after 20 times its purchase is unknown"
    assert (odd.event_id, odd.session_id, odd.payment_id) == (event.event_id, event.session_id, event.payment_id)
    assert heard(desk, event) is Outcome.PARKED
    assert len(desk.store.oddities) == 1
    desk.row = row
    assert heard(desk, event) is Outcome.SETTLED


def test_only_its_own_failures_park_an_event(desk: Desk) -> None:
    hidden(desk)
    for nth in range(2 * MOST_FAILURES):
        with pytest.raises(NotYetKnown):
            heard(desk, paid(desk, f"evt_{nth}"))


def test_other_trouble_parks_nothing(desk: Desk) -> None:
    desk.fail("payment", "before", [PaymentsFailed("down")] * 2 * MOST_FAILURES)

    for _ in range(2 * MOST_FAILURES):
        with pytest.raises(PaymentsFailed):
            heard(desk, paid(desk))
    assert (desk.store.oddities, desk.store.failed_events) == ({}, {})


def test_an_event_that_was_parked_is_replayed_and_leaves(desk: Desk) -> None:
    row = hidden(desk)
    desk.store.quarantine(paid(desk))
    desk.row = row

    assert replay(desk.shop, "evt_paid", stamp=stamp(actor="admin_1")) is Outcome.SETTLED

    assert (desk.row.status, desk.stands()) == (Status.PAID, (1000, 0, 0))
    assert desk.store.oddity("evt_paid") is None
    assert desk.store.released == {"evt_paid": NOON}
    entry = desk.store.history_of("acct_a")[0]
    assert entry.private
    assert entry.private.fields["actor"] == "admin_1"
    with pytest.raises(NotFound):
        replay(desk.shop, "evt_paid", stamp=stamp())
    desk.check()


def test_an_event_that_was_settled_by_now_leaves_as_well(desk: Desk) -> None:
    desk.store.quarantine(paid(desk))
    desk.fulfilled()

    assert replay(desk.shop, "evt_paid", stamp=stamp()) is Outcome.UNCHANGED
    assert desk.store.oddity("evt_paid") is None


def test_an_event_that_still_does_not_fit_stays(desk: Desk) -> None:
    desk.store.quarantine(refunded(desk))
    desk.fulfilled()
    desk.refund(250)
    desk.row = replace(desk.row, payment_id="pi_other")

    assert replay(desk.shop, "evt_refund", stamp=stamp()) is Outcome.QUARANTINED
    assert desk.store.oddity("evt_refund")


def test_an_unknown_event_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        replay(desk.shop, "evt_gone", stamp=stamp())


@pytest.mark.parametrize(
    ("call", "trouble"),
    [
        ("payment", PaymentsFailed("down")),
        ("payment", Throttled()),
        ("payment", OutcomeUnknown()),
        ("wallet_and_purchase", LostRace()),
    ],
)
def test_an_event_that_cannot_be_applied_yet_stays(desk: Desk, call: str, trouble: Exception) -> None:
    desk.store.quarantine(paid(desk))
    desk.fail(call, "before", [trouble] * 1000)

    with pytest.raises(Busy):
        replay(desk.shop, "evt_paid", stamp=stamp())
    assert desk.store.oddity("evt_paid")


def test_an_event_whose_purchase_is_still_unknown_stays(desk: Desk) -> None:
    desk.store.quarantine(paid(desk))
    hidden(desk)

    with pytest.raises(Busy):
        replay(desk.shop, "evt_paid", stamp=stamp())
    assert desk.store.oddity("evt_paid")
