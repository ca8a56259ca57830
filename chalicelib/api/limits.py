"""Limits: the routes whose accepted commands are counted against their wallet's hour, and when slots are given back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from chalice.app import Response

from chalicelib import observability, wiring
from chalicelib.api import answers
from chalicelib.domain.errors import Refusal
from chalicelib.services.limiting import Slot

LIMITED: set[tuple[str, str]] = set()  # method and path, filled as routes declare themselves


def counted(view: Callable[..., Response], method: str, path: str) -> Callable[..., Response]:
    """
    Hand a view the slot of its command; a refusal gives it back, and so does a repeat.

    Nothing else does: what broke, or could not be read any more, may come after the command was done.
    """
    LIMITED.add((method, path))

    @wraps(view)
    def counting(**parameters: Any) -> Response:
        slot = Slot(wiring.store(), wiring.catalog().limits, wiring.now())
        try:
            response = view(**parameters, slot=slot)
            if answers.REPLAYED.keys() <= response.headers.keys():
                slot.give_back()
        except Refusal:
            slot.give_back()
            raise
        finally:
            if slot.is_uncounted:
                observability.count("UncountedCommands")
        return response

    return counting
