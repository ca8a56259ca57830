"""Exports for tests: taken page by page as callers do, changed in all ways, and forged so that all hashes fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from random import Random
from typing import Any

from chalicelib.api.statement_views import export_page, place_of, statement
from chalicelib.domain.exports import ROOM
from chalicelib.domain.ledger import canonical
from chalicelib.domain.statements import Month
from chalicelib.services.ports import Store
from chalicelib.services.stating import portion_of, statement_of
from verify.tally_verify import verify

Json = dict[str, Any]
MUTATIONS = ("flip", "drop", "swap", "duplicate", "insert", "truncate")


def pages(
    store: Store, wallet_id: str, *, now: datetime, limit: Callable[[], int] = lambda: 1000, room: int = ROOM
) -> Iterator[str]:
    """Take an export's pages, each of as many entries as *limit* says, and of as many bytes as there is room."""
    cursor: str | None = None
    while True:
        place = place_of(cursor, wallet_id)
        portion = portion_of(store, wallet_id, place, limit=limit())
        page, cursor = export_page(portion, place, wallet_id, now=now, room=room)
        yield page
        if cursor is None:
            return


def export_of(store: Store, wallet_id: str, **more: Any) -> bytes:
    return "".join(pages(store, wallet_id, **more)).encode()


def stated(store: Store, wallet_id: str, month: str, *, now: datetime) -> Json:
    """Give a month's statement as it is answered."""
    return {**statement(statement_of(store, wallet_id, Month.parse(month), now=now))}


def judged(export: bytes, *statements: Json, **more: Any) -> Json:
    """Have an export verified, with statements."""
    told = [json.dumps(each) for each in statements]
    return verify(lines_of(export), statements=told, **more)


def lines_of(export: bytes) -> list[bytes]:
    """Cut at line breaks alone, as files are read."""
    *whole, rest = export.split(b"\n")
    return [*(line + b"\n" for line in whole), *([rest] if rest else [])]


def mutated(export: bytes, kind: str, random: Random, *, foreign: bytes) -> bytes:
    """Change an export in one place; *foreign* is another one, from which lines may come."""
    lines = lines_of(export)
    place = random.randrange(len(lines))
    if kind == "flip":
        at = random.randrange(len(export))
        return export[:at] + bytes([export[at] ^ random.randint(1, 255)]) + export[at + 1 :]
    if kind == "truncate":
        return export[: random.randrange(len(export))]
    if kind == "drop":
        del lines[place]
    elif kind == "swap":
        place = random.randrange(len(lines) - 1)
        lines[place : place + 2] = lines[place + 1], lines[place]
    elif kind == "duplicate":
        lines.insert(place, lines[place])
    else:
        lines.insert(place, random.choice(lines_of(random.choice([export, foreign]))))
    return b"".join(lines)


def first_difference(export: bytes, changed: bytes) -> int:
    """Number the first line in which two exports differ, or the last line of the one that ends too early."""
    ours, theirs = lines_of(export), lines_of(changed)
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if one != other:
            return number
    return min(len(theirs), len(ours) + 1)


def forged(export: bytes, edit: Callable[[Json], object]) -> bytes:
    """Change what entries say, and write all hashes and seals anew: only what is said can tell that it is wrong."""
    seal, head, seq, written = bytes(32), "0" * 64, 0, []
    for raw in lines_of(export):
        line = json.loads(raw)
        if "canonical" in line:
            facts = json.loads(line["canonical"]) | {"prev_hash": head}
            edit(facts)
            sealed = canonical(facts)
            head, seq = sha256(sealed).hexdigest(), facts["seq"]
            line |= {"canonical": sealed.decode(), "hash": head}
        else:
            del line["seal"]
            if "head" in line:
                line |= {"head": head, "seq": seq}
            edit(line)
        seal = sha256(seal + canonical(line)).digest()
        written.append(canonical(line if "canonical" in line else {**line, "seal": seal.hex()}) + b"\n")
    return b"".join(written)
