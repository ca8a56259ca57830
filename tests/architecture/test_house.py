"""The house keeps its own rules."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import app as program

ROOT = Path(__file__).parents[2]


def test_imports_point_inwards() -> None:
    checked = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


def test_app_only_registers() -> None:
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) <= 60


def test_requirements_are_pinned_and_without_chalice() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]

    assert all("==" in line for line in wanted)
    assert not any(line.startswith("chalice") for line in wanted)


def test_every_exception_from_a_security_rule_has_its_reason() -> None:
    folders = ("chalicelib", "cli", "infra", "local", "bench", "verify")
    files = [
        *ROOT.glob("*.py"),
        *ROOT.glob("web/*.py"),
        *(file for each in folders for file in ROOT.glob(f"{each}/**/*.py")),
    ]
    code = {file.relative_to(ROOT): file.read_text(encoding="utf-8") for file in files}
    excepted = [(name, line) for name, text in code.items() for line in re.findall(r"# noqa:[^-\n]*\bS\d+.*", text)]

    assert excepted
    assert [each for each in excepted if not re.fullmatch(r"# noqa:[^-\n]*\bS\d+ - .+", each[1])] == []


def test_no_route_asks_a_slow_package_at_import() -> None:
    code = "import app, sys; print([name for name in ('stripe', 'moto', 'pydantic') if name in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"


def configured() -> dict[str, Any]:
    config = json.loads((ROOT / ".chalice/config.json").read_text(encoding="utf-8"))
    functions: dict[str, Any] = (config | config["stages"]["dev"])["lambda_functions"]
    return functions


def test_chalice_names_the_functions_as_the_configuration_does() -> None:
    names = {handler.name for handler in program.app.pure_lambda_functions}
    jobs = {source.name for source in program.app.event_sources}

    assert names == {"stripe_webhook"}
    assert jobs == {
        "expire_credits", "send_alerts", "sweep_purchases", "charge_topups", "audit", "reconcile_stripe",
    }  # fmt: skip
    assert names | jobs | {"token_authorizer"} == set(configured())
    assert [handler.name for handler in program.app.builtin_auth_handlers] == ["token_authorizer"]
