"""Demo wallets, where no customer is."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.context import office_of
from cli.options import AsJson, DryRun, Yes
from cli.screen import confirm, progress, show
from cli.views import deeds


def register(app: typer.Typer) -> None:
    app.command()(seed)


def seed(
    ctx: typer.Context,
    *,
    wallets: Annotated[int, typer.Option("--wallets", min=1, max=1000, help="How many.")] = 3,
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="Days of use that lead up to now.")] = 14,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write demo wallets into a stage that isn't production."""
    office = office_of(ctx)
    planned = office.seed(wallets, days, dry_run=True, step=lambda _done, _total: None)
    if not dry_run:
        confirm(ctx, f"Write {wallets} demo wallets into stage {planned['stage']}?", yes=yes)
        with progress("demo wallets") as step:
            planned = office.seed(wallets, days, dry_run=False, step=step)
    show(ctx, {**planned, "dry_run": dry_run}, deeds.seeded)
