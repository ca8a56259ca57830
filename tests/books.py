"""Books for tests: a wallet with its history and its subscription's row, through the core alone; always audited."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.domain import audit
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.expiry import book_end
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.messages import Message
from chalicelib.domain.plan_changes import book_steps, set_plan
from chalicelib.domain.plans import catch_up
from chalicelib.domain.subscriptions import Followed, News, Subscription, hear_of, next_look, standing
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, RunningPlan, Wallet
from tests.builders import NOON, SOLD, stamp


def at(text: str) -> datetime:
    """Read a time of UTC, as short as it may be: `2026-12-22` or `2026-12-22 12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Books:
    """Takes news, uses, an admin's word and the passing of time."""

    def __init__(self, catalog: Catalog = SOLD) -> None:
        self.catalog = catalog
        self.wallet = Wallet(wallet_id="acct_a")
        self.row = Subscription(wallet_id="acct_a")
        self.history: list[Entry] = []
        self.told: list[Message] = []

    def take(self, decision: Decision) -> Decision:
        """Write a decision down; nothing may be wrong with the books afterwards."""
        assert decision.before is self.wallet
        self.wallet = decision.wallet
        self.history.append(decision.entry)
        self.told += decision.messages
        assert list(audit.faults(self.wallet, self.history)) == []
        return decision

    def hear(self, said: News, now: datetime = NOON) -> Followed | None:
        """Hear news; hearing them again must change nothing."""
        followed = hear_of(self.wallet, self.row, said, self.catalog, stamp(now), live=False)
        if followed:
            assert (followed.before, followed.subscription.version) == (self.row, self.row.version + 1)
            assert followed.subscription.due_at == next_look(followed.subscription, now)
            self.row = followed.subscription
            self.told += followed.messages
            if followed.decision:
                self.take(followed.decision)
        assert hear_of(self.wallet, self.row, said, self.catalog, stamp(now), live=False) is None
        return followed

    def use(self, meter: str, amount: int, now: datetime = NOON) -> int:
        """Use a meter; what it cost in credits."""
        what: dict[str, Any] = {"set_to": amount} if meter == "seats" else {"quantity": amount}
        use = Use(wallet_id="acct_a", meter=meter, **what)
        decision = self.take(decide(self.wallet, use, self.catalog, stamp(now)))
        return -int(decision.entry.facts["credits"])

    def give(self, credits: int, now: datetime = NOON) -> None:
        bought = Grant(credits=credits, source=Source.PURCHASE)
        self.take(grant(self.wallet, bought, self.catalog, stamp(now)))

    def set_plan(self, plan_id: str | None, now: datetime = NOON) -> Decision:
        """An admin's word."""
        given = standing(self.row)
        return self.take(set_plan(self.wallet, plan_id, self.catalog, stamp(now), standing=given))

    def book(self, now: datetime) -> list[str]:
        """Book what fell due by itself, as the job does; the kinds of the entries."""
        kinds: list[str] = []
        for step in (book_end, book_steps) * 20:
            if decision := step(self.wallet, self.catalog, stamp(now)):
                kinds.append(self.take(decision).entry.kind)
        return kinds

    def plan(self, now: datetime = NOON) -> RunningPlan:
        """The plan and the period that run at a time."""
        return catch_up(self.wallet, self.catalog, self.wallet.time_of_decision(now)).plan

    def stands(self, now: datetime = NOON) -> tuple[str, datetime, datetime]:
        """Whose quota holds at a time, and from when to when."""
        plan = self.plan(now)
        return plan.plan_id, plan.period.start, plan.period.end

    def available(self, now: datetime = NOON) -> int:
        return catch_up(self.wallet, self.catalog, self.wallet.time_of_decision(now)).wallet.available(now)

    def included(self, now: datetime = NOON) -> list[int]:
        """The plan lots that can be drawn at a time, as they were granted."""
        wallet = catch_up(self.wallet, self.catalog, self.wallet.time_of_decision(now)).wallet
        return [lot.granted for lot in wallet.lots if lot.source is Source.PLAN and not lot.has_ended(now)]

    def kinds(self) -> list[str]:
        """What was written, the steps that rode on it first."""
        return [
            each["kind"]
            for entry in self.history
            for each in (*entry.facts.get("also", ()), entry.facts)
            if each["kind"] != "notice"
        ]
