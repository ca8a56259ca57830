"""
All orders of what is told of a subscription, with all subsets of it told twice: the same end.

Six events make a life, and whichever comes, the provider is asked how things are by now. One life has ended, the other
runs. The walk is that of the purchases: of the events that come twice, the first comes again at once, the second at
the end, and so on; every one of the 46,080 ends is looked at. The answers are the real `stripe` package's over the
stand-in: its state stands still meanwhile, so each question is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from random import Random
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.subscriptions import SubscriptionStatus
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.hearing import apply_event
from chalicelib.services.ports import Oddity
from chalicelib.services.purchasing import Shop
from local.stripe import subscriptions
from tests.bank import hint_of
from tests.builders import DAY, NOON, SOLD, patience, stamp
from tests.fakes import MemoryStore
from tests.patron import WALLET, Patron
from tests.properties.test_orders import Walk, told_of

LATER = NOON + 31 * DAY  # when all of it is told
SAMPLE = 97  # every so many ends are audited
CREATED, PAID, UPDATED, FAILED, DELETED = (
    "customer.subscription.created",
    "invoice.paid",
    "customer.subscription.updated",
    "invoice.payment_failed",
    "customer.subscription.deleted",
)


class Kept:
    """Asks the provider each question once."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._known = inner, dict[tuple[str, str], Any]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def ask(subject: str) -> Any:
            if (name, subject) not in self._known:
                self._known[name, subject] = found(subject)
            return self._known[name, subject]

        return ask


@dataclass(frozen=True)
class Life:
    """What was told of a life, in order, and a program that has heard of nothing yet."""

    events: tuple[Oddity, ...]
    store: MemoryStore
    payments: Any
    fresh: Any  # as `payments`, but each question goes through the package


@cache
def life(*, ends: bool) -> Life:
    """Subscribed, cancelled, resumed, renewed without money; then deleted, or paid after all."""
    patron = Patron()
    opened = patron.want("pro")
    store = branch(patron.store)
    name = patron.pay_for(opened)
    account = patron.standin._account
    for ending in (True, False):
        patron.clock += DAY
        subscriptions.set_ending(account, account.find("subscription", name), ending=ending)
    patron.clock = NOON + 30 * DAY
    patron.renew(name, "failed")
    if ends:
        patron.at_provider("DELETE", f"subscriptions/{name}")
    else:
        patron.renew(name)
    told = patron.objects("event")
    updates = [each for each in told if each["type"] == UPDATED]
    paid = [each for each in told if each["type"] == PAID]
    of = {each["type"]: each for each in told}
    last = of[DELETED] if ends else paid[1]
    chosen = (of[CREATED], paid[0], updates[0], updates[1], of[FAILED], last)
    return Life(tuple(hint_of(each) for each in chosen), store, Kept(patron.payments), patron.payments)


def branch(store: MemoryStore) -> MemoryStore:
    """Copy a store as it stands: what is written to one isn't in the other."""
    other = copy(store)
    for name, value in vars(store).items():
        if isinstance(value, (dict, list)):
            setattr(other, name, value.copy())
    return other


def heard(payments: Any) -> Callable[[MemoryStore, Oddity], MemoryStore]:
    def deliver(store: MemoryStore, event: Oddity) -> MemoryStore:
        after = branch(store)
        shop = Shop(store=after, payments=payments, catalog=SOLD, patience=patience())
        outcome = apply_event(shop, event, stamp=stamp(LATER, actor="stripe"))
        assert outcome in (Outcome.SETTLED, Outcome.UNCHANGED)
        return after

    return deliver


def state(store: MemoryStore) -> object:
    """All that is known in the end: plan and period, meters, lots, row, invoices, messages, kinds of entries."""
    wallet, row = store.wallet(WALLET), store.subscription(WALLET)
    invoices = sorted(store.invoices.items())
    kinds = [entry.kind for entry in store.history_of(WALLET)]
    messages = [each.message.facts for each in store.messages.values()]
    return wallet.plan, wallet.meters, wallet.lots, replace(row, version=0), invoices, messages, kinds, store.oddities


def check(store: MemoryStore) -> None:
    assert list(audit.faults(store.wallet(WALLET), store.history_of(WALLET))) == []


BOTH = pytest.mark.parametrize("ends", [True, False], ids=["ended", "runs"])


@BOTH
def test_in_order_it_ends_as_it_should(*, ends: bool) -> None:
    store = life(ends=ends).store
    for event in life(ends=ends).events:
        store = heard(life(ends=ends).payments)(store, event)

    check(store)
    wallet, row = store.wallet(WALLET), store.subscription(WALLET)
    assert row.news
    assert (row.news.status, row.has_paid, row.session_id is None) == (
        SubscriptionStatus.CANCELED if ends else SubscriptionStatus.ACTIVE,
        True,
        not ends,
    )
    assert sorted(each.status for each in store.invoices.values()) == (["open", "paid"] if ends else ["paid", "paid"])
    assert wallet.available(LATER) == (0 if ends else 50)
    assert [entry.kind for entry in store.history_of(WALLET)] == ([] if ends else ["plan_change"])
    assert len({event.event_id for event in life(ends=ends).events}) == 6


@pytest.mark.parametrize("first", range(6))
@BOTH
def test_any_order_and_repetition_ends_the_same(first: int, *, ends: bool) -> None:
    lived = life(ends=ends)
    deliver = heard(lived.payments)
    expected = None
    count = 0
    for count, store in enumerate(Walk(deliver).beginning_with(first, lived.store, lived.events), start=1):
        expected = expected or in_order(ends=ends)
        assert state(store) == expected
        if count % SAMPLE == 0:
            check(store)
    assert count == 46_080 // 6


def in_order(*, ends: bool) -> object:
    store = life(ends=ends).store
    for event in life(ends=ends).events:
        store = heard(life(ends=ends).payments)(store, event)
    return state(store)


@BOTH
def test_so_does_a_sample_in_which_each_question_goes_through_the_package(*, ends: bool) -> None:
    random, lived = Random(6), life(ends=ends)
    orders: Sequence[tuple[int, ...]] = random.sample(list(permutations(range(6))), 24)
    for order in orders:
        store = lived.store
        for place in told_of(order, random.randrange(64)):
            store = heard(lived.fresh)(store, lived.events[place])
        assert state(store) == in_order(ends=ends)
