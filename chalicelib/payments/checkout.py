"""Stripe's Checkout: sessions for purchases out, and what Stripe says of them read strictly into our own types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Payment, Progress, Purchase
from chalicelib.domain.times import from_ms, to_ms
from chalicelib.payments.client import answered, is_unknown
from chalicelib.payments.money_back import PAGE, StripeMoneyBack, within
from chalicelib.payments.saved_cards import StripeCards
from chalicelib.payments.subscriptions import StripeSubscriptions
from chalicelib.payments.tags import PURCHASE, WALLET
from chalicelib.payments.terms import WINDOW, CheckoutTerms
from chalicelib.payments.tracing import StripeTracing
from chalicelib.services.ports import Checkout, PaymentsFailed

if TYPE_CHECKING:
    import stripe

EXPANDED = ["payment_intent.latest_charge", "invoice"]
DEAD_INTENTS = frozenset({"requires_payment_method", "canceled"})


class StripePayments(StripeMoneyBack, StripeSubscriptions, StripeCards, StripeTracing):
    """What `services.ports.Payments` promises, by Stripe."""

    def __init__(self, client: Callable[[], stripe.StripeClient], terms: CheckoutTerms, *, live: bool) -> None:
        self._client = client  # made when it is needed: importing stripe is slow
        self._terms = terms
        self._live = live

    @property
    def live(self) -> bool:
        return self._live

    def create_customer(self, wallet_id: str, *, email: str | None, after: str | None = None) -> str:
        asked: dict[str, Any] = {"metadata": {WALLET: wallet_id}}
        if email:
            asked["email"] = email
        with answered():
            told = sha256(f"{email or ''}{after or ''}".encode()).hexdigest()[:16]  # another request to Stripe
            options = {"idempotency_key": f"tally-customer-{wallet_id}-{told}"}
            return self._client().v1.customers.create(cast(Any, asked), cast(Any, options)).id

    def open_checkout(self, purchase: Purchase, *, name: str, now: datetime) -> Checkout:
        with answered():
            window = (now - purchase.created_at) // WINDOW
            options = {"idempotency_key": f"tally-checkout-{purchase.purchase_id}-{window}"}
            session = self._client().v1.checkout.sessions.create(
                cast(Any, self._asked(purchase, name, window)), cast(Any, options)
            )
        if not session.url:
            raise PaymentsFailed("a session without an address")
        return Checkout(session_id=session.id, url=session.url, expires_at=from_ms(session.expires_at * 1000))

    def _asked(self, purchase: Purchase, name: str, window: int) -> dict[str, Any]:
        """
        Say what is sold. It depends on the row and the window alone, so that a repeat asks for the very same.

        A repeat in a later window opens another session: Stripe refuses one that would end too soon, and the
        customer never saw the first.
        """
        tags = {PURCHASE: purchase.purchase_id, WALLET: purchase.wallet_id}
        back = self._terms.back(purchase.return_path)
        expires_at = purchase.created_at + (window + 1) * WINDOW + timedelta(minutes=self._terms.minutes)
        asked: dict[str, Any] = {
            "mode": "payment",
            "customer": purchase.customer_id,
            "client_reference_id": purchase.purchase_id,
            "metadata": tags,
            "payment_intent_data": {"metadata": tags},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": purchase.price.currency,
                        "unit_amount": purchase.price.amount_minor,
                        "product_data": {"name": _title(name, purchase.quantity)},
                    },
                }
            ],
            "adaptive_pricing": {"enabled": False},  # the price is ours, in our currency
            "invoice_creation": {"enabled": True},
            "success_url": f"{back}purchase={purchase.purchase_id}&session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{back}purchase={purchase.purchase_id}&canceled=1",
            "expires_at": to_ms(expires_at) // 1000,
        }
        if purchase.save_card:
            asked["payment_intent_data"]["setup_future_usage"] = "off_session"
        if self._terms.automatic_tax:
            asked["automatic_tax"] = {"enabled": True}
            asked["customer_update"] = {"address": "auto"}
        return asked

    def payment(self, session_id: str) -> Payment | None:
        try:
            with answered():
                session = self._client().v1.checkout.sessions.retrieve(session_id, cast(Any, {"expand": EXPANDED}))
        except PaymentsFailed as failed:
            if is_unknown(failed):
                return None
            raise
        return read_session(session.to_dict())

    def recent_sessions(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[Payment], str | None]:
        asked: dict[str, Any] = {
            "created": within(since, until),
            "limit": PAGE,
            "expand": [f"data.{each}" for each in EXPANDED],
        }
        if cursor:
            asked["starting_after"] = cursor
        with answered():
            page = self._client().v1.checkout.sessions.list(cast(Any, asked))
        sessions = [each.to_dict() for each in page.data]
        ours = [payment for payment in map(read_session, sessions) if payment and payment.mode == "payment"]
        return ours, sessions[-1]["id"] if page.has_more and sessions else None


def _title(name: str, quantity: int) -> str:
    return name if quantity == 1 else f"{quantity} × {name}"


def read_session(session: Mapping[str, Any]) -> Payment | None:
    """
    Read a Checkout session as the payment of one of our purchases. None: it carries no tag of ours.

    Raises:
        PaymentsFailed: It is ours but lacks what Stripe always sends.
    """
    tags = session.get("metadata") or {}
    if not tags.get(PURCHASE) or not tags.get(WALLET):
        return None
    intent, invoice = session.get("payment_intent"), session.get("invoice")
    charge = intent.get("latest_charge") if isinstance(intent, Mapping) else None
    try:
        return Payment(
            session_id=session["id"],
            progress=progress_of(session),
            wallet_id=tags[WALLET],
            purchase_id=tags[PURCHASE],
            amount=Money(session["amount_subtotal"], session["currency"]),
            paid_minor=session["amount_total"],
            mode=session["mode"],
            live=session["livemode"],
            customer_id=_id_of(session.get("customer")),
            payment_id=_id_of(intent),
            session_expires_at=from_ms(session["expires_at"] * 1000),
            email=(session.get("customer_details") or {}).get("email"),
            receipt_url=charge.get("receipt_url") if isinstance(charge, Mapping) else None,
            invoice_url=invoice.get("hosted_invoice_url") if isinstance(invoice, Mapping) else None,
            money_back=isinstance(charge, Mapping) and bool(charge.get("amount_refunded") or charge.get("disputed")),
        )
    except KeyError as missing:
        raise PaymentsFailed(f"a session without {missing}") from None


def progress_of(session: Mapping[str, Any]) -> Progress:
    """
    Say how far a session's payment has come.

    `complete` is not paid: a bank debit completes the session days before the money is there, and may fail.
    """
    if session.get("payment_status") in ("paid", "no_payment_required"):
        return Progress.PAID
    if session.get("status") == "expired":
        return Progress.LAPSED
    if session.get("status") != "complete":
        return Progress.OPEN
    intent = session.get("payment_intent")
    dead = isinstance(intent, Mapping) and intent.get("status") in DEAD_INTENTS
    return Progress.FAILED if dead else Progress.PROCESSING


def _id_of(either: object) -> str | None:
    """Read an id that Stripe gives as it is, or inside the expanded object."""
    found = either.get("id") if isinstance(either, Mapping) else either
    return found if isinstance(found, str) else None
