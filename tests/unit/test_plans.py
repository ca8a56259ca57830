"""Plans: how one begins, turns, is set; included credits and what rolls over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.domain import audit, folding
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import LotId, Source
from chalicelib.domain.periods import month_after, number_of, period_at
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.plans import RIDING, catch_up
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, PRO, stamp

EMPTY = Wallet(wallet_id="acct_a")


def put_on(wallet: Wallet, plan_id: str | None, now: datetime = NOON) -> Decision:
    return set_plan(wallet, plan_id, CATALOG, stamp(now))


def call(wallet: Wallet, quantity: int, now: datetime = NOON) -> Decision:
    return decide(wallet, Use(wallet_id="acct_a", meter="calls", quantity=quantity), CATALOG, stamp(now))


@pytest.mark.parametrize(
    ("anchor", "months"),
    [
        (datetime(2027, 1, 31, tzinfo=UTC), ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        (datetime(2028, 1, 30, tzinfo=UTC), ["2028-01-30", "2028-02-29", "2028-03-30"]),
        (datetime(2026, 12, 31, tzinfo=UTC), ["2026-12-31", "2027-01-31", "2027-02-28"]),
        (datetime(2026, 11, 15, 13, 5, tzinfo=UTC), ["2026-11-15", "2026-12-15"]),
    ],
)
def test_months_are_anchored_and_do_not_drift(anchor: datetime, months: list[str]) -> None:
    assert [f"{month_after(anchor, n):%Y-%m-%d}" for n in range(len(months))] == months
    for n in range(len(months)):
        start = month_after(anchor, n)
        assert number_of(anchor, start) == n
        assert period_at(anchor, start).start == start
        assert start in period_at(anchor, start)
        assert period_at(anchor, start).end not in period_at(anchor, start)


def test_a_wallet_begins_on_free_at_midnight() -> None:
    wallet = call(EMPTY, 1).wallet

    assert wallet.plan
    assert (wallet.plan.plan_id, wallet.plan.set_by) == ("free", "default")
    assert wallet.plan.period_start == datetime(2026, 11, 22, tzinfo=UTC)


def test_an_admins_plan_begins_a_period_and_grants_what_it_includes() -> None:
    used = call(EMPTY, 10).wallet

    decision = put_on(used, "pro", NOON + DAY)

    facts = decision.entry.facts
    assert (facts["kind"], facts["plan_id"], facts["from_plan_id"], facts["set_by"]) == (
        "plan_change",
        "pro",
        "free",
        "admin",
    )
    assert (facts["granted"], facts["credits"]) == (50, 50)
    assert decision.wallet.meters == {}
    plan_lot = decision.wallet.lots[0]
    assert (plan_lot.source, plan_lot.expires_at) == (Source.PLAN, datetime(2026, 12, 23, tzinfo=UTC))
    assert plan_lot.ends_at == plan_lot.expires_at


def test_included_credits_come_once_per_plan_and_period() -> None:
    first = put_on(EMPTY, "pro").wallet
    back = put_on(put_on(first, None).wallet, "pro").wallet

    assert [lot.granted for lot in back.lots] == [50]
    tomorrow = put_on(back, "pro", NOON + DAY).wallet
    assert [lot.granted for lot in tomorrow.lots] == [50]


def test_the_plan_it_is_on_already_changes_nothing() -> None:
    used = decide(put_on(EMPTY, "pro").wallet, Use(wallet_id="acct_a", meter="calls", quantity=99), CATALOG, stamp())

    again = put_on(used.wallet, "pro", NOON + 3 * DAY)

    assert again.entry.facts["credits"] == 0
    assert (again.wallet.plan, again.wallet.meters, again.wallet.lots) == (
        used.wallet.plan,
        used.wallet.meters,
        used.wallet.lots,
    )


def test_another_plan_on_the_same_day_keeps_what_was_used() -> None:
    wallet = grant(EMPTY, Grant(credits=99, source=Source.PROMO), CATALOG, stamp()).wallet
    wallet = decide(wallet, Use(wallet_id="acct_a", meter="seats", set_to=5), CATALOG, stamp()).wallet
    wallet = call(wallet, 12).wallet

    changed = put_on(wallet, "pro")
    back = put_on(changed.wallet, None)

    assert changed.wallet.meters == wallet.meters
    assert back.wallet.plan
    assert back.wallet.plan.spent == 32
    again = decide(back.wallet, Use(wallet_id="acct_a", meter="seats", set_to=5), CATALOG, stamp())
    assert again.entry.facts["credits"] == 0
    assert call(back.wallet, 1).entry.facts["credits"] == -1


def test_clearing_puts_the_wallet_back_on_free() -> None:
    cleared = put_on(put_on(EMPTY, "pro").wallet, None)

    assert cleared.wallet.plan
    assert (cleared.wallet.plan.plan_id, cleared.wallet.plan.set_by) == ("free", "default")


def test_an_unknown_plan_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="plan_id"):
        put_on(EMPTY, "gold")


def test_bought_credits_are_never_touched() -> None:
    bought = grant(EMPTY, Grant(credits=9, source=Source.PURCHASE), CATALOG, stamp()).wallet

    changed = put_on(put_on(bought, "pro").wallet, None).wallet

    assert changed.lots[0] == bought.lots[0]


@pytest.mark.parametrize(
    ("spent", "months", "granted"),
    [
        (0, 1, 50 + 30),  # more than the cap was left
        (100 + 40, 1, 50 + 10),
        (100 + 50, 1, 50),
        (100 + 50, 2, 50 + 30),  # the month between brought its own
        (100 + 50, 5, 50 + 30),
    ],
)
def test_a_turn_grants_the_months_credits_and_what_rolls_over(spent: int, months: int, granted: int) -> None:
    wallet = put_on(EMPTY, "pro").wallet
    if spent:
        wallet = call(wallet, spent).wallet
    later = month_after(NOON, months)

    decision = call(wallet, 1, later)

    step = decision.entry.facts["also"][0]
    assert (step["kind"], step["granted"], step["lot"]["lot_id"]) == (
        "renewal",
        granted,
        str(LotId(decision.wallet.seq, RIDING)),
    )
    assert decision.wallet.available(later) == granted


def test_the_books_hold_through_a_turn() -> None:
    first = put_on(EMPTY, "pro")
    second = call(first.wallet, 120, NOON + DAY)
    third = call(second.wallet, 130, NOON + 35 * DAY)
    fourth = put_on(third.wallet, None, NOON + 36 * DAY)

    history = [each.entry for each in (first, second, third, fourth)]
    assert list(audit.faults(fourth.wallet, history)) == []
    assert folding.fold("acct_a", history[2:], start=second.wallet) == replace(fourth.wallet, due_at=None)


def test_a_purchase_turns_the_period_too() -> None:
    begun = put_on(EMPTY, "pro").wallet

    bought = grant(begun, Grant(credits=9, source=Source.PURCHASE), CATALOG, stamp(NOON + 40 * DAY))

    assert bought.entry.facts["also"][0]["kind"] == "renewal"
    assert {str(lot.id) for lot in bought.wallet.lots} == {"lot_1", "lot_2", f"lot_2.{RIDING}"}


def test_looking_turns_nothing() -> None:
    begun = put_on(EMPTY, "pro").wallet

    seen = catch_up(begun, CATALOG, NOON + 40 * DAY)

    assert seen.wallet.available(NOON + 40 * DAY) == 80
    assert begun.available(NOON + 40 * DAY) == 0


def test_a_plan_that_grants_from_the_start_says_so_on_the_first_entry() -> None:
    generous = replace(CATALOG, plans={"free": replace(PRO, plan_id="free")})

    first = grant(EMPTY, Grant(credits=1, source=Source.PROMO), generous, stamp())

    assert first.entry.facts["also"][0]["granted"] == 50
    assert list(audit.faults(first.wallet, [first.entry])) == []


def test_included_credits_pay_debt_first() -> None:
    owing = replace(put_on(EMPTY, None).wallet, debt=60)

    decision = put_on(owing, "pro", NOON + DAY)

    assert (decision.wallet.debt, decision.wallet.lots) == (10, ())
    assert decision.entry.facts["draws"] == []


def test_gauges_are_named_when_a_plan_changes() -> None:
    held = decide(EMPTY, Use(wallet_id="acct_a", meter="seats", set_to=2), CATALOG, stamp()).wallet

    assert put_on(held, "pro").entry.facts["levels"] == {"seats": 2}
