"""
What hangs together with an id once it is known where it leads: rows, entries, events, and what the provider says.

Every look is bounded: of a purchase, a lot or a hold the entries are read that the index of kinds has after it, at most
100 of a kind. So a trace says whether it is complete. Uses are in no index, and are left out.

    leads to                        entries                                       round trips to the store
    a purchase, its payment         its own, and seven kinds                      10 to 13
    a lot                           its own, and nine kinds                       12 to 15
    a hold                          its own, three kinds, the lapse that rode     4, and up to 42 where no end is found
    an entry, a key                 its own, the other end; and as above          2 to 13
    a subscription, its invoice     the latest changes of plan                    5 to 7
    a wallet, a customer            the latest                                    4 to 7

The provider is asked once more where only we knew of a payment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.holds import seq_of_hold
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.times import from_text
from chalicelib.domain.tracing import Kind
from chalicelib.services.ports import Oddity, PaymentsFailed, Sighting, Store
from chalicelib.services.purchasing import Shop
from chalicelib.services.reading import BEYOND, first_at_or_after
from chalicelib.services.tracing import Lead, lots_made_by

OF_A_KIND = 100  # entries that are looked at
RECENT = 10  # entries and purchases of a wallet, and entries of each kind of what a subscription did
INVOICES = 100  # of a wallet, that are looked at
OF_PURCHASE = ("revocation", "restoration", "set_aside", "recall", "transfer_out", "expiry", "notice")
OF_LOT = (*OF_PURCHASE, "hold", "adjustment")
OF_HOLD = ("capture", "release", "lapse")
OF_PLAN = ("plan_change", "renewal")
WHOLE = frozenset({Kind.WALLET, Kind.CUSTOMER})  # what leads to a wallet as a whole
IDS = ("session_id", "payment_id", "subscription_id", "invoice_id", "customer_id")

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """
    Everything that hangs together with an id. `said` is what the provider says, by what it is about; `entries` are in
    the order of time. `is_complete`: nothing that is looked for was left out.
    """

    lead: Lead
    purchase: Purchase | None = None
    subscription: Subscription | None = None
    invoice: Invoice | None = None
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    purchases: Sequence[Purchase] = ()
    entries: Sequence[Entry] = ()
    events: Sequence[Oddity] = ()
    is_complete: bool = True


def connected(shop: Shop, lead: Lead) -> Trace:
    """
    Gather what hangs together with where an id leads.

    That the provider doesn't answer is said and refuses nothing: what we know ourselves is shown.
    """
    purchase = _purchase(shop.store, lead)
    sighting, is_silent = _sighting(shop, lead, purchase)
    ids = _ids(lead, purchase, sighting)
    by_plan = _is_by_plan(lead, ids)
    found = _Entries(shop.store)
    _gather(found, lead, purchase, by_plan=by_plan)
    events, all_events = _events(shop.store, lead, purchase, ids)
    wallet_id = lead.wallet_id
    return Trace(
        lead=lead,
        purchase=purchase,
        subscription=shop.store.subscription(wallet_id) if wallet_id and by_plan else None,
        invoice=_invoice(shop.store, wallet_id, ids) if wallet_id and by_plan else None,
        said=sighting.facts if sighting else {},
        ids=ids,
        purchases=_latest(shop.store, wallet_id) if wallet_id and _is_whole(lead) else (),
        entries=found.in_order(),
        events=events,
        is_complete=found.is_complete and all_events and not is_silent,
    )


def _is_whole(lead: Lead) -> bool:
    return lead.kind in WHOLE


def _purchase(store: Store, lead: Lead) -> Purchase | None:
    buyer, purchase_id = lead.wallet_id, lead.purchase_id
    if lead.entry and not purchase_id:
        buyer, purchase_id = _bought(lead.entry, lead)
    return store.purchase(buyer, purchase_id) if buyer and purchase_id else None


def _bought(entry: Entry, lead: Lead) -> tuple[str, str | None]:
    """Say which purchase an entry, or the lot that it made, is about, and who bought it."""
    facts = entry.facts
    if lead.kind is Kind.LOT:
        lot = next(lot for lot in lots_made_by(entry) if lot["lot_id"] == lead.name)
        return lot.get("origin", facts)["wallet_id"], lot.get("purchase_id")
    buyer = facts["to_wallet_id"] if entry.kind == "recall" and "recalled" in facts else facts["wallet_id"]
    return buyer, facts.get("purchase_id")


def _sighting(shop: Shop, lead: Lead, purchase: Purchase | None) -> tuple[Sighting | None, bool]:
    """Ask the provider about a purchase's payment, unless it said that already; and whether it was silent."""
    name = purchase.session_id or purchase.payment_id if purchase else None
    if lead.sighting or lead.is_silent or name is None:
        return lead.sighting, lead.is_silent
    try:
        return shop.payments.look_up(name), False
    except PaymentsFailed:
        return None, True


def _ids(lead: Lead, *sources: object) -> dict[str, str]:
    """Put together the provider's ids that are known."""
    known: dict[str, str] = {}
    for source in (*sources, lead.event):
        for name in IDS:
            if value := getattr(source, name, None):
                known.setdefault(name, value)
    return known


def _is_by_plan(lead: Lead, ids: Mapping[str, str]) -> bool:
    """Whether it is about a subscription: so is a key that was spent on neither an entry nor a purchase."""
    nothing_else = lead.kind is Kind.KEY and not lead.entry and not lead.purchase_id
    return _is_whole(lead) or "subscription_id" in ids or nothing_else


def _latest(store: Store, wallet_id: str) -> Sequence[Purchase]:
    return store.listed_purchases(wallet_id, before=None, limit=RECENT)


def _invoice(store: Store, wallet_id: str, ids: Mapping[str, str]) -> Invoice | None:
    if "invoice_id" not in ids:
        return None
    listed = store.listed_invoices(wallet_id, before=None, limit=INVOICES)
    return next((each for each in listed if each.invoice_id == ids["invoice_id"]), None)


def _events(
    store: Store, lead: Lead, purchase: Purchase | None, ids: Mapping[str, str]
) -> tuple[Sequence[Oddity], bool]:
    names = {name: ids[name] for name in IDS[:-1] if name in ids}
    if purchase:
        names["purchase_id"] = purchase.purchase_id
    if _is_whole(lead) and lead.wallet_id:
        names = {"wallet_id": lead.wallet_id} | {name: ids[name] for name in IDS[-1:] if name in ids}
    found, is_all = store.events_about(names) if names else ((), True)
    own = [lead.event] if lead.event and lead.event.event_id not in {each.event_id for each in found} else []
    return [*own, *found], is_all


def _gather(found: _Entries, lead: Lead, purchase: Purchase | None, *, by_plan: bool) -> None:
    wallet_id, entry = lead.wallet_id, lead.entry
    if wallet_id is None:
        return
    if entry:
        found.add(entry)
        found.other_end(entry)
        found.of_hold(entry)
    if lead.kind is Kind.LOT and entry:
        found.of_lot(entry, lead.name, purchase)
    elif purchase:
        found.of_purchase(purchase)
    if _is_whole(lead):
        found.latest(wallet_id, None)
    elif by_plan:
        for kind in OF_PLAN:
            found.latest(wallet_id, kind)


@dataclass(slots=True)
class _Entries:
    """Entries that were found, each once."""

    store: Store
    is_complete: bool = True
    _found: dict[str, Entry] = field(default_factory=dict)

    def in_order(self) -> list[Entry]:
        return sorted(self._found.values(), key=lambda entry: (entry.at, entry.wallet_id, entry.seq))

    def add(self, *entries: Entry) -> None:
        self._found.update({entry.entry_id: entry for entry in entries})

    def latest(self, wallet_id: str, kind: str | None) -> None:
        self.add(*self.store.history(wallet_id, kind=kind, before=BEYOND, limit=RECENT).entries)

    def other_end(self, entry: Entry) -> None:
        """Add the other wallet's entry of a transfer or a recall."""
        for name in ("to_entry_id", "from_entry_id"):
            if name in entry.facts:
                wallet_id, _, seq = entry.facts[name].rpartition(":")
                self._read(wallet_id, int(seq))

    def of_purchase(self, purchase: Purchase) -> None:
        if purchase.lot_id:
            seq, name = purchase.lot_id.seq, str(purchase.lot_id)
            self._read(purchase.wallet_id, seq)
            self._after(purchase.wallet_id, seq, OF_PURCHASE, _about(purchase.purchase_id, name))

    def of_lot(self, entry: Entry, name: str, purchase: Purchase | None) -> None:
        purchase_id = purchase.purchase_id if purchase else None
        self._after(entry.wallet_id, entry.seq, OF_LOT, _about(purchase_id, name))

    def of_hold(self, entry: Entry) -> None:
        """Add the entry that placed a hold, and the one that closed it."""
        name = entry.facts.get("hold_id")
        placed = self._read(entry.wallet_id, seq_of_hold(name) or 0) if name else None
        if placed is None:
            return
        before = len(self._found)
        self._after(entry.wallet_id, placed.seq, OF_HOLD, lambda facts: facts["hold_id"] == name)
        if len(self._found) == before and entry.kind == "hold":
            self._lapse(placed)

    def _lapse(self, placed: Entry) -> None:
        """Add the entry on which a hold's lapse rode: the first since its deadline, if it lapsed."""
        seq = first_at_or_after(self.store, placed.wallet_id, from_text(placed.facts["lapses_at"]))
        entry = self.store.entry(placed.wallet_id, seq)
        riding = entry.facts.get("also", ()) if entry else ()
        if entry and any(step.get("hold_id") == placed.facts["hold_id"] for step in riding):
            self.add(entry)

    def _read(self, wallet_id: str, seq: int) -> Entry | None:
        entry = self._found.get(f"{wallet_id}:{seq}") or self.store.entry(wallet_id, seq)
        if entry:
            self.add(entry)
        return entry

    def _after(self, wallet_id: str, seq: int, kinds: Sequence[str], is_about: Callable[[Facts], bool]) -> None:
        for kind in kinds:
            page = self.store.entries_after(wallet_id, kind=kind, after=seq, limit=OF_A_KIND)
            self.add(*(entry for entry in page.entries if is_about(entry.facts)))
            self.is_complete = self.is_complete and page.next_seq is None


def _about(purchase_id: str | None, lot_id: str) -> Callable[[Facts], bool]:
    """Tell entries that name a purchase or its lot."""

    def is_about(facts: Facts) -> bool:
        if purchase_id and facts.get("purchase_id") == purchase_id:
            return True
        draws = (draw for name in ("draws", "aside", "from_set_aside") for draw in facts.get(name, ()))
        return lot_id in (facts.get("lot_id"), *(draw["lot_id"] for draw in draws))

    return is_about
