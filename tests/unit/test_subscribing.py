"""Subscribing, changing, cancelling, resuming by a customer's word: once per key, and never twice at the provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.catalog import Interval
from chalicelib.domain.errors import (
    Busy,
    Conflict,
    KeyReused,
    NotFound,
    PaymentDeclined,
    PaymentsUnavailable,
    Refusal,
    Unprocessable,
)
from chalicelib.domain.subscriptions import Asked
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.once import Claim
from chalicelib.services.planning import override_plan
from chalicelib.services.ports import LostRace, OutcomeUnknown, PaymentsFailed, PaymentsRefused, Throttled
from chalicelib.services.using import Till
from local.stripe import subscriptions
from tests.builders import DAY, NOON, patience, stamp
from tests.patron import WALLET, Patron

YEAR = Interval.YEAR
MINUTE = timedelta(minutes=1)
END = "2026-12-22T12:00:00.000Z"


@pytest.fixture
def patron() -> Patron:
    return Patron()


@pytest.fixture
def pro(patron: Patron) -> Patron:
    patron.subscribe("pro")
    return patron


@pytest.fixture
def team(patron: Patron) -> Patron:
    patron.subscribe("team")
    return patron


def quiet(patron: Patron) -> None:
    """Nothing is left to be done, nor kept aside."""
    assert (patron.row.asked, patron.store.oddities) == (None, {})
    patron.check()


def subscription(patron: Patron) -> dict[str, Any]:
    [found] = patron.objects("subscription")
    return found


# The first one


def test_a_checkout_is_opened_for_the_wallets_customer_with_the_incentive_and_noted(patron: Patron) -> None:
    answer = patron.want("pro")

    [session] = patron.objects("checkout.session")
    assert (session["mode"], session["amount_subtotal"], session["amount_total"]) == ("subscription", 2900, 2320)
    assert session["metadata"] == {"tally_wallet": WALLET}
    assert session["customer"] == patron.store.customers[WALLET] == patron.row.customer_id
    assert answer == {"checkout_url": session["url"], "checkout_session_id": session["id"], "replayed": False}
    assert (patron.row.session_id, patron.row.session_at) == (session["id"], NOON)
    assert patron.row.due_at == NOON + 15 * MINUTE
    assert patron.wallet.seq == 0, "nothing is paid yet"
    quiet(patron)


def test_a_year_has_no_incentive_and_neither_has_who_comes_back(patron: Patron) -> None:
    patron.want("pro", YEAR)
    patron.subscribe("pro")
    patron.cancel(now=True)
    patron.clock += DAY
    patron.want("pro")

    sessions = patron.objects("checkout.session")
    assert [each["amount_total"] for each in sessions] == [29000, 2320, 2900]


def test_the_repeat_gets_the_same_page_even_when_it_has_closed(patron: Patron) -> None:
    first = patron.want("pro", key="k")
    patron.clock += DAY

    assert patron.want("pro", key="k") == {**first, "replayed": True}
    with pytest.raises(KeyReused):
        patron.want("team", key="k")
    with pytest.raises(KeyReused):
        patron.cancel(key="k")
    assert len(patron.objects("checkout.session")) == 1


def test_of_two_pages_one_can_be_paid(patron: Patron) -> None:
    patron.want("pro")
    patron.want("team")

    assert [each["status"] for each in patron.objects("checkout.session")] == ["expired", "open"]
    assert patron.row.session_id == patron.objects("checkout.session")[1]["id"]


def test_a_page_that_was_closed_already_does_not_stand_in_the_way(patron: Patron) -> None:
    first = patron.want("pro")
    patron.control(f"sessions/{first['checkout_session_id']}/expire", {})

    assert patron.want("team")["checkout_url"]


def test_a_subscription_of_which_nobody_told_is_found_before_another_is_sold(patron: Patron) -> None:
    patron.pay_for(patron.want("pro"))

    answer = patron.want("team")

    assert (answer["plan_id"], answer["quota"]) == ("team", "team")
    assert len(patron.objects("subscription")) == 1
    quiet(patron)


def test_one_that_a_person_looks_at_keeps_another_from_being_sold(patron: Patron) -> None:
    patron.pay_for(patron.want("pro"))
    tags = [(price, dict(price["metadata"])) for price in patron.objects("price")]
    for price, _ in tags:
        price["metadata"].clear()

    with pytest.raises(Conflict, match="looked at by a person"):
        patron.want("team")
    assert [odd.reason for odd in patron.store.oddities.values()] == ["plan: no price of ours"]
    assert len(patron.objects("checkout.session")) == 1

    for price, known in tags:
        price["metadata"].update(known)
    assert patron.want("team")["plan_id"] == "team"


def test_a_repeat_within_ten_minutes_opens_the_same_page_though_the_answer_was_lost(patron: Patron) -> None:
    patron.fail("provider.open_plan_checkout", "after", [PaymentsFailed("lost")])
    with pytest.raises(PaymentsUnavailable):
        patron.want("pro", key="k")
    assert patron.row.asked

    patron.clock += 9 * MINUTE
    patron.want("pro", key="k")
    assert len(patron.objects("checkout.session")) == 1
    assert patron.row.session_at == patron.clock
    quiet(patron)


def test_a_later_repeat_opens_another_page_because_nobody_saw_the_first(patron: Patron) -> None:
    patron.fail("provider.open_plan_checkout", "after", [PaymentsFailed("lost")])
    with pytest.raises(PaymentsUnavailable):
        patron.want("pro", key="k")

    patron.clock += 11 * MINUTE
    answer = patron.want("pro", key="k")
    assert answer["checkout_session_id"] == patron.objects("checkout.session")[1]["id"]


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("minutes", [5, 15])
def test_a_repeat_opens_no_page_beside_a_subscription_that_began_meanwhile(
    patron: Patron, minutes: int, *, heard: bool
) -> None:
    patron.fail("provider.open_plan_checkout", "after", [PaymentsFailed("lost")])
    with pytest.raises(PaymentsUnavailable):
        patron.want("pro", key="k")
    [session] = patron.objects("checkout.session")
    patron.pay_for({"checkout_session_id": session["id"]})
    if heard:
        patron.listen()
    patron.clock += minutes * MINUTE

    with pytest.raises(Conflict, match="You are on this plan already"):
        patron.want("pro", key="k")
    assert len(patron.objects("checkout.session")) == 1
    assert patron.plan.plan_id == "pro"
    assert patron.want("team", key="up")["plan_id"] == "team"
    quiet(patron)


def test_without_a_price_at_the_provider_it_is_refused_and_the_key_is_free(patron: Patron) -> None:
    for price in patron.objects("price"):
        price["active"] = False

    with pytest.raises(Unprocessable, match="no price tally_plan_pro_month"):
        patron.want("pro", key="k")
    assert (patron.row.asked, patron.store.spent) == (None, {})

    for price in patron.objects("price"):
        price["active"] = True
    assert patron.want("pro", key="k")["replayed"] is False


# Changes


def test_a_dearer_plan_is_switched_to_at_once_and_the_difference_is_billed_once(pro: Patron) -> None:
    pro.clock += 15 * DAY
    answer = pro.want("team", key="up")

    assert answer == {
        "plan_id": "team",
        "status": "active",
        "ends_at": None,
        "pending": None,
        "quota": "team",
        "replayed": False,
    }
    assert pro.available == 250
    assert pro.want("team", key="up") == {**answer, "replayed": True}
    assert pro.billed() == [2320, 3500]
    assert set(pro.listen()) >= {Outcome.UNCHANGED}
    assert pro.invoices() == [("paid", 3500), ("paid", 2320)]
    quiet(pro)


def test_a_card_that_says_no_changes_nothing_and_leaves_the_key_free(pro: Patron) -> None:
    pro.set_card("declined")
    before = (pro.wallet, replace(pro.row, version=0))

    for _ in range(2):
        with pytest.raises(PaymentDeclined) as refused:
            pro.want("team", key="up")
        assert refused.value.facts == {"reason": "card_declined"}
    assert before == (pro.wallet, replace(pro.row, version=0))
    assert ("acct_a", "up") not in pro.store.spent

    pro.set_card("ok")
    assert pro.want("team", key="up")["plan_id"] == "team"
    assert len(pro.billed()) == 2
    quiet(pro)


def test_a_card_that_says_no_leaves_what_was_planned(team: Patron) -> None:
    team.sell(replace(team.catalog, plans={**team.catalog.plans, "vip": _grand(team)}))
    team.want("pro")
    team.set_card("declined")

    with pytest.raises(PaymentDeclined):
        team.want("vip", key="up")
    team.listen()
    assert team.row.running
    assert team.row.running.pending == ("pro", Interval.MONTH)

    team.set_card("ok")
    answer = team.want("vip", key="up")
    assert (answer["plan_id"], answer["pending"]) == ("vip", None)
    assert subscription(team)["schedule"] is None
    assert len(team.billed()) == 2
    quiet(team)


def _grand(patron: Patron) -> Any:
    """A plan that is dearer than Team."""
    prices = {interval: price * 3 for interval, price in patron.catalog.plans["team"].prices.items()}
    return replace(patron.catalog.plans["vip"], self_service=True, prices=prices)


def test_a_cheaper_plan_and_another_interval_wait_for_the_periods_end(team: Patron) -> None:
    assert team.want("pro")["pending"] == "pro"
    assert (team.plan.plan_id, len(team.billed())) == ("team", 1)
    assert team.want("team", YEAR)["pending"] == "team"
    assert team.row.running
    assert team.row.running.pending == ("team", YEAR)
    assert team.resume()["pending"] is None
    assert subscription(team)["schedule"] is None
    team.want("pro", YEAR)

    team.clock = NOON + 30 * DAY
    team.renew(subscription(team)["id"])
    team.listen()

    assert (team.plan.plan_id, team.billed()[-1]) == ("pro", 29000)
    assert team.row.news
    assert (team.row.news.interval, team.row.news.pending) == (YEAR, None)
    quiet(team)


def test_a_dearer_plan_takes_the_place_of_a_planned_one(team: Patron) -> None:
    team.want("pro")
    team.clock = NOON + 30 * DAY
    team.renew(subscription(team)["id"])
    team.listen()
    team.want("pro", YEAR)

    answer = team.want("team")

    assert (answer["plan_id"], answer["pending"], answer["quota"]) == ("team", None, "team")
    quiet(team)


def test_a_dearer_plan_takes_a_cancellation_back(pro: Patron) -> None:
    assert pro.cancel()["ends_at"] == END
    answer = pro.want("team")

    assert (answer["plan_id"], answer["ends_at"]) == ("team", None)
    quiet(pro)


def test_a_cheaper_plan_takes_a_cancellation_back_and_cancelling_what_was_planned(team: Patron) -> None:
    team.cancel()
    answer = team.want("pro")
    assert (answer["ends_at"], answer["pending"]) == (None, "pro")

    answer = team.cancel()
    assert (answer["ends_at"], answer["pending"]) == (END, None)
    answer = team.resume()
    assert (answer["ends_at"], answer["pending"], answer["plan_id"]) == (None, None, "team")
    quiet(team)


def test_cancelled_at_the_periods_end_the_plan_runs_on_to_it(pro: Patron) -> None:
    answer = pro.want("free", key="bye")

    assert (answer["ends_at"], answer["quota"]) == (END, "pro")
    assert pro.want("free", key="bye") == {**answer, "replayed": True}
    with pytest.raises(Conflict, match="ends already"):
        pro.cancel()

    pro.clock = NOON + 30 * DAY
    pro.renew(subscription(pro)["id"])
    pro.listen()
    assert (pro.plan.plan_id, pro.row.due_at) == ("free", None)
    quiet(pro)


def test_cancelled_now_it_is_over_and_the_repeat_says_so(pro: Patron) -> None:
    answer = pro.cancel(now=True, key="bye")

    assert (answer["status"], answer["quota"]) == ("canceled", "free")
    assert pro.cancel(now=True, key="bye") == {**answer, "replayed": True}
    with pytest.raises(Conflict, match="no subscription"):
        pro.cancel(now=True)
    with pytest.raises(Conflict, match="no subscription"):
        pro.resume()
    quiet(pro)


def test_what_was_changed_on_the_providers_pages_is_known_before_deciding(pro: Patron) -> None:
    account = pro.standin._account
    subscriptions.set_ending(account, account.find("subscription", subscription(pro)["id"]), ending=True)

    assert pro.resume()["ends_at"] is None, "nobody had told us that it was to end"
    quiet(pro)


def test_one_that_has_ended_of_which_nobody_told_is_no_longer_changed(pro: Patron) -> None:
    name = subscription(pro)["id"]
    pro.clock += DAY
    pro.at_provider("DELETE", f"subscriptions/{name}")
    pro.heard = len(pro.objects("event"))

    with pytest.raises(Conflict, match="no subscription to cancel"):
        pro.cancel()
    again = pro.pay_for(pro.want("team"))
    pro.listen()
    assert pro.row.running
    assert pro.row.running.subscription_id == again
    quiet(pro)


def test_one_that_ends_while_it_is_changed_is_refused_by_the_provider(pro: Patron) -> None:
    name = subscription(pro)["id"]

    def end_it(call: str, when: str) -> None:
        if (call, when) == ("provider.change_subscription", "before"):
            pro.strike = lambda _call, _when: None
            pro.at_provider("DELETE", f"subscriptions/{name}")

    pro.strike = end_it
    with pytest.raises(Unprocessable, match="refuses"):
        pro.want("team", key="up")

    assert pro.row.asked is None
    pro.listen()
    assert pro.plan.plan_id == "free"
    assert "checkout_url" in pro.want("team", key="up"), "the key is free, and means a new subscription by now"
    quiet(pro)


@pytest.mark.parametrize("at_once", [False, True])
def test_ending_what_has_ended_meanwhile_is_made_already(pro: Patron, *, at_once: bool) -> None:
    name = subscription(pro)["id"]

    def end_it(call: str, when: str) -> None:
        if (call, when) == ("commit", "after"):
            pro.strike = lambda _call, _when: None
            pro.at_provider("DELETE", f"subscriptions/{name}")

    pro.strike = end_it

    assert pro.cancel(now=at_once)["status"] == "canceled"
    quiet(pro)


def test_two_wishes_at_once_are_both_made_in_their_order(team: Patron) -> None:
    """While the first is made another comes: it decides afresh, and the first's answer is its own."""
    answers = []

    def come_between(call: str, when: str) -> None:
        if (call, when) == ("provider.change_subscription", "before"):
            team.strike = lambda _call, _when: None
            answers.append(team.cancel(key="second"))

    team.strike = come_between
    answers.append(team.want("pro", key="first"))

    assert [each["replayed"] for each in answers] == [False, False]
    assert team.row.running
    assert team.row.asked is None
    assert {key for _, key in team.store.spent} >= {"first", "second"}
    team.listen()
    quiet(team)


def test_the_same_wish_at_once_is_answered_once(pro: Patron) -> None:
    answers: list[Any] = []

    def come_between(call: str, when: str) -> None:
        if (call, when) == ("provider.change_subscription", "before") and not answers:
            answers.append(None)
            answers.append(pro.want("team", key="same"))

    pro.strike = come_between
    last = pro.want("team", key="same")

    assert last == {**answers[1], "replayed": True}
    assert len(pro.billed()) == 2
    quiet(pro)


def test_a_wish_that_another_took_the_place_of_stays_noted_for_its_own_repeat(pro: Patron) -> None:
    pro.fail("provider.change_subscription", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        pro.want("team", key="first")
    assert [pro.row.asked and pro.row.asked.plan_id] == ["team"]

    pro.cancel(key="second")
    assert [pro.row.asked] == [None]
    answer = pro.want("team", key="first")

    assert (answer["plan_id"], answer["ends_at"]) == ("team", None)
    quiet(pro)


@pytest.mark.parametrize("call", ["provider.change_subscription", "provider.subscription"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_provider_without_an_answer_spends_no_key_and_the_repeat_goes_on(pro: Patron, call: str, when: str) -> None:
    pro.fail(call, when, [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        pro.want("team", key="up")
    assert ("acct_a", "up") not in pro.store.spent

    assert pro.want("team", key="up")["plan_id"] == "team"
    assert len(pro.billed()) == 2, "the difference is billed once"
    quiet(pro)


def test_what_was_noted_and_never_repeated_is_made_by_nobody(pro: Patron) -> None:
    pro.fail("provider.change_subscription", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        pro.want("team", key="up")
    pro.clock += 8 * DAY
    pro.sweep()

    assert pro.row.running
    assert pro.row.running.plan_id == "pro"


# What the store may do


@pytest.mark.parametrize("trouble", [LostRace, Throttled, OutcomeUnknown])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", [0, 1])
def test_trouble_with_the_store_is_met_by_going_on_from_what_is_noted(
    pro: Patron, trouble: type[Exception], when: str, nth: int
) -> None:
    commits = iter(range(100))

    def trip(call: str, at: str) -> None:
        if (call, at) == ("commit", when) and next(commits) == nth:
            raise trouble()

    pro.strike = trip
    answer = pro.want("team", key="up")

    assert answer["plan_id"] == "team"
    assert answer["replayed"] is (when == "after" and nth == 1)
    assert len(pro.billed()) == 2
    quiet(pro)


def test_trouble_that_does_not_end_is_busy(pro: Patron) -> None:
    pro.fail("subscription", "before", [Throttled()] * 1000)

    with pytest.raises(Busy):
        pro.cancel()


def test_a_receipt_without_its_answer_is_busy(pro: Patron) -> None:
    pro.cancel(key="k")
    pro.store.answers.clear()

    with pytest.raises(Busy):
        pro.cancel(key="k")


@pytest.mark.parametrize("change", ["checkout", "cancel"])
def test_a_row_that_lacks_what_its_change_is_about_is_busy_and_left_alone(pro: Patron, change: str) -> None:
    noted: list[Asked] = []

    def empty_it(call: str, when: str) -> None:
        row = pro.row
        if (call, when) == ("commit", "after") and row.asked:
            noted.append(row.asked)
            pro.store.subscriptions[WALLET] = replace(row, news=None, asked=replace(row.asked, change=change))

    pro.strike = empty_it
    pro.fail("provider.change_subscription", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        pro.cancel(key="k")
    pro.strike = lambda _call, _when: None
    with pytest.raises(Busy):
        pro.cancel(key="k")
    assert noted
    assert ("acct_a", "k") not in pro.store.spent


def test_a_subscription_that_vanishes_while_it_is_changed_is_busy(pro: Patron) -> None:
    def vanish(call: str, when: str) -> None:
        if (call, when) == ("provider.change_subscription", "after"):
            pro.store.subscriptions[WALLET] = replace(pro.row, news=None)

    pro.strike = vanish
    with pytest.raises(Busy):
        pro.cancel(key="k")


def test_one_that_no_longer_fits_is_left_to_a_person(pro: Patron) -> None:
    def bend(call: str, when: str) -> None:
        if (call, when) == ("provider.change_subscription", "after"):
            subscription(pro)["customer"] = "cus_other"

    pro.strike = bend
    with pytest.raises(Conflict, match="looked at by a person"):
        pro.cancel(key="k")
    assert ("acct_a", "k") not in pro.store.spent


# The provider's own pages, and an admin's word


def test_the_portal_is_for_who_has_paid_or_tried_to(patron: Patron) -> None:
    with pytest.raises(NotFound):
        patron.portal()
    patron.want("pro")
    assert patron.portal().startswith("http")

    patron.fail("provider.open_portal", "before", [PaymentsRefused("no")])
    with pytest.raises(PaymentsUnavailable):
        patron.portal()


def test_an_admins_word_takes_the_row_into_account_once_per_key(pro: Patron) -> None:
    till = Till(store=pro.seen_store, catalog=pro.catalog, patience=patience())

    def say(plan_id: str | None, key: str) -> bool:
        claim = Claim.on(WALLET, key, operation="plan", body={"plan_id": plan_id})
        return override_plan(till, plan_id, claim, stamp=stamp(pro.clock)).replayed

    assert (say("team", "k1"), say("team", "k1")) == (False, True)
    assert (pro.plan.plan_id, pro.plan.set_by) == ("team", "admin")
    pro.clock += DAY
    assert say(None, "k2") is False
    assert (pro.plan.plan_id, pro.plan.set_by) == ("pro", "stripe")
    with pytest.raises(Refusal):
        say("gold", "k3")
    pro.check()
