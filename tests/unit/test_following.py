"""Following: an event is a hint, the subscription is asked for afresh, and the wallet is where it says, once."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.catalog import Interval
from chalicelib.domain.errors import Busy
from chalicelib.domain.messages import MessageKind
from chalicelib.domain.subscriptions import SubscriptionStatus
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.hearing import replay
from chalicelib.services.ports import Due, LostRace, OutcomeUnknown, PaymentsFailed, PlanOrder, Throttled
from tests.bank import Json
from tests.builders import DAY, NOON, stamp
from tests.patron import WALLET, Patron

HOUR = timedelta(hours=1)
END = NOON + 30 * DAY  # of the first month


@pytest.fixture
def patron() -> Patron:
    return Patron()


def begun(patron: Patron) -> str:
    """Subscribe and pay, and tell nobody."""
    return patron.pay_for(patron.want("pro"))


def event(patron: Patron, type_: str) -> Json:
    return next(each for each in patron.objects("event") if each["type"] == type_)


def twin_of(patron: Patron, name: str, **changes: Any) -> Json:
    """Put a second subscription beside one, as somebody might by hand."""
    account = patron.standin._account
    twin: Json = account.add({**deepcopy(account.find("subscription", name)), "id": "sub_twin", **changes})
    twin["items"]["data"][0]["current_period_start"] += 60
    return twin


@pytest.mark.parametrize("type_", ["customer.subscription.created", "invoice.paid", "checkout.session.completed"])
def test_any_event_of_a_subscription_begins_the_plan_notes_the_invoice_and_grants_once(
    patron: Patron, type_: str
) -> None:
    begun(patron)

    assert patron.hear(event(patron, type_)) is Outcome.SETTLED
    first = (patron.wallet, patron.row, patron.invoices())
    again = [each for each in patron.news() * 2 if each.subscription_id or each.invoice_id]
    assert {patron.told(each) for each in again} == {Outcome.UNCHANGED}

    assert first == (patron.wallet, patron.row, patron.invoices())
    assert (patron.plan.plan_id, patron.available, patron.invoices()) == ("pro", 50, [("paid", 2320)])
    assert patron.kinds() == ["plan_change"]
    patron.check()


def test_what_is_not_ours_is_ignored(patron: Patron) -> None:
    name = begun(patron)
    account = patron.standin._account
    account.find("subscription", name)["metadata"] = {}
    invoice = account.find("invoice", account.find("subscription", name)["latest_invoice"])
    invoice["parent"]["subscription_details"]["metadata"] = {}

    for hint in ({"subscription_id": name}, {"invoice_id": invoice["id"]}):
        assert patron.hear_hint(**hint) is Outcome.IGNORED
    for hint in ({"subscription_id": "sub_gone"}, {"invoice_id": "in_gone"}, {"session_id": "cs_test_gone"}):
        assert patron.hear_hint(**hint) is Outcome.IGNORED
    assert (patron.wallet.seq, patron.row.news, patron.invoices()) == (0, None, [])


def test_a_checkout_that_began_nothing_yet_is_ignored(patron: Patron) -> None:
    opened = patron.want("pro")

    assert patron.hear_hint(session_id=opened["checkout_session_id"]) is Outcome.IGNORED
    patron.control(f"sessions/{opened['checkout_session_id']}/expire", {})
    assert patron.listen()[-1] is Outcome.IGNORED


def test_a_subscription_that_is_ours_no_more_while_it_is_followed_is_no_answer(patron: Patron) -> None:
    begun(patron)
    patron.strike = lambda name, when: (
        patron.standin._account.objects["subscription"].clear()
        if (name, when) == ("wallet_and_subscription", "after")
        else None
    )

    with pytest.raises(PaymentsFailed, match="not ours any more"):
        patron.hear(event(patron, "customer.subscription.created"))
    assert patron.row.news is None


@pytest.mark.parametrize("trouble", [LostRace, Throttled, OutcomeUnknown])
@pytest.mark.parametrize("when", ["before", "after"])
def test_trouble_with_the_store_is_met_by_deciding_afresh(patron: Patron, trouble: type[Exception], when: str) -> None:
    begun(patron)
    patron.fail("commit", when, [trouble()])

    outcome = patron.hear(event(patron, "customer.subscription.created"))

    assert outcome is (Outcome.SETTLED if when == "before" else Outcome.UNCHANGED)
    assert (patron.kinds(), patron.available, len(patron.invoices())) == (["plan_change"], 50, 1)


def test_trouble_that_does_not_end_is_busy(patron: Patron) -> None:
    begun(patron)
    patron.fail("wallet_and_subscription", "before", [Throttled()] * 1000)

    with pytest.raises(Busy):
        patron.hear(event(patron, "customer.subscription.created"))


def test_news_that_were_asked_for_before_the_row_are_not_written(patron: Patron) -> None:
    """Between the question and the write the subscription ends, and another process hears of it."""
    name = begun(patron)

    def end_it(call: str, when: str) -> None:
        if (call, when) == ("commit", "before"):
            patron.strike = lambda _call, _when: None
            patron.at_provider("DELETE", f"subscriptions/{name}")
            assert patron.told_again("customer.subscription.deleted") is Outcome.SETTLED

    patron.strike = end_it
    patron.hear(event(patron, "customer.subscription.created"))

    assert patron.row.news
    assert patron.row.news.status is SubscriptionStatus.CANCELED
    assert patron.plan.plan_id == "free"
    patron.check()


# Invoices


def test_an_invoice_is_listed_as_it_is_and_followed_to_its_end(patron: Patron) -> None:
    name = patron.subscribe()
    patron.clock = END
    patron.renew(name, "failed")
    patron.listen()
    assert patron.invoices() == [("open", 2900), ("paid", 2320)]

    patron.clock += 4 * DAY
    patron.renew(name)
    assert {Outcome.SETTLED, Outcome.UNCHANGED} <= set(patron.listen())
    assert patron.invoices() == [("paid", 2900), ("paid", 2320)]
    [told] = [each.message for each in patron.store.messages.values()]
    assert told.kind is MessageKind.RENEWAL_FAILED
    patron.check()


def test_the_latest_invoice_is_found_by_news_of_the_subscription_alone(patron: Patron) -> None:
    name = begun(patron)
    patron.hear_hint(subscription_id=name)
    patron.clock = END
    patron.renew(name)
    patron.hear_hint(subscription_id=name)

    assert patron.invoices() == [("paid", 2900), ("paid", 2320)]


def test_a_subscription_without_an_invoice_has_none_to_note(patron: Patron) -> None:
    name = begun(patron)
    patron.standin._account.find("subscription", name)["latest_invoice"] = None

    assert patron.hear_hint(subscription_id=name) is Outcome.SETTLED
    assert (patron.plan.plan_id, patron.available, patron.invoices()) == ("pro", 0, [])


def test_what_is_known_to_its_end_is_not_asked_for_again(patron: Patron) -> None:
    name = patron.subscribe()
    patron.calls.clear()

    assert patron.hear_hint(subscription_id=name) is Outcome.UNCHANGED
    assert not {"provider.invoice", "commit"} & set(patron.calls)


def test_an_older_invoice_is_noted_when_it_is_named(patron: Patron) -> None:
    name = begun(patron)
    patron.renew(name)
    first, _second = patron.objects("invoice")
    patron.hear_hint(subscription_id=name)
    assert len(patron.invoices()) == 1
    version = patron.row.version

    assert patron.hear_hint(invoice_id=first["id"]) is Outcome.SETTLED

    assert (len(patron.invoices()), patron.row.version) == (2, version + 1), "the row guards it"
    assert patron.hear_hint(invoice_id=first["id"]) is Outcome.UNCHANGED


def test_an_invoice_that_says_it_is_another_wallets_is_not_noted(patron: Patron) -> None:
    begun(patron)
    [invoice] = patron.objects("invoice")
    invoice["parent"]["subscription_details"]["metadata"] = {"tally_wallet": "acct_b"}
    assert patron.hear_hint(invoice_id=invoice["id"]) is Outcome.SETTLED

    assert (patron.row.running is not None, patron.invoices()) == (True, [])
    assert patron.store.listed_invoices("acct_b", before=None, limit=9) == []


def test_a_draft_is_no_invoice_yet(patron: Patron) -> None:
    name = begun(patron)
    [invoice] = patron.objects("invoice")
    invoice["status"] = "draft"

    assert patron.hear_hint(invoice_id=invoice["id"]) is Outcome.IGNORED
    assert patron.hear_hint(subscription_id=name) is Outcome.SETTLED
    assert (patron.invoices(), patron.available) == ([], 0), "included credits wait for the money"
    invoice["status"] = "paid"
    patron.hear_hint(subscription_id=name)
    assert (patron.invoices(), patron.available) == ([("paid", 2320)], 50)


def test_a_bank_debit_begins_the_plan_and_its_credits_come_with_the_money(patron: Patron) -> None:
    patron.subscribe(method="bank_debit")
    assert (patron.plan.plan_id, patron.available, patron.invoices()) == ("pro", 0, [("open", 2320)])

    [payment] = patron.objects("payment_intent")
    patron.control(f"payment_intents/{payment['id']}/settle", {})
    patron.listen()

    assert (patron.plan.plan_id, patron.available, patron.invoices()) == ("pro", 50, [("paid", 2320)])
    patron.check()


# Two subscriptions


def test_a_second_subscription_beside_one_that_runs_is_kept_aside_and_changes_nothing(patron: Patron) -> None:
    name = patron.subscribe()
    before = (patron.wallet, patron.row)
    twin = twin_of(patron, name)

    assert patron.hear_hint(subscription_id=twin["id"]) is Outcome.QUARANTINED

    [odd] = patron.store.oddities.values()
    assert (odd.reason, odd.wallet_id, odd.subscription_id) == (
        f"second subscription sub_twin beside {name}",
        WALLET,
        "sub_twin",
    )
    assert before == (patron.wallet, patron.row)


def test_a_second_one_is_followed_when_the_first_has_ended_of_which_nobody_told(patron: Patron) -> None:
    name = patron.subscribe()
    patron.clock += 5 * DAY
    patron.at_provider("DELETE", f"subscriptions/{name}")
    again = patron.pay_for({"checkout_session_id": _opened(patron)})
    patron.heard = len(patron.objects("event"))  # all of it is lost

    assert patron.hear_hint(subscription_id=again) is Outcome.SETTLED

    assert patron.row.running
    assert patron.row.running.subscription_id == again
    assert patron.kinds() == ["plan_change", "plan_change", "plan_change"], "the first's end was written first"
    assert patron.available == 100
    assert patron.hear_hint(subscription_id=name) is Outcome.UNCHANGED, "what comes of the first counts no more"
    patron.check()


def _opened(patron: Patron) -> str:
    """Open a checkout past the program, as one would that nobody noted."""
    order = PlanOrder(
        wallet_id=WALLET,
        customer_id=patron.store.customers[WALLET],
        plan_id="pro",
        interval=Interval.MONTH,
        incentive=None,
        asked_at=patron.clock,
        key="past",
    )
    return patron.payments.open_plan_checkout(order, now=patron.clock).session_id


def test_one_that_does_not_run_never_hides_one_that_does(patron: Patron) -> None:
    name = patron.subscribe()
    twin = twin_of(patron, name, status="incomplete_expired", created=int(NOON.timestamp()) + 9)

    assert patron.hear_hint(subscription_id=twin["id"]) is Outcome.UNCHANGED
    assert patron.row.running
    assert patron.row.running.subscription_id == name


# Deleted customers


def test_a_deleted_customer_is_forgotten_once_and_the_next_one_is_another(patron: Patron) -> None:
    patron.subscribe()
    [customer] = patron.objects("customer")
    name = customer["id"]
    assert patron.hear_hint(customer_id=name, wallet_id=WALLET) is Outcome.IGNORED, "it is still there"

    patron.at_provider("DELETE", f"customers/{name}")
    patron.listen()

    assert patron.plan.plan_id == "free"
    assert (patron.store.customer(WALLET), patron.store.former_customer(WALLET)) == (None, name)
    patron.clock += DAY
    patron.subscribe("team")
    assert patron.store.customer(WALLET) not in (None, name)
    assert patron.hear_hint(customer_id=name, wallet_id=WALLET) is Outcome.SETTLED
    assert patron.store.customer(WALLET) not in (None, name), "what is told late forgets nobody else"
    assert patron.plan.plan_id == "team"
    assert patron.store.oddities == {}
    patron.check()


def test_the_next_subscription_is_followed_also_when_only_the_customers_end_was_told(patron: Patron) -> None:
    first = patron.subscribe()
    [customer] = patron.objects("customer")
    patron.at_provider("DELETE", f"customers/{customer['id']}")
    patron.hear_hint(customer_id=customer["id"], wallet_id=WALLET)
    patron.heard = len(patron.objects("event"))
    patron.clock += DAY

    again = patron.subscribe("team")

    assert patron.row.running
    assert patron.row.running.subscription_id == again
    assert (patron.plan.plan_id, patron.store.oddities) == ("team", {})
    assert patron.hear_hint(subscription_id=first) is Outcome.UNCHANGED
    patron.check()


def test_a_hint_without_a_customer_of_ours_forgets_nobody(patron: Patron) -> None:
    patron.subscribe()
    patron.calls.clear()

    assert patron.hear_hint(customer_id="cus_other") is Outcome.IGNORED
    assert patron.hear_hint() is Outcome.IGNORED
    assert patron.calls == []
    assert patron.hear_hint(customer_id="cus_gone", wallet_id=WALLET) is Outcome.SETTLED
    assert patron.store.customer(WALLET)


# The sweep


def test_the_sweep_finds_what_a_checkout_began_when_no_event_comes(patron: Patron) -> None:
    begun(patron)
    assert patron.row.due_at == NOON + timedelta(minutes=15)

    patron.clock += timedelta(minutes=15)
    counts = patron.sweep().counts

    assert (counts["subscriptions"], counts["settled"]) == (1, 1)
    assert (patron.plan.plan_id, patron.available, len(patron.invoices())) == ("pro", 50, 1)
    assert patron.row.session_id is None
    patron.check()


def test_a_checkout_that_nobody_pays_is_asked_about_for_two_days(patron: Patron) -> None:
    patron.want("pro")
    looks = 0
    while patron.row.due_at and looks < 100:
        patron.clock = patron.row.due_at
        looks += patron.sweep().counts["subscriptions"]

    assert (patron.row.due_at, patron.row.news) == (None, None)
    assert looks < 15
    assert patron.clock < NOON + 4 * DAY


def test_the_sweep_hears_of_renewals_failures_and_ends_of_which_nobody_told(patron: Patron) -> None:
    name = patron.subscribe()
    for outcome, plan_id, days in (("paid", "pro", 30), ("failed", "pro", 61), ("paid", "pro", 62)):
        patron.clock = NOON + days * DAY
        patron.renew(name, outcome)
        _sweep_until(patron, patron.clock + 2 * HOUR + DAY)
        assert patron.plan.plan_id == plan_id
    assert patron.invoices() == [("paid", 2900), ("paid", 2900), ("paid", 2320)]
    assert len(patron.store.messages) == 1

    patron.at_provider("DELETE", f"subscriptions/{name}")
    _sweep_until(patron, patron.clock + 8 * DAY)
    assert (patron.plan.plan_id, patron.row.due_at) == ("free", None)
    patron.check()


def _sweep_until(patron: Patron, until: Any) -> None:
    while patron.row.due_at and patron.row.due_at <= until:
        patron.clock = max(patron.clock, patron.row.due_at)
        assert patron.sweep().failures == []
    patron.clock = until


def test_a_row_that_is_due_for_nothing_is_left_alone(patron: Patron) -> None:
    empty = patron.row
    patron.store.subscriptions[WALLET] = replace(empty, version=1, due_at=NOON)
    assert patron.sweep().counts["subscriptions"] == 1
    assert patron.row.due_at is None

    patron.store.subscriptions[WALLET] = replace(empty, version=1)
    patron.calls.clear()
    sneaky = _Late(patron.store)
    patron.seen_store = sneaky
    assert patron.sweep().counts["subscriptions"] == 1
    assert sneaky.written == 0


class _Late:
    """A store whose index still names what is due no more."""

    def __init__(self, store: Any) -> None:
        self._store, self.written = store, 0

    def due_purchases(self, shard: int, until: Any, *, cursor: object = None) -> Any:
        del until, cursor
        return Due([(WALLET, "subscription"), (WALLET, "something new")] if shard == 0 else ())

    def put_off_subscription(self, *_: Any) -> None:
        self.written += 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_somebody_else_at_it_is_no_failure_of_the_sweep(patron: Patron) -> None:
    begun(patron)
    patron.clock += HOUR
    patron.fail("put_off_subscription", "before", [LostRace()])

    report = patron.sweep()

    assert (report.failures, report.counts["settled"]) == ([], 0)
    assert patron.sweep().counts["settled"] == 1


def test_a_provider_without_an_answer_is_reported_and_asked_again_later(patron: Patron) -> None:
    name = patron.subscribe()
    patron.clock = END + HOUR
    patron.fail("provider.subscription", "before", [PaymentsFailed("down")])

    [(wallet_id, what, error)] = patron.sweep().failures

    assert (wallet_id, what, type(error)) == (WALLET, "subscription", PaymentsFailed)
    assert patron.row.due_at == patron.clock + HOUR
    patron.renew(name)
    patron.clock += HOUR
    assert patron.sweep().counts["settled"] == 1
    assert patron.plan.period_start == END


# The quarantine


def test_what_was_kept_aside_is_replayed_once_the_first_has_ended(patron: Patron) -> None:
    name = patron.subscribe()
    twin = twin_of(patron, name)
    patron.hear_hint(subscription_id=twin["id"])
    assert replay(patron.shop, "evt_hint", stamp=stamp(patron.clock)) is Outcome.QUARANTINED
    assert patron.store.oddity("evt_hint")

    patron.clock += DAY
    patron.at_provider("DELETE", f"subscriptions/{name}")
    assert replay(patron.shop, "evt_hint", stamp=stamp(patron.clock)) is Outcome.SETTLED

    assert patron.row.running
    assert patron.row.running.subscription_id == twin["id"]
    assert patron.store.oddity("evt_hint") is None
    patron.check()


def test_a_plan_whose_price_is_not_ours_is_kept_aside(patron: Patron) -> None:
    name = begun(patron)
    for price in patron.objects("price"):
        price["metadata"] = {}

    assert patron.hear_hint(subscription_id=name) is Outcome.QUARANTINED
    [odd] = patron.store.oddities.values()
    assert (odd.reason, patron.row.version) == ("plan: no price of ours", 2)
