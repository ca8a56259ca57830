"""The catalogue: what ships is right, and what is wrong is named by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.domain.catalog import LowBalance, WrongCatalog, parse
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.money import Money

SHIPPED = (Path(__file__).parents[2] / "chalicelib/catalog.toml").read_text(encoding="utf-8")
GOOD = """currency = "usd"
[low_balance]
credits = 100
percent_of_last_purchase = 10
[packages.starter]
name = "1,000 credits"
credits = 1000
price_minor = 1000
"""


def test_the_shipped_catalogue_sells_what_was_asked_for() -> None:
    packages = parse(SHIPPED).packages

    assert packages["starter"].price == Money(1000, "usd")
    assert (packages["starter"].credits, packages["growth"].credits) == (1000, 5000)
    assert packages["growth"].price == Money(4000, "usd")
    assert [each.saves_percent for each in packages.values()] == [0, 20, 28]


def test_a_package_is_found_by_its_name() -> None:
    assert parse(GOOD).package("starter").expires_after_days is None
    with pytest.raises(InvalidRequest, match="package_id"):
        parse(GOOD).package("other")


def test_low_is_the_larger_of_both_lines() -> None:
    low = LowBalance(credits=100, percent_of_last_purchase=10)

    assert [low.line(None), low.line(500), low.line(5000)] == [100, 100, 500]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("credits = 1000", "credits = 0", "line 7: packages.starter.credits"),
        ("credits = 1000", "credits = 1.5", "line 7: packages.starter.credits"),
        ("credits = 1000", "credits = true", "line 7: packages.starter.credits"),
        ("credits = 1000\n", "", "line 5: packages.starter.credits"),
        ("price_minor = 1000", "price_minor = -1", "line 8: packages.starter.price_minor"),
        ("price_minor", "price", "line 8: packages.starter.price: unknown"),
        ('name = "1,000 credits"', 'name = " "', "line 6: packages.starter.name"),
        ("packages.starter", "packages.Starter", "line 5: packages.Starter"),
        ("[packages.starter]", "[[packages]]", "a table with something in it"),
        ("[packages.starter]", "[packages]", "a table is wanted"),
        ('"usd"', "1", "line 1: currency"),
        ("percent_of_last_purchase = 10", "percent_of_last_purchase = 101", "line 4: low_balance.percent"),
        ("[low_balance]", "[low]", "low: unknown"),
        ('currency = "usd"', 'currency = "usd', "line 1"),
    ],
)
def test_a_wrong_catalogue_names_the_line(old: str, new: str, said: str) -> None:
    with pytest.raises(WrongCatalog, match=said):
        parse(GOOD.replace(old, new))
