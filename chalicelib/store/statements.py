"""What lies in the tables for statements: finished days with what stood in the books at their ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chalicelib.domain.days import ClosedDay
from chalicelib.store.attributes import Raw
from chalicelib.store.requests import Requests
from chalicelib.store.tables import DayItem, TableNames, day_key, wallet_key

ALL_DAYS = "d#"  # sorts before every day's key
WITH_BOOKS = "attribute_exists(n)"  # a day without entries holds only what was reported late
LATE_AT_ONCE = 31  # days without entries that may be passed over in one look


class Statements:
    """The part of the store that is about finished days."""

    requests: Requests
    names: TableNames

    def closed_days(self, wallet_id: str, first: date, last: date) -> Sequence[ClosedDay]:
        answer = self.requests.query(
            self.names.usage,
            "wallet_id = :w AND sk BETWEEN :first AND :last",
            {":w": wallet_key(wallet_id), ":first": day_key(first), ":last": day_key(last)},
            FilterExpression=WITH_BOOKS,
        )
        return [closed_day_from_item(raw) for raw in answer["Items"]]

    def last_closed_day(self, wallet_id: str, until: date) -> ClosedDay | None:
        request = {"ScanIndexForward": False, "FilterExpression": WITH_BOOKS, "Limit": 1}
        while True:
            answer = self.requests.query(
                self.names.usage,
                "wallet_id = :w AND sk BETWEEN :first AND :last",
                {":w": wallet_key(wallet_id), ":first": ALL_DAYS, ":last": day_key(until)},
                **request,
            )
            if answer["Items"]:
                return closed_day_from_item(answer["Items"][0])
            if "LastEvaluatedKey" not in answer:
                return None
            request |= {"ExclusiveStartKey": answer["LastEvaluatedKey"], "Limit": LATE_AT_ONCE}


def closed_day_from_item(raw: Raw) -> ClosedDay:
    item = DayItem()
    item.deserialize(raw)
    return ClosedDay(
        day=item.day,
        last_seq=item.last_seq,
        head=item.head,
        left=item.left,
        held=item.held,
        debt=item.debt,
    )
