"""Random teams that spend, hold, capture, transfer and wait: nothing is gained or lost, and all books hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import audit, folding
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import Conflict, Refusal
from chalicelib.domain.expiry import book_end
from chalicelib.domain.freezing import freeze
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.holding import Capture, Wish, capture, place, release
from chalicelib.domain.lots import Source
from chalicelib.domain.notices import give_notice
from chalicelib.domain.plan_changes import book_steps
from chalicelib.domain.plans import catch_up
from chalicelib.domain.quotes import quote, read_quote
from chalicelib.domain.transfers import Moved, Order, transfer
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.services.ports import Change
from chalicelib.services.reading import wallet_at
from tests.builders import CATALOG, DAY, NOON, stamp
from tests.fakes import MemoryStore

NAMES = ("acct_a", "acct_b", "team_c")
WALLETS, METERS = st.sampled_from(NAMES), st.sampled_from(["calls", "extra", "locked", "notes"])
AMOUNTS = st.integers(1, 40)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), WALLETS, st.integers(1, 60), st.none() | st.integers(1, 40)),
        st.tuples(st.just("use"), WALLETS, METERS, AMOUNTS),
        st.tuples(st.just("hold"), WALLETS, AMOUNTS, st.integers(1, 24)),
        st.tuples(st.just("hold use"), WALLETS, METERS, AMOUNTS, st.integers(1, 24)),
        st.tuples(st.just("capture"), WALLETS, st.integers(0, 3), AMOUNTS),
        st.tuples(st.just("lease"), WALLETS, st.integers(0, 3), st.lists(st.tuples(METERS, AMOUNTS), max_size=3)),
        st.tuples(st.just("release"), WALLETS, st.integers(0, 3)),
        st.tuples(st.just("move"), WALLETS, WALLETS, AMOUNTS),
        st.tuples(st.just("freeze"), WALLETS, st.booleans()),
        st.tuples(st.just("jobs"), WALLETS),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 12, 24, 6 * 24, 31 * 24]), st.integers(0, 3599)),
    ),
    min_size=1,
    max_size=40,
)


class Teams:
    """Three wallets in a store, and the commands that a random step stands for."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.now = NOON

    def take(self, step: Sequence[Any]) -> None:
        name, *rest = step
        if name == "wait":
            self.now += timedelta(hours=rest[0], seconds=rest[1])
            return
        for decide_one in self.commands(name, rest):
            before = dict(self.store.wallets)
            try:
                decisions = decide_one()
            except Refusal:
                assert self.store.wallets == before
                continue
            if decisions:
                self.store.commit(Change(decisions=decisions))

    def commands(self, name: str, rest: Sequence[Any]) -> list[Any]:
        wallet = self.store.wallet(rest[0])
        if name == "jobs":
            return [lambda each=each: self.booked(each, rest[0]) for each in (book_steps, book_end, give_notice)]
        return [lambda: self.decided(name, wallet, rest)]

    def booked(self, step: Any, wallet_id: str) -> list[Decision]:
        decision = step(self.store.wallet(wallet_id), CATALOG, stamp(self.now))
        return [decision] if decision else []

    def decided(self, name: str, wallet: Wallet, rest: Sequence[Any]) -> list[Decision]:
        at = stamp(self.now)
        if name == "move":
            order = Order(from_wallet_id=rest[0], to_wallet_id=rest[1], credits=rest[2])
            moved = transfer(wallet, self.store.wallet(rest[1]), order, CATALOG, at)
            check_lives(wallet, moved, moved.sent.entry.at)
            return [moved.sent, moved.received]
        if name == "grant":
            ends = self.now + rest[2] * DAY if rest[2] else None
            return [grant(wallet, Grant(credits=rest[1], source=Source.PROMO, expires_at=ends), CATALOG, at)]
        if name == "use":
            return [decide(wallet, Use(wallet_id=rest[0], meter=rest[1], quantity=rest[2]), CATALOG, at)]
        if name == "freeze":
            return [freeze(wallet, frozen=rest[1], reason="odd", catalog=CATALOG, stamp=at)]
        return [self.on_hold(name, wallet, rest)]

    def on_hold(self, name: str, wallet: Wallet, rest: Sequence[Any]) -> Decision:
        at = stamp(self.now)
        if name == "hold":
            wish = Wish(wallet_id=rest[0], ttl=timedelta(hours=rest[2]), credits=rest[1])
            return place(wallet, wish, CATALOG, at)
        if name == "hold use":
            wish = Wish(wallet_id=rest[0], ttl=timedelta(hours=rest[3]), meter=rest[1], quantity=rest[2])
            return place(wallet, wish, CATALOG, at)
        if not wallet.holds:
            raise Conflict("there is none")
        hold = wallet.holds[rest[1] % len(wallet.holds)]
        if name == "release":
            return release(wallet, hold.hold_id, CATALOG, at)
        what: dict[str, Any] = {"quantity": rest[2]} if hold.use else {"credits": rest[2]}
        if name == "lease":
            what = {"uses": tuple(Use(wallet_id=rest[0], meter=meter, quantity=much) for meter, much in rest[2])}
        return capture(wallet, Capture(wallet_id=rest[0], hold_id=hold.hold_id, **what), CATALOG, at)


def check_lives(sender: Wallet, moved: Moved, now: datetime) -> None:
    """No lot ends later where it arrived than it could have ended where it came from."""
    sources = {str(lot.id): lot for lot in sender.lots}
    arrived = {str(lot.id): lot for lot in moved.received.wallet.lots}
    for draw, said in zip(moved.sent.entry.facts["draws"], moved.received.entry.facts["lots"], strict=True):
        source, there = sources.get(draw["lot_id"]), arrived.get(said["lot_id"])
        if source and there and source.expires_at:
            assert there.ends_at
            assert there.ends_at <= (source.ends_at or max(source.expires_at, now + 7 * DAY))


@pytest.mark.timeout(600)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_nothing_is_gained_or_lost_among_wallets(steps: Sequence[Any]) -> None:
    teams = Teams()
    for step in steps:
        teams.take(step)

    total: dict[str, int] = {}
    for name in NAMES:
        wallet, history = teams.store.wallet(name), teams.store.history_of(name)
        assert list(audit.faults(wallet, history)) == []
        for column, credits in folding.total_flows(history).items():
            total[column] = total.get(column, 0) + credits
    assert total.get(Flow.SENT, 0) == total.get(Flow.RECEIVED, 0)
    came = total.get(Flow.GRANTED, 0) + total.get(Flow.BOUGHT, 0)
    went = total.get(Flow.USED, 0) + total.get(Flow.EXPIRED, 0) + total.get(Flow.PAID_TO_DEBT, 0)
    assert came == went + sum(teams.store.wallet(name).left for name in NAMES)


@pytest.mark.timeout(600)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.integers(0, 100))
def test_a_balance_at_a_past_time_is_the_fold_up_to_it(steps: Sequence[Any], place_: int) -> None:
    teams = Teams()
    for step in steps:
        teams.take(step)
    history = teams.store.history_of("acct_a")
    if history:
        at = history[place_ % len(history)].at
        so_far = [entry for entry in history if entry.at <= at]
        assert wallet_at(teams.store, "acct_a", at) == folding.fold("acct_a", so_far)


def rich(credits: int) -> Wallet:
    return grant(Wallet(wallet_id="acct_a"), Grant(credits=credits, source=Source.PROMO), CATALOG, stamp()).wallet


BETWEEN = st.lists(st.tuples(st.sampled_from(["calls", "extra"]), st.integers(1, 9)), max_size=4)


@settings(max_examples=500)
@given(st.integers(0, 30), st.sampled_from(["calls", "extra"]), st.integers(1, 40), BETWEEN)
def test_what_is_quoted_is_what_is_held_or_less(
    used: int, meter: str, quantity: int, between: list[tuple[str, int]]
) -> None:
    wallet = rich(500)
    if used:
        wallet = decide(wallet, Use(wallet_id="acct_a", meter="calls", quantity=used), CATALOG, stamp()).wallet
    quoted = read_quote(quote(wallet, meter, quantity, CATALOG, NOON).quote_id)
    for name, amount in between:
        wallet = decide(wallet, Use(wallet_id="acct_a", meter=name, quantity=amount), CATALOG, stamp()).wallet
    wish = Wish(
        wallet_id="acct_a", ttl=timedelta(hours=1), meter=quoted.meter, quantity=quoted.quantity, at_most=quoted.credits
    )

    try:
        placed = place(wallet, wish, CATALOG, stamp())
    except Conflict:
        assert between
        return
    held = -placed.entry.facts["credits"]
    assert held == quoted.credits if not between else held <= quoted.credits
    wanted = Capture(wallet_id="acct_a", hold_id=placed.entry.facts["hold_id"], quantity=quantity)
    assert capture(placed.wallet, wanted, CATALOG, stamp()).entry.facts["captured"] <= quoted.credits


@settings(max_examples=500)
@given(st.lists(st.tuples(st.sampled_from(["use", "hold", "lease"]), st.integers(1, 12)), min_size=1, max_size=10))
def test_many_uses_and_held_uses_are_one_big_use(parts: list[tuple[str, int]]) -> None:
    wallet = rich(1000)
    for how, amount in parts:
        use = Use(wallet_id="acct_a", meter="calls", quantity=amount)
        if how == "use":
            wallet = decide(wallet, use, CATALOG, stamp()).wallet
            continue
        hour = timedelta(hours=1)
        wish = Wish(wallet_id="acct_a", ttl=hour, credits=amount)
        if how == "hold":
            wish = Wish(wallet_id="acct_a", ttl=hour, meter="calls", quantity=amount)
        placed = place(wallet, wish, CATALOG, stamp())
        what: dict[str, Any] = {"quantity": amount} if how == "hold" else {"uses": (use,)}
        wanted = Capture(wallet_id="acct_a", hold_id=placed.entry.facts["hold_id"], **what)
        wallet = capture(placed.wallet, wanted, CATALOG, stamp()).wallet

    total = sum(amount for _, amount in parts)
    at_once = decide(rich(1000), Use(wallet_id="acct_a", meter="calls", quantity=total), CATALOG, stamp()).wallet
    assert wallet.available(NOON) == at_once.available(NOON)
    assert wallet.meters == at_once.meters
    assert catch_up(wallet, CATALOG, NOON).plan.spent == catch_up(at_once, CATALOG, NOON).plan.spent
