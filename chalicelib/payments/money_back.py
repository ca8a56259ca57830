"""Refunds and disputes: what Stripe says of them, read strictly into our own facts, and refunds asked for by us."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from chalicelib.domain.moneyback import Dispute, DisputeState, MoneyFacts, Refund, RefundState
from chalicelib.domain.times import to_ms
from chalicelib.payments.client import answered, is_unknown
from chalicelib.payments.tags import PURCHASE, REFUND, WALLET
from chalicelib.services.ports import MoneyBack, PaymentsFailed, PaymentsRefused

if TYPE_CHECKING:
    import stripe

PAGE = 100
REFUND_STATES = {
    "pending": RefundState.GIVEN,
    "requires_action": RefundState.GIVEN,
    "succeeded": RefundState.GIVEN,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
DISPUTE_STATES = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.INQUIRY,
    "prevented": DisputeState.INQUIRY,
    "needs_response": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "lost": DisputeState.LOST,
    "won": DisputeState.WON,
}


class StripeMoneyBack:
    """The part of `services.ports.Payments` that is about money going back."""

    _client: Callable[[], stripe.StripeClient]

    def money_back(self, payment_id: str) -> MoneyBack | None:
        tags = self._tags_of(payment_id)
        if not tags.get(PURCHASE) or not tags.get(WALLET):
            return None
        with answered():
            v1 = self._client().v1
            of_payment = cast(Any, {"payment_intent": payment_id, "limit": PAGE})
            refunds = [each.to_dict() for each in v1.refunds.list(of_payment).auto_paging_iter()]
            disputes = [each.to_dict() for each in v1.disputes.list(of_payment).auto_paging_iter()]
        return MoneyBack(
            payment_id=payment_id,
            wallet_id=tags[WALLET],
            purchase_id=tags[PURCHASE],
            facts=MoneyFacts(
                refunds={each["id"]: _refund(each) for each in refunds},
                disputes={each["id"]: _dispute(each) for each in disputes},
            ),
        )

    def _tags_of(self, payment_id: str) -> Mapping[str, str]:
        try:
            with answered():
                intent = self._client().v1.payment_intents.retrieve(payment_id).to_dict()
        except PaymentsFailed as failed:
            if is_unknown(failed):
                return {}
            raise
        return intent.get("metadata") or {}

    def session_of(self, payment_id: str) -> str | None:
        with answered():
            asked = cast(Any, {"payment_intent": payment_id, "limit": 1})
            found = self._client().v1.checkout.sessions.list(asked).data
        return found[0].id if found else None

    def refund(self, payment_id: str, *, amount_minor: int, refund_key: str) -> str:
        """
        Ask for a refund, once per *refund_key*: Stripe forgets idempotency keys after a day, so ours stands on it too.
        """
        with refusable(), answered():
            v1 = self._client().v1
            of_payment = cast(Any, {"payment_intent": payment_id, "limit": PAGE})
            for each in v1.refunds.list(of_payment).auto_paging_iter():
                if (each.to_dict().get("metadata") or {}).get(REFUND) == refund_key:
                    return each.id
            asked = {"payment_intent": payment_id, "amount": amount_minor, "metadata": {REFUND: refund_key}}
            options = {"idempotency_key": f"tally-refund-{refund_key}"}
            return v1.refunds.create(cast(Any, asked), cast(Any, options)).id

    def recent_money_back(
        self, since: datetime, until: datetime, *, cursor: str | None = None
    ) -> tuple[Sequence[str], str | None]:
        """Refunds first, then disputes: the cursor says of which, and after which."""
        kind, _, after = (cursor or "refunds:").partition(":")
        asked: dict[str, Any] = {"created": within(since, until), "limit": PAGE}
        if after:
            asked["starting_after"] = after
        with answered():
            v1 = self._client().v1
            page = (v1.refunds if kind == "refunds" else v1.disputes).list(cast(Any, asked))
        listed = [each.to_dict() for each in page.data]
        found = [each["payment_intent"] for each in listed if isinstance(each.get("payment_intent"), str)]
        if page.has_more and listed:
            return found, f"{kind}:{listed[-1]['id']}"
        return found, "disputes:" if kind == "refunds" else None


def within(since: datetime, until: datetime) -> dict[str, int]:
    """Write a span `[since, until)` as Stripe filters by it."""
    return {"gte": to_ms(since) // 1000, "lt": to_ms(until) // 1000}


@contextmanager
def refusable() -> Iterator[None]:
    """Tell what Stripe will never do from what it didn't do."""
    import stripe

    try:
        yield
    except PaymentsFailed as failed:
        cause = failed.__cause__
        if isinstance(cause, stripe.InvalidRequestError) and not isinstance(cause, stripe.IdempotencyError):
            raise PaymentsRefused(cause.code or "refused") from cause
        raise


def _refund(refund: Mapping[str, Any]) -> Refund:
    status = refund.get("status")
    if status not in REFUND_STATES:
        raise PaymentsFailed(f"a refund that is {status!r}")
    return Refund(amount_minor=int(refund["amount"]), state=REFUND_STATES[status])


def _dispute(dispute: Mapping[str, Any]) -> Dispute:
    status = dispute.get("status")
    if status not in DISPUTE_STATES:
        raise PaymentsFailed(f"a dispute that is {status!r}")
    return Dispute(amount_minor=int(dispute["amount"]), state=DISPUTE_STATES[status])
