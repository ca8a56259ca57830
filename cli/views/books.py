"""Explanations and statements, as people see them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.office import Fields
from cli.screen import cell, clean, facts, signed, table

CAME = ("bought", "granted", "received", "restored")
WENT = ("used", "expired", "revoked", "sent", "recalled", "paid_to_debt")


def explanation(found: Fields) -> Iterator[RenderableType]:
    yield facts(
        [("entry", Text(f"{found['seq']:,} {found['kind']}", style="bold")), ("credits", signed(found["credits"]))]
    )
    for each in found["steps"]:
        yield Text(f"\n{clean(each['text'])}", overflow="fold")
        yield Text(f"  {clean(each['expression'])} = {each['value']:,}", style="cyan", overflow="fold")
    if found["draws"]:
        yield Text("\nFrom which lots, in this order")
        laid = Table.grid(padding=(0, 2))
        for each in found["draws"]:
            laid.add_row(cell(f"  {each['lot_id']}"), signed(each["credits"]), cell(each["because"]))
        yield laid


def statement(found: Fields) -> Iterator[RenderableType]:
    running = "" if found["complete"] else ", which runs"
    yield Text(f"{clean(found['wallet_id'])}, {found['month']}{running}", style="bold")
    rows: list[tuple[object, object]] = [("opening", found["opening"])]
    rows += [(name.replace("_", " "), signed(found[name])) for name in CAME if found[name]]
    rows += [("adjusted", signed(found["adjusted"]))] if found["adjusted"] else []
    rows += [(name.replace("_", " "), signed(-found[name])) for name in WENT if found[name]]
    rows += [("closing", found["closing"])]
    yield table("", ["", ">credits"], rows, total=True)
    yield facts(
        [
            ("held at close", found["held_at_close"]),
            ("debt", f"{found['debt_at_open']:,} at open, {found['debt_at_close']:,} at close"),
            ("entries", f"{found['from_seq']:,} to {found['to_seq']:,}"),
            ("head", found["head"]),
        ]
    )
    if found["entries"]:
        counted = [[each["kind"], each["count"], signed(each["credits"])] for each in found["entries"]]
        yield table("", ["kind", ">entries", ">credits"], counted)
