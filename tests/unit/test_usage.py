"""Use of meters: quota first, then credits; gauges; months; what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import InsufficientCredits, InvalidRequest, QuotaExceeded, Unprocessable
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import LARGEST_INTEGER
from chalicelib.domain.lots import Draw, LotId, Source
from chalicelib.domain.usage import Batch, Charge, Use, decide, decide_all
from chalicelib.domain.wallet import Decision, MeterState, Wallet
from tests.builders import CATALOG, DAY, NOON, lot, stamp

EMPTY = Wallet(wallet_id="acct_a")


def use(meter: str, quantity: int | None = None, **more: Any) -> Use:
    return Use(wallet_id="acct_a", meter=meter, quantity=quantity, **more)


def spend(wallet: Wallet, meter: str, quantity: int | None = None, now: datetime = NOON, **more: Any) -> Decision:
    return decide(wallet, use(meter, quantity, **more), CATALOG, stamp(now))


def funded(credits: int = 100) -> Wallet:
    return grant(EMPTY, Grant(credits=credits, source=Source.PROMO), CATALOG, stamp()).wallet


def test_within_the_quota_a_use_costs_nothing() -> None:
    decision = spend(EMPTY, "calls", 10)

    facts = decision.entry.facts
    assert (facts["from_quota"], facts["credits"], facts["draws"]) == (10, 0, [])
    assert (facts["used_before"], facts["quota"], facts["rate"]) == (0, 10, {"credits": 1, "per": 1})
    assert decision.wallet.meters["calls"] == MeterState(10)


def test_only_what_goes_over_costs_credits() -> None:
    decision = spend(funded(), "calls", 14)

    facts = decision.entry.facts
    assert (facts["from_quota"], facts["credits"]) == (10, -4)
    assert facts["draws"] == [{"lot_id": "lot_1", "credits": -4}]
    assert facts["available_after"] == 96
    assert decision.wallet.today
    assert decision.wallet.today.flows == {Flow.GRANTED: 100, Flow.USED: 4}
    assert decision.wallet.today.credits == 4
    assert decision.wallet.plan
    assert decision.wallet.plan.spent == 4


def test_credits_that_do_not_cover_refuse_everything_and_say_what_would() -> None:
    with pytest.raises(InsufficientCredits) as refused:
        spend(funded(3), "calls", 14)

    assert refused.value.facts == {"required": 4, "available": 3, "shortfall": 1}
    assert [(package.package_id, n) for package, n in refused.value.offers.packages] == [("starter", 1)]
    assert refused.value.offers.plan
    assert refused.value.offers.plan.plan_id == "pro"


def test_debt_is_not_spendable() -> None:
    owing = replace(funded(10), debt=7)

    with pytest.raises(InsufficientCredits) as refused:
        spend(owing, "calls", 14)
    assert refused.value.available == 3


def test_what_has_no_rate_is_refused_beyond_its_quota() -> None:
    full = spend(funded(), "locked", 1).wallet

    with pytest.raises(QuotaExceeded) as refused:
        spend(full, "locked", 1)
    assert refused.value.facts == {"meter": "locked", "quota": 1, "used": 1}
    assert refused.value.offers.packages == ()
    assert refused.value.offers.plan


def test_a_meter_that_is_not_in_the_plan_costs_from_its_first_unit() -> None:
    decision = spend(funded(), "extra", 4)

    assert (decision.entry.facts["credits"], decision.entry.facts["quota"]) == (-2, 0)


def test_unlimited_is_counted_and_free() -> None:
    decision = spend(EMPTY, "notes", 1_000_000_000)

    assert (decision.entry.facts["credits"], decision.entry.facts["quota"]) == (0, None)


def test_a_gauge_is_charged_on_the_periods_peak() -> None:
    wallet = funded()
    charged = []
    for level in (2, 4, 1, 3, 5):
        decision = spend(wallet, "seats", set_to=level)
        charged.append(-decision.entry.facts["credits"])
        wallet = decision.wallet

    assert charged == [0, 20, 0, 0, 10]
    assert wallet.meters["seats"] == MeterState(5, 5)


def test_a_gauges_level_stands_and_its_peak_begins_anew_with_the_next_month() -> None:
    wallet = spend(funded(), "seats", set_to=4).wallet
    wallet = spend(wallet, "calls", 5).wallet
    later = NOON + 40 * DAY

    turned = spend(wallet, "calls", 1, now=later)

    step = turned.entry.facts["also"][0]
    assert (step["kind"], step["levels"]) == ("renewal", {"seats": 4})
    assert step["period"] == {"start": "2026-12-22T00:00:00.000Z", "end": "2027-01-22T00:00:00.000Z"}
    assert turned.wallet.meters == {"seats": MeterState(4, 0), "calls": MeterState(1)}
    assert turned.wallet.plan
    assert turned.wallet.plan.spent == 0
    again = spend(turned.wallet, "seats", set_to=4, now=later)
    assert again.entry.facts["credits"] == -20


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (use("seats", 1), "set"),
        (use("calls", set_to=1), "quantity"),
        (use("other", 1), "meter"),
    ],
)
def test_what_does_not_fit_the_meter_is_named(wrong: Use, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        decide(EMPTY, wrong, CATALOG, stamp())
    assert refused.value.field == field


def test_a_period_counts_no_further_than_its_integers() -> None:
    full = replace(EMPTY, meters={"notes": MeterState(LARGEST_INTEGER)}, plan=funded().plan)

    with pytest.raises(Unprocessable, match="more than can be counted"):
        spend(full, "notes", 1)


def test_a_late_report_bills_this_period_and_counts_on_its_own_day() -> None:
    first = spend(funded(), "calls", 5)
    second = spend(first.wallet, "calls", 1, now=NOON + 3 * DAY)

    late = spend(second.wallet, "calls", 6, now=NOON + 5 * DAY, at=NOON + 2 * DAY)

    assert late.entry.facts["credits"] == -2
    assert late.entry.facts["used_at"] == "2026-11-24T12:00:00.000Z"
    day = (NOON + 2 * DAY).date()
    assert (late.late[day].counted, late.late[day].credits) == ({"calls": 6}, 2)
    assert late.wallet.today
    assert (late.wallet.today.meters, late.wallet.today.flows) == ({}, {Flow.USED: 2})
    assert late.closed_day
    assert late.closed_day.day.meters == {"calls": 1}


def test_a_late_report_for_the_day_that_is_just_closing_goes_into_it() -> None:
    first = spend(funded(), "calls", 5)

    late = spend(first.wallet, "calls", 2, now=NOON + DAY, at=NOON)

    assert late.closed_day
    assert late.closed_day.day.meters == {"calls": 7}
    assert late.late == {}


def test_a_gauge_reported_late_stands_on_the_day_of_its_report() -> None:
    wallet = spend(funded(), "seats", set_to=1).wallet

    late = spend(wallet, "seats", set_to=2, now=NOON + DAY, at=NOON)

    assert late.wallet.today
    assert late.wallet.today.meters == {"seats": 2}


@pytest.mark.parametrize("at", [NOON + timedelta(milliseconds=1), NOON - DAY])
def test_outside_the_running_period_a_report_is_refused(at: datetime) -> None:
    with pytest.raises(Unprocessable, match="running period"):
        spend(funded(), "calls", 1, at=at)


def test_labels_are_kept_beside_the_entry() -> None:
    decision = spend(EMPTY, "calls", 1, labels={"repo": "tally"})

    assert decision.entry.private
    assert decision.entry.private.fields["labels"] == {"repo": "tally"}
    assert b"repo" not in decision.entry.canonical


def batch(wallet: Wallet, *uses: Use) -> Batch:
    return decide_all(wallet, uses, CATALOG, stamp())


def test_a_batch_is_one_entry_and_what_is_refused_fails_alone() -> None:
    made = batch(
        funded(5), use("calls", 12), use("locked", 9), use("calls", 2), use("calls", 100), use("seats", set_to=1)
    )

    kinds = [type(each) for each in made.outcomes]
    assert kinds == [Charge, QuotaExceeded, Charge, InsufficientCredits, Charge]
    assert made.decision
    facts = made.decision.entry.facts
    assert [each["credits"] for each in facts["uses"]] == [-2, -2, 0]
    assert facts["terms"]["calls"]["used_before"] == 0
    assert (facts["credits"], facts["draws"]) == (-4, [{"lot_id": "lot_1", "credits": -4}])


def test_a_batch_of_nothing_but_refusals_writes_nothing() -> None:
    made = batch(EMPTY, use("locked", 9), use("other", 1))

    assert made.decision is None


def test_a_batch_keeps_labels_in_their_places() -> None:
    made = batch(EMPTY, use("calls", 1), use("calls", 1, labels={"a": "b"}))

    assert made.decision
    assert made.decision.entry.private
    assert made.decision.entry.private.fields["labels"] == [{}, {"a": "b"}]


def test_lots_pay_in_burn_order_over_several() -> None:
    wallet = replace(funded(), lots=(lot(1, 5), lot(2, 3, days=20), lot(3, 9, days=30)), seq=3)

    decision = spend(wallet, "calls", 20)

    assert decision.entry.facts["draws"] == [
        {"lot_id": "lot_2", "credits": -3},
        {"lot_id": "lot_3", "credits": -7},
    ]
    assert [Draw(each.id, each.free) for each in decision.wallet.lots] == [Draw(LotId(1), 5), Draw(LotId(3), 2)]


def test_the_auditor_sees_draws_that_do_not_add_up() -> None:
    first = grant(EMPTY, Grant(credits=9, source=Source.PROMO), CATALOG, stamp())
    second = spend(first.wallet, "calls", 12)
    facts = {**second.entry.facts, "draws": [{"lot_id": "lot_1", "credits": -3}]}
    crooked = replace(second.entry, facts=facts)

    assert any("draws something else" in said for said in audit.faults(second.wallet, [first.entry, crooked]))


def test_new_years_eve_turns_once_into_the_month_that_holds_now() -> None:
    begun = spend(EMPTY, "calls", 3, now=datetime(2027, 1, 31, 9, tzinfo=UTC)).wallet
    boundary = datetime(2027, 2, 28, tzinfo=UTC)

    before = spend(begun, "calls", 1, now=boundary - timedelta(milliseconds=1))
    at = spend(begun, "calls", 1, now=boundary)
    much_later = spend(begun, "calls", 1, now=datetime(2028, 2, 29, tzinfo=UTC))

    assert "also" not in before.entry.facts
    assert at.entry.facts["also"][0]["period"]["start"] == "2027-02-28T00:00:00.000Z"
    assert at.entry.facts["also"][0]["period"]["end"] == "2027-03-31T00:00:00.000Z"
    assert len(much_later.entry.facts["also"]) == 1
    assert much_later.entry.facts["also"][0]["period"]["start"] == "2028-02-29T00:00:00.000Z"
