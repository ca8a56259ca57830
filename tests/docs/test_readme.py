"""The papers say what is so: tours run, links lead somewhere, commands exist, numbers are what was measured."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import app
from chalicelib.api.scopes import DECLARED, Scope
from local.stack import Stack
from tests.docs.papers import PAPERS, README, ROOT, Step, anchors, code, fences, files, links, numbers, walk
from tests.local.places import free_row

TOURS = (README, ROOT / "docs/quickstart.md")
MEASURING = (
    "tests/engine/test_costs.py",
    "tests/engine/test_usage_costs.py",
    "tests/engine/test_hold_costs.py",
    "tests/store/test_sizes.py",
)


def named(paper: Path) -> str:
    return str(paper.relative_to(ROOT))


@pytest.fixture(scope="module", params=TOURS, ids=named)
def tour(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """A tour that was walked through on a stack of its own."""
    if missing := [tool for tool in ("bash", "curl") if not shutil.which(tool)]:
        pytest.skip(f"{' and '.join(missing)} not installed here")
    with Stack(free_row(), tmp_path_factory.mktemp("tour"), say=lambda _: None) as stack:
        steps, complaints = walk(request.param, stack.port)
    assert complaints == ""
    return steps


def test_every_line_of_a_tour_runs(tour: list[Step]) -> None:
    assert [(step.command, step.status) for step in tour if step.status != "0"] == []


def test_every_answer_is_as_the_paper_says(tour: list[Step]) -> None:
    wrong = [(step.command, text, step.answer) for step in tour for text in step.expected if text not in step.answer]

    assert wrong == []
    assert sum(len(step.expected) for step in tour) >= 5


@pytest.mark.parametrize("tour", [README], indirect=True, ids=named)
def test_the_readmes_tour_buys_1000_credits_and_meets_the_limit(tour: list[Step]) -> None:
    answers = {step.command: step.answer for step in tour}
    [balance] = [answer for command, answer in answers.items() if "/api/credits/balance" in command]
    [refusal] = [answer for answer in answers.values() if '"status": 402' in answer]

    assert balance.strip() == "1000"
    assert '"code": "insufficient_credits"' in refusal
    assert all(f'"{offered}"' in refusal for offered in ("offers", "starter", "pro"))


@pytest.mark.parametrize("paper", PAPERS, ids=named)
def test_every_relative_link_leads_somewhere(paper: Path) -> None:
    lost = [
        (str(target), heading)
        for target, heading in links(paper)
        if not target.exists() or (heading and heading not in anchors(target))
    ]

    assert lost == []


@pytest.mark.parametrize("paper", PAPERS, ids=named)
def test_every_file_that_is_named_exists(paper: Path) -> None:
    assert [name for name in files(paper) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("paper", PAPERS, ids=named)
def test_every_make_target_that_is_named_exists(paper: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z-]+)", code(paper))) <= targets


def test_the_readme_names_the_two_commands() -> None:
    assert {"run", "test"} <= set(re.findall(r"\bmake ([a-z-]+)", code(README)))


def test_the_quickstart_lists_every_route_and_who_may_call_it() -> None:
    text = (ROOT / "docs/quickstart.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z]+) (/api/\S+)` \| ([a-z, ]+) \|", text, re.MULTILINE)
    listed = {(method, path): set(who.split(", ")) for method, path, who in rows}

    assert app.routes
    assert listed == {
        route: {"everybody" if scope is Scope.PUBLIC else scope.removeprefix("tally:") for scope in scopes}
        for route, scopes in DECLARED.items()
    }


def test_every_decision_is_in_the_list_and_has_its_parts() -> None:
    folder = ROOT / "docs/decisions"
    pages = sorted(folder.glob("[0-9]*.md"))

    assert [target for target, _ in links(folder / "README.md")] == pages
    for page in pages:
        assert anchors(page) >= {"context", "decision", "consequences"}, page


def test_the_numbers_in_the_readme_are_those_that_the_tests_print() -> None:
    around = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rP", "-p", "no:cacheprovider", "-p", "no:xdist", *MEASURING],
        cwd=ROOT,
        env=around,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    [quoted] = [block for block in fences(README, "text") if "round trips" in block]

    assert sorted(numbers(quoted)) == sorted(set(numbers(run.stdout)))
