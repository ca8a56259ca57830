"""Counts what a store asks of an engine: round trips, and write units as the engine reports them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.units import read_units, size_of
from chalicelib.store.dynamo import DynamoStore


@dataclass
class Meter:
    """What was asked between the beginning and the end of `metered`."""

    calls: list[str] = field(default_factory=list)
    written: float = 0.0  # write units, as the engine says
    read: float = 0.0  # read units, from the sizes of what was read

    def __str__(self) -> str:
        return f"{len(self.calls)} round trips, {self.written:g} write units, {self.read:g} read units"


@contextmanager
def metered(store: DynamoStore) -> Iterator[Meter]:
    """Count every call of *store* while the block runs."""
    meter = Meter()
    consistent: list[bool] = []

    def asked(params: dict[str, Any], model: Any, **_: Any) -> None:
        meter.calls.append(model.name)
        text = str(params["body"])
        consistent.append('"ConsistentRead":true' in text.replace(" ", "") or "ConsistentRead': True" in text)

    def answered(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        used = parsed.get("ConsumedCapacity", [])
        if model.name in ("TransactWriteItems", "PutItem", "UpdateItem"):
            for each in used if isinstance(used, list) else [used]:
                meter.written += each["CapacityUnits"]
        meter.read += sum(read_units(size, consistent=consistent[-1]) for size in _sizes_read(parsed, model.name))

    def say_capacity(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    events = store.connection.client.meta.events
    events.register("provide-client-params.dynamodb.*", say_capacity, unique_id="meter-capacity")
    events.register("before-call.dynamodb.*", asked, unique_id="meter-asked")
    events.register("after-call.dynamodb.*", answered, unique_id="meter-answered")
    try:
        yield meter
    finally:
        events.unregister("provide-client-params.dynamodb.*", unique_id="meter-capacity")
        events.unregister("before-call.dynamodb.*", unique_id="meter-asked")
        events.unregister("after-call.dynamodb.*", unique_id="meter-answered")


def _sizes_read(parsed: dict[str, Any], operation: str) -> list[int]:
    """List the sizes that are rounded up apart: each item of a get, all items of a query together."""
    if operation == "GetItem":
        return [size_of(parsed.get("Item", {}))]
    if operation == "BatchGetItem":
        return [size_of(item) for items in parsed["Responses"].values() for item in items]
    if operation == "Query":
        return [sum(size_of(item) for item in parsed["Items"])]
    return []
