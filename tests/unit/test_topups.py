"""Top-ups in the core: how a row reads, what a crossed line calls for, and what becomes of a payment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import InvalidRequest, Unprocessable
from chalicelib.domain.folding import fold
from chalicelib.domain.messages import MessageKind
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Progress, Purchase, Status
from chalicelib.domain.topup_charges import Charge, begin, capped, charge_of, gap_of, has_room, waits_until
from chalicelib.domain.topup_landing import CardPayment, called_off, landed
from chalicelib.domain.topup_moves import at_rest, next_look, rearmed, stop
from chalicelib.domain.topup_settings import change_topup
from chalicelib.domain.topups import Flight, Stop, TopUp, TopUpStatus, TopUpTerms, check_terms, month_of, packages_for
from chalicelib.domain.wallet import Wallet
from tests.builders import CATALOG, DAY, NOON, catalog, lot, package, payment, purchase, stamp

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TERMS = TopUpTerms(below=200, target=1000, package_id="starter", monthly_cap_minor=None)
FLIGHT = Flight(
    purchase_id="pur_1", seq=7, attempt=1, credits=1000, amount=Money(1000, "usd"), card="pm_1", began_at=NOON
)
STARTER = package()


def row(**more: Any) -> TopUp:
    fields: dict[str, Any] = {"wallet_id": "acct_a", "version": 3, "enabled": True, "terms": TERMS}
    return TopUp(**(fields | more))


def wallet(free: int = 100, **more: Any) -> Wallet:
    fields: dict[str, Any] = {"lots": (lot(1, free),) if free else (), "topup_below": 200, "latches": {"topup": 1}}
    return Wallet(wallet_id="acct_a", **(fields | more))


def flying(**more: Any) -> TopUp:
    return row(**{"flight": FLIGHT, "month": "2026-11", "month_minor": 1000} | more)


def bought() -> Purchase:
    return purchase(purchase_id="pur_1", topup_seq=7)


def found(progress: Progress, **more: Any) -> CardPayment:
    return CardPayment(payment_id="pi_1", payment=payment(progress, session_id=None), **more)


DEAD = found(Progress.FAILED, is_over=True)


@pytest.mark.parametrize(
    ("there", "status"),
    [
        (TopUp(wallet_id="acct_a"), "off"),
        (row(enabled=False, stopped=Stop.SUSPENDED, trigger=7), "off"),
        (row(enabled=False, flight=FLIGHT), "charging"),
        (row(flight=FLIGHT, trigger=9), "charging"),
        (row(stopped=Stop.SUSPENDED, trigger=7), "suspended"),
        (row(stopped=Stop.AUTHENTICATION, trigger=7), "authentication_required"),
        (row(), "armed"),
        (row(declines=1, not_before=NOON + HOUR), "armed"),
        (row(trigger=7), "waiting"),
        (row(trigger=7, not_before=NOON + HOUR), "waiting"),
        (row(trigger=7, declines=1, not_before=NOON), "waiting"),
        (row(trigger=7, declines=1, not_before=NOON + HOUR), "backing_off"),
        (row(trigger=7, capped_month="2026-11", due_at=datetime(2026, 12, 1, tzinfo=UTC)), "capped"),
        (row(trigger=7, capped_month="2026-11", due_at=NOON), "waiting"),
        (row(trigger=7, capped_month="2026-11"), "waiting"),
        (row(trigger=7, capped_month="2026-10", due_at=datetime(2026, 12, 1, tzinfo=UTC)), "waiting"),
    ],
)
def test_a_row_reads_as_the_table_says(there: TopUp, status: str) -> None:
    assert there.status(NOON) is TopUpStatus(status)


def test_the_line_is_the_terms_while_it_is_enabled() -> None:
    assert row().line == 200
    assert row(enabled=False).line is None
    assert TopUp(wallet_id="acct_a").line is None


def test_a_month_is_utc_and_never_an_earlier_one() -> None:
    late = datetime.fromisoformat("2026-12-01T00:30:00+01:00")

    assert month_of(late) == "2026-11"
    assert row(month="2026-12", month_minor=5).month_at(NOON) == "2026-12"
    assert row(month="2026-10", month_minor=5).month_at(NOON) == "2026-11"
    assert row(month="2026-10", month_minor=5).charged_in("2026-11") == 0
    assert row(month="2026-11", month_minor=5).charged_in("2026-11") == 5


@pytest.mark.parametrize(("gap", "count"), [(-5, 1), (1, 1), (1000, 1), (1001, 2), (99_001, 100), (500_000, 100)])
def test_a_gap_is_closed_by_the_fewest_packages_and_by_no_more_than_a_payment_may_have(gap: int, count: int) -> None:
    assert packages_for(gap, STARTER) == count


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"target": 199}, "target"),
        ({"target": 100_001}, "target"),
        ({"monthly_cap_minor": 999}, "monthly_cap_minor"),
    ],
)
def test_terms_that_can_never_be_met_are_refused(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(Unprocessable, match=field):
        check_terms(replace(TERMS, **terms), CATALOG)


def test_terms_that_just_can_be_met_are_taken() -> None:
    takable: list[dict[str, Any]] = [{"below": 1000}, {"below": 0, "target": 1}, {"target": 100_000}]
    for terms in (*takable, {"monthly_cap_minor": 1000}):
        check_terms(replace(TERMS, **terms), CATALOG)


def test_a_package_that_is_not_offered_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="package_id"):
        check_terms(replace(TERMS, package_id="none"), CATALOG)


@pytest.mark.parametrize(
    ("held", "there", "until"),
    [
        (wallet(), row(trigger=7), None),
        (wallet(), row(trigger=7, not_before=NOON), None),
        (wallet(), row(trigger=7, not_before=NOON + MINUTE), NOON + MINUTE),
        (wallet(frozen=True), row(trigger=7), NOON + HOUR),
        (wallet(), row(trigger=7, terms=replace(TERMS, package_id="gone")), NOON + DAY),
        (wallet(), row(trigger=7, terms=None), NOON + DAY),
        (wallet(500), row(trigger=7), NOON + 5 * MINUTE),  # time lifted it, and the wallet hasn't noted that yet
        (wallet(500, latches={}), row(trigger=7), None),
    ],
)
def test_a_crossed_line_waits_for_what_stands_in_its_way(held: Wallet, there: TopUp, until: datetime | None) -> None:
    assert waits_until(held, there, CATALOG, NOON) == until


@pytest.mark.parametrize(
    ("held", "gap"),
    [
        (wallet(100), 900),
        (wallet(0), 1000),
        (wallet(0, debt=350), 1350),
        (wallet(100, debt=350), 1250),
        (wallet(50, lots=(lot(1, 50, held=70, set_aside=30),)), 950),
        (wallet(0, lots=(lot(1, 50, days=-1),)), 1000),
    ],
)
def test_the_gap_is_from_what_is_free_less_what_is_owed_to_the_target(held: Wallet, gap: int) -> None:
    assert gap_of(held, 1000, NOON) == gap


def test_one_payment_closes_the_whole_gap() -> None:
    small = catalog(package(credits=300, bonus_credits=50, price=Money(310, "usd")))

    charge = charge_of(wallet(0, debt=100), row(trigger=7), small, NOON)

    assert charge == Charge(seq=7, package=small.packages["starter"], quantity=4)
    assert charge.price == Money(1240, "usd")


@pytest.mark.parametrize(
    ("held", "there"),
    [
        (wallet(200, latches={}), row(trigger=7)),
        (wallet(), row()),
        (wallet(), row(trigger=7, enabled=False)),
        (wallet(), row(trigger=7, terms=None)),
        (wallet(topup_below=None), row(trigger=7)),
    ],
)
def test_nothing_is_charged_where_nothing_is_wanted(held: Wallet, there: TopUp) -> None:
    assert charge_of(held, there, CATALOG, NOON) is None


def test_a_line_of_nothing_is_crossed_when_nothing_is_left() -> None:
    empty = replace(TERMS, below=0, target=1)

    assert charge_of(wallet(0, topup_below=0), row(trigger=7, terms=empty), CATALOG, NOON)
    assert charge_of(wallet(1, topup_below=0), row(trigger=7, terms=empty), CATALOG, NOON) is None


@pytest.mark.parametrize(
    ("cap", "month", "minor", "fits"),
    [
        (None, "2026-11", 10**9, True),
        (2000, "2026-11", 1000, True),
        (1999, "2026-11", 1000, False),
        (1000, "2026-10", 1000, True),
        (1000, "2026-12", 1, False),  # the clock was set back
    ],
)
def test_the_cap_counts_what_is_paid_and_under_way_in_the_month(
    cap: int | None,
    month: str,
    minor: int,
    fits: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    there = row(trigger=7, terms=replace(TERMS, monthly_cap_minor=cap), month=month, month_minor=minor)

    assert has_room(there, Charge(seq=7, package=STARTER, quantity=1), NOON) is fits


def test_without_terms_there_is_no_cap() -> None:
    assert has_room(row(terms=None), Charge(seq=7, package=STARTER, quantity=1), NOON)


@pytest.mark.parametrize(
    ("at", "next_month"),
    [(NOON, datetime(2026, 12, 1, tzinfo=UTC)), (NOON + 30 * DAY, datetime(2027, 1, 1, tzinfo=UTC))],
)
def test_over_the_cap_it_waits_for_the_next_month_and_is_told_once(at: datetime, next_month: datetime) -> None:
    charge = Charge(seq=7, package=STARTER, quantity=2)

    moved = capped(row(trigger=7), charge, at)
    again = capped(moved.topup, charge, at)

    assert moved.topup == row(version=4, trigger=7, capped_month=month_of(at), due_at=next_month)
    [message] = moved.messages
    assert (message.kind, dict(message.facts)) == (
        MessageKind.TOPUP_FAILED,
        {"reason": "cap", "amount_minor": 2000, "currency": "usd"},
    )
    assert (again.topup.due_at, again.messages) == (next_month, ())
    assert len(capped(moved.topup, charge, next_month).messages) == 1


def test_a_payment_begins_with_a_purchase_of_its_own_and_takes_the_trigger_with_it() -> None:
    there = row(trigger=7, attempts=2, declines=2, month="2026-11", month_minor=500)

    opened, moved = begin(there, Charge(seq=7, package=STARTER, quantity=3), customer_id="cus_1", card="pm_1", now=NOON)

    assert (opened.status, opened.topup_seq, opened.customer_id) == (Status.PENDING, 7, "cus_1")
    assert (opened.credits, opened.price, opened.quantity) == (3000, Money(3000, "usd"), 3)
    assert (opened.due_at, opened.session_id, opened.expires_after_days) == (None, None, 365)
    flight = Flight(
        purchase_id=opened.purchase_id,
        seq=7,
        attempt=3,
        credits=3000,
        amount=Money(3000, "usd"),
        card="pm_1",
        began_at=NOON,
    )
    assert moved.topup == row(
        version=4, flight=flight, declines=2, month="2026-11", month_minor=3500, due_at=NOON + MINUTE
    )
    assert moved.messages == ()


def test_each_try_for_each_trigger_is_another_purchase() -> None:
    ids = {
        begin(
            row(trigger=seq, attempts=attempts),
            Charge(seq=seq, package=STARTER, quantity=1),
            customer_id="cus_1",
            card="pm_1",
            now=NOON,
        )[0].purchase_id
        for seq in (7, 71)
        for attempts in (0, 1, 10)
    }

    assert len(ids) == 6


def test_a_payment_of_a_new_month_counts_in_that() -> None:
    there = row(trigger=7, month="2026-10", month_minor=9000)

    _, moved = begin(there, Charge(seq=7, package=STARTER, quantity=1), customer_id="cus_1", card="pm_1", now=NOON)

    assert (moved.topup.month, moved.topup.month_minor) == ("2026-11", 1000)


def test_once_it_is_paid_nothing_is_charged_for_an_hour() -> None:
    moved = landed(flying(declines=2), bought(), found(Progress.PAID), NOON)

    assert moved
    assert moved.topup == row(version=4, month="2026-11", month_minor=1000, not_before=NOON + HOUR)
    assert moved.messages == ()


def test_what_crossed_meanwhile_is_charged_when_the_cool_off_is_over() -> None:
    moved = landed(flying(trigger=9), bought(), found(Progress.PAID), NOON)

    assert moved
    assert (moved.topup.trigger, moved.topup.due_at) == (9, NOON + HOUR)


@pytest.mark.parametrize("news", [found(Progress.PROCESSING), found(Progress.FAILED)])
def test_a_payment_that_may_still_be_paid_stays_under_way(news: CardPayment) -> None:
    assert landed(flying(), bought(), news, NOON) is None


@pytest.mark.parametrize("there", [row(), flying(flight=replace(FLIGHT, purchase_id="pur_2"))])
def test_news_of_another_payment_moves_nothing(there: TopUp) -> None:
    assert landed(there, bought(), found(Progress.PAID), NOON) is None
    assert called_off(there, bought()) is None


@pytest.mark.parametrize("news", [DEAD, None])
def test_the_first_decline_is_told_and_tried_again_in_an_hour(news: CardPayment | None) -> None:
    moved = landed(flying(), bought(), news, NOON)

    assert moved
    assert moved.topup == row(
        version=4, trigger=7, attempts=1, declines=1, not_before=NOON + HOUR, due_at=NOON + HOUR, month="2026-11"
    )
    [message] = moved.messages
    assert dict(message.facts) == {"reason": "declined", "amount_minor": 1000, "currency": "usd"}


def test_the_second_decline_is_told_nobody_and_the_third_suspends() -> None:
    second = landed(flying(declines=1), bought(), DEAD, NOON)
    third = landed(flying(declines=2), bought(), DEAD, NOON)

    assert second
    assert third
    assert (second.topup.declines, second.topup.stopped, second.messages) == (2, None, ())
    assert (third.topup.stopped, third.topup.card, third.topup.trigger) == (Stop.SUSPENDED, "pm_1", 7)
    assert (third.before, third.topup.version, third.topup.due_at) == (flying(declines=2), 4, NOON + HOUR)
    assert [each.facts["reason"] for each in third.messages] == ["suspended"]


def test_a_bank_that_wants_the_customer_stops_it_at_once() -> None:
    moved = landed(flying(), bought(), replace(DEAD, needs_customer=True), NOON)

    assert moved
    assert (moved.topup.stopped, moved.topup.card, moved.topup.stopped_at) == (Stop.AUTHENTICATION, "pm_1", NOON)
    assert [each.facts["reason"] for each in moved.messages] == ["authentication"]


def test_a_later_trigger_stands_in_the_place_of_one_that_was_declined() -> None:
    moved = landed(flying(trigger=9), bought(), DEAD, NOON)

    assert moved
    assert (moved.topup.trigger, moved.topup.attempts) == (9, 0)


def test_switched_off_a_decline_is_told_nobody_and_tried_no_more() -> None:
    moved = landed(flying(enabled=False), bought(), DEAD, NOON)

    assert moved
    assert (moved.topup.trigger, moved.topup.due_at, moved.topup.stopped, moved.messages) == (None, None, None, ())
    assert moved.topup.month_minor == 0


def test_a_payment_that_was_never_made_is_called_off() -> None:
    moved = called_off(flying(enabled=False), bought())

    assert moved
    assert moved.topup == row(version=4, enabled=False, month="2026-11")


def test_at_rest_there_is_no_trigger_and_nothing_due() -> None:
    assert at_rest(row(trigger=7, attempts=1, due_at=NOON)).topup == row(version=4)


def test_messages_of_one_row_differ() -> None:
    charge = Charge(seq=7, package=STARTER, quantity=1)
    first = stop(row(trigger=7), Stop.SUSPENDED, price=charge.price, card=None, now=NOON)
    later = stop(replace(first.topup, stopped=None), Stop.SUSPENDED, price=charge.price, card=None, now=NOON)

    assert first.messages[0].message_id != later.messages[0].message_id


@pytest.mark.parametrize(
    ("there", "passed", "pause"),
    [
        (flying(), 0 * HOUR, MINUTE),
        (flying(), HOUR, HOUR / 2),
        (flying(), 10 * DAY, DAY),
        (row(trigger=7, stopped=Stop.SUSPENDED, stopped_at=NOON), 0 * HOUR, HOUR),
        (row(trigger=7, stopped=Stop.SUSPENDED, stopped_at=NOON), 6 * HOUR, 3 * HOUR),
        (row(trigger=7, stopped=Stop.SUSPENDED, stopped_at=NOON), 10 * DAY, DAY),
        (row(trigger=7), HOUR, 5 * MINUTE),
    ],
)
def test_the_longer_it_lasts_the_later_it_is_looked_at(there: TopUp, passed: timedelta, pause: timedelta) -> None:
    now = NOON + passed

    assert next_look(there, now) == now + pause


def test_with_another_card_what_was_declined_is_forgotten() -> None:
    stopped = row(trigger=7, declines=3, stopped=Stop.SUSPENDED, stopped_at=NOON, card="pm_1", not_before=NOON + HOUR)

    assert rearmed(stopped, NOON) == row(trigger=7, due_at=NOON)
    assert rearmed(replace(stopped, trigger=None), NOON) == row()


def change(before: TopUp, wanted: TopUp, *, held: Wallet | None = None, card: str | None = "pm_1") -> Any:
    return change_topup(held or Wallet(wallet_id="acct_a"), before, wanted, CATALOG, stamp(), card=card)


def test_setting_it_is_an_entry_and_a_line_in_the_wallet() -> None:
    moved = change(TopUp(wallet_id="acct_a"), row(version=0))

    assert moved.topup == row(version=1)
    entry, after = moved.decision.entry, moved.decision.wallet
    assert (entry.kind, entry.facts["settings"]) == ("settings", "auto_topup")
    assert entry.facts["auto_topup"] == {
        "enabled": True,
        "below": 200,
        "target": 1000,
        "package_id": "starter",
        "monthly_cap_minor": None,
    }
    assert after.topup_below == 200
    assert replace(fold("acct_a", [entry]), due_at=after.due_at) == after
    assert not moved.decision.wants_topup


def test_switching_it_off_takes_the_line_and_the_trigger_away() -> None:
    before = row(trigger=7, attempts=1, due_at=NOON)

    moved = change(before, replace(before, enabled=False), held=wallet(0), card=None)

    assert moved.topup == row(version=4, enabled=False)
    assert moved.decision.wallet.topup_below is None
    assert moved.decision.wallet.latches == {}


def test_the_same_again_changes_nothing() -> None:
    for same in (row(), row(enabled=False), row(trigger=7, due_at=NOON), TopUp(wallet_id="acct_a")):
        assert change(same, same) is None


def test_a_payment_under_way_goes_on_when_it_is_switched_off() -> None:
    before = flying(due_at=NOON + MINUTE)

    moved = change(before, replace(before, enabled=False))

    assert (moved.topup.flight, moved.topup.due_at) == (FLIGHT, NOON + MINUTE)


def test_new_terms_are_tried_at_once_where_something_waits() -> None:
    before = row(trigger=7, capped_month="2026-11", due_at=NOON + 9 * DAY)

    moved = change(before, replace(before, terms=replace(TERMS, monthly_cap_minor=5000)))

    assert (moved.topup.due_at, moved.topup.trigger) == (NOON, 7)


STOPPED = row(trigger=7, declines=3, stopped=Stop.SUSPENDED, stopped_at=NOON, card="pm_1", due_at=NOON + HOUR)


def test_with_another_card_setting_it_again_arms_it_without_an_entry() -> None:
    moved = change(STOPPED, STOPPED, card="pm_2")

    assert moved.topup == row(version=4, trigger=7, due_at=NOON)
    assert moved.decision is None


def test_with_the_same_card_it_stays_stopped() -> None:
    assert change(STOPPED, STOPPED, card="pm_1") is None

    moved = change(STOPPED, replace(STOPPED, terms=replace(TERMS, target=2000)))

    assert (moved.topup.stopped, moved.topup.due_at) == (Stop.SUSPENDED, NOON)


def test_switched_off_and_on_again_with_the_same_card_it_stays_stopped() -> None:
    off = change(STOPPED, replace(STOPPED, enabled=False), card=None).topup

    again = change(off, replace(off, enabled=True)).topup

    assert (off.status(NOON).value, off.due_at) == ("off", None)
    assert (again.status(NOON).value, again.due_at, again.trigger) == ("suspended", NOON, None)
