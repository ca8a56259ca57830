"""Following subscriptions: whatever an event hints at, the subscription is asked for afresh, and the wallet follows."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.errors import Busy
from chalicelib.domain.invoices import Invoice, invoice_name
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.settling import Mismatch
from chalicelib.domain.subscriptions import Followed, News, Subscription, hear_of
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.ports import (
    Change,
    LostRace,
    Oddity,
    OutcomeUnknown,
    PaymentsFailed,
    Throttled,
)
from chalicelib.services.purchasing import Shop


def follow_session(shop: Shop, session_id: str, *, event: Oddity, stamp: Stamp) -> Outcome:
    """Follow the subscription that a checkout session began, if it did. Raises as `follow_subscription` does."""
    begun = shop.payments.subscription_of_session(session_id)
    return follow_subscription(shop, begun, event=event, stamp=stamp) if begun else Outcome.IGNORED


def follow_invoice(shop: Shop, invoice_id: str, *, event: Oddity, stamp: Stamp) -> Outcome:
    """Note an invoice, and follow its subscription. Raises as `follow_subscription` does."""
    invoice = shop.payments.invoice(invoice_id)
    if invoice is None:
        return Outcome.IGNORED
    return follow_subscription(shop, invoice.subscription_id, event=event, stamp=stamp, invoice_id=invoice_id)


def follow_subscription(
    shop: Shop, subscription_id: str, *, event: Oddity, stamp: Stamp, invoice_id: str | None = None
) -> Outcome:
    """
    Bring a wallet to where its subscription is. Any number of times, in any order: once.

    Raises:
        PaymentsFailed: The provider did not answer.
        Busy: Every attempt within the budget lost its race.
    """
    news = shop.payments.subscription(subscription_id)
    if news is None:
        return Outcome.IGNORED
    for turn in shop.patience.turns():
        try:
            return _follow_once(shop, news, invoice_id, event=event, stamp=stamp)
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
    raise Busy(news.wallet_id)


def _follow_once(shop: Shop, news: News, invoice_id: str | None, *, event: Oddity, stamp: Stamp) -> Outcome:
    wallet, row = shop.store.wallet_and_subscription(news.wallet_id)
    fresh = fresh_news(shop, news)  # asked after the row: its version guards this
    invoices = unknown_invoices(shop, fresh, invoice_id)
    if row.running and row.running.subscription_id != news.subscription_id and fresh.is_running:
        row = _without_ended(shop, row, event=event, stamp=stamp)
    try:
        followed = hear_of(wallet, row, fresh, shop.catalog, stamp, live=shop.payments.live)
    except Mismatch as odd:
        shop.store.quarantine(replace(event, reason=str(odd), wallet_id=news.wallet_id))
        return Outcome.QUARANTINED
    if followed is None:
        if not invoices:
            return Outcome.UNCHANGED
        followed = Followed(before=row, subscription=replace(row, version=row.version + 1))
    decisions = [followed.decision] if followed.decision else []
    shop.store.commit(Change(decisions=decisions, subscription=followed, invoices=invoices))
    return Outcome.SETTLED


def fresh_news(shop: Shop, known: News) -> News:
    """
    Ask again about a subscription of ours.

    Raises:
        PaymentsFailed: The provider did not answer, or doesn't know it as ours any more.
    """
    fresh = shop.payments.subscription(known.subscription_id)
    if fresh is None:
        raise PaymentsFailed("the subscription is not ours any more")
    return fresh


def unknown_invoices(shop: Shop, news: News, invoice_id: str | None) -> list[Invoice]:
    """Ask about an invoice that was named, and about the latest one unless all is known of it."""
    asked = {invoice_id} if invoice_id else set[str]()
    if news.invoice_id and news.invoiced_at:
        known = shop.store.invoice(news.wallet_id, invoice_name(news.invoice_id, news.invoiced_at))
        asked |= set() if known and known.is_final else {news.invoice_id}
    said = [invoice for each in sorted(asked) if (invoice := shop.payments.invoice(each))]
    mine = [each for each in said if each.wallet_id == news.wallet_id]
    return [each for each in mine if shop.store.invoice(each.wallet_id, each.name) != each]


def _without_ended(shop: Shop, row: Subscription, *, event: Oddity, stamp: Stamp) -> Subscription:
    """
    Look whether the subscription that runs by our books has ended meanwhile: then that is written first.

    Raises:
        LostRace: It was; decide afresh.
    """
    if row.running and fresh_news(shop, row.running).has_ended:
        _follow_once(shop, row.running, None, event=event, stamp=stamp)
        raise LostRace("the subscription before it has ended")
    return row


def forget_deleted(shop: Shop, event: Oddity) -> Outcome:
    """Forget a customer whom the provider has deleted: the next purchase makes another."""
    if not event.wallet_id or not event.customer_id or not shop.payments.is_deleted(event.customer_id):
        return Outcome.IGNORED
    shop.store.forget_customer(event.wallet_id, event.customer_id)
    return Outcome.SETTLED
