"""A teller for tests: holds, transfers and freezes through the services, over any store, with trouble on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import audit
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.holding import Capture, Wish
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.transfers import Order
from chalicelib.domain.usage import Use
from chalicelib.domain.wallet import Wallet
from chalicelib.services.freezing import freeze_wallet
from chalicelib.services.holding import capture_hold, place_hold, release_hold
from chalicelib.services.limiting import TakeSlot, unlimited
from chalicelib.services.once import Claim, Patience, Recorded
from chalicelib.services.ports import Change
from chalicelib.services.reading import BEYOND
from chalicelib.services.transferring import transfer_credits
from chalicelib.services.using import Event, Till, record_usage
from tests.builders import CATALOG, DAY, NOON, patience, purchase, stamp
from tests.fakes import Faulty, MemoryStore

HOUR = timedelta(hours=1)
PROMO = Grant(credits=100, source=Source.PROMO, expires_at=NOON + 13 * DAY)


def bought(purchase_id: str, credits: int = 1000, **more: Any) -> Grant:
    return Grant(kind="purchase", credits=credits, source=Source.PURCHASE, purchase_id=purchase_id, **more)


@dataclass
class Teller:
    """Takes orders; `troubles` are raised at named calls, `strike` is told of every call."""

    store: Any = field(default_factory=MemoryStore)
    catalog: Catalog = CATALOG
    patience: Patience = field(default_factory=patience)
    now: datetime = NOON
    calls: list[str] = field(default_factory=list)
    troubles: dict[tuple[str, str], list[Exception]] = field(default_factory=dict)
    strike: Callable[[str, str], None] = lambda _name, _when: None
    take_slot: TakeSlot = unlimited

    def point(self, name: str, when: str) -> None:
        if when == "before":
            self.calls.append(name)
        self.strike(name, when)
        if self.troubles.get((name, when)):
            raise self.troubles[name, when].pop(0)

    @property
    def till(self) -> Till:
        return Till(store=Faulty(self.store, self.point), catalog=self.catalog, patience=self.patience)

    def give(self, wallet_id: str, *grants: Grant) -> None:
        """Put credits into a wallet, past all troubles; those bought come with the row of their purchase."""
        for each in grants:
            decision = grant(self.store.wallet(wallet_id), each, self.catalog, stamp(self.now))
            row = purchase(wallet_id=wallet_id, purchase_id=each.purchase_id) if each.purchase_id else None
            self.store.commit(Change(decisions=[decision], new_purchase=row))

    def use(self, key: str, meter: str, quantity: int, *, wallet_id: str = "acct_a") -> Recorded:
        use = Use(wallet_id=wallet_id, meter=meter, quantity=quantity)
        claim = Claim.on(wallet_id, key, operation="usage", body={"meter": meter, "quantity": quantity})
        return record_usage(self.till, Event(use, claim), stamp=stamp(self.now))

    def hold(
        self, key: str, credits: int | None = None, *, wallet_id: str = "acct_a", ttl: timedelta = HOUR, **more: Any
    ) -> Recorded:
        wish = Wish(wallet_id=wallet_id, ttl=ttl, credits=credits, **more)
        return self.hold_as(key, lambda: wish, {"credits": credits, **more}, wallet_id=wallet_id)

    def hold_as(
        self, key: str, wish: Callable[[], Wish], body: dict[str, Any], *, wallet_id: str = "acct_a"
    ) -> Recorded:
        claim = Claim.on(wallet_id, key, operation="hold", body=body)
        return place_hold(self.till, wish, claim, stamp=stamp(self.now))

    def capture(self, key: str, hold_id: str, *, wallet_id: str = "acct_a", **what: Any) -> Recorded:
        body = {"hold_id": hold_id, **{name: str(value) for name, value in what.items()}}
        claim = Claim.on(wallet_id, key, operation="capture", body=body)
        wanted = Capture(wallet_id=wallet_id, hold_id=hold_id, **what)
        return capture_hold(self.till, wanted, claim, stamp=stamp(self.now))

    def release(self, key: str, hold_id: str, *, wallet_id: str = "acct_a") -> Recorded:
        claim = Claim.on(wallet_id, key, operation="release", body={"hold_id": hold_id})
        return release_hold(self.till, hold_id, claim, stamp=stamp(self.now))

    def move(self, key: str, credits: int, *, sender: str = "acct_a", receiver: str = "team_b") -> Recorded:
        order = Order(from_wallet_id=sender, to_wallet_id=receiver, credits=credits)
        claim = Claim.on(sender, key, operation="transfer", body={"to_wallet_id": receiver, "credits": credits})
        return transfer_credits(self.till, order, claim, stamp=stamp(self.now), take_slot=self.take_slot)

    def freeze(self, key: str, *, frozen: bool, wallet_id: str = "acct_a", reason: str = "odd") -> Recorded:
        claim = Claim.on(wallet_id, key, operation="freeze", body={"frozen": frozen, "reason": reason})
        return freeze_wallet(self.till, claim, frozen=frozen, reason=reason, stamp=stamp(self.now))

    def history(self, wallet_id: str) -> list[Entry]:
        """Read all entries, oldest first."""
        entries: list[Entry] = []
        before: int | None = BEYOND
        while before:
            page = self.store.history(wallet_id, kind=None, before=before, limit=100, consistent=True)
            entries += page.entries
            before = page.next_seq
        return entries[::-1]

    def kinds(self, wallet_id: str = "acct_a") -> list[str]:
        return [entry.kind for entry in self.history(wallet_id)]

    def check(self, *wallet_ids: str) -> Sequence[Wallet]:
        """Check the books of these wallets, and give them."""
        wallets = [self.store.wallet(wallet_id) for wallet_id in wallet_ids or ("acct_a",)]
        for wallet in wallets:
            assert list(audit.faults(wallet, self.history(wallet.wallet_id))) == []
        return wallets
