"""Random histories of every command: exports and statements hold, add up month after month, and show every change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

from chalicelib.domain.days import Flow
from chalicelib.domain.folding import fold, total_flows
from chalicelib.domain.ledger import GENESIS, KINDS, Entry, erase
from chalicelib.domain.statements import Month
from chalicelib.domain.wallet import Wallet
from tests.builders import DAY
from tests.exported import MUTATIONS, export_of, first_difference, judged, lines_of, mutated, stated
from tests.properties.test_explaining import World
from tests.properties.test_teams import NAMES

HISTORIES, CHANGES = 50, 1000
LATER = 40 * DAY  # when all is looked at: the months of the history are over by then
Json = dict[str, Any]


def played(seed: int) -> World:
    """A history, with the rows of what was bought."""
    world = World(seed)
    world.play()
    for row in world.rows:
        world.store.purchases[row.wallet_id, row.purchase_id] = row
    return world


def export(world: World, wallet_id: str, *, seed: int = 0) -> bytes:
    """Export a wallet on pages of all sizes."""
    random = Random(seed)
    return export_of(world.store, wallet_id, now=world.now, limit=lambda: random.choice([1, 2, 5, 1000]))


def months(world: World) -> Iterator[str]:
    """From the month before the first entry to the one that runs."""
    month = Month.of(min(entry.at for entry in world.store.entries.values()) - 31 * DAY)
    while month <= Month.of(world.now + LATER):
        yield str(month)
        month = Month.of(month.end)


@dataclass
class Span:
    """What the entries of a month make, counted plainly from all entries and their times."""

    before: list[Entry]
    within: list[Entry]

    @classmethod
    def of(cls, history: list[Entry], month: str) -> Span:
        def named(entry: Entry) -> str:
            return f"{entry.at:%Y-%m}"

        return cls(
            [each for each in history if named(each) < month], [each for each in history if named(each) == month]
        )

    def expected(self, wallet_id: str) -> Json:
        opening = fold(wallet_id, self.before)
        closing = fold(wallet_id, [*self.before, *self.within])
        steps = [step for entry in self.within for step in (*entry.facts.get("also", ()), entry.facts)]
        kinds = sorted({step["kind"] for step in steps})
        flows = total_flows(self.within, start=opening)
        return {
            "wallet_id": wallet_id,
            "opening": sum(lot.left for lot in opening.lots),
            **{column.value: flows[column] for column in Flow},
            "closing": sum(lot.left for lot in closing.lots),
            "held_at_close": sum(lot.held for lot in closing.lots),
            "debt_at_open": opening.debt,
            "debt_at_close": closing.debt,
            "from_seq": len(self.before) + 1,
            "to_seq": len(self.before) + len(self.within),
            "head": ([GENESIS, *(each.hash for each in (*self.before, *self.within))])[-1].hex(),
            "entries": [
                {
                    "kind": kind,
                    "count": sum(step["kind"] == kind for step in steps),
                    "credits": sum(step["credits"] for step in steps if step["kind"] == kind),
                }
                for kind in kinds
            ],
        }


def check_credits(found: Json, wallet: Wallet, at: datetime) -> None:
    """The verifier comes to the wallet, though it has seen nothing but the export."""
    assert found["head"] == wallet.head.hex()
    assert found["to_seq"] == wallet.seq
    assert found["credits"] == {
        "left": wallet.left,
        "free": sum(lot.free for lot in wallet.lots),
        "held": wallet.held,
        "set_aside": wallet.set_aside,
        "debt": wallet.debt,
        "available": wallet.available(at),
        "lots": {str(lot.id): lot.left for lot in wallet.lots},
    }


def test_every_export_holds_and_its_months_add_up() -> None:
    kinds, seen = Counter[str](), Counter[str]()
    for seed in range(HISTORIES):
        world = played(seed)
        for name in NAMES:
            history, wallet = world.store.history_of(name), world.store.wallet(name)
            statements = [stated(world.store, name, month, now=world.now + LATER) for month in months(world)]
            found = judged(export(world, name, seed=seed), *statements, head=wallet.head.hex())
            assert found["faults"] == [], f"seed {seed}"
            check_credits(found, wallet, wallet.last_at or world.now)
            for statement in statements:
                drawn = {key: statement[key] for key in statement if key not in ("month", "complete")}
                assert drawn == Span.of(history, statement["month"]).expected(name), f"seed {seed}"
            for one, after in pairwise(statements):
                closes = (one["closing"], one["debt_at_close"], one["to_seq"] + 1)
                assert closes == (after["opening"], after["debt_at_open"], after["from_seq"])
            kinds.update(entry["kind"] for statement in statements for entry in statement["entries"])
            busy = sum(1 for statement in statements if statement["entries"])
            seen.update(exports=1, entries=len(history), statements=len(statements), over_months=busy > 1)
            seen.update(with_debt=any(each["debt_at_close"] for each in statements))
            seen.update(with_held=any(each["held_at_close"] for each in statements))
    print(f"{HISTORIES} histories: {dict(seen)}")
    assert set(kinds) == set(KINDS)
    assert all(seen[name] > HISTORIES // 10 for name in ("over_months", "with_debt", "with_held"))


def test_what_was_erased_leaves_an_export_that_holds() -> None:
    erased = 0
    for seed in range(10):
        world, random = played(seed), Random(seed)
        for name in NAMES:
            before = judged(export(world, name))
            gone = [key for key in world.store.entries if key[0] == name and random.random() < 0.5]
            world.store.entries |= {key: erase(world.store.entries[key]) for key in gone}

            after = judged(export(world, name))

            assert after == {**before, "erased": len(gone)}
            erased += len(gone)
    assert erased > 100


def test_every_change_of_an_export_is_seen_where_it_is() -> None:
    worlds = [played(seed) for seed in range(12)]
    for world in worlds:
        world.store.entries |= {key: erase(entry) for key, entry in world.store.entries.items() if entry.seq % 5 == 0}
    exports = [export(world, name, seed=3) for world in worlds for name in NAMES]
    assert all(judged(each)["holds"] for each in exports)
    random, seen, sorts, late = Random(1), Counter[str](), Counter[str](), Counter[str]()
    while seen.total() < CHANGES:
        one, foreign = random.sample(exports, 2)
        kind = random.choice(MUTATIONS) if seen["flip"] > CHANGES // 2 else "flip"
        changed = mutated(one, kind, random, foreign=foreign)
        if changed == one:
            continue

        found = judged(changed)

        assert not found["holds"], kind
        place, told = first_difference(one, changed), found["faults"][0]
        if told["line"] != place:
            assert is_seen_late(one, changed, told), (kind, place, found["faults"][:3])
            late[kind] += 1
        seen[kind] += 1
        sorts[told["code"]] += 1
    print(f"{CHANGES} changes, all seen: {dict(seen)}, told as {dict(sorts)}; late {dict(late)}")
    assert all(seen[kind] >= CHANGES // 20 for kind in MUTATIONS)
    assert set(sorts) >= {"hash", "form", "seal", "cut", "seq", "order", "private"}
    assert late.total() < CHANGES // 20


def is_seen_late(one: bytes, changed: bytes, told: Json) -> bool:
    """
    Whether a change could not be told where it is: the line that ends a page is gone, and what follows it follows what
    was before it as well; or another wallet's first line comes first, and is right until the next one comes.
    """
    place = first_difference(one, changed)
    ours, theirs = lines_of(one)[place - 1], lines_of(changed)[place - 1]
    if place == 1:
        return told["line"] == 2 and b'"seq\\":1,' in theirs
    ends_a_page = b'"next_cursor":"' in ours and b'"canonical"' in theirs
    return ends_a_page and told["code"] == "seal" and told["line"] > place
