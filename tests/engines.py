"""Engines for tests: one of each kind per test process, its tables made once, ended with the process."""

from __future__ import annotations

import atexit
import uuid
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pynamodb.connection import Connection

from chalicelib.services.ports import Store
from chalicelib.store import commit
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.tables import TableNames, definitions
from local.engine import Engine, MiniStack, Moto, Roto
from tests.fakes import MemoryStore

NAMES = TableNames("wallets", "purchases", "usage")
REGION = "eu-west-1"  # not the local stack's: all of moto's servers in a process share what they hold, by region
ATOMIC = ("ministack", "roto")  # engines whose transactions hold under concurrency
ALL = ("memory", "moto", *ATOMIC)


@cache
def engine(kind: str) -> Engine:
    """Start an engine, once per process."""
    if kind == "roto":
        folder = TemporaryDirectory(prefix="tally-roto-")
        atexit.register(folder.cleanup)
        started: Engine = Roto(Path(folder.name))
    else:
        started = MiniStack() if kind == "ministack" else Moto()
    atexit.register(started.close)
    return started


@cache
def tables(kind: str) -> str:
    """Give the address of an engine with our tables in it."""
    url = str(engine(kind).url)
    connection = connect(url)
    for definition in definitions(NAMES):
        connection.create_table(**definition)
    return url


def fresh(kind: str) -> Store:
    """Give a store with nothing in it: on an engine, three tables of its own."""
    shared = store(kind)
    if not isinstance(shared, DynamoStore):
        return MemoryStore()
    suffix = uuid.uuid4().hex
    names = TableNames(f"wallets-{suffix}", f"purchases-{suffix}", f"usage-{suffix}")
    for definition in definitions(names):
        shared.connection.create_table(**definition)
    return DynamoStore(shared.connection, names)


def connect(url: str) -> Connection:
    """Connect as the program does, with credentials that only an engine takes."""
    connection = commit.connect(region=REGION, host=url)
    connection.session.set_credentials("test", "test")
    assert connection.client  # made here: a session belongs to its thread, and other threads' would lack credentials
    return connection


@cache
def store(kind: str) -> Store:
    """Give the store on an engine, once per process."""
    return MemoryStore() if kind == "memory" else DynamoStore(connect(tables(kind)), NAMES)
