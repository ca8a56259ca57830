"""The one table of hosted pages: what a person's browser is shown at which address. Plain forms, no script."""

from __future__ import annotations

from urllib.parse import parse_qs

from local.stripe import papers, pay_page, portal_page
from local.stripe.account import Account
from local.stripe.errors import ApiError
from local.stripe.shown import Shown, message

READ = ("GET", "HEAD")


def show(account: Account, method: str, path: str, form: str) -> Shown:
    """Answer a browser."""
    room, _, name = path.lstrip("/").partition("/")
    if method not in READ and not (method == "POST" and room in {"pay", "portal"}):
        return message(405, "Not here", "This page cannot be used that way.")
    sent = {field: values[0] for field, values in parse_qs(form).items()} if method == "POST" else None
    try:
        return _find(account, room, name, sent)
    except ApiError:
        return message(404, "Nothing is here", "The address may be mistyped, or from before a restart.")


def _find(account: Account, room: str, name: str, sent: dict[str, str] | None) -> Shown:
    if room == "pay":
        session = account.find("checkout.session", name)
        return pay_page.show(account, session) if sent is None else pay_page.obey(account, session, sent)
    if room == "portal":
        visit = account.find("billing_portal.session", name)
        return portal_page.show(account, visit) if sent is None else portal_page.obey(account, visit, sent)
    if room == "receipts":
        return papers.receipt(account.find("charge", name))
    if room == "invoices":
        number, _, form = name.partition("/")
        invoice = account.find("invoice", number)
        return papers.invoice_pdf(invoice) if form == "pdf" else papers.invoice_page(invoice)
    return message(404, "Nothing is here", "This is a stand-in for Stripe; its pages are linked by what it answers.")
