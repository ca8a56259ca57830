"""Arithmetic: plain sums are evaluated, and nothing else is, whatever is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.arithmetic import LARGEST, LONGEST, evaluate

SUMS = {
    "0": 0,
    "12": 12,
    " 1 + 2 ": 3,
    "0 - 5": -5,
    "-5": -5,
    "2 - -3": 5,
    "2 + 3 * 4": 14,
    "(2 + 3) * 4": 20,
    "10 - 4 - 3": 3,
    "7 // 2": 3,
    "(0 - 7) // 2": -4,
    "ceil(7, 2)": 4,
    "ceil(6, 2)": 3,
    "ceil(0 - 7, 2)": -3,
    "max(3, 5, 4)": 5,
    "min(3, 5)": 3,
    "ceil(max(12 - 10, 0) * 1, 3) - ceil(max(7 - 10, 0) * 1, 3)": 1,
}


@pytest.mark.parametrize("expression", SUMS)
def test_a_sum_comes_to_what_it_says(expression: str) -> None:
    assert evaluate(expression) == SUMS[expression]


REFUSED = [
    *("", " ", "1 +", "(1", "1)", "1 2", "007", "()", "1,", "1, 2", "(1, 2)", "max", "1 max", "1(2)"),
    *("2 ** 3", "7 / 2", "7 % 2", "1 << 2", "1 == 1", "1 < 2", "~1", "+1", "not 1", "1 or 2", "1 if 1 else 2"),
    *("1.0", "1e3", "0x10", "0b1", "0o7", "1_000", "1j", "True", "None", "'a'", "１", "٣", "²"),
    *("a", "credits", "__import__('os')", "exit()", "().__class__", "max.__self__", "(1).real", "abs(1)", "pow(2, 3)"),
    *("lambda: 1", "[1][0]", "[1]", "{1}", "f'{1}'", "max(x=1)", "max(1, key=2)", "x := 1", "1 # one", "1; 2"),
    *("max()", "max(1)", "min(1)", "max(*(1, 2))", "ceil(1)", "ceil(1, 2, 3)", "ceil()", "ceil(ceil)"),
    *("maxmin(1, 2)", "ceilmax(1, 2)", "max(1, 2)(3)", "max(1, 2, **3)", "1 +\n 2"),
    *("1 // 0", "ceil(1, 0)", "1 // (2 - 2)"),
]


@pytest.mark.parametrize("expression", REFUSED)
def test_anything_else_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that it is one is the contract
        evaluate(expression)


def test_numbers_are_bounded_by_the_product_of_the_largest() -> None:
    largest = 2**53 - 1
    assert evaluate(f"{largest} * {largest}") == LARGEST
    for expression in (f"{LARGEST} + 1", f"0 - {LARGEST} - 1", "9" * 40, f"{LARGEST} * {LARGEST}"):
        with pytest.raises(ValueError, match="too large"):
            evaluate(expression)


def test_length_is_bounded() -> None:
    assert evaluate("1".rjust(LONGEST)) == 1
    with pytest.raises(ValueError, match="too long"):
        evaluate("1".rjust(LONGEST + 1))


@pytest.mark.parametrize("deep", [100, 190])
def test_a_sum_of_as_many_as_an_entry_has_is_evaluated(deep: int) -> None:
    assert evaluate("1" + " - 1" * deep) == 1 - deep


DEEP = {
    "a long sum": "1" + "+1" * 1900,
    "a sum a little too long": "1" + " + 1" * 201,
    "parentheses": "(" * 1900 + "1" + ")" * 1900,
    "signs": "-" * (LONGEST - 1) + "1",
    "functions": "max(1," * 500 + "1" + ")" * 500,
    "open parentheses": "(" * LONGEST,
    "open functions": "max(" * (LONGEST // 4),
}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_too_deep_is_refused_and_breaks_nothing(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that it is one is the contract
        evaluate(DEEP[name])


@given(st.text(st.sampled_from("0123456789+-*/(), maxincel"), max_size=30))
def test_whatever_is_written_gives_a_number_or_is_refused(expression: str) -> None:
    try:
        value = evaluate(expression)
    except ValueError:
        return
    assert type(value) is int


NUMBERS = st.integers(0, 10**6)
PAIRS = st.tuples(NUMBERS, NUMBERS)


@given(NUMBERS, NUMBERS, st.integers(1, 1000), st.integers(1, 1000))
def test_the_price_of_a_total_is_the_laws(used: int, quota: int, credits: int, per: int) -> None:
    expected = -(-max(0, used - quota) * credits // per)

    assert evaluate(f"ceil(max({used} - {quota}, 0) * {credits}, {per})") == expected
