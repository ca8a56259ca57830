"""How what operators see looks as JSON. Webhook secrets are never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from chalicelib.api import shapes


def credited(entry: Entry) -> shapes.operators.Adjustment:
    """Show what a grant or an adjustment made; of a lot only what debt left of it."""
    facts = entry.facts
    shown: shapes.operators.Adjustment = {
        "entry_id": entry.entry_id,
        "seq": entry.seq,
        "available": facts["available_after"],
    }
    if "lot" in facts:
        shown["paid_to_debt"] = facts["paid_to_debt"]
        if facts["draws"]:
            shown["lot_id"] = facts["lot"]["lot_id"]
    return shown


def refund(answer: Mapping[str, Any]) -> shapes.operators.Refund:
    """Show a refund as its first answer was kept."""
    return {
        "refund_id": answer["refund_id"],
        "purchase_id": answer["purchase_id"],
        "amount_minor": answer["amount_minor"],
        "revoked": answer["revoked"],
        "debt": answer["debt"],
    }


def frozen(entry: Entry) -> shapes.operators.Freeze:
    return {
        "wallet_id": entry.wallet_id,
        "entry_id": entry.entry_id,
        "seq": entry.seq,
        "frozen": entry.facts["frozen"],
    }


def erasure(done: Erasure) -> shapes.operators.Erasure:
    """Show how far an erasure has come; `next` is the first entry that may not be erased yet."""
    entry = done.entry
    shown: shapes.operators.Erasure = {
        "wallet_id": entry.wallet_id,
        "entry_id": entry.entry_id,
        "seq": entry.seq,
        "erased_up_to": entry.facts["erased_up_to"],
        "erased": done.erased,
        "done": done.done,
    }
    if done.next_seq is not None:
        shown["next"] = done.next_seq
    return shown


def overview(seen: Overview, catalog: Catalog, now: datetime) -> shapes.operators.WalletOverview:
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
        "messages": {
            "waiting": seen.messages.waiting,
            "parked": seen.messages.parked,
            "more": seen.messages.more,
        },
        "entries": [entry(each) for each in seen.entries],
        "purchases": [purchase(each) for each in seen.purchases],
    }


def _books(wallet: Wallet) -> shapes.operators.WalletBooks:
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


def _plan(plan: RunningPlan) -> shapes.operators.RunningPlan:
    tenure = {**_plain(plan.tenure), "lapses_at": as_text(plan.tenure.lapses_at)} if plan.tenure else None
    shown: shapes.operators.RunningPlan = _plain(plan) | {"period": period_fields(plan.period), "tenure": tenure}
    return shown


def _row(row: Subscription | TopUp | Invoice) -> Any:
    """Show a row as it is kept; one that was never written is none."""
    return _plain(row) if getattr(row, "version", 1) else None


def _topup(row: TopUp, now: datetime) -> shapes.rows.TopUpRow | None:
    shown: shapes.rows.TopUpRow | None = _row(row)
    return {**shown, "status": row.status(now).value} if shown else None


def _contact(file: WalletFile, purchases: Sequence[Purchase]) -> shapes.operators.ContactSources:
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


def purchase(bought: Purchase) -> shapes.rows.PurchaseRow:
    """Show a purchase with all that its row says."""
    return {
        **views.purchase(bought),
        "version": bought.version,
        "customer_id": bought.customer_id,
        "payment_id": bought.payment_id,
        "paid_minor": bought.paid_minor,
        "email": bought.email,
        "facts": _plain(bought.facts),
        "owed": bought.owed,
        "holders": list(bought.holders),
        "asked": _plain(bought.asked),
        "due_at": as_text(bought.due_at),
    }


def entry(line: Entry) -> shapes.operators.WalletEntry:
    return {"wallet_id": line.wallet_id, **views.entry(line)}


def event(kept: Oddity) -> shapes.rows.EventRow:
    """Show an event that was kept aside, and whether it was applied since."""
    shown: shapes.rows.EventRow = _plain(kept)
    return shown


def trace(found: Trace) -> shapes.traces.Trace:
    """Show what hangs together with an id. What there is none of is left out, but for events and entries."""
    things: shapes.traces.TracedThings = _things(found)
    return {
        "id": found.lead.name,
        "kind": found.lead.kind.value,
        "wallet_id": found.lead.wallet_id,
        **things,
        "events": [event(each) for each in found.events],
        "entries": [entry(each) for each in found.entries],
        "complete": found.is_complete,
    }


def _things(found: Trace) -> Any:
    """Show what is known of each thing: what the provider says of it now, and the row that is kept."""
    said, shown = found.said, dict[str, Any]()
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
    return shown


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
