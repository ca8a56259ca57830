"""Ends of lots and their notices: judged by the clock to the second, booked and told by jobs, whenever these come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain import audit
from chalicelib.domain.due import next_due
from chalicelib.domain.errors import InsufficientCredits
from chalicelib.domain.expiry import book_end
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import LotId, Source
from chalicelib.domain.messages import Message
from chalicelib.domain.notices import give_notice
from chalicelib.domain.plan_changes import book_steps, set_plan
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Wallet
from tests.builders import CATALOG, DAY, NOON, lot, stamp

SECOND = timedelta(seconds=1)
YEAR = NOON + 365 * DAY
AROUND = [(-SECOND, False), (0 * SECOND, True), (SECOND, True)]
BOUGHT = Grant(kind="purchase", credits=1000, source=Source.PURCHASE, expires_at=YEAR, purchase_id="pur_1")
SHORT = Grant(credits=300, source=Source.PROMO, expires_at=NOON + 13 * DAY)


def given(*grants: Grant) -> tuple[Wallet, list[Entry]]:
    wallet, history = Wallet(wallet_id="acct_a"), []
    for each in grants:
        decision = grant(wallet, each, CATALOG, stamp())
        wallet = decision.wallet
        history.append(decision.entry)
    return wallet, history


def noticed(wallet: Wallet, at: datetime) -> tuple[Wallet, Message]:
    decision = give_notice(wallet, CATALOG, stamp(at))
    assert decision
    return decision.wallet, decision.messages[0]


def spend(wallet: Wallet, credits: int, at: datetime) -> Wallet:
    return decide(wallet, Use(wallet_id="acct_a", meter="extra", quantity=3 * credits), CATALOG, stamp(at)).wallet


@pytest.mark.parametrize(("off", "is_due"), AROUND)
def test_an_end_counts_from_its_very_instant(off: timedelta, *, is_due: bool) -> None:
    wallet, history = given(SHORT)
    at = NOON + 13 * DAY + off

    assert wallet.available(at) == (0 if is_due else 300)
    if is_due:
        with pytest.raises(InsufficientCredits):
            spend(wallet, 1, at)
    else:
        assert spend(wallet, 1, at).available(at) == 299
    decision = book_end(wallet, CATALOG, stamp(at))
    assert (decision is not None) == is_due
    if decision:
        facts = decision.entry.facts
        assert (facts["kind"], facts["credits"], facts["available_after"]) == ("expiry", -300, 0)
        assert facts["draws"] == [{"lot_id": "lot_1", "credits": -300}]
        assert (facts["lot_id"], facts["ended_at"]) == ("lot_1", "2026-12-05T12:00:00.000Z")
        assert list(audit.faults(decision.wallet, [*history, decision.entry])) == []
        assert book_end(decision.wallet, CATALOG, stamp(at)) is None


@pytest.mark.parametrize("days", [30, 7])
@pytest.mark.parametrize(("off", "is_due"), AROUND)
def test_a_notice_falls_due_at_its_very_instant(days: int, off: timedelta, *, is_due: bool) -> None:
    wallet, history = given(BOUGHT)
    if days == 7:
        early = give_notice(wallet, CATALOG, stamp(YEAR - 30 * DAY))
        assert early
        wallet, history = early.wallet, [*history, early.entry]
    at = YEAR - days * DAY + off

    decision = give_notice(wallet, CATALOG, stamp(at))

    assert (decision is not None) == is_due
    if decision:
        assert decision.entry.kind == "notice"
        (message,) = decision.messages
        assert (message.kind, message.facts["lot_id"], message.facts["days"]) == ("expiring", "lot_1", days)
        assert message.facts["credits"] == 1000
        assert message.facts["ends_at"] == ("2027-11-22T12:00:00.000Z" if days == 30 or not off else AFTER_A_SECOND)
        assert list(audit.faults(decision.wallet, [*history, decision.entry])) == []
        assert give_notice(decision.wallet, CATALOG, stamp(at)) is None


AFTER_A_SECOND = "2027-11-22T12:00:01.000Z"  # a notice a second late moves the end by a second


def test_a_lot_ends_seven_days_after_its_notice_at_the_soonest() -> None:
    wallet, _ = given(BOUGHT)
    late = YEAR + 100 * DAY

    assert spend(wallet, 10, late).available(late) == 990
    assert book_end(wallet, CATALOG, stamp(late)) is None
    told, message = noticed(wallet, late)
    assert message.facts["ends_at"] == "2028-03-08T12:00:00.000Z"
    assert told.available(late + 7 * DAY - SECOND) == 1000
    assert told.available(late + 7 * DAY) == 0
    assert book_end(told, CATALOG, stamp(late + 7 * DAY - SECOND)) is None
    assert book_end(told, CATALOG, stamp(late + 7 * DAY))


def test_the_thirty_days_notice_alone_lets_nothing_end() -> None:
    wallet, _ = given(BOUGHT)
    told, _ = noticed(wallet, YEAR - 20 * DAY)

    assert told.lots[0].warned == 30
    assert told.available(YEAR + DAY) == 1000


def test_several_lines_that_passed_are_one_notice() -> None:
    wallet, _ = given(BOUGHT)

    told, message = noticed(wallet, YEAR - 5 * DAY)

    assert message.facts["days"] == 7
    assert message.facts["ends_at"] == "2027-11-24T12:00:00.000Z"  # two days later than granted
    assert give_notice(told, CATALOG, stamp(YEAR)) is None


@pytest.mark.parametrize(
    ("days", "lines"),
    [(13, []), (14, [7]), (30, [7]), (31, [30, 7]), (365, [30, 7])],
)
def test_which_notices_a_lot_gets(days: int, lines: list[int]) -> None:
    one = lot(1, 5, days=days, noticed_at=None)

    assert [line for _, line in one.notice_due((30, 7))] == lines


def test_plan_lots_and_lots_without_an_end_need_no_notice() -> None:
    assert list(lot(1, 5, days=31, source=Source.PLAN, noticed_at=None).notice_due((30, 7))) == []
    assert list(lot(1, 5).notice_due((30, 7))) == []


def test_lots_of_one_wallet_end_and_are_told_one_by_one() -> None:
    wallet, history = given(BOUGHT, replace(BOUGHT, purchase_id="pur_2"), SHORT)
    at = YEAR + DAY
    kinds = []
    for step in (give_notice, give_notice, book_end):
        decision = step(wallet, CATALOG, stamp(at))
        assert decision
        wallet = decision.wallet
        history.append(decision.entry)
        kinds.append(decision.entry.kind)

    assert kinds == ["notice", "notice", "expiry"]
    assert give_notice(wallet, CATALOG, stamp(at)) is None
    assert book_end(wallet, CATALOG, stamp(at)) is None
    assert list(audit.faults(wallet, history)) == []


def test_what_is_held_of_an_ended_lot_is_not_booked() -> None:
    wallet = Wallet(wallet_id="acct_a", lots=(lot(1, 40, days=13, granted=100, held=60),))

    decision = book_end(wallet, CATALOG, stamp(NOON + 13 * DAY))

    assert decision
    assert decision.entry.facts["credits"] == -40
    assert [(each.free, each.held) for each in decision.wallet.lots] == [(0, 60)]


def test_a_notice_says_what_will_be_lost_at_the_present_pace() -> None:
    wallet, _ = given(BOUGHT)
    wallet = replace(wallet, pace=(10,) * 28, today=replace(wallet.today, date=(YEAR - 31 * DAY).date()))  # type: ignore[type-var]

    _, message = noticed(wallet, YEAR - 30 * DAY)

    assert 650 <= message.facts["lost_at_pace"] <= 750


def test_a_notice_says_nothing_of_the_pace_when_too_little_is_known() -> None:
    wallet, _ = given(replace(BOUGHT, expires_at=NOON + 20 * DAY))

    assert noticed(wallet, NOON + 13 * DAY)[1].facts["lost_at_pace"] is None


def test_a_plan_lot_ends_with_its_month_and_rolls_over_first() -> None:
    begun = set_plan(Wallet(wallet_id="acct_a"), "pro", CATALOG, stamp())
    end = datetime(2026, 12, 22, tzinfo=NOON.tzinfo)

    decision = book_end(begun.wallet, CATALOG, stamp(end))

    assert decision
    assert decision.entry.facts["credits"] == -50
    (step,) = decision.entry.facts["also"]
    assert (step["kind"], step["granted"]) == ("renewal", 80)  # 50 and 30 of those left
    assert list(audit.faults(decision.wallet, [begun.entry, decision.entry])) == []


def test_deadlines_are_noted_nearest_first_and_only_brought_forward() -> None:
    wallet, _ = given(BOUGHT)
    assert wallet.due_at == YEAR - 30 * DAY

    nearer = grant(wallet, SHORT, CATALOG, stamp(NOON + DAY)).wallet
    assert nearer.due_at == NOON + 13 * DAY

    used_up = spend(nearer, 300, NOON + DAY)
    assert used_up.due_at == NOON + 13 * DAY  # a command puts nothing off
    assert next_due(used_up, CATALOG) == YEAR - 30 * DAY


def test_a_quota_month_is_due_only_when_it_brings_credits() -> None:
    free = spend(given(Grant(credits=5, source=Source.PROMO))[0], 1, NOON)
    paid = set_plan(free, "pro", CATALOG, stamp()).wallet

    assert free.due_at is None
    assert paid.due_at == datetime(2026, 12, 22, tzinfo=NOON.tzinfo)
    assert book_steps(free, CATALOG, stamp(NOON + 10 * DAY)) is None
    turned = book_steps(free, CATALOG, stamp(NOON + 40 * DAY))
    assert turned
    assert turned.entry.kind == "renewal"


def test_an_end_in_sight_is_the_one_in_force_or_the_soonest_possible() -> None:
    late = NOON + 400 * DAY + timedelta(minutes=30)
    unnoticed = lot(1, 5, days=365, noticed_at=None)

    assert unnoticed.end_in_sight(NOON) == YEAR
    assert unnoticed.end_in_sight(late) == NOON + 407 * DAY
    assert lot(1, 5, days=365).end_in_sight(late) == YEAR
    assert lot(1, 5).end_in_sight(late) is None


def test_a_lot_is_named_in_its_notice_and_its_expiry() -> None:
    wallet, _ = given(SHORT)
    decision = book_end(wallet, CATALOG, stamp(NOON + 14 * DAY))
    assert decision
    assert LotId.parse(decision.entry.facts["lot_id"]) == wallet.lots[0].id
