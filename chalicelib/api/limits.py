"""Limits: the routes whose accepted commands are counted against their wallet's hour, and who gives slots back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from chalice.app import Response

from chalicelib import observability, wiring
from chalicelib.api import answers
from chalicelib.services.limiting import Slot

LIMITED: set[tuple[str, str]] = set()  # method and path, filled as routes declare themselves


def counted(view: Callable[..., Response], method: str, path: str) -> Callable[..., Response]:
    """Hand a view the slot of its command; a refusal gives it back, and so does a repeat."""
    LIMITED.add((method, path))

    @wraps(view)
    def counting(**parameters: Any) -> Response:
        slot, is_accepted = Slot(wiring.store(), wiring.catalog().limits, wiring.now()), False
        try:
            response = view(**parameters, slot=slot)
            is_accepted = not answers.REPLAYED.keys() <= response.headers.keys()
        finally:
            if not is_accepted:
                slot.give_back()
            if slot.is_uncounted:
                observability.count("UncountedCommands")
        return response

    return counting
