"""Transfers: nothing is gained, lost, or lives longer; both wallets' books hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import Frozen, InsufficientCredits, Refusal, Unprocessable, WalletFull
from chalicelib.domain.expiry import book_end
from chalicelib.domain.freezing import freeze
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import LARGEST_INTEGER, Entry
from chalicelib.domain.lots import LotId, Origin, Source
from chalicelib.domain.notices import give_notice
from chalicelib.domain.plan_changes import book_steps, set_plan
from chalicelib.domain.transfers import MOST_LOTS, Holder, Moved, Order, transfer
from chalicelib.domain.wallet import Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, stamp

YEAR = NOON + 365 * DAY
BOUGHT = Grant(kind="purchase", credits=1000, source=Source.PURCHASE, expires_at=YEAR, purchase_id="pur_1")
PROMO = Grant(credits=100, source=Source.PROMO, expires_at=NOON + 10 * DAY, priority=10)


class Team:
    """Wallets with their histories, between which credits move."""

    def __init__(self) -> None:
        self.now: datetime = NOON
        self.wallets: dict[str, Wallet] = {}
        self.entries: dict[str, list[Entry]] = {}

    def wallet(self, wallet_id: str) -> Wallet:
        return self.wallets.get(wallet_id, Wallet(wallet_id=wallet_id))

    def take(self, decision: Decision) -> None:
        self.wallets[decision.wallet.wallet_id] = decision.wallet
        self.entries.setdefault(decision.wallet.wallet_id, []).append(decision.entry)

    def give(self, wallet_id: str, *grants: Grant) -> None:
        for each in grants:
            self.take(grant(self.wallet(wallet_id), each, CATALOG, stamp(self.now)))

    def move(self, sender: str, receiver: str, credits: int, **more: Any) -> Moved:
        order = Order(from_wallet_id=sender, to_wallet_id=receiver, credits=credits, note=more.get("note"))
        catalog = more.get("catalog", CATALOG)
        moved = transfer(self.wallet(sender), self.wallet(receiver), order, catalog, stamp(self.now))
        self.take(moved.sent)
        self.take(moved.received)
        return moved

    def check(self) -> None:
        for wallet_id, wallet in self.wallets.items():
            assert list(audit.faults(wallet, self.entries[wallet_id])) == []


@pytest.fixture
def team() -> Team:
    team = Team()
    team.give("acct_a", BOUGHT, PROMO)
    return team


def test_credits_move_lot_by_lot_in_burn_order_with_all_that_they_are(team: Team) -> None:
    moved = team.move("acct_a", "team_b", 150, note="for the build")

    out, into = moved.sent.entry.facts, moved.received.entry.facts
    assert (out["kind"], out["credits"], out["available_after"]) == ("transfer_out", -150, 950)
    assert out["draws"] == [{"lot_id": "lot_2", "credits": -100}, {"lot_id": "lot_1", "credits": -50}]
    assert (out["to_wallet_id"], out["to_entry_id"]) == ("team_b", "team_b:1")
    assert (into["kind"], into["credits"], into["available_after"]) == ("transfer_in", 150, 150)
    assert into["from_entry_id"] == "acct_a:3"
    first, second = team.wallets["team_b"].lots
    assert (first.id, first.free, first.source, first.priority) == (LotId(1, 0), 100, Source.PROMO, 10)
    assert (first.expires_at, first.granted_at, first.origin) == (PROMO.expires_at, NOON, Origin("acct_a", LotId(2)))
    assert (second.id, second.free, second.purchase_id) == (LotId(1, 1), 50, "pur_1")
    assert moved.sent.entry.at == moved.received.entry.at
    assert all(each.entry.private and each.entry.private.fields["note"] for each in (moved.sent, moved.received))
    team.check()


def test_both_entries_bear_a_time_not_before_the_last_of_either(team: Team) -> None:
    team.now = NOON + DAY
    team.give("team_b", PROMO)
    team.now = NOON

    moved = team.move("acct_a", "team_b", 1)

    assert moved.sent.entry.at == moved.received.entry.at == NOON + DAY
    team.check()


def test_a_lot_that_moves_on_still_names_where_it_first_came_from(team: Team) -> None:
    team.give("acct_c", replace(PROMO, expires_at=None))
    team.move("acct_a", "team_b", 500)
    moved = team.move("team_b", "acct_c", 300)

    origins = {lot.origin for lot in team.wallets["acct_c"].lots if lot.origin}
    assert origins == {Origin("acct_a", LotId(1)), Origin("acct_a", LotId(2))}
    assert moved.holders == (Holder("acct_a", "pur_1", "acct_c"),)
    team.check()


def test_only_other_wallets_are_holders_of_a_purchase(team: Team) -> None:
    moved = team.move("acct_a", "team_b", 400)
    assert moved.holders == (Holder("acct_a", "pur_1", "team_b"),)
    assert team.move("team_b", "acct_a", 300).holders == ()
    assert team.move("acct_a", "team_b", 500).holders == (Holder("acct_a", "pur_1", "team_b"),)
    team.check()


def test_credits_that_nobody_paid_for_have_no_holders(team: Team) -> None:
    assert team.move("acct_a", "team_b", 100).holders == ()


def test_a_transfer_pays_the_receivers_debt_first(team: Team) -> None:
    team.give("team_b", replace(PROMO, credits=1))
    team.wallets["team_b"] = replace(team.wallets["team_b"], debt=120)

    moved = team.move("acct_a", "team_b", 150)

    facts = moved.received.entry.facts
    assert (facts["paid_to_debt"], facts["credits"]) == (120, 30)
    assert [lot["granted"] for lot in facts["lots"]] == [100, 50]
    assert facts["draws"] == [{"lot_id": "lot_2.1", "credits": 30}]
    assert team.wallets["team_b"].debt == 0
    assert team.wallets["team_b"].available(NOON) == 31


# Ends


def test_a_transfer_records_the_notice_that_a_lot_lacks(team: Team) -> None:
    moved = team.move("acct_a", "team_b", 150)

    bought = team.wallets["team_b"].lots[1]
    assert (bought.noticed_at, bought.ends_at) == (NOON, YEAR)
    assert [lot.get("noticed_at") for lot in moved.received.entry.facts["lots"]] == [None, "2026-11-22T12:00:00.000Z"]
    assert moved.received.messages == ()  # reminders come 30 and 7 days ahead, as they would have for the buyer
    team.check()


@pytest.mark.parametrize("days", [300, 335, 358, 362, 400, 800])
def test_a_lot_never_ends_later_than_at_its_source(team: Team, days: int) -> None:
    team.now = NOON + days * DAY
    team.move("acct_a", "team_b", 400)
    team.now += timedelta(minutes=1)
    told = give_notice(team.wallet("acct_a"), CATALOG, stamp(max(team.now, YEAR - 7 * DAY)))
    assert told
    team.take(told)

    there = team.wallets["team_b"].lots[0].ends_at
    here = next(lot.ends_at for lot in told.wallet.lots if lot.id == LotId(1))
    assert there
    assert here
    assert there <= here
    team.check()


def test_a_notice_that_was_given_moves_along(team: Team) -> None:
    team.now = YEAR - 3 * DAY
    told = give_notice(team.wallet("acct_a"), CATALOG, stamp(team.now))
    assert told
    team.take(told)

    moved = team.move("acct_a", "team_b", 400)

    assert moved.received.messages == ()
    assert team.wallets["team_b"].lots[0].ends_at == YEAR + 4 * DAY
    assert give_notice(team.wallet("team_b"), CATALOG, stamp(YEAR)) is None
    team.check()


def test_the_receiver_is_reminded_as_the_buyer_would_be(team: Team) -> None:
    team.move("acct_a", "team_b", 400)
    lines = []
    for day in range(400):
        team.now = NOON + day * DAY
        while told := give_notice(team.wallet("team_b"), CATALOG, stamp(team.now)):
            team.take(told)
            lines.append((day, told.messages[0].facts["days"]))

    assert lines == [(335, 30), (358, 7)]
    assert team.wallets["team_b"].lots[1].ends_at == YEAR
    ended = book_end(team.wallet("team_b"), CATALOG, stamp(YEAR))
    assert ended
    team.take(ended)
    team.check()


def test_a_plan_lot_that_was_sent_does_not_roll_over_at_the_receiver() -> None:
    team = Team()
    for name in ("acct_a", "team_b"):
        team.take(set_plan(team.wallet(name), "pro", CATALOG, stamp()))
    team.move("acct_a", "team_b", 50)
    team.now = NOON + 31 * DAY

    turned = book_steps(team.wallet("team_b"), CATALOG, stamp(team.now))

    assert turned
    assert turned.entry.facts["granted"] == 80  # 50, and 30 of its own 50: none of the 50 that came
    team.take(turned)
    team.check()


# Refusals


def refusing(team: Team, error: type[Refusal], sender: str, receiver: str, credits: int, **more: Any) -> Refusal:
    before = dict(team.wallets)
    with pytest.raises(error) as refused:
        team.move(sender, receiver, credits, **more)
    assert team.wallets == before
    return refused.value


def test_to_oneself_is_refused(team: Team) -> None:
    refusing(team, Unprocessable, "acct_a", "acct_a", 1)


def test_more_than_is_available_is_refused(team: Team) -> None:
    team.wallets["acct_a"] = replace(team.wallets["acct_a"], debt=100)
    refused = refusing(team, InsufficientCredits, "acct_a", "team_b", 1001)
    assert isinstance(refused, InsufficientCredits)
    assert (refused.required, refused.available) == (1001, 1000)


@pytest.mark.parametrize("which", ["acct_a", "team_b"])
def test_from_and_to_a_frozen_wallet_is_refused(team: Team, which: str) -> None:
    team.give("team_b", PROMO)
    team.take(freeze(team.wallet(which), frozen=True, reason="odd", catalog=CATALOG, stamp=stamp()))
    refusing(team, Frozen, "acct_a", "team_b", 1)


def test_more_than_twenty_lots_are_refused(team: Team) -> None:
    team.give("acct_c", *[replace(PROMO, credits=1)] * 21)
    refusing(team, Unprocessable, "acct_c", "team_b", 21)
    assert len(team.move("acct_c", "team_b", MOST_LOTS).received.wallet.lots) == 20
    team.check()


def test_a_receiver_without_room_for_the_lots_is_refused(team: Team) -> None:
    team.give("team_b", *[replace(PROMO, credits=1)] * 99)
    refusing(team, WalletFull, "acct_a", "team_b", 101)
    team.move("acct_a", "team_b", 100)


def test_more_than_can_be_counted_is_refused(team: Team) -> None:
    team.give("team_b", replace(PROMO, credits=LARGEST_INTEGER))
    refusing(team, Unprocessable, "acct_a", "team_b", 1)


def test_bought_credits_may_have_to_wait(team: Team) -> None:
    later = replace(CATALOG, transfer_after_days=14)
    refusing(team, Unprocessable, "acct_a", "team_b", 101, catalog=later)
    team.move("acct_a", "team_b", 100, catalog=later)
    team.now = NOON + 14 * DAY - timedelta(seconds=1)
    refusing(team, Unprocessable, "acct_a", "team_b", 1, catalog=later)
    team.now = NOON + 14 * DAY
    team.move("acct_a", "team_b", 1000, catalog=later)
    team.check()
