"""What it costs: units are those of the items that the code writes, jobs are those that Chalice registered."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

import app as program
from bench.units import read_units, size_of, write_units
from chalicelib.domain.usage import Use, decide_all
from chalicelib.store.items import entry_to_item, wallet_to_item
from chalicelib.wiring import catalog
from cli.cost.bill import JOBS, MONTH_DAYS, Load, bill
from cli.cost.prices import USUAL, with_changes
from cli.cost.units import OVERHEAD, _stamp, of_uses, of_wallet, old_wallet
from tests.cli.seat import Seat


def quantity(load: Load, what: str, price: str) -> Decimal:
    return sum(
        (line.quantity for line in bill(load, USUAL).lines if (line.what, line.price) == (what, price)), Decimal(0)
    )


def test_a_use_takes_what_an_engine_reports() -> None:
    assert (of_uses(1).writes, of_uses(1).reads) == (6, 1)  # as tests/engine/test_usage_costs.py measures
    assert of_uses(40).writes / 40 <= 2.5
    assert of_uses(100).writes == 2 * of_uses(45).writes + of_uses(10).writes


def test_units_are_those_of_the_items_that_are_written() -> None:
    use = Use(wallet_id=old_wallet().wallet_id, meter="pull_requests", quantity=12)
    decision = decide_all(old_wallet(), [use], catalog(), _stamp()).decision
    assert decision
    entry, wallet = size_of(entry_to_item(decision.entry)), size_of(wallet_to_item(decision.wallet))

    assert of_uses(1).entry_bytes == entry + OVERHEAD
    assert of_uses(1).writes == write_units(wallet, transactional=True) + write_units(entry, transactional=True) + 2
    assert of_uses(1).reads == read_units(wallet, consistent=True)
    assert of_wallet().wallet_bytes == size_of(wallet_to_item(old_wallet())) + OVERHEAD


def test_every_line_is_a_quantity_times_its_price() -> None:
    found = bill(Load(wallets=1000, events=1_000_000, reads=5000), USUAL)

    assert all(line.usd == USUAL.of(line.price, line.quantity) for line in found.lines)
    assert found.total == sum(line.usd for line in found.lines)
    assert quantity(found.load, "uses", "write_units") == 6_000_000
    assert quantity(found.load, "uses", "read_units") == 1_005_000
    assert quantity(found.load, "requests", "api_requests") == 1_005_000
    assert USUAL.of("write_units", Decimal(6_000_000)) == Decimal("3.75")


def test_batches_cost_fewer_requests_and_units() -> None:
    alone, together = (Load(wallets=10, events=1_000_001, batch=batch) for batch in (1, 40))

    assert together.requests == 25_001
    assert bill(together, USUAL).total < bill(alone, USUAL).total / 2


def test_nothing_costs_its_jobs_and_alarms_alone() -> None:
    found = bill(Load(wallets=0, events=0), USUAL)

    assert {line.what for line in found.lines if line.usd} == {"jobs", "alarms"}
    assert found.shown()["usd_per_thousand_events"] is None


def test_the_jobs_are_those_that_run() -> None:
    minutes = {"minute": 1, "hour": 60, "day": 24 * 60}
    runs = {}
    sources: list[Any] = program.app.event_sources
    for source in sources:
        parts = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", source.schedule_expression.to_string())
        assert parts
        runs[source.name] = MONTH_DAYS * 24 * 60 // (int(parts[1]) * minutes[parts[2]])

    assert {name: runs for name, (runs, _) in JOBS.items()} == runs


def test_prices_can_be_set_and_say_what_they_are(direct: Seat) -> None:
    usual = direct.told("cost", "--wallets", "10", "--events", "1000")
    dearer = direct.told("cost", "-n", "10", "-m", "1000", "--price", "alarms=1.5", "--price", "logs=0")

    assert (usual["as_of"], usual["region"], usual["changed"]) == ("2025-12-01", "us-east-1", [])
    assert dearer["changed"] == ["alarms", "logs"]
    assert dearer["prices"]["alarms"]["usd"] == "1.5"
    assert Decimal(dearer["total_usd"]) > Decimal(usual["total_usd"])
    assert direct.told("cost", "--prices")["prices"].keys() == USUAL.by_name.keys()


@pytest.mark.parametrize("wrong", ["gold=1", "logs", "logs=-1", "logs=NaN", "logs=dear"])
def test_a_price_that_is_none_is_refused(direct: Seat, wrong: str) -> None:
    assert direct.run("cost", "--price", wrong).code == 2
    with pytest.raises(ValueError, match=r"logs|gold"):
        with_changes(USUAL, [wrong])


@pytest.mark.parametrize("typed", [(), ("--prices",), ("-n", "100000", "-m", "50000000")])
def test_a_bill_fits_a_terminal_and_names_its_date(direct: Seat, typed: tuple[Any, ...]) -> None:
    ended = direct.run("cost", *typed, TALLY_STAGE=None)

    assert (ended.code, ended.is_narrow) == (0, True)
    assert "Prices are assumed" in ended.out
    assert "2025-12-01" in ended.out
