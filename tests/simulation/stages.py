"""Stages: the flows of the jobs, each over a store in memory, with every call to the outside told to `strike`."""

from __future__ import annotations

from collections import Counter as Bag
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.domain import audit
from chalicelib.domain.errors import Refusal
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.purchases import Status
from chalicelib.domain.usage import Use
from chalicelib.services.once import Claim
from chalicelib.services.ports import Change, NotSent
from chalicelib.services.using import Event, Till, record_usage
from tests.builders import CATALOG, DAY, NOON, patience, stamp
from tests.counter import Counter
from tests.fakes import Faulty, MemoryStore
from tests.rounds import Carrier, Clockwork
from tests.simulation.striking import Crash, Point

MOST_ROUNDS = 12
SOON = 2 * DAY  # longer than any pause after trouble, shorter than the time to the next thing of the calendar
WALLET = "acct_a"


class Stage:
    """One flow: steps that are done in turn, until nothing is due any more."""

    store: MemoryStore
    now: datetime
    steps: Sequence[Callable[[], object]]

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.strike: Point = lambda _name, _when: None
        self.is_deaf = False
        self.current: Callable[[], object] = lambda: None

    def point(self, name: str, when: str) -> None:
        if (name, when) == ("commit", "after"):
            self.hold()
        if self.is_deaf:
            return
        if when == "before":
            self.calls.append(name)
        self.strike(name, when)

    def run(self) -> None:
        """Play the flow; what a crash interrupted comes again when it is due."""
        for _ in range(MOST_ROUNDS):
            for step in self.steps:
                self.current = step
                try:
                    step()
                except (Crash, Refusal):
                    continue
            if not (waiting := self.waiting()):
                return
            self.now = max(self.now, min(waiting))
        raise AssertionError("the flow did not come to its end")

    def run_another(self) -> None:
        """Play the step that is under way from its beginning to its end, unheard."""
        self.is_deaf = True
        self.current()
        self.is_deaf = False

    def waiting(self) -> list[datetime]:
        """List when the jobs have something to do, soon."""
        store = self.store
        dues: list[datetime | None] = [each.due_at for each in store.wallets.values()]
        dues += [each.due_at for each in store.messages.values()]
        dues += [each.due_at for each in store.purchases.values() if each.is_open]
        return [at for at in dues if at and at <= self.now + SOON]

    def hold(self) -> None:
        """Check what must hold after every write."""
        history = self.store.history_of(WALLET)
        assert list(audit.faults(self.store.wallet(WALLET), history)) == []
        again = {thing: times for thing, times in Bag(_booked(history)).items() if times > 1}
        assert not again, f"more than once: {again}"

    def check(self) -> None:
        """Check what must hold when all is quiet."""
        raise NotImplementedError


def _booked(history: Sequence[Entry]) -> Iterator[tuple[str, ...]]:
    """Name what may be booked once: the end of a lot, a line of a lot's notice, the turn of a month, a purchase."""
    for entry in history:
        for step in (*entry.facts.get("also", ()), entry.facts):
            match step["kind"]:
                case "expiry":
                    yield "expiry", step["lot_id"]
                case "notice" if "lot_id" in step:
                    yield "notice", step["lot_id"], str(step["days"])
                case "renewal":
                    yield "renewal", step["period"]["start"]
                case "purchase":
                    yield "purchase", step["purchase_id"]


class Told(Stage):
    """A stage with jobs that send through two channels; notes which messages may have come twice, and how often."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clockwork(carrier=Carrier(names=("email", "webhook")))
        self.store = self.clock.store
        self.excused: Bag[tuple[str, str]] = Bag()
        self.prepare()
        self.clock.seen_store = Faulty(self.store, self.point)
        self.clock.seen_carrier = Faulty(self.clock.carrier, self.point)

    def prepare(self) -> None:
        raise NotImplementedError

    @property
    def now(self) -> datetime:
        return self.clock.now

    @now.setter
    def now(self, at: datetime) -> None:
        self.clock.now = at

    def point(self, name: str, when: str) -> None:
        try:
            super().point(name, when)
        except Crash:
            self.excused.update(self.unnoted())
            raise
        except NotSent:
            if when == "after":  # taken, but nobody knows
                self.excused[self.clock.carrier.sent[-1]] += 1
            raise

    def unnoted(self) -> list[tuple[str, str]]:
        """List what was sent and not noted: channel and message id."""
        noted = {(channel, name) for (_, name), each in self.store.messages.items() for channel in each.sent}
        return [each for each in self.clock.carrier.sent if each not in noted]

    def check(self) -> None:
        self.hold()
        taken, names = Bag(self.clock.carrier.sent), {name for _, name in self.store.messages}
        assert set(taken) == {(channel, name) for channel in self.clock.carrier.names for name in names}
        assert {each: times for each, times in taken.items() if times > 1 + self.excused[each]} == {}
        assert all(each.sent_at and each.parked is None for each in self.store.messages.values())
        assert self.outcome() == self.expected()

    def outcome(self) -> list[tuple[object, ...]]:
        """Say what came about, whatever its order was."""
        history = self.store.history_of(WALLET)
        wording = [(each.message.kind.value, each.message.facts.get("days")) for each in self.store.messages.values()]
        return sorted([*Bag(kind for kind, *_ in _booked(history)).items(), *wording], key=str)

    def expected(self) -> list[tuple[object, ...]]:
        raise NotImplementedError


class Night(Told):
    """A short lot has ended, a bought one wants its notice, a month with credits has turned: the clock's two jobs."""

    def prepare(self) -> None:
        clock, store = self.clock, self.clock.store
        self.steps = (clock.alert, clock.expire)
        store.commit(Change(decisions=[set_plan(store.wallet(WALLET), "pro", CATALOG, stamp())]))
        short = Grant(credits=300, source=Source.PROMO, expires_at=NOON + 13 * DAY)
        bought = Grant(
            kind="purchase", credits=1000, source=Source.PURCHASE, expires_at=NOON + 60 * DAY, purchase_id="pur_1"
        )
        for each in (short, bought):
            store.commit(Change(decisions=[grant(store.wallet(WALLET), each, CATALOG, stamp())]))
        clock.now = NOON + 31 * DAY

    def expected(self) -> list[tuple[object, ...]]:
        # The short lot, and November's plan lot.
        return [("expiring", 30), ("expiry", 2), ("notice", 1), ("purchase", 1), ("renewal", 1)]

    def later(self) -> list[tuple[object, ...]]:
        """Go on without faults until the bought lot has ended, and say what came about in all."""
        self.strike = lambda _name, _when: None
        for day in (54, 62, 69):
            self.now = max(self.now, NOON + day * DAY)
            self.run()
        return self.outcome()


class Crossing(Told):
    """A use crosses two lines of a quota at once; its customer repeats it with the same key."""

    def prepare(self) -> None:
        self.is_answered = False
        self.steps = (self.use, self.clock.alert)
        record_usage(self.till(self.store), self.used(1, "k0"), stamp=stamp())

    def till(self, store: object) -> Till:
        return Till(store=store, catalog=CATALOG, patience=patience())  # type: ignore[arg-type]

    def used(self, quantity: int, key: str) -> Event:
        claim = Claim.on(WALLET, key, operation="usage", body={"quantity": quantity})
        return Event(Use(wallet_id=WALLET, meter="calls", quantity=quantity), claim)

    def use(self) -> None:
        record_usage(self.till(self.clock.seen_store), self.used(9, "k1"), stamp=stamp(self.now))
        self.is_answered = True

    def waiting(self) -> list[datetime]:
        return [*super().waiting(), *([] if self.is_answered else [self.now])]

    def check(self) -> None:
        super().check()
        assert [entry.kind for entry in self.store.history_of(WALLET)] == ["usage", "usage"]

    def expected(self) -> list[tuple[object, ...]]:
        return [("quota", None)]


class Unheard(Stage):
    """A purchase is paid and its event lost: the sweep."""

    def __init__(self) -> None:
        super().__init__()
        self.counter = Counter()
        self.store = self.counter.store
        begun = self.counter.buy()
        self.counter.control(f"sessions/{begun.purchase.session_id}/pay", {"method": "card"})
        self.counter.strike = self.point
        self.steps = (self.counter.sweep,)
        self.now = NOON + timedelta(minutes=15)

    @property
    def now(self) -> datetime:
        return self.counter.clock

    @now.setter
    def now(self, at: datetime) -> None:
        self.counter.clock = at

    def check(self) -> None:
        self.hold()
        assert [entry.kind for entry in self.store.history_of(WALLET)] == ["purchase"]
        assert [each.status for each in self.store.purchases.values()] == [Status.PAID]
        assert self.store.wallet(WALLET).available(self.now) == 1000
        assert self.store.oddities == {}
