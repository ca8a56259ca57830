"""What an admin may do to a wallet; who and why stands in the entry."""

from __future__ import annotations

import re
from urllib.parse import unquote

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, credit_bodies
from chalicelib.api.auth import caller_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import NotFound
from chalicelib.services.freezing import freeze_wallet
from chalicelib.services.once import Claim

admin_routes = Routes(__name__)
WALLET_ID = re.compile(r"[A-Za-z0-9_.:@|-]{1,64}")


@admin_routes.post("/api/admin/wallets/{wallet_id}/freeze", scope=Scope.ADMIN)
def freeze(wallet_id: str) -> Response:
    """Keep what is in a wallet from leaving it, once per `Idempotency-Key`."""
    return _set_frozen(wallet_id, frozen=True)


@admin_routes.post("/api/admin/wallets/{wallet_id}/unfreeze", scope=Scope.ADMIN)
def unfreeze(wallet_id: str) -> Response:
    """Let a frozen wallet go, once per `Idempotency-Key`."""
    return _set_frozen(wallet_id, frozen=False)


def _named(in_path: str) -> str:
    """Read which wallet a path names. API Gateway hands on what is encoded in a path as it came."""
    wallet_id = unquote(in_path)
    if not WALLET_ID.fullmatch(wallet_id):
        raise NotFound
    return wallet_id


def _set_frozen(wallet_id: str, *, frozen: bool) -> Response:
    request, wallet_id = admin_routes.current_request, _named(wallet_id)
    body, key = bodies.read(request, credit_bodies.ReasonBody), bodies.key(request)
    said = {"frozen": frozen, **bodies.as_fields(body)}
    claim = Claim.on(wallet_id, key, operation="freeze", body=said)
    recorded = freeze_wallet(
        wiring.till(admin_routes.lambda_context.get_remaining_time_in_millis()),
        claim,
        frozen=frozen,
        reason=body.reason,
        stamp=wiring.stamp(caller_of(request).wallet_id),
    )
    entry = recorded.entry
    shown = {"wallet_id": wallet_id, "entry_id": entry.entry_id, "seq": entry.seq, "frozen": entry.facts["frozen"]}
    return answers.ok(shown, replayed=recorded.replayed)
