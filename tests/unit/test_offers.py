"""The cheapest way out of a limit: exact, against brute force."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.catalog import MOST_OF_A_PACKAGE
from chalicelib.domain.money import Money
from chalicelib.domain.offers import cheapest_packages, cheapest_plan, offers_for
from tests.builders import CATALOG, catalog, package

TWO = catalog(
    package(package_id="small", credits=1000, price=Money(1000, "usd")),
    package(package_id="large", credits=5000, price=Money(4000, "usd")),
)


@pytest.mark.parametrize(
    ("credits", "chosen"),
    [
        (1, {"small": 1}),
        (1000, {"small": 1}),
        (1001, {"small": 2}),
        (3000, {"small": 3}),
        (3001, {"large": 1}),  # four small ones cost as much and hold less
        (5001, {"small": 1, "large": 1}),
        (600_000, {"small": 100, "large": 100}),
        (600_001, {}),
    ],
)
def test_the_cheapest_set_covers_the_shortfall(credits: int, chosen: dict[str, int]) -> None:
    assert {each.package_id: n for each, n in cheapest_packages(TWO, credits)} == chosen


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 40)), min_size=1, max_size=3),
    st.integers(1, 60),
)
def test_no_other_set_is_cheaper(offered: list[tuple[int, int]], need: int) -> None:
    found = catalog(
        *(
            package(package_id=f"p{n}", credits=size * 10, price=Money(price, "usd"))
            for n, (size, price) in enumerate(offered)
        )
    )
    credits = need * 10

    chosen = cheapest_packages(found, credits)

    most = min(MOST_OF_A_PACKAGE, need)
    prices = [
        sum(n * price for n, (_, price) in zip(numbers, offered, strict=True))
        for numbers in product(range(most + 1), repeat=len(offered))
        if sum(n * size * 10 for n, (size, _) in zip(numbers, offered, strict=True)) >= credits
    ]
    assert sum(each.price.amount_minor * n for each, n in chosen) == min(prices)
    assert sum(each.total_credits * n for each, n in chosen) >= credits
    assert all(0 < n <= MOST_OF_A_PACKAGE for _, n in chosen)


def test_the_total_is_the_sum_of_the_packages() -> None:
    offers = offers_for(TWO, "free", "calls", 50, shortfall=6000)

    assert offers.total == Money(5000, "usd")
    assert offers.plan
    assert offers.plan.plan_id == "pro"


def test_without_a_shortfall_no_packages_are_offered() -> None:
    offers = offers_for(TWO, "free", "calls", 50, shortfall=None)

    assert (offers.packages, offers.total) == ((), None)


def test_no_plan_is_offered_that_does_not_include_it() -> None:
    assert cheapest_plan(CATALOG, "free", "calls", 101) is None
    assert cheapest_plan(CATALOG, "pro", "calls", 50) is None
    assert offers_for(CATALOG, "free", "calls", 101, shortfall=1).plan is None
