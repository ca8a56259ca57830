"""What the store promises about subscriptions: the row and its guard, when it is due, invoices, customers, wallets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.catalog import Interval
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.lots import Source
from chalicelib.domain.money import Money
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.subscriptions import Asked, Followed, News, Subscription, SubscriptionStatus, hear_of, standing
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import SNAPSHOT_EVERY, Decision, Month, Wallet
from chalicelib.services.ports import SHARDS, Change, KeptAnswer, LostRace, Receipt, Store
from tests import engines
from tests.books import at
from tests.builders import DAY, NOON, SOLD, news, stamp

MS = timedelta(milliseconds=1)
END = at("2026-12-22 12:00")
RENEWED = {"period_start": END, "period_end": at("2027-01-22 12:00"), "invoiced_at": END, "invoice_id": "in_2"}


@pytest.fixture(params=engines.ALL)
def alone(request: pytest.FixtureRequest) -> Store:
    """A store that nobody else writes to."""
    return engines.fresh(request.param)


def row(wallet_id: str, **more: Any) -> Subscription:
    return Subscription(wallet_id=wallet_id, version=1, **more)


def write(store: Store, after: Subscription, before: Subscription | None = None, **more: Any) -> Subscription:
    before = before or Subscription(wallet_id=after.wallet_id)
    store.commit(Change(subscription=Followed(before=before, subscription=after), **more))
    return after


def invoice(wallet_id: str, nth: int = 1, **more: Any) -> Invoice:
    fields: dict[str, Any] = {
        "wallet_id": wallet_id,
        "invoice_id": f"in_{nth}",
        "subscription_id": "sub_1",
        "status": "paid",
        "amount": Money(2900, "usd"),
        "created_at": NOON + nth * DAY,
        "period_start": NOON,
        "period_end": END,
    }
    return Invoice(**(fields | more))


def due(store: Store, until: Any) -> list[tuple[str, str]]:
    return [name for shard in range(SHARDS) for name in store.due_purchases(shard, until).names]


def faults(store: Store, wallet_id: str) -> list[str]:
    wallet = store.wallet(wallet_id)
    return list(audit.faults(wallet, [e for seq in range(1, wallet.seq + 1) if (e := store.entry(wallet_id, seq))]))


# The row


def test_a_row_that_was_never_written_reads_as_version_0(store: Store, wallet_id: str) -> None:
    nothing = Subscription(wallet_id=wallet_id)

    assert store.subscription(wallet_id) == nothing
    assert store.wallet_and_subscription(wallet_id) == (Wallet(wallet_id=wallet_id), nothing)


FULL: dict[str, Any] = {
    "status": SubscriptionStatus.PAST_DUE,
    "interval": Interval.YEAR,
    "price": Money(0, "jpy"),
    "live": True,
    "is_paid": False,
    "ends_at": END,
    "ended_at": NOON + MS,
    "pending": ("team", Interval.YEAR),
    "schedule_id": "sub_sched_1",
}
BARE: dict[str, Any] = {"invoice_id": None, "invoiced_at": None, "item_id": ""}


@pytest.mark.parametrize("said", [{}, FULL, BARE, *({"status": status} for status in SubscriptionStatus)], ids=str)
def test_whatever_the_provider_said_reads_back(store: Store, wallet_id: str, said: dict[str, Any]) -> None:
    written = write(store, row(wallet_id, news=news(wallet_id=wallet_id, **said), customer_id="cus_é"))

    assert store.subscription(wallet_id) == written
    assert store.wallet_and_subscription(wallet_id)[1] == written


ASKED = Asked(ask_id="a" * 24, change="schedule", at=NOON, plan_id="team", interval=Interval.YEAR)


def test_what_was_asked_for_and_the_open_checkout_read_back_and_are_forgotten(store: Store, wallet_id: str) -> None:
    full = row(
        wallet_id,
        has_paid=True,
        asked=ASKED,
        session_id="cs_1",
        session_at=NOON + MS,
        customer_id="cus_1",
        due_at=NOON + DAY,
    )
    write(store, full)
    assert store.subscription(wallet_id) == full
    plain = replace(full, version=2, asked=Asked(ask_id="b", change="cancel", at=NOON))
    write(store, plain, full)
    assert store.subscription(wallet_id) == plain

    bare = Subscription(wallet_id=wallet_id, version=3)
    write(store, bare, plain)
    assert store.subscription(wallet_id) == bare


def test_a_row_that_moved_stops_all_that_goes_with_it(store: Store, wallet_id: str) -> None:
    first = write(store, row(wallet_id, session_id="cs_1"))
    second = write(store, replace(first, version=2, session_id="cs_2"), first)
    said = news(wallet_id=wallet_id)
    followed = hear_of(store.wallet(wallet_id), first, said, SOLD, stamp(), live=False)
    assert followed
    assert followed.decision
    change = Change(
        decisions=[followed.decision],
        subscription=followed,
        invoices=[invoice(wallet_id)],
        receipts=[Receipt(wallet_id=wallet_id, key="k", digest=b"d")],
        answer=KeptAnswer(wallet_id=wallet_id, name="n", answer={"a": 1}),
    )

    with pytest.raises(LostRace):
        store.commit(change)
    with pytest.raises(LostRace):
        write(store, row(wallet_id))

    assert (store.subscription(wallet_id), store.wallet(wallet_id).seq) == (second, 0)
    assert store.listed_invoices(wallet_id, before=None, limit=9) == []
    assert (store.receipt(wallet_id, "k"), store.answer(wallet_id, "n")) == (None, None)


def test_news_move_wallet_row_invoices_receipt_and_answer_together_once(store: Store, wallet_id: str) -> None:
    followed = heard(store, wallet_id)
    assert followed.decision
    change = Change(
        decisions=[followed.decision],
        subscription=followed,
        invoices=[invoice(wallet_id, 1), invoice(wallet_id, 2)],
        receipts=[Receipt(wallet_id=wallet_id, key="k", digest=b"d")],
        answer=KeptAnswer(wallet_id=wallet_id, name="n", answer={"a": None}),
    )

    store.commit(change)
    with pytest.raises(LostRace):
        store.commit(change)

    assert store.wallet_and_subscription(wallet_id) == (followed.decision.wallet, followed.subscription)
    assert [each.invoice_id for each in store.listed_invoices(wallet_id, before=None, limit=9)] == ["in_2", "in_1"]
    receipt = store.receipt(wallet_id, "k")
    assert receipt
    assert (receipt.digest, receipt.seq, store.answer(wallet_id, "n")) == (b"d", None, {"a": None})
    assert faults(store, wallet_id) == []


def test_a_failed_payment_brings_its_message_with_the_row(store: Store, wallet_id: str) -> None:
    store.commit(_change(heard(store, wallet_id)))
    failed = heard(store, wallet_id, status=SubscriptionStatus.PAST_DUE, is_paid=False, **RENEWED)
    [told] = failed.messages

    store.commit(_change(failed))

    outgoing = store.outgoing(wallet_id, told.message_id)
    assert outgoing
    assert (outgoing.message, outgoing.due_at) == (told, told.at)


def heard(store: Store, wallet_id: str, **said: Any) -> Followed:
    wallet, there = store.wallet_and_subscription(wallet_id)
    now = wallet.last_at or NOON
    followed = hear_of(wallet, there, news(wallet_id=wallet_id, **said), SOLD, stamp(now), live=False)
    assert followed
    return followed


def _change(followed: Followed) -> Change:
    return Change(decisions=[followed.decision] if followed.decision else [], subscription=followed)


# When it is due


def test_a_row_is_found_by_its_name_from_the_very_millisecond_on(alone: Store) -> None:
    write(alone, row("acct_a", due_at=NOON + DAY))
    write(alone, row("acct_b"))

    assert due(alone, NOON + DAY - MS) == []
    assert due(alone, NOON + DAY) == [("acct_a", "subscription")]


def test_it_is_put_off_and_found_no_more_while_nobody_wrote_it(alone: Store) -> None:
    there = write(alone, row("acct_a", news=news(), due_at=NOON))

    alone.put_off_subscription(there, NOON + DAY)
    assert alone.subscription("acct_a") == replace(there, due_at=NOON + DAY)
    assert (due(alone, NOON), due(alone, NOON + DAY)) == ([], [("acct_a", "subscription")])
    alone.put_off_subscription(there, None)
    assert alone.subscription("acct_a") == replace(there, due_at=None)
    assert due(alone, NOON + 9 * DAY) == []
    alone.put_off_subscription(there, NOON + 2 * DAY)
    assert due(alone, NOON + 2 * DAY) == [("acct_a", "subscription")]

    moved = write(alone, replace(there, version=2, due_at=NOON + 3 * DAY), there)
    with pytest.raises(LostRace):
        alone.put_off_subscription(there, None)
    with pytest.raises(LostRace):
        alone.put_off_subscription(Subscription(wallet_id="acct_b"), NOON)
    assert alone.subscription("acct_a") == moved
    assert alone.subscription("acct_b").version == 0


# Invoices


def test_an_invoice_reads_back_with_all_that_it_has_and_what_it_has_not(store: Store, wallet_id: str) -> None:
    full = invoice(wallet_id, 1, number="A-0001", url="https://pay.example/é", paid_at=NOON + MS, status="void")
    bare = invoice(wallet_id, 2, status="open", amount=Money(-500, "jpy"))
    write(store, row(wallet_id), invoices=[full, bare])

    assert [store.invoice(wallet_id, each.name) for each in (full, bare)] == [full, bare]
    assert store.invoice(wallet_id, "00000000000000-in_9") is None


def test_an_invoice_is_written_over_as_it_goes_on(store: Store, wallet_id: str) -> None:
    opened = invoice(wallet_id, status="open", number="A-0001")
    first = write(store, row(wallet_id), invoices=[opened])
    paid = replace(opened, status="paid", paid_at=NOON, number=None)
    write(store, replace(first, version=2), first, invoices=[paid])

    assert store.listed_invoices(wallet_id, before=None, limit=9) == [paid]


def test_invoices_are_listed_newest_first_page_by_page(
    store: Store, wallet_id: str, other_wallet_id: Callable[[], str]
) -> None:
    for owner in (wallet_id, other_wallet_id()):
        made = [invoice(owner, nth) for nth in (3, 1, 5, 2, 4)]
        made.append(invoice(owner, 6, created_at=NOON + 5 * DAY, invoice_id="in_5a"))
        write(store, row(owner), invoices=made)
    store.keep_customer(wallet_id, "cus_1", email=None)
    names = [each.name for each in store.listed_invoices(wallet_id, before=None, limit=9)]

    def page(before: str | None, limit: int) -> list[str]:
        return [each.name for each in store.listed_invoices(wallet_id, before=before, limit=limit)]

    assert [name.partition("-")[2] for name in names] == ["in_5a", "in_5", "in_4", "in_3", "in_2", "in_1"]
    assert names == sorted(names, reverse=True)
    for limit in range(1, 8):
        found: list[str] = []
        while more := page(found[-1] if found else None, limit):
            assert len(more) <= limit
            found += more
        assert found == names
    assert page(names[-1], 3) == []
    assert page("9" * 14 + "-", 2) == names[:2]


# Customers


def test_the_first_customer_stays_until_the_very_one_is_forgotten(store: Store, wallet_id: str) -> None:
    assert (store.customer(wallet_id), store.former_customer(wallet_id)) == (None, None)
    store.keep_customer(wallet_id, "cus_1", email="a@example.org")
    store.keep_customer(wallet_id, "cus_2", email="b@example.org")
    assert (store.customer(wallet_id), store.known_addresses(wallet_id).customer_email) == ("cus_1", "a@example.org")

    store.forget_customer(wallet_id, "cus_2")
    assert (store.customer(wallet_id), store.former_customer(wallet_id)) == ("cus_1", None)
    store.forget_customer(wallet_id, "cus_1")
    assert (store.customer(wallet_id), store.former_customer(wallet_id)) == (None, "cus_1")
    assert store.known_addresses(wallet_id).customer_email is None


def test_after_one_was_forgotten_the_next_is_kept_and_what_is_told_late_forgets_nobody(
    store: Store, wallet_id: str
) -> None:
    store.keep_customer(wallet_id, "cus_1", email="a@example.org")
    store.forget_customer(wallet_id, "cus_1")
    store.keep_customer(wallet_id, "cus_2", email=None)
    store.forget_customer(wallet_id, "cus_1")

    assert (store.customer(wallet_id), store.former_customer(wallet_id)) == ("cus_2", "cus_1")
    assert store.known_addresses(wallet_id).customer_email is None
    store.forget_customer(wallet_id, "cus_2")
    assert (store.customer(wallet_id), store.former_customer(wallet_id)) == (None, "cus_2")


def test_a_customer_who_was_never_kept_is_not_forgotten(store: Store, wallet_id: str) -> None:
    store.forget_customer(wallet_id, "cus_1")

    assert (store.customer(wallet_id), store.former_customer(wallet_id)) == (None, None)


# Wallets


def take(store: Store, decision: Decision) -> Wallet:
    store.commit(Change(decisions=[decision]))
    assert store.wallet(decision.wallet.wallet_id) == decision.wallet
    return decision.wallet


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"ends_at": END},
        {"is_paid": False},
        {"status": SubscriptionStatus.PAST_DUE, "is_paid": False},
        {"ends_at": END, "is_paid": False},
        {"status": SubscriptionStatus.PAUSED},
        {"anchor": at("2026-12-01"), "period_end": at("2026-12-01")},
    ],
    ids=str,
)
def test_a_wallets_paid_plan_reads_back_as_it_was_decided(store: Store, wallet_id: str, said: dict[str, Any]) -> None:
    store.commit(_change(heard(store, wallet_id)))
    followed = heard(store, wallet_id, item_id="si_2", **said)
    store.commit(_change(followed))

    wallet = store.wallet(wallet_id)
    assert wallet == (followed.decision.wallet if followed.decision else wallet)
    assert wallet.plan
    assert (wallet.plan.tenure is None) is (said.get("status") is SubscriptionStatus.PAUSED)
    assert wallet.due_at
    assert faults(store, wallet_id) == []


def test_the_month_behind_an_admins_word_reads_back(store: Store, wallet_id: str) -> None:
    store.commit(_change(heard(store, wallet_id)))
    for plan_id, behind in (("team", Month(NOON, ("pro",))), ("vip", Month(NOON, ("pro",))), (None, None)):
        wallet, there = store.wallet_and_subscription(wallet_id)
        given = standing(there)
        after = take(store, set_plan(wallet, plan_id, SOLD, stamp(NOON + DAY), standing=given))
        assert after.plan
        assert (after.plan.behind, after.plan.granted) == (behind, ("team",) if plan_id else ("pro",))
    assert faults(store, wallet_id) == []


@pytest.mark.parametrize("below", [None, 0, 1, 1_000_000_000])
def test_the_line_of_the_automatic_top_up_reads_back(store: Store, wallet_id: str, below: int | None) -> None:
    decision = grant(store.wallet(wallet_id), Grant(credits=9, source=Source.PROMO), SOLD, stamp())
    written = replace(decision, wallet=replace(decision.wallet, topup_below=below))
    store.commit(Change(decisions=[written]))

    assert store.wallet(wallet_id).topup_below == below
    assert store.two_wallets(wallet_id, wallet_id)[1].topup_below == below


def test_a_snapshot_has_the_paid_plan_and_the_line_as_well(store: Store, wallet_id: str) -> None:
    said: News = news(wallet_id=wallet_id, ends_at=END)
    begun = Wallet(wallet_id=wallet_id, seq=SNAPSHOT_EVERY - 1, topup_below=500)
    followed = hear_of(begun, Subscription(wallet_id=wallet_id), said, SOLD, stamp(), live=False)
    assert followed
    assert followed.decision
    decision = replace(followed.decision, before=Wallet(wallet_id=wallet_id))

    store.commit(Change(decisions=[decision], subscription=followed))

    snapshot = store.snapshot(wallet_id, SNAPSHOT_EVERY)
    assert snapshot == replace(decision.wallet, due_at=None)
    assert snapshot.plan
    assert snapshot.plan.tenure
    assert (snapshot.plan.tenure.is_ending, snapshot.topup_below) == (True, 500)


def test_a_use_goes_on_from_a_paid_plan_that_was_read(store: Store, wallet_id: str) -> None:
    store.commit(_change(heard(store, wallet_id)))
    use = Use(wallet_id=wallet_id, meter="calls", quantity=20)
    take(store, decide(store.wallet(wallet_id), use, SOLD, stamp(NOON + DAY)))
    later = take(store, decide(store.wallet(wallet_id), use, SOLD, stamp(END + 80 * timedelta(hours=1))))

    assert later.plan
    assert (later.plan.plan_id, later.plan.tenure, later.plan.set_by) == ("free", None, "stripe")
    assert faults(store, wallet_id) == []
