"""What the use cases need of the payment provider, and of what carries messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.invoices import Invoice
from chalicelib.domain.messages import Message, Recipient
from chalicelib.domain.purchases import Payment, Purchase
from chalicelib.domain.subscriptions import Asked, News
from chalicelib.domain.topup_landing import CardPayment
from chalicelib.services.ports.values import (
    Checkout,
    MoneyBack,
    PlanOrder,
    Sighting,
)


class Payments(Protocol):
    """The payment provider. Every call raises `PaymentsFailed` when it has no answer."""

    @property
    def live(self) -> bool:
        """Whether real money moves."""

    def create_customer(self, wallet_id: str, *, email: str | None, after: str | None = None) -> str:
        """Create this wallet's customer; asked again within a day, the same one. *after* is one who was deleted."""

    def is_deleted(self, customer_id: str) -> bool:
        """Ask whether a customer was deleted."""

    def open_checkout(self, purchase: Purchase, *, name: str, now: datetime) -> Checkout:
        """Open a checkout session for a purchase; asked again within a day, the same one."""

    def money_back(self, payment_id: str) -> MoneyBack | None:
        """Ask what went back of a payment. None: it isn't one of ours."""

    def session_of(self, payment_id: str) -> str | None:
        """Ask in which checkout session a payment was made."""

    def refund(self, payment_id: str, *, amount_minor: int, refund_key: str) -> str:
        """
        Give money back, once per *refund_key*; gives the refund's id.

        Raises:
            PaymentsRefused: It can't be refunded.
        """

    def recent_sessions(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[Payment], str | None]:
        """List a page of our checkout sessions that were opened in a span, and where to go on."""

    def recent_money_back(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[str], str | None]:
        """List a page of payments of which money went back in a span, ours or not, and where to go on."""

    def saved_card(self, customer_id: str) -> str | None:
        """Ask which card of a customer pays without its holder. None: there is none."""

    def find_card_payment(self, purchase: Purchase) -> CardPayment | None:
        """Ask what became of the payment of a top-up. None: there is none yet."""

    def pay_by_card(self, purchase: Purchase, *, card: str, key: str) -> CardPayment:
        """
        Pay a top-up with a saved card, once per *key* within a day.

        Raises:
            PaymentsRefused: It can't be done; no payment was made.
        """

    def card_payment(self, payment_id: str) -> CardPayment | None:
        """Ask how the payment of a top-up stands. None: it isn't one of ours."""

    def cancel_payment(self, payment_id: str) -> None:
        """See to it that a payment can't be made any more; one that was made, or is being made, stays as it is."""

    def recent_card_payments(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[Payment], str | None]:
        """List a page of our top-ups' payments that were begun in a span, and where to go on."""

    def payment(self, session_id: str) -> Payment | None:
        """Ask what became of a checkout session. None: it isn't one of ours."""

    def subscription(self, subscription_id: str) -> News | None:
        """Ask how a subscription stands. None: it isn't one of ours."""

    def subscription_of_session(self, session_id: str) -> str | None:
        """Ask which subscription a checkout session began; None: none yet."""

    def subscription_of_customer(self, customer_id: str) -> str | None:
        """Ask which subscription of a customer runs, if one does."""

    def invoice(self, invoice_id: str) -> Invoice | None:
        """Ask how an invoice stands. None: it is no subscription's of ours."""

    def open_plan_checkout(self, order: PlanOrder, *, now: datetime) -> Checkout:
        """Open a checkout session for a subscription; asked again within a day, the same one."""

    def close_checkout(self, session_id: str) -> None:
        """Let a checkout session end that wasn't paid; one that has ended stays as it is."""

    def change_subscription(self, news: News, asked: Asked, *, key: str) -> None:
        """
        Change a subscription, once per *key* within a day.

        Raises:
            PaymentsDeclined: The card did not pay the difference; nothing was changed.
            PaymentsRefused: It can't be done.
        """

    def open_portal(self, customer_id: str) -> str:
        """Open the provider's own pages for a customer; gives their address."""

    def look_up(self, name: str) -> Sighting | None:
        """Ask what an id of the provider's belongs to. None: it knows none such, or it isn't ours."""


class Notices(Protocol):
    """What carries messages to people and to their programs."""

    def channels(self, to: Recipient) -> Sequence[str]:
        """Name the channels that this recipient's messages take, at least one: else they could only be parked."""

    def send(self, channel: str, message: Message, to: Recipient, *, now: datetime) -> None:
        """
        Send a message through one channel, under its own id.

        Raises:
            NotSent: It was not taken, or nobody knows.
        """

    def park(self, message: Message, reason: str) -> None:
        """Lay a message aside for operators, after too many attempts. May raise `NotSent` as well."""
