"""Tracing without a network: what ids look like, where they lead, and that every look is bounded and says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.contacts import Contact
from chalicelib.domain.errors import InvalidRequest, NotFound, PaymentsUnavailable
from chalicelib.domain.granting import Grant
from chalicelib.domain.holds import hold_id
from chalicelib.domain.lots import LotId, Source
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.purchases import Payment, purchase_id
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.topups import TopUp
from chalicelib.domain.tracing import AT_PROVIDER, ENTRY, Kind, opened_at
from chalicelib.services.connecting import OF_A_KIND, Trace, connected
from chalicelib.services.ports import Change, Oddity, PaymentsFailed, Sighting
from chalicelib.services.purchasing import Shop
from chalicelib.services.tracing import LOOKS, Wanted, find
from tests.builders import CATALOG, DAY, NOON, patience, payment, purchase, stamp
from tests.fakes import Faulty
from tests.paid import Desk
from tests.teller import PROMO, Teller, bought

PURCHASE = purchase_id("acct_a", "k1", NOON)


class Provider:
    """Knows what it is told, in pages of one; counts how often it is asked."""

    def __init__(self) -> None:
        self.seen: dict[str, Sighting] = {}
        self.sessions: list[Payment] = []
        self.cards: list[Payment] = []
        self.asked = 0
        self.is_down = False

    def look_up(self, name: str) -> Sighting | None:
        self.asked += 1
        if self.is_down:
            raise PaymentsFailed("down")
        return self.seen.get(name)

    def recent_sessions(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[Payment], str | None]:
        assert since < NOON < until
        return self._page(self.sessions, cursor)

    def recent_card_payments(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[Payment], str | None]:
        assert since < NOON < until
        return self._page(self.cards, cursor)

    def _page(self, listed: list[Payment], cursor: str | None) -> tuple[Sequence[Payment], str | None]:
        self.asked += 1
        place = int(cursor or 0)
        return listed[place : place + 1], str(place + 1) if place + 1 < len(listed) else None


class Office(Teller):
    """A teller whom an operator asks for traces."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = Provider()

    @property
    def shop(self) -> Shop:
        payments: Any = self.provider
        return Shop(store=Faulty(self.store, self.point), payments=payments, catalog=CATALOG, patience=patience())

    def trace(self, name: str, wallet_id: str | None = None) -> Trace:
        self.calls.clear()
        return connected(self.shop, find(self.shop, Wanted(name, wallet_id)))


@pytest.fixture
def office() -> Office:
    """1,000 credits were bought by a purchase without a payment id."""
    office = Office()
    office.give("acct_a", bought(PURCHASE))
    row = office.store.purchases["acct_a", PURCHASE]
    lot_id = office.store.wallet("acct_a").lots[0].id
    office.store.purchases["acct_a", PURCHASE] = replace(row, lot_id=lot_id)
    return office


def seqs(trace: Trace) -> list[int]:
    return [entry.seq for entry in trace.entries]


def test_when_a_purchase_was_opened_stands_in_its_id() -> None:
    for at in (NOON, NOON + 999 * DAY + timedelta(milliseconds=7)):
        assert opened_at(purchase_id("acct_a", "k", at)) == at


@pytest.mark.parametrize("digits", ["0" * 20, "z" * 20, "0" * 9 + "1" + "0" * 10, "i" * 20, "o" + "0" * 19])
def test_of_an_id_that_no_purchase_can_have_nothing_is_read(digits: str) -> None:
    assert opened_at(f"pur_{digits}") is None


def test_every_kind_of_the_providers_is_a_kind() -> None:
    assert set(AT_PROVIDER.values()) < set(Kind)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("acct_a:1", ("acct_a", "1")),
        ("a:b:12", ("a:b", "12")),
        ("a:0", None),
        ("a:01", None),
        (":1", None),
        ("a:", None),
    ],
)
def test_an_entry_is_named_by_its_wallet_and_number(name: str, parts: tuple[str, str] | None) -> None:
    found = ENTRY.fullmatch(name)

    assert (found.groups() if found else None) == parts


def test_a_purchase_without_its_wallet_is_found_by_what_was_begun_then(office: Office) -> None:
    other = payment(purchase_id=purchase_id("acct_b", "k1", NOON), wallet_id="acct_b")
    office.provider.sessions = [other, payment(purchase_id=PURCHASE)]

    trace = office.trace(PURCHASE)

    assert (trace.lead.kind, trace.lead.wallet_id, seqs(trace)) == (Kind.PURCHASE, "acct_a", [1])


def test_a_top_up_is_found_among_the_card_payments(office: Office) -> None:
    office.provider.cards = [payment(purchase_id=PURCHASE)]

    assert office.trace(PURCHASE).lead.wallet_id == "acct_a"


def test_of_a_very_busy_time_only_so_much_is_looked_at(office: Office) -> None:
    others = [payment(purchase_id=purchase_id("acct_b", f"k{number}", NOON)) for number in range(LOOKS)]
    office.provider.sessions = [*others, payment(purchase_id=PURCHASE)]

    with pytest.raises(NotFound):
        office.trace(PURCHASE)
    assert office.provider.asked == LOOKS + 1
    assert office.trace(PURCHASE, "acct_a").lead.wallet_id == "acct_a"


def test_an_id_that_no_purchase_can_have_asks_nobody(office: Office) -> None:
    with pytest.raises(NotFound):
        office.trace("pur_" + "i" * 20)
    assert office.provider.asked == 0


def test_a_provider_that_is_down_is_said(office: Office) -> None:
    office.provider.is_down = True

    with pytest.raises(PaymentsUnavailable):
        office.trace("pi_1")


def test_what_the_provider_knows_and_we_don_t_is_shown(office: Office) -> None:
    office.provider.seen["pi_1"] = Sighting(
        wallet_id="acct_a", purchase_id="pur_gone", payment_id="pi_1", facts={"payment": {"payment_id": "pi_1"}}
    )

    trace = office.trace("pi_1")

    assert (trace.purchase, seqs(trace), trace.ids, trace.is_complete) == (None, [], {"payment_id": "pi_1"}, True)
    assert trace.said == {"payment": {"payment_id": "pi_1"}}


def test_a_purchase_of_which_the_provider_is_not_to_be_asked_asks_nobody(office: Office) -> None:
    trace = office.trace(PURCHASE, "acct_a")

    assert (trace.is_complete, trace.said, office.provider.asked) == (True, {}, 0)


def test_an_entry_that_a_row_names_and_that_is_not_there_is_left_out(office: Office) -> None:
    row = office.store.purchases["acct_a", PURCHASE]
    office.store.purchases["acct_a", PURCHASE] = replace(row, lot_id=LotId(99))

    assert seqs(office.trace(PURCHASE, "acct_a")) == []


def test_many_entries_of_a_kind_leave_a_trace_incomplete(office: Office) -> None:
    for number in range(OF_A_KIND + 1):
        office.move(f"t{number}", 1, receiver=f"team_{number % 2}")

    trace = office.trace(PURCHASE, "acct_a")

    assert not trace.is_complete
    assert seqs(trace) == list(range(1, OF_A_KIND + 2))


def test_a_hold_among_many_is_incomplete_where_its_end_is_out_of_sight(office: Office) -> None:
    held = office.hold("h0", 1)
    for number in range(OF_A_KIND + 1):
        other = office.hold(f"h{number + 1}", 1)
        office.release(f"r{number}", hold_id(other.entry.seq))
    office.release("last", hold_id(held.entry.seq))

    trace = office.trace(hold_id(held.entry.seq), "acct_a")

    assert (seqs(trace), trace.is_complete) == ([held.entry.seq], False)


def test_a_hold_whose_lapse_nobody_has_written_is_alone(office: Office) -> None:
    held = office.hold("h1", 1)
    office.now += DAY

    assert seqs(office.trace(hold_id(held.entry.seq), "acct_a")) == [held.entry.seq]


def test_an_entry_after_the_deadline_of_a_hold_that_was_captured_in_time_is_not_its(office: Office) -> None:
    held = office.hold("h1", 5)
    office.capture("c1", hold_id(held.entry.seq), credits=1)
    office.now += DAY
    office.use("u1", "notes", 1)

    assert seqs(office.trace(hold_id(held.entry.seq), "acct_a")) == [2, 3]


def test_a_lapse_that_rode_on_another_entry_is_found_by_its_time(office: Office) -> None:
    held = office.hold("h1", 5)
    office.use("u1", "notes", 1)
    office.now += DAY
    office.use("u2", "notes", 1)
    office.use("u3", "notes", 1)

    trace = office.trace(hold_id(held.entry.seq), "acct_a")

    assert seqs(trace) == [2, 4]
    assert len(office.calls) < 20


def test_the_close_of_a_hold_leads_back_to_it(office: Office) -> None:
    held = office.hold("h1", 5)
    office.release("r1", hold_id(held.entry.seq))

    assert seqs(office.trace("acct_a:3")) == [2, 3]


def test_a_lot_of_a_plan_is_found_where_it_rode_on_another_entry() -> None:
    office = Office()
    office.give("acct_a", PROMO)

    office.store.commit(Change(decisions=[set_plan(office.store.wallet("acct_a"), "pro", CATALOG, stamp())]))
    office.now += 31 * DAY
    office.use("u1", "notes", 1)

    trace = office.trace("lot_3.99", "acct_a")

    assert (trace.lead.kind, seqs(trace), trace.purchase) == (Kind.LOT, [3], None)


def test_a_lot_and_a_hold_want_a_wallet(office: Office) -> None:
    for name in ("lot_1", "lot_1.2", "hold_1"):
        with pytest.raises(InvalidRequest, match="wallet"):
            office.trace(name)


def test_a_recall_leads_to_the_buyers_purchase_from_both_ends() -> None:

    desk = Desk()
    desk.fulfilled()
    desk.move("acct_a", "team_b", 700)
    desk.refund(1000)
    desk.taken()
    assert desk.kinds("team_b") == ["transfer_in", "recall"]

    for name in ("team_b:2", f"acct_a:{desk.store.wallet('acct_a').seq}"):
        trace = connected(desk.shop, find(desk.shop, Wanted(name)))
        assert trace.purchase
        assert (trace.purchase.wallet_id, trace.purchase.purchase_id) == ("acct_a", desk.row.purchase_id)
        kinds = [entry.kind for entry in trace.entries]
        assert kinds == ["purchase", "transfer_out", "revocation", "recall", "recall"]


def test_a_restored_lot_is_the_one_that_was_made_before() -> None:

    desk = Desk()
    desk.fulfilled()
    refund_id = desk.refund(1000)
    desk.taken()
    desk.control(f"refunds/{refund_id}/fail", {})
    desk.taken()
    assert desk.kinds()[-1] == "restoration"

    trace = connected(desk.shop, find(desk.shop, Wanted("lot_1", "acct_a")))

    assert [entry.kind for entry in trace.entries] == ["purchase", "revocation", "restoration"]
    with pytest.raises(NotFound):
        find(desk.shop, Wanted("lot_3", "acct_a"))


def odd(**more: Any) -> Oddity:
    return Oddity(event_id="evt_1", type="invoice.paid", reason="why", at=NOON, **more)


def test_an_event_leads_where_the_provider_says(office: Office) -> None:
    office.store.quarantine(odd(invoice_id="in_1"))
    office.provider.seen["in_1"] = Sighting(wallet_id="acct_a", purchase_id=PURCHASE, invoice_id="in_1")

    trace = office.trace("evt_1")

    assert (trace.lead.wallet_id, seqs(trace)) == ("acct_a", [1])
    assert [event.event_id for event in trace.events] == ["evt_1"]


def test_an_event_that_names_its_wallet_keeps_it(office: Office) -> None:
    office.store.quarantine(odd(wallet_id="acct_a", purchase_id=PURCHASE, session_id="cs_1"))
    office.provider.seen["cs_1"] = Sighting(wallet_id="acct_b", session_id="cs_1")

    trace = office.trace("evt_1")

    assert (trace.lead.wallet_id, seqs(trace), trace.ids) == ("acct_a", [1], {"session_id": "cs_1"})


def test_an_event_of_nothing_that_is_known_is_shown_alone(office: Office) -> None:
    office.store.quarantine(odd())

    trace = office.trace("evt_1")

    assert (trace.lead.wallet_id, seqs(trace), trace.ids, trace.is_complete) == (None, [], {}, True)
    assert [event.event_id for event in trace.events] == ["evt_1"]
    assert office.provider.asked == 0


def test_an_event_is_shown_though_the_provider_is_down(office: Office) -> None:
    office.store.quarantine(odd(wallet_id="acct_a", purchase_id=PURCHASE, session_id="cs_1"))
    office.provider.is_down = True

    trace = office.trace("evt_1")

    assert (trace.lead.wallet_id, seqs(trace), trace.is_complete) == ("acct_a", [1], False)
    assert office.provider.asked == 1


def test_an_id_of_another_wallet_than_the_one_said_is_not_found(office: Office) -> None:
    office.provider.seen["pi_1"] = Sighting(wallet_id="acct_a")

    assert office.trace("pi_1", "acct_a").lead.kind is Kind.PAYMENT
    for name in ("pi_1", "acct_a:1", "lot_1", PURCHASE):
        with pytest.raises(NotFound):
            office.trace(name, "acct_b")


@pytest.mark.parametrize("part", ["customer", "former", "contact", "subscription", "topup", "purchase"])
def test_a_wallet_is_known_by_any_row(part: str) -> None:

    office = Office()
    store = office.store
    with pytest.raises(NotFound):
        office.trace("acct_a")
    if part in ("customer", "former"):
        store.keep_customer("acct_a", "cus_1", email=None)
    if part == "former":
        store.forget_customer("acct_a", "cus_1")
    if part == "contact":
        store.contacts["acct_a"] = Contact(wallet_id="acct_a", version=1)
    if part == "subscription":
        store.subscriptions["acct_a"] = Subscription(wallet_id="acct_a", version=1)
    if part == "topup":
        store.topups["acct_a"] = TopUp(wallet_id="acct_a", version=1)
    if part == "purchase":
        store.purchases["acct_a", "pur_1"] = purchase()

    assert office.trace("acct_a").lead.kind is Kind.WALLET


def test_a_key_can_look_like_a_lot_that_is_not_there(office: Office) -> None:
    office.use("lot_9", "notes", 1)

    trace = office.trace("lot_9", "acct_a")

    assert (trace.lead.kind, seqs(trace)) == (Kind.KEY, [2])


def test_a_grant_names_no_purchase() -> None:
    office = Office()
    office.give("acct_a", Grant(credits=5, source=Source.PROMO))

    trace = office.trace("lot_1", "acct_a")

    assert (trace.purchase, seqs(trace)) == (None, [1])
