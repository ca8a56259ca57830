"""
Random lives of subscriptions at a provider that goes on by itself: paid, failed, raised, lowered, cancelled, resumed.

What is told may be lost, come twice, late and mixed up. After every step the books hold, each plan's credits came once
a month at most, and whoever was looked at by the jobs all the time stands as one whom nobody ever looked at. In the end
one event heard after the last change, or the sweep, is enough.
"""

from __future__ import annotations

from collections import Counter as Bag
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from chalicelib.domain.catalog import Interval
from chalicelib.domain.errors import PaymentDeclined, Refusal
from chalicelib.domain.lots import Source
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.plans import catch_up
from chalicelib.domain.subscriptions import GIVES, Gives, News, standing
from chalicelib.services.ports import Change, Oddity
from tests.builders import DAY, NOON, SOLD, stamp
from tests.patron import WALLET
from tests.provider import Program, Provider

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
INTERLEAVINGS, LIVES, STEPS, SHARES = 1000, 500, 32, 4
PLANS = ["pro", "team"]


def stands(program: Program) -> tuple[object, ...]:
    """How the wallet stands now, whoever has booked what: plan and month, uses, and what can be spent until when."""
    caught_up = catch_up(program.wallet, SOLD, program.wallet.time_of_decision(program.clock))
    lots = Bag[tuple[Source, datetime | None]]()
    for lot in caught_up.wallet.lots:
        if lot.is_spendable(program.clock):
            lots[lot.source, lot.expires_at] += lot.free
    used = {name: (each.used, each.peak) for name, each in caught_up.wallet.meters.items() if each.used}
    plan = caught_up.plan
    return plan.plan_id, plan.set_by, plan.anchor, plan.period, plan.spent, plan.tenure, plan.behind, used, lots


class World:
    """A provider, and programs with one clock."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = NOON
        self.provider = Provider(lambda: self.now, SOLD)
        self.programs = [Program(self.provider), Program(self.provider)]

    def wait(self, span: timedelta) -> None:
        self.now += span
        for each in self.programs:
            each.clock = self.now
        self.provider.tick()

    @property
    def running(self) -> News | None:
        return next((each for each in self.provider.subscriptions.values() if each.is_running), None)

    def some_days(self) -> None:
        self.wait(self.random.choice([HOUR, DAY, 2 * DAY, 3 * DAY, 3 * DAY + HOUR, 9 * DAY, 28 * DAY, 31 * DAY]))

    def card(self) -> None:
        self.provider.card_pays = self.random.random() < 0.5


# One event after the last change is enough


class Interleaving(World):
    """The first program hears every event at once; the second some, late, twice, mixed up. Changes are made there."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.heard = 0
        self.queue: list[Oddity] = []
        self.loss = self.random.choice([0.0, 0.3, 0.7, 1.0])

    def play(self) -> None:
        sure, lossy = self.programs
        opened = sure.want("pro", self.random.choice(list(Interval)))
        lossy.store.subscriptions.update(sure.store.subscriptions)
        lossy.store.customers.update(sure.store.customers)
        if self.random.random() < 0.2:
            self.provider.trial = self.random.choice([7, 45]) * DAY
        self.provider.pay(opened["checkout_session_id"])
        steps = [self.some_days, self.some_days, self.some_days, self.card, self.card, self.provider.retry, self.change]
        steps += [lambda: self.provider.pause(over=False), lambda: self.provider.pause(over=True)]
        self.deliver()
        for _ in range(self.random.randint(1, 16)):
            self.random.choice(steps)()
            self.deliver()
        lossy.told(self.random.choice(self.provider.events))

    def change(self) -> None:
        """Change something on the provider's own pages."""
        if news := self.running:
            choice = self.random.randrange(6)
            keep = self.provider.keep
            if choice == 0:
                self.provider.end(news, self.now)
            elif choice == 1:
                keep(news, ends_at=news.period_end, pending=None)
            elif choice == 2:
                keep(news, ends_at=None, pending=None)
            elif choice == 3:
                keep(news, ends_at=None, pending=(self.random.choice(PLANS), self.random.choice(list(Interval))))
            elif news.period_end > self.now + DAY:
                plan_id = self.random.choice(PLANS)
                price = SOLD.plans[plan_id].prices[news.interval]
                keep(news, plan_id=plan_id, price=price)

    def deliver(self) -> None:
        sure, lossy = self.programs
        fresh = self.provider.events[self.heard :]
        self.heard += len(fresh)
        for event in fresh:
            sure.told(event)
        self.queue += [event for event in fresh if self.random.random() >= self.loss]
        self.random.shuffle(self.queue)
        for _ in range(self.random.randint(0, len(self.queue))):
            event = self.queue[0] if self.random.random() < 0.3 else self.queue.pop(0)
            lossy.told(event)


def end_of(program: Program) -> tuple[object, ...]:
    """What any program must agree about: the news, and the plan that is given, with its credits once."""
    news, plan = program.row.news, program.plan
    assert news
    if GIVES[news.status] is Gives.FREE or plan.tenure is None:
        return news, plan.plan_id
    came = plan.plan_id in plan.granted
    assert came is plan.tenure.grants(plan.period_start)
    return news, plan.plan_id, plan.set_by, plan.anchor, plan.period, plan.tenure, came


@pytest.mark.parametrize("share", range(SHARES))
def test_one_event_heard_after_the_last_change_makes_up_for_all_that_was_lost(share: int) -> None:
    differed, ends = 0, Bag[str]()
    for seed in range(share, INTERLEAVINGS, SHARES):
        world = Interleaving(seed)
        try:
            world.play()
            sure, lossy = world.programs
            assert end_of(lossy) == end_of(sure)
            for program in world.programs:
                program.check()
                assert program.store.oddities == {}
                latest = program.row.news
                assert latest
                noted = program.store.invoices[WALLET, _name(world, latest)]
                assert noted == world.provider.invoices[latest.invoice_id or ""]
        except BaseException:
            print(f"the life of seed {seed}")
            raise
        differed += sure.kinds() != lossy.kinds()
        ends[sure.row.news.status] += 1  # type: ignore[union-attr]
    print(f"{INTERLEAVINGS // SHARES} lives, {differed} heard of otherwise: {dict(ends)}")
    assert differed > INTERLEAVINGS // SHARES // 4
    assert {"active", "trialing", "past_due", "canceled", "unpaid", "paused"} <= set(ends)


def _name(world: World, news: News) -> str:
    return world.provider.invoices[news.invoice_id or ""].name


# Invariants after every step


class Life(World):
    """
    A patron asks, uses, waits; events are lost, doubled, late. The first program asks, and is looked at by the jobs;
    the second hears what the first hears, and nobody looks at it.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.heard = 0
        self.queue: list[Oddity] = []
        self.loss = self.random.choice([0.0, 0.2, 0.8])
        self.seen: Bag[str] = Bag()

    def play(self) -> None:
        steps: list[Callable[[], None]] = [self.some_days, self.some_days, self.some_days, self.card, self.retry]
        steps += [self.want, self.want, self.cancel, self.resume, self.use, self.use, self.use, self.sweep, self.jobs]
        steps += [self.word]
        for _ in range(STEPS):
            step = self.random.choice(steps)
            step()
            self.seen[step.__name__] += 1
            if self.random.random() < 0.7:
                self.deliver()
            self.hold()
        self.heal()

    def hold(self) -> None:
        """What must hold after every step."""
        eager, lazy = self.programs
        for program in self.programs:
            program.check()
            assert program.store.oddities == {}
        assert stands(eager) == stands(lazy)
        assert sum(each.is_running for each in self.provider.subscriptions.values()) <= 1

    def both(self, act: Callable[[Program], object]) -> object:
        """Do the same at both: neither may answer otherwise."""
        said = []
        for program in self.programs:
            try:
                said.append(act(program))
            except Refusal as refusal:
                said.append((refusal.code, refusal.facts))
        assert said[0] == said[1]
        return said[0]

    def use(self) -> None:
        quantity, meter = self.random.randint(1, 120), self.random.choice(["calls", "calls", "extra", "seats"])
        self.both(lambda program: program.use(quantity, meter))

    def ask(self, act: Callable[[Program], object]) -> None:
        """Ask the first program; the second hears of whatever came of it at the same time."""
        eager, lazy = self.programs
        if news := self.running:  # asking looks first for one of which nobody told
            self.tell(hint(news, self.now))
        try:
            answer = act(eager)
        except PaymentDeclined:
            self.seen["declined"] += 1
        except Refusal:
            self.seen["refused"] += 1
        else:
            self.seen["asked"] += 1
            assert isinstance(answer, dict)
            lazy.store.subscriptions[WALLET] = lazy.row  # read at least once
            if session_id := answer.get("checkout_session_id"):
                lazy.store.subscriptions[WALLET] = _with_checkout(lazy, eager)
                if self.random.random() < 0.8:
                    self.wait(MINUTE)
                    self.provider.pay(session_id)
                return
        self.catch_up()

    def catch_up(self) -> None:
        """Both hear now of what the first may have asked about."""
        if known := self.programs[0].row.news:
            self.tell(hint(known, self.now))

    def want(self) -> None:
        plan_id, interval = self.random.choice([*PLANS, *PLANS, "free"]), self.random.choice(list(Interval))
        self.ask(lambda program: program.want(plan_id, interval))

    def cancel(self) -> None:
        now = self.random.random() < 0.3
        self.ask(lambda program: program.cancel(now=now))

    def resume(self) -> None:
        self.ask(lambda program: program.resume())

    def retry(self) -> None:
        self.provider.retry()

    def word(self) -> None:
        """An admin sets a plan, or clears it."""
        plan_id = self.random.choice([None, None, *PLANS])
        for program in self.programs:
            row = standing(program.row)
            decision = set_plan(program.wallet, plan_id, SOLD, stamp(self.now), standing=row)
            program.store.commit(Change(decisions=[decision]))

    def sweep(self) -> None:
        eager, _ = self.programs
        before = eager.row
        assert eager.sweep().failures == []
        if eager.row != before:
            self.catch_up()

    def jobs(self) -> None:
        assert self.programs[0].expire().failures == []

    def deliver(self) -> None:
        fresh = self.provider.events[self.heard :]
        self.heard += len(fresh)
        self.queue += [event for event in fresh if self.random.random() >= self.loss]
        self.random.shuffle(self.queue)
        for _ in range(self.random.randint(0, len(self.queue))):
            self.tell(self.queue[0] if self.random.random() < 0.3 else self.queue.pop(0))

    def tell(self, event: Oddity) -> None:
        for program in self.programs:
            program.told(event)

    def heal(self) -> None:
        """Nothing is told any more: the sweep alone brings the wallet to where its subscription is."""
        eager, _ = self.programs
        cleared = set_plan(eager.wallet, None, SOLD, stamp(self.now), standing=standing(eager.row))
        eager.store.commit(Change(decisions=[cleared]))
        for span in (*[DAY] * 12, HOUR, HOUR):  # the last ones for what has just happened
            self.wait(span)
            eager.sweep()
            eager.expire()
            eager.check()
        if news := self.running:
            assert eager.row.running == news
            assert eager.plan.plan_id == (news.plan_id if eager.plan.tenure else "free")
        else:
            assert eager.plan.plan_id == "free"


def hint(news: News, at: datetime) -> Oddity:
    return Oddity(event_id="evt_hint", type="", reason="", at=at, subscription_id=news.subscription_id)


def _with_checkout(lazy: Program, eager: Program) -> Any:
    row = eager.row
    lazy.store.customers.update(eager.store.customers)
    return replace(
        lazy.row,
        version=lazy.row.version + 1,
        session_id=row.session_id,
        session_at=row.session_at,
        customer_id=row.customer_id,
    )


@pytest.mark.parametrize("share", range(SHARES))
def test_random_lives_keep_the_books_and_need_nobody_to_look(share: int) -> None:
    seen, kinds = Bag[str](), Bag[str]()
    for seed in range(share, LIVES, SHARES):
        world = Life(seed)
        try:
            world.play()
        except BaseException:
            print(f"the life of seed {seed}")
            raise
        seen += world.seen
        kinds += Bag(world.programs[0].kinds())
    print(f"{LIVES // SHARES} lives of {STEPS} steps: {dict(seen)}; entries: {dict(kinds)}")
    assert min(seen[each] for each in ("asked", "refused", "use", "word", "sweep", "jobs")) > LIVES // SHARES
    assert seen["declined"]
    assert {"plan_change", "renewal", "expiry", "usage"} <= set(kinds)
