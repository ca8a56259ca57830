"""
Demo wallets for a stage that isn't production: a grant each, and some days of use that lead up to today.

Every command has a key of its own, so that a run that was cut short is finished by the next one.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib import wiring
from chalicelib.domain.errors import Refusal
from chalicelib.domain.granting import Grant
from chalicelib.domain.lots import Source
from chalicelib.domain.usage import Use
from chalicelib.services.crediting import grant_credits
from chalicelib.services.once import Claim
from chalicelib.services.using import Event, Till, record_batch
from cli.faults import Refused
from cli.office import Fields, Step

PRODUCTION = ("prod", "production", "live")
GIVEN = 5000  # credits a wallet
USUAL = {"pull_requests": 6, "api_calls": 60, "predictions": 20, "feedback": 8}  # a day
WEEKEND = 5  # Saturday's number, and Sunday's is the next


def seeded(wallets: int, days: int, who: str, *, dry_run: bool, step: Step) -> Fields:
    """
    Fill *wallets* demo wallets with *days* of use.

    Raises:
        Refused: The stage is production.
    """
    stage = wiring.settings().stage
    if stage.lower() in PRODUCTION:
        raise Refused(f"demo data has no place in stage {stage}", code="production", detail="stage is production")
    names = [f"demo_{nth:04d}" for nth in range(1, wallets + 1)]
    counts = Counter({"granted": 0, "uses": 0, "refused": 0, "done_before": 0})
    if not dry_run:
        for nth, name in enumerate(names, start=1):
            counts.update(_live(wiring.till(), name, days, who))
            step(nth, wallets)
    return {"stage": stage, "wallets": names, "days": days, **counts}


def _live(till: Till, wallet_id: str, days: int, who: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    began = wiring.now() - timedelta(days=days)
    given = Grant(credits=GIVEN, source=Source.PROMO, reason="Demo data")
    claim = Claim.on(wallet_id, "seed-grant", operation="seed", body={"credits": GIVEN})
    granted = grant_credits(till, given, claim, stamp=replace(wiring.stamp(who), now=began))
    counts["done_before" if granted.replayed else "granted"] += 1
    for ago in range(days - 1, -1, -1):
        at = wiring.now() - timedelta(days=ago)
        results = record_batch(till, list(_uses(wallet_id, at)), stamp=replace(wiring.stamp(who), now=at))
        for result in results:
            outcome = "refused" if isinstance(result, Refusal) else "done_before" if result.replayed else "uses"
            counts[outcome] += 1
    return counts


def _uses(wallet_id: str, at: datetime) -> Iterator[Event]:
    """Make up a day's use, for the same wallet and day always the same."""
    chance = random.Random(f"{wallet_id} {at.date()}")  # noqa: S311 - a tale that is told alike each time
    busy = 0.35 if at.weekday() >= WEEKEND else 1.0
    for meter, usual in USUAL.items():
        if quantity := round(usual * busy * chance.uniform(0.6, 1.4)):
            use = Use(wallet_id=wallet_id, meter=meter, quantity=quantity)
            key = f"seed-{at.date()}-{meter}"
            yield Event(use, Claim.on(wallet_id, key, operation="seed", body={"meter": meter, "quantity": quantity}))
