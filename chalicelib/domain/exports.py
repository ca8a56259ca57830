"""
Exports: all that there is of a wallet, as lines that anybody can check.

Every line is RFC 8785 JSON and ends with a line break, so that no byte of it is free:

    {"canonical": …, "hash": …, "private_fields": {"fields": …, "salt": …}}   each entry, oldest first
    {"lot": …, "seal": …}                                                     each lot, once the entries end
    {"purchase": …, "seal": …}
    {"head": …, "next_cursor": …, "seal": …, "seq": …, "wallet_id": …}        the end of each page

`private_fields` is missing once it was erased. Entries have their chain. Whatever else stands in an export is sealed,
with all that stands before it: a line that is no entry bears the seal that it moves on to, and
`seal = SHA-256(the seal before ‖ the line without its own)`; the first seal before is 32 zeros. So pages put one after
the other are one export; its last line says that there is no next cursor, and the number and hash of the last entry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Self

from chalicelib.domain.ledger import GENESIS, Entry, Fields, canonical

ROOM = 5_000_000  # bytes of a page, escaped as they are on their way out of a Lambda, which takes 6 MB
PLACE = re.compile(
    r"(?P<stage>[ep])\.(?P<seq>[0-9]{1,16})\.(?P<head>[0-9a-f]{64})\.(?P<seal>[0-9a-f]{64})\.(?P<before>[0-9a-z_]{0,64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    How far an export has come: to which entry, its hash, and the seal over all lines so far.

    `lists_purchases`: all entries and lots are written, and of the purchases, newest first, those down to `before`.
    """

    seq: int = 0
    head: bytes = GENESIS
    seal: bytes = bytes(32)
    lists_purchases: bool = False
    before: str | None = None

    def __str__(self) -> str:
        stage = "p" if self.lists_purchases else "e"
        return f"{stage}.{self.seq}.{self.head.hex()}.{self.seal.hex()}.{self.before or ''}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read what `str` wrote.

        Raises:
            ValueError: It is no place.
        """
        found = PLACE.fullmatch(text)
        if not found:
            raise ValueError("no place in an export")
        return cls(
            seq=int(found["seq"]),
            head=bytes.fromhex(found["head"]),
            seal=bytes.fromhex(found["seal"]),
            lists_purchases=found["stage"] == "p",
            before=found["before"] or None,
        )

    def sealing(self, fields: Mapping[str, Any], **more: Any) -> Self:
        """Move on by one line."""
        return replace(self, seal=sha256(self.seal + canonical(fields)).digest(), **more)

    def behind_page(self, wallet_id: str, cursor: str) -> Self:
        """Move on by the line that ended a page here with *cursor*."""
        return self.sealing(_end(self, wallet_id, cursor))


@dataclass(slots=True)
class Sheet:
    """A page while it is written. What doesn't fit any more is refused, but not the first thing on it."""

    place: Place
    room: int
    _lines: list[str] = field(default_factory=list)

    def put_entry(self, entry: Entry) -> bool:
        said: Fields = {"canonical": entry.canonical.decode(), "hash": entry.hash.hex()}
        if entry.private:
            said["private_fields"] = {"fields": entry.private.fields, "salt": entry.private.salt.hex()}
        return self._put([_line(said)], self.place.sealing(said, seq=entry.seq, head=entry.hash))

    def put_lots(self, lots: Iterable[Mapping[str, Any]]) -> bool:
        """Write all lots, or none of them; purchases follow."""
        lines, place = [], replace(self.place, lists_purchases=True)
        for lot in lots:
            place = place.sealing({"lot": lot})
            lines.append(_line({"lot": lot, "seal": place.seal.hex()}))
        return self._put(lines, place)

    def put_purchase(self, purchase: Mapping[str, Any]) -> bool:
        place = self.place.sealing({"purchase": purchase}, before=purchase["purchase_id"])
        return self._put([_line({"purchase": purchase, "seal": place.seal.hex()})], place)

    def close(self, wallet_id: str, cursor: str | None) -> str:
        """Write the line that ends the page, for which there is always room, and give the page."""
        said = _end(self.place, wallet_id, cursor)
        return "".join((*self._lines, _line({**said, "seal": self.place.sealing(said).seal.hex()})))

    def _put(self, lines: list[str], after: Place) -> bool:
        size = sum(len(json.dumps(line)) for line in lines)
        if self._lines and size > self.room:
            return False
        self._lines += lines
        self.place, self.room = after, self.room - size
        return True


def _end(place: Place, wallet_id: str, cursor: str | None) -> Fields:
    return {"head": place.head.hex(), "next_cursor": cursor, "seq": place.seq, "wallet_id": wallet_id}


def _line(fields: Fields) -> str:
    return canonical(fields).decode() + "\n"
