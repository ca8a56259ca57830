"""Alerts: told at the exact value, once, and again only after the value was clearly back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.catalog import Catalog, MeterKind
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.messages import Message
from chalicelib.domain.plan_changes import book_steps, set_plan
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, meter, plan, rate, stamp

QUOTAS: dict[str, int | None] = {"calls": 100, "seats": 100, "notes": None, "none": 0}
OFFER: Catalog = replace(
    CATALOG,
    meters={
        "calls": meter("calls"),
        "seats": meter("seats", MeterKind.GAUGE),
        "notes": meter("notes"),
        "none": meter("none"),
        "extra": meter("extra"),
    },
    plans={
        "free": plan("free", quotas=QUOTAS, rates={name: rate(1) for name in ("calls", "seats", "none", "extra")}),
        "big": plan("big", quotas={"calls": 1000, "seats": 1000}, rates={"calls": rate(1)}),
        "small": plan("small", quotas={"calls": 50, "seats": 50}, rates={"calls": rate(1), "seats": rate(1)}),
    },
)


class Customer:
    """A wallet that commands go through one after the other, with what it was told."""

    def __init__(self, *, credits: int = 100_000) -> None:
        self.now: datetime = NOON
        self.wallet = Wallet(wallet_id="acct_a")
        self.entries: list[Entry] = []
        self.messages: list[Message] = []
        if credits:
            self.grant(credits)

    def take(self, decision: Decision | None) -> list[tuple[str, Any]]:
        """Move on; give what was told: (meter or kind, level)."""
        assert decision
        self.wallet = decision.wallet
        self.entries.append(decision.entry)
        self.messages += decision.messages
        return [
            (each.facts["meter"], each.facts["level"]) if each.kind == "quota" else (each.kind.value, None)
            for each in decision.messages
        ]

    def grant(self, credits: int, source: Source = Source.PROMO) -> list[tuple[str, Any]]:
        return self.take(grant(self.wallet, Grant(credits=credits, source=source), OFFER, stamp(self.now)))

    def use(self, name: str, amount: int) -> list[tuple[str, Any]]:
        gauge = OFFER.meters[name].kind is MeterKind.GAUGE
        use = Use(wallet_id="acct_a", meter=name, quantity=None if gauge else amount, set_to=amount if gauge else None)
        return self.take(decide(self.wallet, use, OFFER, stamp(self.now)))

    def on(self, plan_id: str | None) -> list[tuple[str, Any]]:
        return self.take(set_plan(self.wallet, plan_id, OFFER, stamp(self.now)))

    def check(self) -> None:
        assert list(audit.faults(self.wallet, self.entries)) == []
        assert len({each.message_id for each in self.messages}) == len(self.messages)


@pytest.mark.parametrize(
    ("before", "more", "told"),
    [
        (0, 79, None),
        (0, 80, 80),
        (79, 1, 80),
        (80, 1, None),
        (80, 9, None),
        (80, 10, 90),
        (89, 1, 90),
        (98, 1, None),
        (99, 1, 100),
        (100, 1, None),
        (70, 35, 100),
        (0, 500, 100),
    ],
)
def test_a_line_is_told_at_its_exact_value_and_a_jump_as_the_highest(before: int, more: int, told: int | None) -> None:
    customer = Customer()
    if before:
        customer.use("calls", before)

    assert customer.use("calls", more) == ([("calls", told)] if told else [])
    customer.check()


def test_each_line_is_told_once_a_period() -> None:
    customer = Customer()

    assert [customer.use("calls", 1) for _ in range(120)].count([]) == 117
    assert [each.facts["level"] for each in customer.messages] == [80, 90, 100]
    customer.check()


def test_a_message_says_what_was_used_of_what_until_when() -> None:
    customer = Customer()
    customer.use("calls", 85)

    (message,) = customer.messages
    until = "2026-12-22T00:00:00.000Z"
    assert message.facts == {"meter": "calls", "level": 80, "used": 85, "quota": 100, "until": until}
    assert (message.kind, message.wallet_id, message.at) == ("quota", "acct_a", NOON)


def test_hovering_around_a_line_is_told_once() -> None:
    customer = Customer()

    told = [customer.use("seats", level) for level in (80, 79, 80, 76, 84, 81)]

    assert told == [[("seats", 80)], [], [], [], [], []]
    customer.check()


def test_a_gauge_that_went_back_by_the_margin_is_told_again() -> None:
    customer = Customer()

    assert [customer.use("seats", level) for level in (80, 75, 80)] == [[("seats", 80)], [], [("seats", 80)]]
    assert [customer.use("seats", level) for level in (100, 95, 90, 100)] == [
        [("seats", 100)],
        [],
        [],
        [("seats", 100)],
    ]
    customer.check()


def test_a_new_period_arms_every_line_again() -> None:
    customer = Customer()
    customer.use("calls", 100)
    customer.now += 31 * DAY

    assert customer.use("calls", 80) == [("calls", 80)]
    customer.check()


def test_a_gauge_that_stands_over_a_line_when_the_period_begins_is_not_told() -> None:
    customer = Customer()
    customer.use("seats", 95)
    customer.now += 31 * DAY

    assert customer.use("calls", 1) == []
    assert customer.use("seats", 96) == []
    assert customer.use("seats", 100) == [("seats", 100)]
    customer.check()


def test_a_raised_quota_arms_the_lines_again() -> None:
    customer = Customer()
    customer.use("calls", 95)

    assert customer.on("big") == []
    assert customer.use("calls", 705) == [("calls", 80)]
    customer.check()


def test_a_lowered_quota_tells_nothing_of_lines_already_passed() -> None:
    customer = Customer()
    customer.use("calls", 45)
    customer.use("seats", 20)

    assert customer.on("small") == []
    assert customer.use("calls", 1) == []
    assert customer.use("calls", 4) == [("calls", 100)]
    customer.check()


def test_no_quota_and_an_unlimited_one_never_alert() -> None:
    customer = Customer()

    assert [customer.use(name, 10_000) for name in ("notes", "none", "extra")] == [[], [], []]
    customer.check()


def test_the_same_plan_again_tells_nothing() -> None:
    customer = Customer()
    customer.use("calls", 85)

    assert customer.on(None) == []
    assert customer.use("calls", 1) == []
    customer.check()


def test_a_low_balance_is_told_when_it_falls_below_its_line() -> None:
    customer = Customer(credits=200)  # the line is 100

    assert customer.use("extra", 100) == []
    assert customer.use("extra", 1) == [("low_balance", None)]
    assert customer.messages[-1].facts == {"available": 99, "low_below": 100}
    assert customer.use("extra", 50) == []
    customer.check()


def test_one_credit_more_does_not_arm_a_low_balance() -> None:
    customer = Customer(credits=200)
    customer.use("extra", 101)

    assert [customer.grant(1), customer.use("extra", 1), customer.grant(10), customer.use("extra", 10)] == [[]] * 4
    assert "low_balance" in customer.wallet.latches
    customer.check()


def test_a_tenth_over_the_line_arms_a_low_balance() -> None:
    customer = Customer(credits=200)
    customer.use("extra", 101)

    customer.grant(11)  # 110
    assert "low_balance" not in customer.wallet.latches
    assert customer.use("extra", 11) == [("low_balance", None)]
    customer.check()


def test_a_purchase_arms_a_low_balance_and_moves_its_line() -> None:
    customer = Customer(credits=200)
    customer.use("extra", 150)

    customer.grant(5000, Source.PURCHASE)
    assert customer.use("extra", 4549) == []  # 501 left, the line is 500
    assert customer.use("extra", 2) == [("low_balance", None)]
    customer.check()


def test_a_first_grant_below_the_line_is_not_told() -> None:
    customer = Customer(credits=50)

    assert customer.messages == []
    assert customer.use("extra", 10) == []
    customer.check()


def test_a_wallet_without_credits_is_never_low() -> None:
    customer = Customer(credits=0)

    assert customer.use("calls", 10) == []
    assert customer.wallet.latches == {}


def test_debt_is_told_once_and_again_when_it_comes_back() -> None:
    customer = Customer(credits=0)
    customer.use("calls", 1)
    customer.wallet = replace(customer.wallet, debt=5)

    assert customer.use("calls", 1) == [("debt", None)]
    assert customer.use("calls", 1) == []
    customer.grant(500)
    assert customer.wallet.latches == {}
    customer.wallet = replace(customer.wallet, debt=7)
    assert customer.use("calls", 1) == [("debt", None)]


def test_what_is_latched_rides_on_the_entry_that_crossed() -> None:
    customer = Customer()
    customer.use("calls", 92)

    (step,) = customer.entries[-1].facts["also"]
    assert step == {
        "kind": "notice",
        "credits": 0,
        "draws": [],
        "latched": {"quota:calls": 90},
        "told": ["quota:calls"],
    }
    assert customer.wallet.latches == {"quota:calls": 90}


def test_a_turn_that_a_job_books_forgets_the_quotas_lines_only() -> None:
    offer = replace(OFFER, plans={**OFFER.plans, "free": replace(OFFER.plans["free"], included_credits=50)})
    first = grant(Wallet(wallet_id="acct_a"), Grant(credits=20, source=Source.PROMO), offer, stamp())
    used = decide(first.wallet, Use(wallet_id="acct_a", meter="calls", quantity=90), offer, stamp())

    turned = book_steps(used.wallet, offer, stamp(NOON + timedelta(days=31)))

    assert used.wallet.latches == {"quota:calls": 90, "low_balance": 1}
    assert turned
    assert turned.wallet.latches == {"low_balance": 1}
    assert turned.messages == ()
    assert list(audit.faults(turned.wallet, [first.entry, used.entry, turned.entry])) == []
    assert book_steps(turned.wallet, offer, stamp(NOON + timedelta(days=31))) is None
