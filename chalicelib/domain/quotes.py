"""What a use would take, before it is taken. The quote's id says its terms; it is neither signed nor stored."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.catalog import Catalog, MeterKind
from chalicelib.domain.errors import InsufficientCredits, QuotaExceeded, Unprocessable
from chalicelib.domain.ledger import LARGEST_INTEGER, canonical
from chalicelib.domain.lots import Draw
from chalicelib.domain.offers import Offers
from chalicelib.domain.plans import catch_up
from chalicelib.domain.times import from_ms, to_ms
from chalicelib.domain.usage import Use, apply_use, price
from chalicelib.domain.wallet import Wallet

GOOD_FOR = timedelta(minutes=10)
LARGEST_QUANTITY = 1_000_000_000  # that can be asked for; a quote that says more is none of ours


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
    quoted = Quoted(
        wallet_id=wallet.wallet_id, meter=meter, quantity=quantity, credits=credits, valid_until=valid_until
    )
    return Quote(
        quote_id=_written(quoted),
        allowed=offers is None,
        from_quota=from_quota,
        credits=credits,
        draws=draws,
        shortfall=shortfall,
        offers=offers,
        valid_until=valid_until,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """What a quote's id says. Nobody signed it: everything in it is decided anew, and only `credits` binds us."""

    wallet_id: str
    meter: str
    quantity: int
    credits: int
    valid_until: datetime

    def check(self, now: datetime) -> None:
        """
        Raises:
            Unprocessable: It is too old.
        """
        if now >= self.valid_until:
            raise Unprocessable("quote_id: the quote is too old; ask for another")


def read_quote(quote_id: str) -> Quoted:
    """
    Read a quote's id.

    Raises:
        Unprocessable: It is none that we give.
    """
    try:
        text = quote_id.removeprefix("q_")
        terms = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        numbers = [terms["q"], terms["c"], terms["u"]]
        if not all(type(each) is int and 0 <= each <= LARGEST_INTEGER for each in numbers):
            raise ValueError("no number of ours")
        if not 1 <= terms["q"] <= LARGEST_QUANTITY:
            raise ValueError("out of range")
        read = Quoted(
            wallet_id=terms["w"],
            meter=terms["m"],
            quantity=terms["q"],
            credits=terms["c"],
            valid_until=from_ms(terms["u"]),
        )
        if not isinstance(read.wallet_id, str) or not isinstance(read.meter, str) or _written(read) != quote_id:
            raise ValueError("not as we write it")
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise Unprocessable("quote_id: not a quote") from None
    return read


def _written(quoted: Quoted) -> str:
    terms = {
        "w": quoted.wallet_id,
        "m": quoted.meter,
        "q": quoted.quantity,
        "c": quoted.credits,
        "u": to_ms(quoted.valid_until),
    }
    return "q_" + urlsafe_b64encode(canonical(terms)).decode().rstrip("=")
