"""Payments with a saved card, without its holder: made once, found again, and read strictly into our own types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Payment, Progress, Purchase
from chalicelib.domain.times import to_ms
from chalicelib.domain.topup_landing import CardPayment
from chalicelib.payments.client import answered
from chalicelib.payments.money_back import PAGE, refusable, within
from chalicelib.payments.subscriptions import declinable, known
from chalicelib.payments.tags import PURCHASE, TOPUP, WALLET
from chalicelib.services.ports import PaymentsFailed, PaymentsRefused

if TYPE_CHECKING:
    import stripe

Json = Mapping[str, Any]
EXPANDED = ["latest_charge"]
CLOCKS_DIFFER = timedelta(hours=1)  # by so much, at the most, from Stripe's
AUTHENTICATION = "authentication_required"
PROGRESS = {
    "succeeded": Progress.PAID,
    "processing": Progress.PROCESSING,
    "requires_payment_method": Progress.FAILED,  # it was declined, and could still be paid
    "requires_confirmation": Progress.FAILED,
    "requires_action": Progress.FAILED,
    "canceled": Progress.FAILED,
}


class StripeCards:
    """The part of `services.ports.Payments` that is about saved cards."""

    _client: Callable[[], stripe.StripeClient]

    def saved_card(self, customer_id: str) -> str | None:
        """The customer's default, else the card that was saved last."""
        with known() as found, answered():
            found.append(self._client().v1.customers.retrieve(customer_id).to_dict())
        if not found or found[0].get("deleted"):
            return None
        if default := _id_of((found[0].get("invoice_settings") or {}).get("default_payment_method")):
            return default
        with answered():
            asked = cast(Any, {"type": "card", "limit": 1})
            saved = self._client().v1.customers.payment_methods.list(customer_id, asked).data
        return saved[0].id if saved else None

    def find_card_payment(self, purchase: Purchase) -> CardPayment | None:
        """Found by our own tag: Stripe forgets idempotency keys after a day."""
        since = to_ms(purchase.created_at - CLOCKS_DIFFER) // 1000
        asked = {
            "customer": purchase.customer_id,
            "created": {"gte": since},
            "limit": PAGE,
            "expand": [f"data.{each}" for each in EXPANDED],
        }
        with answered():
            for each in self._client().v1.payment_intents.list(cast(Any, asked)).auto_paging_iter():
                found = read_intent(each.to_dict())
                if found and found.payment.purchase_id == purchase.purchase_id:
                    return found
        return None

    def pay_by_card(self, purchase: Purchase, *, card: str, key: str) -> CardPayment:
        """What is asked depends on the row, the card and the key alone, so that a repeat asks for the very same."""
        asked = {
            "amount": purchase.price.amount_minor,
            "currency": purchase.price.currency,
            "customer": purchase.customer_id,
            "payment_method": card,
            "confirm": True,
            "off_session": True,
            "description": f"{purchase.total_credits} credits",
            "metadata": {
                PURCHASE: purchase.purchase_id,
                WALLET: purchase.wallet_id,
                TOPUP: str(purchase.topup_seq),
            },
            "expand": EXPANDED,
        }
        try:
            with declinable(), refusable(), answered():
                options = cast(Any, {"idempotency_key": f"tally-topup-{key}"})
                made = self._client().v1.payment_intents.create(cast(Any, asked), options)
                found = read_intent(made.to_dict())
        except PaymentsRefused:  # Stripe keeps what was declined; it could still be paid
            found = self.find_card_payment(purchase)
            if found is None:
                raise
        if found is None:
            raise PaymentsFailed("a payment without our tags")
        return found

    def card_payment(self, payment_id: str) -> CardPayment | None:
        with known() as found, answered():
            asked = cast(Any, {"expand": EXPANDED})
            found.append(self._client().v1.payment_intents.retrieve(payment_id, asked).to_dict())
        return read_intent(found[0]) if found else None

    def cancel_payment(self, payment_id: str) -> None:
        try:
            with refusable(), answered():
                self._client().v1.payment_intents.cancel(payment_id)
        except PaymentsRefused:
            return  # it was canceled before, or paid, or is being paid

    def recent_card_payments(
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
            page = self._client().v1.payment_intents.list(cast(Any, asked))
        intents = [each.to_dict() for each in page.data]
        ours = [found.payment for found in map(read_intent, intents) if found]
        return ours, intents[-1]["id"] if page.has_more and intents else None


def read_intent(intent: Json) -> CardPayment | None:
    """
    Read a payment intent as the payment of a top-up. None: it is another's, or was made in a checkout.

    Raises:
        PaymentsFailed: It is ours but lacks what Stripe always sends, or is as it never should be.
    """
    tags = intent.get("metadata") or {}
    if not tags.get(PURCHASE) or not tags.get(WALLET) or not tags.get(TOPUP):
        return None
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, Mapping) else {}
    error = intent.get("last_payment_error") or {}
    try:
        status = intent["status"]
        payment = Payment(
            session_id=None,
            progress=PROGRESS[status],
            wallet_id=tags[WALLET],
            purchase_id=tags[PURCHASE],
            amount=Money(intent["amount"], intent["currency"]),
            paid_minor=intent["amount_received"],
            mode="payment",
            live=intent["livemode"],
            customer_id=_id_of(intent.get("customer")),
            payment_id=intent["id"],
            email=(charge.get("billing_details") or {}).get("email"),
            receipt_url=charge.get("receipt_url"),
            money_back=bool(charge.get("amount_refunded") or charge.get("disputed")),
        )
    except KeyError as missing:
        raise PaymentsFailed(f"a payment that can't be read: {missing}") from None
    needs_customer = status == "requires_action" or AUTHENTICATION in (error.get("code"), error.get("decline_code"))
    is_over = status == "canceled"
    return CardPayment(payment_id=intent["id"], payment=payment, is_over=is_over, needs_customer=needs_customer)


def _id_of(either: object) -> str | None:
    """Read an id that Stripe gives as it is, or inside the expanded object."""
    found = either.get("id") if isinstance(either, Mapping) else either
    return found if isinstance(found, str) else None
