"""A wallet's outlook: what the forecast says of its credits, from what it spent on the last days."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain.forecast import Forecast, Supply, forecast
from chalicelib.domain.lots import LotId, burn_order
from chalicelib.domain.wallet import Wallet, pace_at


def outlook(wallet: Wallet, now: datetime) -> Forecast | None:
    """Forecast when the credits are used up. None: too little is known."""
    pace, spent_today = pace_at(wallet, now.date())
    lots = [
        Supply(lot.id, lot.free, lot.end_in_sight(now))
        for lot in sorted(wallet.lots, key=burn_order)
        if lot.is_spendable(now)
    ]
    return forecast(pace, spent_today=spent_today, lots=lots, debt=wallet.debt, now=now)


def lost_at_pace(wallet: Wallet, lot_id: LotId, now: datetime) -> int | None:
    """Say how much of a lot will be left at its end if spending goes on as it did. None: too little is known."""
    found = outlook(wallet, now)
    return found.lost.get(lot_id, 0) if found else None
