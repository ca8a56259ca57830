"""Reading the past: pages, filters, and times found by bisection."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.errors import Busy, InvalidRequest
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import LotId, Source
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Wallet
from chalicelib.services.ports import Change, OutcomeUnknown, Page
from chalicelib.services.reading import BEYOND, first_at_or_after, history_of, wallet_at
from tests.builders import CATALOG, NOON, lot, stamp
from tests.fakes import MemoryStore

HOURS, HOUR = 30, timedelta(hours=1)


@pytest.fixture
def store() -> MemoryStore:
    """A wallet with an entry every hour, every third one a purchase."""
    store = MemoryStore()
    for hour in range(HOURS):
        bought = hour % 3 == 0
        wanted = Grant(
            kind="purchase" if bought else "grant",
            credits=1,
            source=Source.PURCHASE if bought else Source.PROMO,
            purchase_id=f"pur_{hour}" if bought else None,
        )
        decision = grant(store.wallet("acct_a"), wanted, CATALOG, stamp(NOON + timedelta(hours=hour)))
        store.commit(Change(decisions=[decision]))
    return store


def page(store: MemoryStore, **wanted: object) -> Page:
    fields = {"kind": None, "since": None, "until": None, "before": None, "limit": 100} | wanted
    return history_of(store, "acct_a", **fields)  # type: ignore[arg-type]


def test_pages_put_together_are_the_whole_history(store: MemoryStore) -> None:
    seqs: list[int] = []
    before = None
    while True:
        part = page(store, before=before, limit=7)
        seqs += [entry.seq for entry in part.entries]
        if part.next_seq is None:
            break
        before = part.next_seq

    assert seqs == list(range(HOURS, 0, -1))


def test_a_kind_is_filtered(store: MemoryStore) -> None:
    assert [entry.seq for entry in page(store, kind="purchase", limit=3).entries] == [28, 25, 22]


@pytest.mark.parametrize(
    ("since", "until", "seqs"),
    [(0, 3, [3, 2, 1]), (2.5, 4.5, [5, 4]), (29, None, [30]), (None, 1, [1]), (31, None, []), (None, 0, [])],
)
def test_times_bound_a_history_half_open(
    store: MemoryStore, since: float | None, until: float | None, seqs: list[int]
) -> None:
    found = page(
        store,
        since=NOON + timedelta(hours=since) if since is not None else None,
        until=NOON + timedelta(hours=until) if until is not None else None,
    )

    assert [entry.seq for entry in found.entries] == seqs
    assert found.next_seq is None


def test_a_page_that_reaches_its_beginning_has_no_next(store: MemoryStore) -> None:
    assert page(store, since=NOON + timedelta(hours=27), limit=5).next_seq is None
    assert page(store, since=NOON + timedelta(hours=2), limit=5).next_seq == 26


def test_an_empty_wallet_has_no_first_entry() -> None:
    assert first_at_or_after(MemoryStore(), "acct_x", NOON) == 1
    assert history_of(MemoryStore(), "acct_x", kind=None, since=None, until=NOON, before=None, limit=5) == Page(
        entries=[]
    )
    assert BEYOND > HOURS


def test_held_and_set_aside_are_counted_over_all_lots() -> None:
    wallet = Wallet(wallet_id="acct_a", lots=(lot(1, 1, held=2), lot(2, 1, set_aside=3, id=LotId(2))))

    assert (wallet.held, wallet.set_aside, wallet.left) == (2, 3, 7)


def test_refusals_carry_their_facts() -> None:
    assert InvalidRequest("quantity", "too large").facts == {"field": "quantity"}
    assert Busy("acct_a").facts == {}


def test_a_wallet_is_rebuilt_as_it_stood_at_any_past_time() -> None:
    store, stood = MemoryStore(), []
    for hour in range(230):
        wallet = store.wallet("acct_a")
        if hour % 5 == 1:
            decision = grant(wallet, Grant(credits=3, source=Source.PROMO), CATALOG, stamp(NOON + hour * HOUR))
        else:
            use = Use(wallet_id="acct_a", meter="notes", quantity=1)
            decision = decide(wallet, use, CATALOG, stamp(NOON + hour * HOUR))
        store.commit(Change(decisions=[decision]))
        stood.append(store.wallet("acct_a"))

    assert wallet_at(store, "acct_a", NOON - HOUR) == Wallet(wallet_id="acct_a")
    for hour in (0, 5, 98, 99, 100, 150, 199, 200, 229):
        at = NOON + hour * HOUR + timedelta(minutes=59)
        rebuilt = wallet_at(store, "acct_a", at)
        assert rebuilt == stood[hour]
    lost = store.entries.pop(("acct_a", 210))  # no step of the bisection
    with pytest.raises(OutcomeUnknown):
        wallet_at(store, "acct_a", NOON + 229 * HOUR)
    store.entries["acct_a", 210] = lost
    store.snapshots.clear()
    with pytest.raises(OutcomeUnknown):
        wallet_at(store, "acct_a", NOON + 229 * HOUR)


def test_a_rebuilt_wallet_is_the_one_that_stood(store: MemoryStore) -> None:
    assert wallet_at(store, "acct_a", NOON + 400 * HOUR) == store.wallet("acct_a")
