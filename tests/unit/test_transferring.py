"""Transfers through a store: both ends or neither, once per key, and never into more hands than may hold a purchase."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import Busy, Frozen, InsufficientCredits, KeyReused, Unprocessable
from chalicelib.domain.lots import LotId, Origin
from chalicelib.domain.settling import Settlement
from chalicelib.domain.transfers import MOST_HOLDERS
from chalicelib.services.once import Recorded
from chalicelib.services.ports import Change, LostRace, OutcomeUnknown, Throttled
from tests.builders import NOON
from tests.teller import PROMO, Teller, bought


@pytest.fixture
def teller() -> Teller:
    """100 promo credits and 1,000 bought ones."""
    teller = Teller()
    teller.give("acct_a", PROMO, bought("pur_1"))
    return teller


def written(teller: Teller) -> list[Any]:
    """Copy everything that a command may write."""
    store = teller.store
    return deepcopy([store.wallets, store.entries, store.spent, store.purchases, store.messages])


def refusing(teller: Teller, error: type[Exception], move: Callable[[], object]) -> None:
    before = written(teller)
    with pytest.raises(error):
        move()
    assert written(teller) == before


def holders(teller: Teller) -> tuple[str, ...]:
    return tuple(teller.store.purchase("acct_a", "pur_1").holders)


def test_a_transfer_is_two_round_trips_and_both_ends(teller: Teller) -> None:
    recorded = teller.move("k1", 150)

    assert teller.calls == ["two_wallets", "commit"]
    assert (recorded.entry.entry_id, recorded.entry.facts["to_entry_id"]) == ("acct_a:3", "team_b:1")
    assert teller.store.receipt("acct_a", "k1").seq == 3
    assert teller.store.receipt("team_b", "k1") is None
    assert holders(teller) == ("team_b",)
    sender, receiver = teller.check("acct_a", "team_b")
    assert (sender.available(NOON), receiver.available(NOON)) == (950, 150)


@pytest.mark.parametrize(("sender", "receiver"), [("acct_a", "team_b"), ("zeta", "team_b")])
def test_the_answer_is_the_senders_entry_whatever_the_wallets_are_called(sender: str, receiver: str) -> None:
    teller = Teller()
    teller.give(sender, PROMO)

    recorded = teller.move("k1", 10, sender=sender, receiver=receiver)

    assert (recorded.entry.wallet_id, recorded.entry.kind) == (sender, "transfer_out")
    teller.check(sender, receiver)


def test_a_repeat_is_the_first_answer_even_when_the_wallet_is_empty(teller: Teller) -> None:
    first = teller.move("k1", 1100)
    before = written(teller)

    assert teller.move("k1", 1100) == Recorded(first.entry, replayed=True)
    assert written(teller) == before


def test_a_repeat_is_the_first_answer_even_when_it_is_frozen(teller: Teller) -> None:
    first = teller.move("k1", 5)
    teller.freeze("f1", frozen=True, wallet_id="team_b")

    assert teller.move("k1", 5) == Recorded(first.entry, replayed=True)
    refusing(teller, Frozen, lambda: teller.move("k2", 5))


def test_a_key_that_was_spent_on_another_transfer_is_refused(teller: Teller) -> None:
    teller.move("k1", 5)

    refusing(teller, KeyReused, lambda: teller.move("k1", 6))
    refusing(teller, KeyReused, lambda: teller.move("k1", 5, receiver="team_c"))
    refusing(teller, KeyReused, lambda: teller.hold("k1", 5))


def test_a_key_is_the_senders_alone(teller: Teller) -> None:
    teller.move("k1", 50)

    back = teller.move("k1", 50, sender="team_b", receiver="acct_a")

    assert not back.replayed
    teller.check("acct_a", "team_b")


@pytest.mark.parametrize(
    ("error", "more"),
    [(Unprocessable, {"credits": 1, "receiver": "acct_a"}), (InsufficientCredits, {"credits": 1101})],
)
def test_a_refused_transfer_writes_nothing(teller: Teller, error: type[Exception], more: dict[str, Any]) -> None:
    refusing(teller, error, lambda: teller.move("k1", **more))


# Holders


def spread(teller: Teller) -> None:
    """Bring credits of the purchase into as many hands as may hold some."""
    for number in range(MOST_HOLDERS):
        teller.move(f"spread-{number}", 10, receiver=f"team_{number}")


def test_a_twenty_first_holder_is_refused_while_the_twenty_may_get_more(teller: Teller) -> None:
    teller.give("acct_c", bought("pur_2"))
    teller.use("u1", "extra", 300)  # the 100 promo credits
    spread(teller)
    teller.calls.clear()

    refusing(teller, Unprocessable, lambda: teller.move("k1", 1, receiver="team_21"))
    assert teller.calls == ["two_wallets", "commit", "two_wallets", "purchase", "receipt"]
    assert teller.store.wallet("team_21").seq == 0

    teller.move("k2", 1, receiver="team_7")
    teller.move("k3", 10, sender="team_7", receiver="acct_a")
    refusing(teller, Unprocessable, lambda: teller.move("k4", 1, sender="team_3", receiver="acct_c"))
    assert len(holders(teller)) == MOST_HOLDERS
    teller.check("acct_a", "acct_c", *(f"team_{number}" for number in range(MOST_HOLDERS)))


def test_credits_that_nobody_paid_for_go_into_any_number_of_hands(teller: Teller) -> None:
    for number in range(MOST_HOLDERS + 5):
        teller.move(f"k{number}", 2, receiver=f"team_{number}")

    assert holders(teller) == ()


def test_of_two_twentieth_holders_at_once_one_is_refused(teller: Teller) -> None:
    teller.use("u1", "extra", 300)
    for number in range(MOST_HOLDERS - 1):
        teller.move(f"k{number}", 10, receiver=f"team_{number}")
    other = Teller(store=teller.store)
    teller.strike = once_after("two_wallets", lambda: other.move("o1", 1, receiver="team_x"))

    with pytest.raises(Unprocessable, match="20 other wallets"):
        teller.move("k99", 1, receiver="team_y")

    assert len(holders(teller)) == MOST_HOLDERS
    assert teller.store.wallet("team_y").seq == 0
    teller.check("acct_a", "team_x")


def once_after(name: str, act: Callable[[], object]) -> Callable[[str, str], None]:
    """Do something once, after the first call of a name: what another caller does meanwhile."""
    left = [act]

    def strike(called: str, when: str) -> None:
        if (called, when) == (name, "after") and left:
            left.pop()()

    return strike


def test_a_race_that_a_wallet_lost_is_no_reason_to_look_at_rows(teller: Teller) -> None:
    teller.strike = once_after("two_wallets", lambda: teller.give("team_b", PROMO))

    teller.move("k1", 150)

    assert teller.calls == ["two_wallets", "commit"] * 2
    teller.check("acct_a", "team_b")


def test_a_purchase_without_its_row_moves_nowhere(teller: Teller) -> None:
    del teller.store.purchases["acct_a", "pur_1"]

    refusing(teller, Busy, lambda: teller.move("k1", 101))
    teller.move("k2", 100)


def test_whoever_has_read_the_row_of_a_purchase_before_it_got_a_holder_decides_afresh(teller: Teller) -> None:
    before = teller.store.purchase("acct_a", "pur_1")
    teller.move("k1", 150)
    refunded = Settlement(
        before=before, purchase=replace(before, version=before.version + 1, email="buyer@example.org")
    )

    with pytest.raises(LostRace):
        teller.store.commit(Change(purchase=refunded))
    row = teller.store.purchase("acct_a", "pur_1")
    again = Settlement(before=row, purchase=replace(row, version=row.version + 1, email="buyer@example.org"))
    teller.store.commit(Change(purchase=again))

    assert holders(teller) == ("team_b",)
    assert teller.store.purchase("acct_a", "pur_1").version == before.version + 2


def test_a_row_that_moves_meanwhile_does_not_stop_a_transfer(teller: Teller) -> None:
    row = teller.store.purchase("acct_a", "pur_1")
    moved = Settlement(before=row, purchase=replace(row, version=row.version + 1, email="buyer@example.org"))
    teller.strike = once_after("two_wallets", lambda: teller.store.commit(Change(purchase=moved)))

    assert not teller.move("k1", 150).replayed
    assert teller.store.purchase("acct_a", "pur_1").email == "buyer@example.org"
    assert holders(teller) == ("team_b",)


# Races and lost answers


@pytest.mark.parametrize("which", ["acct_a", "team_b"])
def test_a_race_lost_at_either_end_is_decided_afresh(teller: Teller, which: str) -> None:
    teller.strike = once_after("two_wallets", lambda: teller.give(which, replace(PROMO, priority=1)))

    recorded = teller.move("k1", 150)

    sender, receiver = teller.check("acct_a", "team_b")
    assert (sender.seq, receiver.seq) == ((4, 1) if which == "acct_a" else (3, 2))
    assert recorded.entry.facts["to_entry_id"] == f"team_b:{receiver.seq}"
    drawn = [LotId(3), LotId(1)] if which == "acct_a" else [LotId(1), LotId(2)]
    came = receiver.lots[-2:]
    assert [lot.origin for lot in came] == [Origin("acct_a", lot_id) for lot_id in drawn]
    assert [lot.id for lot in came] == [LotId(receiver.seq, 0), LotId(receiver.seq, 1)]
    assert sender.left + receiver.left == 1200


def test_two_transfers_against_each_other_both_come_through(teller: Teller) -> None:
    teller.give("team_b", PROMO)
    other = Teller(store=teller.store)
    teller.strike = once_after("two_wallets", lambda: other.move("o1", 70, sender="team_b", receiver="acct_a"))

    teller.move("k1", 90)

    sender, receiver = teller.check("acct_a", "team_b")
    assert (sender.available(NOON), receiver.available(NOON)) == (1080, 120)


@pytest.mark.parametrize("call", ["two_wallets", "commit"])
@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()], ids=lambda each: type(each).__name__)
def test_trouble_before_the_write_is_tried_again(teller: Teller, call: str, trouble: Exception) -> None:
    teller.troubles[call, "before"] = [trouble] * 3

    recorded = teller.move("k1", 150)

    assert not recorded.replayed
    assert (teller.kinds()[2:], teller.kinds("team_b")) == (["transfer_out"], ["transfer_in"])
    teller.check("acct_a", "team_b")


def test_an_answer_that_was_lost_is_found_by_the_receipt(teller: Teller) -> None:
    teller.troubles["commit", "after"] = [OutcomeUnknown()]

    recorded = teller.move("k1", 150)

    assert (recorded.replayed, recorded.entry.seq) == (True, 3)
    assert (teller.kinds()[2:], teller.kinds("team_b")) == (["transfer_out"], ["transfer_in"])


def test_an_answer_that_was_lost_is_found_though_the_receipt_is_not_read_at_first(teller: Teller) -> None:
    teller.troubles["commit", "after"] = [OutcomeUnknown()]
    teller.troubles["receipt", "before"] = [Throttled()]

    assert teller.move("k1", 1100).replayed
    teller.check("acct_a", "team_b")


def test_a_race_that_is_never_won_is_busy_and_writes_nothing(teller: Teller) -> None:
    teller.troubles["commit", "before"] = [LostRace()] * 10_000

    refusing(teller, Busy, lambda: teller.move("k1", 150))
