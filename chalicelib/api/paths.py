"""What stands in paths: API Gateway hands on what is encoded there as it came."""

from __future__ import annotations

from urllib.parse import quote, unquote

from chalicelib.api.tokens import Caller
from chalicelib.domain.errors import NotFound
from chalicelib.domain.tracing import WALLET


def named_wallet(in_path: str) -> str:
    """
    Read which wallet a path names.

    Raises:
        NotFound: No wallet can be called so.
    """
    wallet_id = unquote(in_path)
    if not WALLET.fullmatch(wallet_id):
        raise NotFound
    return wallet_id


def place_of(path: str, wallet_id: str, caller: Caller) -> str:
    """Say where the caller finds something of a wallet: of a team's, its name is in the query."""
    return path if wallet_id == caller.wallet_id else f"{path}?wallet={quote(wallet_id, safe='')}"


def as_asked_for(place: str, path: str) -> str:
    """Put in front of a place what stood in front of the asked *path*: the gateway's stage, if the address has it."""
    return path.partition("/api/")[0] + place


def trace_of(name: str) -> str:
    """Say where an operator finds everything about an id."""
    return f"/api/admin/trace/{quote(name, safe=':@')}"
