"""How subscriptions and payments look as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.api.views import money
from chalicelib.domain.catalog import Catalog, Interval
from chalicelib.domain.invoices import Invoice
from chalicelib.domain.ledger import Entry, as_text
from chalicelib.domain.plans import ADMIN, catch_up
from chalicelib.domain.subscription_words import in_words, kept, next_payment_at
from chalicelib.domain.subscriptions import News, Subscription
from chalicelib.domain.wallet import Wallet
from chalicelib.services.ports import Checkout

if TYPE_CHECKING:
    from chalicelib.api import shapes


def subscription(
    wallet: Wallet, row: Subscription, catalog: Catalog, now: datetime
) -> shapes.subscriptions.Subscription:
    """Show what a wallet is on: its subscription, if one is there; else Free, or what an admin set."""
    current = catch_up(wallet, catalog, wallet.time_of_decision(now))
    plan, lots_and_words = current.plan, kept(current.wallet, now)
    news = row.news if row.news and not row.news.has_ended and plan.set_by != ADMIN else None
    shown = _billed(news, catalog) if news else _unbilled(plan.plan_id, plan.set_by, catalog)
    lots, words = lots_and_words
    return {
        **shown,
        "current_period_start": as_text(news.period_start if news else plan.period.start),
        "current_period_end": as_text(news.period_end if news else plan.period.end),
        "quota_plan_id": plan.plan_id,
        "quota_period": {"start": as_text(plan.period.start), "end": as_text(plan.period.end)},
        "message": _set_by_us(plan.plan_id, catalog) if plan.set_by == ADMIN else in_words(row, catalog, now),
        "keeps": {
            "credits": sum(lot.left for lot in lots),
            "lots": [
                {"lot_id": str(lot.id), "remaining": lot.left, "expires_at": as_text(lot.end_in_sight(now))}
                for lot in lots
            ],
            "message": words,
        },
    }


def _billed(news: News, catalog: Catalog) -> shapes.subscriptions.PlanTerms:
    return {
        "plan_id": news.plan_id,
        "name": catalog.plans[news.plan_id].name if news.plan_id in catalog.plans else news.plan_id,
        "status": news.status.value,
        "interval": news.interval.value,
        "price": money(news.price),
        "next_billing_at": as_text(next_payment_at(news)),
        "cancel_at_period_end": news.ends_at is not None,
        "ends_at": as_text(news.ends_at),
        "pending_plan_id": news.pending[0] if news.pending else None,
        "pending_interval": news.pending[1].value if news.pending else None,
    }


def _unbilled(plan_id: str, set_by: str, catalog: Catalog) -> shapes.subscriptions.PlanTerms:
    plan = catalog.plan_or_free(plan_id)
    price = plan.prices.get(Interval.MONTH)
    return {
        "plan_id": plan.plan_id,
        "name": plan.name,
        "status": "active",
        "interval": Interval.MONTH.value,
        "price": money(price * 0 if set_by == ADMIN else price) if price else None,
        "next_billing_at": None,
        "cancel_at_period_end": False,
        "ends_at": None,
        "pending_plan_id": None,
        "pending_interval": None,
    }


def _set_by_us(plan_id: str, catalog: Catalog) -> str:
    return f"{catalog.plan_or_free(plan_id).name}, set for you; it is not billed."


def plan_set(entry: Entry, catalog: Catalog) -> shapes.subscriptions.PlanSet:
    """Show the subscription that an admin's word made, from its entry alone."""
    facts = entry.facts
    return {
        **_unbilled(facts["plan_id"], facts["set_by"], catalog),
        "current_period_start": facts["period"]["start"],
        "current_period_end": facts["period"]["end"],
    }


def checkout(opened: Checkout) -> shapes.subscriptions.CheckoutBegun:
    """Show the page where a subscription is paid first."""
    return {
        "checkout_url": opened.url,
        "checkout_session_id": opened.session_id,
        "expires_at": as_text(opened.expires_at),
    }


def invoice(billed: Invoice) -> shapes.subscriptions.Payment:
    """Show an invoice as a line of what was paid."""
    return {
        "kind": "invoice",
        "invoice_id": billed.invoice_id,
        "number": billed.number,
        "status": billed.status,
        "amount": money(billed.amount),
        "period": {"start": as_text(billed.period_start), "end": as_text(billed.period_end)},
        "created_at": as_text(billed.created_at),
        "paid_at": as_text(billed.paid_at),
        "receipt_url": billed.url,
        "invoice_url": billed.url,
    }
