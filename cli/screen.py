"""What commands write: JSON or something for people on stdout; progress, questions and faults on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import typer
from rich import box
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.faults import Misused
from cli.office import Fields, Step

JSON = "tally.json"  # in click's meta: whether this run speaks JSON

Shown = Iterable[RenderableType]


class _Out(Console):
    """Stdout. That nobody reads any more is told on, and no fault."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def speaks_json(context: typer.Context) -> bool:
    return bool(context.meta.get(JSON))


def show(context: typer.Context, found: Fields, lines: Callable[[Fields], Shown]) -> None:
    """Write what was found: as JSON where that is asked for, else as *lines* puts it."""
    if speaks_json(context):
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    console = _Out(highlight=False, markup=False, emoji=False)
    for line in lines(found):
        console.print(line)


def note(text: str) -> None:
    """Tell people something beside the answer."""
    Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True).print(clean(text))


def confirm(context: typer.Context, question: str, *, yes: bool) -> None:
    """
    Ask before what can't be taken back.

    Raises:
        Misused: Nobody can be asked, or the answer is no.
    """
    if yes:
        return
    if speaks_json(context):
        raise Misused("this can't be taken back: with --json say --yes as well")
    try:
        agreed = typer.confirm(clean(question), err=True)
    except typer.Abort:
        raise Misused("this can't be taken back, and nobody is here to be asked: say --yes") from None
    if not agreed:
        raise Misused("nothing was done")


@contextmanager
def progress(what: str) -> Iterator[Step]:
    """Show how far something has come, on stderr and only to people; it leaves nothing behind."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def clean(text: str) -> str:
    """Show what doesn't print as what it is: nobody's words drive the terminal."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def cell(value: object, style: str = "") -> Text:
    """Write a value for people: numbers with separators, nothing as a dash."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, int):
        value = f"{value:,}"
    return Text(clean("-" if value is None or value == "" else str(value)), style=style)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, total: bool = False) -> Table:
    """Lay out rows; a column whose name begins with `>` is of numbers, and stands at the right."""
    laid = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        number = name.startswith(">")
        laid.add_column(name.removeprefix(">"), justify="right" if number else "left", no_wrap=number, overflow="fold")
    listed = list(rows)
    for nth, row in enumerate(listed):
        last = total and nth == len(listed) - 1
        if last:
            laid.add_section()
        laid.add_row(*(each if isinstance(each, Text) else cell(each, "bold" if last else "") for each in row))
    return laid


def facts(pairs: Iterable[tuple[str, object]]) -> Table:
    """Lay out names and what they are."""
    laid = Table.grid(padding=(0, 2))
    laid.add_column(style="dim", no_wrap=True)
    laid.add_column(overflow="fold")
    for name, value in pairs:
        laid.add_row(Text(name), value if isinstance(value, Text) else cell(value))
    return laid


def day(text: str | None) -> str:
    """Cut a time to the minute."""
    return f"{text[:10]} {text[11:16]}" if text else "-"


def signed(credits: int) -> Text:
    return Text(f"{credits:+,}" if credits else "0", style="green" if credits > 0 else "red" if credits < 0 else "")


def money(price: Fields | None) -> str:
    """Write an amount by the exponent that the answer names."""
    if price is None:
        return "-"
    exponent = price["exponent"]
    whole, rest = divmod(price["amount_minor"], 10**exponent)
    return f"{whole:,}{f'.{rest:0{exponent}}' if exponent else ''} {price['currency'].upper()}"
