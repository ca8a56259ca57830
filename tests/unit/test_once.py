"""Once per key: replay, lost races, unknown outcomes, throttling, and the time budget."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from chalicelib.domain.errors import Busy, KeyReused, Unprocessable
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.services.once import Claim, Recorded, once
from chalicelib.services.ports import LostRace, OutcomeUnknown, Receipt, Throttled
from tests.builders import CATALOG, patience, stamp
from tests.fakes import Faulty, MemoryStore

CLAIM = Claim.on("acct_a", "key-1", operation="grant", body={"credits": 5})


def five(wallet: Wallet) -> Decision:
    return grant(wallet, Grant(credits=5, source=Source.PROMO), CATALOG, stamp())


def refuse(wallet: Wallet) -> Decision:
    raise Unprocessable(f"not today, {wallet.wallet_id}")


class Script:
    """Raises the next of its troubles at every (name, when) that it waits for."""

    def __init__(self, name: str, when: str, troubles: Iterable[Exception]) -> None:
        self.at, self.troubles = (name, when), list(troubles)

    def __call__(self, name: str, when: str) -> None:
        if (name, when) == self.at and self.troubles:
            raise self.troubles.pop(0)


def run(store: MemoryStore, script: Script | None = None, claim: Claim = CLAIM) -> Recorded:
    seen = Faulty(store, script) if script else store
    return once(seen, claim, five, patience=patience())


def test_the_plain_case_writes_one_entry_and_its_receipt() -> None:
    store = MemoryStore()

    recorded = run(store)

    assert (recorded.entry.seq, recorded.replayed) == (1, False)
    assert store.receipt("acct_a", "key-1") == CLAIM.receipt(seq=1)


def test_the_plain_case_is_one_read_and_one_write() -> None:
    calls: list[str] = []

    once(
        Faulty(MemoryStore(), lambda name, when: calls.append(name) if when == "before" else None),
        CLAIM,
        five,
        patience=patience(),
    )

    assert calls == ["wallet", "commit"]


def test_a_repeat_gets_the_first_answer() -> None:
    store = MemoryStore()

    first, again = run(store), run(store)

    assert (again.entry, again.replayed) == (first.entry, True)
    assert store.wallet("acct_a").seq == 1


def test_a_repeat_is_answered_even_when_it_would_be_refused_now() -> None:
    store = MemoryStore()
    first = run(store)

    again = once(store, CLAIM, refuse, patience=patience())

    assert again == Recorded(first.entry, replayed=True)


def test_a_refusal_spends_no_key() -> None:
    store = MemoryStore()

    with pytest.raises(Unprocessable):
        once(store, CLAIM, refuse, patience=patience())

    assert store.receipt("acct_a", "key-1") is None
    assert run(store).entry.seq == 1


@pytest.mark.parametrize(("operation", "body"), [("grant", {"credits": 6}), ("usage", {"credits": 5})])
def test_a_key_spent_on_something_else_is_refused(operation: str, body: dict[str, int]) -> None:
    store = MemoryStore()
    run(store)

    with pytest.raises(KeyReused):
        run(store, claim=Claim.on("acct_a", "key-1", operation=operation, body=body))


def test_a_key_spent_on_a_purchase_is_refused_for_a_grant() -> None:
    store = MemoryStore()
    store.spent["acct_a", "key-1"] = Receipt(wallet_id="acct_a", key="key-1", digest=b"x", purchase_id="pur_1")

    with pytest.raises(KeyReused):
        run(store)


@pytest.mark.parametrize("trouble", [LostRace(), OutcomeUnknown(), Throttled()])
@pytest.mark.parametrize("times", [1, 5])
def test_nothing_written_is_decided_afresh(trouble: Exception, times: int) -> None:
    store = MemoryStore()

    recorded = run(store, Script("commit", "before", [trouble] * times))

    assert (recorded.entry.seq, recorded.replayed, store.wallet("acct_a").seq) == (1, False, 1)


def test_an_unknown_outcome_that_was_written_is_found_by_its_receipt() -> None:
    store = MemoryStore()

    recorded = run(store, Script("commit", "after", [OutcomeUnknown()]))

    assert (recorded.entry.seq, recorded.replayed, store.wallet("acct_a").seq) == (1, True, 1)


@pytest.mark.parametrize("call", ["wallet", "receipt", "entry"])
def test_a_read_without_answer_is_tried_again(call: str) -> None:
    store = MemoryStore()
    run(store)

    assert run(store, Script(call, "before", [OutcomeUnknown(), Throttled()])).replayed


def test_when_the_budget_is_spent_the_caller_is_told_to_come_again() -> None:
    store = MemoryStore()

    with pytest.raises(Busy):
        run(store, Script("commit", "before", [LostRace()] * 1000))

    assert store.wallet("acct_a").seq == 0


def test_throttling_waits_longer_from_the_start() -> None:
    def turns(trouble: Exception) -> int:
        script = Script("commit", "before", [trouble] * 1000)
        with pytest.raises(Busy):
            run(MemoryStore(), script)
        return 1000 - len(script.troubles)

    assert turns(Throttled()) < turns(LostRace())


def test_a_receipt_whose_entry_is_not_there_is_no_answer() -> None:
    store = MemoryStore()
    store.spent["acct_a", "key-1"] = CLAIM.receipt(seq=9)

    with pytest.raises(Busy):
        run(store)
