"""The bill of a month: so much of each thing, times its price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from chalicelib.domain.wallet import SNAPSHOT_EVERY
from chalicelib.services.ports import SHARDS
from chalicelib.services.using import CHUNK
from chalicelib.settings import USUAL_SHARES
from chalicelib.store.tables import RECEIPT_DAYS
from cli.cost.prices import Prices
from cli.cost.units import of_uses, of_wallet

MONTH_DAYS, HOURS = 30, 24
MEMORY_GB = Decimal("0.5")  # as .chalice/config.json has it
LOGGED = 1_000  # bytes of logs a request: our line, Lambda's own three, the gateway's; assumed
JOB_SECONDS = Decimal(1)  # of a job that finds little; assumed
TEMPLATE = Path(__file__).parents[2] / "infra/tally.yaml"
IDLE_LOOK = Decimal("0.5")  # read units of a look into an index that finds nothing

# Runs a month, and looks at each shard in a run that finds nothing.
JOBS = {
    "expire_credits": (MONTH_DAYS * HOURS * 12, 1),
    "send_alerts": (MONTH_DAYS * HOURS * 12, 2),
    "sweep_purchases": (MONTH_DAYS * HOURS * 4, 1),
    "charge_topups": (MONTH_DAYS * HOURS * 60, 1),
    "audit": (MONTH_DAYS * HOURS, 0),
    "reconcile_stripe": (MONTH_DAYS, 0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a month brings. `batch`: uses in one request, all of one wallet; `ms`: what a request takes."""

    wallets: int
    events: int
    batch: int = 1
    reads: int = 0
    months: int = 12
    ms: int = 30

    @property
    def requests(self) -> int:
        """Requests that report uses."""
        return -(-self.events // self.batch)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill."""

    what: str
    quantity: Decimal
    price: str
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """A month's lines, and what they come to."""

    load: Load
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.usd for line in self.lines), Decimal(0))

    def shown(self) -> dict[str, Any]:
        return {
            "load": asdict(self.load),
            "lines": [
                {"what": each.what, "quantity": float(each.quantity), "price": each.price, "usd": _cents(each.usd)}
                for each in self.lines
            ],
            "total_usd": _cents(self.total),
            "usd_per_thousand_events": _cents(self.total * 1000 / self.load.events) if self.load.events else None,
            "units_per_event": {
                "write": of_uses(self.load.batch).writes / self.load.batch,
                "read": of_uses(self.load.batch).reads / self.load.batch,
            },
        }


def _cents(usd: Decimal) -> str:
    return f"{usd:.4f}"


def bill(load: Load, prices: Prices) -> Bill:
    """Add up a month."""
    quantities = (*_requests(load), *_jobs(load), *_kept(load))
    lines = [Line(what, quantity, name, prices.of(name, quantity)) for what, name, quantity in quantities]
    return Bill(load, tuple(lines))


Quantity = tuple[str, str, Decimal]  # what it is for, the price's name, how much


def _requests(load: Load) -> Iterator[Quantity]:
    calls = Decimal(load.requests + load.reads)
    uses, wallet = of_uses(load.batch), of_wallet()
    entries = Decimal(load.requests) * -(-load.batch // CHUNK)
    yield "requests", "api_requests", calls
    yield "requests", "lambda_requests", calls
    yield "requests", "lambda_gb_seconds", calls * load.ms / 1000 * MEMORY_GB
    yield "uses", "write_units", load.requests * Decimal(uses.writes)
    yield "uses", "read_units", load.requests * Decimal(uses.reads) + load.reads
    yield "finished days", "write_units", _days(load) * wallet.day_writes
    yield "snapshots", "write_units", entries / SNAPSHOT_EVERY * wallet.snapshot_writes
    yield "logs", "logs", calls * LOGGED


def _jobs(load: Load) -> Iterator[Quantity]:
    runs = Decimal(sum(runs for runs, _ in JOBS.values()))
    looks = sum(runs * looks * SHARDS for runs, looks in JOBS.values())
    rounds = Decimal(MONTH_DAYS * HOURS) / USUAL_SHARES  # in which every wallet is audited once
    listing = Decimal(of_wallet().wallet_bytes) * load.wallets / 8192  # half a unit for each 4 KB that are scanned
    yield "jobs", "lambda_requests", runs
    yield "jobs", "lambda_gb_seconds", runs * JOB_SECONDS * MEMORY_GB
    yield "jobs", "read_units", looks * IDLE_LOOK
    yield "audit", "read_units", rounds * (load.wallets * Decimal(of_wallet().audit_reads) + listing)
    yield "alarms", "alarms", Decimal(TEMPLATE.read_text(encoding="utf-8").count("AWS::CloudWatch::Alarm"))


def _kept(load: Load) -> Iterator[Quantity]:
    """What lies in the tables after so many months of the same, and the copies of it."""
    uses, wallet = of_uses(load.batch), of_wallet()
    entries = Decimal(load.requests) * uses.entry_bytes
    receipts = Decimal(load.requests) * uses.receipt_bytes
    others = _days(load) * wallet.day_bytes + Decimal(load.requests) / SNAPSHOT_EVERY * wallet.snapshot_bytes
    remembered = min(Decimal(load.months), Decimal(RECEIPT_DAYS) / MONTH_DAYS)
    stored = load.months * (entries + others) + remembered * receipts + load.wallets * wallet.wallet_bytes
    yield "stored", "storage", Decimal(stored)
    yield "stored", "backup", Decimal(stored)


def _days(load: Load) -> Decimal:
    """Days of wallets on which something is used: at most one a request."""
    return Decimal(min(load.requests, load.wallets * MONTH_DAYS))
