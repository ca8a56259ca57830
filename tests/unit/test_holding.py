"""Holds through a store: once per key, one transition each, whatever goes wrong; and freezing by the same rules."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from chalicelib.domain.errors import (
    Busy,
    Conflict,
    Frozen,
    HoldClosed,
    InsufficientCredits,
    KeyReused,
    NotFound,
    Unprocessable,
)
from chalicelib.domain.holding import Wish
from chalicelib.domain.quotes import quote, read_quote
from chalicelib.domain.usage import Use
from chalicelib.services.once import Recorded
from chalicelib.services.ports import LostRace, OutcomeUnknown, Throttled
from tests.builders import CATALOG, NOON
from tests.rounds import Clockwork
from tests.teller import HOUR, PROMO, Teller, bought

Command = Callable[[Teller], Recorded]
HOLD = "hold_3"  # the first that a new teller's wallet places


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


PLACE: Command = lambda teller: teller.hold("k1", 150)  # noqa: E731 - a row of a table
CAPTURE: Command = lambda teller: teller.capture("k2", HOLD, credits=120)  # noqa: E731
RELEASE: Command = lambda teller: teller.release("k3", HOLD)  # noqa: E731
COMMANDS = {"place": PLACE, "capture": CAPTURE, "release": RELEASE}
EACH = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def ready_for(command: Command, teller: Teller) -> Teller:
    """Place the hold that a capture or a release needs."""
    if command is not PLACE:
        PLACE(teller)
    teller.calls.clear()
    return teller


@EACH
def test_each_command_is_two_round_trips(teller: Teller, command: Command) -> None:
    recorded = command(ready_for(command, teller))

    assert teller.calls == ["wallet", "commit"]
    assert not recorded.replayed
    teller.check()


# Replay


@EACH
def test_a_repeat_is_the_first_answer_and_writes_nothing(teller: Teller, command: Command) -> None:
    first = command(ready_for(command, teller))
    before = written(teller)

    again = command(teller)

    assert (again.entry, again.replayed) == (first.entry, True)
    assert written(teller) == before


def test_a_hold_is_answered_again_when_the_wallet_is_empty(teller: Teller) -> None:
    first = teller.hold("k1", 1100)
    teller.capture("k2", HOLD, credits=1100)

    again = teller.hold("k1", 1100)

    assert (again.entry, again.replayed) == (first.entry, True)
    [wallet] = teller.check()
    assert wallet.available(NOON) == 0


def test_a_capture_is_answered_again_though_the_hold_is_closed(teller: Teller) -> None:
    teller.hold("k1", 1000)
    first = teller.capture("k2", HOLD, credits=1100)

    again = teller.capture("k2", HOLD, credits=1100)

    assert (again.entry.facts["captured"], again.entry, again.replayed) == (1100, first.entry, True)
    assert teller.kinds() == ["grant", "purchase", "hold", "capture"]


def test_a_release_is_answered_again_after_a_later_hold(teller: Teller) -> None:
    PLACE(teller)
    first = RELEASE(teller)
    teller.hold("k4", 1100)

    assert RELEASE(teller) == Recorded(first.entry, replayed=True)


def test_a_hold_by_a_quote_is_answered_again_when_the_quote_is_too_old(teller: Teller) -> None:
    quoted = read_quote(quote(teller.store.wallet("acct_a"), "calls", 15, CATALOG, NOON).quote_id)

    def wish() -> Wish:
        quoted.check(teller.now)
        return Wish(wallet_id="acct_a", ttl=HOUR, meter="calls", quantity=15, at_most=quoted.credits)

    first = teller.hold_as("k1", wish, {"quote_id": "q"})
    teller.now += HOUR

    assert teller.hold_as("k1", wish, {"quote_id": "q"}) == Recorded(first.entry, replayed=True)
    with pytest.raises(Unprocessable, match="too old"):
        teller.hold_as("k2", wish, {"quote_id": "q"})


def test_a_quote_that_grows_too_old_while_races_are_lost_is_refused(teller: Teller) -> None:
    quoted = read_quote(quote(teller.store.wallet("acct_a"), "calls", 15, CATALOG, NOON).quote_id)
    teller.troubles["commit", "before"] = [LostRace()]
    before = written(teller)

    def wish() -> Wish:
        quoted.check(teller.now)
        teller.now += HOUR
        return Wish(wallet_id="acct_a", ttl=HOUR, meter="calls", quantity=15, at_most=quoted.credits)

    with pytest.raises(Unprocessable, match="too old"):
        teller.hold_as("k1", wish, {"quote_id": "q"})
    assert written(teller) == before


@pytest.mark.parametrize(
    "other",
    [
        lambda teller: teller.hold("k1", 151),
        lambda teller: teller.hold("k1", meter="calls", quantity=150),
        lambda teller: teller.capture("k1", HOLD, credits=150),
        lambda teller: teller.release("k1", HOLD),
        lambda teller: teller.capture("k2", HOLD, credits=121),
        lambda teller: teller.release("k2", HOLD),
        lambda teller: teller.move("k1", 150),
        lambda teller: teller.use("k2", "calls", 1),
    ],
)
def test_a_key_that_was_spent_on_something_else_is_refused(teller: Teller, other: Command) -> None:
    PLACE(teller)
    CAPTURE(teller)
    before = written(teller)

    with pytest.raises(KeyReused):
        other(teller)
    assert written(teller) == before


# Closed, or never there


def lapse(teller: Teller) -> None:
    Clockwork(store=teller.store, now=teller.now + HOUR).expire()


@pytest.mark.parametrize("end", [CAPTURE, RELEASE, lapse], ids=["captured", "released", "lapsed"])
def test_a_hold_that_was_is_closed(teller: Teller, end: Callable[[Teller], object]) -> None:
    PLACE(teller)
    end(teller)
    before = written(teller)

    with pytest.raises(HoldClosed):
        teller.capture("k8", HOLD, credits=1)
    with pytest.raises(HoldClosed):
        teller.release("k9", HOLD)
    assert written(teller) == before


def test_a_hold_whose_time_is_over_is_closed_before_any_job_has_looked(teller: Teller) -> None:
    PLACE(teller)
    teller.now += HOUR

    with pytest.raises(HoldClosed):
        CAPTURE(teller)


@pytest.mark.parametrize(
    "name",
    [
        *("hold_4", "hold_99", "hold_999999999999"),  # entries that are not there
        *("hold_1", "hold_2"),  # a grant and a purchase
        *("", "hold_", "hold_0", "hold_03", "hold_-3", "hold_3 ", "hold_3.0", "hold_1e0", "hold_٣", "hold_³"),
        *("hold_1000000000000", "hold_" + "9" * 400, "lot_3", "3", "HOLD_3", "hold_hold_3", "hold_acct_a:3"),
    ],
)
def test_what_never_was_a_hold_is_not_found(teller: Teller, name: str) -> None:
    PLACE(teller)
    before = written(teller)

    with pytest.raises(NotFound):
        teller.capture("k8", name, credits=1)
    with pytest.raises(NotFound):
        teller.release("k9", name)
    assert written(teller) == before


def test_a_hold_of_another_wallet_is_not_found(teller: Teller) -> None:
    PLACE(teller)

    with pytest.raises(NotFound):
        teller.release("k1", HOLD, wallet_id="acct_b")


def test_a_surplus_that_is_not_covered_spends_no_key(teller: Teller) -> None:
    PLACE(teller)
    teller.hold("k0", 950)

    with pytest.raises(InsufficientCredits):
        teller.capture("k2", HOLD, credits=151)

    assert teller.capture("k2", HOLD, credits=150).entry.facts["captured"] == 150
    teller.check()


def test_a_lease_is_captured_with_its_uses_once(teller: Teller) -> None:
    PLACE(teller)
    uses = (Use(wallet_id="acct_a", meter="calls", quantity=12), Use(wallet_id="acct_a", meter="extra", quantity=3))

    first, again = (teller.capture("k2", HOLD, uses=uses) for _ in range(2))

    assert (first.entry.facts["captured"], again.replayed) == (3, True)
    teller.check()


# Races and lost answers


class Between:
    """Does something once, before or after a named call: what another caller does meanwhile."""

    def __init__(self, name: str, when: str, act: Callable[[], object]) -> None:
        self.at, self.act, self.done = (name, when), act, False

    def __call__(self, name: str, when: str) -> None:
        if (name, when) == self.at and not self.done:
            self.done = True
            self.act()


@EACH
@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()], ids=lambda each: type(each).__name__)
def test_trouble_before_the_write_is_tried_again(
    teller: Teller, command: Command, trouble: Exception, times: int
) -> None:
    ready_for(command, teller).troubles["commit", "before"] = [trouble] * times
    before = len(teller.kinds())

    recorded = command(teller)

    assert not recorded.replayed
    assert len(teller.kinds()) == before + 1
    teller.check()


@EACH
def test_an_answer_that_was_lost_is_found_by_the_receipt(teller: Teller, command: Command) -> None:
    ready_for(command, teller).troubles["commit", "after"] = [OutcomeUnknown()]
    before = len(teller.kinds())

    recorded = command(teller)

    assert recorded.replayed
    assert recorded.entry == teller.history("acct_a")[-1]
    assert len(teller.kinds()) == before + 1
    teller.check()


@EACH
def test_a_race_that_is_never_won_is_busy_and_writes_nothing(teller: Teller, command: Command) -> None:
    ready_for(command, teller).troubles["commit", "before"] = [LostRace()] * 10_000
    before = written(teller)

    with pytest.raises(Busy):
        command(teller)
    assert written(teller) == before


@EACH
def test_a_lost_race_is_decided_afresh(teller: Teller, command: Command) -> None:
    ready_for(command, teller)
    other = Teller(store=teller.store)
    teller.strike = Between("wallet", "after", lambda: other.use("u1", "extra", 3))

    recorded = command(teller)

    assert [entry.kind for entry in teller.history("acct_a")[-2:]] == ["usage", recorded.entry.kind]
    assert (
        recorded.entry.facts["available_after"] == {"hold": 949, "capture": 979, "release": 1099}[recorded.entry.kind]
    )
    teller.check()


def test_a_hold_is_named_by_the_entry_that_was_written_in_the_end(teller: Teller) -> None:
    other = Teller(store=teller.store)
    teller.strike = Between("wallet", "after", lambda: other.hold("k9", 1))

    assert PLACE(teller).entry.facts["hold_id"] == "hold_4"
    [wallet] = teller.check()
    assert [hold.hold_id for hold in wallet.holds] == ["hold_3", "hold_4"]


@pytest.mark.parametrize(
    ("winner", "loser"),
    [(CAPTURE, RELEASE), (RELEASE, CAPTURE), (lapse, CAPTURE), (lapse, RELEASE)],
    ids=["capture, release", "release, capture", "lapse, capture", "lapse, release"],
)
def test_who_loses_a_hold_between_reading_and_writing_is_told(
    teller: Teller, winner: Callable[[Teller], object], loser: Command
) -> None:
    PLACE(teller)
    other = Teller(store=teller.store)
    teller.strike = Between("wallet", "after", lambda: winner(other))

    with pytest.raises(HoldClosed):
        loser(teller)

    [wallet] = teller.check()
    assert wallet.holds == ()
    assert len(teller.kinds()) == 4


def test_the_same_command_twice_at_once_is_one_entry(teller: Teller) -> None:
    PLACE(teller)
    other = Teller(store=teller.store)
    teller.strike = Between("wallet", "after", lambda: CAPTURE(other))

    assert CAPTURE(teller).replayed
    assert teller.kinds() == ["grant", "purchase", "hold", "capture"]


# Freezing


def test_a_wallet_is_frozen_once_per_key(teller: Teller) -> None:
    first, again = (teller.freeze("f1", frozen=True) for _ in range(2))

    assert (first.entry.kind, again.entry, again.replayed) == ("freeze", first.entry, True)
    assert "odd" not in str(first.entry.canonical)
    [wallet] = teller.check()
    assert wallet.frozen


def test_a_wallet_that_is_frozen_already_is_a_conflict_for_another_key(teller: Teller) -> None:
    teller.freeze("f1", frozen=True)
    before = written(teller)

    with pytest.raises(Conflict, match="already"):
        teller.freeze("f2", frozen=True)
    with pytest.raises(KeyReused):
        teller.freeze("f1", frozen=False)
    assert written(teller) == before


def test_a_freeze_that_comes_between_stops_a_capture_and_lets_a_release_go_on(teller: Teller) -> None:
    PLACE(teller)
    other = Teller(store=teller.store)
    teller.strike = Between("wallet", "after", lambda: other.freeze("f1", frozen=True))

    with pytest.raises(Frozen):
        CAPTURE(teller)

    RELEASE(teller)
    assert teller.freeze("f2", frozen=False).entry.facts["frozen"] is False
    teller.check()
