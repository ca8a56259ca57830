"""What a use would take, before it is taken. The quote's id says its terms; it is neither signed nor stored."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.catalog import Catalog, MeterKind
from chalicelib.domain.errors import InsufficientCredits, QuotaExceeded
from chalicelib.domain.ledger import canonical
from chalicelib.domain.lots import Draw
from chalicelib.domain.offers import Offers
from chalicelib.domain.plans import catch_up
from chalicelib.domain.times import to_ms
from chalicelib.domain.usage import Use, apply_use, price
from chalicelib.domain.wallet import Wallet

GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a use would take: from the quota, and how many credits of which lots. `shortfall` is what is missing."""

    quote_id: str
    allowed: bool
    from_quota: int
    credits: int
    draws: tuple[Draw, ...]
    shortfall: int
    offers: Offers | None
    valid_until: datetime


def quote(wallet: Wallet, meter: str, quantity: int, catalog: Catalog, now: datetime) -> Quote:
    """
    Say what a use of *quantity* (a gauge set to it) would take now. Nothing is written.

    Raises:
        InvalidRequest: There is no such meter.
    """
    at = wallet.time_of_decision(now)
    use = Use(wallet_id=wallet.wallet_id, meter=meter, quantity=quantity)
    if catalog.meter(meter).kind is MeterKind.GAUGE:
        use = replace(use, quantity=None, set_to=quantity)
    current = catch_up(wallet, catalog, at)
    from_quota = credits = shortfall = 0
    draws: tuple[Draw, ...] = ()
    offers = None
    try:
        charge = price(current.wallet, current.plan, use, catalog, at)
        from_quota, credits = charge.from_quota, charge.credits
        draws = apply_use(current.wallet, current.plan, use, catalog, at)[0].draws
    except InsufficientCredits as short:
        shortfall, offers = short.required - short.available, short.offers
    except QuotaExceeded as full:
        offers = full.offers
    valid_until = at + GOOD_FOR
    return Quote(
        quote_id=_terms(use, credits, valid_until),
        allowed=offers is None,
        from_quota=from_quota,
        credits=credits,
        draws=draws,
        shortfall=shortfall,
        offers=offers,
        valid_until=valid_until,
    )


def _terms(use: Use, credits: int, valid_until: datetime) -> str:
    terms = {
        "w": use.wallet_id,
        "m": use.meter,
        "q": use.quantity if use.set_to is None else use.set_to,
        "c": credits,
        "u": to_ms(valid_until),
    }
    return "q_" + urlsafe_b64encode(canonical(terms)).decode().rstrip("=")
