"""
No silent expiry: a customer is told before a lot ends, and the end waits for the telling.

A lot ends only when its last notice was recorded at least seven days before; recorded later, it moves the end.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.ledger import Stamp, as_text
from chalicelib.domain.lots import Lot, burn_order
from chalicelib.domain.messages import Alert, MessageKind
from chalicelib.domain.outlook import lost_at_pace
from chalicelib.domain.plans import catch_up
from chalicelib.domain.wallet import Decision, Line, Wallet


def give_notice(wallet: Wallet, catalog: Catalog, stamp: Stamp) -> Decision | None:
    """
    Record that a lot will end, for the first lot of which that is due, and write the message. None: none is due.

    Several lines that have passed meanwhile are one notice, the nearest to the end.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    for lot in sorted(current.wallet.lots, key=burn_order):
        passed = [days for line, days in lot.notice_due(catalog.notice_days) if line <= at]
        if passed:
            is_last = passed[-1] == catalog.notice_days[-1]
            noticed_at = lot.noticed_at or (at if is_last else None)
            told = replace(lot, noticed_at=noticed_at, warned=passed[-1])
            after = _with(current.wallet, told)
            line, alert = _said(after, told, passed[-1], is_last=is_last, at=at)
            return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp, alerts=[alert])
    return None


def _with(wallet: Wallet, told: Lot) -> Wallet:
    return replace(wallet, lots=tuple(told if lot.id == told.id else lot for lot in wallet.lots))


def _said(after: Wallet, lot: Lot, days: int, *, is_last: bool, at: datetime) -> tuple[Line, Alert]:
    facts = {
        "lot_id": str(lot.id),
        "days": days,
        "ends_at": as_text(lot.ends_at or lot.expires_at),
        "lost_at_pace": lost_at_pace(after, lot.id, at),
    }
    line = Line(kind="notice", credits=0, facts={**facts, "is_last": is_last})
    return line, Alert(str(lot.id), MessageKind.EXPIRING, {**facts, "credits": lot.left})
