"""
Cursors: opaque to callers, bound to the wallet and the filters they were made for.

The check is no secret: whoever forges one reads but the own wallet, from another line on. It tells a cursor that
was changed, cut, or used with another list.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from chalicelib.domain.errors import InvalidRequest

CHECK_BYTES, SEQ_BYTES = 12, 8
NAMED = re.compile(r"[A-Za-z0-9_-]{17,400}")
SHAPE = re.compile(r"[A-Za-z0-9_-]{27}")  # 20 bytes in base64 without its padding


def write(seq: int, *bound_to: object) -> str:
    """Name the place behind entry *seq* in the list that *bound_to* describes."""
    place = seq.to_bytes(SEQ_BYTES)
    return urlsafe_b64encode(place + _check(place, bound_to)).decode().rstrip("=")


def read(text: str, *bound_to: object) -> int:
    """
    Read the place back.

    Raises:
        InvalidRequest: It was made for another list, or by somebody else.
    """
    if SHAPE.fullmatch(text):
        raw = urlsafe_b64decode(text + "=")
        place = raw[:SEQ_BYTES]
        if raw[SEQ_BYTES:] == _check(place, bound_to) and write(int.from_bytes(place), *bound_to) == text:
            return int.from_bytes(place)
    raise InvalidRequest("cursor", "not a cursor of this list")


def write_name(name: str, *bound_to: object) -> str:
    """Name the place behind the thing called *name* in the list that *bound_to* describes."""
    place = name.encode()
    return urlsafe_b64encode(_check(place, bound_to) + place).decode().rstrip("=")


def read_name(text: str, *bound_to: object) -> str:
    """
    Read the name back.

    Raises:
        InvalidRequest: It was made for another list, or by somebody else.
    """
    if NAMED.fullmatch(text) and len(text) % 4 != 1:  # no base64 has that length
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        place = raw[CHECK_BYTES:]
        if place.isascii() and write_name(place.decode(), *bound_to) == text:
            return place.decode()
    raise InvalidRequest("cursor", "not a cursor of this list")


def _check(place: bytes, bound_to: tuple[object, ...]) -> bytes:
    return sha256(repr(bound_to).encode() + place).digest()[:CHECK_BYTES]
