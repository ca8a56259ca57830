"""
Tracing: from any id to everything that hangs together with it. Here: where an id leads; what is there, `connecting.py`.

    id                           found by                                             calls
    pur_…                        its wallet, if it is said; else the provider         1, or 1 to 6
    cs_ pi_ ch_ re_ dp_ sub_ …   the provider, by our tags                            1 to 4
    evt_…                        what is kept aside; what it speaks of, the provider  1 to 5
    <wallet>:<number>            the entry                                            1
    lot_…, hold_…                the entry that made it, in the wallet that is said   1
    a key                        its receipt, whoever chose it, in the wallet said    1 or 2
    a wallet                     itself                                               1 or 2

Nothing is scanned. With a wallet that is said, an id is looked for there alone, first by what it looks like, then as a
key; so the ids of the provider can be keys, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from chalicelib.domain.errors import InvalidRequest, NotFound, PaymentsUnavailable
from chalicelib.domain.holds import seq_of_hold
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import LotId
from chalicelib.domain.tracing import (
    AT_PROVIDER,
    ENTRY,
    EVENT,
    KEY,
    LOT,
    PROVIDERS,
    PURCHASE,
    WALLET,
    Kind,
    opened_at,
)
from chalicelib.services.once import Hand
from chalicelib.services.ports import Oddity, PaymentsFailed, Sighting
from chalicelib.services.purchasing import Shop

BEFORE, AFTER = timedelta(minutes=1), timedelta(minutes=10)  # around a purchase, in which its payment was begun
LOOKS = 3  # at most, into each list of what was begun then


@dataclass(frozen=True, slots=True)
class Wanted:
    """An id to trace, and the wallet that it is of, if the caller knows it."""

    name: str
    wallet_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """
    Where an id leads. An event's wallet may be unknown. `is_silent`: the provider didn't say what it could have.
    """

    name: str
    kind: Kind
    wallet_id: str | None
    purchase_id: str | None = None
    entry: Entry | None = None
    event: Oddity | None = None
    sighting: Sighting | None = None
    is_silent: bool = False


Finder = Callable[[Shop, Wanted], Lead | None]


def find(shop: Shop, wanted: Wanted) -> Lead:
    """
    Find out where an id leads.

    Raises:
        NotFound: Nowhere.
        InvalidRequest: It doesn't lead anywhere without a wallet.
        PaymentsUnavailable: The provider did not answer.
    """
    try:
        for finder in _finders(wanted):
            lead = finder(shop, wanted)
            if lead and wanted.wallet_id in (None, lead.wallet_id):
                return lead
    except PaymentsFailed as failed:
        raise PaymentsUnavailable from failed
    raise NotFound


def _finders(wanted: Wanted) -> Iterator[Finder]:
    """Say by what an id may be found, the likeliest first."""
    name, known = wanted.name, wanted.wallet_id is not None
    if not known and (LOT.fullmatch(name) or seq_of_hold(name)):
        raise InvalidRequest("wallet", "wanted with the id of a lot or a hold")
    if known:
        yield from (_lot, _hold)
    if PURCHASE.fullmatch(name):
        yield _purchase if known else _begun_purchase
    if known and KEY.fullmatch(name):
        yield _key
    if PROVIDERS.fullmatch(name):
        yield _at_provider
    if EVENT.fullmatch(name):
        yield _event
    if ENTRY.fullmatch(name):
        yield _entry
    if not known and WALLET.fullmatch(name):
        yield _wallet


def _lot(shop: Shop, wanted: Wanted) -> Lead | None:
    if not LOT.fullmatch(wanted.name):
        return None
    lot_id = LotId.parse(wanted.name)
    entry = shop.store.entry(wanted.wallet_id or "", lot_id.seq)
    if entry is None or all(lot["lot_id"] != wanted.name for lot in lots_made_by(entry)):
        return None
    return _led(wanted, Kind.LOT, entry=entry)


def lots_made_by(entry: Entry) -> Iterator[Mapping[str, Any]]:
    """List the lots that an entry made, as it names them."""
    for step in (*entry.facts.get("also", ()), entry.facts):
        if step["kind"] != "restoration":  # it names the lot that it gives back to
            yield from step.get("lots", ())
            yield from [step["lot"]] if "lot" in step else []


def _hold(shop: Shop, wanted: Wanted) -> Lead | None:
    seq = seq_of_hold(wanted.name)
    entry = shop.store.entry(wanted.wallet_id or "", seq) if seq else None
    return _led(wanted, Kind.HOLD, entry=entry) if entry and entry.facts.get("hold_id") == wanted.name else None


def _purchase(shop: Shop, wanted: Wanted) -> Lead | None:
    found = shop.store.purchase(wanted.wallet_id or "", wanted.name)
    return _led(wanted, Kind.PURCHASE, purchase_id=wanted.name) if found else None


def _begun_purchase(shop: Shop, wanted: Wanted) -> Lead | None:
    """
    Find a purchase's wallet by the payment that was begun for it: its id says when that was.

    Each list of the provider is looked into a few times at most; a purchase of a very busy time may not be found.
    """
    opened = opened_at(wanted.name)
    if opened is None:
        return None
    for listed in (shop.payments.recent_sessions, shop.payments.recent_card_payments):
        cursor: str | None = None
        for _ in range(LOOKS):
            payments, cursor = listed(opened - BEFORE, opened + AFTER, cursor=cursor)
            for payment in payments:
                if payment.purchase_id == wanted.name:
                    return _led(wanted, Kind.PURCHASE, wallet_id=payment.wallet_id, purchase_id=wanted.name)
            if cursor is None:
                break
    return None


def _key(shop: Shop, wanted: Wanted) -> Lead | None:
    wallet_id = wanted.wallet_id or ""
    keys = [hand + wanted.name for hand in Hand]
    found = shop.store.receipts(wallet_id, keys)
    receipt = next((found[key] for key in keys if key in found), None)
    if receipt is None:
        return None
    entry = shop.store.entry(wallet_id, receipt.seq) if receipt.seq else None
    return _led(wanted, Kind.KEY, entry=entry, purchase_id=receipt.purchase_id)


def _at_provider(shop: Shop, wanted: Wanted) -> Lead | None:
    sighting = shop.payments.look_up(wanted.name)
    return _seen(wanted, AT_PROVIDER[wanted.name.partition("_")[0]], sighting) if sighting else None


def _event(shop: Shop, wanted: Wanted) -> Lead | None:
    event = shop.store.event(wanted.name)
    if event is None:
        return None
    lead = Lead(
        name=wanted.name,
        kind=Kind.EVENT,
        wallet_id=event.wallet_id,
        purchase_id=event.purchase_id,
        event=event,
    )
    named = (event.session_id, event.payment_id, event.invoice_id, event.subscription_id, event.customer_id)
    spoken_of = next((name for name in named if name), None)
    try:
        sighting = shop.payments.look_up(spoken_of) if spoken_of else None
    except PaymentsFailed:
        return replace(lead, is_silent=True)
    if sighting is None:
        return lead
    if lead.wallet_id is None:
        lead = replace(lead, wallet_id=sighting.wallet_id, purchase_id=sighting.purchase_id)
    return replace(lead, sighting=sighting)


def _entry(shop: Shop, wanted: Wanted) -> Lead | None:
    parts = ENTRY.fullmatch(wanted.name)
    entry = shop.store.entry(parts["wallet_id"], int(parts["seq"])) if parts else None
    return _led(wanted, Kind.ENTRY, wallet_id=entry.wallet_id, entry=entry) if entry else None


def _wallet(shop: Shop, wanted: Wanted) -> Lead | None:
    """A wallet that was never written is known all the same if there is a row beside it."""
    known = shop.store.wallet_file(wanted.name)
    rows = (known.wallet.seq, known.subscription.version, known.topup.version, known.contact.version)
    if any(rows) or known.customer_id or known.former_customer_id:
        return _led(wanted, Kind.WALLET, wallet_id=wanted.name)
    bought = shop.store.listed_purchases(wanted.name, before=None, limit=1)
    return _led(wanted, Kind.WALLET, wallet_id=wanted.name) if bought else None


def _led(
    wanted: Wanted,
    kind: Kind,
    *,
    wallet_id: str | None = None,
    purchase_id: str | None = None,
    entry: Entry | None = None,
) -> Lead:
    owner = wallet_id or wanted.wallet_id
    return Lead(name=wanted.name, kind=kind, wallet_id=owner, purchase_id=purchase_id, entry=entry)


def _seen(wanted: Wanted, kind: Kind, sighting: Sighting) -> Lead:
    return Lead(
        name=wanted.name,
        kind=kind,
        wallet_id=sighting.wallet_id,
        purchase_id=sighting.purchase_id,
        sighting=sighting,
    )
