"""Engines: they start, keep what they should, end alone, and get our tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.store.commit import ask, connect
from chalicelib.store.tables import TableNames
from local import engine as engines
from local import surroundings, tables
from local.child import Child, DidNotStart, free_port, listens
from local.engine import Elsewhere, Engine, MiniStack, Moto, Roto
from local.ministack import program

NAMES = TableNames("wallets", "purchases", "usage")
THING = {"wallet_id": {"S": "w#a"}, "sk": {"S": "customer"}}


@pytest.fixture(params=["roto", "moto", "ministack"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "ministack" and not program().exists():
        pytest.skip("MiniStack is not installed here")
    if request.param == "moto":
        pytest.importorskip("flask")
    kinds: dict[str, Callable[[], Engine]] = {
        "roto": lambda: Roto(tmp_path / "roto"),
        "moto": Moto,
        "ministack": MiniStack,
    }
    started = kinds[request.param]()
    with closing(started), surroundings.replaced(engines.environment(started)):
        yield started


def test_tables_are_made_where_they_are_missing(engine: Engine) -> None:
    connection = connect(region=engines.REGION)

    with pytest.raises(tables.Unusable, match="wallets, purchases, usage missing"):
        tables.demand(connection, NAMES)
    tables.make(connection, NAMES)
    tables.make(connection, NAMES)
    tables.demand(connection, NAMES)

    assert sorted(connection.list_tables()["TableNames"]) == ["purchases", "usage", "wallets"]


def test_customers_of_an_earlier_stand_in_are_forgotten_and_nothing_else(engine: Engine) -> None:
    connection = connect(region=engines.REGION)
    tables.make(connection, NAMES)
    for item in (THING, {**THING, "sk": {"S": "p#1"}}, {**THING, "wallet_id": {"S": "w#b"}}):
        ask(connection, "PutItem", {"TableName": "purchases", "Item": item})

    tables.forget_customers(connection, NAMES)

    assert ask(connection, "Scan", {"TableName": "purchases"})["Items"] == [{**THING, "sk": {"S": "p#1"}}]


def test_roto_finds_its_state_again_after_a_power_cut(tmp_path: Path) -> None:
    with closing(Roto(tmp_path / "roto")) as first, surroundings.replaced(engines.environment(first)):
        connection = connect(region=engines.REGION)
        tables.make(connection, NAMES)
        ask(connection, "PutItem", {"TableName": "purchases", "Item": THING})
        first.kill()

    with closing(Roto(tmp_path / "roto")) as second, surroundings.replaced(engines.environment(second)):
        found = ask(connect(region=engines.REGION), "GetItem", {"TableName": "purchases", "Key": THING})

    assert found["Item"] == THING


def test_closing_ends_the_own_process_and_no_other(tmp_path: Path) -> None:
    with closing(Roto(tmp_path / "one")) as one, closing(Roto(tmp_path / "other")) as other:
        one.close()

        assert not listens(int(one.url.rpartition(":")[2]))
        assert listens(int(other.url.rpartition(":")[2]))
        with pytest.raises(ProcessLookupError):
            os.kill(one.pid, 0)


def test_tables_of_another_version_are_not_used(tmp_path: Path) -> None:
    key = [{"AttributeName": "wallet_id", "AttributeType": "S"}]
    with closing(Roto(tmp_path / "roto")) as old, surroundings.replaced(engines.environment(old)):
        connection = connect(region=engines.REGION)
        schema = [{"AttributeName": "wallet_id", "KeyType": "HASH"}]
        connection.create_table("wallets", attribute_definitions=key, key_schema=schema, billing_mode="PAY_PER_REQUEST")

        with pytest.raises(tables.Unusable, match="wallets is of another version"):
            tables.make(connection, NAMES)


def test_an_engine_that_is_not_there_is_said_so() -> None:
    nobody = Elsewhere(f"http://127.0.0.1:{free_port()}")

    with surroundings.replaced(engines.environment(nobody)), pytest.raises(tables.Unusable, match="connect"):
        tables.make(connect(region=engines.REGION), NAMES)


def test_an_address_in_the_environment_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engines.ADDRESS, "http://127.0.0.1:4566")
    given = engines.start(tmp_path, print)
    monkeypatch.setenv(engines.ADDRESS, engines.REAL)
    real = engines.start(tmp_path, print)

    assert (given.url, real.url) == ("http://127.0.0.1:4566", None)
    assert engines.environment(given)["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:4566"
    assert engines.environment(real) == {}
    assert not any(tmp_path.iterdir())


def test_without_roto_moto_takes_its_place_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("flask")
    monkeypatch.delenv(engines.ADDRESS, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    said: list[str] = []

    instead = engines.start(tmp_path / "roto", said.append)
    instead.close()

    assert isinstance(instead, Moto)
    assert said == [
        "roto did not start (there is no roto-server); moto takes its place, and forgets everything at the end"
    ]


def test_a_child_that_ends_at_once_shows_what_it_said(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with pytest.raises(DidNotStart, match="no such luck"):
        Child(["sh", "-c", "echo no such luck; exit 3"], log=log, is_ready=lambda: False)
    with pytest.raises(DidNotStart, match="No such file"):
        Child([tmp_path / "nothing"], log=log, is_ready=lambda: True)


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_REGION", raising=False)

    with surroundings.replaced(engines.environment(Elsewhere("http://127.0.0.1:1"))):
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_REGION"] == "us-east-1"

    assert os.environ["AWS_PROFILE"] == "mine"
    assert "AWS_REGION" not in os.environ
