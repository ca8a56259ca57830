"""What the store promises about top-ups: the row, when it is due, and that a spend triggers it in its transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.money import Money
from chalicelib.domain.topup_charges import Charge, begin
from chalicelib.domain.topup_landing import landed
from chalicelib.domain.topup_settings import change_topup
from chalicelib.domain.topups import Flight, Stop, TopUp, TopUpMoved, TopUpTerms
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision
from chalicelib.services.ports import SHARDS, Change, LostRace, Store
from chalicelib.store.dynamo import DynamoStore
from tests import engines
from tests.builders import CATALOG, DAY, NOON, package, purchase, stamp
from tests.meter import metered

TERMS = TopUpTerms(below=200, target=1000, package_id="starter", monthly_cap_minor=5000)
FLIGHT = Flight(
    purchase_id="pur_1", seq=7, attempt=2, credits=3000, amount=Money(3000, "usd"), card="pm_1", began_at=NOON
)


def whole(wallet_id: str) -> TopUp:
    """A row in which everything is said."""
    return TopUp(
        wallet_id=wallet_id,
        version=1,
        enabled=True,
        terms=TERMS,
        trigger=9,
        attempts=1,
        flight=FLIGHT,
        declines=2,
        not_before=NOON + DAY,
        stopped=Stop.AUTHENTICATION,
        stopped_at=NOON,
        card="pm_2",
        month="2026-11",
        month_minor=4000,
        capped_month="2026-10",
        due_at=NOON + 2 * DAY,
    )


def write(store: Store, before: TopUp, after: TopUp) -> TopUp:
    moved = TopUpMoved(before=before, topup=replace(after, version=before.version + 1))
    store.commit(Change(topup=moved))
    return moved.topup


def due(store: Store, wallet_id: str, until: datetime) -> list[str]:
    found = [store.due_purchases(shard, until).names for shard in range(SHARDS)]
    return [name for names in found for owner, name in names if owner == wallet_id]


def armed(store: Store, wallet_id: str, *, credits: int = 300) -> TopUp:
    """Give credits, and set a top-up below 200."""
    wanted = Grant(credits=credits, source=Source.PROMO)
    store.commit(Change(decisions=[grant(store.wallet(wallet_id), wanted, CATALOG, stamp())]))
    wallet, row = store.wallet_and_topup(wallet_id)
    moved = change_topup(wallet, row, replace(row, enabled=True, terms=TERMS), CATALOG, stamp(), card="pm_1")
    assert moved
    assert moved.decision
    store.commit(Change(decisions=[moved.decision], topup=moved))
    return moved.topup


def spending(store: Store, wallet_id: str, credits: int) -> Decision:
    return decide(
        store.wallet(wallet_id), Use(wallet_id=wallet_id, meter="extra", quantity=3 * credits), CATALOG, stamp()
    )


def spend(store: Store, wallet_id: str, credits: int) -> Decision:
    decision = spending(store, wallet_id, credits)
    store.commit(Change(decisions=[decision]))
    return decision


def test_a_row_that_was_never_written_reads_as_version_0(store: Store, wallet_id: str) -> None:
    assert store.topup(wallet_id) == TopUp(wallet_id=wallet_id)
    wallet, row = store.wallet_and_topup(wallet_id)
    assert (wallet, row) == (store.wallet(wallet_id), TopUp(wallet_id=wallet_id))


def test_a_row_reads_back_as_it_was_written_and_what_is_gone_is_gone(store: Store, wallet_id: str) -> None:
    first = write(store, TopUp(wallet_id=wallet_id), whole(wallet_id))
    assert store.topup(wallet_id) == first == whole(wallet_id)

    bare = write(store, first, TopUp(wallet_id=wallet_id))

    assert store.topup(wallet_id) == bare == TopUp(wallet_id=wallet_id, version=2)
    assert store.wallet_and_topup(wallet_id)[1] == bare


def test_only_what_was_read_is_written_over(store: Store, wallet_id: str) -> None:
    first = write(store, TopUp(wallet_id=wallet_id), whole(wallet_id))
    second = write(store, first, replace(first, declines=0))

    for stale in (TopUp(wallet_id=wallet_id), first):
        with pytest.raises(LostRace):
            write(store, stale, stale)
    assert store.topup(wallet_id) == second


def test_it_is_due_under_its_own_name(store: Store, wallet_id: str, other_wallet_id: Callable[[], str]) -> None:
    first = write(store, TopUp(wallet_id=wallet_id), TopUp(wallet_id=wallet_id, due_at=NOON))
    bystander = other_wallet_id()
    write(store, TopUp(wallet_id=bystander), TopUp(wallet_id=bystander, due_at=NOON + DAY))

    assert due(store, wallet_id, NOON) == ["topup"]
    assert due(store, bystander, NOON) == []
    write(store, first, replace(first, due_at=None))
    assert due(store, wallet_id, NOON + 9 * DAY) == []


def test_it_is_put_off_by_who_has_read_it(store: Store, wallet_id: str) -> None:
    first = write(store, TopUp(wallet_id=wallet_id), TopUp(wallet_id=wallet_id, due_at=NOON))

    store.put_off_topup(first, NOON + DAY)

    assert (due(store, wallet_id, NOON), due(store, wallet_id, NOON + DAY)) == ([], ["topup"])
    assert store.topup(wallet_id) == replace(first, due_at=NOON + DAY)
    with pytest.raises(LostRace):  # another has put it off meanwhile
        store.put_off_topup(first, NOON)
    store.put_off_topup(store.topup(wallet_id), None)
    assert due(store, wallet_id, NOON + 9 * DAY) == []
    store.put_off_topup(store.topup(wallet_id), NOON)
    assert due(store, wallet_id, NOON) == ["topup"]


def test_a_row_that_has_moved_or_is_not_there_cannot_be_put_off(store: Store, wallet_id: str) -> None:
    with pytest.raises(LostRace):
        store.put_off_topup(TopUp(wallet_id=wallet_id), NOON)
    first = write(store, TopUp(wallet_id=wallet_id), TopUp(wallet_id=wallet_id, due_at=NOON))
    write(store, first, replace(first, declines=1))

    with pytest.raises(LostRace):
        store.put_off_topup(first, NOON + DAY)
    assert due(store, wallet_id, NOON) == ["topup"]


def test_setting_writes_the_wallet_and_the_row_together(store: Store, wallet_id: str) -> None:
    row = armed(store, wallet_id)

    wallet, there = store.wallet_and_topup(wallet_id)

    assert there == row
    assert wallet.topup_below == 200
    entry = store.entry(wallet_id, 2)
    assert entry
    assert (entry.kind, entry.facts["auto_topup"]["below"]) == ("settings", 200)


def test_a_spend_that_crosses_the_line_notes_what_triggered_it(store: Store, wallet_id: str) -> None:
    row = armed(store, wallet_id)
    assert not spend(store, wallet_id, 100).wants_topup
    assert store.topup(wallet_id) == row

    crossing = spend(store, wallet_id, 1)

    assert crossing.wants_topup
    assert store.topup(wallet_id) == replace(row, version=2, trigger=crossing.wallet.seq, due_at=NOON)
    assert due(store, wallet_id, NOON) == ["topup"]


def test_only_the_crossing_writes_the_row(store: Store, wallet_id: str) -> None:
    armed(store, wallet_id)
    spend(store, wallet_id, 150)
    crossed = store.topup(wallet_id)

    for _ in range(3):
        spend(store, wallet_id, 10)

    assert store.topup(wallet_id) == crossed


def test_a_later_crossing_stands_in_the_place_of_an_earlier_one(store: Store, wallet_id: str) -> None:
    row = armed(store, wallet_id)
    spend(store, wallet_id, 150)
    crossed = store.topup(wallet_id)
    tried = write(store, crossed, replace(crossed, attempts=2, declines=2, flight=FLIGHT, due_at=NOON + DAY))
    wanted = Grant(credits=500, source=Source.PROMO)
    store.commit(Change(decisions=[grant(store.wallet(wallet_id), wanted, CATALOG, stamp())]))

    again = spend(store, wallet_id, 500)

    assert again.wants_topup
    assert store.topup(wallet_id) == replace(
        tried, version=tried.version + 1, trigger=again.wallet.seq, attempts=0, due_at=NOON
    )
    assert row.terms == store.topup(wallet_id).terms


def test_who_has_read_the_row_before_it_was_triggered_decides_afresh(store: Store, wallet_id: str) -> None:
    row = armed(store, wallet_id)
    spend(store, wallet_id, 150)

    with pytest.raises(LostRace):
        write(store, row, replace(row, enabled=False))
    with pytest.raises(LostRace):
        store.put_off_topup(row, None)
    assert store.topup(wallet_id).trigger == 3


def test_a_spend_that_lost_its_race_triggers_nothing(store: Store, wallet_id: str) -> None:
    row = armed(store, wallet_id)
    crossing = spending(store, wallet_id, 150)
    spend(store, wallet_id, 1)

    with pytest.raises(LostRace):
        store.commit(Change(decisions=[crossing]))

    assert store.topup(wallet_id) == row


def test_a_payment_begins_with_its_purchase_or_not_at_all(store: Store, wallet_id: str) -> None:
    armed(store, wallet_id)
    spend(store, wallet_id, 150)
    charge = Charge(seq=3, package=package(), quantity=1)
    opened, moved = begin(store.topup(wallet_id), charge, customer_id="cus_1", card="pm_1", now=NOON)

    store.commit(Change(new_purchase=opened, topup=moved))

    assert store.purchase(wallet_id, opened.purchase_id) == opened
    assert opened.topup_seq == 3
    assert store.topup(wallet_id) == moved.topup
    other = replace(opened, purchase_id="pur_01kajy9w0001234567zz")
    with pytest.raises(LostRace):
        store.commit(Change(new_purchase=other, topup=moved))
    assert store.purchase(wallet_id, other.purchase_id) is None
    assert "topup" in due(store, wallet_id, NOON + DAY)
    assert opened.purchase_id not in due(store, wallet_id, NOON + 90 * DAY)


def test_what_the_customer_is_told_is_written_with_the_row(store: Store, wallet_id: str) -> None:
    there = replace(
        TopUp(wallet_id=wallet_id), enabled=True, terms=TERMS, flight=FLIGHT, month="2026-11", month_minor=3
    )
    first = write(store, TopUp(wallet_id=wallet_id), there)
    moved = landed(first, purchase(wallet_id=wallet_id, purchase_id="pur_1", topup_seq=7), None, NOON)
    assert moved
    [message] = moved.messages

    store.commit(Change(topup=moved))

    kept = store.outgoing(wallet_id, message.message_id)
    assert kept
    assert (kept.message, kept.due_at) == (message, NOON)
    with pytest.raises(LostRace):
        store.commit(Change(topup=moved))


def test_a_crossing_costs_one_write_more_and_any_other_spend_what_it_did(wallet_id: str) -> None:
    store = engines.store("ministack")
    assert isinstance(store, DynamoStore)
    armed(store, wallet_id, credits=1000)
    spend(store, wallet_id, 1)
    costs = []
    for credits in (10, 800, 10):
        decision = spending(store, wallet_id, credits)
        with metered(store) as meter:
            store.commit(Change(decisions=[decision]))
        assert meter.calls == ["TransactWriteItems"]
        costs.append(meter.written)

    print(f"a spend {costs[0]:g}, one that triggers a top-up {costs[1]:g}, the next {costs[2]:g} write units")
    assert costs[0] == costs[2]
    assert costs[1] - costs[0] <= 4  # the row, and its place in the index of what is due
