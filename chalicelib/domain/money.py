"""Money is integer minor units plus an ISO 4217 code; never a float."""

from __future__ import annotations

from dataclasses import dataclass

# Stripe's list of currencies without minor units, and with three digits of them (docs.stripe.com/currencies).
ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of a currency, named in lower case as Stripe does."""

    amount_minor: int
    currency: str

    @property
    def exponent(self) -> int:
        """How many digits of the amount stand behind the point."""
        if self.currency in ZERO_DECIMAL:
            return 0
        return 3 if self.currency in THREE_DECIMAL else 2

    def __str__(self) -> str:
        """Write it as people read it in English: 1,234.50 USD."""
        whole, rest = divmod(self.amount_minor, 10**self.exponent)
        behind = f".{rest:0{self.exponent}}" if self.exponent else ""
        return f"{whole:,}{behind} {self.currency.upper()}"

    def __mul__(self, quantity: int) -> Money:
        return Money(self.amount_minor * quantity, self.currency)
