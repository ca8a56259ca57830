"""Random histories of every command: what an entry says its explanation states, and evaluating that gives it again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from chalicelib.api import explanations, shapes, views
from chalicelib.domain.adjustments import adjust
from chalicelib.domain.arithmetic import evaluate
from chalicelib.domain.contacts import Contact, change_contact
from chalicelib.domain.errors import Refusal
from chalicelib.domain.explaining import Explanation, explain
from chalicelib.domain.explaining_steps import credits_of
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import KINDS, Entry
from chalicelib.domain.lots import Lot, Source
from chalicelib.domain.moneyback import Dispute, DisputeState, MoneyFacts, Refund, RefundState
from chalicelib.domain.plan_changes import Standing, follow, set_plan
from chalicelib.domain.plans import begin
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.recalls import recall
from chalicelib.domain.settling import settle, settle_facts
from chalicelib.domain.transfers import Order, transfer
from chalicelib.domain.usage import Use, decide, decide_all
from chalicelib.domain.wallet import Decision, Tenure, Wallet
from chalicelib.services.explaining import explanation_of
from chalicelib.services.ports import Change
from tests.api.shapes import check_shape
from tests.builders import CATALOG, DAY, payment, purchase, stamp
from tests.fakes import MemoryStore
from tests.properties.test_teams import NAMES, Teams

HISTORIES, STEPS = 120, 60
SPENDING = ("usage", "hold", "capture", "transfer_out", "adjustment")
METERS = ("calls", "extra", "locked", "notes")
OF_TEAMS = (
    *("use", "hold", "hold use", "capture", "capture", "lease", "release", "release", "move", "move", "freeze", "jobs"),
)
HOURS = (0, 0, 1, 1, 12, 12, 24, 6 * 24, 13 * 24, 31 * 24)


NOTED = (
    *("uses", "set", "lapsed", "provisional", "set_by", "received", "counted", "expired", "paid_to_debt", "lot_id"),
    *("debt", "from_set_aside"),
)
REASONS = (
    *("the only lot", "the only lot left", "priority", " first, on ", "was to end", "goes before bought"),
    *("granted earlier", "comes before"),
)
WANTED = {
    *("usage with uses", "usage with set", "usage -", "usage 0", "capture +", "capture -", "capture with uses"),
    *("capture with expired", "capture with paid_to_debt", "capture with counted", "lapse that rode"),
    *("release with expired", "release with paid_to_debt", "release with counted"),
    *("recall with received", "recall -", "set_aside +", "set_aside -", "adjustment +", "adjustment -"),
    *("renewal +", "renewal that rode", "renewal with provisional", "renewal with set_by", "plan_change with lapsed"),
    *("plan_change +", "purchase with paid_to_debt", "transfer_in with paid_to_debt", "notice with lot_id"),
    *("revocation with debt", "revocation with from_set_aside", "restoration +", "restoration with expired"),
}


class Noting(MemoryStore):
    """Notes how each wallet stood before each entry."""

    def __init__(self) -> None:
        super().__init__()
        self.befores: dict[tuple[str, int], Wallet] = {}

    def commit(self, change: Change) -> None:
        super().commit(change)
        for decision in change.decisions:
            self.befores[decision.wallet.wallet_id, decision.wallet.seq] = decision.before


class World(Teams):
    """Three wallets to which everything happens that can, by chance."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.store: Noting = Noting()
        self.random = Random(seed)
        self.rows: list[Purchase] = []

    def play(self) -> None:
        own: Sequence[Callable[[str], Iterator[Decision]]] = (
            *(self.buy, self.give, self.adjusted, self.recalled, self.spend, self.share, self.gauge, self.batch),
            *(self.plan, self.subscription, self.settings, self.refund, self.refund_fails),
            *(self.dispute, self.dispute_ends),
        )
        scenes = (
            (self.buy, self.share, self.refund, self.recalled),
            (self.buy, self.spend, self.refund, self.give),
            (self.buy, self.refund, self.a_week, self.refund_fails),
            (self.buy, self.dispute, self.dispute_ends),
        )
        for _ in range(STEPS):
            wallet_id, chance = self.random.choice(NAMES), self.random.random()
            if chance < 0.15:
                self.now += timedelta(hours=self.random.choice(HOURS))
            elif chance < 0.5:
                self.take(self.step())
            elif chance < 0.9:
                self.happen(self.random.choice(own), wallet_id)
            elif chance < 0.95:
                self.hold_too_long(wallet_id)
            else:
                for what in self.random.choice(scenes):
                    self.happen(what, wallet_id)

    def step(self) -> tuple[Any, ...]:
        """Draw a step as the histories of teams have them."""
        name, wallet_id = self.random.choice(OF_TEAMS), self.random.choice(NAMES)
        if name == "freeze":
            return name, wallet_id, self.random.random() < 0.1
        if name == "jobs":
            return name, wallet_id
        nth, amount, hours = self.random.randrange(3), self.random.randint(1, 40), self.random.randint(1, 24)
        meter = self.random.choice(METERS)
        return {
            "use": (name, wallet_id, meter, amount),
            "hold": (name, wallet_id, amount, hours),
            "hold use": (name, wallet_id, meter, amount, hours),
            "capture": (name, wallet_id, nth, amount),
            "lease": (name, wallet_id, nth, [(self.random.choice(METERS), amount) for _ in range(nth + 1)]),
            "release": (name, wallet_id, nth),
            "move": (name, wallet_id, self.random.choice(NAMES), amount),
        }[name]

    def happen(self, what: Callable[[str], Iterator[Decision]], wallet_id: str) -> None:
        try:
            decisions = list(what(wallet_id))
        except Refusal:
            return
        if decisions:
            self.store.commit(Change(decisions=decisions))

    def hold_too_long(self, wallet_id: str) -> None:
        """Hold credits that end, or whose money goes back, before the hold is captured or released."""
        for what in (self.buy, self.give):
            self.happen(what, wallet_id)
        self.take(("hold", wallet_id, self.random.randint(10, 60), 24))
        if self.random.random() < 0.5:
            self.happen(self.refund, wallet_id)
        self.now += timedelta(hours=self.random.choice([6, 16]))
        nth = max(0, len(self.wallet(wallet_id).holds) - 1)
        self.take((self.random.choice(["capture", "capture", "release"]), wallet_id, nth, self.random.randint(1, 40)))

    def wallet(self, wallet_id: str) -> Wallet:
        return self.store.wallet(wallet_id)

    def a_week(self, _wallet_id: str) -> Iterator[Decision]:
        self.now += 7 * DAY
        yield from ()

    def buy(self, wallet_id: str) -> Iterator[Decision]:
        number = len(self.rows)
        row = purchase(
            wallet_id=wallet_id,
            purchase_id=f"pur_{number}",
            credits=self.random.randint(5, 60),
            bonus_credits=self.random.choice([0, 3]),
            expires_after_days=self.random.choice([None, 3, 20]),
        )
        paid = payment(
            wallet_id=wallet_id, purchase_id=row.purchase_id, session_id=f"cs_{number}", payment_id=f"pi_{number}"
        )
        settled = settle(self.wallet(wallet_id), row, paid, CATALOG, live=False, stamp=stamp(self.now))
        assert settled
        self.rows.append(settled.purchase)
        yield from settled.decisions

    def give(self, wallet_id: str) -> Iterator[Decision]:
        days = self.random.choice([None, 0.2, 0.6, 3, 13, 40])
        wanted = Grant(
            credits=self.random.randint(1, 60),
            source=Source.PROMO,
            expires_at=self.now + days * DAY if days else None,
            priority=self.random.choice([10, 50, 50, 50]),
        )
        yield grant(self.wallet(wallet_id), wanted, CATALOG, stamp(self.now))

    def adjusted(self, wallet_id: str) -> Iterator[Decision]:
        credits = self.random.choice([-30, -3, 4, 40])
        yield adjust(self.wallet(wallet_id), credits, reason="odd", catalog=CATALOG, stamp=stamp(self.now))

    def refund(self, _wallet_id: str) -> Iterator[Decision]:
        refund = Refund(self.random.choice([100, 333, 1000]), RefundState.GIVEN)
        return self.money_back(MoneyFacts(refunds={"re_1": refund}))

    def refund_fails(self, _wallet_id: str) -> Iterator[Decision]:
        return self.money_back(MoneyFacts(refunds={"re_1": Refund(1000, RefundState.FAILED)}))

    def dispute(self, _wallet_id: str) -> Iterator[Decision]:
        return self.money_back(MoneyFacts(disputes={"dp_1": Dispute(400, DisputeState.OPEN)}))

    def dispute_ends(self, _wallet_id: str) -> Iterator[Decision]:
        state = self.random.choice([DisputeState.WON, DisputeState.LOST])
        return self.money_back(MoneyFacts(disputes={"dp_1": Dispute(400, state)}))

    def money_back(self, facts: MoneyFacts) -> Iterator[Decision]:
        """Tell of the money of one of the last purchases."""
        if not self.rows:
            return
        place = -self.random.choice([1, 1, min(2, len(self.rows))])
        row = self.rows[place]
        settled = settle_facts(self.wallet(row.wallet_id), row, facts, CATALOG, stamp(self.now))
        if settled:
            self.rows[place] = settled.purchase
            yield from settled.decisions

    def recalled(self, _wallet_id: str) -> Iterator[Decision]:
        for place, row in enumerate(self.rows):
            holders = [self.wallet(name) for name in NAMES if name != row.wallet_id]
            for holder in holders:
                found = recall(holder, self.wallet(row.wallet_id), row, CATALOG, stamp(self.now))
                if found:
                    self.rows[place] = found.purchase
                    yield from (found.given, found.taken)
                    return

    def spend(self, wallet_id: str) -> Iterator[Decision]:
        """Spend most of what there is, so that money that goes back leaves debt."""
        quantity = 3 * self.wallet(wallet_id).available(self.now) - self.random.randint(0, 30)
        use = Use(wallet_id=wallet_id, meter="extra", quantity=max(1, quantity))
        yield decide(self.wallet(wallet_id), use, CATALOG, stamp(self.now))

    def share(self, wallet_id: str) -> Iterator[Decision]:
        """Send all there is to another."""
        others = [self.wallet(name) for name in NAMES if name != wallet_id]
        wallet, other = self.wallet(wallet_id), self.random.choice(others)
        order = Order(
            from_wallet_id=wallet_id, to_wallet_id=other.wallet_id, credits=max(1, wallet.available(self.now))
        )
        moved = transfer(wallet, other, order, CATALOG, stamp(self.now))
        yield from (moved.sent, moved.received)

    def gauge(self, wallet_id: str) -> Iterator[Decision]:
        yield decide(self.wallet(wallet_id), self.set_seats(wallet_id), CATALOG, stamp(self.now))

    def set_seats(self, wallet_id: str) -> Use:
        return Use(wallet_id=wallet_id, meter="seats", set_to=self.random.randint(0, 5))

    def batch(self, wallet_id: str) -> Iterator[Decision]:
        uses = [
            self.set_seats(wallet_id)
            if self.random.random() < 0.3
            else Use(wallet_id=wallet_id, meter=self.random.choice(METERS), quantity=self.random.randint(1, 12))
            for _ in range(self.random.randint(1, 6))
        ]
        batch = decide_all(self.wallet(wallet_id), uses, CATALOG, stamp(self.now))
        if batch.decision:
            yield batch.decision

    def plan(self, wallet_id: str) -> Iterator[Decision]:
        plan_id = self.random.choice(["pro", "pro", "free", None, None])
        yield set_plan(self.wallet(wallet_id), plan_id, CATALOG, stamp(self.now))

    def subscription(self, wallet_id: str) -> Iterator[Decision]:
        """News of a subscription that began today: how long it is paid, and whether it ends then."""
        start = begin("pro", "stripe", self.now).anchor
        days, is_paid = self.random.choice([3, 31, 400]), self.random.random() < 0.8
        tenure = Tenure(until=start + days * DAY, is_ending=self.random.random() < 0.5, is_paid=is_paid)
        standing = Standing(plan_id="pro", anchor=start, period_start=start, tenure=tenure)
        decision = follow(self.wallet(wallet_id), standing, CATALOG, stamp(self.now))
        if decision:
            yield decision

    def settings(self, wallet_id: str) -> Iterator[Decision]:
        before = Contact(wallet_id=wallet_id)
        wanted = replace(before, email="a@example.org", locale=self.random.choice([None, "de"]))
        changed = change_contact(self.wallet(wallet_id), before, wanted, CATALOG, stamp(self.now))
        assert changed
        yield changed.decision


def variants(entry: Entry) -> Iterator[str]:
    """Name what an entry is an example of."""
    for step in (*entry.facts.get("also", ()), entry.facts):
        yield f"{step['kind']} {'+' if step['credits'] > 0 else '-' if step['credits'] < 0 else '0'}"
        if step is not entry.facts:
            yield f"{step['kind']} that rode"
        yield from (f"{step['kind']} with {name}" for name in NOTED if step.get(name))


def check(entry: Entry, before: Wallet, told: Explanation) -> None:
    """An explanation comes to the entry, by its own arithmetic, and agrees with what stood before."""
    facts = entry.facts
    for step in told.steps:
        assert evaluate(step.expression) == step.value, step
        assert step.text.endswith(".")
    assert (told.seq, told.kind) == (entry.seq, entry.kind)
    assert told.steps[-1].value == told.credits == facts["credits"]
    assert sum(draw.credits for draw in told.draws) == told.credits
    assert [{"lot_id": str(draw.lot_id), "credits": draw.credits} for draw in told.draws] == facts["draws"]
    assert all(draw.because and draw.because != "next in burn order" for draw in told.draws)
    said = [step.text for step in told.steps]
    assert len([text for text in said if text.startswith("Due before: ")]) >= len(
        [step for step in facts.get("also", ()) if step["kind"] != "notice"]
    )
    if entry.kind in ("capture", "release"):
        hold = next(hold for hold in before.holds if hold.hold_id == facts["hold_id"])
        assert any(f"had set {credits_of(hold.credits)} aside" in text for text in said)
    if "captured" in facts:
        assert f"The capture takes {credits_of(facts['captured'])}." in said
    if facts.get("quota") is not None:
        assert facts["from_quota"] in [step.value for step in told.steps if "The quota takes" in step.text]
    if told.credits < 0 and entry.kind in SPENDING and {step["kind"] for step in facts.get("also", ())} <= {"notice"}:
        check_order(told, [lot for lot in before.lots if lot.is_spendable(entry.at)])


def check_order(told: Explanation, lots: list[Lot]) -> None:
    """Each lot paid before all that were left, for the reason that is said."""
    left = {lot.id: lot for lot in lots}
    for draw in told.draws:
        lot, why = left.pop(draw.lot_id), draw.because
        others = list(left.values())
        level = [other for other in others if other.priority == lot.priority]
        alike = [other for other in level if other.expires_at == lot.expires_at]
        if "only lot" in why:
            assert (others, why) == ([], "the only lot" if len(lots) == 1 else "the only lot left")
        elif why.startswith("priority"):
            best = min(other.priority for other in others)
            assert why == f"priority {lot.priority} goes before {best}"
            assert lot.priority < best
        elif " first, on " in why:
            assert level
            assert all(lot.expires_at and (not each.expires_at or lot.expires_at < each.expires_at) for each in level)
        elif "goes before bought" in why:
            assert alike
            assert lot.source is not Source.PURCHASE
            assert all(other.source is Source.PURCHASE for other in alike)
        else:
            same = [other for other in alike if (other.source is Source.PURCHASE) == (lot.source is Source.PURCHASE)]
            assert same
            assert all((lot.granted_at, lot.id) < (other.granted_at, other.id) for other in same)
            assert (why == "granted earlier") == all(lot.granted_at < other.granted_at for other in same)


def test_evaluating_an_explanation_gives_the_entry_again() -> None:
    seen = Counter[str]()
    for seed in range(HISTORIES):
        world = World(seed)
        try:
            world.play()
            for (name, seq), before in world.store.befores.items():
                entry = world.store.entries[name, seq]
                told = explanation_of(world.store, name, seq)
                check(entry, before, told)
                check_shape(json.loads(json.dumps(views.entry(entry))), shapes.entries.Entry)
                check_shape(explanations.shown(told), shapes.entries.Explanation)
                assert told == explain(entry, before)
                assert told.steps == explain(entry).steps
                seen.update(variants(entry))
                seen.update(why for why in REASONS for draw in told.draws if why in draw.because)
        except BaseException:
            print(f"the history of seed {seed}")
            raise
    print(f"{HISTORIES} histories: {dict(sorted(seen.items()))}")
    assert set(KINDS) <= {name.partition(" ")[0] for name in seen}
    assert sorted({*WANTED, *REASONS} - set(seen)) == []
