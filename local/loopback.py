"""
Whom the local stack answers: who calls it by a loopback name.

A page elsewhere whose name leads here (DNS rebinding) sends that name as `Host`, and every page says in `Origin` where
it is from; programs send none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HERE = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
REFUSED = 403


def is_called_by_name(headers: Mapping[str, str]) -> bool:
    """Whether a request is addressed to this machine's own loopback. Names of headers are in small letters."""
    return HERE.fullmatch(headers.get("host", "")) is not None


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a program, or a page of this machine, sent a request. Names of headers are in small letters."""
    scheme, _, host = headers.get("origin", "http://localhost").partition("://")
    return scheme in ("http", "https") and HERE.fullmatch(host) is not None
