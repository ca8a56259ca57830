"""
Entries: immutable lines, numbered without gaps, each carrying the hash of the one before.

`hash = SHA-256(canonical)`, where *canonical* is the entry as RFC 8785 JSON: sorted ASCII keys, integers below
2^53, no spaces. These exact bytes are stored and served, so that anybody can check them. What identifies a
person or is free text enters only as `private = SHA-256(salt ‖ canonical private fields)`: salt and fields lie
beside the entry and can be erased without breaking the chain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, get_args, overload

from chalicelib.domain.errors import NotFound
from chalicelib.domain.lots import Draw, LotId
from chalicelib.domain.times import from_text, to_text

VERSION = 1
EntryKind = Literal[
    "purchase",
    "grant",
    "usage",
    "hold",
    "capture",
    "release",
    "lapse",
    "expiry",
    "transfer_out",
    "transfer_in",
    "recall",
    "revocation",
    "restoration",
    "set_aside",
    "adjustment",
    "renewal",
    "plan_change",
    "settings",
    "freeze",
    "notice",
]
KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
GENESIS = bytes(32)
SALT_BYTES = 32
LARGEST_INTEGER = 2**53 - 1

Fields = dict[str, Any]  # a JSON object


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When a command is decided, by whom, and the salt that hides who: all that a decision may not fetch."""

    now: datetime
    actor: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class Private:
    """What can be erased: the salt and the fields it hides."""

    salt: bytes
    fields: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a wallet's ledger. `facts` is what `canonical` says; `private` is None once erased."""

    canonical: bytes
    hash: bytes
    facts: Mapping[str, Any]
    private: Private | None

    @property
    def wallet_id(self) -> str:
        return str(self.facts["wallet_id"])

    @property
    def seq(self) -> int:
        return int(self.facts["seq"])

    @property
    def kind(self) -> EntryKind:
        kind: EntryKind = self.facts["kind"]
        return kind

    @property
    def at(self) -> datetime:
        return from_text(self.facts["at"])

    @property
    def entry_id(self) -> str:
        return f"{self.wallet_id}:{self.seq}"


def canonical(fields: Mapping[str, Any]) -> bytes:
    """
    Write *fields* as RFC 8785 says, for the values that entries have: text, integers, booleans, null.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate.
    """
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def private_digest(private: Private) -> str:
    """Hash what can be erased; as hex."""
    return sha256(private.salt + canonical(private.fields)).hexdigest()


def seal(fields: Mapping[str, Any], *, prev_hash: bytes, private: Private) -> Entry:
    """Fix an entry: chain it to the one before and hash it."""
    facts = {**fields, "v": VERSION, "prev_hash": prev_hash.hex(), "private": private_digest(private)}
    sealed = canonical(facts)
    return Entry(canonical=sealed, hash=sha256(sealed).digest(), facts=facts, private=private)


def unseal(sealed: bytes, *, digest: bytes, private: Private | None) -> Entry:
    """Read an entry back as it was stored."""
    return Entry(canonical=sealed, hash=digest, facts=json.loads(sealed), private=private)


def erase(entry: Entry) -> Entry:
    """Forget what identifies a person; the chain still holds."""
    return replace(entry, private=None)


def is_intact(entry: Entry, *, prev_hash: bytes) -> bool:
    """Whether the entry is what was hashed, follows *prev_hash*, and hides what stands beside it."""
    if sha256(entry.canonical).digest() != entry.hash or entry.facts["prev_hash"] != prev_hash.hex():
        return False
    return entry.private is None or private_digest(entry.private) == entry.facts["private"]


def draws_as_fields(draws: Sequence[Draw], *, sign: int = -1) -> list[Fields]:
    """Write draws with the sign of their effect on free credits."""
    return [{"lot_id": str(draw.lot_id), "credits": sign * draw.credits} for draw in draws]


def seq_of(entry_id: str, wallet_id: str) -> int:
    """
    Read the number in an entry's id.

    Raises:
        NotFound: It names no entry of this wallet.
    """
    owner, _, seq = entry_id.rpartition(":")
    if owner != wallet_id or not seq.isdecimal():
        raise NotFound
    return int(seq)


def lot_of(facts: Mapping[str, Any]) -> LotId:
    """Read which lot a draw or a grant names."""
    return LotId.parse(facts["lot_id"])


@overload
def as_text(at: datetime) -> str: ...
@overload
def as_text(at: datetime | None) -> str | None: ...
def as_text(at: datetime | None) -> str | None:
    return to_text(at) if at else None


def as_time(text: str | None) -> datetime | None:
    return from_text(text) if text else None
