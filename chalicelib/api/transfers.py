"""Transfers: members bring credits to their team, owners take them from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, credit_bodies
from chalicelib.api.auth import caller_of, wallet_of
from chalicelib.api.paths import place_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import NotFound
from chalicelib.domain.ledger import Entry
from chalicelib.services.limiting import Slot
from chalicelib.services.once import Claim, Hand
from chalicelib.services.transferring import transfer_credits

if TYPE_CHECKING:
    from chalicelib.api import shapes

transfer_routes = Routes(__name__)


@transfer_routes.post("/api/credits/transfer", scope=Scope.CUSTOMER, limited=True)
def transfer(slot: Slot) -> Response:
    """Move credits between wallets of the caller's, once per `Idempotency-Key`."""
    request = transfer_routes.current_request
    caller, from_wallet_id = caller_of(request), wallet_of(request, as_owner=True)
    body, key = bodies.read(request, credit_bodies.TransferBody), bodies.key(request)
    if body.to_wallet_id not in (caller.wallet_id, *caller.teams):
        raise NotFound
    claim = Claim.on(from_wallet_id, key, operation="transfer", body=bodies.as_fields(body), hand=Hand.CUSTOMER)
    till = wiring.till(transfer_routes.lambda_context.get_remaining_time_in_millis())
    order = credit_bodies.order_of(body, from_wallet_id)
    recorded = transfer_credits(till, order, claim, stamp=wiring.stamp(caller.wallet_id), take_slot=slot.take)
    place = place_of(f"/api/credits/entries/{recorded.entry.seq}/explanation", from_wallet_id, caller)
    return answers.created(_sent(recorded.entry), location=place, replayed=recorded.replayed)


def _sent(entry: Entry) -> shapes.credits.Transfer:
    facts = entry.facts
    return {
        "entry_id": entry.entry_id,
        "seq": entry.seq,
        "to_wallet_id": facts["to_wallet_id"],
        "to_entry_id": facts["to_entry_id"],
        "credits": -facts["credits"],
        "lots": [{"lot_id": draw["lot_id"], "credits": -draw["credits"]} for draw in facts["draws"]],
        "available": facts["available_after"],
    }
