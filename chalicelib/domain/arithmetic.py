"""
Plain arithmetic on whole numbers: what explanations state, evaluated without `eval`, so that anybody can check them.

An expression has decimal numbers, `+ - * //`, parentheses, `max`, `min`, and `ceil(a, b)` for a ÷ b rounded up.
Nothing else is read, and no number on the way may be larger than the product of two that entries can hold.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Sequence

from chalicelib.domain.ledger import LARGEST_INTEGER

LONGEST = 4000  # characters
DEEPEST = 200  # operations within operations; a sum of so many is as deep
LARGEST = LARGEST_INTEGER**2
TOKENS = re.compile(r"(?:[0-9]|max|min|ceil|[-+*/(), ])+")


def evaluate(expression: str) -> int:
    """
    Say what an expression comes to.

    Raises:
        ValueError: It is no such expression, is too long or too deep, divides by nothing, or grows too large.
    """
    if len(expression) > LONGEST or not TOKENS.fullmatch(expression):
        raise ValueError("not plain arithmetic, or too long")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, RecursionError, MemoryError):  # the last two: nested deeper than Python's own parser goes
        raise ValueError("not an expression") from None
    return _value(tree.body, DEEPEST)


def _value(node: ast.expr, depth: int) -> int:
    if not depth:
        raise ValueError("nested too deep")
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return _bounded(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, depth - 1)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        left, right = _value(node.left, depth - 1), _value(node.right, depth - 1)
        return _bounded(OPERATIONS[type(node.op)](left, right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _function(node.func.id)([_value(each, depth - 1) for each in node.args])
    raise ValueError("something else than plain arithmetic")


def _function(name: str) -> Callable[[Sequence[int]], int]:
    if name not in FUNCTIONS:
        raise ValueError("no such function")
    return FUNCTIONS[name]


def _bounded(value: int) -> int:
    if abs(value) > LARGEST:
        raise ValueError("too large a number")
    return value


def _divide(number: int, by: int) -> int:
    if not by:
        raise ValueError("divided by nothing")
    return number // by


def _ceil(numbers: Sequence[int]) -> int:
    if len(numbers) != 2:  # noqa: PLR2004 - what is divided, and by what
        raise ValueError("ceil takes two numbers")
    return -_divide(-numbers[0], numbers[1])


def _several(choose: Callable[[Sequence[int]], int]) -> Callable[[Sequence[int]], int]:
    def chosen(numbers: Sequence[int]) -> int:
        if len(numbers) < 2:  # noqa: PLR2004 - of one there is nothing to choose
            raise ValueError("max and min take two numbers or more")
        return choose(numbers)

    return chosen


OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: _divide,
}
FUNCTIONS: dict[str, Callable[[Sequence[int]], int]] = {"max": _several(max), "min": _several(min), "ceil": _ceil}
