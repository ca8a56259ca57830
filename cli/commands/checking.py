"""Checks: Stripe against the books, the books against themselves, and whether everything is in its place."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.context import office_of, settings_of
from cli.doctor import direct_rounds, http_rounds
from cli.doctor.checks import Mark
from cli.faults import FAILED, FOUND, Misused
from cli.office import Share
from cli.options import AsJson, Yes
from cli.screen import confirm, progress, show
from cli.views import checks


def register(app: typer.Typer) -> None:
    app.command()(reconcile)
    app.command()(audit)
    app.command()(doctor)


def reconcile(
    ctx: typer.Context,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Heal what a machine may heal.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Compare Stripe with the books; 3 while something differs."""
    if apply:
        confirm(ctx, "Heal what differs between Stripe and the books?", yes=yes)
    with progress("comparing Stripe with the books"):
        found = office_of(ctx).reconcile(apply=apply)
    show(ctx, found, checks.reconciled)
    left = found["differences"] - found["healed"]
    if left or found["failures"] or found["more"]:
        raise typer.Exit(FOUND)


def audit(
    ctx: typer.Context,
    wallet_id: Annotated[
        str | None, typer.Argument(metavar="[WALLET]", help="One wallet; else a share of all.")
    ] = None,
    *,
    share: Annotated[int, typer.Option("--share", min=0, help="Which share, from 0 on.")] = 0,
    shares: Annotated[int, typer.Option("--shares", min=1, max=10_000, help="Into how many all are parted.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Check the invariants of wallets; 3 if one doesn't hold."""
    if share >= shares:
        raise Misused("--share is less than --shares")
    with progress("stretches" if wallet_id else "wallets") as step:
        found = office_of(ctx).audit(Share(wallet_id=wallet_id, share=share, shares=shares), step)
    show(ctx, found, checks.audited)
    if found["faults"]:
        raise typer.Exit(FOUND)


def doctor(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Check settings, tables, secrets, Stripe and clocks; 1 if one fails."""
    settings = settings_of(ctx)
    found = list(http_rounds.look(settings) if settings.api else direct_rounds.look(settings))
    failed = sum(each.mark is Mark.FAIL for each in found)
    said = {"checks": [each.shown() for each in found], "failed": failed}
    show(ctx, said, checks.doctor)
    if failed:
        raise typer.Exit(FAILED)
