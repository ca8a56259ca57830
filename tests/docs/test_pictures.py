"""Pictures of what the code keeps as tables are the tables themselves."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.domain.holds import TRANSITIONS, State
from tests.docs.papers import ROOT, fences


def states_of_holds() -> Iterator[str]:
    """Draw the table of holds."""
    yield "stateDiagram-v2"
    yield "  direction LR"
    yield f"  [*] --> {State.OPEN}: place"
    for (before, transition), after in TRANSITIONS.items():
        yield f"  {before} --> {after}: {transition}"
    for state in State:
        if not any(before is state for before, _ in TRANSITIONS):
            yield f"  {state} --> [*]"


def test_the_picture_of_holds_is_the_table_of_the_code() -> None:
    drawn = [block for block in fences(ROOT / "docs/concepts.md", "mermaid") if "captured" in block]

    assert drawn == ["".join(f"{line}\n" for line in states_of_holds())]
