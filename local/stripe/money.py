"""The one place that knows currencies: which there are, what is the least to charge, how amounts read."""

from __future__ import annotations

import re

from local.stripe.errors import invalid
from local.stripe.params import Params

ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}

LEAST_MINOR = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "chf": 50}
MOST_MINOR = 99_999_999

CODE = re.compile(r"[A-Za-z]{3}")


def currency_of(params: Params) -> str:
    """Read the currency, which Stripe answers in small letters."""
    code = params.required("currency")
    if not CODE.fullmatch(code):
        raise invalid(params.named("currency"), f"Invalid currency: {code}.")
    return code.lower()


def amount_due(amount: int, currency: str, *, param: str | None = None) -> int:
    """Check that an amount in minor units can be charged: Stripe refuses less than about half a dollar."""
    if amount < LEAST_MINOR.get(currency, 1):
        message = f"Amount must be no less than {written(LEAST_MINOR[currency], currency)}"
        raise invalid(param or "line_items", message, "amount_too_small")
    if amount > MOST_MINOR:
        message = f"Amount must be no more than {written(MOST_MINOR, currency)}"
        raise invalid(param or "line_items", message, "amount_too_large")
    return amount


def written(amount: int, currency: str) -> str:
    """An amount in minor units as people read it: `$10.00`, `¥1,000`, `5.250 KWD`."""
    exponent = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    whole, part = divmod(abs(amount), 10**exponent)
    number = f"{whole:,}" + (f".{part:0{exponent}d}" if exponent else "")
    sign = "-" if amount < 0 else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency.upper()}"
