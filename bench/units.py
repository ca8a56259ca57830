"""
DynamoDB's capacity units from item sizes, by AWS's published rules.

Source: "DynamoDB item sizes and formats" and "Read and write operations" in the Amazon DynamoDB Developer Guide.
Engines report write units rightly (MiniStack) and read units not at all or wrongly, so reads are computed here.
"""

from __future__ import annotations

from typing import Any

READ_UNIT, WRITE_UNIT = 4096, 1024  # bytes


def size_of(item: dict[str, Any]) -> int:
    """Count an item's bytes: names and values of all attributes. *item* as on the wire: {name: {type: value}}."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(typed: dict[str, Any]) -> int:
    (kind, value), *_ = typed.items()
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        return _digits(value)
    if kind == "B":
        return len(value)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + _size(each) for each in value)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(each) for name, each in value.items())
    raise ValueError(f"no size known for {kind}")


def _digits(number: str) -> int:
    """A number takes a byte per two significant digits and one more; a negative one another."""
    significant = number.lstrip("-").strip("0").replace(".", "") or "0"
    return (len(significant) + 1) // 2 + 1 + number.startswith("-")


def read_units(size: int, *, consistent: bool) -> float:
    """Count what reading *size* bytes costs, for one item or for all items of one query."""
    units = max(1, -(-size // READ_UNIT))
    return units if consistent else units / 2


def write_units(size: int, *, transactional: bool) -> int:
    """Count what writing an item of *size* bytes costs."""
    return max(1, -(-size // WRITE_UNIT)) * (2 if transactional else 1)
