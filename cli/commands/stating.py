"""The books in words: how an entry came to its credits, and what a month brought and took."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from chalicelib.api.statement_views import statement_csv
from cli.context import office_of
from cli.faults import Misused
from cli.options import AsJson, WalletId
from cli.screen import show
from cli.views import books


def register(app: typer.Typer) -> None:
    app.command()(explain)
    app.command()(statement)


def explain(
    ctx: typer.Context,
    wallet_id: WalletId,
    seq: Annotated[int, typer.Argument(metavar="SEQ", min=1, max=10**12 - 1, help="The entry's number.")],
    *,
    as_json: AsJson = False,
) -> None:
    """State the arithmetic of an entry, and why these lots paid."""
    show(ctx, office_of(ctx).explanation(wallet_id, seq), books.explanation)


def statement(
    ctx: typer.Context,
    wallet_id: WalletId,
    month: Annotated[str | None, typer.Argument(metavar="[MONTH]", help="As 2026-11; else this month.")] = None,
    *,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a month brought and took."""
    if csv and as_json:
        raise Misused("either --csv or --json")
    found = office_of(ctx).statement(wallet_id, month)
    if csv:
        sys.stdout.write(statement_csv(found))
    else:
        show(ctx, found, books.statement)
