"""
What one thing takes, measured by making it: the items that the code of today writes, and their units by AWS's rules.

A wallet of some years is taken: four lots, a plan, all meters in use. `bench/units.py` has the rules; the tests hold
what comes out here against what an engine reports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

from bench.units import read_units, size_of, write_units
from chalicelib import wiring
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import SALT_BYTES, Stamp
from chalicelib.domain.lots import Source
from chalicelib.domain.times import DAY
from chalicelib.domain.usage import Use, decide_all
from chalicelib.domain.wallet import SNAPSHOT_EVERY, Wallet
from chalicelib.services.once import Claim
from chalicelib.services.using import CHUNK
from chalicelib.store.items import closed_day_to_item, entry_to_item, receipt_to_item, snapshot_to_item, wallet_to_item

MADE_UP = datetime(2026, 11, 22, 12, tzinfo=UTC)
OVERHEAD = 100  # bytes that DynamoDB bills beside each item that it stores
METERS = ("pull_requests", "api_calls", "predictions", "feedback")
LOTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What uses take that come together: units of one request, and bytes that stay."""

    writes: float
    reads: float
    entry_bytes: int
    receipt_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfWallet:
    """What a wallet takes apart from its uses: its own bytes, and what a day or 100 entries add."""

    wallet_bytes: int
    day_bytes: int
    snapshot_bytes: int
    day_writes: int
    snapshot_writes: int
    audit_reads: float


@cache
def old_wallet() -> Wallet:
    """Make up a wallet as a customer of some years has."""
    wallet, catalog = Wallet(wallet_id="acct_0123456789abcdef"), wiring.catalog()
    bought = Grant(
        credits=5000,
        source=Source.PURCHASE,
        purchase_id="pur_01kajy9w0001234567ab",
        expires_at=MADE_UP + 365 * DAY,
    )
    for _ in range(LOTS):
        wallet = grant(wallet, bought, catalog, _stamp()).wallet
    uses = [Use(wallet_id=wallet.wallet_id, meter=meter, quantity=12) for meter in METERS]
    decision = decide_all(wallet, uses, catalog, _stamp()).decision
    assert decision  # noqa: S101 - there are credits for all of it
    return replace(decision.wallet, seq=100_000)


@cache
def of_uses(number: int) -> Units:
    """Measure *number* uses of one wallet in one request."""
    chunks = [min(CHUNK, number - done) for done in range(0, number, CHUNK)]
    measured = [_of_chunk(each) for each in chunks]
    return Units(
        writes=sum(each.writes for each in measured),
        reads=sum(each.reads for each in measured),
        entry_bytes=sum(each.entry_bytes for each in measured),
        receipt_bytes=sum(each.receipt_bytes for each in measured),
    )


def _of_chunk(number: int) -> Units:
    wallet = old_wallet()
    uses = [Use(wallet_id=wallet.wallet_id, meter=METERS[nth % len(METERS)], quantity=12) for nth in range(number)]
    decision = decide_all(wallet, uses, wiring.catalog(), _stamp()).decision
    assert decision  # noqa: S101 - there are credits for all of it
    receipts = []
    for nth in range(number):
        claim = Claim.on(wallet.wallet_id, f"5f0c1e52-8b7d-4a53-9f3e-{nth:012d}", operation="usage", body={})
        receipt = claim.receipt(seq=decision.wallet.seq, nth=nth)
        receipts.append(size_of(receipt_to_item(receipt, at_seconds=int(MADE_UP.timestamp()))))
    stored, entry = size_of(wallet_to_item(decision.wallet)), size_of(entry_to_item(decision.entry))
    return Units(
        writes=sum(write_units(size, transactional=True) for size in (stored, entry, *receipts)),
        reads=read_units(stored, consistent=True),
        entry_bytes=entry + OVERHEAD,
        receipt_bytes=sum(receipts) + OVERHEAD * number,
    )


@cache
def of_wallet() -> OfWallet:
    """Measure what a wallet takes beside its uses."""
    wallet = old_wallet()
    use = Use(wallet_id=wallet.wallet_id, meter=METERS[0], quantity=1)
    tomorrow = decide_all(wallet, [use], wiring.catalog(), replace(_stamp(), now=MADE_UP + DAY)).decision
    assert tomorrow  # noqa: S101 - there are credits for it
    assert tomorrow.closed_day  # noqa: S101 - the day has turned
    day = size_of(closed_day_to_item(wallet.wallet_id, tomorrow.closed_day))
    snapshot, stored = size_of(snapshot_to_item(wallet)), size_of(wallet_to_item(wallet))
    stretch = read_units(SNAPSHOT_EVERY * (of_uses(1).entry_bytes - OVERHEAD), consistent=False)
    return OfWallet(
        wallet_bytes=stored + OVERHEAD,
        day_bytes=day + OVERHEAD,
        snapshot_bytes=snapshot + OVERHEAD,
        day_writes=write_units(day, transactional=True),
        snapshot_writes=write_units(snapshot, transactional=True),
        audit_reads=read_units(stored, consistent=True) * 4 + 2 * stretch,  # itself, three snapshots, two stretches
    )


def _stamp() -> Stamp:
    return Stamp(now=MADE_UP, actor="service:metering", salt=bytes(SALT_BYTES))
