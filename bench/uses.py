"""
What a use costs the client: CPU and throughput, side by side with bare boto3 calls in one run, on roto.

`python -m bench.uses` prints the ratios that the design asks for:

    CPU          a use ÷ (bare GetItem + bare three-item transaction)      at most 1.25
    throughput   a use ÷ bare three-item transaction, one worker           at least 0.40
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import boto3

from chalicelib import wiring
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.lots import Source
from chalicelib.domain.times import DAY, to_grain
from chalicelib.domain.usage import Use
from chalicelib.services.once import Claim, Patience
from chalicelib.services.ports import Change
from chalicelib.services.using import Event, Till, record_usage
from chalicelib.store.dynamo import DynamoStore
from tests import engines
from tests.engines import REGION

ROUNDS, CALLS = 15, 60


@dataclass(frozen=True)
class Spent:
    """CPU and wall time of one call, in milliseconds."""

    cpu: float
    wall: float


def measure(call: Callable[[int], object], first: int) -> Spent:
    cpu, wall = time.process_time(), time.perf_counter()
    for number in range(first, first + CALLS):
        call(number)
    return Spent((time.process_time() - cpu) / CALLS * 1000, (time.perf_counter() - wall) / CALLS * 1000)


def a_use(store: DynamoStore, wallet_id: str) -> Callable[[int], object]:
    """Record uses of a wallet with four lots, paid with credits."""
    catalog, now = wiring.catalog(), wiring.now()
    patience = Patience(budget=10, monotonic=time.monotonic, sleep=time.sleep, uniform=random.uniform)
    till = Till(store=store, catalog=catalog, patience=patience)
    for _ in range(4):
        wanted = Grant(credits=10**6, source=Source.PURCHASE, expires_at=now + 365 * DAY)
        stamp = Stamp(now=now, actor="bench", salt=b"s" * 32)
        store.commit(Change(decisions=[grant(store.wallet(wallet_id), wanted, catalog, stamp)]))

    def use(number: int) -> object:
        body = {"wallet_id": wallet_id, "meter": "predictions", "quantity": 1}
        claim = Claim.on(wallet_id, f"key-{number}", operation="usage", body=body)
        stamp = Stamp(now=to_grain(wiring.now()), actor="bench", salt=b"s" * 32)
        event = Event(Use(wallet_id=wallet_id, meter="predictions", quantity=1), claim)
        return record_usage(till, event, stamp=stamp)

    return use


def bare_calls(url: str, wallet_id: str) -> tuple[Callable[[int], object], Callable[[int], object]]:
    """The same three items and conditions, written by boto3 alone from ready-made dictionaries."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - an engine takes any
    )
    key = {"wallet_id": {"S": f"w#{wallet_id}"}}
    wallet = client.get_item(TableName="wallets", Key=key)["Item"]
    entry = client.query(
        TableName="usage",
        KeyConditionExpression="wallet_id = :w",
        ExpressionAttributeValues={":w": key["wallet_id"]},
        Limit=1,
    )["Items"][0]
    bare: dict[str, Any] = {**wallet, "wallet_id": {"S": "w#bare"}}

    def read(_: int) -> object:
        return client.get_item(TableName="wallets", Key=key, ConsistentRead=True)

    def write(number: int) -> object:
        fresh = {**entry, "wallet_id": {"S": "w#bare"}, "sk": {"S": f"e#{uuid.uuid4().hex}"}}
        receipt = {"wallet_id": {"S": "w#bare"}, "sk": {"S": f"k#{uuid.uuid4().hex}"}, "n": {"N": str(number)}}
        absent = "attribute_not_exists(wallet_id)"
        puts = [
            {"Put": {"TableName": "wallets", "Item": bare}},
            {"Put": {"TableName": "usage", "Item": fresh, "ConditionExpression": absent}},
            {"Put": {"TableName": "usage", "Item": receipt, "ConditionExpression": absent}},
        ]
        return client.transact_write_items(TransactItems=puts)  # type: ignore[arg-type]

    return read, write


def main() -> None:
    store = engines.store("roto")
    assert isinstance(store, DynamoStore)  # noqa: S101 - what roto gets
    wallet_id = f"acct_{uuid.uuid4().hex}"
    use = a_use(store, wallet_id)
    read, write = bare_calls(engines.tables("roto"), wallet_id)
    for call in (use, read, write):
        measure(call, -CALLS)
    rounds = [(measure(use, n * CALLS), measure(read, 0), measure(write, 0)) for n in range(ROUNDS)]
    cpu = median(ours.cpu / (got.cpu + put.cpu) for ours, got, put in rounds)
    throughput = median(put.wall / ours.wall for ours, _, put in rounds)
    ours, got, put = (median(getattr(each, "cpu") for each in column) for column in zip(*rounds, strict=True))  # noqa: B009
    print(f"a use {ours:.2f} ms CPU, bare GetItem {got:.2f} ms, bare three-item transaction {put:.2f} ms")
    print(f"CPU ratio {cpu:.2f} (at most 1.25), throughput ratio {throughput:.2f} (at least 0.40)")


if __name__ == "__main__":
    main()
