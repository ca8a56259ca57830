"""Exports and what they prove, as people see them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from cli.office import Fields
from cli.screen import clean, facts
from verify.tally_verify import told


def exported(found: Fields) -> Iterator[RenderableType]:
    how = "was complete already" if not found["pages"] else "resumed" if found["resumed"] else "written"
    yield facts(
        [
            ("file", Text(found["file"], style="bold")),
            ("", f"{how}, {found['pages']:,} pages"),
            ("entries", found["entries"]),
            ("head", found["head"]),
        ]
    )


def verified(found: Fields, name: str) -> Iterator[RenderableType]:
    first, *rest = told(dict(found), name)
    yield Text(clean(first), style="green" if found["holds"] else "bold red", overflow="fold")
    for line in rest:
        yield Text(clean(line), overflow="fold")
