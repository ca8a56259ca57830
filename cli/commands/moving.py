"""What moves credits or money: grants, corrections, refunds, and freezing. Who and why stands in the entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from chalicelib.domain.times import to_text
from cli.context import office_of
from cli.office import Act, Command, Fields
from cli.options import AsJson, DryRun, Key, Reason, WalletId, Yes, key_of, moment
from cli.screen import Shown, confirm, show
from cli.views import deeds

MOST = 1_000_000_000


def register(app: typer.Typer) -> None:
    app.command()(grant)
    app.command(context_settings={"ignore_unknown_options": True})(adjust)  # so that -50 is a number
    for command in (refund, freeze, unfreeze):
        app.command()(command)


def carry_out(ctx: typer.Context, command: Command, told: Callable[[Fields], Shown]) -> None:
    """Do it and show what came of it, with the key that repeats it."""
    done = office_of(ctx).do(command)
    said: Fields = {**done.answer, "key": command.key, "replayed": done.replayed, "dry_run": command.dry_run}
    show(ctx, said, told)


def grant(
    ctx: typer.Context,
    wallet_id: WalletId,
    credits: Annotated[int, typer.Argument(min=1, max=MOST, help="How many.")],
    *,
    reason: Reason,
    expires: Annotated[str | None, typer.Option("--expires", metavar="TIME", help="When they end; else never.")] = None,
    priority: Annotated[int, typer.Option("--priority", min=1, max=100, help="Lower pays first.")] = 50,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Grant promotional credits."""
    ends = moment("--expires", expires)
    fields: dict[str, Any] = {"credits": credits, "reason": reason, "priority": priority}
    if ends:
        fields["expires_at"] = to_text(ends)
    carry_out(ctx, _command(ctx, Act.GRANT, wallet_id, fields, key, dry_run=dry_run), deeds.granted)


def adjust(
    ctx: typer.Context,
    wallet_id: WalletId,
    credits: Annotated[int, typer.Argument(min=-MOST, max=MOST, help="So many more, or with a minus fewer.")],
    *,
    reason: Reason,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Correct what a wallet holds, up or down."""
    fields = {"credits": credits, "reason": reason}
    carry_out(ctx, _command(ctx, Act.ADJUST, wallet_id, fields, key, dry_run=dry_run), deeds.adjusted)


def refund(
    ctx: typer.Context,
    wallet_id: WalletId,
    purchase_id: Annotated[str, typer.Argument(metavar="PURCHASE", help="The purchase's id.")],
    *,
    reason: Reason,
    amount: Annotated[
        int | None, typer.Option("--amount", min=1, max=MOST, metavar="MINOR", help="Minor units (cents); else all.")
    ] = None,
    key: Key = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give money back for a purchase, and take its credits."""
    fields: dict[str, Any] = {"purchase_id": purchase_id, "reason": reason}
    if amount is not None:
        fields["amount_minor"] = amount
    if not dry_run:
        much = "all that is left" if amount is None else f"{amount:,} minor units"
        confirm(ctx, f"Give back {much} of {purchase_id}, for good?", yes=yes)
    carry_out(ctx, _command(ctx, Act.REFUND, wallet_id, fields, key, dry_run=dry_run), deeds.refunded)


def freeze(
    ctx: typer.Context,
    wallet_id: WalletId,
    *,
    reason: Reason,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Keep what is in a wallet from leaving it."""
    command = _command(ctx, Act.FREEZE, wallet_id, {"reason": reason}, key, dry_run=dry_run)
    carry_out(ctx, command, deeds.frozen)


def unfreeze(
    ctx: typer.Context,
    wallet_id: WalletId,
    *,
    reason: Reason,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a frozen wallet go."""
    command = _command(ctx, Act.UNFREEZE, wallet_id, {"reason": reason}, key, dry_run=dry_run)
    carry_out(ctx, command, deeds.frozen)


def _command(
    ctx: typer.Context, act: Act, wallet_id: str, fields: dict[str, Any], key: str | None, *, dry_run: bool
) -> Command:
    return Command(act=act, subject=wallet_id, key=key_of(ctx, key, dry_run=dry_run), fields=fields, dry_run=dry_run)
