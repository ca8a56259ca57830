"""Erasing as far as the time goes: said first, then done in parts, broken off anywhere, and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.contacts import Contact
from chalicelib.domain.erasure import (
    ERASED,
    NO_DIGEST,
    ends_of,
    record_erasure,
    without_addresses,
    without_page,
    without_person,
)
from chalicelib.domain.errors import Busy, KeyReused
from chalicelib.domain.granting import Grant
from chalicelib.domain.lots import Source
from chalicelib.domain.purchases import AskedRefund
from chalicelib.domain.wallet import Wallet
from chalicelib.services.erasing import BATCH, Erasure, erase_wallet
from chalicelib.services.once import Claim, Patience
from chalicelib.services.ports import LostRace, OutcomeUnknown, Throttled
from tests.builders import CATALOG, NOON, purchase, stamp
from tests.teller import PROMO, Teller, bought

TROUBLES = [LostRace(), Throttled(), OutcomeUnknown()]
STEPS = ("erase_rows", "private_entries", "erase_entries", "receipt_keys", "blank_receipts")
ALL_CALLS = ("erasure", *STEPS, "keep_erasure")


class Eraser(Teller):
    """A teller who erases; with *seconds* each call of the store takes so long, of a budget of ten."""

    seconds = 0.0

    def hurry(self, seconds: float) -> None:
        self.seconds = seconds
        passed = 0.0

        def monotonic() -> float:
            return passed

        def sleep(wait: float) -> None:
            nonlocal passed
            passed += wait

        def strike(_name: str, when: str) -> None:
            nonlocal passed
            passed += self.seconds if when == "after" else 0.0

        self.strike = strike
        self.patience = Patience(budget=10.0, monotonic=monotonic, sleep=sleep, uniform=lambda _least, most: most)

    def erase(self, key: str = "e1", *, wallet_id: str = "acct_a", reason: str = "ticket") -> Erasure:
        claim = Claim.on(wallet_id, key, operation="erasure", body={"reason": reason})
        return erase_wallet(self.till, claim, reason=reason, stamp=stamp(self.now, actor="boss"))

    def private(self, wallet_id: str = "acct_a") -> list[int]:
        return [entry.seq for entry in self.history(wallet_id) if entry.private]

    def hashes(self) -> list[str]:
        return [key for (_, key), receipt in self.store.spent.items() if receipt.digest != NO_DIGEST]


@pytest.fixture
def eraser() -> Eraser:
    """A wallet with 240 entries and as many receipts, and a purchase."""
    eraser = Eraser()
    eraser.give("acct_a", PROMO, bought("pur_1", 10_000))
    for number in range(238):
        eraser.use(f"k{number:04d}", "notes", 1)
    row = eraser.store.purchases["acct_a", "pur_1"]
    eraser.store.purchases["acct_a", "pur_1"] = replace(row, email="a@example.org")
    eraser.calls.clear()
    return eraser


def test_all_of_it_is_erased_and_the_entry_that_says_so_stays(eraser: Eraser) -> None:
    done = eraser.erase()

    assert (done.erased, done.next_seq, done.done, done.replayed) == (240, None, True, False)
    assert done.entry.facts.items() >= {"kind": "settings", "settings": "erasure", "erased_up_to": 240}.items()
    assert (eraser.private(), eraser.hashes()) == ([241], ["e1"])
    assert eraser.store.purchase("acct_a", "pur_1").email is None
    eraser.check()


def test_it_is_said_before_it_is_done_and_done_in_batches(eraser: Eraser) -> None:
    eraser.erase()

    assert eraser.calls[:5] == ["wallet", "commit", "erasure", "erase_rows", "erase_rows"]
    assert eraser.calls[-1] == "keep_erasure"
    counts = {name: eraser.calls.count(name) for name in STEPS}
    assert counts == {
        "erase_rows": 2,
        "private_entries": 4,  # of 70 each
        "erase_entries": 7,  # of a page of 70: 50, then 20
        "receipt_keys": 2,
        "blank_receipts": 4,
    }


def test_again_it_finds_nothing_left_and_gives_the_same(eraser: Eraser) -> None:
    first = eraser.erase()
    eraser.calls.clear()
    again = eraser.erase()

    assert (again.entry, again.erased, again.done, again.replayed) == (first.entry, 240, True, True)
    assert eraser.calls == ["wallet", "commit", "receipt", "entry", "erasure"]
    assert eraser.kinds().count("settings") == 1


def test_when_time_is_up_it_says_how_far_it_came_and_the_same_request_goes_on(eraser: Eraser) -> None:
    eraser.hurry(1.0)
    rounds = [eraser.erase()]
    between = eraser.private()
    while not rounds[-1].done:
        rounds.append(eraser.erase())
        assert len(rounds) < 9

    assert [each.erased for each in rounds] == [120, 240, 240]
    assert [each.next_seq for each in rounds] == [121, None, None]
    assert [each.done for each in rounds] == [False, False, True]
    assert between == list(range(121, 242))
    assert (eraser.private(), eraser.hashes()) == ([241], ["e1"])
    assert eraser.kinds().count("settings") == 1
    eraser.check()


@pytest.mark.parametrize("seconds", [0.3, 0.7, 1.1, 1.7, 2.3])
def test_however_slow_it_goes_it_comes_to_an_end(eraser: Eraser, seconds: float) -> None:
    eraser.hurry(seconds)
    rounds = 1
    while not eraser.erase().done:
        rounds += 1
        assert rounds < 30

    assert (eraser.private(), eraser.hashes()) == ([241], ["e1"])


def test_without_any_time_it_is_said_and_not_begun(eraser: Eraser) -> None:
    eraser.hurry(6.0)

    done = eraser.erase()

    assert (done.erased, done.next_seq, done.done) == (0, 1, False)
    assert "erase_rows" not in eraser.calls
    assert eraser.private() == list(range(1, 242))


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: type(trouble).__name__)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ALL_CALLS)
def test_what_fails_is_tried_again(eraser: Eraser, name: str, when: str, trouble: Exception) -> None:
    eraser.troubles[name, when] = [trouble]

    done = eraser.erase()

    assert (done.erased, done.done, eraser.private(), eraser.hashes()) == (240, True, [241], ["e1"])


@pytest.mark.parametrize("name", ALL_CALLS)
def test_what_fails_for_good_ends_the_round_and_nothing_more(eraser: Eraser, name: str) -> None:
    eraser.troubles[name, "before"] = [Throttled() for _ in range(10_000)]
    stuck = eraser.erase()
    eraser.troubles.clear()

    assert stuck.done == (name == "keep_erasure")
    assert eraser.erase().done
    assert (eraser.private(), eraser.hashes()) == ([241], ["e1"])
    eraser.check()


def test_a_store_that_does_not_answer_is_busy_before_anything_is_said(eraser: Eraser) -> None:
    eraser.troubles["commit", "before"] = [Throttled() for _ in range(10_000)]

    with pytest.raises(Busy):
        eraser.erase()
    assert "erase_rows" not in eraser.calls


def test_a_key_spent_on_something_else_erases_nothing(eraser: Eraser) -> None:
    with pytest.raises(KeyReused):
        eraser.erase("k0001")
    assert len(eraser.private()) == 240


def test_what_comes_meanwhile_is_not_erased_and_the_next_erasure_takes_it(eraser: Eraser) -> None:
    eraser.hurry(1.0)
    eraser.erase()
    eraser.seconds = 0.0
    eraser.freeze("f1", frozen=True)

    first = eraser.erase()
    second = eraser.erase("e2")

    assert (first.erased, second.erased) == (240, 242)
    assert eraser.private() == [243]
    assert eraser.hashes() == ["e2"]


def test_a_later_erasure_takes_over_what_an_earlier_one_left(eraser: Eraser) -> None:
    eraser.hurry(1.0)
    eraser.erase()
    eraser.seconds = 0.0
    eraser.calls.clear()

    second = eraser.erase("e2")

    assert (second.erased, second.done) == (241, True)
    assert eraser.calls.count("private_entries") == 2  # what the first one erased is not looked at again
    assert (eraser.private(), eraser.hashes()) == ([242], ["e2"])
    with pytest.raises(KeyReused):  # the hash of its own request was forgotten, too
        eraser.erase("e1")
    eraser.check()


def test_two_requests_at_once_do_it_together(eraser: Eraser) -> None:
    store, rounds = eraser.store, list[Erasure]()

    def strike(name: str, when: str) -> None:
        if (name, when) == ("erase_entries", "after") and not rounds:
            rounds.append(Eraser(store=store).erase())

    eraser.strike = strike
    rounds.append(eraser.erase())

    assert [(each.erased, each.done) for each in rounds] == [(240, True), (240, True)]
    assert (eraser.private(), eraser.hashes()) == ([241], ["e1"])
    assert eraser.kinds().count("settings") == 1
    eraser.check()


def test_the_other_ends_of_transfers_are_erased_and_fit_one_transaction() -> None:
    eraser = Eraser()
    eraser.give("acct_a", Grant(credits=10_000, source=Source.PROMO))
    for number in range(BATCH + 10):
        eraser.move(f"t{number}", 1, receiver=f"team_{number % 3}")
    eraser.freeze("f1", frozen=True, wallet_id="team_0")

    done = eraser.erase()

    assert done.done
    assert (eraser.private("team_0"), eraser.private("team_1")) == ([21], [])
    eraser.check("acct_a", "team_0", "team_1", "team_2")


def entries() -> Iterator[Any]:
    eraser = Eraser()
    eraser.give("acct_a", PROMO)
    eraser.move("t1", 5)
    yield from (eraser.history("acct_a")[-1], eraser.history("team_b")[-1], eraser.history("acct_a")[0])


def test_only_transfers_have_another_end() -> None:
    sent, received, granted = entries()

    assert list(ends_of(sent)) == [("acct_a", 2), ("team_b", 1)]
    assert list(ends_of(received)) == [("team_b", 1), ("acct_a", 2)]
    assert list(ends_of(granted)) == [("acct_a", 1)]
    assert list(ends_of(replace(sent, facts={**sent.facts, "kind": "recall"}))) == [("acct_a", 2)]


def test_an_erasure_is_an_entry_that_names_no_reason_in_the_open() -> None:
    decision = record_erasure(Wallet(wallet_id="acct_a"), reason="because", catalog=CATALOG, stamp=stamp(NOON))

    assert decision.entry.facts["erased_up_to"] == 0
    assert decision.entry.private
    assert decision.entry.private.fields == {"actor": "acct_tester", "reason": "because"}
    assert b"because" not in decision.entry.canonical
    assert list(audit.faults(decision.wallet, [decision.entry])) == []


def test_what_has_nothing_to_forget_stays_the_very_same() -> None:
    bare, contact, answer = purchase(), Contact(wallet_id="acct_a", version=3), {"refund_id": "re_1"}

    assert without_person(bare) is bare
    assert without_addresses(contact) is contact
    assert without_page(answer) is answer


def test_what_is_forgotten_moves_the_row_on() -> None:
    asked = AskedRefund(refund_key="r1", amount_minor=5, actor="boss", reason="Alice called")
    row = without_person(purchase(email="a@example.org", asked=(asked,), version=4))

    assert (row.version, row.email) == (5, None)
    assert row.asked == (AskedRefund(refund_key="r1", amount_minor=5, actor=ERASED, reason=ERASED),)
    assert without_addresses(Contact(wallet_id="acct_a", version=3, locale="de")) == Contact(
        wallet_id="acct_a", version=4
    )
