"""How amounts read, and what the stand-in is made of."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from local.stripe import money

PACKAGE = Path(money.__file__).parent


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1_000, "usd", "$10.00"),
        (123_456_789, "usd", "$1,234,567.89"),
        (-5, "eur", "-€0.05"),
        (1_000, "jpy", "¥1,000"),
        (5_250, "kwd", "5.250 KWD"),
        (-100, "chf", "-1.00 CHF"),
    ],
)
def test_amounts_read_as_people_write_them(amount: int, currency: str, text: str) -> None:
    assert money.written(amount, currency) == text


@pytest.mark.parametrize("module", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_only_the_transport_imports_what_python_does_not_bring(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    strange = {name for name in names if name.split(".")[0] not in {*sys.stdlib_module_names, "local"}}

    assert strange == ({"stripe"} if module.stem == "transport" else set())
