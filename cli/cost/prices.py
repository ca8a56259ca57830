"""
AWS's prices, assumed: list prices of one region at one date, without free tiers and discounts. Nothing looks them up.

Whoever pays others says so: `tally cost --price write_units=0.70`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

REGION, AS_OF = "us-east-1", date(2025, 12, 1)
MILLION = 1_000_000
GB = 10**9  # bytes, as storage is billed


@dataclass(frozen=True, slots=True)
class Price:
    """So many US dollars for `per` of something."""

    usd: Decimal
    per: int
    what: str


@dataclass(frozen=True, slots=True)
class Prices:
    """All that are assumed, by name."""

    by_name: Mapping[str, Price]

    def of(self, name: str, quantity: Decimal) -> Decimal:
        price = self.by_name[name]
        return quantity * price.usd / price.per

    def shown(self) -> dict[str, Any]:
        return {
            name: {"usd": str(price.usd), "per": price.per, "what": price.what} for name, price in self.by_name.items()
        }


USUAL = Prices(
    {
        "api_requests": Price(Decimal("3.50"), MILLION, "API Gateway REST requests"),
        "lambda_requests": Price(Decimal("0.20"), MILLION, "Lambda requests"),
        "lambda_gb_seconds": Price(Decimal("0.0000166667"), 1, "Lambda GB-seconds, x86"),
        "write_units": Price(Decimal("0.625"), MILLION, "DynamoDB write units, on demand"),
        "read_units": Price(Decimal("0.125"), MILLION, "DynamoDB read units, on demand"),
        "storage": Price(Decimal("0.25"), GB, "DynamoDB bytes for a month"),
        "backup": Price(Decimal("0.20"), GB, "bytes kept for point-in-time recovery, a month"),
        "logs": Price(Decimal("0.50"), GB, "CloudWatch bytes of logs"),
        "alarms": Price(Decimal("0.10"), 1, "CloudWatch alarms for a month"),
    }
)


def with_changes(prices: Prices, changes: Sequence[str]) -> Prices:
    """
    Put in other prices, each as `name=usd`.

    Raises:
        ValueError: There is no such price, or it isn't an amount.
    """
    changed = dict(prices.by_name)
    for change in changes:
        name, _, text = change.partition("=")
        if name not in changed:
            raise ValueError(f"there is no price of {name}; there are {', '.join(changed)}")
        try:
            usd = Decimal(text)
        except InvalidOperation:
            usd = Decimal(-1)
        if not usd.is_finite() or usd < 0:
            raise ValueError(f"{name}: an amount in US dollars is wanted")
        changed[name] = Price(usd, changed[name].per, changed[name].what)
    return Prices(changed)
