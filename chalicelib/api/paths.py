"""What stands in paths: API Gateway hands on what is encoded there as it came."""

from __future__ import annotations

from urllib.parse import quote, unquote

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


def trace_of(name: str) -> str:
    """Say where an operator finds everything about an id."""
    return f"/api/admin/trace/{quote(name, safe=':@')}"
