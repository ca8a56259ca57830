"""Explaining: worked examples of every kind of entry, in the words and sums that a customer reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.adjustments import adjust
from chalicelib.domain.arithmetic import evaluate
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.contacts import Contact, change_contact
from chalicelib.domain.errors import NotFound
from chalicelib.domain.expiry import book_end
from chalicelib.domain.explaining import STEPS, Explanation, explain
from chalicelib.domain.freezing import freeze
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.holding import Capture, Wish, capture, place, release
from chalicelib.domain.ledger import KINDS, Entry
from chalicelib.domain.lots import Lot, LotId, Source
from chalicelib.domain.moneyback import Dispute, DisputeState, MoneyFacts, Refund, RefundState
from chalicelib.domain.notices import give_notice
from chalicelib.domain.plan_changes import Standing, book_steps, follow, set_plan
from chalicelib.domain.recalls import recall
from chalicelib.domain.settling import settle, settle_facts
from chalicelib.domain.transfers import Moved, Order, transfer
from chalicelib.domain.usage import Use, decide, decide_all
from chalicelib.domain.wallet import Decision, Line, Tenure, Wallet, record
from chalicelib.services.explaining import explanation_of
from chalicelib.services.ports import Change, OutcomeUnknown, Page
from tests.builders import CATALOG, DAY, NOON, lot, payment, purchase, stamp
from tests.fakes import MemoryStore

EMPTY = Wallet(wallet_id="acct_a")
HOUR = timedelta(hours=1)
Said = list[tuple[str, str, int]]


def told(decision: Decision) -> Explanation:
    """Explain what a decision wrote; whatever is said, it comes to the entry."""
    explained = explain(decision.entry, decision.before)
    for step in explained.steps:
        assert evaluate(step.expression) == step.value, step
    assert explained.steps[-1].value == explained.credits == decision.entry.facts["credits"]
    assert explained.steps == explain(decision.entry).steps
    return explained


def said(decision: Decision) -> Said:
    """The steps, without the alerts that the entry set off."""
    return [
        (step.text, step.expression, step.value)
        for step in told(decision).steps
        if not step.text.startswith("With this entry")
    ]


def why(decision: Decision) -> list[tuple[str, int, str]]:
    return [(str(draw.lot_id), draw.credits, draw.because) for draw in told(decision).draws]


def holding(*lots: Lot, **more: Any) -> Wallet:
    return Wallet(wallet_id="acct_a", seq=20, last_at=NOON, lots=lots, **more)


def spend(wallet: Wallet, meter: str, quantity: int | None = None, now: datetime = NOON, **more: Any) -> Decision:
    return decide(wallet, Use(wallet_id="acct_a", meter=meter, quantity=quantity, **more), CATALOG, stamp(now))


def test_every_kind_of_entry_can_be_explained() -> None:
    assert set(STEPS) == set(KINDS)


# Grants


def test_a_purchase_brings_a_new_lot() -> None:
    row = purchase(bonus_credits=50)
    settled = settle(EMPTY, row, payment(), CATALOG, live=False, stamp=stamp())
    assert settled

    assert said(settled.decisions[0]) == [("The purchase brings 1,050 credits.", "1050", 1050)]
    assert why(settled.decisions[0]) == [("lot_1", 1050, "a new lot, to end on 22 November 2027")]


def test_a_grant_pays_debt_first() -> None:
    decision = grant(holding(debt=20), Grant(credits=50, source=Source.PROMO), CATALOG, stamp())

    assert said(decision) == [
        ("The grant brings 50 credits.", "50", 50),
        ("The debt takes 20 credits first, which leaves 30 credits free.", "50 - 20", 30),
    ]
    assert why(decision) == [("lot_21", 30, "a new lot, without an end")]


def test_a_grant_that_debt_takes_whole_fills_no_lot() -> None:
    decision = grant(holding(debt=20), Grant(credits=1, source=Source.PROMO), CATALOG, stamp())

    assert said(decision)[-1] == ("The debt takes 1 credit first, which leaves no credits free.", "1 - 1", 0)
    assert why(decision) == []


@pytest.mark.parametrize(
    ("credits", "steps", "draws"),
    [
        (40, [("The adjustment adds 40 credits.", "40", 40)], [("lot_21", 40, "a new lot, without an end")]),
        (
            -7,
            [("The adjustment takes 7 credits.", "0 - 5 - 2", -7)],
            [("lot_1", -5, "ends first, on 23 November 2026"), ("lot_2", -2, "the only lot left")],
        ),
    ],
)
def test_an_adjustment_adds_or_takes(credits: int, steps: Said, draws: Sequence[Any]) -> None:
    wallet = holding(lot(1, 5, days=1), lot(2, 50))

    decision = adjust(wallet, credits, reason="odd", catalog=CATALOG, stamp=stamp())

    assert (said(decision), why(decision)) == (steps, draws)


# Uses


def test_a_use_over_the_quota_states_the_price_of_the_total_and_the_difference() -> None:
    first = spend(holding(lot(1, 100)), "calls", 7)

    assert said(spend(first.wallet, "calls", 5)) == [
        ("Calls: 7 so far in this period, and 5 more.", "7 + 5", 12),
        (
            "The plan includes 10, and beyond that it takes 1 credit each. The quota takes 3.",
            "min(12, 10) - min(7, 10)",
            3,
        ),
        ("All 12 cost 2 credits.", "max(12 - 10, 0) * 1", 2),
        ("The 7 before cost no credits.", "max(7 - 10, 0) * 1", 0),
        ("So the use takes 2 credits.", "0 - 2", -2),
    ]


def test_a_rate_per_several_is_rounded_up_on_the_total() -> None:
    first = spend(holding(lot(1, 100)), "extra", 4)

    assert said(spend(first.wallet, "extra", 2))[2:] == [
        ("All 6 cost 2 credits.", "ceil(max(6 - 0, 0) * 1, 3)", 2),
        ("The 4 before cost 2 credits.", "ceil(max(4 - 0, 0) * 1, 3)", 2),
        ("So the use takes no credits.", "2 - 2", 0),
    ]


def test_a_use_without_limit_costs_nothing() -> None:
    assert said(spend(EMPTY, "notes", 1000)) == [
        ("Notes: 0 so far in this period, and 1,000 more.", "0 + 1000", 1000),
        ("The plan includes any number.", "0", 0),
        ("So the use takes no credits.", "0 - 0", 0),
    ]


def test_a_use_without_rate_is_within_the_quota() -> None:
    assert said(spend(EMPTY, "locked", 1))[1:] == [
        ("The plan includes 1, and more can't be paid for. The quota takes 1.", "min(1, 1) - min(0, 1)", 1),
        ("So the use takes no credits.", "0 - 0", 0),
    ]


def test_a_gauge_is_charged_on_its_highest_level() -> None:
    first = spend(holding(lot(1, 100)), "seats", set_to=3)

    assert said(spend(first.wallet, "seats", set_to=5)) == [
        ("Seats: 5 now, 3 at most so far in this period.", "max(3, 5)", 5),
        (
            "The plan includes 2, and beyond that it takes 10 credits each. The quota takes 0.",
            "min(5, 2) - min(3, 2)",
            0,
        ),
        ("All 5 cost 30 credits.", "max(5 - 2, 0) * 10", 30),
        ("The 3 before cost 10 credits.", "max(3 - 2, 0) * 10", 10),
        ("So the use takes 20 credits.", "10 - 30", -20),
    ]
    assert said(spend(first.wallet, "seats", set_to=1))[0] == (
        "Seats: 1 now, 3 at most so far in this period.",
        "max(3, 1)",
        3,
    )


def test_several_uses_are_each_priced_on_those_before_them() -> None:
    uses = [
        Use(wallet_id="acct_a", meter="calls", quantity=8),
        Use(wallet_id="acct_a", meter="seats", set_to=3),
        Use(wallet_id="acct_a", meter="calls", quantity=4),
        Use(wallet_id="acct_a", meter="seats", set_to=1),
        Use(wallet_id="acct_a", meter="notes", quantity=2),
    ]
    batch = decide_all(holding(lot(1, 100)), uses, CATALOG, stamp())
    assert batch.decision

    calls = "The plan includes 10, and beyond that it takes 1 credit each. This costs"
    seats = "The plan includes 2, and beyond that it takes 10 credits each. This costs"
    assert said(batch.decision) == [
        (
            f"Calls: 0 so far in this period, and 8 more. {calls} no credits.",
            "max(0 - 10, 0) * 1 - max(8 - 10, 0) * 1",
            0,
        ),
        (
            f"Seats: 3 now, 0 at most so far in this period. {seats} 10 credits.",
            "max(0 - 2, 0) * 10 - max(3 - 2, 0) * 10",
            -10,
        ),
        (
            f"Calls: 8 so far in this period, and 4 more. {calls} 2 credits.",
            "max(8 - 10, 0) * 1 - max(12 - 10, 0) * 1",
            -2,
        ),
        (
            f"Seats: 1 now, 3 at most so far in this period. {seats} no credits.",
            "max(3 - 2, 0) * 10 - max(3 - 2, 0) * 10",
            0,
        ),
        (
            "Notes: 0 so far in this period, and 2 more. The plan includes any number. This costs no credits.",
            "0 - 0",
            0,
        ),
        ("Together they take 12 credits.", "0 - 10 - 2", -12),
    ]


# Holds


def hold(wallet: Wallet, ttl: timedelta = HOUR, **wanted: Any) -> Decision:
    return place(wallet, Wish(wallet_id="acct_a", ttl=ttl, **wanted), CATALOG, stamp())


def take(wallet: Wallet, now: datetime = NOON, **what: Any) -> Decision:
    hold_id = wallet.holds[-1].hold_id
    return capture(wallet, Capture(wallet_id="acct_a", hold_id=hold_id, **what), CATALOG, stamp(now))


def test_a_hold_of_credits_sets_them_aside() -> None:
    decision = hold(holding(lot(1, 100)), credits=30, ttl=timedelta(seconds=90))

    text = "hold_21 sets 30 credits aside until 22 November 2026 at 12:01:30 UTC."
    assert said(decision) == [(text, "0 - 30", -30)]
    assert why(decision) == [("lot_1", -30, "the only lot")]


def test_a_hold_of_a_use_sets_its_price_aside() -> None:
    decision = hold(holding(lot(1, 100)), meter="calls", quantity=14)

    assert said(decision) == [
        ("Calls: 0 so far in this period, and 14 more.", "0 + 14", 14),
        (
            "The plan includes 10, and beyond that it takes 1 credit each. The quota takes 10.",
            "min(14, 10) - min(0, 10)",
            10,
        ),
        ("All 14 cost 4 credits.", "max(14 - 10, 0) * 1", 4),
        ("The 0 before cost no credits.", "max(0 - 10, 0) * 1", 0),
        ("hold_21 sets 4 credits aside until 22 November 2026 at 13:00 UTC.", "0 - 4", -4),
    ]


def test_a_capture_of_less_gives_the_rest_back_in_reverse() -> None:
    held = hold(holding(lot(1, 20, days=1), lot(2, 50)), credits=45).wallet

    decision = take(held, credits=8)

    assert said(decision) == [
        ("The capture takes 8 credits.", "8", 8),
        ("hold_21 had set 45 credits aside.", "45", 45),
        ("That gives 37 credits back.", "45 - 8", 37),
    ]
    last_first = "it was held from this lot; what was held last goes back first"
    assert why(decision) == [("lot_2", 25, last_first), ("lot_1", 12, last_first)]


def test_a_capture_of_more_takes_what_is_available() -> None:
    decision = take(hold(holding(lot(1, 20), lot(2, 50)), credits=30).wallet, credits=41)

    assert said(decision) == [
        ("The capture takes 41 credits.", "41", 41),
        ("hold_21 had set 30 credits aside.", "30", 30),
        ("What is available gives the 11 credits that it lacks.", "30 - 41", -11),
    ]
    assert why(decision) == [("lot_2", -11, "the only lot")]


def test_what_a_capture_gives_back_may_have_ended_or_pay_debt() -> None:
    held = hold(holding(lot(1, 20, days=0.02), lot(2, 50)), credits=45, ttl=DAY).wallet

    decision = take(replace(held, debt=5), NOON + HOUR, credits=8)

    assert said(decision)[-1] == (
        "The debt takes 5 credits first. Lots that have ended lose 12 credits. That gives 20 credits back.",
        "45 - 8 - 5 - 12",
        20,
    )
    assert why(decision) == [("lot_2", 20, "it was held from this lot")]


def test_a_capture_of_a_use_is_priced_on_what_was_used_before_the_hold() -> None:
    held = hold(spend(holding(lot(1, 100)), "calls", 7).wallet, meter="calls", quantity=10).wallet
    later = spend(held, "calls", 1).wallet

    assert said(take(later, quantity=4)) == [
        ("Calls: 7 so far in this period, and 4 more.", "7 + 4", 11),
        (
            "The plan includes 10, and beyond that it takes 1 credit each. The quota takes 3.",
            "min(11, 10) - min(7, 10)",
            3,
        ),
        ("All 11 cost 1 credit.", "max(11 - 10, 0) * 1", 1),
        ("The 7 before cost no credits.", "max(7 - 10, 0) * 1", 0),
        ("The capture takes 1 credit.", "1 - 0", 1),
        ("The count of calls goes down by 6.", "0 - 6", -6),
        ("hold_22 had set 7 credits aside.", "7", 7),
        ("That gives 6 credits back.", "7 - 1", 6),
    ]
    assert ("The count of calls goes up by 2.", "2", 2) in said(take(later, quantity=12))


def test_a_lease_pays_its_uses_one_after_the_other() -> None:
    held = hold(holding(lot(1, 100)), credits=20).wallet
    uses = tuple(Use(wallet_id="acct_a", meter="calls", quantity=each) for each in (8, 5))

    decision = take(held, uses=uses)

    assert said(decision)[1:] == [
        (
            "Calls: 8 so far in this period, and 5 more. The plan includes 10, and beyond that it takes 1 credit each."
            " This costs 3 credits.",
            "max(8 - 10, 0) * 1 - max(13 - 10, 0) * 1",
            -3,
        ),
        ("The capture takes 3 credits.", "0 + 3", 3),
        ("hold_21 had set 20 credits aside.", "20", 20),
        ("That gives 17 credits back.", "20 - 3", 17),
    ]


def test_a_release_gives_all_back_and_takes_the_count_back() -> None:
    held = hold(holding(lot(1, 100)), meter="calls", quantity=14).wallet

    decision = release(held, "hold_21", CATALOG, stamp())

    assert said(decision) == [
        ("hold_21 had set 4 credits aside and is released.", "4", 4),
        ("The count of calls goes down by 14.", "0 - 14", -14),
        ("That gives 4 credits back.", "4", 4),
    ]
    assert why(decision) == [("lot_1", 4, "it was held from this lot")]


def test_a_lapse_that_a_job_booked_is_an_entry_of_its_own() -> None:
    held = hold(holding(lot(1, 100)), credits=30).wallet

    decision = book_steps(held, CATALOG, stamp(NOON + HOUR))
    assert decision

    assert decision.entry.kind == "lapse"
    assert said(decision) == [
        ("hold_21 had set 30 credits aside and lapses.", "30", 30),
        ("That gives 30 credits back.", "30", 30),
    ]


def test_what_fell_due_before_comes_first_and_is_said_to_have() -> None:
    held = hold(holding(lot(1, 30)), credits=30).wallet

    decision = spend(held, "extra", 3, NOON + HOUR)

    assert said(decision)[:3] == [
        ("Due before: hold_21 had set 30 credits aside and lapses.", "30", 30),
        ("Due before: That gives 30 credits back.", "30", 30),
        ("Extra: 0 so far in this period, and 3 more.", "0 + 3", 3),
    ]
    assert why(decision) == [("lot_1", -1, "the only lot")]


# Ends, moves and money back


def test_an_expiry_takes_what_was_free() -> None:
    decision = book_end(holding(lot(1, 30, days=1)), CATALOG, stamp(NOON + DAY))
    assert decision

    assert said(decision) == [("lot_1 ended on 23 November 2026 and loses 30 credits.", "0 - 30", -30)]
    assert why(decision) == [("lot_1", -30, "it has ended")]


def send(sender: Wallet, receiver: Wallet, credits: int, catalog: Catalog = CATALOG, now: datetime = NOON) -> Moved:
    order = Order(from_wallet_id=sender.wallet_id, to_wallet_id=receiver.wallet_id, credits=credits)
    return transfer(sender, receiver, order, catalog, stamp(now))


def test_a_transfer_is_explained_at_both_ends() -> None:
    moved = send(holding(lot(1, 30, days=1), lot(2, 50)), Wallet(wallet_id="team_b", debt=35), 40)

    assert said(moved.sent) == [("The transfer sends 40 credits to team_b.", "0 - 30 - 10", -40)]
    assert why(moved.sent) == [
        ("lot_1", -30, "ends first, on 23 November 2026"),
        ("lot_2", -10, "the only lot left"),
    ]
    assert said(moved.received) == [
        ("The transfer brings 40 credits from acct_a.", "30 + 10", 40),
        ("The debt takes 35 credits first, which leaves 5 credits free.", "40 - 35", 5),
    ]
    assert why(moved.received) == [("lot_1.1", 5, "a lot of its own, which first was lot_2 of acct_a")]


def test_a_transfer_to_who_owes_nothing_is_free_there() -> None:
    moved = send(holding(lot(1, 30)), Wallet(wallet_id="team_b"), 30)

    assert said(moved.received) == [("The transfer brings 30 credits from acct_a.", "30", 30)]


def test_bought_credits_that_may_not_move_yet_are_passed_over() -> None:
    wallet = holding(lot(1, 30, days=1), lot(2, 50, source=Source.PROMO), lot(3, 9, source=Source.PROMO))

    decision = send(wallet, Wallet(wallet_id="team_b"), 51, replace(CATALOG, transfer_after_days=3)).sent

    assert why(decision) == [
        ("lot_2", -50, "lot_2 comes before lot_3, among those that may be transferred"),
        ("lot_3", -1, "the only lot left, among those that may be transferred"),
    ]


class Bought:
    """A purchase of 1,000 credits for 1,000 minor units, and its buyer."""

    def __init__(self, **more: Any) -> None:
        settled = settle(EMPTY, purchase(**more), payment(), CATALOG, live=False, stamp=stamp())
        assert settled
        self.row, self.wallet = settled.purchase, settled.decisions[-1].wallet

    def news(self, facts: MoneyFacts, now: datetime = NOON) -> Decision:
        settled = settle_facts(self.wallet, self.row, facts, CATALOG, stamp(now))
        assert settled
        self.row, decision = settled.purchase, settled.decisions[0]
        self.wallet = settled.decisions[-1].wallet
        return decision

    def refund(self, amount_minor: int, state: RefundState = RefundState.GIVEN, now: datetime = NOON) -> Decision:
        return self.news(MoneyFacts(refunds={"re_1": Refund(amount_minor, state)}), now)

    def dispute(self, state: DisputeState, now: datetime = NOON) -> Decision:
        return self.news(MoneyFacts(disputes={"dp_1": Dispute(1000, state)}), now)

    def use(self, credits: int) -> None:
        self.wallet = spend(self.wallet, "extra", 3 * credits).wallet


def test_a_revocation_takes_what_is_free_and_the_rest_is_debt() -> None:
    bought = Bought()
    bought.use(700)

    decision = bought.refund(500)

    assert said(decision) == [
        ("Money went back, which revokes 500 credits of the purchase.", "500", 500),
        ("The purchase's lots lack 200 credits: that is debt now.", "200", 200),
        ("What was free in the purchase's lots gives 300 credits.", "200 - 500", -300),
    ]
    assert why(decision) == [("lot_1", -300, "from the purchase whose money went back")]


def test_a_revocation_within_the_lot_leaves_no_debt() -> None:
    assert said(Bought().refund(333))[-1] == (
        "What was free in the purchase's lots gives 333 credits.",
        "0 - 333",
        -333,
    )


def test_a_lost_dispute_revokes_what_was_set_aside() -> None:
    bought = Bought()
    bought.use(400)
    opened = bought.dispute(DisputeState.OPEN)

    assert said(opened) == [("An open dispute sets 600 credits of the purchase aside.", "0 - 600", -600)]
    assert why(opened) == [("lot_1", -600, "from the purchase that is disputed")]
    assert said(bought.dispute(DisputeState.LOST)) == [
        ("Money went back, which revokes 1,000 credits of the purchase.", "1000", 1000),
        ("What was set aside gives 600 credits.", "600", 600),
        ("The purchase's lots lack 400 credits: that is debt now.", "400", 400),
        ("What was free in the purchase's lots gives no credits.", "600 + 400 - 1000", 0),
    ]


def test_a_dispute_that_is_won_gives_back_what_was_set_aside() -> None:
    bought = Bought()
    bought.dispute(DisputeState.OPEN)
    bought.wallet = replace(bought.wallet, debt=30)

    decision = bought.dispute(DisputeState.WON)

    assert said(decision) == [
        ("No dispute is open any more, which gives 1,000 credits back.", "1000", 1000),
        ("The debt takes 30 credits first. That leaves 970 credits free.", "1000 - 30", 970),
    ]
    assert why(decision) == [("lot_1", 970, "it was set aside in this lot")]


def test_what_was_set_aside_may_have_ended_meanwhile() -> None:
    bought = Bought(expires_after_days=3)
    bought.dispute(DisputeState.OPEN)

    assert said(bought.dispute(DisputeState.WON, NOON + 4 * DAY))[-1] == (
        "Lots that have ended lose 1,000 credits. That leaves no credits free.",
        "1000 - 1000",
        0,
    )


def test_a_restoration_pays_debt_first() -> None:
    bought = Bought()
    bought.use(800)
    bought.refund(500)

    decision = bought.refund(500, RefundState.FAILED)

    assert said(decision) == [
        ("The money didn't go back after all, which restores 500 credits.", "500", 500),
        ("The debt takes 300 credits first. That leaves 200 credits free.", "500 - 300", 200),
    ]
    assert why(decision) == [("lot_1", 200, "from the purchase whose money had gone back")]


def test_a_restoration_of_a_lot_that_has_ended_expires() -> None:
    bought = Bought(expires_after_days=3)
    bought.refund(500)

    assert said(bought.refund(500, RefundState.FAILED, NOON + 4 * DAY))[-1] == (
        "Lots that have ended lose 500 credits. That leaves no credits free.",
        "500 - 500",
        0,
    )


def test_a_recall_is_explained_at_both_ends() -> None:
    bought = Bought()
    moved = send(bought.wallet, Wallet(wallet_id="team_b"), 600)
    bought.wallet = moved.sent.wallet
    bought.refund(1000)

    found = recall(moved.received.wallet, bought.wallet, bought.row, CATALOG, stamp())
    assert found

    text = "The recall takes 600 credits home to acct_a, which owes them."
    assert said(found.given) == [(text, "0 - 600", -600)]
    assert why(found.given) == [("lot_1", -600, "from the purchase that is owed for")]
    assert said(found.taken) == [
        ("The recall brings 600 credits home from team_b.", "600", 600),
        ("The debt takes 600 credits first, which leaves no credits free.", "600 - 600", 0),
    ]
    assert why(found.taken) == []


# Plans, settings, notices


MONTH = "The plan {} runs from 22 December 2026 to 22 January 2027."


def test_a_change_of_plan_may_bring_credits() -> None:
    to_pro = set_plan(EMPTY, "pro", CATALOG, stamp())
    again = set_plan(replace(to_pro.wallet, plan=None), None, CATALOG, stamp())

    assert said(to_pro) == [
        ("The plan pro takes the place of the plan free.", "0", 0),
        ("The plan brings 50 credits.", "50", 50),
    ]
    assert why(to_pro) == [("lot_1", 50, "a new lot, to end on 22 December 2026")]
    assert said(set_plan(to_pro.wallet, None, CATALOG, stamp())) == [
        ("The plan free takes the place of the plan pro.", "0", 0)
    ]
    assert said(again) == [("The plan free stays; who set it changes, or its period.", "0", 0)]


def test_a_renewal_turns_the_period_and_brings_what_is_included() -> None:
    free, pro = spend(EMPTY, "notes", 1).wallet, set_plan(EMPTY, "pro", CATALOG, stamp()).wallet
    later = NOON + 31 * DAY

    plain, with_lot = book_steps(free, CATALOG, stamp(later)), book_steps(pro, CATALOG, stamp(later))
    assert plain
    assert with_lot

    assert said(plain) == [(MONTH.format("free"), "0", 0)]
    assert said(with_lot) == [
        (MONTH.format("pro"), "0", 0),
        ("The plan, with what rolled over, brings 80 credits.", "80", 80),
    ]
    assert why(with_lot) == [("lot_2.99", 80, "a new lot, to end on 22 January 2027")]


def test_a_lot_that_came_with_the_entry_is_known_to_it() -> None:
    pro = set_plan(EMPTY, "pro", CATALOG, stamp()).wallet
    bought = grant(pro, Grant(credits=9, source=Source.PURCHASE), CATALOG, stamp()).wallet

    decision = spend(bought, "extra", 3, NOON + 31 * DAY)

    assert [text for text, *_ in said(decision)][:2] == [
        f"Due before: {MONTH.format('pro')}",
        "Due before: The plan, with what rolled over, brings 80 credits.",
    ]
    assert why(decision) == [("lot_3.99", -1, "ends first, on 22 January 2027")]


def subscribed(*, is_ending: bool = False, is_paid: bool = True) -> Decision:
    start = NOON.replace(hour=0)
    tenure = Tenure(until=start + 30 * DAY, is_ending=is_ending, is_paid=is_paid)
    standing = Standing(plan_id="pro", anchor=start, period_start=start, tenure=tenure)
    decision = follow(EMPTY, standing, CATALOG, stamp())
    assert decision
    return decision


def test_a_month_that_nobody_paid_yet_brings_only_what_rolled_over() -> None:
    decision = book_steps(subscribed().wallet, CATALOG, stamp(datetime(2026, 12, 22, 12, tzinfo=UTC)))
    assert decision

    assert said(decision) == [
        (f"{MONTH.format('pro')} It isn't paid yet.", "0", 0),
        ("What rolled over brings 30 credits.", "30", 30),
    ]


def test_a_plan_that_is_over_is_followed_by_free() -> None:
    decision = book_steps(subscribed(is_ending=True).wallet, CATALOG, stamp(datetime(2026, 12, 22, tzinfo=UTC)))
    assert decision

    assert said(decision) == [("The time of the plan pro is over; the plan free follows.", "0", 0)]


def test_news_of_a_subscription_may_bring_the_included_credits_late() -> None:
    unpaid, start = subscribed(is_paid=False), NOON.replace(hour=0)
    tenure = Tenure(until=start + 30 * DAY)
    standing = Standing(plan_id="pro", anchor=start, period_start=start, tenure=tenure)

    decision = follow(unpaid.wallet, standing, CATALOG, stamp())
    assert decision

    assert decision.entry.kind == "renewal"
    assert said(decision) == [
        ("The plan pro runs from 22 November 2026 to 22 December 2026.", "0", 0),
        ("The plan, with what rolled over, brings 50 credits.", "50", 50),
    ]


def test_a_freeze_and_its_end_move_nothing() -> None:
    frozen = freeze(EMPTY, frozen=True, reason="odd", catalog=CATALOG, stamp=stamp())
    lifted = freeze(frozen.wallet, frozen=False, reason="odd", catalog=CATALOG, stamp=stamp())

    assert said(frozen) == [("The wallet is frozen. No credits move.", "0", 0)]
    assert said(lifted) == [("The wallet is not frozen any more. No credits move.", "0", 0)]


def test_settings_name_what_was_changed() -> None:
    before = Contact(wallet_id="acct_a")
    changed = change_contact(EMPTY, before, replace(before, email="a@x.org", locale="de"), CATALOG, stamp())
    assert changed

    assert said(changed.decision) == [("Settings change: notifications (email, locale). No credits move.", "0", 0)]


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (
            {"settings": "auto_topup", "auto_topup": {"enabled": True, "below": 500}},
            "The automatic top-up is on, below 500 credits.",
        ),
        ({"settings": "auto_topup", "auto_topup": {"enabled": False}}, "The automatic top-up is off."),
        ({"settings": "erasure", "erased_up_to": 12}, "What names persons is erased from the entries up to 12."),
        ({"settings": "colours"}, "Settings change: colours."),
    ],
)
def test_every_kind_of_settings_is_said(facts: dict[str, Any], text: str) -> None:
    decision = record(EMPTY, EMPTY, Line(kind="settings", credits=0, facts=facts), stamp())

    assert said(decision) == [(f"{text} No credits move.", "0", 0)]


def test_a_notice_names_the_lot_and_its_end() -> None:
    wallet = holding(lot(1, 30, days=20, noticed_at=None))

    decision = give_notice(wallet, CATALOG, stamp(NOON + 14 * DAY))
    assert decision

    assert said(decision) == [("The customer is told that lot_1 ends on 13 December 2026. No credits move.", "0", 0)]


def alerts(decision: Decision) -> list[str]:
    return [step.text for step in told(decision).steps if step.text.startswith("With this entry")]


def test_alerts_that_an_entry_set_off_are_said_before_its_own_steps() -> None:
    wallet = holding(lot(1, 100), last_purchase=100)
    over = spend(wallet, "calls", 14)
    held = hold(holding(lot(1, 400)), meter="calls", quantity=9).wallet
    below = spend(replace(holding(lot(1, 400)), topup_below=399), "extra", 9).wallet
    refunded = Bought()
    refunded.use(900)
    owed = refunded.refund(1000)
    paid = grant(owed.wallet, Grant(credits=2000, source=Source.PROMO), CATALOG, stamp())

    assert told(over).steps[0].text == "With this entry the balance is low and 100 % of the quota of calls is reached."
    assert alerts(release(held, "hold_21", CATALOG, stamp())) == [
        "With this entry the quota of calls is not nearly used up any more."
    ]
    assert alerts(owed) == ["With this entry there is debt and the balance is low."]
    assert alerts(paid) == ["With this entry there is no debt any more and the balance is not low any more."]
    assert below.latches == {"topup": 1}
    topped = grant(below, Grant(credits=9, source=Source.PROMO), CATALOG, stamp())
    assert alerts(topped) == ["With this entry the line of the automatic top-up is left."]


# Why this lot, in this order

GIFT: dict[str, Any] = {"source": Source.PROMO}
FIRST = {
    "priority 10 goes before 50": (lot(1, 5, priority=10), lot(2, 5, days=1)),
    "ends first, on 3 December 2026": (lot(1, 5, days=11), lot(2, 5, days=12, **GIFT)),
    "ends first, on 22 December 2026": (lot(1, 5, days=30), lot(2, 5)),
    "ends first, on 23 November 2026 at 12:00 UTC": (lot(1, 5, days=1), lot(2, 5, days=1.25)),
    "promo goes before bought": (lot(1, 5, **GIFT), lot(2, 5, granted_at=NOON - DAY)),
    "plan goes before bought": (lot(1, 5, source=Source.PLAN), lot(2, 5)),
    "granted earlier": (lot(2, 5, granted_at=NOON - DAY), lot(1, 5)),
    "lot_1 comes before lot_2": (lot(1, 5), lot(2, 5)),
    "lot_1.2 comes before lot_1.3": (lot(1, 5, id=LotId(1, 2), **GIFT), lot(1, 5, id=LotId(1, 3), source=Source.PLAN)),
    "the only lot": (lot(1, 5), lot(2, 0, set_aside=5)),
}


@pytest.mark.parametrize("because", FIRST)
@pytest.mark.parametrize("turned", [False, True])
def test_the_first_lot_is_compared_with_the_next(because: str, turned: bool) -> None:  # noqa: FBT001 - either way
    lots = FIRST[because]

    decision = hold(holding(*(reversed(lots) if turned else lots)), credits=1)

    assert why(decision) == [(str(lots[0].id), -1, because)]


def test_a_lot_whose_end_a_late_notice_put_off_was_to_end_first() -> None:
    late = lot(1, 5, days=1, noticed_at=NOON, granted_at=NOON - 30 * DAY)
    unnoticed = lot(2, 5, days=-1, noticed_at=None, granted_at=NOON - 30 * DAY)

    assert why(hold(holding(late, unnoticed, lot(3, 5, days=3)), credits=10)) == [
        ("lot_2", -5, "was to end first, on 21 November 2026"),
        ("lot_1", -5, "was to end first, on 23 November 2026"),
    ]


def test_every_draw_has_its_reason_in_order() -> None:
    lots = (lot(1, 5), lot(2, 5, **GIFT), lot(3, 5, days=2), lot(4, 5, priority=1), lot(5, 5, granted_at=NOON - DAY))

    assert why(hold(holding(*lots), credits=24)) == [
        ("lot_4", -5, "priority 1 goes before 50"),
        ("lot_3", -5, "ends first, on 24 November 2026"),
        ("lot_2", -5, "promo goes before bought"),
        ("lot_5", -5, "granted earlier"),
        ("lot_1", -4, "the only lot left"),
    ]


def test_without_what_stood_before_the_order_is_said_without_a_comparison() -> None:
    decision = hold(holding(lot(1, 5)), credits=5)

    (draw,) = explain(decision.entry).draws

    assert draw == (LotId(1), -5, "next in burn order")


# Reading


class Counting(MemoryStore):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.lags = False

    def entry(self, wallet_id: str, seq: int, *, consistent: bool = True) -> Entry | None:
        self.read.append("entry")
        return super().entry(wallet_id, seq) if consistent or not self.lags else None

    def snapshot(self, wallet_id: str, seq: int) -> Wallet | None:
        self.read.append("snapshot")
        return super().snapshot(wallet_id, seq)

    def history(self, wallet_id: str, *, kind: str | None, before: int, limit: int, consistent: bool = False) -> Page:
        assert limit < 100
        self.read.append("history")
        return super().history(wallet_id, kind=kind, before=before, limit=limit)


@pytest.fixture(scope="module")
def filled() -> Counting:
    """A wallet of 230 entries: a grant, then a use of one credit in each."""
    store = Counting()
    decision = grant(EMPTY, Grant(credits=500, source=Source.PROMO), CATALOG, stamp())
    store.commit(Change(decisions=[decision]))
    for _ in range(229):
        store.commit(Change(decisions=[spend(store.wallet("acct_a"), "extra", 3)]))
    return store


@pytest.mark.parametrize("seq", [1, 2, 99, 100, 101, 102, 200, 201, 230])
def test_any_entry_is_explained_with_few_reads(filled: Counting, seq: int) -> None:
    filled.read.clear()

    explained = explanation_of(filled, "acct_a", seq)

    assert (explained.seq, explained.credits) == (seq, -1 if seq > 1 else 500)
    assert [draw.because for draw in explained.draws] == ["the only lot" if seq > 1 else "a new lot, without an end"]
    assert len(filled.read) == len(set(filled.read)) <= 3


@pytest.mark.parametrize(("wallet_id", "seq"), [("acct_a", 231), ("acct_a", 10**12 - 1), ("acct_b", 1)])
def test_an_entry_that_there_is_not_is_not_found(filled: Counting, wallet_id: str, seq: int) -> None:
    filled.read.clear()

    with pytest.raises(NotFound):
        explanation_of(filled, wallet_id, seq)
    assert filled.read == ["entry", "entry"]


def test_an_entry_just_written_is_found_though_the_cheaper_read_lags(filled: Counting) -> None:
    filled.lags = True
    try:
        assert explanation_of(filled, "acct_a", 230).seq == 230
    finally:
        filled.lags = False


def test_a_missing_snapshot_is_no_answer(filled: Counting) -> None:
    bare = Counting()
    bare.entries = filled.entries

    with pytest.raises(OutcomeUnknown):
        explanation_of(bare, "acct_a", 150)


def test_an_explanation_is_plain_facts() -> None:
    explained = asdict(told(spend(holding(lot(1, 5)), "extra", 1)))

    assert explained.keys() == {"seq", "kind", "steps", "draws", "credits"}
    assert explained["steps"][-1] == {"text": "So the use takes 1 credit.", "expression": "0 - 1", "value": -1}
