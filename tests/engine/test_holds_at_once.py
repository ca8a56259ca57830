"""Holds and transfers by many at once, on engines whose transactions hold: one winner each, and no credit lost."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from threading import Barrier

import pytest

from chalicelib.domain import folding
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import Busy, HoldClosed, Refusal
from chalicelib.domain.ledger import Entry, as_time
from chalicelib.domain.lots import Lot, LotId, Source
from chalicelib.domain.plan_changes import book_steps
from chalicelib.domain.times import from_text
from chalicelib.domain.wallet import Wallet
from chalicelib.services.once import Patience
from chalicelib.services.ports import Change, LostRace, Store
from tests import engines
from tests.builders import CATALOG, NOON, stamp
from tests.teller import PROMO, Teller, bought

HOLDS, MINUTE, SECOND = 40, timedelta(minutes=1), timedelta(seconds=1)
WORKERS, COMMANDS = 32, 9
BUDGET = 10.0  # seconds: what a function has


def teller_at(store: Store, seed: int, now: datetime = NOON) -> Teller:
    uniform = Random(seed).uniform
    patience = Patience(budget=BUDGET, monotonic=time.monotonic, sleep=time.sleep, uniform=uniform)
    return Teller(store=store, patience=patience, now=now)


# Of three transitions one wins


@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_of_capture_release_and_lapse_at_once_exactly_one_wins(kind: str) -> None:
    store, wallet_id = engines.store(kind), f"acct_{uuid.uuid4().hex}"
    opening = teller_at(store, 0)
    opening.give(wallet_id, bought(f"pur_{uuid.uuid4().hex[:20]}"))
    placed = [
        str(opening.hold(f"h{n}", 10, wallet_id=wallet_id, ttl=(n + 1) * MINUTE).entry.facts["hold_id"])
        for n in range(HOLDS)
    ]
    winners: Counter[str] = Counter()

    with ThreadPoolExecutor(3) as pool:
        for number, hold_id in enumerate(placed):
            end = NOON + (number + 1) * MINUTE
            outcomes = dict(zip(RACERS, pool.map(racing(store, wallet_id, hold_id, end), RACERS), strict=True))
            assert sorted(outcomes.values()) == [False, False, True], (hold_id, outcomes)
            winners.update(name for name, won in outcomes.items() if won)

    [wallet] = opening.check(wallet_id)
    ends = Counter(kind for kind in opening.kinds(wallet_id) if kind in RACERS)
    print(f"{kind}: of {HOLDS} holds " + ", ".join(f"{winners[name]} by {name}" for name in RACERS))
    assert winners == ends
    assert (wallet.holds, wallet.held) == ((), 0)
    assert wallet.available(NOON) == 1000 - 7 * winners["capture"]


RACERS = ("capture", "release", "lapse")


def racing(store: Store, wallet_id: str, hold_id: str, end: datetime) -> Callable[[str], bool]:
    """Give what each of the three does, all starting together; whether it was the one that ended the hold."""
    start = Barrier(len(RACERS))

    def race(racer: str) -> bool:
        teller = teller_at(store, end.minute * 3 + RACERS.index(racer), end - SECOND)
        start.wait()
        try:
            if racer == "lapse":
                return lapsed(teller, wallet_id, end)
            if racer == "capture":
                return not teller.capture(f"c-{hold_id}", hold_id, credits=7, wallet_id=wallet_id).replayed
            return not teller.release(f"r-{hold_id}", hold_id, wallet_id=wallet_id).replayed
        except HoldClosed:
            return False

    return race


def lapsed(teller: Teller, wallet_id: str, now: datetime) -> bool:
    """Book what has lapsed, as the job does; whether there was anything left to book."""
    for _ in teller.patience.turns():
        decision = book_steps(teller.store.wallet(wallet_id), CATALOG, stamp(now))
        if decision is None:
            return False
        try:
            teller.store.commit(Change(decisions=[decision]))
        except LostRace:
            continue
        return True
    raise Busy(wallet_id)


# Nothing is gained or lost


class Team:
    """Four wallets with bought and given credits, between which everybody moves some."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.names = [f"acct_{uuid.uuid4().hex}" for _ in range(4)]
        for name in self.names:
            year = bought(f"pur_{uuid.uuid4().hex[:20]}", expires_at=NOON + timedelta(days=365))
            teller_at(store, 0).give(name, PROMO, year)

    def work(self, number: int) -> Counter[str]:
        """Do what one worker does; count what was answered."""
        random, teller = Random(number), teller_at(self.store, number)
        held: list[tuple[str, str]] = []
        answers: Counter[str] = Counter()
        for turn in range(COMMANDS):
            what = random.choices(["move", "use", "hold", "end"], [5, 2, 2, 2])[0]
            try:
                answers[self.command(what, teller, random, f"{number}-{turn}", held)] += 1
            except Busy:
                answers[f"busy {what}"] += 1
            except Refusal as refused:
                answers[type(refused).__name__] += 1
        return answers

    def command(self, what: str, teller: Teller, random: Random, key: str, held: list[tuple[str, str]]) -> str:
        """Give one command; what its entry is called."""
        among = self.names if random.random() < 0.8 else self.names[:2]  # these two against each other
        sender, receiver = random.sample(among, 2)
        if what == "move":
            return teller.move(key, random.randint(1, 400), sender=sender, receiver=receiver).entry.kind
        if what == "use":
            return teller.use(key, "extra", random.randint(1, 60), wallet_id=sender).entry.kind
        if what == "hold" or not held:
            placed = teller.hold(key, random.randint(1, 60), wallet_id=sender)
            held.append((sender, str(placed.entry.facts["hold_id"])))
            return placed.entry.kind
        wallet_id, hold_id = held.pop()
        if random.random() < 0.5:
            return teller.release(key, hold_id, wallet_id=wallet_id).entry.kind
        return teller.capture(key, hold_id, credits=random.randint(1, 70), wallet_id=wallet_id).entry.kind


@pytest.mark.parametrize("kind", engines.ATOMIC)
def test_what_many_move_spend_and_hold_at_once_adds_up_to_the_credit(kind: str) -> None:
    team = Team(engines.store(kind))
    started = time.monotonic()

    with ThreadPoolExecutor(WORKERS) as pool:
        answers = sum(pool.map(team.work, range(WORKERS)), Counter())

    passed = time.monotonic() - started
    busy = sum(count for name, count in answers.items() if name.startswith("busy"))
    print(f"{kind}: {answers.total()} commands in {passed:.1f} s, {busy} were busy: {dict(sorted(answers.items()))}")
    reader = teller_at(team.store, 0)
    wallets = reader.check(*team.names)
    histories = {name: reader.history(name) for name in team.names}
    written = Counter(entry.kind for history in histories.values() for entry in history)
    for kind_ in ("transfer_out", "usage", "hold", "capture", "release"):
        assert written[kind_] == answers[kind_], "what was answered was written, and nothing else"
    assert written["transfer_in"] == written["transfer_out"] > 30
    assert_conserved(wallets, histories.values())
    assert_no_life_is_lengthened(histories)
    assert_holders_are_known(team.store, wallets)


def assert_conserved(wallets: Sequence[Wallet], histories: Iterable[list[Entry]]) -> None:
    total: Counter[str] = Counter()
    for history in histories:
        total.update(folding.total_flows(history))
    assert total[Flow.SENT] == total[Flow.RECEIVED]
    came = total[Flow.BOUGHT] + total[Flow.GRANTED]
    assert came == 4 * 1100
    assert sum(wallet.left for wallet in wallets) + total[Flow.USED] + total[Flow.EXPIRED] == came


def assert_no_life_is_lengthened(histories: dict[str, list[Entry]]) -> None:
    lots = {(name, lot.id): lot for name, history in histories.items() for lot in lots_of(history)}
    for name, history in histories.items():
        for entry in (each for each in history if each.kind == "transfer_in"):
            source = entry.facts["from_entry_id"].rpartition(":")[0]
            out = histories[source][int(entry.facts["from_entry_id"].rpartition(":")[2]) - 1]
            assert out.facts["to_entry_id"] == entry.entry_id
            for draw, said in zip(out.facts["draws"], entry.facts["lots"], strict=True):
                before, after = lots[source, LotId.parse(draw["lot_id"])], lots[name, LotId.parse(said["lot_id"])]
                assert before.expires_at
                assert after.ends_at
                assert after.ends_at <= (before.ends_at or before.expires_at)


def lots_of(history: list[Entry]) -> Iterator[Lot]:
    """Read from a history every lot that ever came in."""
    for entry in history:
        for said in entry.facts.get("lots", [entry.facts["lot"]] if "lot" in entry.facts else []):
            yield Lot(
                id=LotId.parse(said["lot_id"]),
                source=Source(said["source"]),
                granted=0,
                free=0,
                granted_at=from_text(said["granted_at"]),
                expires_at=as_time(said["expires_at"]),
                noticed_at=as_time(said.get("noticed_at")),
            )


def assert_holders_are_known(store: Store, wallets: Sequence[Wallet]) -> None:
    """Whoever holds credits of another's purchase stands in its row."""
    for wallet in wallets:
        for lot in wallet.lots:
            if lot.purchase_id and lot.origin and lot.origin.wallet_id != wallet.wallet_id:
                row = store.purchase(lot.origin.wallet_id, lot.purchase_id)
                assert row
                assert wallet.wallet_id in row.holders
