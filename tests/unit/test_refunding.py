"""Refunds by an admin's word: one at Stripe for a key, whatever crashes, and the credits with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.errors import Busy, KeyReused, NotFound, PaymentsUnavailable, Unprocessable
from chalicelib.domain.purchases import FIRST_LOOK
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.once import Claim
from chalicelib.services.ports import LostRace, OutcomeUnknown, PaymentsFailed, PaymentsRefused, Throttled
from chalicelib.services.refunding import RefundOrder, make_refund, refund_purchase
from tests.builders import DAY, NOON, stamp
from tests.paid import Desk


class Office(Desk):
    """An admin at a desk where a purchase was paid."""

    def ask(
        self, key: str = "k1", *, amount: int | None = None, reason: str = "broken", name: str | None = None
    ) -> tuple[Mapping[str, Any], bool]:
        purchase_id = name or self.row.purchase_id
        order = RefundOrder(wallet_id="acct_a", purchase_id=purchase_id, reason=reason, amount_minor=amount)
        body = {"purchase_id": purchase_id, "amount_minor": amount, "reason": reason}
        claim = Claim.on("acct_a", f"refund:{key}", operation="refund", body=body)
        return refund_purchase(self.shop, order, claim, stamp=stamp(self.clock, actor="admin_1"))

    def made(self) -> list[tuple[int, str]]:
        """Say what was refunded at Stripe."""
        found = self.payments.money_back(self.payment_id)
        assert found
        return [(each.amount_minor, each.state.name) for each in found.facts.refunds.values()]


@pytest.fixture
def office() -> Office:
    office = Office()
    office.fulfilled()
    office.calls.clear()
    return office


def test_a_refund_gives_money_back_and_revokes_its_credits(office: Office) -> None:
    answer, replayed = office.ask(amount=250)

    assert not replayed
    assert {name: answer[name] for name in answer if name != "refund_id"} == {
        "purchase_id": office.row.purchase_id,
        "amount_minor": 250,
        "revoked": 250,
        "debt": 0,
    }
    assert str(answer["refund_id"]).startswith("re_")
    assert office.made() == [(250, "GIVEN")]
    assert office.stands() == (750, 0, 0)
    assert (office.row.revoked, office.row.asked) == (250, ())
    entry = office.store.history_of("acct_a")[-1]
    assert entry.private
    assert entry.private.fields == {"actor": "admin_1", "reason": "broken"}
    office.check()


def test_the_event_of_our_own_refund_changes_nothing(office: Office) -> None:
    office.ask(amount=250)

    assert office.taken() is Outcome.UNCHANGED
    assert office.kinds() == ["purchase", "revocation"]


def test_the_same_key_is_answered_the_same_and_makes_no_second_refund(office: Office) -> None:
    first, _ = office.ask(amount=250)
    office.spend("acct_a", 750)
    again, replayed = office.ask(amount=250)

    assert (again, replayed) == (first, True)
    assert office.made() == [(250, "GIVEN")]


def test_the_same_key_for_anything_else_is_refused(office: Office) -> None:
    office.ask(amount=250)

    with pytest.raises(KeyReused):
        office.ask(amount=251)
    assert office.made() == [(250, "GIVEN")]


def test_without_an_amount_all_that_is_left_goes_back(office: Office) -> None:
    office.ask(amount=250)
    answer, _ = office.ask("k2")

    assert (answer["amount_minor"], answer["revoked"]) == (750, 1000)
    assert office.stands() == (0, 0, 0)
    office.check()


def test_the_answer_tells_of_debt(office: Office) -> None:
    office.spend("acct_a", 900)
    answer, _ = office.ask()

    assert (answer["revoked"], answer["debt"]) == (1000, 900)
    office.check()


def test_credits_that_were_sent_away_come_home_with_the_refund(office: Office) -> None:
    office.move("acct_a", "team_b", 600)
    office.ask()

    assert (office.stands(), office.stands("team_b"), office.due_at()) == ((0, 0, 0), (0, 0, 0), None)
    office.check()


def test_while_credits_are_set_aside_the_refund_takes_those(office: Office) -> None:
    dispute_id = str(office.control(f"payment_intents/{office.payment_id}/dispute", {"amount": 100})["id"])
    office.taken()
    office.close(dispute_id, "won")
    office.ask(amount=250)

    assert office.stands() == (750, 0, 0)
    office.check()


# What is refused


def test_a_purchase_that_nobody_knows_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        office.ask(name="pur_gone")
    assert "refund" not in office.calls


def test_a_purchase_that_was_not_paid_is_not_refunded() -> None:
    office = Office()

    with pytest.raises(Unprocessable, match="not paid"):
        office.ask()
    assert "refund" not in office.calls
    assert not [key for _, key in office.store.spent if key.startswith("refund:")], "a refused command spends no key"


@pytest.mark.parametrize("amount", [1001, -1])
def test_more_than_is_left_is_not_refunded(office: Office, amount: int) -> None:
    with pytest.raises(Unprocessable, match="1000 are left"):
        office.ask(amount=amount)
    assert "refund" not in office.calls


def test_nothing_is_left_after_everything_went_back(office: Office) -> None:
    office.ask()

    with pytest.raises(Unprocessable, match="0 are left"):
        office.ask("k2")


def test_what_stripe_refuses_is_told_and_forgotten(office: Office) -> None:
    office.dispute()
    before = office.row

    with pytest.raises(Unprocessable, match="charge_disputed"):
        office.ask(amount=250)

    assert (office.row.asked, office.row.revoked) == ((), 0)
    assert office.row.version == before.version + 2
    office.clock = NOON + DAY
    assert office.sweep().answer()["refunded"] == 0


def test_what_stripe_refused_can_be_asked_again(office: Office) -> None:
    dispute_id = office.dispute()
    with pytest.raises(Unprocessable):
        office.ask(amount=250)
    office.close(dispute_id, "won")
    with pytest.raises(Unprocessable):
        office.ask(amount=250)  # Stripe repeats for a day what it answered to a key
    office.ask("k2", amount=100)

    office.clock = NOON + 2 * DAY
    answer, replayed = office.ask(amount=250)

    assert (answer["amount_minor"], answer["revoked"], replayed) == (250, 350, False)
    assert sorted(office.made()) == [(100, "GIVEN"), (250, "GIVEN")]
    office.check()


# Crashes


STEPS = [
    (call, when)
    for call in ("receipt", "purchase", "commit", "refund", "money_back", "wallet_and_purchase")
    for when in ("before", "after")
]


class Killed(BaseException):
    """The function was killed."""


def killed_at(office: Office, place: int) -> bool:
    """Ask for a refund and be killed at the nth call; whether there was one."""
    left = place

    def strike(_name: str, _when: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    office.strike = strike
    try:
        office.ask(amount=250)
    except Killed:
        return True
    finally:
        office.strike = lambda _name, _when: None
    return False


@pytest.mark.parametrize("by", ["the admin", "the sweeper", "both", "the event, then the sweeper"])
def test_whoever_goes_on_after_a_crash_at_any_step_makes_one_refund(by: str) -> None:
    place, swept = 0, 0
    while True:
        place += 1
        office = Office()
        office.fulfilled()
        if not killed_at(office, place):
            break
        if "event" in by:
            office.taken()
        if by != "the admin":
            office.clock = NOON + FIRST_LOOK
            swept += int(office.sweep().answer()["refunded"])
        if by in ("the admin", "both"):
            answer, _ = office.ask(amount=250)
            assert answer["revoked"] == 250
        assert office.made() in ([(250, "GIVEN")], []), "never two"
        assert office.row.revoked == sum(amount for amount, _ in office.made())
        assert office.row.asked == ()
        office.check()

    assert place > 12, "there are as many places to be killed at"
    assert swept > 0 or by == "the admin"


@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()])
@pytest.mark.parametrize(("call", "when"), STEPS)
def test_trouble_with_the_store_makes_one_refund(office: Office, call: str, when: str, trouble: Exception) -> None:
    office.fail(call, when, [trouble])

    answer, _ = office.ask(amount=250)

    assert answer["revoked"] == 250
    assert office.made() == [(250, "GIVEN")]
    assert office.kinds() == ["purchase", "revocation"]
    assert office.row.asked == ()
    office.check()


@pytest.mark.parametrize(("call", "when"), [("refund", "before"), ("refund", "after"), ("money_back", "before")])
def test_without_an_answer_from_stripe_it_is_made_later(office: Office, call: str, when: str) -> None:
    office.fail(call, when, [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        office.ask(amount=250)
    assert sum(each.amount_minor for each in office.row.asked) == 250
    assert office.due_at() == NOON + FIRST_LOOK

    office.clock = NOON + FIRST_LOOK
    assert office.sweep().answer()["refunded"] == 1
    again, replayed = office.ask(amount=250)

    assert replayed
    assert again["revoked"] == 250
    assert office.made() == [(250, "GIVEN")]
    assert (office.row.asked, office.due_at()) == ((), None)
    entry = office.store.history_of("acct_a")[-1]
    assert entry.private
    assert entry.private.fields == {"actor": "admin_1", "reason": "broken"}
    office.check()


def test_a_payment_that_is_not_ours_any_more_is_trouble(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office.payments, "money_back", lambda _payment_id: None)

    with pytest.raises(PaymentsUnavailable):
        office.ask(amount=250)


def test_what_the_sweeper_is_refused_is_reported_and_forgotten(office: Office) -> None:
    office.fail("refund", "before", [PaymentsFailed("down")])
    with pytest.raises(PaymentsUnavailable):
        office.ask(amount=250)
    office.dispute()
    office.clock = NOON + FIRST_LOOK

    report = office.sweep()

    assert [type(error) for _, _, error in report.failures] == [PaymentsRefused]
    assert (office.row.asked, office.made()) == ((), [])


def test_a_refund_that_nobody_asked_for_is_not_made(office: Office) -> None:
    with pytest.raises(OutcomeUnknown):
        make_refund(office.shop, "acct_a", office.row.purchase_id, "key", stamp=stamp())
    with pytest.raises(NotFound):
        make_refund(office.shop, "acct_a", "pur_gone", "key", stamp=stamp())
    assert office.made() == []


def test_patience_ends(office: Office) -> None:
    office.fail("commit", "before", [LostRace()] * 1000)

    with pytest.raises(Busy):
        office.ask(amount=250)
    assert office.made() == []


def test_two_admins_at_once_with_one_key_make_one_refund(office: Office) -> None:
    answers = []

    def meanwhile(name: str, when: str) -> None:
        if (name, when) == ("refund", "before"):
            office.strike = lambda _name, _when: None
            answers.append(office.ask(amount=250))

    office.strike = meanwhile
    answers.append(office.ask(amount=250))

    assert answers[0][0] == answers[1][0]
    assert office.made() == [(250, "GIVEN")]
    office.check()


def test_two_refunds_at_once_both_count(office: Office) -> None:
    def meanwhile(name: str, when: str) -> None:
        if (name, when) == ("refund", "before"):
            office.strike = lambda _name, _when: None
            office.ask("k2", amount=100)

    office.strike = meanwhile
    office.ask(amount=250)

    assert sorted(office.made()) == [(100, "GIVEN"), (250, "GIVEN")]
    assert (office.row.revoked, office.row.asked) == (350, ())
    assert office.stands() == (650, 0, 0)
    office.check()
