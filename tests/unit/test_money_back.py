"""Money that went back: how many credits that takes, from where, and how they come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import audit
from chalicelib.domain.errors import Unprocessable
from chalicelib.domain.expiry import book_end
from chalicelib.domain.freezing import freeze
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.holding import Wish, place, release
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Lot, LotId, Source
from chalicelib.domain.messages import MessageKind
from chalicelib.domain.moneyback import (
    Dispute,
    DisputeState,
    MoneyFacts,
    Refund,
    RefundState,
    joined,
    target_of,
)
from chalicelib.domain.notices import give_notice
from chalicelib.domain.purchases import FIRST_LOOK, LAST_LOOK, AskedRefund, Progress, Purchase, Status
from chalicelib.domain.refunds import ask_refund, left_to_refund, without_asked
from chalicelib.domain.revoking import reckon, still_owed
from chalicelib.domain.settling import Settlement, settle, settle_facts
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, payment, purchase, stamp

YEAR = NOON + 365 * DAY
OPEN, LOST, WON = DisputeState.OPEN, DisputeState.LOST, DisputeState.WON


def refund(amount_minor: int, name: str = "re_1", state: RefundState = RefundState.GIVEN) -> MoneyFacts:
    return MoneyFacts(refunds={name: Refund(amount_minor, state)})


def failed(amount_minor: int, name: str = "re_1") -> MoneyFacts:
    return refund(amount_minor, name, RefundState.FAILED)


def dispute(amount_minor: int, state: DisputeState, name: str = "dp_1") -> MoneyFacts:
    return MoneyFacts(disputes={name: Dispute(amount_minor, state)})


class Buyer:
    """A buyer's wallet with its history, and the row of one purchase: 1,000 credits for 1,000 minor units."""

    def __init__(self, *, paid: bool = True, **bought: Any) -> None:
        self.now: datetime = NOON
        self.wallet = Wallet(wallet_id="acct_a")
        self.entries: list[Entry] = []
        self.row = purchase(**bought)
        self.told: list[tuple[str, dict[str, Any]]] = []
        if paid:
            self.pay()

    def take(self, *decisions: Decision | None) -> list[Entry]:
        for decision in decisions:
            assert decision
            self.wallet = decision.wallet
            self.entries.append(decision.entry)
            self.told += [(each.kind, dict(each.facts)) for each in decision.messages]
        return [each.entry for each in decisions if each]

    def settled(self, settlement: Settlement | None) -> list[Entry]:
        if settlement is None:
            return []
        assert settlement.before == self.row
        assert settlement.purchase.version == self.row.version + 1
        self.row = settlement.purchase
        return self.take(*settlement.decisions)

    def pay(self, **more: Any) -> list[Entry]:
        fits = payment(amount=self.row.price, **{"paid_minor": self.row.price.amount_minor} | more)
        return self.settled(settle(self.wallet, self.row, fits, CATALOG, live=False, stamp=stamp(self.now)))

    def hear(self, facts: MoneyFacts) -> list[Entry]:
        return self.settled(settle_facts(self.wallet, self.row, facts, CATALOG, stamp(self.now)))

    def spend(self, credits: int) -> None:
        use = Use(wallet_id="acct_a", meter="extra", quantity=3 * credits)
        self.take(decide(self.wallet, use, CATALOG, stamp(self.now)))

    def give(self, credits: int, **more: Any) -> Entry:
        fields: dict[str, Any] = {"credits": credits, "source": Source.PROMO}
        return self.take(grant(self.wallet, Grant(**(fields | more)), CATALOG, stamp(self.now)))[0]

    def hold(self, credits: int) -> str:
        wish = Wish(wallet_id="acct_a", ttl=timedelta(hours=5), credits=credits)
        return str(self.take(place(self.wallet, wish, CATALOG, stamp(self.now)))[0].facts["hold_id"])

    def release(self, hold_id: str) -> Entry:
        return self.take(release(self.wallet, hold_id, CATALOG, stamp(self.now)))[0]

    @property
    def lot(self) -> Lot:
        return next(lot for lot in self.wallet.lots if lot.purchase_id == self.row.purchase_id)

    @property
    def stands(self) -> tuple[int, int, int]:
        """What is available, set aside and owed."""
        return self.wallet.available(self.now), self.wallet.set_aside, self.wallet.debt

    def check(self) -> None:
        assert list(audit.faults(self.wallet, self.entries)) == []


@pytest.fixture
def buyer() -> Buyer:
    return Buyer()


# How much


@pytest.mark.parametrize(
    ("credits", "paid", "gone", "target"),
    [
        (1000, 1000, 0, 0),
        (1000, 1000, 1, 1),
        (1000, 1000, 999, 999),
        (1000, 1000, 1000, 1000),
        (1000, 1000, 5000, 1000),  # never more than there were
        (1000, 3000, 1, 1),  # rounded up
        (1000, 3000, 3, 1),
        (1000, 3000, 4, 2),
        (10, 3, 1, 4),
        (10, 3, 2, 7),
        (1000, 1190, 595, 500),  # tax was paid as well: half of it is half
        (1000, 1190, 1189, 1000),
        (1050, 900, 300, 350),  # a discount, and a bonus
        (1000, 0, 0, 0),  # nothing was paid
        (1000, 0, 10, 0),
        (2**53 - 1, 2**53 - 1, 2**53 - 2, 2**53 - 2),
    ],
)
def test_the_part_of_the_money_that_went_back_takes_its_part_of_the_credits_rounded_up(
    credits: int, paid: int, gone: int, target: int
) -> None:
    assert target_of(credits, paid, refund(gone)) == target
    assert target_of(credits, paid, dispute(gone, LOST)) == target


def test_refunds_and_lost_disputes_add_up_and_nothing_else_counts() -> None:
    facts = MoneyFacts(
        refunds={"re_1": Refund(100, RefundState.GIVEN), "re_2": Refund(40, RefundState.FAILED)},
        disputes={
            "dp_1": Dispute(20, LOST),
            "dp_2": Dispute(300, OPEN),
            "dp_3": Dispute(300, WON),
            "dp_4": Dispute(300, DisputeState.INQUIRY),
        },
    )

    assert (facts.refunded_minor, facts.lost_minor, facts.is_disputed) == (100, 20, True)
    assert target_of(1000, 1000, facts) == 120


AMOUNTS = {"1": 100, "2": 250, "3": 700}  # an id's amount is always the same
NAMES = st.sampled_from(sorted(AMOUNTS))
FACTS = st.builds(
    lambda refunds, disputes: MoneyFacts(
        refunds={name: Refund(AMOUNTS[name], state) for name, state in refunds.items()},
        disputes={name: Dispute(AMOUNTS[name], state) for name, state in disputes.items()},
    ),
    st.dictionaries(NAMES, st.sampled_from(RefundState)),
    st.dictionaries(NAMES, st.sampled_from(DisputeState)),
)


@given(FACTS, FACTS, FACTS)
def test_facts_join_in_any_order_and_any_number_of_times(one: MoneyFacts, two: MoneyFacts, three: MoneyFacts) -> None:
    assert joined(one, one) == one
    assert joined(one, MoneyFacts()) == joined(MoneyFacts(), one) == one
    assert joined(one, two) == joined(two, one)
    assert joined(joined(one, two), three) == joined(one, joined(two, three))
    assert joined(joined(one, two), one) == joined(one, two)


@given(FACTS, st.integers(0, 1200), st.integers(1, 2000))
def test_never_more_is_revoked_than_was_granted_nor_less_than_its_part(
    facts: MoneyFacts, paid: int, credits: int
) -> None:
    target = target_of(credits, paid, facts)

    assert 0 <= target <= credits
    if paid:
        gone = min(paid, facts.refunded_minor + facts.lost_minor)
        assert credits * gone <= target * paid < credits * gone + paid


# Refunds


def test_a_refund_revokes_from_the_purchases_own_lot_and_says_so(buyer: Buyer) -> None:
    [entry] = buyer.hear(refund(250))

    assert (entry.kind, entry.facts["credits"], entry.facts["available_after"]) == ("revocation", -250, 750)
    assert entry.facts["draws"] == [{"lot_id": "lot_1", "credits": -250}]
    assert (entry.facts["purchase_id"], entry.facts["revoked"], entry.facts["debt"]) == (
        buyer.row.purchase_id,
        250,
        0,
    )
    assert entry.facts["from_set_aside"] == []
    assert (buyer.row.revoked, buyer.row.owed, buyer.row.refunded_minor, buyer.row.disputed) == (250, 0, 250, False)
    assert buyer.row.due_at is None
    assert entry.private
    assert entry.private.fields == {"actor": "acct_tester"}
    buyer.check()


def test_the_same_news_again_writes_nothing(buyer: Buyer) -> None:
    buyer.hear(refund(250))

    assert settle_facts(buyer.wallet, buyer.row, refund(250), CATALOG, stamp()) is None
    assert settle_facts(buyer.wallet, buyer.row, MoneyFacts(), CATALOG, stamp()) is None


def test_refunds_add_up_until_all_is_gone(buyer: Buyer) -> None:
    for nth, revoked in enumerate((334, 667, 1000), start=1):
        buyer.hear(refund(333 if nth < 3 else 334, f"re_{nth}"))
        assert buyer.row.revoked <= revoked
    assert buyer.row.revoked == 1000
    assert buyer.wallet.lots == ()
    assert buyer.stands == (0, 0, 0)
    buyer.check()


def test_rounding_is_of_the_sum_and_not_of_each_refund() -> None:
    buyer = Buyer(paid=False, credits=10)
    buyer.pay(paid_minor=3)

    revoked = [(buyer.hear(refund(1, f"re_{nth}")), buyer.row.revoked)[1] for nth in range(3)]

    assert revoked == [4, 7, 10]
    buyer.check()


def test_a_fact_that_moves_no_credit_is_kept_without_an_entry() -> None:
    buyer = Buyer(paid=False)
    buyer.pay(paid_minor=1_000_000)
    buyer.hear(refund(1))

    assert buyer.hear(refund(2, "re_2")) == []
    assert (buyer.row.revoked, set(buyer.row.facts.refunds)) == (1, {"re_1", "re_2"})


def test_a_refund_that_fails_restores_what_it_took(buyer: Buyer) -> None:
    buyer.hear(refund(250))
    [entry] = buyer.hear(failed(250))

    assert (entry.kind, entry.facts["credits"], entry.facts["restored"]) == ("restoration", 250, 250)
    assert (entry.facts["debt"], entry.facts["expired"]) == (0, 0)
    assert entry.facts["draws"] == [{"lot_id": "lot_1", "credits": 250}]
    assert entry.facts["lot"]["granted"] == 1000
    assert buyer.stands == (1000, 0, 0)
    assert buyer.row.revoked == 0
    assert buyer.hear(refund(250)) == [], "what has failed stays failed"
    buyer.check()


def test_money_that_went_back_before_it_was_known_to_be_paid_is_reckoned_with_in_one_settlement() -> None:
    buyer = Buyer(paid=False)
    assert buyer.hear(refund(250)) == []
    assert buyer.hear(dispute(100, OPEN)) == []
    assert (buyer.row.status, buyer.row.revoked, buyer.wallet.seq) == (Status.PENDING, 0, 0)

    entries = buyer.pay()

    assert [entry.kind for entry in entries] == ["purchase", "revocation", "set_aside"]
    assert entries[1].facts["prev_hash"] == entries[0].hash.hex()
    assert buyer.stands == (0, 750, 0)
    assert (buyer.row.revoked, buyer.row.due_at) == (250, NOON + LAST_LOOK)
    buyer.check()


def test_what_is_not_paid_yet_keeps_the_time_of_its_next_look() -> None:
    buyer = Buyer(paid=False, due_at=NOON)

    buyer.hear(refund(250))
    settled = settle(
        buyer.wallet, buyer.row, payment(Progress.PROCESSING), CATALOG, live=False, stamp=stamp(NOON + DAY)
    )

    assert buyer.row.due_at == NOON
    assert settled
    assert settled.purchase.facts == refund(250)


def test_nothing_that_was_free_of_charge_is_revoked() -> None:
    buyer = Buyer(paid=False)
    buyer.pay(paid_minor=0)

    assert buyer.hear(refund(250)) == []
    assert buyer.row.revoked == 0


# Disputes


def test_a_dispute_that_opens_sets_the_rest_of_the_lot_aside(buyer: Buyer) -> None:
    buyer.spend(300)
    [entry] = buyer.hear(dispute(1000, OPEN))

    assert (entry.kind, entry.facts["credits"], entry.facts["available_after"]) == ("set_aside", -700, 0)
    assert entry.facts["draws"] == [{"lot_id": "lot_1", "credits": -700}]
    assert entry.facts["aside"] == [{"lot_id": "lot_1", "credits": 700}]
    assert buyer.stands == (0, 700, 0)
    assert (buyer.row.disputed, buyer.row.revoked, buyer.row.due_at) == (True, 0, NOON + LAST_LOOK)
    buyer.check()


def test_an_inquiry_moves_nothing(buyer: Buyer) -> None:
    assert buyer.hear(dispute(1000, DisputeState.INQUIRY)) == []
    assert buyer.stands == (1000, 0, 0)
    assert buyer.row.due_at is None


def test_a_dispute_that_is_won_gives_the_lot_back(buyer: Buyer) -> None:
    buyer.hear(dispute(1000, OPEN))
    [entry] = buyer.hear(dispute(1000, WON))

    assert (entry.kind, entry.facts["credits"]) == ("set_aside", 1000)
    assert entry.facts["aside"] == [{"lot_id": "lot_1", "credits": -1000}]
    assert (entry.facts["paid_to_debt"], entry.facts["expired"]) == (0, 0)
    assert buyer.stands == (1000, 0, 0)
    assert buyer.hear(dispute(1000, OPEN)) == [], "late news of its opening changes nothing"
    buyer.check()


def test_a_lost_dispute_revokes_from_what_is_set_aside_and_gives_the_rest_back(buyer: Buyer) -> None:
    buyer.hear(dispute(400, OPEN))
    revocation, rest = buyer.hear(dispute(400, LOST))

    assert (revocation.kind, revocation.facts["credits"], revocation.facts["draws"]) == ("revocation", 0, [])
    assert revocation.facts["from_set_aside"] == [{"lot_id": "lot_1", "credits": 400}]
    assert (rest.kind, rest.facts["credits"]) == ("set_aside", 600)
    assert buyer.stands == (600, 0, 0)
    assert (buyer.row.revoked, buyer.row.due_at) == (400, None)
    buyer.check()


def test_a_dispute_that_is_won_after_it_was_lost_restores(buyer: Buyer) -> None:
    buyer.hear(dispute(400, OPEN))
    buyer.hear(dispute(400, LOST))
    [entry] = buyer.hear(dispute(400, WON))

    assert (entry.kind, entry.facts["credits"]) == ("restoration", 400)
    assert buyer.stands == (1000, 0, 0)
    buyer.check()


def test_a_refund_and_a_dispute_of_the_same_money_take_it_once(buyer: Buyer) -> None:
    buyer.hear(refund(700))
    buyer.hear(dispute(1000, OPEN))
    assert buyer.stands == (0, 300, 0)
    buyer.hear(dispute(1000, LOST))
    assert (buyer.row.revoked, buyer.stands) == (1000, (0, 0, 0))
    buyer.hear(failed(700))
    assert buyer.row.revoked == 1000, "the dispute alone has it all"
    buyer.hear(dispute(1000, WON))
    assert buyer.stands == (1000, 0, 0)
    buyer.check()


def test_a_refund_while_a_dispute_is_open_takes_what_is_set_aside(buyer: Buyer) -> None:
    buyer.hear(dispute(500, OPEN))
    [entry] = buyer.hear(refund(300))

    assert entry.facts["from_set_aside"] == [{"lot_id": "lot_1", "credits": 300}]
    assert buyer.stands == (0, 700, 0)
    buyer.check()


def test_what_is_restored_while_a_dispute_is_open_is_set_aside(buyer: Buyer) -> None:
    buyer.hear(refund(300))
    buyer.hear(dispute(500, OPEN))
    kinds = [entry.kind for entry in buyer.hear(failed(300))]

    assert kinds == ["restoration", "set_aside"]
    assert buyer.stands == (0, 1000, 0)
    buyer.check()


def test_what_is_set_aside_stays_until_the_last_dispute_ends(buyer: Buyer) -> None:
    buyer.hear(dispute(300, OPEN))
    buyer.hear(dispute(200, OPEN, "dp_2"))
    assert buyer.hear(dispute(300, WON)) == []
    assert buyer.stands == (0, 1000, 0)
    buyer.hear(dispute(200, LOST, "dp_2"))
    assert buyer.stands == (800, 0, 0)
    buyer.check()


# Debt


def test_what_was_spent_becomes_debt_and_its_alert(buyer: Buyer) -> None:
    buyer.spend(950)
    buyer.told.clear()
    [entry] = buyer.hear(refund(500))

    assert (entry.facts["credits"], entry.facts["revoked"], entry.facts["debt"]) == (-50, 500, 450)
    assert entry.facts["also"][-1]["latched"]["debt"] == 1
    assert buyer.stands == (0, 0, 450)
    assert (buyer.row.revoked, buyer.row.owed) == (500, 450)
    assert buyer.told == [(MessageKind.DEBT, {"debt": 450})]
    buyer.hear(refund(500, "re_2"))
    assert buyer.stands == (0, 0, 950)
    assert len(buyer.told) == 1, "more debt is not told again"
    buyer.check()


@pytest.mark.parametrize(
    ("credits", "left", "debt"), [(100, 0, 300), (400, 0, 0), (1000, 600, 0)], ids=["less", "just so", "more"]
)
@pytest.mark.parametrize("source", list(Source))
def test_any_new_lot_pays_debt_first(buyer: Buyer, source: Source, credits: int, left: int, debt: int) -> None:
    buyer.spend(1000)
    buyer.hear(refund(400))

    entry = buyer.give(credits, source=source)

    assert (entry.facts["granted"], entry.facts["paid_to_debt"]) == (credits, 400 - debt)
    assert buyer.stands == (left, 0, debt)
    buyer.check()


def test_a_restoration_pays_debt_first(buyer: Buyer) -> None:
    buyer.spend(900)
    buyer.hear(refund(500))
    [entry] = buyer.hear(failed(500))

    assert (entry.facts["restored"], entry.facts["debt"], entry.facts["credits"]) == (500, -400, 100)
    assert entry.facts["draws"] == [{"lot_id": "lot_1", "credits": 100}]
    assert buyer.stands == (100, 0, 0)
    assert (buyer.row.revoked, buyer.row.owed) == (0, 0)
    buyer.check()


def test_a_restoration_that_goes_to_debt_whole_brings_no_lot_back(buyer: Buyer) -> None:
    buyer.spend(1000)
    buyer.hear(refund(500))
    [entry] = buyer.hear(failed(500))

    assert (entry.facts["debt"], entry.facts["credits"], entry.facts["draws"]) == (-500, 0, [])
    assert buyer.wallet.lots == ()
    assert buyer.stands == (0, 0, 0)
    buyer.check()


def test_part_of_a_restoration_leaves_part_of_what_is_owed(buyer: Buyer) -> None:
    buyer.spend(1000)
    buyer.hear(refund(500))
    buyer.hear(refund(300, "re_2"))
    buyer.hear(failed(300, "re_2"))

    assert (buyer.row.owed, buyer.wallet.debt) == (500, 500)


def test_credits_are_owed_no_more_once_the_debt_is_paid_otherwise(buyer: Buyer) -> None:
    buyer.spend(1000)
    buyer.hear(refund(500))
    assert still_owed(buyer.wallet, buyer.row) == 500

    buyer.give(500)

    assert still_owed(buyer.wallet, buyer.row) == 0
    assert buyer.hear(dispute(10, OPEN)) == []


def test_what_comes_back_from_a_dispute_pays_debt_first(buyer: Buyer) -> None:
    buyer.hear(dispute(500, OPEN))
    buyer.wallet = replace(buyer.wallet, debt=120)
    [entry] = buyer.hear(dispute(500, WON))

    assert (entry.facts["credits"], entry.facts["paid_to_debt"]) == (880, 120)
    assert buyer.stands == (880, 0, 0)


def test_what_comes_back_from_a_dispute_may_go_to_debt_whole(buyer: Buyer) -> None:
    buyer.hear(dispute(500, OPEN))
    buyer.wallet = replace(buyer.wallet, debt=1200)
    [entry] = buyer.hear(dispute(500, WON))

    assert (entry.facts["credits"], entry.facts["draws"], entry.facts["paid_to_debt"]) == (0, [], 1000)
    assert buyer.wallet.lots == ()
    assert buyer.stands == (0, 0, 200)


def test_the_credits_of_other_purchases_and_gifts_are_never_taken(buyer: Buyer) -> None:
    buyer.give(50)
    buyer.give(70, source=Source.PURCHASE, kind="purchase", purchase_id="pur_other")
    buyer.hear(dispute(100, OPEN))
    assert buyer.stands == (120, 1000, 0)
    buyer.hear(dispute(100, WON))
    buyer.spend(1000)
    before = [lot for lot in buyer.wallet.lots if lot.purchase_id != buyer.row.purchase_id]

    buyer.hear(refund(1000))

    assert [lot for lot in buyer.wallet.lots if lot.purchase_id != buyer.row.purchase_id] == before
    assert (buyer.wallet.free(NOON), buyer.stands) == (120, (0, 0, 1000))
    buyer.check()


def test_a_frozen_wallet_is_no_obstacle(buyer: Buyer) -> None:
    buyer.take(freeze(buyer.wallet, frozen=True, reason="odd", catalog=CATALOG, stamp=stamp()))
    buyer.hear(refund(400))
    buyer.hear(dispute(100, OPEN))
    assert buyer.stands == (0, 600, 0)
    buyer.hear(failed(400))
    buyer.hear(dispute(100, WON))

    assert buyer.stands == (1000, 0, 0)
    buyer.check()


# Holds


def test_held_credits_are_left_alone_and_pay_debt_when_they_come_back(buyer: Buyer) -> None:
    hold_id = buyer.hold(600)
    [entry] = buyer.hear(refund(700))

    assert (entry.facts["credits"], entry.facts["debt"]) == (-400, 300)
    assert (buyer.lot.held, buyer.lot.free) == (600, 0)
    back = buyer.release(hold_id)
    assert (back.facts["credits"], back.facts["paid_to_debt"]) == (300, 300)
    assert buyer.stands == (300, 0, 0)
    buyer.check()


def test_a_dispute_leaves_what_is_held_alone(buyer: Buyer) -> None:
    hold_id = buyer.hold(600)
    buyer.hear(dispute(1000, OPEN))
    assert (buyer.lot.held, buyer.lot.set_aside) == (600, 400)
    buyer.release(hold_id)
    buyer.hear(dispute(1000, LOST))

    assert buyer.stands == (0, 0, 0)
    buyer.check()


def test_a_dispute_sets_aside_what_came_back_meanwhile(buyer: Buyer) -> None:
    hold_id = buyer.hold(600)
    buyer.hear(dispute(1000, OPEN))
    buyer.release(hold_id)

    [entry] = buyer.hear(MoneyFacts())

    assert entry.facts["aside"] == [{"lot_id": "lot_1", "credits": 600}]
    assert buyer.stands == (0, 1000, 0)
    buyer.check()


# Lots that left, and lots that ended


def test_a_lot_that_left_the_wallet_is_made_anew_as_it_was_granted(buyer: Buyer) -> None:
    before = buyer.lot
    buyer.hear(dispute(1000, LOST))
    assert buyer.wallet.lots == ()

    buyer.now = NOON + 3 * DAY
    [entry] = buyer.hear(dispute(1000, WON))

    assert buyer.lot == before
    assert entry.facts["lot"] == {
        "lot_id": "lot_1",
        "source": "purchase",
        "priority": 50,
        "granted_at": "2026-11-22T12:00:00.000Z",
        "expires_at": "2027-11-22T12:00:00.000Z",
        "purchase_id": buyer.row.purchase_id,
        "granted": 1000,
    }
    buyer.check()


def test_credits_without_an_end_come_back_without_one() -> None:
    buyer = Buyer(expires_after_days=None)
    buyer.hear(refund(1000))
    buyer.hear(failed(1000))

    assert buyer.lot.expires_at is None
    buyer.check()


def noticed(buyer: Buyer) -> None:
    """Give the notices of the lot's end."""
    for days in (335, 358):
        buyer.now = NOON + days * DAY
        buyer.take(give_notice(buyer.wallet, CATALOG, stamp(buyer.now)))
    assert buyer.lot.ends_at == YEAR


def test_what_a_lot_knew_of_notices_leaves_with_it(buyer: Buyer) -> None:
    noticed(buyer)
    buyer.hear(refund(1000))
    buyer.hear(failed(1000))

    assert (buyer.lot.noticed_at, buyer.lot.warned, buyer.lot.free) == (None, None, 1000)
    buyer.check()
    buyer.take(give_notice(buyer.wallet, CATALOG, stamp(buyer.now)))
    assert buyer.lot.ends_at == YEAR
    buyer.check()


def test_what_comes_back_to_a_lot_that_has_ended_goes_to_expired(buyer: Buyer) -> None:
    buyer.hear(refund(250))
    noticed(buyer)
    buyer.now = YEAR
    [entry] = buyer.hear(failed(250))

    assert (entry.facts["restored"], entry.facts["expired"], entry.facts["credits"]) == (250, 250, 0)
    assert buyer.stands == (0, 0, 0)
    assert buyer.lot.free == 750, "booked by the job"
    buyer.check()


def test_what_comes_back_to_a_lot_that_has_ended_pays_debt_first(buyer: Buyer) -> None:
    buyer.hear(refund(250))
    noticed(buyer)
    buyer.now = YEAR
    buyer.wallet = replace(buyer.wallet, debt=40)
    [entry] = buyer.hear(failed(250))

    assert (entry.facts["debt"], entry.facts["expired"], entry.facts["credits"]) == (-40, 210, 0)
    assert buyer.stands == (0, 0, 0)


def test_a_lot_that_has_ended_has_nothing_to_revoke_or_to_set_aside(buyer: Buyer) -> None:
    noticed(buyer)
    buyer.now = YEAR
    assert buyer.hear(dispute(1000, OPEN)) == []
    [entry] = buyer.hear(dispute(1000, LOST))

    assert (entry.facts["credits"], entry.facts["debt"]) == (0, 1000)
    assert buyer.lot.free == 1000
    buyer.take(book_end(buyer.wallet, CATALOG, stamp(buyer.now)))
    assert buyer.stands == (0, 0, 1000)
    buyer.check()


def test_what_was_set_aside_of_a_lot_that_has_ended_goes_to_expired(buyer: Buyer) -> None:
    noticed(buyer)
    buyer.hear(dispute(400, OPEN))
    buyer.now = YEAR
    revocation, rest = buyer.hear(dispute(400, LOST))

    assert revocation.facts["from_set_aside"] == [{"lot_id": "lot_1", "credits": 400}]
    assert (rest.facts["credits"], rest.facts["expired"], rest.facts["paid_to_debt"]) == (0, 600, 0)
    assert buyer.wallet.lots == ()
    buyer.check()


def test_a_row_that_never_was_paid_has_no_lot_to_make_anew() -> None:
    odd = purchase(revoked=10)

    with pytest.raises(ValueError, match="never paid"):
        reckon(Wallet(wallet_id="acct_a"), odd, CATALOG, stamp())


# Refunds by an admin's word


def asked(amount_minor: int = 0, name: str = "key_1") -> AskedRefund:
    return AskedRefund(refund_key=name, amount_minor=amount_minor, actor="admin_1", reason="broken")


def paid_row(**more: Any) -> Purchase:
    return purchase(**{"status": Status.PAID, "paid_minor": 1000, "paid_at": NOON, "lot_id": LotId(1)} | more)


def test_the_entry_of_a_refund_that_was_asked_for_names_who_and_why(buyer: Buyer) -> None:
    buyer.row = ask_refund(buyer.row, asked(250), NOON)
    [entry] = buyer.hear(refund(250))

    assert entry.private
    assert entry.private.fields == {"actor": "admin_1", "reason": "broken"}
    assert b"broken" not in entry.canonical
    assert buyer.row.due_at == NOON + FIRST_LOOK
    buyer.check()


def test_what_is_left_to_refund_knows_what_went_and_what_is_asked() -> None:
    assert left_to_refund(purchase()) == 0
    assert left_to_refund(paid_row()) == 1000
    row = paid_row(facts=joined(refund(100), dispute(200, LOST)), asked=(asked(300),))
    assert left_to_refund(row) == 400


@pytest.mark.parametrize(("wanted", "noted"), [(0, 1000), (1, 1), (1000, 1000)])
def test_a_refund_is_noted_on_the_row(wanted: int, noted: int) -> None:
    row = ask_refund(paid_row(), asked(wanted), NOON)

    assert row.asked == (asked(noted),)
    assert (row.version, row.due_at) == (2, NOON + FIRST_LOOK)
    assert without_asked(row, "key_2").asked == row.asked
    assert without_asked(row, "key_1").asked == ()


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (paid_row(), 1001),
        (paid_row(), -1),
        (paid_row(facts=refund(1000)), 0),
        (paid_row(facts=refund(999)), 2),
        (paid_row(asked=(asked(1000),)), 1),
        (purchase(), 1),
        (purchase(), 0),
    ],
)
def test_more_than_is_left_or_never_came_is_not_refunded(row: Purchase, wanted: int) -> None:
    with pytest.raises(Unprocessable):
        ask_refund(row, asked(wanted, "key_2"), NOON)


# What the auditor sees


@pytest.mark.parametrize(
    ("moved", "fault"),
    [
        ({"free": 749, "held": 1}, "what lots hold is not what holds were placed with"),
        ({"free": 749, "set_aside": 1}, "folding the entries does not give the wallet"),
        ({"free": 751}, "1000 came in, 250 went out, but 751 are left"),
    ],
)
def test_credits_that_moved_without_an_entry_are_seen(buyer: Buyer, moved: dict[str, int], fault: str) -> None:
    buyer.hear(refund(250))
    changes: dict[str, Any] = {**moved}
    wallet = replace(buyer.wallet, lots=(replace(buyer.lot, **changes),))

    assert fault in list(audit.faults(wallet, buyer.entries))


# When to look again


@pytest.mark.parametrize(
    ("more", "spent", "wait"),
    [
        ({}, 0, None),
        ({"holders": ("team_b",)}, 0, None),
        ({"holders": ("team_b",)}, 1000, timedelta(0)),
        ({}, 1000, None),
        ({"asked": (asked(1),)}, 0, FIRST_LOOK),
        ({"asked": (asked(1),), "holders": ("team_b",)}, 1000, timedelta(0)),
        ({"facts": dispute(1, OPEN)}, 0, LAST_LOOK),
    ],
)
def test_a_paid_purchase_is_looked_at_again_for_what_it_waits_for(
    buyer: Buyer, more: dict[str, Any], spent: int, wait: timedelta | None
) -> None:
    if spent:
        buyer.spend(spent)
    buyer.row = replace(buyer.row, **more)

    buyer.hear(refund(500))

    assert buyer.row.due_at == (NOON + wait if wait is not None else None)
