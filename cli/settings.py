"""The only reader of the environment here: which way to talk, with which token, and who is asking."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cli.faults import Misused

API, TOKEN, OPERATOR, WEBHOOK = "TALLY_API", "TALLY_TOKEN", "TALLY_OPERATOR", "TALLY_WEBHOOK_URL"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
NAME = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")
BEARER = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Without an `api` the way goes straight to the tables, by the same environment as the functions'."""

    api: str | None
    token: str | None = field(repr=False)
    operator: str | None
    webhook_url: str | None

    @property
    def who(self) -> str:
        """
        Say who is asking, for the entry.

        Raises:
            Misused: Nobody said so.
        """
        if not self.operator:
            raise Misused(f"say who you are: --as NAME, or {OPERATOR}")
        return self.operator


def read(environment: Mapping[str, str], *, api: str | None, operator: str | None) -> Settings:
    """
    Read the settings; what was said on the command line goes before the environment.

    Raises:
        Misused: One of them can't be used.
    """
    address = api or environment.get(API) or None
    token = environment.get(TOKEN, "").strip() or None
    named = operator or environment.get(OPERATOR) or None
    if token and not BEARER.fullmatch(token):
        raise Misused(f"{TOKEN} is no token")
    if named and not NAME.fullmatch(named):
        raise Misused("a name has at most 64 printable characters")
    return Settings(
        api=_address(address) if address else None,
        token=token,
        operator=named,
        webhook_url=environment.get(WEBHOOK) or None,
    )


def _address(text: str) -> str:
    """Read where the API is: a token goes there, so it is https, or this machine."""
    parts = urlsplit(text)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        return text.rstrip("/").removesuffix("/api")
    raise Misused(f"{API}: https is wanted, or http on this machine")
