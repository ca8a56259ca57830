"""
Reconciliation: what the provider took and gave back is compared with purchases and wallets, both ways, and healed.

The window is 35 days, overlapping from run to run, without the last hour, in which events are still on their way. What
can be healed is healed by the very steps that events lead to, so doing it again writes nothing; what a machine must
not decide alone is only named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol

from chalicelib.domain.ledger import Stamp
from chalicelib.domain.moneyback import joined, target_of
from chalicelib.domain.purchases import TRANSITIONS, Payment, Progress, Purchase, Status
from chalicelib.domain.settling import Mismatch, check_match
from chalicelib.services.hearing import hear
from chalicelib.services.ports import MoneyBack, Oddity
from chalicelib.services.purchasing import Shop
from chalicelib.services.rounds import Errand, Report, attempt

WINDOW, UNRIPE = timedelta(days=35), timedelta(hours=1)


class Finding(StrEnum):
    """In what the provider and we differ."""

    PAID_NOT_CREDITED = "paid_not_credited"
    STATUS_DIFFERS = "status_differs"
    REVOKED_TOO_LITTLE = "revoked_too_little"
    REVOKED_TOO_MUCH = "revoked_too_much"
    FACTS_DIFFER = "facts_differ"
    MISMATCH = "mismatch"  # amounts, currency, customer, a second payment: for a person
    CREDITED_NOT_PAID = "credited_not_paid"  # for a person
    UNKNOWN_PURCHASE = "unknown_purchase"  # for a person


HEALED = frozenset(
    {
        Finding.PAID_NOT_CREDITED,
        Finding.STATUS_DIFFERS,
        Finding.REVOKED_TOO_LITTLE,
        Finding.REVOKED_TOO_MUCH,
        Finding.FACTS_DIFFER,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which the provider and we differ, and what heals it."""

    finding: Finding
    wallet_id: str
    purchase_id: str
    session_id: str | None = None
    payment_id: str | None = None
    detail: str = ""


@dataclass(slots=True)
class Reconciliation:
    """What was compared and found, what was healed, and what failed."""

    report: Report = field(default_factory=Report)
    differences: list[Difference] = field(default_factory=list)


def reconcile(shop: Shop, errand: Errand, *, apply: bool) -> Reconciliation:
    """Compare the window both ways, and with *apply* heal what can be healed."""
    found = Reconciliation()
    found.report.counts.update({"payments": 0, "purchases": 0, "differences": 0, "healed": 0})
    now = errand.stamp().now
    since, until = now - WINDOW, now - UNRIPE
    seen: set[tuple[str, str]] = set()
    for differences in (
        _payments(shop, shop.payments.recent_sessions, (since, until), seen, found.report),
        _payments(shop, shop.payments.recent_card_payments, (since, until), seen, found.report),
        _money_back(shop, since, until, found.report),
        _credited(shop, since, until, seen, found.report),
    ):
        if not _note(differences, shop, errand, found, apply=apply):
            break
    return found


def _note(differences: Iterator[Difference], shop: Shop, errand: Errand, found: Reconciliation, *, apply: bool) -> bool:
    """Note differences as they are found, and heal them; whether there was time for all."""
    iterator = iter(differences)
    while True:
        if not errand.has_time():
            found.report.more = True
            return False
        listed: list[Difference] = []
        went_well = attempt(found.report, "", "compare", lambda: listed.extend(_next(iterator)))  # noqa: B023
        if not went_well or not listed:
            return True
        [difference] = listed
        found.differences.append(difference)
        found.report.counts["differences"] += 1
        if apply and difference.finding in HEALED:
            healed = attempt(
                found.report,
                difference.wallet_id,
                difference.purchase_id,
                lambda: _heal(shop, difference, errand.stamp()),  # noqa: B023 - called at once
            )
            found.report.counts["healed"] += healed


def _next(iterator: Iterator[Difference]) -> list[Difference]:
    found = next(iterator, None)
    return [found] if found else []


def _heal(shop: Shop, difference: Difference, stamp: Stamp) -> None:
    hint = Oddity(
        event_id=f"reconcile-{difference.purchase_id}",
        type="reconcile",
        reason="",
        at=stamp.now,
        session_id=difference.session_id,
        payment_id=difference.payment_id,
    )
    hear(shop, hint, stamp=stamp)


class Listing(Protocol):
    """A way to list payments of ours of a span, page by page."""

    def __call__(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[Payment], str | None]: ...


def _payments(
    shop: Shop, listed: Listing, span: tuple[datetime, datetime], seen: set[tuple[str, str]], report: Report
) -> Iterator[Difference]:
    """Compare every checkout session of ours, or every payment of a top-up, with its purchase."""
    cursor: str | None = None
    while True:
        page, cursor = listed(*span, cursor=cursor)
        for payment in page:
            report.counts["payments"] += 1
            if payment.progress is Progress.PAID:
                seen.add((payment.wallet_id, payment.purchase_id))
            yield from _of_payment(shop, payment)
        if not cursor:
            return


def _difference(of: Payment | MoneyBack, finding: Finding, detail: str = "") -> Difference:
    """Name a difference, and what heals it: a session is heard of again, or a payment that had none or went back."""
    session_id = of.session_id if isinstance(of, Payment) else None
    return Difference(
        finding=finding,
        wallet_id=of.wallet_id,
        purchase_id=of.purchase_id,
        session_id=session_id,
        payment_id=of.payment_id if session_id is None else None,
        detail=detail,
    )


def _of_payment(shop: Shop, payment: Payment) -> Iterator[Difference]:
    difference = partial(_difference, payment)
    purchase = shop.store.purchase(payment.wallet_id, payment.purchase_id)
    if purchase is None:
        yield difference(Finding.UNKNOWN_PURCHASE)
        return
    if payment.progress is not Progress.PAID and purchase.session_id not in (None, payment.session_id):
        return  # a session that the customer never saw
    try:
        check_match(purchase, payment, live=shop.payments.live)
    except Mismatch as odd:
        if payment.progress is Progress.PAID:
            yield difference(Finding.MISMATCH, str(odd))
        return
    status = TRANSITIONS[payment.progress].get(purchase.status, purchase.status)
    if status is not purchase.status:
        yield difference(Finding.PAID_NOT_CREDITED if status is Status.PAID else Finding.STATUS_DIFFERS)


def _money_back(shop: Shop, since: datetime, until: datetime, report: Report) -> Iterator[Difference]:
    """Compare every payment of which money went back in the window with what its purchase knows and revoked."""
    cursor: str | None = None
    looked: set[str] = set()
    while True:
        page, cursor = shop.payments.recent_money_back(since, until, cursor=cursor)
        for payment_id in page:
            if payment_id in looked:
                continue
            looked.add(payment_id)
            if money := shop.payments.money_back(payment_id):
                report.counts["payments"] += 1
                yield from _of_money(shop, money)
        if not cursor:
            return


def _of_money(shop: Shop, money: MoneyBack) -> Iterator[Difference]:
    difference = partial(_difference, money)
    purchase = shop.store.purchase(money.wallet_id, money.purchase_id)
    if purchase is None:
        yield difference(Finding.UNKNOWN_PURCHASE)
    elif purchase.status is not Status.PAID or purchase.payment_id != money.payment_id:
        yield difference(Finding.MISMATCH, "money went back for a payment that is not the purchase's")
    elif finding := _finding(purchase, money):
        yield difference(finding)


def _finding(purchase: Purchase, money: MoneyBack) -> Finding | None:
    known = joined(purchase.facts, money.facts)
    target = target_of(purchase.total_credits, purchase.paid_minor or 0, known)
    if target != purchase.revoked:
        return Finding.REVOKED_TOO_LITTLE if target > purchase.revoked else Finding.REVOKED_TOO_MUCH
    return Finding.FACTS_DIFFER if known != purchase.facts else None


def _credited(
    shop: Shop, since: datetime, until: datetime, seen: set[tuple[str, str]], report: Report
) -> Iterator[Difference]:
    """Compare every purchase that was paid in the window with what the provider says of it."""
    day = since.date()
    while day <= until.date():
        cursor: object = None
        while True:
            page = shop.store.paid_on(day, cursor=cursor)
            for wallet_id, purchase_id in page.names:
                report.counts["purchases"] += 1
                if (wallet_id, purchase_id) not in seen:
                    yield from _of_purchase(shop, wallet_id, purchase_id)
            cursor = page.cursor
            if not cursor:
                break
        day += timedelta(days=1)


def _of_purchase(shop: Shop, wallet_id: str, purchase_id: str) -> Iterator[Difference]:
    """A purchase that nothing of the window paid: perhaps what paid it is older, so the provider is asked."""
    purchase = shop.store.purchase(wallet_id, purchase_id)
    if purchase is None or purchase.status is not Status.PAID:
        return
    payment = _asked(shop, purchase)
    if payment is None or payment.progress is not Progress.PAID:
        yield Difference(finding=Finding.CREDITED_NOT_PAID, wallet_id=wallet_id, purchase_id=purchase_id)


def _asked(shop: Shop, purchase: Purchase) -> Payment | None:
    if purchase.topup_seq is not None:
        found = shop.payments.card_payment(purchase.payment_id) if purchase.payment_id else None
        return found.payment if found else None
    return shop.payments.payment(purchase.session_id) if purchase.session_id else None
