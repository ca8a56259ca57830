"""Options and arguments that several commands share, and how what was typed is read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from secrets import token_hex
from typing import Annotated

import typer

from chalicelib.domain.times import from_text
from cli.faults import Misused
from cli.screen import JSON, note, speaks_json

KEY = re.compile(r"[!-~]{1,128}")


def _remember(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer calls it so
    context.meta[JSON] = value
    return value


WalletId = Annotated[str, typer.Argument(metavar="WALLET", help="The wallet's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, and nothing else.", callback=_remember)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; it stands in the entry.", show_default=False)]
Key = Annotated[
    str | None, typer.Option("--key", help="The idempotency key; a repeat with it does nothing twice.", metavar="KEY")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100, help="Lines on a page.")]
Cursor = Annotated[str | None, typer.Option("--cursor", help="Go on behind a page.", metavar="CURSOR")]


def key_of(context: typer.Context, given: str | None, *, dry_run: bool) -> str:
    """
    Take the key that was given, or make one and say it before anything is sent.

    Raises:
        Misused: It isn't 1 to 128 characters from `!` to `~`.
    """
    if given is not None and not KEY.fullmatch(given):
        raise Misused("--key: 1 to 128 characters from ! to ~ are wanted")
    key = given or f"tally-{token_hex(8)}"
    if not given and not dry_run and not speaks_json(context):
        note(f"key {key} (a repeat with --key {key} does nothing twice)")
    elif not given and not dry_run:
        note(f"key {key}")
    return key


def moment(name: str, text: str | None) -> datetime | None:
    """
    Read a day, or an RFC 3339 time.

    Raises:
        Misused: It is none.
    """
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-22"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        return from_text(text)
    except (ValueError, OverflowError):
        raise Misused(f"{name}: a day or a time is wanted, for example 2026-11-22 or 2026-11-22T09:30:00Z") from None
