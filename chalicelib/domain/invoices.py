"""An invoice of a subscription, as the payment provider has it: what a customer sees among the payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.money import Money
from chalicelib.domain.times import to_ms

FINAL = frozenset({"paid", "void"})
TIME_DIGITS = 14  # of epoch milliseconds: enough until the year 5138


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """`amount` is its total, tax included; `status` is the provider's word: open, paid, void, uncollectible."""

    wallet_id: str
    invoice_id: str
    subscription_id: str
    status: str
    amount: Money
    created_at: datetime
    period_start: datetime
    period_end: datetime
    paid_at: datetime | None = None
    number: str | None = None
    url: str | None = None

    @property
    def name(self) -> str:
        return invoice_name(self.invoice_id, self.created_at)

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be heard of it."""
        return self.status in FINAL


def invoice_name(invoice_id: str, created_at: datetime) -> str:
    """Say what an invoice's row is called: such names sort by the invoices' times."""
    return f"{to_ms(created_at):0{TIME_DIGITS}d}-{invoice_id}"
