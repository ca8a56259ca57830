"""A purchase's state machine, and payments that don't fit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.lots import LotId
from chalicelib.domain.messages import MessageKind
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import (
    OPEN_PURCHASES,
    TRANSITIONS,
    Order,
    Progress,
    Purchase,
    Status,
    first_id_at,
    next_look,
    open_purchase,
    purchase_id,
    refuse_too_many,
)
from chalicelib.domain.settling import Mismatch, Settlement, give_up, settle
from chalicelib.domain.wallet import Wallet
from tests.builders import CATALOG, DAY, NOON, package, payment, purchase, stamp

EMPTY = Wallet(wallet_id="acct_a")
P, A, PAID, F, E, R = Status
TABLE = {  # status: open, processing, failed, lapsed, paid — as the docstring has it
    P: (P, A, F, E, PAID),
    A: (A, A, F, A, PAID),
    F: (F, A, F, F, PAID),
    E: (E, A, F, E, PAID),
    R: (R, R, R, R, R),
    PAID: (PAID, PAID, PAID, PAID, PAID),
}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("column", range(5))
def test_every_status_meets_every_progress_as_the_table_says(status: Status, column: int) -> None:
    progress = list(Progress)[column]

    assert TRANSITIONS[progress].get(status, status) is TABLE[status][column]


def test_a_paid_purchase_grants_one_lot_of_credits_and_bonus() -> None:
    bought = purchase(bonus_credits=50)

    settled = settle(EMPTY, bought, payment(email="a@example.org"), CATALOG, live=False, stamp=stamp())

    assert settled
    assert settled.decisions
    wallet = settled.decisions[0].wallet
    assert [(lot.granted, lot.purchase_id) for lot in wallet.lots] == [(1050, bought.purchase_id)]
    assert wallet.lots[0].expires_at == NOON + 365 * DAY
    after = settled.purchase
    assert (after.status, after.lot_id, after.paid_minor, after.version) == (Status.PAID, LotId(1), 1000, 2)
    assert (after.paid_at, after.session_id, after.email) == (NOON, "cs_test_1", "a@example.org")
    assert settled.decisions[0].entry.kind == "purchase"


def test_credits_without_an_expiry_rule_never_end() -> None:
    settled = settle(EMPTY, purchase(expires_after_days=None), payment(), CATALOG, live=False, stamp=stamp())

    assert settled
    assert settled.decisions
    assert settled.decisions[0].wallet.lots[0].expires_at is None


def test_unpaid_moves_the_row_and_grants_nothing() -> None:
    settled = settle(EMPTY, purchase(), payment(Progress.PROCESSING), CATALOG, live=False, stamp=stamp())

    assert settled
    assert settled.decisions == ()
    assert settled.purchase.status is Status.AWAITING_PAYMENT


def test_a_repeat_writes_nothing() -> None:
    paid = purchase(status=Status.PAID, session_id="cs_test_1", payment_id="pi_1", customer_id="cus_1")

    assert settle(EMPTY, paid, payment(), CATALOG, live=False, stamp=stamp()) is None
    assert settle(EMPTY, purchase(), payment(Progress.OPEN), CATALOG, live=False, stamp=stamp()) is None


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("mode", {"mode": "subscription"}),
        ("livemode", {"live": True}),
        ("wallet", {"wallet_id": "acct_b"}),
        ("purchase", {"purchase_id": "pur_other"}),
        ("currency", {"amount": Money(1000, "eur")}),
        ("amount", {"amount": Money(999, "usd")}),
        ("customer", {"customer_id": "cus_2"}),
        ("customer", {"customer_id": None}),
    ],
)
def test_a_payment_that_does_not_fit_is_not_applied(field: str, odd: dict[str, Any]) -> None:
    with pytest.raises(Mismatch, match=field):
        settle(EMPTY, purchase(customer_id="cus_1"), payment(**odd), CATALOG, live=False, stamp=stamp())


@pytest.mark.parametrize("second", [{"session_id": "cs_test_2"}, {"payment_id": "pi_2"}])
def test_a_second_payment_for_a_paid_purchase_is_odd(second: dict[str, Any]) -> None:
    paid = purchase(status=Status.PAID, session_id="cs_test_1", payment_id="pi_1", customer_id="cus_1")

    with pytest.raises(Mismatch, match="second payment"):
        settle(EMPTY, paid, payment(**second), CATALOG, live=False, stamp=stamp())


@pytest.mark.parametrize("progress", [Progress.LAPSED, Progress.FAILED, Progress.PROCESSING])
def test_a_session_that_the_customer_never_saw_ends_nothing(progress: Progress) -> None:
    opened = purchase(session_id="cs_test_2")

    assert settle(EMPTY, opened, payment(progress), CATALOG, live=False, stamp=stamp()) is None
    paid = settle(EMPTY, opened, payment(), CATALOG, live=False, stamp=stamp())
    assert paid
    assert paid.purchase.session_id == "cs_test_1"


def test_an_offer_is_written_down_as_it_is_now() -> None:
    order = Order(wallet_id="acct_a", package_id="starter", quantity=3, return_path="/x", save_card=True)

    opened = open_purchase(order, package(bonus_credits=10), new_id="pur_x", now=NOON)

    assert (opened.credits, opened.bonus_credits, opened.total_credits) == (3000, 30, 3030)
    assert (opened.price, opened.status, opened.is_open) == (Money(3000, "usd"), Status.PENDING, True)


def test_purchases_sort_by_their_time() -> None:
    times = [NOON + timedelta(milliseconds=n) for n in (0, 1, 31, 32, 1024, 10**9)]
    ids = [purchase_id("acct_a", f"key-{n}", at) for n, at in enumerate(times)]

    assert ids == sorted(ids)
    assert all(first_id_at(at) < each for at, each in zip(times, ids, strict=True))
    assert all(len(each) == 24 for each in ids)
    assert purchase_id("acct_a", "one", NOON) != purchase_id("acct_a", "two", NOON)


def test_ten_open_purchases_an_hour_are_enough() -> None:
    opened = [purchase(created_at=NOON + timedelta(minutes=n)) for n in range(OPEN_PURCHASES)]
    closed = [purchase(status=Status.PAID)] * 50

    refuse_too_many(opened[1:] + closed, NOON + timedelta(minutes=30))
    with pytest.raises(TooManyRequests) as refused:
        refuse_too_many(opened, NOON + timedelta(minutes=30))
    assert refused.value.retry_after_seconds == 30 * 60


# What the customer is told


def after(before: Purchase, progress: Progress, now: datetime = NOON) -> Settlement:
    found = settle(EMPTY, before, payment(progress), CATALOG, live=False, stamp=stamp(now))
    assert found
    return found


def test_money_that_was_waited_for_and_did_not_come_is_told() -> None:
    awaited = after(purchase(bonus_credits=50), Progress.PROCESSING)
    failed = after(awaited.purchase, Progress.FAILED, NOON + 4 * DAY)

    assert awaited.messages == ()
    (told,) = failed.messages
    assert (told.kind, told.wallet_id, told.at) == (MessageKind.PAYMENT_FAILED, "acct_a", NOON + 4 * DAY)
    assert told.facts == {
        "purchase_id": awaited.purchase.purchase_id,
        "credits": 1050,
        "amount_minor": 1000,
        "currency": "usd",
    }


@pytest.mark.parametrize("progress", [each for each in Progress if each is not Progress.OPEN])
def test_a_customer_who_is_still_at_the_page_is_told_nothing(progress: Progress) -> None:
    assert after(purchase(), progress).messages == ()


def test_a_second_failure_is_another_message_and_the_same_failure_the_same() -> None:
    awaited = after(purchase(), Progress.PROCESSING).purchase
    first, again = after(awaited, Progress.FAILED), after(awaited, Progress.FAILED)
    second = after(after(first.purchase, Progress.PROCESSING).purchase, Progress.FAILED)

    assert first.messages == again.messages
    assert first.messages[0].message_id != second.messages[0].message_id


# When it is asked about


@pytest.mark.parametrize(
    ("age", "pause"),
    [
        (timedelta(0), timedelta(minutes=15)),
        (timedelta(hours=-1), timedelta(minutes=15)),  # a clock that is behind
        (timedelta(minutes=30), timedelta(minutes=15)),
        (timedelta(minutes=32), timedelta(minutes=16)),
        (timedelta(hours=10), timedelta(hours=5)),
        (2 * DAY, DAY),
        (50 * DAY, DAY),
    ],
)
def test_the_older_a_purchase_the_longer_until_the_next_look(age: timedelta, pause: timedelta) -> None:
    assert next_look(purchase(), NOON + age) == NOON + age + pause


@pytest.mark.parametrize(
    ("progress", "due_at"), [(Progress.PROCESSING, NOON + timedelta(hours=6)), (Progress.FAILED, None)]
)
def test_only_an_open_purchase_is_asked_about_again(progress: Progress, due_at: datetime | None) -> None:
    settled = after(purchase(due_at=NOON), progress, NOON + timedelta(hours=4))

    assert settled.purchase.due_at == due_at


def test_a_purchase_without_a_checkout_is_given_up_at_two_days() -> None:
    opened = purchase(due_at=NOON)

    assert give_up(opened, NOON + 2 * DAY - timedelta(milliseconds=1)) is None
    ended = give_up(opened, NOON + 2 * DAY)
    assert ended
    assert (ended.purchase.status, ended.purchase.due_at, ended.purchase.version) == (Status.EXPIRED, None, 2)
    assert (ended.decisions, ended.messages) == ((), ())
