"""A slot is taken first and given back if it wasn't needed; use cases take it before they do anything, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from chalicelib.domain.catalog import Limits
from chalicelib.domain.contacts import Contact
from chalicelib.domain.errors import (
    Conflict,
    InsufficientCredits,
    InvalidRequest,
    NotFound,
    PaymentDeclined,
    PaymentsUnavailable,
    TooManyRequests,
)
from chalicelib.domain.limits import hour_at
from chalicelib.domain.purchases import OPEN_PURCHASES, Order
from chalicelib.domain.topups import TopUp
from chalicelib.services.contacts import set_contact
from chalicelib.services.limiting import Slot, TakeSlot, unlimited
from chalicelib.services.once import Recorded
from chalicelib.services.ports import LostRace, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.purchasing import start_purchase
from chalicelib.services.topup_settings import set_topup
from chalicelib.services.using import Till
from tests.builders import CATALOG, NOON, patience, stamp
from tests.counter import Counter
from tests.fakes import Faulty, MemoryStore
from tests.patron import PROVIDER, WALLET, Patron
from tests.teller import PROMO, Teller
from tests.topper import TERMS, Topper

LIMITS = Limits(commands_per_hour=2, provider_attempts_per_hour=12)
HOUR = hour_at(NOON, LIMITS)


def slot_of(store: Any, **more: Any) -> Slot:
    return Slot(**({"store": store, "limits": LIMITS, "now": NOON} | more))


def taken(store: MemoryStore, wallet_id: str = "acct_a") -> int:
    return store.taken.get((wallet_id, HOUR.starts_at), 0)


def breaking(store: MemoryStore, name: str, trouble: Exception, when: str = "before") -> Any:
    def point(called: str, at: str) -> None:
        if (called, at) == (name, when):
            raise trouble

    return Faulty(store, point)


def asked(store: MemoryStore, wallet_id: str = "acct_a") -> int:
    return store.asked.get((wallet_id, HOUR.starts_at), 0)


def refuse(_wallet_id: str, *, commands: int = 1, attempts: int = 0) -> None:
    del commands, attempts
    raise TooManyRequests("full", retry_after_seconds=1)


def test_a_slot_is_taken_once_however_often_it_is_asked_for() -> None:
    store = MemoryStore()
    slot = slot_of(store)

    slot.take("acct_a")
    slot.take("acct_a")

    assert (taken(store), taken(store, "acct_b")) == (1, 0)


def test_a_slot_is_given_back_once() -> None:
    store = MemoryStore()
    slot = slot_of(store)
    slot_of(store).take("acct_a")
    slot.take("acct_a")

    slot.give_back()
    slot.give_back()

    assert taken(store) == 1


def test_what_was_not_taken_is_not_given_back() -> None:
    store = MemoryStore()
    for _ in range(2):
        slot_of(store).take("acct_a")
    slot = slot_of(store)
    with pytest.raises(TooManyRequests):
        slot.take("acct_a")

    slot.give_back()

    assert taken(store) == 2
    assert not slot.is_uncounted


def test_attempts_are_taken_with_the_slot_and_only_what_is_missing_of_them() -> None:
    store = MemoryStore()
    slot = slot_of(store)

    for attempts in (1, 1, 10, 1, 0):
        slot.take("acct_a", attempts=attempts)

    assert (taken(store), asked(store)) == (1, 10)


def test_attempts_are_never_given_back() -> None:
    store = MemoryStore()
    for _ in range(12):
        slot = slot_of(store)
        slot.take("acct_a", attempts=1)
        slot.give_back()

    assert (taken(store), asked(store)) == (0, 12)
    with pytest.raises(TooManyRequests):
        slot_of(store).take("acct_a", attempts=1)
    slot_of(store).take("acct_a")  # what asks nobody goes on


def test_where_attempts_are_missing_the_command_is_not_counted_either() -> None:
    store = MemoryStore()
    slot_of(store).take("acct_a", attempts=10)
    slot = slot_of(store)

    with pytest.raises(TooManyRequests):
        slot.take("acct_a", attempts=3)
    slot.give_back()

    assert (taken(store), asked(store)) == (1, 10)


def test_more_attempts_than_are_left_leave_the_command_counted_until_it_is_given_back() -> None:
    store = MemoryStore()
    slot_of(store).take("acct_a", attempts=10)
    slot = slot_of(store)
    slot.take("acct_a", attempts=1)

    with pytest.raises(TooManyRequests):
        slot.take("acct_a", attempts=10)
    slot.give_back()

    assert (taken(store), asked(store)) == (1, 11)


def test_the_rest_of_what_was_accepted_before_takes_attempts_alone() -> None:
    store = MemoryStore()
    for _ in range(2):
        slot_of(store).take("acct_a")
    slot = slot_of(store)

    slot.take("acct_a", commands=0, attempts=1)
    slot.give_back()

    assert (taken(store), asked(store)) == (2, 1)


def test_the_next_hour_has_room() -> None:
    store = MemoryStore()
    for _ in range(2):
        slot_of(store).take("acct_a")

    with pytest.raises(TooManyRequests) as full:
        slot_of(store, now=NOON + timedelta(minutes=59, seconds=59)).take("acct_a")
    assert full.value.retry_after_seconds == 1
    slot_of(store, now=NOON + timedelta(hours=1)).take("acct_a")


@pytest.mark.parametrize("trouble", [Throttled("slow down"), OutcomeUnknown("no answer")])
def test_a_count_that_cannot_be_reached_lets_commands_through(trouble: Exception) -> None:
    store = MemoryStore()
    slot = slot_of(breaking(store, "take_slot", trouble))

    slot.take("acct_a")
    slot.take("acct_a")  # and isn't asked again
    slot.give_back()

    assert slot.is_uncounted
    assert taken(store) == 0


@pytest.mark.parametrize("trouble", [Throttled("slow down"), OutcomeUnknown("no answer")])
def test_a_slot_that_cannot_be_given_back_is_lost_and_nothing_else(trouble: Exception) -> None:
    store = MemoryStore()
    slot = slot_of(breaking(store, "give_back_slot", trouble))
    slot.take("acct_a")

    slot.give_back()

    assert taken(store) == 1


def test_no_slot_is_taken_where_nobody_counts() -> None:
    unlimited("acct_a")
    unlimited("acct_a", commands=0, attempts=10)


# When use cases take it


@pytest.fixture
def teller() -> Teller:
    teller = Teller()
    teller.give("acct_a", PROMO)
    return teller


def counted(teller: Teller) -> Teller:
    teller.take_slot = slot_of(teller.till.store).take
    return teller


def test_a_transfer_takes_a_slot_of_the_sender_between_deciding_and_writing(teller: Teller) -> None:
    counted(teller).move("k1", 10)

    assert teller.calls == ["two_wallets", "take_slot", "commit"]
    assert (taken(teller.store), taken(teller.store, "team_b"), asked(teller.store)) == (1, 0, 0)


def test_a_transfer_that_lost_races_takes_no_second_slot(teller: Teller) -> None:
    teller.troubles["commit", "before"] = [LostRace(), LostRace()]

    counted(teller).move("k1", 10)

    assert taken(teller.store) == 1


def test_a_transfer_that_is_refused_takes_none(teller: Teller) -> None:
    with pytest.raises(InsufficientCredits):
        counted(teller).move("k1", 101)

    assert teller.store.taken == {}


def test_where_there_is_no_room_nothing_moves_and_no_key_is_spent(teller: Teller) -> None:
    teller.take_slot = refuse
    with pytest.raises(TooManyRequests):
        teller.move("k1", 10)

    assert teller.store.receipt("acct_a", "k1") is None
    assert teller.store.wallet("acct_a").available(NOON) == 100
    assert not counted(teller).move("k1", 10).replayed


def test_a_repeat_is_the_first_answer_though_there_is_no_room(teller: Teller) -> None:
    first = teller.move("k1", 10)
    teller.take_slot = refuse

    assert teller.move("k1", 10) == Recorded(first.entry, replayed=True)


def test_a_contact_takes_a_slot_only_for_what_changes_it() -> None:
    store = MemoryStore()
    till = Till(store=store, catalog=CATALOG, patience=patience())

    def email(before: Contact) -> Contact:
        return replace(before, email="a@example.org")

    with pytest.raises(TooManyRequests):
        set_contact(till, "acct_a", email, stamp=stamp(), take_slot=refuse)
    assert store.contact("acct_a").version == 0
    set_contact(till, "acct_a", email, stamp=stamp(), take_slot=slot_of(store).take)
    set_contact(till, "acct_a", email, stamp=stamp(), take_slot=refuse)

    assert (taken(store), asked(store)) == (1, 0)


def setting(topper: Topper, take_slot: TakeSlot, *, enabled: bool = True, wallet_id: str = "acct_a") -> TopUp:
    def wish(before: TopUp) -> TopUp:
        return replace(before, enabled=enabled, terms=TERMS)

    return set_topup(topper.shop, wallet_id, wish, stamp=stamp(topper.clock), take_slot=take_slot)


def test_a_top_up_takes_a_slot_before_the_provider_is_asked_for_a_card() -> None:
    topper = Topper(terms=None)
    with pytest.raises(TooManyRequests):
        setting(topper, refuse)
    assert "saved_card" not in topper.calls

    setting(topper, slot_of(topper.seen_store).take)

    assert topper.calls.index("take_slot") < topper.calls.index("saved_card")
    assert (taken(topper.store), asked(topper.store)) == (1, 1)
    with pytest.raises(TooManyRequests):  # the same again asks the provider again
        setting(topper, refuse)


def test_a_top_up_takes_one_to_be_switched_off_and_none_to_stay_off() -> None:
    topper = Topper()
    with pytest.raises(TooManyRequests):
        setting(topper, refuse, enabled=False)

    setting(topper, slot_of(topper.seen_store).take, enabled=False)
    setting(topper, refuse, enabled=False)

    assert (taken(topper.store), asked(topper.store)) == (1, 0)


def test_a_top_up_of_who_never_paid_anything_takes_none() -> None:
    with pytest.raises(Conflict):
        setting(Topper(), refuse, wallet_id="acct_b")


@pytest.fixture
def patron() -> Patron:
    return Patron()


def provider_calls(patron: Patron) -> list[str]:
    return [name for name in patron.calls if name.startswith(PROVIDER)]


def test_a_change_of_plan_takes_a_slot_before_the_provider_is_asked_anything(patron: Patron) -> None:
    patron.take_slot = refuse
    with pytest.raises(TooManyRequests):
        patron.want("pro", key="k1")
    assert provider_calls(patron) == []
    assert patron.row.version == 0

    patron.take_slot = slot_of(patron.seen_store).take
    patron.want("pro", key="k1")

    assert (taken(patron.store, WALLET), asked(patron.store, WALLET)) == (1, 1)
    patron.take_slot = refuse
    assert patron.want("pro", key="k1")["replayed"]


def test_so_does_a_change_of_a_plan_that_runs(patron: Patron) -> None:
    patron.subscribe()
    patron.calls.clear()
    patron.take_slot = refuse

    for plan_id in ("team", "pro"):
        with pytest.raises(TooManyRequests):
            patron.want(plan_id)
    with pytest.raises(TooManyRequests):
        patron.cancel()
    assert provider_calls(patron) == []

    patron.take_slot = slot_of(patron.seen_store).take
    patron.cancel()
    assert (taken(patron.store, WALLET), asked(patron.store, WALLET)) == (1, 1)


def test_what_the_provider_refuses_has_taken_its_attempts(patron: Patron) -> None:
    patron.subscribe()
    slot = slot_of(patron.seen_store)
    patron.take_slot = slot.take

    with pytest.raises(Conflict):
        patron.resume()
    slot.give_back()

    assert (taken(patron.store, WALLET), asked(patron.store, WALLET)) == (0, 1)


def test_a_dearer_plan_takes_ten_attempts_before_the_card_is_charged(patron: Patron) -> None:
    patron.subscribe()
    patron.set_card("declined")
    slot_of(patron.store).take(WALLET, attempts=2)
    before = patron.row
    patron.calls.clear()

    patron.take_slot = slot_of(patron.seen_store).take
    with pytest.raises(PaymentDeclined):
        patron.want("team", key="k1")
    assert asked(patron.store, WALLET) == 12

    patron.calls.clear()
    patron.take_slot = slot_of(patron.seen_store).take
    with pytest.raises(TooManyRequests):
        patron.want("team", key="k1")
    assert provider_calls(patron) == []
    assert patron.row == replace(before, version=before.version + 2)  # noted, and forgotten


def test_where_not_all_ten_are_left_the_card_is_not_charged_and_nothing_noted(patron: Patron) -> None:
    patron.subscribe()
    slot_of(patron.store).take(WALLET, attempts=3)
    before = patron.row
    patron.calls.clear()

    patron.take_slot = slot_of(patron.seen_store).take
    with pytest.raises(TooManyRequests):
        patron.want("team")

    assert provider_calls(patron) == [f"{PROVIDER}subscription"]
    assert patron.row == before


def test_a_charge_that_was_noted_and_not_made_takes_ten_again(patron: Patron) -> None:
    patron.subscribe()
    patron.fail(f"{PROVIDER}change_subscription", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        patron.want("team", key="k1")
    patron.calls.clear()

    patron.take_slot = slot_of(patron.seen_store).take
    patron.want("team", key="k1")

    assert patron.calls.count("take_slot") == 1
    assert (taken(patron.store, WALLET), asked(patron.store, WALLET)) == (1, 10)


def test_what_was_noted_and_not_made_takes_a_slot_again(patron: Patron) -> None:
    patron.fail(f"{PROVIDER}open_plan_checkout", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        patron.want("pro", key="k1")
    patron.take_slot = refuse

    with pytest.raises(TooManyRequests):
        patron.want("pro", key="k1")


def test_nothing_that_could_be_cancelled_takes_no_slot(patron: Patron) -> None:
    patron.take_slot = refuse

    for command in (patron.cancel, patron.resume):
        with pytest.raises(Conflict):
            command()


def test_the_portal_takes_a_slot_for_who_has_paid(patron: Patron) -> None:
    patron.take_slot = refuse
    with pytest.raises(NotFound):
        patron.portal()
    patron.take_slot = unlimited
    patron.subscribe()
    patron.calls.clear()

    patron.take_slot = refuse
    with pytest.raises(TooManyRequests):
        patron.portal()
    assert provider_calls(patron) == []
    patron.take_slot = slot_of(patron.seen_store).take
    patron.portal()
    assert (taken(patron.store, WALLET), asked(patron.store, WALLET)) == (1, 1)


@pytest.fixture
def counter() -> Counter:
    return Counter()


def counting(counter: Counter) -> Counter:
    counter.take_slot = slot_of(counter.seen_store).take
    return counter


def test_a_purchase_takes_a_slot_and_an_attempt_before_its_row_is_written(counter: Counter) -> None:
    counter.take_slot = refuse
    with pytest.raises(TooManyRequests):
        counter.buy()
    assert (counter.store.purchases, counter.store.spent, counter.transport.calls) == ({}, {}, [])

    counting(counter).buy()

    assert counter.calls.index("take_slot") < counter.calls.index("commit")
    assert (taken(counter.store), asked(counter.store)) == (1, 1)


def test_a_repeat_of_a_purchase_takes_nothing(counter: Counter) -> None:
    first = counter.buy()
    counter.take_slot = refuse

    again = counter.buy()

    assert (again.checkout, again.replayed) == (first.checkout, True)


def test_a_purchase_that_is_refused_by_the_tables_takes_nothing(counter: Counter) -> None:
    counter.take_slot = refuse
    with pytest.raises(InvalidRequest):
        counter.buy(order=Order(wallet_id="acct_a", package_id="nothing"))

    counter.take_slot = unlimited
    for number in range(OPEN_PURCHASES):
        counter.buy(f"k{number}")
    with pytest.raises(TooManyRequests):
        counting(counter).buy("one more")

    assert (taken(counter.store), asked(counter.store)) == (0, 0)


def test_the_repeat_of_a_purchase_whose_page_could_not_be_opened_takes_an_attempt_alone(counter: Counter) -> None:
    counter.fail("open_checkout", "before", [PaymentsFailed("down")] * 2)
    for _ in range(2):
        with pytest.raises(PaymentsUnavailable):
            counting(counter).buy()
    assert (taken(counter.store), asked(counter.store)) == (1, 2)
    counter.take_slot = refuse
    with pytest.raises(TooManyRequests):
        counter.buy()
    slot_of(counter.store).take("acct_a")

    assert counting(counter).buy().replayed

    assert (taken(counter.store), asked(counter.store)) == (2, 3)


def test_purchases_at_once_may_open_more_than_ten_and_never_more_than_the_hour_may(counter: Counter) -> None:
    at_once, most = 30, 20
    limits = Limits(commands_per_hour=most)
    together = Barrier(at_once)

    def all_look_first(name: str, when: str) -> None:
        if (name, when) == ("purchases_since", "after"):
            together.wait(timeout=10)

    shop = replace(counter.shop, store=Faulty(counter.store, all_look_first))

    def buy(number: int) -> bool:
        order, claim, slot = (
            Order(wallet_id="acct_a", package_id="starter"),
            counter.claim(f"k{number}"),
            slot_of(counter.store, limits=limits),
        )
        try:
            start_purchase(shop, order, claim, email=None, now=NOON, take_slot=slot.take)
        except TooManyRequests:
            return False
        return True

    with ThreadPoolExecutor(at_once) as pool:
        opened = sum(pool.map(buy, range(at_once)))

    assert opened == len(counter.store.purchases) == most > OPEN_PURCHASES
