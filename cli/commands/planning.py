"""What it costs on AWS: units as the code of today makes them, prices that are assumed."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.cost.bill import Load, bill
from cli.cost.prices import AS_OF, REGION, USUAL, with_changes
from cli.faults import Misused
from cli.options import AsJson
from cli.screen import show
from cli.views import bills


def register(app: typer.Typer) -> None:
    app.command()(cost)


def cost(
    ctx: typer.Context,
    *,
    wallets: Annotated[int, typer.Option("--wallets", "-n", min=0, max=10**9, help="Wallets.")] = 1_000,
    events: Annotated[int, typer.Option("--events", "-m", min=0, max=10**12, help="Uses a month.")] = 1_000_000,
    batch: Annotated[int, typer.Option("--batch", min=1, max=100, help="Uses in one request.")] = 1,
    reads: Annotated[int, typer.Option("--reads", min=0, max=10**12, help="Balance requests a month.")] = 0,
    months: Annotated[int, typer.Option("--months", min=0, max=600, help="Months of entries kept already.")] = 12,
    ms: Annotated[int, typer.Option("--ms", min=1, max=29_000, help="Milliseconds a request takes.")] = 30,
    changed: Annotated[
        list[str] | None, typer.Option("--price", metavar="NAME=USD", help="Another price; --prices names them.")
    ] = None,
    prices: Annotated[bool, typer.Option("--prices", help="List the prices instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what so many wallets and uses cost on AWS a month."""
    try:
        assumed = with_changes(USUAL, changed or [])
    except ValueError as wrong:
        raise Misused(f"--price: {wrong}") from None
    origin = {
        "region": REGION,
        "as_of": AS_OF.isoformat(),
        "changed": sorted(each.partition("=")[0] for each in changed or []),
    }
    if prices:
        show(ctx, {"prices": assumed.shown(), **origin}, bills.prices)
        return
    load = Load(wallets=wallets, events=events, batch=batch, reads=reads, months=months, ms=ms)
    show(ctx, {**bill(load, assumed).shown(), "prices": assumed.shown(), **origin}, bills.bill)
