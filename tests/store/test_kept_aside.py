"""What the store promises about money that went back: what is kept aside, answers, chains, and what rows remember."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import audit
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.moneyback import Dispute, DisputeState, MoneyFacts, Refund, RefundState
from chalicelib.domain.purchases import AskedRefund, Purchase, Status, purchase_id
from chalicelib.domain.revoking import reckon
from chalicelib.domain.settling import Settlement, settle, settle_facts
from chalicelib.domain.wallet import SNAPSHOT_EVERY, Decision, Wallet
from chalicelib.services.ports import SHARDS, Change, KeptAnswer, LostRace, Oddity, Store
from tests import engines
from tests.builders import CATALOG, DAY, NOON, payment, purchase, stamp

PAGE = 100  # names in one look at an index
REFUNDED = MoneyFacts(refunds={"re_1": Refund(300, RefundState.GIVEN)})
DISPUTED = MoneyFacts(
    refunds={"re_1": Refund(300, RefundState.GIVEN), "re_2": Refund(1, RefundState.FAILED)},
    disputes={
        "du_1": Dispute(500, DisputeState.OPEN),
        "du_2": Dispute(1, DisputeState.INQUIRY),
        "du_3": Dispute(200, DisputeState.LOST),
        "du_4": Dispute(7, DisputeState.WON),
    },
)


@pytest.fixture(params=engines.ALL)
def alone(request: pytest.FixtureRequest) -> Store:
    """A store that nobody else writes to."""
    return engines.fresh(request.param)


def odd(event_id: str, **more: object) -> Oddity:
    return replace(Oddity(event_id=event_id, type="charge.refunded", reason="why", at=NOON), **more)  # type: ignore[arg-type]


def listed(store: Store, limit: int) -> list[list[str]]:
    """Page through what is kept aside; the ids on each page."""
    pages, after = [], None
    while True:
        page, after = store.listed_oddities(after=after, limit=limit)
        pages.append([each.event_id for each in page])
        if after is None:
            return pages


def paid(store: Store, wallet_id: str, *, facts: MoneyFacts | None = None) -> tuple[Purchase, Settlement]:
    """Open a purchase and decide that it is paid, with what is known already of money that went back."""
    opened = purchase(wallet_id=wallet_id)
    store.commit(Change(new_purchase=opened))
    known = replace(opened, facts=facts or MoneyFacts())
    settlement = settle(
        store.wallet(wallet_id), known, payment(wallet_id=wallet_id), CATALOG, live=False, stamp=stamp()
    )
    assert settlement
    return opened, settlement


def faults(store: Store, wallet_id: str) -> list[str]:
    wallet = store.wallet(wallet_id)
    return list(audit.faults(wallet, [e for seq in range(1, wallet.seq + 1) if (e := store.entry(wallet_id, seq))]))


def test_what_is_kept_aside_reads_back_and_the_first_word_stands(store: Store, wallet_id: str) -> None:
    whole = odd(
        f"evt_{wallet_id}", wallet_id=wallet_id, purchase_id="pur_1", session_id="cs_1", payment_id="pi_1", at=NOON
    )
    bare = odd(f"evt_bare_{wallet_id}")

    for each in (whole, replace(whole, reason="another", payment_id=None), bare):
        store.quarantine(each)

    assert store.oddity(whole.event_id) == whole
    assert store.oddity(bare.event_id) == bare
    assert store.oddity(f"evt_other_{wallet_id}") is None


def test_what_is_kept_aside_is_listed_by_id_page_by_page(alone: Store) -> None:
    for number in (3, 1, 5, 2, 4):
        alone.quarantine(odd(f"evt_{number}"))

    assert [name for page in listed(alone, 2) for name in page] == [f"evt_{number}" for number in range(1, 6)]
    assert [len(page) for page in listed(alone, 2)][:2] == [2, 2]
    assert [name for page in listed(alone, 100) for name in page] == [f"evt_{number}" for number in range(1, 6)]
    page, _ = alone.listed_oddities(after="evt_3", limit=1)
    assert [each.event_id for each in page] == ["evt_4"]


def test_a_page_of_exactly_all_that_there_is_leads_to_nothing_more(alone: Store) -> None:
    assert listed(alone, 3) == [[]]
    for number in range(3):
        alone.quarantine(odd(f"evt_{number}"))

    pages = listed(alone, 3)

    assert pages[0] == ["evt_0", "evt_1", "evt_2"]
    assert pages[1:] in ([], [[]])


def test_what_was_released_is_listed_and_read_no_more_and_does_not_come_back(alone: Store) -> None:
    for number in range(6):
        alone.quarantine(odd(f"evt_{number}"))
    for number in (0, 1, 3, 5):
        alone.release_oddity(f"evt_{number}", NOON)

    alone.quarantine(odd("evt_0"))

    assert [name for page in listed(alone, 1) for name in page] == ["evt_2", "evt_4"]
    assert [name for page in listed(alone, 2) for name in page] == ["evt_2", "evt_4"]
    assert alone.oddity("evt_0") is None
    assert alone.oddity("evt_2") == odd("evt_2")


def test_failures_are_counted_by_event_and_not_listed(alone: Store) -> None:
    assert [alone.count_failure(odd("evt_1")) for _ in range(3)] == [1, 2, 3]
    assert alone.count_failure(odd("evt_2")) == 1
    assert listed(alone, 10) == [[]]
    assert alone.oddity("evt_1") is None


def test_an_answer_is_written_once_with_what_it_answers(store: Store, wallet_id: str) -> None:
    opened = purchase(wallet_id=wallet_id)
    store.commit(Change(new_purchase=opened))
    second, third = replace(opened, version=2), replace(opened, version=3, revoked=1)
    said = KeptAnswer(wallet_id=wallet_id, name="abc", answer={"refund_id": "re_1", "debt": 0, "é": None})
    assert store.answer(wallet_id, "abc") is None

    store.commit(Change(purchase=Settlement(before=opened, purchase=second), answer=said))
    with pytest.raises(LostRace):
        store.commit(Change(purchase=Settlement(before=second, purchase=third), answer=replace(said, answer={"no": 1})))

    assert store.answer(wallet_id, "abc") == {"refund_id": "re_1", "debt": 0, "é": None}
    assert store.answer(wallet_id, "abd") is None
    assert store.purchase(wallet_id, opened.purchase_id) == second


def test_a_grant_and_what_went_back_of_it_are_one_transaction(store: Store, wallet_id: str) -> None:
    opened, settlement = paid(store, wallet_id, facts=DISPUTED)
    assert [each.entry.kind for each in settlement.decisions] == ["purchase", "revocation", "set_aside"]

    store.commit(Change(decisions=settlement.decisions, purchase=settlement))

    wallet, row = store.wallet_and_purchase(wallet_id, opened.purchase_id)
    assert (wallet, row) == (settlement.decisions[-1].wallet, settlement.purchase)
    assert [store.entry(wallet_id, seq) for seq in (1, 2, 3)] == [each.entry for each in settlement.decisions]
    assert faults(store, wallet_id) == []


def test_a_chain_that_lost_its_race_leaves_nothing_of_itself(store: Store, wallet_id: str) -> None:
    opened, settlement = paid(store, wallet_id, facts=DISPUTED)
    first = grant(store.wallet(wallet_id), Grant(credits=5, source=Source.PROMO), CATALOG, stamp())
    store.commit(Change(decisions=[first]))

    with pytest.raises(LostRace):
        store.commit(Change(decisions=settlement.decisions, purchase=settlement))

    assert store.wallet(wallet_id) == first.wallet
    assert [store.entry(wallet_id, seq) for seq in (1, 2, 3)] == [first.entry, None, None]
    assert store.purchase(wallet_id, opened.purchase_id) == opened


def test_a_purchase_that_moved_stops_the_whole_chain(store: Store, wallet_id: str) -> None:
    opened, settlement = paid(store, wallet_id, facts=DISPUTED)
    moved = replace(opened, version=2, session_id="cs_9")
    store.commit(Change(purchase=Settlement(before=opened, purchase=moved)))

    with pytest.raises(LostRace):
        store.commit(Change(decisions=settlement.decisions, purchase=settlement))

    assert store.wallet(wallet_id).seq == 0
    assert store.entry(wallet_id, 1) is None
    assert store.purchase(wallet_id, opened.purchase_id) == moved


def test_a_chain_brings_its_closed_day_its_messages_and_its_snapshot(store: Store, wallet_id: str) -> None:
    """The wallet stands at 98 on the day before: the snapshot of 100 is of the middle of the chain."""
    begun = grant(Wallet(wallet_id=wallet_id, seq=SNAPSHOT_EVERY - 3), small(5), CATALOG, stamp(NOON - DAY))
    store.commit(Change(decisions=[at_start(begun)]))
    assert store.wallet(wallet_id).seq == SNAPSHOT_EVERY - 2
    opened, settlement = paid(store, wallet_id, facts=DISPUTED)
    seqs = [each.wallet.seq for each in settlement.decisions]
    assert seqs == [SNAPSHOT_EVERY - 1, SNAPSHOT_EVERY, SNAPSHOT_EVERY + 1]

    store.commit(Change(decisions=settlement.decisions, purchase=settlement))

    closed = [day.date for day in store.days(wallet_id, (NOON - 2 * DAY).date(), (NOON + DAY).date())]
    assert closed == [(NOON - DAY).date()]
    middle = settlement.decisions[1].wallet
    assert store.snapshot(wallet_id, SNAPSHOT_EVERY) == replace(middle, due_at=None)
    assert store.snapshot(wallet_id, SNAPSHOT_EVERY + 1) is None
    assert store.wallet(wallet_id) == settlement.decisions[-1].wallet
    messages = [message for each in settlement.decisions for message in each.messages]
    assert messages
    for message in messages:
        outgoing = store.outgoing(wallet_id, message.message_id)
        assert outgoing
        assert outgoing.message == message
    assert store.purchase(wallet_id, opened.purchase_id) == settlement.purchase


def small(credits: int) -> Grant:
    return Grant(credits=credits, source=Source.PROMO)


def at_start(decision: Decision) -> Decision:
    """Write a wallet that comes from somewhere in its life, as if nothing had been there."""
    return replace(decision, before=Wallet(wallet_id=decision.wallet.wallet_id))


def test_chains_of_two_wallets_go_together(store: Store, wallet_id: str, other_wallet_id: Callable[[], str]) -> None:
    decisions: list[Decision] = []
    names = sorted((wallet_id, other_wallet_id()))
    for name in names:
        wallet = Wallet(wallet_id=name)
        for credits in (5, 7):
            decisions.append(grant(wallet, small(credits), CATALOG, stamp()))
            wallet = decisions[-1].wallet
    mixed = [decisions[0], decisions[2], decisions[1], decisions[3]]

    store.commit(Change(decisions=mixed))
    with pytest.raises(LostRace):
        store.commit(Change(decisions=mixed))

    for name in names:
        assert (store.wallet(name).seq, store.wallet(name).left) == (2, 12)
        assert faults(store, name) == []


def test_a_row_remembers_what_went_back_what_is_owed_and_what_was_asked(store: Store, wallet_id: str) -> None:
    opened = purchase(wallet_id=wallet_id)
    store.commit(Change(new_purchase=opened))
    asked = tuple(
        AskedRefund(refund_key=f"k{number}", amount_minor=number, actor="acct_admin", reason='was "late", é\n')
        for number in (1, 2)
    )
    full = replace(opened, version=2, facts=DISPUTED, revoked=700, owed=20, asked=asked, due_at=NOON + DAY)

    store.commit(Change(purchase=Settlement(before=opened, purchase=full)))
    assert store.purchase(wallet_id, opened.purchase_id) == full

    bare = replace(opened, version=3)
    store.commit(Change(purchase=Settlement(before=full, purchase=bare)))
    assert store.purchase(wallet_id, opened.purchase_id) == bare


def test_facts_move_wallet_and_row_together_once(store: Store, wallet_id: str) -> None:
    opened, settlement = paid(store, wallet_id)
    store.commit(Change(decisions=settlement.decisions, purchase=settlement))
    row = store.purchase(wallet_id, opened.purchase_id)
    assert row
    news = settle_facts(store.wallet(wallet_id), row, REFUNDED, CATALOG, stamp())
    assert news
    change = Change(decisions=news.decisions, purchase=news)

    store.commit(change)
    with pytest.raises(LostRace):
        store.commit(change)

    row = store.purchase(wallet_id, opened.purchase_id)
    assert row
    assert (row.revoked, row.facts, store.wallet(wallet_id).left) == (300, REFUNDED, 700)
    assert reckon(store.wallet(wallet_id), row, CATALOG, stamp()).decisions == ()
    assert faults(store, wallet_id) == []


def test_purchases_are_listed_newest_first_page_by_page(
    store: Store, wallet_id: str, other_wallet_id: Callable[[], str]
) -> None:
    names = [purchase_id(wallet_id, f"k{hour}", NOON + timedelta(hours=hour)) for hour in range(5)]
    for owner in (wallet_id, other_wallet_id()):
        for name in names:
            store.commit(Change(new_purchase=purchase(wallet_id=owner, purchase_id=name)))
    store.keep_customer(wallet_id, "cus_1", email=None)

    def page(before: str | None, limit: int) -> list[str]:
        return [each.purchase_id for each in store.listed_purchases(wallet_id, before=before, limit=limit)]

    assert page(None, 2) == names[:2:-1]
    assert page(names[3], 2) == [names[2], names[1]]
    assert page(names[1], 2) == [names[0]]
    assert page(names[0], 2) == []
    assert page(None, 5) == page(None, 50) == names[::-1]
    assert page(purchase_id(wallet_id, "none", NOON + timedelta(hours=2, minutes=30)), 2) == [names[2], names[1]]


def test_purchases_are_found_by_the_day_on_which_they_were_paid(alone: Store) -> None:
    count = PAGE + 5
    for number in range(count):
        row = purchase(wallet_id=f"acct_{number}", status=Status.PAID, paid_at=NOON)
        alone.commit(Change(new_purchase=row))
    late = purchase(wallet_id="acct_late", status=Status.PAID, paid_at=NOON + DAY / 2)
    alone.commit(Change(new_purchase=late))
    alone.commit(Change(new_purchase=purchase(wallet_id="acct_open")))

    found, cursor = list[tuple[str, str]](), None
    while True:
        page = alone.paid_on(NOON.date(), cursor=cursor)
        found += page.names
        cursor = page.cursor
        if not cursor:
            break

    assert sorted(found) == sorted((f"acct_{number}", late.purchase_id) for number in range(count))
    assert list(alone.paid_on((NOON + DAY).date()).names) == [("acct_late", late.purchase_id)]
    assert list(alone.paid_on((NOON - DAY).date()).names) == []


def test_a_purchase_that_nobody_need_look_at_again_is_due_no_more(alone: Store) -> None:
    opened = purchase(due_at=NOON)
    alone.commit(Change(new_purchase=opened))

    alone.put_off_purchase(opened, None)

    assert alone.purchase(opened.wallet_id, opened.purchase_id) == replace(opened, due_at=None)
    assert not any(alone.due_purchases(shard, NOON + DAY).names for shard in range(SHARDS))

    alone.put_off_purchase(opened, NOON + DAY)
    assert [name for shard in range(SHARDS) for name in alone.due_purchases(shard, NOON + DAY).names] == [
        (opened.wallet_id, opened.purchase_id)
    ]
    with pytest.raises(LostRace):
        alone.put_off_purchase(replace(opened, version=2), None)
