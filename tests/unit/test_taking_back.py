"""Taking back: what became of a payment's money is asked afresh, and credits follow it, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.errors import Busy
from chalicelib.domain.purchases import LAST_LOOK, Status
from chalicelib.services.fulfilling import NotYetKnown, Outcome
from chalicelib.services.ports import LostRace, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.taking_back import bring_home
from tests.builders import DAY, NOON, stamp
from tests.paid import Desk


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.fulfilled()
    desk.calls.clear()
    return desk


def test_a_refund_is_heard_of_once_however_often_it_is_told(desk: Desk) -> None:
    desk.refund(250)

    assert [desk.taken() for _ in range(3)] == [Outcome.SETTLED, Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert desk.calls.count("commit") == 1
    assert desk.stands() == (750, 0, 0)
    assert desk.row.revoked == 250
    desk.check()


def test_a_dispute_from_its_opening_to_its_end(desk: Desk) -> None:
    dispute_id = desk.dispute()
    assert desk.taken() is Outcome.SETTLED
    assert desk.stands() == (0, 1000, 0)
    desk.close(dispute_id, "won")
    assert desk.taken() is Outcome.SETTLED
    assert desk.stands() == (1000, 0, 0)
    desk.check()


def test_a_refund_that_the_bank_sends_back_restores(desk: Desk) -> None:
    refund_id = desk.refund(250)
    desk.taken()
    desk.control(f"refunds/{refund_id}/fail", {})

    assert desk.taken() is Outcome.SETTLED
    assert desk.stands() == (1000, 0, 0)
    desk.check()


def test_the_payment_of_another_program_is_ignored(desk: Desk) -> None:
    session_id = desk.foreign_session()
    paid = desk.control(f"sessions/{session_id}/pay", {"method": "card"})

    assert desk.taken(paid["payment_intent"]) is Outcome.IGNORED
    assert "commit" not in desk.calls


def test_a_purchase_whose_row_is_not_there_should_be_told_again(desk: Desk) -> None:
    desk.refund(250)
    desk.store.purchases.clear()

    with pytest.raises(NotYetKnown):
        desk.taken()


def test_money_that_went_back_before_it_was_known_to_be_paid_is_settled_at_once() -> None:
    desk = Desk()
    desk.refund(250)

    assert desk.taken() is Outcome.SETTLED
    assert desk.kinds() == ["purchase", "revocation"]
    assert (desk.calls.count("commit"), desk.row.status, desk.row.revoked) == (2, Status.PAID, 250)  # one bought
    assert desk.fulfilled() is Outcome.UNCHANGED
    assert desk.taken() is Outcome.UNCHANGED
    desk.check()


def test_the_session_on_the_row_is_asked_where_stripe_does_not_say_which(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.refund(250)
    monkeypatch.setattr(desk.payments, "session_of", lambda _payment_id: None)

    assert desk.taken() is Outcome.SETTLED
    assert desk.stands() == (750, 0, 0)


def test_without_any_session_it_should_be_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.refund(250)
    desk.row = replace(desk.row, session_id=None)
    monkeypatch.setattr(desk.payments, "session_of", lambda _payment_id: None)

    with pytest.raises(NotYetKnown):
        desk.taken()


def test_a_payment_that_does_not_fit_is_kept_aside_with_its_money(desk: Desk) -> None:
    other = Desk()
    other.refund(250)
    other.row = replace(other.row, price=other.row.price * 2)

    assert other.taken() is Outcome.QUARANTINED
    assert [odd.reason for odd in other.store.oddities.values()] == ["amount: 1000 is not 2000"]
    assert other.store.wallet("acct_a").seq == 0


def test_money_of_another_payment_for_the_same_purchase_is_kept_aside(desk: Desk) -> None:
    desk.refund(250)
    desk.row = replace(desk.row, payment_id="pi_other")

    assert desk.taken() is Outcome.QUARANTINED
    (odd,) = desk.store.oddities.values()
    assert odd.reason == "money went back for a payment that is not the purchase's"
    assert (odd.event_id, odd.wallet_id, odd.purchase_id) == ("evt_1", "acct_a", desk.row.purchase_id)
    assert desk.stands() == (1000, 0, 0)


# Trouble


@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["wallet_and_purchase", "commit"])
def test_trouble_with_the_store_is_tried_again(desk: Desk, call: str, when: str, trouble: Exception) -> None:
    desk.refund(250)
    desk.fail(call, when, [trouble] * 2)

    assert desk.taken() in (Outcome.SETTLED, Outcome.UNCHANGED)
    assert desk.kinds() == ["purchase", "revocation"]
    desk.check()


def test_patience_ends(desk: Desk) -> None:
    desk.refund(250)
    desk.fail("commit", "before", [LostRace()] * 1000)

    with pytest.raises(Busy):
        desk.taken()
    assert desk.stands() == (1000, 0, 0)


@pytest.mark.parametrize("call", ["money_back", "session_of"])
def test_without_an_answer_from_stripe_it_should_be_told_again(call: str) -> None:
    desk = Desk()
    desk.refund(250)
    desk.fail(call, "before", [PaymentsFailed("down")])

    with pytest.raises(PaymentsFailed):
        desk.taken()
    assert desk.taken() is Outcome.SETTLED


# What was sent away


def test_what_was_sent_away_comes_home_with_the_news(desk: Desk) -> None:
    desk.move("acct_a", "team_b", 600)
    desk.refund(700)

    assert desk.taken() is Outcome.SETTLED

    assert (desk.stands(), desk.stands("team_b")) == ((0, 0, 0), (300, 0, 0))
    assert (desk.row.owed, desk.due_at()) == (0, None)
    assert desk.kinds("team_b") == ["transfer_in", "recall"]
    desk.check()


def test_it_comes_home_through_several_wallets(desk: Desk) -> None:
    desk.move("acct_a", "team_b", 600)
    desk.move("team_b", "acct_c", 250)
    desk.refund(1000)
    desk.taken()

    assert [desk.stands(name) for name in ("acct_a", "team_b", "acct_c")] == [(0, 0, 0)] * 3
    desk.check()


def test_what_is_spent_there_is_looked_for_again_until_nobody_owes(desk: Desk) -> None:
    desk.move("acct_a", "team_b", 600)
    desk.spend("team_b", 600)
    desk.refund(1000)
    desk.taken()
    assert (desk.stands(), desk.row.owed) == ((0, 0, 600), 600)
    assert (desk.due_at() or NOON) > desk.clock

    desk.clock = NOON + 2 * DAY
    assert desk.sweep().answer()["recalled"] == 0
    assert (desk.due_at() or NOON) > desk.clock
    desk.give(600)
    desk.clock = NOON + 4 * DAY
    desk.sweep()

    assert (desk.due_at(), desk.stands()) == (None, (0, 0, 0))
    desk.check()


def test_news_that_change_nothing_bring_home_what_came_free_there(desk: Desk) -> None:
    desk.move("acct_a", "team_b", 600)
    desk.refund(700)
    desk.fail("two_wallets", "before", [Throttled()] * 1000)
    with pytest.raises(Busy):
        desk.taken()
    assert (desk.stands(), desk.due_at()) == ((0, 0, 300), desk.clock)
    desk.fail("two_wallets", "before", [])

    assert desk.taken() is Outcome.UNCHANGED
    assert desk.stands() == (0, 0, 0)
    desk.check()


def test_the_sweeper_recalls_what_a_crash_left_behind(desk: Desk) -> None:
    desk.move("acct_a", "team_b", 600)
    desk.refund(700)
    desk.fail("two_wallets", "before", [RuntimeError("killed")])
    with pytest.raises(RuntimeError):
        desk.taken()

    assert desk.sweep().answer()["recalled"] == 300
    assert (desk.stands(), desk.due_at()) == ((0, 0, 0), None)
    desk.check()


@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()])
@pytest.mark.parametrize(
    ("call", "when"),
    [("two_wallets", "before"), ("commit", "before"), ("commit", "after"), ("put_off_purchase", "before")],
)
def test_trouble_while_recalling_recalls_once(desk: Desk, call: str, when: str, trouble: Exception) -> None:
    desk.move("acct_a", "team_b", 600)
    desk.refund(700)
    desk.fail("two_wallets", "after", [RuntimeError("killed")])
    with pytest.raises(RuntimeError):
        desk.taken()
    desk.fail(call, when, [trouble] * 2)

    bring_home(desk.shop, "acct_a", desk.row.purchase_id, stamp=stamp(desk.clock))

    assert (desk.stands(), desk.stands("team_b")) == ((0, 0, 0), (300, 0, 0))
    assert desk.kinds("team_b") == ["transfer_in", "recall"]
    desk.check()


def test_nobody_is_asked_for_an_unknown_purchase(desk: Desk) -> None:
    assert bring_home(desk.shop, "acct_a", "pur_gone", stamp=stamp()) == 0
    assert desk.calls == ["purchase", "purchase", "wallet"]


def test_a_purchase_that_vanishes_between_two_looks_recalls_nothing(desk: Desk) -> None:
    desk.move("acct_a", "team_b", 600)

    def vanish(name: str, when: str) -> None:
        if (name, when) == ("purchase", "after"):
            desk.store.purchases.clear()

    desk.strike = vanish

    assert bring_home(desk.shop, "acct_a", desk.row.purchase_id, stamp=stamp()) == 0


def test_when_to_look_again_is_noted_patiently_but_not_for_ever(desk: Desk) -> None:
    desk.row = replace(desk.row, due_at=NOON)
    desk.fail("put_off_purchase", "before", [LostRace()] * 1000)

    with pytest.raises(Busy):
        bring_home(desk.shop, "acct_a", desk.row.purchase_id, stamp=stamp())


def test_an_open_dispute_is_asked_about_until_it_ends(desk: Desk) -> None:
    dispute_id = desk.dispute()
    desk.taken()
    assert desk.due_at() == NOON + LAST_LOOK
    desk.clock = NOON + DAY
    assert desk.sweep().answer()["settled"] == 0
    assert desk.due_at() == NOON + 1.5 * DAY
    desk.close(dispute_id, "lost")
    desk.clock = NOON + 3 * DAY

    assert desk.sweep().answer()["settled"] == 1
    assert (desk.due_at(), desk.row.revoked, desk.stands()) == (None, 1000, (0, 0, 0))
    desk.check()
