"""Topping up through its real parts: one payment for a crossed line, settled like a purchase, whatever a card does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import Busy, Conflict, InvalidRequest, PaymentsUnavailable, Unprocessable
from chalicelib.domain.freezing import freeze
from chalicelib.domain.messages import MessageKind
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Order, Status
from chalicelib.domain.topups import TopUpTerms
from chalicelib.services.fulfilling import NotYetKnown, Outcome
from chalicelib.services.hearing import replay
from chalicelib.services.ports import Change, LostRace, Oddity, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.topping_up import wake_topup
from chalicelib.services.topup_payments import follow_topup
from local.stripe.transport import lost
from tests.bank import Json
from tests.builders import CATALOG, DAY, NOON, stamp
from tests.topper import HOUR, MINUTE, TERMS, Topper

NEVER = {"topups": 0, "begun": 0, "settled": 0, "capped": 0, "stopped": 0, "rearmed": 0, "failed": 0, "more": False}
SUCCEEDED, CANCELED, PROCESSING = "succeeded", "canceled", "processing"


@pytest.fixture
def topper() -> Topper:
    return Topper()


def answer(**counts: int) -> dict[str, int | bool]:
    return NEVER | counts


def frozen(topper: Topper, *, lift: bool = False) -> None:
    wallet = topper.store.wallet("acct_a")
    decision = freeze(wallet, frozen=not lift, reason="odd", catalog=CATALOG, stamp=stamp(topper.clock))
    topper.store.commit(Change(decisions=[decision]))


# One crossing, one charge


def test_a_crossed_line_is_charged_once_and_settled_as_a_purchase(topper: Topper) -> None:
    topper.use(700)
    assert topper.stands == "armed"
    topper.use(101)
    assert (topper.stands, topper.due_names(topper.clock)) == ("waiting", ["topup"])

    assert topper.charge().answer() == answer(topups=1, begun=1, settled=1)

    [intent], [bought] = topper.intents(), topper.topups()
    assert (intent["status"], intent["amount"], intent["currency"]) == (SUCCEEDED, 1000, "usd")
    assert intent["customer"] == topper.customer_id
    assert intent["metadata"] == {
        "tally_purchase": bought.purchase_id,
        "tally_wallet": "acct_a",
        "tally_topup": str(bought.topup_seq),
    }
    assert (bought.status, bought.payment_id, bought.paid_minor) == (Status.PAID, intent["id"], 1000)
    assert bought.receipt_url
    assert bought.email
    [entry] = topper.granted()
    assert (entry.kind, entry.facts["granted"], entry.private.fields["actor"]) == ("purchase", 1000, "auto_topup")
    crossing = topper.store.history_of("acct_a")[(bought.topup_seq or 0) - 1]
    assert crossing.facts["also"][-1]["latched"]["topup"] == 1
    assert (topper.available, topper.stands, topper.told()) == (1199, "armed", [])
    topper.check_quiet()


def test_however_often_the_job_runs_nothing_more_is_charged(topper: Topper) -> None:
    topper.cross()
    topper.charge()

    for hours in (0, 0, 1, 24, 24 * 40):
        assert topper.charge(hours=hours).answer() == NEVER

    assert topper.outcomes() == [SUCCEEDED]


def test_hovering_below_the_line_is_one_trigger(topper: Topper) -> None:
    topper.cross()
    for _ in range(50):
        topper.use(1)

    topper.charge()

    assert topper.outcomes() == [SUCCEEDED]
    assert topper.available == 1050
    topper.check_quiet()


def test_two_hundred_spends_with_jobs_and_events_in_between_are_charged_once(topper: Topper) -> None:
    topper.cross()
    for number in range(200):
        topper.use(1 + number % 2)
        if number % 7 == 0:
            topper.charge(seconds=1)
        if number % 11 == 0:
            topper.listen(times=2)
        topper.check()

    topper.charge()
    topper.listen(times=2)

    assert topper.outcomes() == [SUCCEEDED]
    assert topper.available == 1100 - 300
    topper.check_quiet()


def test_the_gap_counts_debt_and_takes_several_packages_in_one_payment() -> None:
    topper = Topper(replace(TERMS, target=5000))
    [first] = topper.store.purchases.values()
    topper.cross()
    topper.refund(str(first.payment_id), 1000)
    topper.listen()
    assert topper.store.wallet("acct_a").debt == 900

    topper.charge()

    assert [each["amount"] for each in topper.intents()] == [6000]
    assert topper.available == 5100
    topper.check_quiet()


def test_what_was_bought_meanwhile_drops_the_trigger(topper: Topper) -> None:
    topper.cross()
    topper.pay(topper.buy("k2"))
    topper.listen()

    assert topper.charge().answer() == answer(topups=1)

    assert (topper.intents(), topper.stands, topper.due_names(NOON + 9 * DAY)) == ([], "armed", [])


def test_where_only_time_lifted_the_balance_the_trigger_waits_for_the_wallet_to_note_it(topper: Topper) -> None:
    topper.hold(850)
    topper.clock += 11 * MINUTE  # the hold has lapsed, and nobody has booked it

    assert topper.charge().answer() == answer(topups=1)
    assert (topper.stands, topper.row.due_at) == ("waiting", topper.clock + 5 * MINUTE)
    topper.use(950)
    assert topper.charge(minutes=5).answer() == answer(topups=1, begun=1, settled=1)
    topper.check_quiet()


def test_a_lapse_that_was_booked_drops_it(topper: Topper) -> None:
    topper.hold(850)
    topper.clock += 11 * MINUTE
    topper.use(1)

    assert topper.charge().answer() == answer(topups=1)
    assert topper.stands == "armed"


def test_a_line_of_nothing_is_crossed_when_nothing_is_left() -> None:
    topper = Topper(replace(TERMS, below=0))
    topper.use(999)
    assert topper.charge().answer() == NEVER
    topper.use(1)

    assert topper.charge().answer() == answer(topups=1, begun=1, settled=1)
    assert topper.available == 1000


# Cool-off


def test_a_crossing_within_the_cool_off_is_charged_when_it_ends(topper: Topper) -> None:
    topper.cross()
    topper.charge()
    topper.cross()

    for _ in range(3):
        topper.charge(minutes=19, seconds=59)
    assert (topper.outcomes(), topper.stands, topper.row.due_at) == ([SUCCEEDED], "waiting", NOON + HOUR)
    topper.charge(seconds=3)

    assert topper.outcomes() == [SUCCEEDED] * 2
    topper.check_quiet()


# Declines


def test_after_three_declines_it_is_suspended_and_no_more_is_tried(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()

    seen = []
    for _ in range(5):
        topper.charge()
        seen.append((topper.stands.value, len(topper.intents())))
        assert set(topper.outcomes()) == {CANCELED}
        topper.charge(minutes=59)
        topper.clock += MINUTE

    assert seen == [("backing_off", 1), ("backing_off", 2), ("suspended", 3), ("suspended", 3), ("suspended", 3)]
    assert [each.status for each in topper.topups()] == [Status.FAILED] * 3
    assert topper.told() == ["declined", "suspended"]
    assert topper.row.month_minor == 0
    topper.use(50)
    for days in range(30):
        topper.charge(days=days)
    assert len(topper.intents()) == 3
    topper.check_quiet()


def test_with_a_new_card_it_is_armed_and_charged(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    for _ in range(3):
        topper.charge(hours=1)
    topper.new_card()

    report = topper.charge(hours=1)

    assert report.answer() == answer(topups=1, rearmed=1, begun=1, settled=1)
    assert topper.outcomes() == [CANCELED] * 3 + [SUCCEEDED]
    assert (topper.row.declines, topper.row.card, topper.told()) == (0, None, ["declined", "suspended"])
    topper.check_quiet()


def test_setting_it_again_with_a_new_card_arms_it_at_once(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    for _ in range(3):
        topper.charge(hours=1)
    stopped = topper.row
    assert topper.set() == stopped
    topper.new_card()

    topper.set()
    topper.charge()

    assert topper.outcomes()[-1] == SUCCEEDED
    assert [entry.kind for entry in topper.store.history_of("acct_a")].count("settings") == 1


def test_a_card_that_recovers_is_charged_at_the_next_try(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    topper.charge()
    topper.card("ok")

    topper.charge(minutes=59)
    assert topper.outcomes() == [CANCELED]
    topper.charge(minutes=1)

    assert topper.outcomes() == [CANCELED, SUCCEEDED]
    assert (topper.row.declines, topper.told()) == (0, ["declined"])
    topper.check_quiet()


def test_each_series_of_declines_is_told_anew(topper: Topper) -> None:
    for _ in range(2):
        topper.card("declined")
        topper.cross()
        topper.charge()
        topper.card("ok")
        topper.charge(hours=1)
        topper.clock += HOUR

    assert topper.told() == ["declined", "declined"]


def test_without_any_card_it_is_suspended_until_there_is_one(topper: Topper) -> None:
    topper.cross()
    topper.without_card()

    assert topper.charge().answer() == answer(topups=1, stopped=1)
    assert (topper.stands, topper.intents(), topper.told()) == ("suspended", [], ["no_card"])
    assert topper.charge(hours=1).answer() == answer(topups=1)
    topper.card("ok")
    topper.charge(hours=2)

    assert topper.outcomes() == [SUCCEEDED]


def test_without_a_customer_it_is_suspended(topper: Topper) -> None:
    topper.cross()
    topper.store.forget_customer("acct_a", topper.customer_id)

    topper.charge()

    assert topper.stands == "suspended"


def test_a_card_that_was_removed_between_the_beginning_and_the_payment_counts_as_declined(topper: Topper) -> None:
    topper.cross()
    topper.fail("find_card_payment", "before", [PaymentsFailed("down")])
    topper.charge()
    assert topper.stands == "charging"
    topper.without_card()

    topper.charge(minutes=2)

    assert (topper.intents(), topper.stands, topper.told()) == ([], "backing_off", ["declined"])
    assert [each.status for each in topper.topups()] == [Status.FAILED]
    topper.check_quiet()


# Authentication


def test_where_the_bank_wants_the_customer_it_pauses_and_says_so(topper: Topper) -> None:
    topper.card("authentication_required")
    topper.cross()

    for _ in range(5):
        topper.charge(hours=1)

    assert (topper.stands, topper.outcomes()) == ("authentication_required", [CANCELED])
    assert topper.told() == ["authentication"]
    topper.new_card()
    topper.charge(days=1)
    assert topper.outcomes() == [CANCELED, SUCCEEDED]
    topper.check_quiet()


# Bank debits


def test_a_debit_under_way_counts_as_balance_and_is_settled_days_later(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    for hours in (0, 0, 1, 5, 24, 24):
        topper.use(1)
        topper.charge(hours=hours)
        topper.check()
    assert (topper.stands, topper.outcomes()) == ("charging", [PROCESSING])
    assert [each.status for each in topper.topups()] == [Status.AWAITING_PAYMENT]
    topper.bank_says("settle")

    topper.charge(days=1)

    assert (topper.outcomes(), topper.stands, topper.available) == ([SUCCEEDED], "armed", 1094)
    topper.check_quiet()


def test_an_event_settles_a_debit_at_once(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.clock += 3 * DAY
    topper.bank_says("settle")

    topper.listen(times=3)

    assert (topper.stands, topper.available) == ("armed", 1100)
    assert topper.row.not_before == topper.clock + HOUR
    topper.check_quiet()


def test_a_debit_that_fails_is_tried_again_and_told_once(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge(hours=1)
    topper.bank_says("fail")

    topper.listen(times=2)
    topper.charge(days=1)

    assert topper.outcomes() == [CANCELED, PROCESSING]
    assert topper.told() == ["declined"]
    assert [each.message.kind for each in topper.store.messages.values()].count(MessageKind.PAYMENT_FAILED) == 0
    topper.check()


def test_what_crosses_while_a_debit_is_under_way_is_charged_after_its_cool_off(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.pay(topper.buy("k2"))
    topper.listen()
    topper.cross()
    assert (topper.row.trigger is not None, topper.stands) == (True, "charging")
    topper.charge(minutes=5)
    assert topper.outcomes() == [PROCESSING]
    topper.bank_says("settle")
    topper.listen()

    assert topper.charge(hours=1).answer() == answer(topups=1)  # what the debit brought was enough
    assert (topper.outcomes(), topper.stands) == ([SUCCEEDED], "armed")


def test_a_later_crossing_stands_when_the_debit_of_an_earlier_one_fails(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.pay(topper.buy("k2"))
    topper.listen()
    topper.cross()
    later = topper.row.trigger
    topper.bank_says("fail")
    topper.listen()

    topper.charge(hours=1)

    assert [each["metadata"]["tally_topup"] for each in topper.intents()][-1] == str(later)
    topper.check()


# The cap


def test_the_cap_counts_the_month_and_is_told_once() -> None:
    topper = Topper(replace(TERMS, monthly_cap_minor=1500))
    topper.cross()
    topper.charge()
    topper.cross()

    answers = [topper.charge(hours=1).answer() for _ in range(3)]

    assert answers == [answer(topups=1, capped=1), NEVER, NEVER]
    assert (topper.stands, topper.told(), topper.outcomes()) == ("capped", ["cap"], [SUCCEEDED])
    december = datetime(2026, 12, 1, tzinfo=UTC)
    assert topper.row.due_at == december
    topper.clock = december - MINUTE
    assert topper.charge().answer() == NEVER
    topper.charge(minutes=1)
    assert topper.outcomes() == [SUCCEEDED] * 2
    assert (topper.row.month, topper.row.month_minor) == ("2026-12", 1000)
    topper.check_quiet()


def test_a_payment_under_way_counts_in_the_month_in_which_it_began() -> None:
    topper = Topper(replace(TERMS, monthly_cap_minor=1000))
    topper.clock = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    assert topper.row.charged_in("2026-11") == 1000
    topper.clock += 3 * DAY
    topper.bank_says("settle")
    topper.listen()
    topper.cross()

    topper.charge(hours=1)

    assert topper.outcomes() == [SUCCEEDED, PROCESSING]
    assert (topper.row.month, topper.row.month_minor) == ("2026-12", 1000)


def test_what_is_declined_leaves_room_in_the_cap() -> None:
    topper = Topper(replace(TERMS, monthly_cap_minor=1000))
    topper.card("declined")
    topper.cross()
    topper.charge()
    topper.card("ok")

    topper.charge(hours=1)

    assert topper.outcomes() == [CANCELED, SUCCEEDED]


def test_a_raised_cap_is_tried_at_once_and_told_no_second_time_in_the_month() -> None:
    topper = Topper(replace(TERMS, monthly_cap_minor=1000))
    for _ in range(2):
        topper.cross()
        topper.charge(hours=1)
    assert topper.stands == "capped"
    topper.set(replace(TERMS, monthly_cap_minor=2000))
    topper.charge()
    assert topper.outcomes() == [SUCCEEDED] * 2
    topper.cross()
    topper.charge(hours=1)

    assert (topper.stands, topper.told()) == ("capped", ["cap"])


# What stands in the way


def test_a_frozen_wallet_is_charged_when_it_is_let_go(topper: Topper) -> None:
    topper.cross()
    frozen(topper)
    topper.charge()
    assert (topper.intents(), topper.stands) == ([], "waiting")
    frozen(topper, lift=True)

    topper.charge(hours=1)

    assert topper.outcomes() == [SUCCEEDED]


def test_a_package_that_is_offered_no_more_waits_for_another(topper: Topper) -> None:
    topper.cross()
    topper.row = replace(topper.row, terms=replace(TERMS, package_id="gone"))
    topper.charge()
    assert (topper.stands, topper.row.due_at) == ("waiting", NOON + DAY)

    topper.set(TERMS)
    topper.charge()

    assert topper.outcomes() == [SUCCEEDED]


def test_switched_off_nothing_is_charged(topper: Topper) -> None:
    topper.cross()
    topper.set(enabled=False)
    topper.use(1)

    assert topper.charge(days=1).answer() == NEVER
    assert (topper.intents(), topper.stands) == ([], "off")


def test_a_debit_under_way_goes_on_when_it_is_switched_off(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.set(enabled=False)
    assert topper.stands == "charging"
    topper.bank_says("settle")

    topper.charge(days=1)

    assert (topper.stands, topper.available) == ("off", 1100)
    topper.check_quiet()


def test_a_debit_that_fails_after_it_was_switched_off_is_not_tried_again(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.set(enabled=False)
    topper.bank_says("fail")

    for _ in range(3):
        topper.charge(days=1)

    assert (topper.outcomes(), topper.stands, topper.told()) == ([CANCELED], "off", [])


def test_a_payment_that_was_not_made_before_it_was_switched_off_is_never_made(topper: Topper) -> None:
    topper.cross()
    topper.fail("find_card_payment", "before", [PaymentsFailed("down")])
    topper.charge()
    topper.set(enabled=False)

    topper.charge(minutes=2)

    assert (topper.intents(), topper.stands, topper.row.month_minor) == ([], "off", 0)
    assert [each.status for each in topper.topups()] == [Status.EXPIRED]
    assert topper.charge(days=1).answer() == NEVER


def test_switched_off_and_on_again_a_new_crossing_is_charged(topper: Topper) -> None:
    topper.cross()
    topper.set(enabled=False)
    topper.set()
    assert topper.stands == "armed"
    topper.use(1)

    topper.charge()

    assert topper.outcomes() == [SUCCEEDED]


# What goes wrong


def test_a_payment_whose_answer_was_lost_is_found_again(topper: Topper) -> None:
    topper.cross()
    topper.fail("pay_by_card", "after", [PaymentsFailed("no answer")])

    assert topper.charge().answer() == answer(topups=1, begun=1, failed=1)
    assert (topper.outcomes(), topper.stands, topper.available) == ([SUCCEEDED], "charging", 100)
    topper.charge(minutes=2)

    assert (topper.outcomes(), topper.stands, topper.available) == ([SUCCEEDED], "armed", 1100)
    topper.check_quiet()


def test_it_is_found_again_long_after_the_key_is_forgotten(topper: Topper) -> None:
    topper.cross()
    topper.fail("pay_by_card", "after", [PaymentsFailed("no answer")])
    topper.charge()

    topper.charge(days=5)

    assert topper.outcomes() == [SUCCEEDED]
    topper.check_quiet()


def test_while_a_declined_payment_cannot_be_canceled_nothing_else_is_tried(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    topper.fail("cancel_payment", "before", [PaymentsFailed("down")] * 3)

    for _ in range(3):
        topper.charge(hours=1)
        assert (topper.outcomes(), topper.stands) == (["requires_payment_method"], "charging")
    topper.charge(hours=2)

    assert topper.outcomes() == [CANCELED]
    assert topper.told() == ["declined"]


def test_a_payment_that_can_still_be_paid_is_not_given_up(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    topper.payments.cancel_payment = lambda payment_id: None  # type: ignore[method-assign]

    report = topper.charge()

    assert [str(error) for _, _, error in report.failures] == ["a payment that failed can't be canceled"]
    assert topper.stands == "charging"


def test_a_debit_that_was_paid_after_all_before_it_could_be_canceled_is_settled(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    [intent] = topper.intents()
    topper.bank_says("fail")

    def settled_first(name: str, when: str) -> None:
        if (name, when) == ("cancel_payment", "before"):
            intent.update(status=SUCCEEDED, amount_received=1000)

    topper.strike = settled_first
    topper.charge(minutes=2)

    assert (topper.outcomes(), topper.available) == ([SUCCEEDED], 1100)
    topper.check_quiet()


def test_a_payment_that_the_provider_forgot_is_a_failure_and_not_a_reason_for_another(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.standin._account.objects["payment_intent"].clear()

    report = topper.charge(days=1)

    assert [str(error) for _, _, error in report.failures] == ["the payment is not ours any more"]
    assert (topper.intents(), topper.stands) == ([], "charging")


@pytest.mark.parametrize("call", ["topup", "put_off_topup", "wallet_and_topup", "saved_card", "commit"])
def test_what_fails_stands_behind_the_others(topper: Topper, call: str) -> None:
    topper.cross()
    trouble = PaymentsFailed("down") if call == "saved_card" else Throttled()
    topper.fail(call, "before", [trouble] * 9999)

    report = topper.charge()

    assert report.answer()["failed"] == 1
    topper.troubles.clear()
    topper.charge(minutes=5)
    assert topper.outcomes() == [SUCCEEDED]


def test_a_row_that_another_job_took_is_left_to_it(topper: Topper) -> None:
    topper.cross()
    topper.fail("put_off_topup", "before", [LostRace()])

    assert topper.charge().answer() == answer(topups=1)
    assert topper.intents() == []


def test_a_row_that_the_index_still_names_is_left_alone(topper: Topper) -> None:
    topper.cross()
    found = topper.store.due_purchases

    def lagging(shard: int, until: datetime, *, cursor: object = None) -> Any:
        due = found(shard, until, cursor=cursor)
        if due.names:
            topper.row = replace(topper.row, due_at=None)
        return due

    topper.store.due_purchases = lagging  # type: ignore[method-assign]

    assert topper.charge().answer() == NEVER


def test_what_else_is_due_is_left_to_the_sweeper(topper: Topper) -> None:
    topper.buy("k2")
    topper.cross()

    assert topper.charge(hours=1).answer() == answer(topups=1, begun=1, settled=1)


def test_a_payment_that_was_given_up_is_not_made_when_it_is_followed_again(topper: Topper) -> None:
    topper.cross()
    topper.fail("find_card_payment", "before", [PaymentsFailed("down")])
    topper.charge()
    topper.set(enabled=False)
    topper.charge(minutes=2)
    topper.set()

    outcome = follow_topup(
        topper.shop, "acct_a", topper.topups()[0].purchase_id, event=topper.hint(), stamp=stamp(topper.clock)
    )

    assert (outcome, topper.intents()) == (Outcome.UNCHANGED, [])


def test_following_gives_up_when_every_attempt_loses(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.bank_says("settle")
    topper.fail("commit", "before", [LostRace()] * 9999)

    with pytest.raises(Busy):
        follow_topup(
            topper.shop, "acct_a", topper.topups()[0].purchase_id, event=topper.hint(), stamp=stamp(topper.clock)
        )


def test_news_of_a_purchase_that_is_not_there_comes_again(topper: Topper) -> None:
    with pytest.raises(NotYetKnown):
        follow_topup(topper.shop, "acct_a", "pur_none", event=topper.hint(), stamp=stamp(topper.clock))


def test_a_request_lost_on_the_way_to_stripe_charges_once_all_the_same() -> None:
    for attempt in range(12):
        for when in ("before", "after"):
            topper = Topper()
            topper.cross()
            left = [*[False] * attempt, True]

            def lose(*_call: object, left: list[bool] = left) -> None:
                if left and left.pop(0):
                    raise lost()

            setattr(topper.transport, when, lose)

            for _ in range(3):
                topper.charge(minutes=2)

            assert topper.outcomes() == [SUCCEEDED]
            topper.check_quiet()


# Events


def events_of(topper: Topper) -> list[Json]:
    told = topper.objects("event")
    return [each for each in told if "tally_topup" in (each["data"]["object"].get("metadata") or {})]


def test_events_in_any_order_and_number_change_nothing_more(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    topper.charge()
    topper.card("ok")
    topper.charge(hours=1)
    told = [each for each in events_of(topper) if each["type"].startswith("payment_intent.")]
    assert {each["type"] for each in told} >= {"payment_intent.payment_failed", "payment_intent.succeeded"}
    before = (topper.row, topper.topups(), topper.available)

    outcomes = {topper.hear(each) for each in [*reversed(told), *told, *told]}

    assert outcomes <= {Outcome.UNCHANGED, Outcome.IGNORED}
    assert (topper.row, topper.topups(), topper.available) == before


def test_an_event_alone_settles_what_the_job_did_not_live_to_see(topper: Topper) -> None:
    topper.cross()
    topper.fail("pay_by_card", "after", [PaymentsFailed("no answer")])
    topper.charge()

    topper.listen(times=2)

    assert (topper.stands, topper.available) == ("armed", 1100)
    assert topper.granted()[0].private.fields["actor"] == "auto_topup"
    topper.check_quiet()


def test_an_event_of_a_decline_alone_cancels_and_backs_off(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    topper.fail("pay_by_card", "after", [PaymentsFailed("no answer")])
    topper.charge()

    topper.listen(times=2)

    assert (topper.outcomes(), topper.stands, topper.told()) == ([CANCELED], "backing_off", ["declined"])


def test_payments_without_our_tag_are_ignored(topper: Topper) -> None:
    topper.pay(topper.buy("k2"))
    [event] = [each for each in topper.objects("event") if each["type"] == "payment_intent.succeeded"][-1:]

    assert topper.hear(event) is Outcome.IGNORED


def test_late_money_of_a_payment_that_was_given_up_is_still_granted(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    topper.charge()
    [intent] = topper.intents()
    intent.update(status=SUCCEEDED, amount_received=1000)  # which Stripe doesn't do to a payment that was canceled
    [failed] = events_of(topper)[:1]

    assert topper.hear(failed) is Outcome.SETTLED
    assert topper.available == 1100
    assert [each.status for each in topper.topups()] == [Status.PAID]


def test_a_customer_who_changed_wakes_what_is_stopped(topper: Topper) -> None:
    topper.card("authentication_required")
    topper.cross()
    topper.charge()
    topper.clock += MINUTE
    customer = topper.standin._account.find("customer", topper.customer_id)
    topper.new_card()
    event = topper.standin._account.emit("customer.updated", customer)
    assert topper.charge().answer() == NEVER

    assert topper.hear(event) is Outcome.SETTLED
    topper.charge()

    assert topper.outcomes() == [CANCELED, SUCCEEDED]
    assert topper.hear(event) is Outcome.IGNORED


def test_waking_what_another_is_at_is_left_to_it(topper: Topper) -> None:
    topper.card("authentication_required")
    topper.cross()
    topper.charge()
    topper.fail("put_off_topup", "before", [LostRace()])

    assert wake_topup(topper.shop, "acct_a", topper.clock) is Outcome.UNCHANGED


# Money that doesn't fit


def test_a_payment_that_does_not_fit_is_reviewed_and_nothing_else_is_charged(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    [intent] = topper.intents()
    intent["amount"] = 999
    topper.bank_says("settle")

    topper.listen()
    for _ in range(5):
        topper.charge(days=1)

    assert [each.status for each in topper.topups()] == [Status.REVIEW]
    assert (topper.outcomes(), topper.available, topper.stands) == ([SUCCEEDED], 100, "charging")
    reasons = {each.reason for each in topper.store.oddities.values()}
    assert reasons == {"amount: 999 is not 1000"}
    intent["amount"] = 1000
    event_id = next(name for name in topper.store.oddities if name.startswith("evt_"))
    assert replay(topper.shop, event_id, stamp=stamp(topper.clock, actor="boss")) is Outcome.SETTLED
    assert (topper.stands, topper.available) == ("armed", 1100)
    topper.check_quiet()


def test_money_that_went_back_before_it_was_heard_of_is_reckoned_with(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    [intent] = topper.intents()
    topper.bank_says("settle")
    topper.refund(intent["id"], 400)

    topper.listen(times=2)

    assert topper.available == 100 + 600
    [bought] = topper.topups()
    assert (bought.revoked, bought.refunded_minor) == (400, 400)


def test_money_goes_back_for_it_as_for_any_purchase(topper: Topper) -> None:
    topper.cross()
    topper.charge()
    [intent] = topper.intents()

    topper.refund(intent["id"], 250)
    topper.listen(times=2)
    topper.close(topper.dispute(intent["id"], 300), "lost")
    topper.listen(times=2)

    assert topper.available == 1100 - 250 - 300
    assert topper.topups()[0].revoked == 550


# The sweeper and the reconciliation


def test_the_sweeper_leaves_it_to_the_job(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    for _ in range(4):
        topper.clock += DAY
        assert topper.sweep().answer()["purchases"] == 0

    assert (topper.outcomes(), topper.stands) == ([PROCESSING], "charging")


def test_a_row_that_asks_for_the_sweeper_is_settled_by_its_payment(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.bank_says("settle")
    [bought] = topper.topups()
    topper.store.purchases["acct_a", bought.purchase_id] = replace(bought, due_at=topper.clock)

    assert topper.sweep().answer()["settled"] == 1
    topper.check_quiet()


def test_the_reconciliation_finds_it_paid_and_in_order(topper: Topper) -> None:
    topper.card("declined")
    topper.cross()
    topper.charge()
    topper.card("ok")
    topper.charge(hours=1)
    topper.clock += DAY

    found = topper.reconcile()

    assert (found.differences, found.report.failures) == ([], [])
    topper.clock += 50 * DAY  # the payment lies outside the window, the purchase's day doesn't
    topper.store.purchases["acct_a", topper.topups()[-1].purchase_id] = replace(
        topper.topups()[-1], paid_at=topper.clock - DAY
    )
    assert topper.reconcile().differences == []


def test_the_reconciliation_settles_what_nobody_told_of(topper: Topper) -> None:
    topper.card("bank_debit")
    topper.cross()
    topper.charge()
    topper.bank_says("settle")
    topper.row = replace(topper.row, due_at=None)  # as if the job never came
    topper.clock += DAY

    found = topper.reconcile()

    assert [each.finding.value for each in found.differences] == ["paid_not_credited"]
    assert (topper.available, topper.stands) == (1100, "armed")
    topper.check_quiet()


@pytest.mark.parametrize("payment_id", ["pi_none", None])
def test_a_top_up_that_was_credited_and_never_paid_is_for_a_person(topper: Topper, payment_id: str | None) -> None:
    topper.cross()
    topper.charge()
    [bought] = topper.topups()
    topper.standin._account.objects["payment_intent"].pop(str(bought.payment_id))
    topper.store.purchases["acct_a", bought.purchase_id] = replace(bought, payment_id=payment_id)
    topper.clock += DAY

    assert [each.finding.value for each in topper.reconcile().differences] == ["credited_not_paid"]


# Setting it


def test_without_a_saved_card_it_cannot_be_switched_on() -> None:
    topper = Topper(None)
    topper.without_card()

    with pytest.raises(Conflict, match="save_card"):
        topper.set()
    assert topper.row.version == 0


def test_without_a_customer_it_cannot_be_switched_on() -> None:
    topper = Topper(None, wallet_id="acct_b")
    topper.store.customers.clear()

    with pytest.raises(Conflict):
        topper.set()


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        (replace(TERMS, package_id="none"), InvalidRequest),
        (replace(TERMS, target=100), Unprocessable),
        (replace(TERMS, monthly_cap_minor=1), Unprocessable),
    ],
)
def test_what_is_wrong_is_refused_before_the_provider_is_asked(terms: TopUpTerms, refusal: type[Exception]) -> None:
    topper = Topper(None)

    with pytest.raises(refusal):
        topper.set(terms)
    assert topper.calls == ["wallet_and_topup"]


def test_it_can_be_switched_off_while_its_package_is_not_offered(topper: Topper) -> None:
    topper.row = replace(topper.row, terms=replace(TERMS, package_id="gone"))

    topper.set(None, enabled=False)

    assert topper.stands == "off"
    with pytest.raises(InvalidRequest):
        topper.set(None)


def test_setting_it_without_an_answer_from_the_provider_is_refused(topper: Topper) -> None:
    topper.fail("saved_card", "before", [PaymentsFailed("down")])

    with pytest.raises(PaymentsUnavailable):
        topper.set(replace(TERMS, target=3000))


@pytest.mark.parametrize("troubles", [[LostRace()], [Throttled()], [OutcomeUnknown()]])
def test_setting_it_tries_again(topper: Topper, troubles: Sequence[BaseException]) -> None:
    topper.fail("commit", "after" if isinstance(troubles[0], OutcomeUnknown) else "before", troubles)

    topper.set(replace(TERMS, target=3000))

    assert topper.row.terms == replace(TERMS, target=3000)
    assert topper.row.version == 2


def test_setting_it_gives_up_when_the_store_never_answers(topper: Topper) -> None:
    topper.fail("wallet_and_topup", "before", [Throttled()] * 9999)

    with pytest.raises(Busy):
        topper.set(replace(TERMS, target=3000))


def test_new_terms_take_effect_with_the_next_spend(topper: Topper) -> None:
    topper.set(replace(TERMS, below=2000, target=2500))
    assert topper.charge(hours=1).answer() == NEVER

    topper.use(1)
    topper.charge()

    assert [each["amount"] for each in topper.intents()] == [2000]


def test_a_top_up_of_another_package_buys_that() -> None:
    topper = Topper()
    topper.cross()
    topper.buy(order=Order(wallet_id="acct_a", package_id="starter", quantity=2), key="k9")
    topper.charge()

    assert topper.topups()[0].price == Money(1000, "usd")


def test_kept_aside_events_say_which_wallet(topper: Topper) -> None:
    hint = Oddity(event_id="evt_x", type="customer.updated", reason="", at=NOON, wallet_id="acct_other")

    assert wake_topup(topper.shop, str(hint.wallet_id), NOON + timedelta(1)) is Outcome.IGNORED
