"""The program: what is common to all commands, and the one place where a fault becomes a line and an exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import context
from cli.commands import checking, events, looking, moving, planning, proving, seeding, stating
from cli.faults import FAILED, Ended
from cli.screen import note, speaks_json
from cli.settings import read

DEBUG = "tally.debug"


class Commands(TyperGroup):
    """Whatever a command raises is said in one line; with `--debug` also where it came from."""

    def invoke(self, ctx: Any) -> Any:
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()  # here a reader's having gone is met, and not when Python ends
            return done
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:  # whoever read, `head` say, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None
        except Exception as error:
            if _is_usage(error):
                raise
            if ctx.meta.get(DEBUG):
                traceback.print_exc(file=sys.stderr)
            ended = error if isinstance(error, Ended) else Ended(f"{type(error).__name__}: {error}"[:500])
            if speaks_json(ctx):
                sys.stdout.write(json.dumps({"error": dict(ended.problem)}, indent=2) + "\n")
            note(f"tally: {' '.join(str(ended).split())}")
            raise typer.Exit(ended.exit_code if isinstance(ended, Ended) else FAILED) from None


def _is_usage(error: Exception) -> bool:
    """Say whether it is the command line's own complaint, which shows itself."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it would show locals, and with them a token
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def begin(
    ctx: typer.Context,
    *,
    api: Annotated[
        str | None, typer.Option("--api", metavar="URL", help="Ask the API there (TALLY_API). Else: the tables.")
    ] = None,
    operator: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who you are (TALLY_OPERATOR).")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where a fault came from.")] = False,
) -> None:
    """Look after wallets: over the API, with TALLY_API and TALLY_TOKEN, or straight at the tables."""
    ctx.meta[DEBUG] = debug
    context.put(ctx, read(os.environ, api=api, operator=operator))


for family in (looking, stating, proving, moving, events, checking, seeding, planning):
    family.register(app)
