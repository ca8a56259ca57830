"""How statements and pages of an export look. Field names here are the contract."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

from chalicelib.api import cursors, views
from chalicelib.domain.days import Flow
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.exports import ROOM, Place, Sheet
from chalicelib.domain.lots import burn_order
from chalicelib.domain.statements import Statement
from chalicelib.services.stating import Portion

if TYPE_CHECKING:
    from chalicelib.api import shapes

EXPORT = "export"


def statement(drawn: Statement) -> shapes.statements.Statement:
    opening, closing, flows = drawn.opening, drawn.closing, drawn.flows
    return {
        "wallet_id": drawn.wallet_id,
        "month": str(drawn.month),
        "opening": opening.left,
        "bought": flows[Flow.BOUGHT],
        "granted": flows[Flow.GRANTED],
        "used": flows[Flow.USED],
        "expired": flows[Flow.EXPIRED],
        "revoked": flows[Flow.REVOKED],
        "restored": flows[Flow.RESTORED],
        "adjusted": flows[Flow.ADJUSTED],
        "sent": flows[Flow.SENT],
        "received": flows[Flow.RECEIVED],
        "recalled": flows[Flow.RECALLED],
        "paid_to_debt": flows[Flow.PAID_TO_DEBT],
        "closing": closing.left,
        "held_at_close": closing.held,
        "debt_at_open": opening.debt,
        "debt_at_close": closing.debt,
        "from_seq": opening.seq + 1,
        "to_seq": closing.seq,
        "head": closing.head.hex(),
        "complete": drawn.is_complete,
        "entries": [
            {"kind": kind, "count": count, "credits": credits} for kind, (count, credits) in drawn.kinds.items()
        ],
    }


def statement_csv(shown: Mapping[str, Any]) -> str:
    """Write a statement as a line of names and a line of values (RFC 4180). The kinds have no place there."""
    line = {name: value for name, value in shown.items() if name != "entries"}
    line["complete"] = str(line["complete"]).lower()
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=list(line))
    writer.writeheader()
    writer.writerow(line)
    return text.getvalue()


def place_of(cursor: str | None, wallet_id: str) -> Place:
    """
    Find the place at which an export goes on; without a cursor its beginning.

    Raises:
        InvalidRequest: The cursor was made for another list, or by somebody else.
    """
    if not cursor:
        return Place()
    try:
        return Place.parse(cursors.read_name(cursor, wallet_id, EXPORT)).behind_page(wallet_id, cursor)
    except ValueError:
        raise InvalidRequest("cursor", "not a cursor of this list") from None


def export_page(
    portion: Portion, place: Place, wallet_id: str, *, now: datetime, room: int = ROOM
) -> tuple[str, str | None]:
    """Write as much of *portion* as fits on a page; gives the page, and the cursor that leads on if more follows."""
    sheet = Sheet(place=place, room=room)
    has_more = not _put(sheet, portion, now) or portion.has_more
    cursor = cursors.write_name(str(sheet.place), wallet_id, EXPORT) if has_more else None
    return sheet.close(wallet_id, cursor), cursor


def _put(sheet: Sheet, portion: Portion, now: datetime) -> bool:
    """Write a portion's lines in their order, until one doesn't fit. Whether all did."""
    if not all(sheet.put_entry(entry) for entry in portion.entries):
        return False
    if portion.wallet:
        lots = [views.lot_of(lot, now) for lot in sorted(portion.wallet.lots, key=burn_order)]
        if not sheet.put_lots(lots):
            return False
    return all(sheet.put_purchase(views.purchase(each)) for each in portion.purchases)
