"""A slot is taken first and given back if it wasn't needed; use cases take it before they do anything, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.catalog import Limits
from chalicelib.domain.contacts import Contact
from chalicelib.domain.errors import Conflict, InsufficientCredits, NotFound, PaymentsUnavailable, TooManyRequests
from chalicelib.domain.limits import hour_at
from chalicelib.domain.topups import TopUp
from chalicelib.services.contacts import set_contact
from chalicelib.services.limiting import Slot, TakeSlot, unlimited
from chalicelib.services.once import Recorded
from chalicelib.services.ports import LostRace, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.topup_settings import set_topup
from chalicelib.services.using import Till
from tests.builders import CATALOG, NOON, patience, stamp
from tests.fakes import Faulty, MemoryStore
from tests.patron import PROVIDER, WALLET, Patron
from tests.teller import PROMO, Teller
from tests.topper import TERMS, Topper

LIMITS = Limits(commands_per_hour=2)
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


def refuse(_wallet_id: str) -> None:
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
    assert (taken(teller.store), taken(teller.store, "team_b")) == (1, 0)


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

    assert taken(store) == 1


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
    assert taken(topper.store) == 1
    with pytest.raises(TooManyRequests):  # the same again asks the provider again
        setting(topper, refuse)


def test_a_top_up_takes_one_to_be_switched_off_and_none_to_stay_off() -> None:
    topper = Topper()
    with pytest.raises(TooManyRequests):
        setting(topper, refuse, enabled=False)

    setting(topper, slot_of(topper.seen_store).take, enabled=False)
    setting(topper, refuse, enabled=False)

    assert taken(topper.store) == 1


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

    assert taken(patron.store, WALLET) == 1
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
    assert taken(patron.store, WALLET) == 1


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
    assert taken(patron.store, WALLET) == 1
