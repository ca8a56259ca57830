"""Every alarm has a page that says what it means, where to look and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra import rules
from infra.template import of_type
from tests.deployment.packaged import made

PAGES = Path(__file__).parents[2] / "docs/runbooks"
INDEX = (PAGES / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.+`) \| .+ \| \[.+\]\((.+)\) \|$", INDEX, re.MULTILINE)


def test_every_alarm_is_in_the_index_once() -> None:
    listed = sorted(name for names, _ in ROWS for name in re.findall(r"`(\w+)`", names))

    assert listed == sorted(of_type(made(), rules.ALARM))


def test_every_page_is_in_the_index() -> None:
    assert {page for _, page in ROWS} == {path.name for path in PAGES.glob("*.md")} - {"README.md"}


@pytest.mark.parametrize("page", sorted({page for _, page in ROWS}))
def test_a_page_says_what_it_means_where_to_look_and_what_to_do(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["What it means", "Look", "Do"]
    assert "$ " in text


@pytest.mark.parametrize("page", sorted({page for _, page in ROWS}))
def test_a_page_names_groups_of_logs_that_there_are(page: str) -> None:
    groups = {
        each["LogGroupName"]["Fn::Sub"].rpartition("/")[2] for each in of_type(made(), "AWS::Logs::LogGroup").values()
    }
    named = set(re.findall(r"/STACK/(\w+)", (PAGES / page).read_text(encoding="utf-8")))

    assert named <= groups | {"JOB"}
