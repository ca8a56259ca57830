"""Recalls: credits that were sent away come home as far as they are free and owed; both books hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain import audit, folding
from chalicelib.domain.days import Flow
from chalicelib.domain.freezing import freeze
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.holding import Wish, place, release
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.moneyback import MoneyFacts, Refund, RefundState
from chalicelib.domain.recalls import Recalled, recall
from chalicelib.domain.revoking import still_owed
from chalicelib.domain.settling import Settlement, settle, settle_facts
from chalicelib.domain.transfers import Order, transfer
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import OPEN_LOTS, Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, payment, purchase, stamp

GIFT = Grant(credits=1, source=Source.PROMO)


class Family:
    """A buyer of 1,000 credits for 1,000 minor units, and other wallets, with their histories."""

    def __init__(self) -> None:
        self.now: datetime = NOON
        self.row = purchase()
        self.wallets: dict[str, Wallet] = {}
        self.entries: dict[str, list[Entry]] = {}
        self.settled(settle(self["acct_a"], self.row, payment(), CATALOG, live=False, stamp=stamp()))

    def __getitem__(self, wallet_id: str) -> Wallet:
        return self.wallets.get(wallet_id, Wallet(wallet_id=wallet_id))

    def take(self, *decisions: Decision) -> None:
        for each in decisions:
            assert each.before == self[each.wallet.wallet_id]
            self.wallets[each.wallet.wallet_id] = each.wallet
            self.entries.setdefault(each.wallet.wallet_id, []).append(each.entry)

    def settled(self, settlement: Settlement | None) -> None:
        assert settlement
        self.row = settlement.purchase
        self.take(*settlement.decisions)

    def move(self, sender: str, receiver: str, credits: int) -> None:
        order = Order(from_wallet_id=sender, to_wallet_id=receiver, credits=credits)
        moved = transfer(self[sender], self[receiver], order, CATALOG, stamp(self.now))
        self.take(moved.sent, moved.received)
        names = {*self.row.holders, *(each.wallet_id for each in moved.holders)}
        self.row = replace(self.row, holders=tuple(sorted(names)))

    def give(self, wallet_id: str, wanted: Grant) -> None:
        self.take(grant(self[wallet_id], wanted, CATALOG, stamp(self.now)))

    def spend(self, wallet_id: str, credits: int) -> None:
        use = Use(wallet_id=wallet_id, meter="extra", quantity=3 * credits)
        self.take(decide(self[wallet_id], use, CATALOG, stamp(self.now)))

    def refund(self, amount_minor: int, state: RefundState = RefundState.GIVEN) -> None:
        facts = MoneyFacts(refunds={f"re_{amount_minor}": Refund(amount_minor, state)})
        self.settled(settle_facts(self["acct_a"], self.row, facts, CATALOG, stamp(self.now)))

    def recall(self, holder: str = "team_b") -> Recalled | None:
        found = recall(self[holder], self["acct_a"], self.row, CATALOG, stamp(self.now))
        if found:
            assert found.purchase.version == self.row.version + 1
            self.row = found.purchase
            self.take(found.given, found.taken)
        return found

    @property
    def worth(self) -> int:
        return sum(wallet.left - wallet.debt for wallet in self.wallets.values())

    def check(self) -> None:
        for wallet_id, wallet in self.wallets.items():
            assert list(audit.faults(wallet, self.entries[wallet_id])) == []


@pytest.fixture
def family() -> Family:
    family = Family()
    family.move("acct_a", "team_b", 600)
    return family


def test_what_is_free_and_owed_comes_home_and_pays_the_debt(family: Family) -> None:
    family.refund(700)
    assert (family["acct_a"].debt, family.row.owed) == (300, 300)
    worth = family.worth

    found = family.recall()

    assert found
    out, into = found.given.entry.facts, found.taken.entry.facts
    assert (out["kind"], out["credits"], out["draws"]) == ("recall", -300, [{"lot_id": "lot_1", "credits": -300}])
    assert (out["recalled"], out["to_wallet_id"], out["to_entry_id"]) == (300, "acct_a", "acct_a:4")
    assert (into["kind"], into["credits"], into["draws"]) == ("recall", 0, [])
    assert (into["received"], into["paid_to_debt"]) == (300, 300)
    assert (into["from_wallet_id"], into["from_entry_id"]) == ("team_b", "team_b:2")
    assert out["purchase_id"] == into["purchase_id"] == family.row.purchase_id
    assert (family["acct_a"].debt, family.row.owed, family["team_b"].available(NOON)) == (0, 0, 300)
    assert family.worth == worth, "nothing is gained or lost"
    family.check()


def test_a_second_recall_finds_nothing(family: Family) -> None:
    family.refund(700)
    family.recall()

    assert family.recall() is None


def test_the_statement_has_a_column_for_what_was_recalled(family: Family) -> None:
    family.refund(700)
    family.recall()

    assert folding.total_flows(family.entries["team_b"])[Flow.RECALLED] == 300
    home = folding.total_flows(family.entries["acct_a"])
    assert (home[Flow.RECEIVED], home[Flow.PAID_TO_DEBT], home[Flow.REVOKED]) == (300, 300, 400)


def test_nothing_is_recalled_where_the_home_lot_covers_it(family: Family) -> None:
    family.refund(400)

    assert (family.row.revoked, family.row.owed, family.recall()) == (400, 0, None)
    assert family["team_b"].available(NOON) == 600


def test_nothing_is_recalled_once_the_debt_was_paid_otherwise(family: Family) -> None:
    family.refund(700)
    family.give("acct_a", replace(GIFT, credits=300))

    assert family.recall() is None
    assert family["team_b"].available(NOON) == 600


def test_only_the_rest_of_the_debt_is_recalled(family: Family) -> None:
    family.refund(700)
    family.give("acct_a", replace(GIFT, credits=100))

    found = family.recall()

    assert found
    assert found.given.entry.facts["recalled"] == 200
    assert (family["acct_a"].debt, family.row.owed) == (0, 0)
    family.check()


def test_what_the_holder_spent_stays_owed(family: Family) -> None:
    family.spend("team_b", 500)
    family.refund(700)
    family.recall()

    assert (family["acct_a"].debt, family.row.owed, family["team_b"].left) == (200, 200, 0)
    assert family.recall() is None
    family.check()


def test_what_is_held_comes_home_when_it_is_released(family: Family) -> None:
    wish = Wish(wallet_id="team_b", ttl=timedelta(hours=5), credits=500)
    placed = place(family["team_b"], wish, CATALOG, stamp())
    family.take(placed)
    family.refund(700)
    family.recall()
    assert (family["acct_a"].debt, family["team_b"].held) == (200, 500)

    family.take(release(family["team_b"], placed.entry.facts["hold_id"], CATALOG, stamp()))
    found = family.recall()

    assert found
    assert found.given.entry.facts["recalled"] == 200
    assert (family["acct_a"].debt, family["team_b"].available(NOON)) == (0, 300)
    family.check()


def test_a_hold_that_lapses_by_then_rides_on_the_recall(family: Family) -> None:
    wish = Wish(wallet_id="team_b", ttl=timedelta(hours=5), credits=600)
    family.take(place(family["team_b"], wish, CATALOG, stamp()))
    family.refund(700)
    assert family.recall() is None
    family.now = NOON + timedelta(hours=5)

    found = family.recall()

    assert found
    assert found.given.entry.facts["also"][0]["kind"] == "lapse"
    assert family["acct_a"].debt == 0
    family.check()


@pytest.mark.parametrize("which", ["acct_a", "team_b"])
def test_a_frozen_wallet_is_no_obstacle(family: Family, which: str) -> None:
    family.take(freeze(family[which], frozen=True, reason="odd", catalog=CATALOG, stamp=stamp()))
    family.refund(700)

    assert family.recall()
    assert family["acct_a"].debt == 0
    family.check()


def test_a_full_wallet_is_no_obstacle(family: Family) -> None:
    family.take(place(family["acct_a"], Wish(wallet_id="acct_a", ttl=DAY, credits=10), CATALOG, stamp()))
    for _ in range(OPEN_LOTS - 1):
        family.give("acct_a", GIFT)
    family.refund(700)
    assert (len(family["acct_a"].lots), family["acct_a"].debt) == (OPEN_LOTS, 310)

    assert family.recall()
    assert family["acct_a"].debt == 0
    family.check()


def test_credits_that_were_sent_on_come_home_from_where_they_are(family: Family) -> None:
    family.move("team_b", "acct_c", 500)
    family.refund(1000)
    assert family.row.holders == ("acct_c", "team_b")
    worth = family.worth

    for holder in family.row.holders:
        assert family.recall(holder)

    assert (family["acct_a"].debt, family["team_b"].left, family["acct_c"].left) == (0, 0, 0)
    assert family.worth == worth == 0
    family.check()


def test_what_came_back_by_itself_is_taken_by_the_revocation(family: Family) -> None:
    family.move("team_b", "acct_a", 250)
    family.refund(1000)

    assert (family["acct_a"].debt, family.row.owed) == (350, 350)
    family.recall()
    assert family["acct_a"].debt == 0
    family.check()


def test_the_holders_other_credits_and_other_purchases_are_left_alone(family: Family) -> None:
    family.give("team_b", replace(GIFT, credits=70))
    family.give("team_b", Grant(kind="purchase", credits=80, source=Source.PURCHASE, purchase_id="pur_other"))
    family.spend("team_b", 600)
    family.refund(1000)

    assert family.recall() is None
    assert family["team_b"].available(NOON) == 150


def test_what_has_ended_there_does_not_come_home(family: Family) -> None:
    family.now = NOON + 365 * DAY
    assert family["team_b"].free(family.now) == 0
    family.refund(1000)

    assert family.recall() is None
    family.check()


def test_both_ends_bear_a_time_not_before_the_last_entry_of_either(family: Family) -> None:
    family.refund(1000)
    family.now = NOON + DAY
    family.give("team_b", GIFT)
    family.now = NOON

    found = family.recall()

    assert found
    assert found.given.entry.at == found.taken.entry.at == NOON + DAY
    family.check()


def test_a_restoration_after_a_recall_goes_to_the_buyer(family: Family) -> None:
    family.refund(1000)
    family.recall()
    family.refund(1000, RefundState.FAILED)

    assert (family["acct_a"].available(NOON), family["team_b"].available(NOON)) == (1000, 0)
    family.check()


def test_what_is_owed_for_another_purchase_is_not_asked_of_credits_whose_debt_was_paid() -> None:
    wallet = replace(Wallet(wallet_id="acct_a"), debt=300, debt_since=9)
    row = purchase(owed=600, owed_since=5)

    assert still_owed(wallet, row) == 0
    assert still_owed(wallet, replace(row, owed_since=9)) == 300
    assert still_owed(replace(wallet, debt=0, debt_since=None), row) == 0
