"""
`make restore-drill STAGE=prod [AT=2026-11-26T12:00:00Z]`: restores the tables beside the running ones, and compares.

Every wallet of the restored tables is folded from its entries, all of them, and held against the running tables: its
history must be the beginning of theirs. What was restored is removed afterwards, unless it is to be kept. The running
tables are only read.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import wiring
from chalicelib.domain.wallet import SNAPSHOT_EVERY
from chalicelib.services.auditing import BrokenInvariant, faults_of
from chalicelib.services.ports import OutcomeUnknown, Store
from chalicelib.services.rounds import Errand
from chalicelib.store.commit import connect
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.names import TableNames
from infra.deploy import client
from infra.package import STAGES
from infra.stack import Failed, Say, Stack

MARK = "-drill-"  # in the names of what was restored, and of nothing else
LONGEST_NAME = 255
SLOWEST = 6 * 3600  # seconds; large tables take their time
FIRST_WAIT, LONGEST_WAIT = 0.2, 20.0  # seconds between two looks


@dataclass(slots=True)
class Findings:
    """What the restored tables are like beside the running ones. `wrong` is for a person; the rest time has done."""

    wallets: int = 0
    entries: int = 0
    behind: int = 0  # entries that were written since
    newer: int = 0  # wallets that came since
    wrong: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        folded = f"{self.wallets} wallets with {self.entries} entries folded, {len(self.wrong)} faults"
        return f"{folded}; the running tables are {self.behind} entries and {self.newer} wallets ahead"


def restored_names(names: TableNames, at: datetime) -> TableNames:
    """Say what the restored tables are called."""
    mark = MARK + at.strftime("%Y%m%d%H%M%S")
    return TableNames(*(f"{each[: LONGEST_NAME - len(mark)]}{mark}" for each in astuple(names)))


def latest(dynamodb: Any, names: TableNames) -> datetime:
    """
    Find the last moment that all three tables can be restored to.

    Raises:
        Failed: A table has no point-in-time recovery.
    """
    moments: list[datetime] = []
    for name in astuple(names):
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {})
        if "LatestRestorableDateTime" not in recovery:
            raise Failed(f"{name} has no point-in-time recovery")
        moments.append(recovery["LatestRestorableDateTime"])
    return min(moments)


@contextmanager
def restored(dynamodb: Any, names: TableNames, at: datetime, *, keep: bool, say: Say) -> Iterator[TableNames]:
    """Restore the three tables to one moment into new ones, for as long as they are looked at."""
    targets = restored_names(names, at)
    begun: list[str] = []
    try:
        for source, target in zip(astuple(names), astuple(targets), strict=True):
            say(f"restoring {source} as of {at.isoformat()} into {target}")
            dynamodb.restore_table_to_point_in_time(SourceTableName=source, TargetTableName=target, RestoreDateTime=at)
            begun.append(target)
        _await(dynamodb, begun)
        yield targets
    finally:
        for target in [] if keep else begun:
            _await(dynamodb, [target])
            dynamodb.delete_table(TableName=target)
            say(f"removed {target}")


def _await(dynamodb: Any, names: Sequence[str]) -> None:
    wait, until = FIRST_WAIT, time.monotonic() + SLOWEST
    while any(dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE" for name in names):
        if time.monotonic() > until:
            raise Failed(f"{', '.join(names)} did not become active")
        time.sleep(wait)
        wait = min(LONGEST_WAIT, wait * 1.5)


def compare(old: Store, running: Store) -> Findings:
    """Fold every wallet of the restored tables, and hold it against the running ones."""
    found = Findings()
    errand = Errand(
        store=old,
        catalog=wiring.catalog(),
        patience=wiring.patience(),
        stamp=lambda: wiring.stamp("operator"),
        has_time=lambda: True,
    )
    there = set()
    for wallet_id in _wallets(old):
        there.add(wallet_id)
        _look(errand, running, wallet_id, found)
    found.newer = sum(wallet_id not in there for wallet_id in _wallets(running))
    return found


def _look(errand: Errand, running: Store, wallet_id: str, found: Findings) -> None:
    wallet, now = errand.store.wallet(wallet_id), running.wallet(wallet_id)
    found.wallets += 1
    found.entries += wallet.seq
    found.behind += max(0, now.seq - wallet.seq)
    told = _folded(errand, wallet_id, wallet.seq)
    entry = running.entry(wallet_id, wallet.seq) if wallet.seq else None
    if now.seq < wallet.seq:
        told.append(f"the running tables have lost entries {now.seq + 1} to {wallet.seq}")
    elif wallet.seq and (entry is None or entry.hash != wallet.head):
        told.append(f"entry {wallet.seq} is another one in the running tables")
    found.wrong += [f"{wallet_id}: {fault}" for fault in told]


def _folded(errand: Errand, wallet_id: str, seq: int) -> list[str]:
    """Fold all stretches between snapshots, one after the other; what can't be read is a fault, too."""
    told: list[str] = []
    for stretch in range(max(1, seq // SNAPSHOT_EVERY)):
        try:
            told += [fault for fault in faults_of(errand, wallet_id, stretch) if fault not in told]
        except (BrokenInvariant, OutcomeUnknown) as unreadable:
            told.append(str(unreadable))
    return told


def _wallets(store: Store) -> Iterator[str]:
    cursor: object = None
    while True:
        page = store.wallet_ids(0, 1, cursor=cursor)
        yield from (wallet_id for wallet_id, _ in page.names)
        cursor = page.cursor
        if not cursor:
            return


def drill(names: TableNames, at: datetime | None, *, keep: bool, say: Say) -> Findings:
    """Restore, compare, and put away again. Raises `Failed`."""
    dynamodb = client("dynamodb")
    moment = at or latest(dynamodb, names)
    with restored(dynamodb, names, moment, keep=keep, say=say) as targets:
        connection = connect(region=dynamodb.meta.region_name, host=dynamodb.meta.endpoint_url)
        return compare(DynamoStore(connection, targets), DynamoStore(connection, names))


def main(arguments: Sequence[str] | None = None, say: Say = print) -> int:
    """Print what differs and the sums; 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.restore_drill", description="Restore, and compare.")
    parser.add_argument("--stage", choices=STAGES, default=STAGES[0])
    parser.add_argument("--stack", help="its name; tally-STAGE if not given")
    parser.add_argument("--at", type=_moment, help="2026-11-26T12:00:00Z; the last possible moment if not given")
    parser.add_argument("--keep", action="store_true", help="leave the restored tables there")
    asked = parser.parse_args(arguments)
    try:
        outputs = Stack(name=asked.stack or f"tally-{asked.stage}", client=client).outputs()
        names = TableNames(*(outputs[f"{each}TableName"] for each in ("Wallets", "Purchases", "Usage")))
        found = drill(names, asked.at, keep=asked.keep, say=say)
    except (Failed, ClientError, BotoCoreError) as failed:
        print(failed, file=sys.stderr)
        return 1
    for fault in found.wrong:
        say(fault)
    say(found.summary)
    return int(bool(found.wrong))


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


if __name__ == "__main__":
    raise SystemExit(main())
