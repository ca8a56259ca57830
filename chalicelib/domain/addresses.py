"""E-mail addresses: plain ones, in the form that browsers take, so that none can be read as two or as a command."""

from __future__ import annotations

import re

from chalicelib.domain.endpoints import LABEL
from chalicelib.domain.errors import InvalidRequest

LONGEST, LONGEST_LOCAL = 254, 64  # characters; RFC 5321
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+"
TOP_LABEL = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"  # a number would be an IP address
SHAPE = re.compile(rf"(?P<local>{ATOM}(?:\.{ATOM})*)@{LABEL}(?:\.{LABEL})*\.{TOP_LABEL}")


def check_email(text: str) -> str:
    """
    Accept an address as it is, or refuse it; it is never rewritten.

    Raises:
        InvalidRequest: It is none, or one of a form that programs read differently.
    """
    found = SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    if not found or len(found["local"]) > LONGEST_LOCAL:
        raise InvalidRequest("email", f"an address like name@example.com, at most {LONGEST} characters")
    return text
