"""
What the jobs cost that look for what is due: with nothing due among ever more wallets, and with more and more due.

`python -m bench.jobs [--most 100000] [--picture FILE]` measures on roto, prints a table, and draws it into
docs/pictures/jobs.svg (with fewer wallets only where it is told to). Round trips are counted, read units follow from
item sizes, `CPU` is what the job itself takes of this machine, in seconds.

Nothing is to be learnt from `seconds` about DynamoDB: roto looks through a whole table where DynamoDB looks into an
index. So they aren't drawn.
"""

from __future__ import annotations

import random
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bench import crowd
from bench.units import read_units, size_of
from chalicelib import wiring
from chalicelib.services.deadlines import announce_due, expire_due
from chalicelib.services.once import Patience
from chalicelib.services.rounds import Errand, Report
from chalicelib.services.sending import Post, send_due
from chalicelib.store import commit
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.items import wallet_to_item
from tests import engines
from tests.meter import metered
from tests.rounds import Carrier

MOST = 100_000  # wallets
SIZES, DUE, AMONG = (100, 1_000, 10_000, 100_000), (10, 100, 1_000), 10_000
PATIENT = 60  # seconds that a query may take
PICTURE = Path("docs/pictures/jobs.svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run of a job took, with so many things due among so many wallets."""

    job: str
    wallets: int
    due: int
    calls: int
    read: float  # units
    cpu: float  # seconds of its thread
    seconds: float


def expire(errand: Errand) -> Report:
    return expire_due(errand)


def alert(errand: Errand) -> Report:
    return send_due(Post(errand, Carrier()), announce_due(errand))


Job = Callable[[Errand], Report]
JOBS: dict[str, tuple[Job, str, str]] = {  # the job, the wallets that concern it, and what it counts then
    "expire_credits": (expire, "ending", "expired"),
    "send_alerts": (alert, "telling", "sent"),
}


def errand(store: DynamoStore) -> Errand:
    return Errand(
        store=store,
        catalog=wiring.catalog(),
        patience=Patience(budget=10, monotonic=time.monotonic, sleep=time.sleep, uniform=random.uniform),
        stamp=lambda: crowd.stamp(crowd.LATER),
        has_time=lambda: True,
    )


def measure(store: DynamoStore, name: str, *, wallets: int, due: int) -> Cost:
    job, _, counted = JOBS[name]
    with metered(store) as meter:
        cpu, begun = time.thread_time(), time.perf_counter()
        report = job(errand(store))
        cpu, seconds = time.thread_time() - cpu, time.perf_counter() - begun
    if report.failures or report.counts[counted] != due:
        raise RuntimeError(f"{name} did {report.answer()}, with {due} due")
    return Cost(job=name, wallets=wallets, due=due, calls=len(meter.calls), read=meter.read, cpu=cpu, seconds=seconds)


@dataclass(frozen=True, slots=True)
class Town:
    """Where the wallets live: tables of their own on roto."""

    store: DynamoStore
    progress: Progress

    @classmethod
    def founded(cls, progress: Progress) -> Town:
        store = engines.fresh("roto")
        assert isinstance(store, DynamoStore)  # noqa: S101 - what roto gets
        return cls(store, progress)

    def settle(self, kind: str, number: int, *, first: int = 0) -> None:
        bar = self.progress.add_task(f"{number:,} {kind} wallets", total=number)
        wallets = crowd.crowd(kind, number, wiring.catalog(), first=first)
        crowd.write(self.store, wallets, wrote=lambda written: self.progress.advance(bar, written))
        self.progress.remove_task(bar)


def with_nothing_due(progress: Progress, most: int) -> Iterator[Cost]:
    town, there = Town.founded(progress), 0
    for name in JOBS:
        measure(town.store, name, wallets=0, due=0)  # what is done but once is done before
    for size in (size for size in SIZES if size <= most):
        town.settle("quiet", size - there, first=there)
        there = size
        for name in JOBS:
            yield measure(town.store, name, wallets=size, due=0)


def with_some_due(progress: Progress, most: int) -> Iterator[Cost]:
    wallets = min(most, AMONG)
    for due in (due for due in DUE if due <= wallets):
        for name, (_, kind, _) in JOBS.items():
            town = Town.founded(progress)
            town.settle("quiet", wallets - due)
            town.settle(kind, due)
            yield measure(town.store, name, wallets=wallets, due=due)


def table(costs: Sequence[Cost]) -> Iterator[str]:
    yield f"{'job':<16}{'wallets':>9}{'due':>7}{'round trips':>13}{'read units':>12}{'CPU':>8}{'seconds':>9}"
    for cost in costs:
        counted = f"{cost.wallets:>9,}{cost.due:>7,}{cost.calls:>13,}{cost.read:>12,g}"
        yield f"{cost.job:<16}{counted}{cost.cpu:>8.3f}{cost.seconds:>9.2f}"


def reading_all(wallets: int) -> float:
    """Count the units that reading every wallet would take."""
    [wallet] = crowd.crowd("quiet", 1, wiring.catalog())
    return read_units(size_of(wallet_to_item(wallet)) * wallets, consistent=False)


def draw(costs: Sequence[Cost], picture: Path) -> None:
    """Draw what was counted; the same counts make the same file."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    ink, faint = "#333333", "#dddddd"
    mpl.rcParams.update(
        {
            "svg.hashsalt": "tally",
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": ink,
            "axes.labelcolor": ink,
            "text.color": ink,
            "xtick.color": ink,
            "ytick.color": ink,
            "grid.color": faint,
            "legend.frameon": False,
        }
    )
    figure, (idle, busy) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained", facecolor="white")
    for name, colour in zip(JOBS, ("#0b6bcb", "#c4521a"), strict=True):
        nothing = [cost for cost in costs if cost.job == name and not cost.due]
        some = [cost for cost in costs if cost.job == name and cost.due]
        style: dict[str, Any] = {"marker": "o", "color": colour, "label": name}
        idle.plot([cost.wallets for cost in nothing], [cost.read for cost in nothing], **style)
        busy.plot([cost.due for cost in some], [cost.calls for cost in some], **style)
    sizes = sorted({cost.wallets for cost in costs if not cost.due})
    idle.plot(sizes, [reading_all(size) for size in sizes], "--", color="#777777", label="reading every wallet")
    idle.set(title="Nothing due", xlabel="wallets", ylabel="read units a run", ylim=(1, 30_000))
    busy.set(title=f"Some due, among {max(cost.wallets for cost in costs if cost.due):,} wallets")
    busy.set(xlabel="lots that end, or notices to send", ylabel="round trips a run")
    for axes in (idle, busy):
        axes.set(xscale="log", yscale="log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.minorticks_off()
        axes.grid(visible=True)
        axes.legend()
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, metadata={"Date": None, "Title": "What the jobs cost"})


def main() -> None:
    parser = ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--most", type=int, default=MOST, help="how many wallets at most (default: %(default)s)")
    parser.add_argument("--picture", type=Path, help=f"where to draw (default: {PICTURE}, if nothing is left out)")
    asked = parser.parse_args()
    commit.READ_TIMEOUT = PATIENT
    with Progress(console=Console(stderr=True), transient=True) as progress:
        costs = [*with_nothing_due(progress, asked.most), *with_some_due(progress, asked.most)]
    print(*table(costs), sep="\n")
    if picture := asked.picture or (PICTURE if asked.most >= MOST else None):
        draw(costs, picture)


if __name__ == "__main__":
    main()
