"""Looking at wallets: all about one, its history, its open holds, and whatever hangs together with an id."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.context import office_of
from cli.office import Wish
from cli.options import AsJson, Cursor, Limit, WalletId, moment
from cli.screen import show
from cli.views import looks

hold = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.command()(wallet)
    app.command()(history)
    app.command()(trace)
    hold.command("list")(list_holds)
    app.add_typer(hold, name="hold", help="Holds of a wallet.")


def wallet(ctx: typer.Context, wallet_id: WalletId, *, as_json: AsJson = False) -> None:
    """Show all about a wallet."""
    show(ctx, office_of(ctx).wallet(wallet_id), looks.wallet)


def history(
    ctx: typer.Context,
    wallet_id: WalletId,
    *,
    kind: Annotated[str | None, typer.Option("--type", metavar="KIND", help="One kind of entries only.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="From then on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before then.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List a wallet's entries, newest first."""
    wish = Wish(kind=kind, since=moment("--from", since), until=moment("--to", until), cursor=cursor, limit=limit)
    show(ctx, office_of(ctx).history(wallet_id, wish), looks.history)


def list_holds(ctx: typer.Context, wallet_id: WalletId, *, as_json: AsJson = False) -> None:
    """List a wallet's open holds."""
    found = office_of(ctx).wallet(wallet_id)
    show(ctx, {"wallet_id": wallet_id, "held": found["held"], "holds": found["holds"]}, looks.holds)


def trace(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="Any id, ours or Stripe's, or a key.")],
    *,
    wallet_id: Annotated[
        str | None, typer.Option("--wallet", metavar="WALLET", help="Whose it is; lots, holds and keys want it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what hangs together with an id."""
    show(ctx, office_of(ctx).trace(name, wallet_id), looks.trace)
