"""The restore drill: what was restored is folded and held against what runs, and put away again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from chalicelib.domain.adjustments import adjust
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.services.ports import Change
from chalicelib.store.dynamo import DynamoStore
from chalicelib.wiring import catalog
from infra import restore_drill
from infra.restore_drill import Findings, compare, main, restored
from infra.stack import Failed, Stack
from tests import engines
from tests.builders import stamp

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """A client of MiniStack's, which restores what is there now, whatever moment is named."""
    made = boto3.client(
        "dynamodb",
        endpoint_url=engines.engine("ministack").url,
        region_name=engines.REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield made
    made.close()


@pytest.fixture
def running(dynamodb: Any) -> DynamoStore:
    """Tables of their own, with two wallets in them: one with a snapshot behind it, one young."""
    store = engines.fresh("ministack")
    assert isinstance(store, DynamoStore)
    for name in astuple(store.names):
        recovery = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    give(store, "acct_old", times=103)
    give(store, "acct_young", times=2)
    return store


def give(store: DynamoStore, wallet_id: str, *, times: int = 1) -> None:
    """Grant ten credits and take them again, so often that entries and snapshots come about."""
    for _ in range(times):
        wallet, offer = store.wallet(wallet_id), catalog()
        if wallet.seq % 2:
            decision = adjust(wallet, -10, reason="a test", catalog=offer, stamp=stamp())
        else:
            decision = grant(wallet, Grant(credits=10, source=Source.PROMO), offer, stamp())
        store.commit(Change(decisions=[decision]))


@pytest.fixture
def old(dynamodb: Any, running: DynamoStore) -> Iterator[DynamoStore]:
    """The restored tables."""
    with restored(dynamodb, running.names, NOW, keep=False, say=lambda _: None) as names:
        yield DynamoStore(running.connection, names)


def tables(dynamodb: Any) -> set[str]:
    return {name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]}


def change(store: DynamoStore, request: str, wallet_id: str, seq: int, **more: Any) -> None:
    key = {"wallet_id": {"S": f"w#{wallet_id}"}, "sk": {"S": f"e#{seq:012d}"}}
    store.connection.dispatch(request, {"TableName": store.names.usage, "Key": key, **more})


def test_restored_wallets_fold_to_what_runs(old: DynamoStore, running: DynamoStore) -> None:
    found = compare(old, running)

    assert found == Findings(wallets=2, entries=105)
    assert found.summary == (
        "2 wallets with 105 entries folded, 0 faults; the running tables are 0 entries and 0 wallets ahead"
    )


def test_what_was_written_since_is_counted_and_no_fault(old: DynamoStore, running: DynamoStore) -> None:
    give(running, "acct_young", times=3)
    give(running, "acct_new", times=1)

    found = compare(old, running)

    assert (found.behind, found.newer, found.wrong) == (3, 1, [])


@pytest.mark.parametrize("seq", [1, 50, 102], ids=["first", "old stretch", "newest stretch"])
def test_an_entry_that_is_missing_after_the_restore_is_a_fault(
    old: DynamoStore, running: DynamoStore, seq: int
) -> None:
    change(old, "DeleteItem", "acct_old", seq)

    found = compare(old, running)

    assert found.wrong
    assert all(fault.startswith("acct_old: ") for fault in found.wrong)


def test_another_history_in_the_running_tables_is_a_fault(old: DynamoStore, running: DynamoStore) -> None:
    give(old, "acct_young")
    running.commit(
        Change(
            decisions=[grant(running.wallet("acct_young"), Grant(credits=99, source=Source.PROMO), catalog(), stamp())]
        )
    )

    assert compare(old, running).wrong == ["acct_young: entry 3 is another one in the running tables"]


def test_entries_that_the_running_tables_have_lost_are_a_fault(old: DynamoStore, running: DynamoStore) -> None:
    give(old, "acct_young", times=2)

    assert compare(old, running).wrong == ["acct_young: the running tables have lost entries 3 to 4"]


@pytest.fixture
def deployed(dynamodb: Any, running: DynamoStore, monkeypatch: pytest.MonkeyPatch) -> DynamoStore:
    """A stack with these tables, as the command finds it."""
    names = running.names
    outputs = {
        "WalletsTableName": names.wallets,
        "PurchasesTableName": names.purchases,
        "UsageTableName": names.usage,
    }
    monkeypatch.setattr(Stack, "outputs", lambda _self: outputs)
    monkeypatch.setattr(restore_drill, "client", lambda _service: dynamodb)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return running


def test_the_command_says_what_it_does_and_removes_what_it_restored(deployed: DynamoStore, dynamodb: Any) -> None:
    before, said = tables(dynamodb), list[str]()

    assert main(["--at", "2026-11-26T12:00:00Z"], say=said.append) == 0

    assert said[0] == (
        f"restoring {deployed.names.wallets} as of 2026-11-26T12:00:00+00:00 "
        f"into {deployed.names.wallets}-drill-20261126120000"
    )
    assert [line.split()[0] for line in said] == ["restoring"] * 3 + ["removed"] * 3 + ["2"]
    assert tables(dynamodb) == before


def test_kept_on_request_the_restored_tables_stay(deployed: DynamoStore, dynamodb: Any) -> None:
    assert main(["--keep", "--at", "2026-11-26T12:00:00"], say=lambda _: None) == 0

    mark = "-drill-20261126120000"
    kept = {name for name in tables(dynamodb) if name.endswith(mark)}
    assert kept == {f"{name}{mark}" for name in astuple(deployed.names)}
    for name in kept:
        dynamodb.delete_table(TableName=name)


def test_a_fault_ends_with_1(deployed: DynamoStore) -> None:
    change(deployed, "DeleteItem", "acct_young", 1)
    said = list[str]()

    assert main([], say=said.append) == 1
    assert any(line.startswith("acct_young: ") for line in said)


def test_without_recovery_nothing_is_restored(
    deployed: DynamoStore, dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    name = deployed.names.purchases
    off = {"PointInTimeRecoveryEnabled": False}
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=off)
    before = tables(dynamodb)

    assert main([], say=lambda _: None) == 1
    assert capsys.readouterr().err == f"{name} has no point-in-time recovery\n"
    assert tables(dynamodb) == before


def test_a_restore_that_breaks_off_leaves_nothing_behind(
    deployed: DynamoStore, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Findings:
        raise Failed("no more")

    monkeypatch.setattr(restore_drill, "compare", broken)
    before = tables(dynamodb)

    assert main([], say=lambda _: None) == 1
    assert tables(dynamodb) == before
