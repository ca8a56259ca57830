"""How full a quota is, at exact thresholds, and what to do about it in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.levels import Action, Caution, Level, actions, level_of, read_all, warnings
from chalicelib.domain.lots import Lot, Source
from chalicelib.domain.plans import catch_up
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Wallet
from tests.builders import CATALOG, DAY, NOON, lot, stamp

EMPTY = Wallet(wallet_id="acct_a")


def funded(credits: int) -> Wallet:
    return grant(EMPTY, Grant(credits=credits, source=Source.PROMO), CATALOG, stamp()).wallet


def used(wallet: Wallet, meter: str, amount: int) -> Wallet:
    gauge = meter == "seats"
    use = Use(wallet_id="acct_a", meter=meter, quantity=None if gauge else amount, set_to=amount if gauge else None)
    return decide(wallet, use, CATALOG, stamp()).wallet


def told(wallet: Wallet, offer: Catalog = CATALOG) -> tuple[list[Caution], list[Action]]:
    current = catch_up(wallet, offer, NOON)
    readings = read_all(current, offer)
    return list(warnings(readings, current, offer, NOON)), list(actions(readings, current, offer, NOON))


@pytest.mark.parametrize(
    ("use", "quota", "level"),
    [
        (79, 100, Level.OK),
        (80, 100, Level.WARNING),
        (89, 100, Level.WARNING),
        (90, 100, Level.CRITICAL),
        (99, 100, Level.CRITICAL),
        (100, 100, Level.EXCEEDED),
        (250, 100, Level.EXCEEDED),
        (2, 3, Level.OK),
        (7, 0, Level.OK),
        (7, None, Level.OK),
    ],
)
def test_a_threshold_is_reached_at_its_exact_value(use: int, quota: int | None, level: Level) -> None:
    assert level_of(use, quota, (80, 90, 100)) is level


def test_more_thresholds_are_more_warnings() -> None:
    assert level_of(50, 100, (50, 80, 90, 100)) is Level.WARNING


def test_readings_say_what_is_left() -> None:
    wallet = used(used(funded(100), "calls", 12), "seats", 4)

    readings = {each.meter: each for each in read_all(catch_up(wallet, CATALOG, NOON), CATALOG)}

    calls, seats, notes = readings["calls"], readings["seats"], readings["notes"]
    assert (calls.used, calls.remaining, calls.percent, calls.overage_credits) == (12, 0, 120, 2)
    assert (seats.used, seats.level, seats.overage_credits) == (4, Level.EXCEEDED, 20)
    assert (notes.quota, notes.remaining, notes.percent) == (None, None, None)
    assert readings["extra"].percent is None


def test_a_quiet_wallet_is_told_nothing() -> None:
    assert told(EMPTY) == ([], [])


@pytest.mark.parametrize(
    ("amount", "code", "words"),
    [
        (8, "quota_warning", "You have used 80% of the 10 calls in your plan; 2 are left until 22 December."),
        (9, "quota_critical", "You have used 90% of the 10 calls in your plan; 1 is left until 22 December."),
        (
            10,
            "quota_exceeded",
            "You have used 10 of the 10 calls in your plan. Until 22 December, more costs 1 credit each.",
        ),
    ],
)
def test_warnings_are_words_a_person_understands(amount: int, code: str, words: str) -> None:
    said, do = told(used(funded(1000), "calls", amount))

    assert [(each.code, each.meter, each.message) for each in said] == [(code, "calls", words)]
    assert [each.action for each in do] == ["buy_credits", "upgrade"]
    assert do[1].message == "Pro includes 100 calls a month."


def test_what_credits_cannot_pay_for_offers_a_plan_only() -> None:
    said, do = told(used(EMPTY, "locked", 1))

    assert said[0].message.endswith("More needs another plan, or waits until 22 December.")
    assert [(each.action, each.plan_id) for each in do] == [("upgrade", "pro")]
    assert do[0].message == "Pro includes unlimited locked a month."


def test_a_rate_for_several_is_said_so() -> None:
    rates = {**CATALOG.plans["free"].rates}
    rates["calls"] = replace(rates["extra"], credits=2)
    offer = replace(CATALOG, plans={"free": replace(CATALOG.plans["free"], rates=rates)})

    said, do = told(used(funded(1000), "calls", 10), offer)

    assert "more costs 2 credits for every 3" in said[0].message
    assert [each.action for each in do] == ["buy_credits"]


def test_a_low_balance_is_a_warning_and_offers_credits() -> None:
    said, do = told(funded(99))

    assert [(each.code, each.message) for each in said] == [
        ("low_balance", "99 credits are left. That is less than 100.")
    ]
    assert [(each.action, each.package_id) for each in do] == [("buy_credits", "starter")]


def test_debt_is_said_with_its_amount() -> None:
    said, _ = told(replace(EMPTY, debt=1200))

    assert [(each.code, each.message) for each in said] == [
        ("debt", "You owe 1,200 credits. What you buy next pays them first.")
    ]


@pytest.mark.parametrize(
    ("lots", "words"),
    [
        ([lot(1, 1000, days=30)], "1,000 credits end on 22 December 2026 if you don't use them."),
        ([lot(1, 1, days=3), lot(2, 500, days=4)], "1 credit ends on 25 November 2026 if you don't use them."),
        ([lot(1, 200, days=5), lot(2, 300, days=5)], "500 credits end on 27 November 2026 if you don't use them."),
        ([lot(1, 1000, days=30, noticed_at=None)], "1,000 credits end on 22 December 2026 if you don't use them."),
        ([lot(1, 1000, days=30.001)], None),
        ([lot(1, 1000)], None),
    ],
)
def test_what_ends_soon_is_said_with_its_day(lots: list[Lot], words: str | None) -> None:
    said, _ = told(replace(EMPTY, lots=tuple(lots)))

    assert [(each.code, each.message) for each in said] == ([("expiring", words)] if words else [])


def test_a_quota_that_will_be_used_up_too_soon_is_said_before_it_is_tight() -> None:
    current = catch_up(used(EMPTY, "calls", 4), CATALOG, NOON)
    readings, soon = read_all(current, CATALOG), {"calls": NOON + 5 * DAY}

    [caution] = warnings(readings, current, CATALOG, NOON, ahead=soon)
    advised = list(actions(readings, current, CATALOG, NOON, ahead=soon))

    assert (caution.code, caution.meter) == ("quota_ahead", "calls")
    assert caution.message == (
        "At your pace, the 10 calls in your plan are used up on 27 November; they are for the time until 22 December."
    )
    assert [each.action for each in advised] == ["buy_credits", "upgrade"]
    assert advised[1].message == "Pro includes 100 calls a month."


def test_a_quota_that_is_tight_already_is_not_said_twice() -> None:
    current = catch_up(used(EMPTY, "calls", 9), CATALOG, NOON)

    codes = [each.code for each in warnings(read_all(current, CATALOG), current, CATALOG, NOON, ahead={"calls": NOON})]

    assert codes == ["quota_critical"]
