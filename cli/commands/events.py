"""Events that were kept aside: what there is, and applying one after all."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.moving import carry_out
from cli.context import office_of
from cli.office import Act, Command
from cli.options import AsJson, Cursor, DryRun, Key, Limit, Yes, key_of
from cli.screen import confirm, show
from cli.views import deeds, looks


def register(app: typer.Typer) -> None:
    app.command()(quarantine)
    app.command()(replay)


def quarantine(ctx: typer.Context, *, limit: Limit = 25, cursor: Cursor = None, as_json: AsJson = False) -> None:
    """List events that were kept aside for a person."""
    show(ctx, office_of(ctx).quarantine(cursor, limit), looks.quarantine)


def replay(
    ctx: typer.Context,
    event_id: Annotated[str, typer.Argument(metavar="EVENT", help="The event's id.")],
    *,
    key: Key = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Apply an event that was kept aside, by your word."""
    if not dry_run:
        confirm(ctx, f"Apply {event_id} after all?", yes=yes)
    command = Command(act=Act.REPLAY, subject=event_id, key=key_of(ctx, key, dry_run=dry_run), dry_run=dry_run)
    carry_out(ctx, command, deeds.replayed)
