"""How what operators see looks as JSON. Webhook secrets are never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any

from chalicelib.api import usage_views, views
from chalicelib.domain import levels
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.contacts import Known, recipient_of
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry, as_text
from chalicelib.domain.money import Money
from chalicelib.domain.plans import catch_up, period_fields
from chalicelib.domain.purchases import Purchase
from chalicelib.domain.subscriptions import Subscription
from chalicelib.domain.topups import TopUp
from chalicelib.domain.wallet import RunningPlan, Wallet
from chalicelib.services.connecting import Trace
from chalicelib.services.erasing import Erasure
from chalicelib.services.overseeing import Overview
from chalicelib.services.ports import Oddity, WalletFile


def credited(entry: Entry) -> dict[str, Any]:
    """Show what a grant or an adjustment made; of a lot only what debt left of it."""
    facts = entry.facts
    shown = {"entry_id": entry.entry_id, "seq": entry.seq, "available": facts["available_after"]}
    if "lot" in facts:
        shown["paid_to_debt"] = facts["paid_to_debt"]
        if facts["draws"]:
            shown["lot_id"] = facts["lot"]["lot_id"]
    return shown


def erasure(done: Erasure) -> dict[str, Any]:
    """Show how far an erasure has come; `next` is the first entry that may not be erased yet."""
    entry = done.entry
    shown = {
        "wallet_id": entry.wallet_id,
        "entry_id": entry.entry_id,
        "seq": entry.seq,
        "erased_up_to": entry.facts["erased_up_to"],
        "erased": done.erased,
        "done": done.done,
    }
    return shown if done.next_seq is None else {**shown, "next": done.next_seq}


def overview(seen: Overview, catalog: Catalog, now: datetime) -> dict[str, Any]:
    wallet = seen.file.wallet
    current = catch_up(wallet, catalog, wallet.time_of_decision(now))
    standing = current if wallet.seq else replace(current, wallet=wallet)
    return {
        **views.balance(standing, catalog, now),
        **_books(wallet),
        "plan": _plan(current.plan),
        "meters": [usage_views.meter_of(each) for each in levels.read_all(current, catalog)],
        "subscription": _row(seen.file.subscription),
        "auto_topup": _topup(seen.file.topup, now),
        "customer": {"customer_id": seen.file.customer_id, "former_customer_id": seen.file.former_customer_id},
        "contact": _contact(seen.file, seen.purchases),
        "messages": {name: getattr(seen.messages, name) for name in ("waiting", "parked", "more")},
        "entries": [entry(each) for each in seen.entries],
        "purchases": [purchase(each) for each in seen.purchases],
    }


def _books(wallet: Wallet) -> dict[str, Any]:
    """Show what stands in the books and no customer is shown; periods and holds as they were last written."""
    return {
        "head": wallet.head.hex(),
        "last_at": as_text(wallet.last_at),
        "left": wallet.left,
        "debt_since": wallet.debt_since,
        "last_purchase": wallet.last_purchase,
        "latches": dict(wallet.latches),
        "topup_below": wallet.topup_below,
        "due_at": as_text(wallet.due_at),
    }


def _plan(plan: RunningPlan) -> dict[str, Any]:
    tenure = {**_plain(plan.tenure), "lapses_at": as_text(plan.tenure.lapses_at)} if plan.tenure else None
    return {**_plain(plan), "period": period_fields(plan.period), "tenure": tenure}


def _row(row: Subscription | TopUp | Invoice) -> dict[str, Any] | None:
    """Show a row as it is kept; one that was never written is none."""
    return _plain(row) if getattr(row, "version", 1) else None


def _topup(row: TopUp, now: datetime) -> dict[str, Any] | None:
    shown = _row(row)
    return {**shown, "status": row.status(now).value} if shown else None


def _contact(file: WalletFile, purchases: Sequence[Purchase]) -> dict[str, Any]:
    """Show where messages go, and where each address is from."""
    contact = file.contact
    paid = next((each.email for each in purchases if each.email), None)
    to = recipient_of(contact, Known(payment_email=paid, customer_email=file.customer_email))
    return {
        "email": contact.email,
        "payment_email": paid,
        "token_email": contact.token_email,
        "customer_email": file.customer_email,
        "email_in_use": to.email,
        "webhook_url": contact.webhook_url,
        "has_webhook_secret": contact.webhook_secret is not None,
        "locale": to.locale,
    }


def purchase(bought: Purchase) -> dict[str, Any]:
    """Show a purchase with all that its row says."""
    more = (
        "version",
        "customer_id",
        "payment_id",
        "paid_minor",
        "email",
        "facts",
        "owed",
        "holders",
        "asked",
        "due_at",
    )
    return {**views.purchase(bought), **{name: _plain(getattr(bought, name)) for name in more}}


def entry(line: Entry) -> dict[str, Any]:
    return {"wallet_id": line.wallet_id, **views.entry(line)}


def event(kept: Oddity) -> dict[str, Any]:
    """Show an event that was kept aside, and whether it was applied since."""
    shown: dict[str, Any] = _plain(kept)
    return shown


def trace(found: Trace) -> dict[str, Any]:
    """Show what hangs together with an id. What there is none of is left out, but for events and entries."""
    lead, said = found.lead, found.said
    shown: dict[str, Any] = {"id": lead.name, "kind": lead.kind.value, "wallet_id": lead.wallet_id}
    if found.purchase:
        shown["purchase"] = purchase(found.purchase)
    rows = {"subscription": found.subscription, "invoice": found.invoice}
    for name in ("session", "payment", "refund", "dispute", "subscription", "invoice", "customer"):
        known = {f"{name}_id": found.ids[f"{name}_id"]} if f"{name}_id" in found.ids else {}
        row = rows.get(name)
        kept = {"row": kept_row} if row and (kept_row := _row(row)) else {}
        if thing := {**known, **said.get(name, {}), **kept}:
            shown[name] = thing
    if found.purchases:
        shown["purchases"] = [purchase(each) for each in found.purchases]
    return {
        **shown,
        "events": [event(each) for each in found.events],
        "entries": [entry(each) for each in found.entries],
        "complete": found.is_complete,
    }


def _plain(value: Any) -> Any:
    """Write what a row holds as JSON values."""
    if isinstance(value, Money):
        return views.money(value)
    if isinstance(value, datetime):
        return as_text(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value.name.lower() if isinstance(value, IntEnum) else value
