"""What every checkout has in common: where customers return to, how long it is open, whether Stripe adds tax."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(minutes=10)  # within which a repeated request gets the same session


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutTerms:
    """Where customers return to, how long a session is open, whether Stripe adds tax."""

    origin: str
    default_return_path: str
    minutes: int
    automatic_tax: bool

    def back(self, path: str | None = None) -> str:
        """Write the address that a customer returns to, ready for one more query parameter."""
        address = self.origin + (path or self.default_return_path)
        return address + ("&" if "?" in address else "?")
