"""Explanations: every entry can state its arithmetic, and why it drew from the lots that it did."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers
from chalicelib.api.auth import wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import NotFound
from chalicelib.domain.explaining import Explanation
from chalicelib.services.explaining import explanation_of

if TYPE_CHECKING:
    from chalicelib.api import shapes

explanation_routes = Routes(__name__)
SEQ = re.compile(r"[1-9][0-9]{0,11}")  # as many digits as an entry's number may have


@explanation_routes.get("/api/credits/entries/{seq}/explanation", scope=Scope.CUSTOMER)
def show_explanation(seq: str) -> Response:
    """Show how an entry came to its credits."""
    wallet_id = wallet_of(explanation_routes.current_request)
    if not SEQ.fullmatch(seq):
        raise NotFound
    return answers.ok(shown(explanation_of(wiring.store(), wallet_id, int(seq))))


def shown(explanation: Explanation) -> shapes.entries.Explanation:
    return {
        "seq": explanation.seq,
        "kind": explanation.kind,
        "steps": [
            {"text": step.text, "expression": step.expression, "value": step.value} for step in explanation.steps
        ],
        "draws": [
            {"lot_id": str(draw.lot_id), "credits": draw.credits, "because": draw.because} for draw in explanation.draws
        ],
        "credits": explanation.credits,
    }
