"""
All orders of what can happen to a payment, with all subsets of it told twice: the same end.

Six events make a life: paid, refunded in part, disputed, lost, refunded again, won after all. Each tells what was known
at its own moment. Of the events that come twice, the first comes again at once, the second at the end, and so on. The
walk shares the beginnings that orders have in common; every one of the 46,080 ends is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any, Generic, TypeVar

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import InsufficientCredits
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.moneyback import Dispute, DisputeState, MoneyFacts, Refund, RefundState
from chalicelib.domain.purchases import Purchase, Status
from chalicelib.domain.recalls import recall
from chalicelib.domain.settling import Settlement, settle, settle_facts
from chalicelib.domain.transfers import Order, transfer
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, Wallet
from tests.builders import CATALOG, payment, purchase, stamp

S = TypeVar("S")  # a state
E = TypeVar("E")  # an event
NOW = stamp()
PAID_MINOR, CREDITS = 1190, 1050  # tax and a bonus: the one is not the other
BUYER, TEAM, PROMO = "acct_a", "team_b", 150
SAMPLE = 97  # every so many ends are audited


Life = Sequence[MoneyFacts | None]  # None is the news that it was paid


def refunded(name: str, amount_minor: int) -> MoneyFacts:
    return MoneyFacts(refunds={name: Refund(amount_minor, RefundState.GIVEN)})


def disputed(amount_minor: int, state: DisputeState) -> MoneyFacts:
    return MoneyFacts(disputes={"dp_1": Dispute(amount_minor, state)})


def life(disputed_minor: int) -> Life:
    """The six events, as they come about."""
    return (
        None,
        refunded("re_1", 300),
        disputed(disputed_minor, DisputeState.OPEN),
        disputed(disputed_minor, DisputeState.LOST),
        refunded("re_2", 251),
        disputed(disputed_minor, DisputeState.WON),
    )


REVOKED = 487  # ceil(1050 × 551 ÷ 1190)
WHOLE, PART = life(PAID_MINOR), life(400)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A purchase, its buyer's wallet and a team's, all entries so far, and what was spent."""

    row: Purchase
    buyer: Wallet
    team: Wallet
    entries: tuple[Entry, ...] = ()
    spent: int = 0

    def after(self, *decisions: Decision, **more: Any) -> State:
        wallets = {self.buyer.wallet_id: self.buyer, self.team.wallet_id: self.team}
        wallets |= {each.wallet.wallet_id: each.wallet for each in decisions}
        entries = (*self.entries, *(each.entry for each in decisions))
        return replace(self, buyer=wallets[BUYER], team=wallets[TEAM], entries=entries, **more)

    @property
    def worth(self) -> int:
        """What there is, was owed and went: the same in any order."""
        return self.buyer.left - self.buyer.debt + self.team.left - self.team.debt + self.spent

    def lots(self) -> list[tuple[object, ...]]:
        return sorted(
            (lot.id, lot.free, lot.held, lot.set_aside, lot.granted, lot.expires_at, lot.ends_at)
            for lot in self.buyer.lots
        )

    def check(self) -> None:
        for wallet in (self.buyer, self.team):
            history = [entry for entry in self.entries if entry.wallet_id == wallet.wallet_id]
            assert list(audit.faults(wallet, history)) == []


def begun() -> State:
    """A purchase that nobody paid yet, of a buyer who has other credits."""
    state = State(row=purchase(bonus_credits=50), buyer=Wallet(wallet_id=BUYER), team=Wallet(wallet_id=TEAM))
    return state.after(grant(state.buyer, Grant(credits=PROMO, source=Source.PROMO), CATALOG, NOW))


def delivered(state: State, event: MoneyFacts | None) -> State:
    settlement = told(state, event)
    if settlement is None:
        return state
    return state.after(*settlement.decisions, row=settlement.purchase)


def told(state: State, event: MoneyFacts | None) -> Settlement | None:
    if event is None:
        return settle(state.buyer, state.row, payment(paid_minor=PAID_MINOR), CATALOG, live=False, stamp=NOW)
    return settle_facts(state.buyer, state.row, event, CATALOG, NOW)


@dataclass(frozen=True, slots=True)
class Walk(Generic[S, E]):
    """A walk through all orders: how an event is delivered, and what else happens after each."""

    deliver: Callable[[S, E], S]
    also: Callable[[S, int], S] = field(default=lambda state, _place: state)

    def ends(
        self, state: S, left: Sequence[E], *, place: int = 1, twice: int = 0, late: tuple[E, ...] = ()
    ) -> Iterator[S]:
        """Go on with what is *left*, in every order, each event once or twice; *late* come again last."""
        if not left:
            yield self._ended(state, late)
        for nth in range(len(left)):
            yield from self.beginning_with(nth, state, left, place=place, twice=twice, late=late)

    def beginning_with(
        self, nth: int, state: S, left: Sequence[E], *, place: int = 1, twice: int = 0, late: tuple[E, ...] = ()
    ) -> Iterator[S]:
        event, rest = left[nth], (*left[:nth], *left[nth + 1 :])
        once = self.deliver(state, event)
        yield from self.ends(self.also(once, place), rest, place=place + 1, twice=twice, late=late)
        if twice % 2:
            again, late = self.also(once, place), (*late, event)
        else:
            again = self.also(self.deliver(once, event), place)
        yield from self.ends(again, rest, place=place + 1, twice=twice + 1, late=late)

    def _ended(self, state: S, late: tuple[E, ...]) -> S:
        for event in late:
            state = self.deliver(state, event)
        return state


def looked_at(states: Iterator[State], expected: State) -> Iterator[State]:
    """What holds whatever happens in between; every so many books are audited. Gives each for a closer look."""
    count = 0
    for count, state in enumerate(states, start=1):
        assert (state.row.revoked, state.row.status) == (expected.row.revoked, expected.row.status)
        assert state.worth == expected.worth
        assert state.row.facts == expected.row.facts
        if count % SAMPLE == 0:
            state.check()
        yield state
    assert count == 46_080 // 6


def in_order(events: Life) -> State:
    state = begun()
    for event in events:
        state = delivered(state, event)
    state.check()
    assert (state.row.revoked, state.row.status) == (REVOKED, Status.PAID)
    assert state.worth == PROMO + CREDITS - REVOKED
    return state


Also = Callable[["State", int], "State"]
FIRST = pytest.mark.parametrize("first", range(6))


def all_ends(events: Life, first: int, *, also: Also | None = None) -> Iterator[State]:
    """All ends of the orders that begin with one event: a sixth of them all, so that the work can be shared out."""
    walk = Walk(delivered, also) if also else Walk(delivered)
    return walk.beginning_with(first, begun(), events)


@FIRST
@pytest.mark.parametrize("events", [WHOLE, PART], ids=["whole", "part"])
def test_any_order_and_repetition_ends_the_same_to_the_very_lots(events: Life, first: int) -> None:
    expected = in_order(events)

    for state in looked_at(all_ends(events, first), expected):
        assert state.lots() == expected.lots()
        assert (state.buyer.debt, state.row.owed) == (0, 0)


def spending(state: State, place: int) -> State:
    """Spend 300 after the second and the fifth event, if there is as much."""
    if place not in (2, 5):
        return state
    use = Use(wallet_id=BUYER, meter="extra", quantity=900)
    try:
        return state.after(decide(state.buyer, use, CATALOG, NOW), spent=state.spent + 300)
    except InsufficientCredits:
        return state


@FIRST
def test_spending_in_between_changes_neither_what_is_revoked_nor_what_all_is_worth(first: int) -> None:
    seen = {state.spent for state in looked_at(all_ends(PART, first, also=spending), in_order(PART))}

    assert seen <= {0, 300, 600}
    assert max(seen) >= 300


def sharing(state: State, place: int) -> State:
    """Send 900 to a team as soon as they are there; the team spends 600 of them. After four events recalls are made."""
    if place == 4:
        state = brought_home(state)
    if state.row.holders or state.buyer.available(NOW.now) < 900:
        return state
    order = Order(from_wallet_id=BUYER, to_wallet_id=TEAM, credits=900)
    moved = transfer(state.buyer, state.team, order, CATALOG, NOW)
    names = tuple(each.wallet_id for each in moved.holders)
    state = state.after(moved.sent, moved.received, row=replace(state.row, holders=names))
    use = Use(wallet_id=TEAM, meter="extra", quantity=1800)
    return state.after(decide(state.team, use, CATALOG, NOW), spent=state.spent + 600)


def brought_home(state: State) -> State:
    while found := recall(state.team, state.buyer, state.row, CATALOG, NOW):
        state = state.after(found.given, found.taken, row=found.purchase)
    return state


@FIRST
def test_sharing_in_between_changes_neither_what_is_revoked_nor_what_all_is_worth(first: int) -> None:
    owed = recalled = 0
    for state in looked_at((brought_home(each) for each in all_ends(WHOLE, first, also=sharing)), in_order(WHOLE)):
        theirs = sum(lot.free for lot in state.team.lots if lot.purchase_id)
        assert not (state.row.owed and theirs), "whatever is owed and free there came home"
        owed += state.buyer.debt > 0
        recalled += any(entry.kind == "recall" for entry in state.entries)

    assert owed, "what the team spent can't come home"
    assert recalled


def told_of(order: Sequence[int], subset: int) -> tuple[int, ...]:
    """Say plainly what is delivered in one order with one subset twice."""
    at_once, heard, late = True, list[int](), list[int]()
    for event in order:
        heard.append(event)
        if subset >> event & 1:
            (heard if at_once else late).append(event)
            at_once = not at_once
    return (*heard, *late)


def test_the_walk_goes_through_every_order_and_every_subset() -> None:
    walk: Walk[tuple[int, ...], int] = Walk(lambda heard, event: (*heard, event))

    walked = sorted(walk.ends((), range(6)))

    assert len(walked) == 46_080
    assert walked == sorted(told_of(order, subset) for order in permutations(range(6)) for subset in range(64))
