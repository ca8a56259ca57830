"""Statements of months, and the lines of an export."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

import msgspec

from chalicelib.api.shapes.credits import Lot, Purchase
from chalicelib.api.shapes.parts import Credits, Cursor, Hash, Month, Seq, SignedCredits
from chalicelib.domain.ledger import EntryKind

Seal = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 over the seal before and the line, as hex.")
]


class StatementLine(TypedDict):
    """How many entries of a kind there were, and their credits."""

    kind: EntryKind
    count: Annotated[int, msgspec.Meta(ge=1)]
    credits: SignedCredits


class Statement(TypedDict):
    """What a calendar month (UTC) brought and took; opening and closing are what is left in lots, held included."""

    wallet_id: str
    month: Month
    opening: Credits
    bought: Credits
    granted: Credits
    used: Credits
    expired: Credits
    revoked: Credits
    restored: Credits
    adjusted: SignedCredits
    sent: Credits
    received: Credits
    recalled: Credits
    paid_to_debt: Credits
    closing: Credits
    held_at_close: Credits
    debt_at_open: Credits
    debt_at_close: Credits
    from_seq: Seq
    to_seq: Seq
    head: Hash
    complete: bool
    entries: list[StatementLine]


class PrivateFields(TypedDict):
    """What can be erased of an entry: its hash is in the entry, `SHA-256(salt ‖ fields)`."""

    fields: dict[str, Any]
    salt: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$", description="32 bytes, as hex.")]


class ExportedEntry(TypedDict):
    """An entry: the very bytes that were hashed. Without private fields: they were erased."""

    canonical: str
    hash: Hash
    private_fields: NotRequired[PrivateFields]


class ExportedLot(TypedDict):
    """A lot that something is left of."""

    lot: Lot
    seal: Seal


class ExportedPurchase(TypedDict):
    """A purchase."""

    purchase: Purchase
    seal: Seal


class ExportEnd(TypedDict):
    """The end of a page: up to which entry it says all, and where it goes on."""

    head: Hash
    next_cursor: Cursor | None
    seal: Seal
    seq: Seq
    wallet_id: str
