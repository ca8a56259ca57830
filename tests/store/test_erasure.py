"""What the store promises about forgetting: what identifies a person goes, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.contacts import Contact, change_contact
from chalicelib.domain.erasure import ERASED, NO_DIGEST, Reached, Stage
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import AskedRefund, Purchase, purchase_id
from chalicelib.domain.settling import Settlement
from chalicelib.domain.subscriptions import Followed, Subscription
from chalicelib.domain.transfers import Holder, Order, transfer
from chalicelib.domain.wallet import Decision
from chalicelib.services.once import Claim
from chalicelib.services.ports import Change, Checkout, KeptAnswer, LostRace, Store
from chalicelib.store import erasure
from tests.builders import CATALOG, DAY, NOON, purchase, stamp

ASKED = AskedRefund(refund_key="r" * 24, amount_minor=5, actor="marker", reason="marker")
PERSONAL: dict[str, Any] = {
    "email": "marker@example.org",
    "receipt_url": "https://pay.example/marker",
    "invoice_url": "https://pay.example/marker",
    "return_path": "/marker",
    "asked": (ASKED,),
}


@pytest.fixture
def small_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a look see three items, so that it takes several."""
    monkeypatch.setattr(erasure, "LOOK", 3)
    monkeypatch.setattr(erasure, "ROWS", 3)


@pytest.fixture
def most(request: pytest.FixtureRequest) -> int:
    """As many items as one transaction may write; moto is too slow for that."""
    return 20 if request.node.callspec.params["store"] == "moto" else 100


def give(store: Store, wallet_id: str, times: int = 1) -> Decision:
    """Grant credits with a reason, and a receipt each."""
    for _ in range(times):
        wanted = Grant(credits=5, source=Source.PROMO, reason="marker")
        decision = grant(replace(store.wallet(wallet_id), lots=()), wanted, CATALOG, stamp(actor="marker"))
        claim = Claim.on(wallet_id, f"k{decision.wallet.seq:04d}", operation="grant", body={"reason": "marker"})
        store.commit(Change(decisions=[decision], receipts=[claim.receipt(seq=decision.wallet.seq)]))
    return decision


def history(store: Store, wallet_id: str) -> list[Entry]:
    wallet = store.wallet(wallet_id)
    return [entry for seq in range(1, wallet.seq + 1) if (entry := store.entry(wallet_id, seq))]


def private(store: Store, wallet_id: str, first: int = 1, last: int = 10**6) -> list[int]:
    """Page through the entries that have private fields; their numbers."""
    found: list[int] = []
    place: int | None = first
    while place is not None:
        page = store.private_entries(wallet_id, first=place, last=last)
        found += [entry.seq for entry in page.entries]
        place = page.next_seq
    return found


def keys(store: Store, wallet_id: str, last: int = 10**6) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page, after = store.receipt_keys(wallet_id, last=last, after=after)
        found += page
        if not after:
            return found


def erase_rows(store: Store, wallet_id: str) -> int:
    """Erase all rows; in how many looks."""
    looks, after = 1, store.erase_rows(wallet_id)
    while after:
        looks, after = looks + 1, store.erase_rows(wallet_id, after=after)
    return looks


def test_erased_entries_keep_all_but_what_was_private(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, 3)
    before = history(store, wallet_id)

    store.erase_entries([(wallet_id, 1), (wallet_id, 3)])

    after = history(store, wallet_id)
    assert [entry.private is None for entry in after] == [True, False, True]
    assert [replace(entry, private=None) for entry in after] == [replace(entry, private=None) for entry in before]
    page = store.history(wallet_id, kind="grant", before=10, limit=10)
    assert [entry.private is None for entry in page.entries] == [True, False, True]


def test_erasing_again_changes_nothing(store: Store, wallet_id: str) -> None:
    give(store, wallet_id)
    store.erase_entries([(wallet_id, 1)])
    before = history(store, wallet_id)

    store.erase_entries([(wallet_id, 1)])

    assert history(store, wallet_id) == before


def test_an_entry_that_is_not_there_is_not_made_and_keeps_the_others_as_they_are(store: Store, wallet_id: str) -> None:
    give(store, wallet_id)

    with pytest.raises(LostRace):
        store.erase_entries([(wallet_id, 1), (wallet_id, 2)])

    assert store.entry(wallet_id, 2) is None
    assert private(store, wallet_id) == [1]


def test_entries_with_private_fields_are_found_oldest_first_and_within_bounds(
    store: Store, wallet_id: str, small_looks: None
) -> None:
    give(store, wallet_id, 8)
    store.erase_entries([(wallet_id, seq) for seq in (1, 2, 5)])

    assert private(store, wallet_id) == [3, 4, 6, 7, 8]
    assert private(store, wallet_id, first=4, last=7) == [4, 6, 7]
    assert private(store, wallet_id, first=9) == []
    assert private(store, wallet_id, first=5, last=4) == []


def test_a_hundred_entries_of_two_wallets_are_erased_at_once(
    store: Store, wallet_id: str, other_wallet_id: Callable[[], str], most: int
) -> None:
    other, half = other_wallet_id(), most // 2
    give(store, wallet_id, half)
    give(store, other, half + 1)

    store.erase_entries([(each, seq) for each in (wallet_id, other) for seq in range(1, half + 1)])

    assert (private(store, wallet_id), private(store, other)) == ([], [half + 1])


def test_both_ends_of_a_transfer_can_be_erased(
    store: Store, wallet_id: str, other_wallet_id: Callable[[], str]
) -> None:
    other = other_wallet_id()
    give(store, wallet_id)
    order = Order(from_wallet_id=wallet_id, to_wallet_id=other, credits=5, note="marker")
    moved = transfer(*store.two_wallets(wallet_id, other), order, CATALOG, stamp())
    store.commit(Change(decisions=[moved.sent, moved.received]))

    store.erase_entries([(wallet_id, 2), (other, 1)])

    for each in (wallet_id, other):
        assert history(store, each)[-1].private is None
        assert list(audit.faults(store.wallet(each), history(store, each))) == []


def test_receipts_with_a_hash_are_found_but_for_later_entries(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, 4)
    bought = purchase(wallet_id=wallet_id)
    claim = Claim.on(wallet_id, "p", operation="purchase", body={})
    store.commit(Change(new_purchase=bought, receipts=[claim.receipt(purchase_id=bought.purchase_id)]))

    assert keys(store, wallet_id) == ["k0001", "k0002", "k0003", "k0004", "p"]
    assert keys(store, wallet_id, last=2) == ["k0001", "k0002", "p"]
    assert keys(store, wallet_id, last=0) == ["p"]


def test_a_blank_receipt_keeps_its_key_spent_and_says_what_on(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, 2)
    before = store.receipt(wallet_id, "k0001")
    assert before

    store.blank_receipts(wallet_id, ["k0001"])

    assert store.receipt(wallet_id, "k0001") == replace(before, digest=NO_DIGEST)
    assert keys(store, wallet_id) == ["k0002"]
    with pytest.raises(LostRace):
        store.commit(Change(receipts=[replace(before, digest=b"another")]))


def test_a_receipt_that_is_gone_is_not_made(store: Store, wallet_id: str) -> None:
    give(store, wallet_id)

    with pytest.raises(LostRace):
        store.blank_receipts(wallet_id, ["k0001", "gone"])

    assert store.receipt(wallet_id, "gone") is None
    assert keys(store, wallet_id) == ["k0001"]


def test_more_receipts_than_fit_one_look_are_found(store: Store, wallet_id: str, small_looks: None, most: int) -> None:
    give(store, wallet_id)
    for start in range(0, 2 * most, 20):
        claims = [Claim.on(wallet_id, f"m{n:04d}", operation="usage", body={}) for n in range(start, start + 20)]
        store.commit(Change(receipts=[claim.receipt(seq=1) for claim in claims]))

    found = keys(store, wallet_id)
    store.blank_receipts(wallet_id, found[:most])

    assert len(found) == 2 * most + 1
    assert keys(store, wallet_id) == found[most:]


def bought(store: Store, wallet_id: str, number: int = 0, **more: Any) -> Purchase:
    at = NOON + number * DAY
    fields = {"wallet_id": wallet_id, "purchase_id": purchase_id(wallet_id, "k", at), "created_at": at}
    opened = purchase(**fields | PERSONAL | more)
    store.commit(Change(new_purchase=opened))
    return opened


def test_a_purchase_forgets_who_bought_and_nothing_else(store: Store, wallet_id: str) -> None:
    opened = bought(store, wallet_id, session_id="cs_1", customer_id="cus_1", payment_id="pi_1", due_at=NOON + DAY)
    store.commit(Change(holders=[Holder(wallet_id, opened.purchase_id, "team_b")]))

    erase_rows(store, wallet_id)

    asked = replace(ASKED, actor=ERASED, reason=ERASED)
    bare: dict[str, Any] = {"email": None, "receipt_url": None, "invoice_url": None, "return_path": None}
    expected = replace(opened, **bare, asked=(asked,), holders=("team_b",), version=3)
    assert store.purchase(wallet_id, opened.purchase_id) == expected


def test_rows_are_erased_once(store: Store, wallet_id: str) -> None:
    opened = bought(store, wallet_id)
    erase_rows(store, wallet_id)
    once = store.purchase(wallet_id, opened.purchase_id)

    erase_rows(store, wallet_id)

    assert store.purchase(wallet_id, opened.purchase_id) == once
    assert once
    assert once.version == 2


def test_who_has_read_a_row_before_can_not_write_back_what_was_forgotten(store: Store, wallet_id: str) -> None:
    opened = bought(store, wallet_id)
    stale = Settlement(before=opened, purchase=replace(opened, version=2))
    set_before = set_contact(store, wallet_id, email="marker@example.org")
    erase_rows(store, wallet_id)

    with pytest.raises(LostRace):
        store.commit(Change(purchase=stale))
    changed = change_contact(store.wallet(wallet_id), set_before, replace(set_before, locale="de"), CATALOG, stamp())
    assert changed
    with pytest.raises(LostRace):
        store.commit(Change(decisions=[changed.decision], contact=changed))


def set_contact(store: Store, wallet_id: str, **more: Any) -> Contact:
    before = store.contact(wallet_id)
    changed = change_contact(store.wallet(wallet_id), before, replace(before, **more), CATALOG, stamp())
    assert changed
    store.commit(Change(decisions=[changed.decision], contact=changed))
    return changed.contact


def test_a_contact_is_forgotten_but_for_how_often_it_was_written(store: Store, wallet_id: str) -> None:
    set_contact(
        store,
        wallet_id,
        email="marker@example.org",
        webhook_url="https://marker.example",
        webhook_secret="whsec_marker",
        locale="de",
        token_email="marker@example.com",
    )

    erase_rows(store, wallet_id)
    erase_rows(store, wallet_id)

    assert store.contact(wallet_id) == Contact(wallet_id=wallet_id, version=2)
    assert set_contact(store, wallet_id, email="new@example.org").version == 3


def test_a_customer_stays_known_without_an_address(store: Store, wallet_id: str) -> None:
    store.keep_customer(wallet_id, "cus_1", email="marker@example.org")

    erase_rows(store, wallet_id)
    erase_rows(store, wallet_id)

    assert store.customer(wallet_id) == "cus_1"
    assert store.known_addresses(wallet_id).customer_email is None


def test_pages_where_a_person_pays_are_forgotten(store: Store, wallet_id: str) -> None:
    opened = bought(store, wallet_id)
    checkout = Checkout(session_id="cs_1", url="https://pay.example/marker", expires_at=NOON + DAY)
    store.keep_checkout(replace(opened, version=2, session_id="cs_1"), checkout)
    answers: dict[str, dict[str, object]] = {
        "plan": {"checkout_url": "https://pay.example/marker", "n": 1},
        "refund": {"refund_id": "re_1"},
    }
    for name, answer in answers.items():
        store.commit(Change(answer=KeptAnswer(wallet_id=wallet_id, name=name, answer=answer)))

    erase_rows(store, wallet_id)
    erase_rows(store, wallet_id)

    assert store.checkout(wallet_id, opened.purchase_id) == replace(checkout, url=ERASED)
    assert store.answer(wallet_id, "plan") == {"checkout_url": ERASED, "n": 1}
    assert store.answer(wallet_id, "refund") == answers["refund"]


def billed(wallet_id: str) -> Invoice:
    return Invoice(
        wallet_id=wallet_id,
        invoice_id="in_1",
        subscription_id="sub_1",
        status="paid",
        amount=Money(2900, "usd"),
        created_at=NOON,
        period_start=NOON,
        period_end=NOON + 30 * DAY,
        number="A-1",
        url="https://pay.example/marker",
    )


def test_an_invoice_loses_its_page_and_a_subscription_nothing(store: Store, wallet_id: str) -> None:
    invoice, row = (
        billed(wallet_id),
        Subscription(wallet_id=wallet_id, version=1, session_id="cs_2", customer_id="cus_1"),
    )
    followed = Followed(before=Subscription(wallet_id=wallet_id), subscription=row)
    store.commit(Change(subscription=followed, invoices=[invoice]))

    erase_rows(store, wallet_id)
    erase_rows(store, wallet_id)

    assert store.invoice(wallet_id, invoice.name) == replace(invoice, url=None)
    assert store.subscription(wallet_id) == row


def test_many_rows_are_erased_look_by_look(store: Store, wallet_id: str, small_looks: None) -> None:
    rows = [bought(store, wallet_id, number) for number in range(10)]

    looks = erase_rows(store, wallet_id)

    assert looks > 1
    assert store.known_addresses(wallet_id).payment_email is None
    listed = store.listed_purchases(wallet_id, before=None, limit=200)
    assert [(each.email, each.version) for each in listed] == [(None, 2)] * len(rows)


def test_other_wallets_rows_stay(store: Store, wallet_id: str, other_wallet_id: Callable[[], str]) -> None:
    other = other_wallet_id()
    opened = bought(store, other)
    give(store, other)

    erase_rows(store, wallet_id)

    assert store.purchase(other, opened.purchase_id) == opened
    assert private(store, wallet_id) == []
    assert private(store, other) == [1]
    assert keys(store, other) == ["k0001"]


def test_where_an_erasure_came_to_is_kept(store: Store, wallet_id: str) -> None:
    begun = Reached(last=7, stage=Stage.ENTRIES, next_seq=4)
    later = Reached(last=9, stage=Stage.RECEIPTS, next_seq=10, after="k0001")
    assert store.erasure(wallet_id) is None

    for each in (begun, later, begun):
        store.keep_erasure(wallet_id, each)
        assert store.erasure(wallet_id) == each
    erase_rows(store, wallet_id)

    assert store.erasure(wallet_id) == begun
