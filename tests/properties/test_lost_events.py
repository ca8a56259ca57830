"""
Lost events: whatever part of the news never comes, and in whatever order the rest does, sweep and reconciliation heal.

One account at the stand-in is told to two programs: one hears every event at once and in order, the other loses some
and hears the rest late, mixed up and twice. In the end both say the same.
"""

from __future__ import annotations

from collections import Counter as Bag
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from chalicelib.domain.errors import Refusal
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Order
from chalicelib.payments.checkout import StripePayments
from chalicelib.payments.events import MONEY_EVENTS
from chalicelib.services.fulfilling import NotYetKnown, Outcome
from chalicelib.services.purchasing import Shop
from tests.bank import Bank, Json, NotPossible, check_books, worth
from tests.builders import catalog, package
from tests.fakes import Faulty, MemoryStore

HISTORIES = 500
STEPS = 9  # of a history, at most, after its purchases
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
UNEVEN = catalog(package(credits=970, bonus_credits=33, price=Money(701, "usd")))  # so that rounding shows
WRITES = frozenset({"commit", "put_off_purchase", "quarantine", "count_failure", "release_oddity", "keep_checkout"})
OTHER = "acct_b"
FORGOTTEN = 0.3  # the part of the news of payments that never comes


class Listener(Bank):
    """A program with its own store; several may hear of the same account."""

    def __init__(self, first: Bank | None = None) -> None:
        super().__init__()
        if first:
            self.standin, self.payments = first.standin, first.payments
            self.seen_payments = Faulty(first.payments, self._point)

    @property
    def shop(self) -> Shop:
        return replace(super().shop, catalog=UNEVEN)

    def take_purchases_of(self, first: Bank) -> None:
        self.store.purchases.update(first.store.purchases)

    def state(self) -> object:
        rows = {name: (each.revoked, each.status, each.facts) for name, each in self.store.purchases.items()}
        return rows, worth(self.store)


class History:
    """A random history of one to three purchases, and the two that hear of it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.sure = Listener()
        self.lossy = Listener(self.sure)
        self.loss = self.random.choice([0.3, 0.8, 0.9, 1.0])  # the part of the news of money back that never comes
        self.sweeps = self.random.random() < 0.7
        self.kept: list[Json] = []  # events that are still to come to the second
        self.heard = self.lost = self.keys = 0
        self.paid: list[str] = []
        self.refunds: list[str] = []
        self.disputes: list[str] = []
        self.closed: set[str] = set()

    def play(self) -> None:
        sessions = []
        for number in range(self.random.randint(1, 3)):
            order = Order(wallet_id=self.sure.wallet_id, package_id="starter")
            sessions.append(self.sure.buy(f"k{number}", order=order, now=self.sure.clock))
        self.lossy.take_purchases_of(self.sure)
        steps: list[Callable[[], None]] = [self.refund, self.refund, self.refund_fails, self.dispute, self.close]
        steps += [self.reinstate, self.move, self.spend, self.spend]
        for begun in sessions:
            self.paid.append(self.sure.pay(begun))
            self.listen()
        for _ in range(self.random.randint(0, STEPS)):
            self.wait(timedelta(minutes=self.random.randint(0, 90)))
            try:
                self.random.choice(steps)()
            except NotPossible:
                continue
            self.listen()
        self.random.shuffle(self.kept)
        self.let_come(len(self.kept))

    def wait(self, span: timedelta) -> None:
        self.sure.clock += span
        self.lossy.clock += span

    def listen(self) -> None:
        """The first hears all there is; of the second's some is lost, and some comes now."""
        told = self.sure.objects("event")[self.heard :]
        self.heard += len(told)
        for event in told:
            self.sure.hear(event)
            loss = self.loss if event["type"] in MONEY_EVENTS else FORGOTTEN
            comes = 0 if self.random.random() < loss else self.random.choice([1, 1, 2])
            self.lost += not comes
            self.kept += [event] * comes
        self.random.shuffle(self.kept)
        self.let_come(self.random.randint(0, len(self.kept)))

    def let_come(self, number: int) -> None:
        for _ in range(number):
            event = self.kept.pop()
            try:
                assert self.lossy.hear(event) is not Outcome.QUARANTINED
            except NotYetKnown:
                self.lost += 1

    def refund(self) -> None:
        self.refunds.append(self.sure.refund(self.random.choice(self.paid), self.random.randint(1, 701)))

    def refund_fails(self) -> None:
        if self.refunds:
            name = self.random.choice(self.refunds)
            self.sure.control(f"refunds/{name}/fail", {})

    def dispute(self) -> None:
        payment_id, amount = self.random.choice(self.paid), self.random.choice([701, 350, 1])
        inquiry = self.random.random() < 0.3
        self.disputes.append(self.sure.dispute(payment_id, amount, inquiry=inquiry))

    def close(self) -> None:
        if self.disputes:
            self.sure.close(self.random.choice(self.disputes), self.random.choice(["won", "lost"]))

    def reinstate(self) -> None:
        lost = [each["id"] for each in self.sure.objects("dispute") if each["status"] == "lost"]
        if lost:
            self.sure.reinstate(self.random.choice(lost))

    def move(self) -> None:
        credits = self.random.randint(1, 900)
        self.both(lambda bank, key: bank.move(OTHER, credits, key))

    def spend(self) -> None:
        wallet_id, credits = self.random.choice(["acct_a", OTHER]), self.random.randint(1, 600)
        self.both(lambda bank, key: bank.spend(wallet_id, credits, key))

    def both(self, act: Callable[[Listener, str], None]) -> None:
        """Do the same at both; one may refuse what the other grants, as they don't know the same."""
        self.keys += 1
        for bank in (self.sure, self.lossy):
            try:
                act(bank, f"u{self.keys}")
            except Refusal:
                continue

    def heal(self) -> Bag[str]:
        """Let the sweep run, unless it is broken, and then the reconciliation; what was found."""
        self.wait(QUARTER)
        if self.sweeps:
            self.lossy.sweep()
        self.wait(HOUR + QUARTER)
        found = self.lossy.reconcile()
        assert found.report.failures == []
        self.lossy.sweep()
        return Bag(each.finding.value for each in found.differences)


def test_lost_and_mixed_up_events_come_to_the_same_as_all_of_them_in_order() -> None:
    found, lost, changed, owed = Bag[str](), 0, 0, 0
    for seed in range(HISTORIES):
        history = History(seed)
        try:
            history.play()
            before = history.lossy.state()
            found += history.heal()
            assert history.lossy.state() == history.sure.state()
            history.sure.check_kept()
            history.lossy.check_kept()
            for bank in (history.sure, history.lossy):
                check_books(bank.store)
                assert bank.store.oddities == {}
            check_quiet(history.lossy)
        except BaseException:
            print(f"the history of seed {seed}")
            raise
        changed += before != history.lossy.state()
        lost += history.lost
        owed += any(each.owed for each in history.lossy.store.purchases.values())
    print(f"{HISTORIES} histories, {lost} events lost; {changed} healed: {dict(found)}")
    assert found["revoked_too_little"] > HISTORIES // 20
    assert found["paid_not_credited"] > HISTORIES // 20
    assert found["revoked_too_much"]
    assert found["facts_differ"]
    assert changed > HISTORIES // 5
    assert owed


def check_quiet(bank: Listener) -> None:
    """A second reconciliation finds nothing and writes nothing."""
    bank.calls.clear()
    again = bank.reconcile()
    assert (again.differences, again.report.failures, again.report.more) == ([], [], False)
    assert not WRITES & set(bank.calls)


def test_the_names_used_here_are_those_of_the_ports() -> None:
    assert all(hasattr(MemoryStore, name) for name in WRITES)
    assert hasattr(StripePayments, "recent_money_back")
