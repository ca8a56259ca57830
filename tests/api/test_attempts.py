"""Attempts at Stripe over HTTP: an hour has so many for one wallet, whatever becomes of the commands that take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.catalog import Limits
from local.replies import Reply
from local.stripe.transport import lost
from tests.api.desk import Desk, refusal
from tests.api.subscriber import Subscriber
from tests.api.test_limits import OWNER, open_portal, put, transfer

MOST, CHARGES = 12, 12  # in these tests, and charges of a saved card in an hour as the catalogue has it
Loop = Callable[[Desk], Callable[[], Reply]]  # what comes before; then a command that can't succeed


@pytest.fixture
def some(desk: Desk) -> Iterator[int]:
    """Twelve attempts an hour, so that a test needn't make 120."""
    del desk
    some = replace(wiring.catalog(), limits=Limits(provider_attempts_per_hour=MOST))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "catalog", lambda: some)
        yield MOST


def fail(desk: Desk, *paths: str) -> None:
    """Have Stripe not answer to these paths any more."""

    def down(_method: str, path: str) -> None:
        if path.endswith(paths):
            raise lost()

    desk.premises.transport.before = down


def subscriber(desk: Desk) -> Subscriber:
    ada = Subscriber(desk)
    ada.subscribe()
    desk.premises.advance(hours=1)
    return ada


def plan_that_runs(desk: Desk) -> Callable[[], Reply]:
    ada = subscriber(desk)
    return lambda: ada.want("pro")


def nothing_planned(desk: Desk) -> Callable[[], Reply]:
    ada = subscriber(desk)
    return ada.resume


def no_card(desk: Desk) -> Callable[[], Reply]:
    desk.pay(desk.buy())
    desk.premises.advance(hours=1)
    body = b'{"enabled":true,"below":100,"target":500,"package_id":"starter","monthly_cap_minor":null}'
    return lambda: put(desk, "/api/credits/auto-topup", body)


def portal_that_fails(desk: Desk) -> Callable[[], Reply]:
    desk.pay(desk.buy())
    desk.premises.advance(hours=1)
    fail(desk, "billing_portal/sessions")
    return lambda: open_portal(desk, 1)


def purchase_that_fails(desk: Desk) -> Callable[[], Reply]:
    fail(desk, "checkout/sessions")
    return desk.buy


def purchases_that_fail(desk: Desk) -> Callable[[], Reply]:
    fail(desk, "customers")
    numbers = count()
    return lambda: desk.buy(f"k{next(numbers) % 9}")  # nine rows, and their repeats


@pytest.mark.parametrize(
    ("loop", "status"),
    [
        (plan_that_runs, 409),
        (nothing_planned, 409),
        (no_card, 409),
        (portal_that_fails, 502),
        (purchase_that_fails, 502),
        (purchases_that_fail, 502),
    ],
)
def test_what_stripe_refuses_or_does_not_answer_is_asked_as_often_as_the_hour_may(
    desk: Desk, some: int, loop: Loop, status: int
) -> None:
    ask = loop(desk)
    before = desk.premises.attempts()
    counted = desk.premises.taken()

    assert [ask().status for _ in range(some)] == [status] * some

    assert desk.premises.attempts() == before + some
    assert desk.premises.taken() == counted
    with desk.changing_nothing(may_try=True):
        for _ in range(3):
            full = refusal(ask(), 429, "too_many_requests")
    assert f"{some} attempts at the payment provider" in full["detail"]
    desk.give(1)
    assert transfer(desk, 1, token=desk.token(teams=OWNER)).status == 201  # what asks nobody goes on
    desk.premises.advance(hours=1)
    assert ask().status == status


@pytest.mark.parametrize("keys", [1, 100])
def test_a_card_that_says_no_is_charged_a_dozen_times_in_an_hour(desk: Desk, keys: int) -> None:
    ada = subscriber(desk)
    [customer] = ada.at_stripe("customer")
    desk.premises.control(f"customers/{customer}/card", behaviour="declined")
    desk.premises.forget_calls()

    told = [ada.want("team", key=f"up{number % keys}").status for number in range(CHARGES + 8)]

    assert told == [402] * CHARGES + [429] * 8
    assert charged(desk) == CHARGES
    desk.premises.advance(hours=1)
    desk.premises.control(f"customers/{customer}/card", behaviour="ok")
    assert ada.want("team", key="up0").status == 200


def charged(desk: Desk) -> int:
    """Count how often a subscription was to be changed at once."""
    return len(
        [path for method, path in desk.premises.transport.calls if method == "POST" and "/subscriptions/" in path]
    )


def test_accepted_commands_take_attempts_as_well(desk: Desk, some: int) -> None:
    desk.pay(desk.buy())
    for _ in range(some - 1):
        assert open_portal(desk, 1).status == 200

    refusal(open_portal(desk, 1), 429, "too_many_requests")
    assert sum(desk.premises.taken().values()) == desk.premises.attempts() == some


def test_what_asks_nobody_takes_none(desk: Desk) -> None:
    desk.give(10)
    calls: list[Callable[[], Reply]] = [
        lambda: transfer(desk, 1),
        lambda: put(desk, "/api/user/notifications", b'{"email":"a@example.org"}'),
        lambda: put(
            desk,
            "/api/credits/auto-topup",
            b'{"enabled":false,"below":1,"target":500,"package_id":"starter","monthly_cap_minor":null}',
        ),
    ]
    assert [call().status for call in calls] == [201, 200, 200]

    assert (sum(desk.premises.taken().values()), desk.premises.attempts()) == (3, 0)


def test_a_purchase_is_counted_and_its_repeats_are_not(desk: Desk) -> None:
    first = desk.buy()
    again: Any = [desk.buy() for _ in range(3)]

    assert [each.json()["purchase_id"] for each in again] == [first.json()["purchase_id"]] * 3
    assert (sum(desk.premises.taken().values()), desk.premises.attempts()) == (1, 1)


def test_a_purchase_whose_page_was_not_opened_takes_another_attempt_and_is_opened_at_a_full_hour(desk: Desk) -> None:
    few = replace(wiring.catalog(), limits=Limits(commands_per_hour=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "catalog", lambda: few)
        fail(desk, "checkout/sessions")
        refusal(desk.buy(), 502, "stripe_unavailable")
        desk.premises.transport.before = None
        assert put(desk, "/api/user/notifications", b'{"email":"a@example.org"}').status == 200
        refusal(desk.buy("k2"), 429, "too_many_requests")

        assert desk.buy().status == 201

    assert (sum(desk.premises.taken().values()), desk.premises.attempts()) == (1, 2)


def test_paid_purchases_count_too(desk: Desk) -> None:
    few = replace(wiring.catalog(), limits=Limits(commands_per_hour=3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "catalog", lambda: few)
        for number in range(3):
            desk.pay(desk.buy(f"k{number}"))

        refusal(desk.buy("k3"), 429, "too_many_requests")
