#!/usr/bin/env python3
"""
Checks an export of a wallet, and statements of its months, without the program that wrote them.

    python tally_verify.py export.jsonl [--statement statement.json]… [--head HEX] [--part [--start SEQ]] [--json]

One file, Python 3.11 and its standard library, no network: so it can be handed on and read by whoever wants to check.
An export is what `GET /api/credits/export` gives, its pages one after the other. What must hold:

- every line is RFC 8785 JSON and ends with a line break: no byte is free;
- an entry's `hash` is the SHA-256 of its `canonical`, which names the hash of the entry before it; the first names 64
  zeros. Entries are numbered from 1 without gaps, of one wallet, and their times don't decrease;
- `private` in an entry is the SHA-256 of salt and private fields, unless these were erased;
- added up anew, the entries' credits are those that they say: draws make credits, nothing falls below zero or is drawn
  after its end, a purchase is granted once, and of every step what came and went is what changed in the lots;
- lots and purchases are what the entries made of them;
- every line that is no entry bears a seal over all lines before it and itself, and the last one says that the export is
  complete, with the number and the hash of the last entry;
- a statement says what the entries of its month make.

Whoever rewrites all hashes and all credits can make another history that holds. So keep heads, or statements, which
bear them, apart from exports: `--head` and `--statement` tell one history from the other.

Ends with 0 when all holds, with 1 when something doesn't and says where, with 2 when there is nothing to judge.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

Fields = dict[str, Any]

HOLDS, BROKEN, UNREADABLE = 0, 1, 2
ZEROS = "0" * 64
HEX = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
LARGEST = 2**53 - 1
SHOWN = 20  # faults, to people
NOTICE = timedelta(days=7)  # that lie at least between a lot's last notice and its end
SHORT_LIFE = timedelta(days=14)  # lots that live shorter, and a plan's, end without a notice

CAME = ("bought", "granted", "received", "restored", "adjusted")
WENT = ("used", "expired", "revoked", "sent", "recalled", "paid_to_debt")
STATED = {
    *("wallet_id", "month", "opening", "closing", "held_at_close", "debt_at_open", "debt_at_close"),
    *("from_seq", "to_seq", "head", "complete", "entries", *CAME, *WENT),
}


class Broken(Exception):
    """Something that must hold does not."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code


@dataclass(frozen=True, slots=True)
class Fault:
    """What doesn't hold, and where: the line, from 1, if it is about one, and the entry's number."""

    line: int | None
    seq: int | None
    code: str
    what: str


# JSON, read so strictly that it can be written in no other way.


def canonical(value: object) -> str:
    """Write a value as RFC 8785 says, for names in ASCII and numbers that are whole."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def parse(text: str) -> Any:
    """Read JSON without names that come twice, fractions, and numbers that some programs can't hold."""

    def once(pairs: Sequence[tuple[str, Any]]) -> Fields:
        found = dict(pairs)
        if len(found) != len(pairs) or not all(name.isascii() for name in found):
            raise Broken("form", "a name comes twice, or isn't ASCII")
        return found

    def whole_number(digits: str) -> int:
        if len(digits) > len(str(LARGEST)) + 1 or abs(int(digits)) > LARGEST:
            raise Broken("form", "a number is too large")
        return int(digits)

    def no_number(digits: str) -> None:
        raise Broken("form", f"{digits} is no whole number")

    try:
        return json.loads(
            text, object_pairs_hook=once, parse_int=whole_number, parse_float=no_number, parse_constant=no_number
        )
    except (ValueError, RecursionError):
        raise Broken("form", "is no JSON") from None


def parse_canonical(text: str) -> Fields:
    """Read an object that is written as RFC 8785 says."""
    value = parse(text)
    if not isinstance(value, dict):
        raise Broken("form", "is no object")
    if canonical(value) != text:
        raise Broken("form", "is not written as RFC 8785 says")
    return value


def whole(fields: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = fields.get(name, default)
    if type(value) is not int:
        raise Broken("form", f"{name} is no whole number")
    return value


def text_of(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise Broken("form", f"{name} is no text")
    return value


def hex_of(fields: Mapping[str, Any], name: str) -> str:
    value = text_of(fields, name)
    if not HEX.fullmatch(value):
        raise Broken("form", f"{name} is not 64 hexadecimal digits")
    return value


def object_of(fields: Mapping[str, Any], name: str) -> Fields:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise Broken("form", f"{name} is no object")
    return value


def objects_of(fields: Mapping[str, Any], name: str) -> list[Fields]:
    """Read a list of objects; what isn't there is empty."""
    value = fields.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Broken("form", f"{name} is no list of objects")
    return value


def time_of(fields: Mapping[str, Any], name: str) -> datetime:
    value = text_of(fields, name)
    try:
        if not TIME.fullmatch(value):
            raise ValueError(value)
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise Broken("form", f"{name} is no time") from None


def time_or_none(fields: Mapping[str, Any], name: str) -> datetime | None:
    return None if fields.get(name) is None else time_of(fields, name)


def as_text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


# Credits, added up anew.


@dataclass(slots=True)
class Lot:
    """A lot as an entry named it, and what is in it now."""

    named: Fields
    granted: int
    granted_at: datetime
    expires_at: datetime | None
    noticed_at: datetime | None
    free: int = 0
    held: int = 0
    aside: int = 0

    @property
    def left(self) -> int:
        return self.free + self.held + self.aside

    @property
    def ends_at(self) -> datetime | None:
        """The first instant at which it can't be drawn any more, as far as the entries say."""
        if self.expires_at is None:
            return None
        if self.named["source"] == "plan" or self.expires_at - self.granted_at < SHORT_LIFE:
            return self.expires_at
        return max(self.expires_at, self.noticed_at + NOTICE) if self.noticed_at else None

    def has_ended(self, at: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= at

    def check_shown(self, shown: Fields) -> None:
        """Hold a line of the export against it. An end that waits for its notice is shown as soon as it can be."""
        expected: Fields = {
            "lot_id": self.named["lot_id"],
            "source": self.named["source"],
            "granted": self.granted,
            "remaining": self.left,
            "held": self.held,
            "set_aside": self.aside,
            "priority": self.named.get("priority"),
            "granted_at": as_text(self.granted_at),
            "expires_at": as_text(self.ends_at),
            "purchase_id": self.named.get("purchase_id"),
        }
        if self.expires_at and not self.ends_at and time_of(shown, "expires_at") >= self.expires_at:
            expected["expires_at"] = shown["expires_at"]
        if "origin" in self.named:
            expected["origin"] = self.named["origin"]
        differing = [
            name for name in sorted({*expected, *shown}) if canonical(expected.get(name)) != canonical(shown.get(name))
        ]
        if differing:
            raise Broken("lots", f"{self.named['lot_id']} is not what the entries make of it: {', '.join(differing)}")


def sum_of(draws: Iterable[Fields]) -> int:
    return sum(whole(draw, "credits") for draw in draws)


def of_lot(column: str) -> Callable[[Fields], Fields]:
    """A step that brings a lot, if it does."""

    def columns(step: Fields) -> Fields:
        if "lot" not in step:
            return {}
        bought = object_of(step, "lot").get("source") == "purchase"
        return {"bought" if bought else column: whole(step, "granted")}

    return columns


def of_recall(step: Fields) -> Fields:
    name = "received" if "received" in step else "recalled"
    return {name: whole(step, name)}


# Each kind of entry, and to which columns of a statement it adds what, besides what it pays to debt.
KINDS: dict[str, Callable[[Fields], Fields]] = {
    "purchase": of_lot("granted"),
    "grant": of_lot("granted"),
    "renewal": of_lot("granted"),
    "plan_change": of_lot("granted"),
    "adjustment": lambda step: of_lot("adjusted")(step) or {"adjusted": whole(step, "credits")},
    "usage": lambda step: {"used": -whole(step, "credits")},
    "hold": lambda _: {},
    "capture": lambda step: {"used": whole(step, "captured"), "expired": sum_of(objects_of(step, "expired"))},
    "release": lambda step: {"expired": sum_of(objects_of(step, "expired"))},
    "lapse": lambda step: {"expired": sum_of(objects_of(step, "expired"))},
    "expiry": lambda step: {"expired": -whole(step, "credits")},
    "transfer_out": lambda step: {"sent": -whole(step, "credits")},
    "transfer_in": lambda step: {"received": sum(whole(lot, "granted") for lot in objects_of(step, "lots"))},
    "recall": of_recall,
    "revocation": lambda step: {"revoked": whole(step, "revoked") - whole(step, "debt")},
    "restoration": lambda step: {"restored": whole(step, "restored"), "expired": whole(step, "expired")},
    "set_aside": lambda step: {"expired": whole(step, "expired", 0)},
    "settings": lambda _: {},
    "freeze": lambda _: {},
    "notice": lambda _: {},
}


@dataclass(frozen=True, slots=True)
class Moment:
    """How the books stood behind an entry, with all sums since the first."""

    left: int
    held: int
    debt: int
    columns: Mapping[str, int]
    counts: Mapping[str, int]
    credits: Mapping[str, int]


@dataclass(slots=True)
class Books:
    """Lots, holds and debt, as the entries so far make them."""

    lots: dict[str, Lot] = field(default_factory=dict)
    holds: dict[str, list[Fields]] = field(default_factory=dict)
    debt: int = 0
    grants: dict[str, int] = field(default_factory=dict)  # what each purchase granted
    columns: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    credits: Counter[str] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        return sum(lot.left for lot in self.lots.values())

    def available(self, at: datetime) -> int:
        return max(0, sum(lot.free for lot in self.lots.values() if not lot.has_ended(at)) - self.debt)

    def moment(self) -> Moment:
        held = sum(lot.held for lot in self.lots.values())
        return Moment(self.left, held, self.debt, dict(self.columns), dict(self.counts), dict(self.credits))

    def add(self, facts: Fields, seq: int, at: datetime) -> None:
        """Add an entry: the steps that rode on it, then its own."""
        for step in (*objects_of(facts, "also"), facts):
            self._add(step, seq, at)
        self.lots = {name: lot for name, lot in self.lots.items() if lot.left}
        available, said = self.available(at), whole(facts, "available_after")
        if available != said:
            raise Broken("credits", f"{available} credits are available, it says {said}")

    def _add(self, step: Fields, seq: int, at: datetime) -> None:
        kind, left = text_of(step, "kind"), self.left
        if kind not in KINDS:
            raise Broken("credits", f"{kind} is no kind of entry")
        self._put(step, kind, seq)
        self._draw(step, kind, at)
        self._move(step, kind, seq)
        if kind == "notice" and step.get("is_last") is True:
            lot = self._lot(step)
            lot.noticed_at = lot.noticed_at or at
        columns = KINDS[kind](step) | {"paid_to_debt": self._owe(step, kind)}
        made = sum(columns.get(name, 0) for name in CAME) - sum(columns.get(name, 0) for name in WENT)
        if self.left - left != made:
            changed = self.left - left
            raise Broken("credits", f"{kind}: the lots change by {changed} credits, what came and went is {made}")
        self._check(kind)
        self.columns.update(columns)
        self.counts[kind] += 1
        self.credits[kind] += whole(step, "credits")

    def _put(self, step: Fields, kind: str, seq: int) -> None:
        """Open the lots that a step names; what is in them is said by its draws."""
        named = [object_of(step, "lot")] if "lot" in step else objects_of(step, "lots")
        for each in named:
            name = text_of(each, "lot_id")
            again = kind == "restoration"
            if not again and (name in self.lots or name.removeprefix("lot_").partition(".")[0] != str(seq)):
                raise Broken("credits", f"{kind}: {name} is no new lot of entry {seq}")
            if again and name in self.lots and self.lots[name].left:
                self.lots[name].granted = whole(each, "granted")
                continue
            text_of(each, "source")
            granted = whole(each, "granted") if again else _kept(step, name)
            self.lots[name] = Lot(
                named=each,
                granted=granted,
                granted_at=time_of(each, "granted_at"),
                expires_at=time_or_none(each, "expires_at"),
                noticed_at=time_or_none(each, "noticed_at"),
            )
        if kind == "purchase":
            bought = text_of(step, "purchase_id")
            if bought in self.grants:
                raise Broken("credits", f"{bought} is granted a second time")
            self.grants[bought] = whole(step, "granted")

    def _draw(self, step: Fields, kind: str, at: datetime) -> None:
        """Change what is free by the step's draws, which make its credits."""
        for draw in objects_of(step, "draws"):
            lot, credits = self._lot(draw), whole(draw, "credits")
            if credits < 0 and lot.has_ended(at) != (kind == "expiry"):
                when = "has ended" if lot.has_ended(at) else "has not ended"
                raise Broken("credits", f"{kind}: it draws from {draw['lot_id']}, which {when}")
            lot.free += credits
        drawn, said = sum_of(objects_of(step, "draws")), whole(step, "credits")
        if drawn != said:
            raise Broken("credits", f"{kind}: its draws make {drawn} credits, it says {said}")

    def _move(self, step: Fields, kind: str, seq: int) -> None:
        """Change what is held and set aside."""
        if kind == "hold":
            name = text_of(step, "hold_id")
            if name != f"hold_{seq}":
                raise Broken("credits", f"{name} is not the hold of entry {seq}")
            self.holds[name] = objects_of(step, "draws")
            for draw in self.holds[name]:
                self._lot(draw).held -= whole(draw, "credits")
        if kind in ("capture", "release", "lapse"):
            name = text_of(step, "hold_id")
            if name not in self.holds:
                raise Broken("credits", f"{kind}: {name} is not open")
            for draw in self.holds.pop(name):
                self._lot(draw).held += whole(draw, "credits")
        for draw in objects_of(step, "from_set_aside"):
            self._lot(draw).aside -= whole(draw, "credits")
        for draw in objects_of(step, "aside"):
            self._lot(draw).aside += whole(draw, "credits")

    def _owe(self, step: Fields, kind: str) -> int:
        """Change the debt, and say how much was paid of it. A restoration says what it pays as a change of the debt."""
        new, paid = whole(step, "debt", 0), whole(step, "paid_to_debt", 0)
        self.debt += new - paid
        return paid - new if kind == "restoration" else paid

    def _check(self, kind: str) -> None:
        if self.debt < 0:
            raise Broken("credits", f"{kind}: the debt falls below zero")
        for name, lot in self.lots.items():
            if min(lot.free, lot.held, lot.aside) < 0 or lot.left > lot.granted:
                raise Broken("credits", f"{kind}: {name} holds less than nothing, or more than was granted")

    def _lot(self, named: Fields) -> Lot:
        name = text_of(named, "lot_id")
        if name not in self.lots:
            raise Broken("credits", f"there is no {name}")
        return self.lots[name]


def _kept(step: Fields, name: str) -> int:
    """Say what a new lot began with: what was drawn into it."""
    return sum_of(draw for draw in objects_of(step, "draws") if draw.get("lot_id") == name)


# Statements.


@dataclass(slots=True)
class Statement:
    """A statement, and the moments of the export at which it opens and closes."""

    said: Fields
    start: datetime
    end: datetime
    first: int
    last: int
    opening: Moment | None = None
    closing: Moment | None = None
    head: str = ZEROS

    @classmethod
    def read(cls, text: str) -> Statement:
        said = parse(text)
        if not isinstance(said, dict) or said.keys() != STATED:
            raise Broken("statement", "is no statement")
        month = text_of(said, "month")
        if not MONTH.fullmatch(month) or month < "1970-01":
            raise Broken("statement", f"{month} is no month")
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        end = (start + timedelta(days=31)).replace(day=1)
        return cls(said, start, end, whole(said, "from_seq"), whole(said, "to_seq"))

    @property
    def name(self) -> str:
        return f"the statement of {self.said['month']}"

    def look(self, seq: int, at: datetime | None, head: str, books: Books) -> Iterator[str]:
        """Take note of the moment behind entry *seq* (0: before the first), and say what this entry contradicts."""
        if seq == self.first - 1:
            self.opening = books.moment()
        if seq == self.last:
            self.closing, self.head = books.moment(), head
        if at is None:
            return
        if self.first <= seq <= self.last and not self.start <= at < self.end:
            yield f"{self.name} counts this entry, which is of another month"
        if seq < self.first and at >= self.start:
            yield f"{self.name} leaves this entry out"
        if seq > self.last and at < self.end and self.said["complete"] is not False:
            yield f"{self.name} is complete, and leaves this entry out"

    def faults(self, wallet_id: str | None) -> Iterator[str]:
        """Say in what it differs from the entries."""
        if not self.opening or not self.closing or self.last < self.first - 1:
            yield f"{self.name} is of entries {self.first} to {self.last}, which the export doesn't have"
            return
        made = self._made(self.opening, self.closing)
        if wallet_id is not None:
            made["wallet_id"] = wallet_id
        for name, value in made.items():
            if canonical(self.said[name]) != canonical(value):
                yield f"{self.name} says {name} {canonical(self.said[name])}, the entries make {canonical(value)}"
        if type(self.said["complete"]) is not bool:
            yield f"{self.name} doesn't say whether it is complete"

    def _made(self, opening: Moment, closing: Moment) -> Fields:
        columns = {name: closing.columns.get(name, 0) - opening.columns.get(name, 0) for name in (*CAME, *WENT)}
        counts = {kind: closing.counts[kind] - opening.counts.get(kind, 0) for kind in sorted(closing.counts)}
        entries = [
            {"kind": kind, "count": count, "credits": closing.credits[kind] - opening.credits.get(kind, 0)}
            for kind, count in counts.items()
            if count
        ]
        return {
            "opening": opening.left,
            **columns,
            "closing": closing.left,
            "held_at_close": closing.held,
            "debt_at_open": opening.debt,
            "debt_at_close": closing.debt,
            "head": self.head,
            "entries": entries,
        }


# The export.


@dataclass(slots=True)
class Export:
    """
    An export while it is read, line by line. What doesn't hold is noted, and reading goes on as if it did.

    `start` is the number of the first entry; with *part* the export need not go on to its end.
    """

    statements: list[Statement] = field(default_factory=list)
    start: int = 1
    part: bool = False
    faults: list[Fault] = field(default_factory=list)
    lines: int = 0
    wallet_id: str | None = None
    seq: int = 0
    at: datetime | None = None
    head: str | None = ZEROS
    erased: int = 0
    books: Books | None = field(default_factory=Books)  # None: they can't be told any more
    shown: set[str] = field(default_factory=set)  # lots that had a line
    is_complete: bool = False
    _seal: bytes | None = bytes(32)  # None: not known, as lines are missing
    _sealed: int = 0  # the last line with a seal
    _disturbed: bool = False  # something didn't hold since the last line with a seal
    _stage: int = 0

    def __post_init__(self) -> None:
        if self.start > 1:
            self.seq, self.head, self.books, self._seal = self.start - 1, None, None, None
        self._look()

    def read(self, raws: Iterable[bytes]) -> None:
        for raw in raws:
            self.lines += 1
            try:
                self._line(raw)
            except Broken as broken:
                self._disturbed = True
                self._note(broken.code, str(broken), line=self.lines)
        if not self.is_complete and not self.part:
            self._note("cut", "the export ends here, but doesn't say that it is complete", line=self.lines or None)

    def check_head(self, head: str) -> None:
        if self.head != head:
            self._note("head", f"the last entry's hash is {self.head or 'not known'}, not {head}")

    def check_statements(self) -> None:
        for statement in self.statements if self.books else ():
            for what in statement.faults(self.wallet_id):
                self._note("statement", what)

    def _note(self, code: str, what: str, *, line: int | None = None) -> None:
        self.faults.append(Fault(line, self.seq or None if line else None, code, what))

    def _line(self, raw: bytes) -> None:
        if self.is_complete:
            raise Broken("order", "it stands behind the end of the export")
        if not raw.endswith(b"\n"):
            raise Broken("cut", "the line is cut off")
        try:
            fields = parse_canonical(raw[:-1].decode())
        except UnicodeDecodeError:
            raise Broken("form", "is no UTF-8") from None
        if "canonical" in fields:
            self._entry(fields, raw[:-1])
        else:
            self._other(fields)

    def _entry(self, fields: Fields, raw: bytes) -> None:
        if self._seal is not None:
            self._seal = sha256(self._seal + raw).digest()
        if self._stage:
            raise Broken("order", "an entry behind lots or purchases")
        if fields.keys() - {"private_fields"} != {"canonical", "hash"}:
            raise Broken("form", "is no line of an export")
        sealed, head = text_of(fields, "canonical"), hex_of(fields, "hash")
        try:
            self._chained(sealed, head, fields)
        except Broken:
            self.books = None
            raise

    def _chained(self, sealed: str, head: str, fields: Fields) -> None:
        before, self.head = self.head, head
        expected, self.seq = self.seq + 1, self.seq + 1
        if sha256(sealed.encode()).hexdigest() != head:
            raise Broken("hash", "its hash is not that of what it says")
        facts = parse_canonical(sealed)
        if whole(facts, "v") != 1:
            raise Broken("form", f"version {facts['v']} is not known here")
        seq = whole(facts, "seq")
        if seq != expected:
            self._misplaced(seq, before)
            raise Broken("seq", f"entry {seq} stands where entry {expected} should")
        self._check_wallet(text_of(facts, "wallet_id"))
        if before is not None and hex_of(facts, "prev_hash") != before:
            raise Broken("chain", "it doesn't follow the entry before it")
        at = time_of(facts, "at")
        if self.at and at < self.at:
            raise Broken("time", "it is earlier than the entry before it")
        self.at = at
        self._check_private(fields, hex_of(facts, "private"))
        if self.books:
            self.books.add(facts, seq, at)
            self._look()

    def _misplaced(self, seq: int, before: str | None) -> None:
        """Go on behind an entry that comes too early; one that was there already doesn't count."""
        if seq > self.seq:
            self.seq = seq
        else:
            self.seq, self.head = self.seq - 1, before

    def _check_wallet(self, wallet_id: str) -> None:
        if self.wallet_id not in (None, wallet_id):
            raise Broken("wallet", f"it is of wallet {wallet_id}, not {self.wallet_id}")
        self.wallet_id = wallet_id

    def _check_private(self, fields: Fields, digest: str) -> None:
        if "private_fields" not in fields:
            self.erased += 1
            return
        private = object_of(fields, "private_fields")
        if private.keys() != {"fields", "salt"}:
            raise Broken("form", "private_fields has no fields or salt, or more")
        salt, hidden = hex_of(private, "salt"), object_of(private, "fields")
        if sha256(bytes.fromhex(salt) + canonical(hidden).encode()).hexdigest() != digest:
            raise Broken("private", "its private fields are not those that it hides")

    def _look(self) -> None:
        if self.books is None:
            return
        for statement in self.statements:
            for what in statement.look(self.seq, self.at, self.head or ZEROS, self.books):
                self._note("statement", what, line=self.lines)

    def _other(self, fields: Fields) -> None:
        seal = hex_of(fields, "seal")
        said = {name: value for name, value in fields.items() if name != "seal"}
        before, self._seal = self._seal, bytes.fromhex(seal)
        since, self._sealed = self._sealed, self.lines
        disturbed, self._disturbed = self._disturbed, False
        if before is not None and sha256(before + canonical(said).encode()).digest() != self._seal and not disturbed:
            raise Broken("seal", f"this line, or one behind line {since}, is not what was exported")
        if said.keys() == {"lot"}:
            self._lot(object_of(said, "lot"))
        elif said.keys() == {"purchase"}:
            self._purchase(object_of(said, "purchase"))
        elif said.keys() == {"head", "next_cursor", "seq", "wallet_id"}:
            self._end(said)
        else:
            raise Broken("form", "is no line of an export")

    def _lot(self, shown: Fields) -> None:
        if self._stage > 1:
            raise Broken("order", "a lot behind purchases")
        self._stage = 1
        name = text_of(shown, "lot_id")
        if self.books:
            if name in self.shown or name not in self.books.lots:
                raise Broken("lots", f"{name} comes twice, or nothing is left in it")
            self.shown.add(name)
            self.books.lots[name].check_shown(shown)

    def _purchase(self, shown: Fields) -> None:
        self._stage = 2
        name, granted = text_of(shown, "purchase_id"), whole(shown, "credits") + whole(shown, "bonus_credits")
        self._check_wallet(text_of(shown, "wallet_id"))
        if self.books and self.books.grants.get(name, granted) != granted:
            raise Broken("purchases", f"{name} granted {self.books.grants[name]} credits, not {granted}")

    def _end(self, said: Fields) -> None:
        """Judge the line that ends a page."""
        self._check_wallet(text_of(said, "wallet_id"))
        cursor, seq, head = said["next_cursor"], whole(said, "seq"), hex_of(said, "head")
        self.is_complete = cursor is None
        if cursor is not None:
            text_of(said, "next_cursor")
        if seq != self.seq or (self.head is not None and head != self.head):
            raise Broken("head", f"it says that the last entry is {seq}, with the hash {head}; that is not so")
        if self.is_complete and self.books and self.shown != self.books.lots.keys():
            missing = ", ".join(sorted(self.books.lots.keys() - self.shown))
            raise Broken("lots", f"there is no line for {missing}")


# What is told.


def summary(export: Export) -> Fields:
    """Say what was found, for machines."""
    books = export.books
    credits = None
    if books:
        moment = books.moment()
        free, aside = (sum(getattr(lot, name) for lot in books.lots.values()) for name in ("free", "aside"))
        credits = {
            "left": moment.left,
            "free": free,
            "held": moment.held,
            "set_aside": aside,
            "debt": moment.debt,
            "available": books.available(export.at) if export.at else 0,
            "lots": {name: lot.left for name, lot in books.lots.items()},
        }
    return {
        "holds": not export.faults,
        "wallet_id": export.wallet_id,
        "lines": export.lines,
        "from_seq": export.start,
        "to_seq": export.seq,
        "last_at": as_text(export.at),
        "head": export.head,
        "complete": export.is_complete,
        "erased": export.erased,
        "credits": credits,
        "statements": [statement.said["month"] for statement in export.statements],
        "faults": [asdict(fault) for fault in export.faults],
    }


def many(count: int, one: str, more: str | None = None) -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def told(found: Fields, name: str) -> Iterator[str]:
    """Say what was found, for people."""
    if not found["holds"]:
        yield f"{name} does NOT hold: {many(len(found['faults']), 'fault')} in {many(found['lines'], 'line')}"
        for fault in found["faults"][:SHOWN]:
            line = f"line {fault['line']}" if fault["line"] is not None else "all of it"
            entry = f", at entry {fault['seq']}" if fault["seq"] else ""
            yield f"  {line}{entry}: {fault['what']}"
        if len(found["faults"]) > SHOWN:
            yield f"  and {len(found['faults']) - SHOWN} more"
        return
    yield f"{name} holds: {many(found['lines'], 'line')}" + ("" if found["complete"] else ", not all there are")
    yield f"  wallet    {found['wallet_id'] or '-'}"
    yield f"  entries   {found['from_seq']} to {found['to_seq']}, the last at {found['last_at'] or '-'}"
    yield f"  head      {found['head'] or '-'}"
    if found["erased"]:
        yield f"  erased    the private fields of {many(found['erased'], 'entry', 'entries')}"
    credits = found["credits"]
    if credits:
        parts = f"{credits['free']} free, {credits['held']} held, {credits['set_aside']} set aside"
        lots = many(len(credits["lots"]), "lot")
        yield f"  credits   {credits['left']} left in {lots}: {parts}; debt {credits['debt']}"
    else:
        yield "  credits   not judged: the entries before these are missing"
    for month in found["statements"]:
        yield f"  statement {month} is what the entries make"


def verify(
    raws: Iterable[bytes],
    *,
    statements: Iterable[str] = (),
    head: str | None = None,
    start: int = 1,
    part: bool = False,
) -> Fields:
    """
    Check the lines of an export, and statements in JSON, and say what was found.

    Raises:
        Broken: A statement is none.
    """
    export = Export(statements=[Statement.read(text) for text in statements], start=start, part=part)
    export.read(raws)
    if head is not None:
        export.check_head(head)
    export.check_statements()
    return summary(export)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tally_verify.py", description="Check an export of a wallet.")
    parser.add_argument("export", type=Path, help="the pages of an export, one after the other")
    parser.add_argument("--statement", type=Path, action="append", default=[], help="a month's statement in JSON")
    parser.add_argument("--head", help="the hash that the last entry must have")
    parser.add_argument("--part", action="store_true", help="the export need not go on to its end")
    parser.add_argument("--start", type=int, default=1, help="with --part: the number of its first entry")
    parser.add_argument("--json", action="store_true", help="say what was found as JSON")
    options = parser.parse_args(arguments)
    if options.start < 1 or (options.start > 1 and (not options.part or options.statement)):
        parser.error("--start is a number from 1 on; it needs --part, and goes without --statement")
    if options.head is not None and not HEX.fullmatch(options.head):
        parser.error("--head is 64 hexadecimal digits, in small letters")
    try:
        statements = [path.read_text(encoding="utf-8") for path in options.statement]
        with options.export.open("rb") as raws:
            found = verify(raws, statements=statements, head=options.head, start=options.start, part=options.part)
    except (OSError, UnicodeDecodeError, Broken) as error:
        print(f"tally_verify.py: can't be read: {error}", file=sys.stderr)
        return UNREADABLE
    print(json.dumps(found, indent=2) if options.json else "\n".join(told(found, str(options.export))))
    return HOLDS if found["holds"] else BROKEN


if __name__ == "__main__":
    raise SystemExit(main())
