"""The papers as tests read them: their fences, links, code, and the tours that can be run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAPERS = (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")), ROOT / "chalicelib/domain/README.md")

FENCE = re.compile(r"^ *```(?P<kind>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
PLACE = re.compile(r"(?:chalicelib|local|tests|bench|infra|docs|\.chalice)(?:/[\w.-]+)+")
HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)
ANSWER = "# → "  # what follows stands in the answer of the command above
MARK = "==="  # between the answers of two commands
LONGEST_TOUR = 60  # seconds


@dataclass(slots=True)
class Step:
    """One line of a tour, what the paper says of its answer, and what came of it."""

    command: str
    expected: list[str] = field(default_factory=list)
    answer: str = ""
    status: str = "not run"


def fences(paper: Path, kind: str) -> list[str]:
    """Give the text of every fence of one kind."""
    return [found["text"] for found in FENCE.finditer(paper.read_text(encoding="utf-8")) if found["kind"] == kind]


def prose(paper: Path) -> str:
    """Give a paper without its fences."""
    return FENCE.sub("", paper.read_text(encoding="utf-8"))


def code(paper: Path) -> str:
    """Give everything in a paper that is set as code."""
    text = paper.read_text(encoding="utf-8")
    return "\n".join([*(found["text"] for found in FENCE.finditer(text)), *INLINE.findall(FENCE.sub("", text))])


def files(paper: Path) -> list[str]:
    """Name the files and folders that a paper sets as code, by their path from the root."""
    return [name for name in INLINE.findall(prose(paper)) if PLACE.fullmatch(name)]


def anchors(paper: Path) -> set[str]:
    """Name a paper's headings as GitHub does in addresses."""
    titles = (found["title"].lower() for found in HEADING.finditer(prose(paper)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def links(paper: Path) -> Iterator[tuple[Path, str]]:
    """List where a paper's relative links lead: a file or a folder, and a heading in it."""
    for found in LINK.finditer(INLINE.sub("", prose(paper))):
        place, _, heading = found["target"].partition("#")
        if "://" not in place and not place.startswith("mailto:"):
            yield (paper.parent / place).resolve() if place else paper, heading


def tour(paper: Path) -> list[Step]:
    """Read the lines of a paper's one tour."""
    [block] = fences(paper, "sh")
    steps: list[Step] = []
    for line in filter(None, map(str.strip, block.splitlines())):
        if line.startswith(ANSWER):
            steps[-1].expected.append(line.removeprefix(ANSWER))
        elif not line.startswith("#"):
            steps.append(Step(line))
    return steps


def walk(paper: Path, port: int) -> tuple[list[Step], str]:
    """Run a paper's tour in one bash, line by line, and note what came of each; also what it complained of."""
    steps = tour(paper)
    script = "\n".join(f"{step.command}\nprintf '\\n{MARK} %s\\n' \"$?\"" for step in steps)
    bin_first = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        env={**os.environ, "PORT": str(port), "PATH": bin_first},
        capture_output=True,
        text=True,
        timeout=LONGEST_TOUR,
        check=False,
    )
    ends = re.split(rf"\n{MARK} (\d+)\n", run.stdout)
    for step, answer, status in zip(steps, ends[::2], ends[1::2], strict=False):
        step.answer, step.status = answer, status
    return steps, run.stderr


def numbers(text: str) -> list[str]:
    """Find the lines with which tests say what they measured."""
    return re.findall(r"^.*\d (?:round trips|bytes).*$", text, re.MULTILINE)
