"""Setting an automatic top-up: the wallet's entry says the terms, and the row that jobs act on says the same."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.plans import catch_up
from chalicelib.domain.topup_moves import rearmed
from chalicelib.domain.topups import TopUp, TopUpMoved
from chalicelib.domain.wallet import Decision, Line, Wallet


def change_topup(
    wallet: Wallet, before: TopUp, wanted: TopUp, catalog: Catalog, stamp: Stamp, *, card: str | None
) -> TopUpMoved | None:
    """
    Set an automatic top-up to the terms of *wanted*; *card* is the one saved now. None: nothing is changed.

    It takes effect with the next spend. A payment under way goes on, also where it is switched off. What was stopped
    because of a card is charged again if the card is another.
    """
    after = replace(before, enabled=wanted.enabled, terms=wanted.terms)
    decision = None
    if after != before:
        decision = _settled(wallet, after, catalog, stamp)
    if not after.enabled:
        after = replace(after, trigger=None, attempts=0)
    elif after.stopped and card != after.card:
        after = rearmed(after, stamp.now)
    if after == before:
        return None
    if not after.flight:
        waits = after.enabled and (after.trigger is not None or after.stopped)
        after = replace(after, due_at=stamp.now if waits else None)
    return TopUpMoved(before=before, topup=replace(after, version=before.version + 1), decision=decision)


def _settled(wallet: Wallet, after: TopUp, catalog: Catalog, stamp: Stamp) -> Decision:
    current = catch_up(wallet, catalog, wallet.time_of_decision(stamp.now))
    terms: dict[str, Any] = {"enabled": after.enabled, **(asdict(after.terms) if after.terms else {})}
    line = Line(kind="settings", credits=0, facts={"settings": "auto_topup", "auto_topup": terms})
    lined = replace(current.wallet, topup_below=after.line)
    return conclude(wallet, current, lined, line, catalog=catalog, stamp=stamp)
