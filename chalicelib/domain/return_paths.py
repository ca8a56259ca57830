"""Where a customer may be sent back to: a path on our own origin and nothing that a browser could read otherwise."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from chalicelib.domain.errors import InvalidRequest

LONGEST = 512
SHAPE = re.compile(r"/(?:%[0-9A-Fa-f]{2}|[!-$&-~])*")  # printable ASCII; a percent sign only before two hex digits
FORBIDDEN = ("//", "\\", "@", "{", "}", "#")


def check_return_path(path: str) -> str:
    """
    Accept a path as it is, or refuse it; it is never rewritten.

    Raises:
        InvalidRequest: It could lead elsewhere, also once its percent signs are decoded.
    """
    if len(path) > LONGEST:
        raise InvalidRequest("return_path", f"at most {LONGEST} characters")
    if not SHAPE.fullmatch(path):
        raise InvalidRequest("return_path", "a path in printable ASCII with one leading /")
    for reading in _readings(path):
        if any(each in reading for each in FORBIDDEN) or any(unicodedata.category(c) == "Cc" for c in reading):
            raise InvalidRequest("return_path", "no //, backslash, @, braces, fragment or control characters")
    return path


def _readings(path: str) -> list[str]:
    """Decode as often as anything on the way might."""
    readings = [path]
    while (decoded := unquote(readings[-1])) != readings[-1]:
        readings.append(decoded)
    return readings
