"""
The one place for what a buyer does on the pay page, and what the bank does afterwards.

    card          session complete and paid at once
    declined      session stays open; the buyer may try again
    bank_debit    session complete but unpaid; later the bank settles it, or fails it
"""

from __future__ import annotations

from local.stripe import billing, customers, invoice_shape, invoices, methods, payments, subscriptions
from local.stripe.account import Account
from local.stripe.errors import Json, impossible
from local.stripe.session_shape import details

CARD, BANK_DEBIT, DECLINED = "card", "bank_debit", "declined"
WAYS = (CARD, BANK_DEBIT, DECLINED)
USUAL_EMAIL = "buyer@example.com"


def pay(account: Account, session: Json, way: str, *, email: str | None = None) -> Json:
    """
    Pay an open session in one of `WAYS`.

    Raises:
        ApiError: The session is not open.
    """
    if session["status"] != "open":
        raise impossible(f"This Checkout Session is {session['status']}; only an open one can be paid.")
    if _is_gone(account, session):
        raise impossible("The customer of this Checkout Session is deleted.")
    email = known_email(account, session) or email or USUAL_EMAIL
    if session["amount_total"] == 0 and session["mode"] == "payment":
        return _complete(account, session, None, email=email)
    if way == DECLINED:
        return _decline(account, session, email)
    _introduce(account, session, email)
    kept = session["customer"] if account.terms[session["id"]].saves_card or session["mode"] != "payment" else None
    method = methods.present(account, methods.CARD if way == CARD else methods.BANK, email=email, customer=kept)
    return _complete(account, session, method, email=email)


def settle(account: Account, intent: Json) -> Json:
    """The bank pays: at last, or after it had failed to."""
    session = session_of(account, intent)
    payments.settle(account, intent)
    billing.settle(account, intent)
    if session:
        _conclude(account, session, intent)
        account.emit("checkout.session.async_payment_succeeded", session)
    return intent


def fail(account: Account, intent: Json) -> Json:
    """The bank refuses."""
    payments.fail(account, intent)
    billing.fail(account, intent)
    session = session_of(account, intent)
    if session:
        account.emit("checkout.session.async_payment_failed", session)
    return intent


def session_of(account: Account, intent: Json) -> Json | None:
    """The session that a payment belongs to, if it came from one."""
    invoice = invoices.of_intent(account, intent)
    for session in account.all("checkout.session"):
        if session["payment_intent"] == intent["id"] or (invoice and session["invoice"] == invoice["id"]):
            return session
    return None


def _decline(account: Account, session: Json, email: str) -> Json:
    method = methods.present(account, methods.CARD, email=email)
    if session["mode"] == "payment":
        payments.decline(account, _intent(account, session), method, code=payments.DECLINED)
    return session


def _complete(account: Account, session: Json, method: Json | None, *, email: str) -> Json:
    _introduce(account, session, email)
    session.update(status="complete", url=None, customer_details=details(email))
    if session["mode"] == "subscription":
        subscriptions.begin(account, session, method)
    elif method is None:
        session["payment_status"] = "no_payment_required"
    else:
        _take(account, session, method)
    account.emit("checkout.session.completed", session)
    return session


def _take(account: Account, session: Json, method: Json) -> None:
    intent = _intent(account, session)
    if method["type"] == methods.BANK:
        payments.start_debit(account, intent, method)
        return
    payments.take(account, intent, method)
    _conclude(account, session, intent)


def _conclude(account: Account, session: Json, intent: Json) -> None:
    """The money is there: mark the session paid, and make its invoice if one was asked for."""
    session["payment_status"] = "paid"
    wanted = account.terms[session["id"]].invoice["enabled"] and session["mode"] == "payment"
    if wanted and not _is_gone(account, session):
        session["invoice"] = _invoice(account, session, intent)["id"]


def _invoice(account: Account, session: Json, intent: Json) -> Json:
    terms, at = account.terms[session["id"]], account.timestamp()
    discount = account.new_id("di") if terms.coupon else None
    bought = [invoice_shape.line_of(account, line | {"discount": discount}, start=at, end=at) for line in terms.lines]
    customer = account.find("customer", session["customer"])
    invoice = invoices.open_for(account, customer, bought, reason="manual")
    invoice.update({name: terms.invoice[name] for name in ("metadata", "description", "footer")})
    invoices.attempt(account, invoice, intent)
    invoices.pay(account, invoice, intent)
    return invoice


def _intent(account: Account, session: Json) -> Json:
    """The payment intent of a session: made with the first attempt, as Stripe does."""
    if session["payment_intent"] is None:
        intent = payments.open_intent(
            account,
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            terms=account.terms[session["id"]].intent,
        )
        session["payment_intent"] = intent["id"]
    found = account.find("payment_intent", session["payment_intent"])
    found["customer"] = session["customer"]
    return found


def known_email(account: Account, session: Json) -> str | None:
    """The address that the page shows instead of asking for it."""
    if session["customer"]:
        found: str | None = account.find("customer", session["customer"]).get("email")
        return found
    return session["customer_email"] or None


def _introduce(account: Account, session: Json, email: str) -> None:
    """Make the customer if one is needed, and note the address of one that has none."""
    if session["customer"] is None:
        if not _needs_customer(account, session):
            return
        customer = account.add(customers.blank(account, email=email))
        account.emit("customer.created", customer)
        session["customer"] = customer["id"]
        return
    customer = account.find("customer", session["customer"])
    if customer["email"] is None:
        customer["email"] = email
        account.emit("customer.updated", customer)


def _is_gone(account: Account, session: Json) -> bool:
    name = session["customer"]
    return bool(name and account.find("customer", name).get("deleted"))


def _needs_customer(account: Account, session: Json) -> bool:
    terms = account.terms[session["id"]]
    return bool(session["customer_creation"] == "always" or terms.invoice["enabled"] or terms.saves_card)
