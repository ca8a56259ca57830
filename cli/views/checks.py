"""What checks found, as people see it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from cli.office import Fields
from cli.screen import cell, facts, table

COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def reconciled(found: Fields) -> Iterator[RenderableType]:
    for each in found["found"]:
        what = "for a person" if each["for_person"] else "healed" if found["applied"] else "would be healed"
        detail = f" ({each['detail']})" if each["detail"] else ""
        yield cell(f"{each['finding']}: {each['wallet_id']} {each['purchase_id']}{detail}: {what}")
    for each in found["failures"]:
        yield cell(f"failed: {each['wallet_id']} {each['name']}: {each['error']}", "red")
    yield facts(
        [
            ("payments", found["payments"]),
            ("purchases", found["purchases"]),
            ("differences", found["differences"]),
            ("healed", found["healed"]),
            ("for people", found["for_people"]),
        ]
    )
    if found["more"]:
        yield Text("there was no time for all of it", style="yellow")


def audited(found: Fields) -> Iterator[RenderableType]:
    for each in found["faults"]:
        yield cell(f"{each['wallet_id']}: {each['fault']}", "red")
    yield facts([("wallets", found["wallets"]), ("entries", found["entries"]), ("faults", len(found["faults"]))])


def doctor(found: Fields) -> Iterator[RenderableType]:
    laid = table("", ["", "", ""], ())
    laid.show_header, laid.box = False, None
    for each in found["checks"]:
        laid.add_row(Text(each["mark"], style=COLOURS[each["mark"]]), cell(each["check"]), cell(each["said"]))
    yield laid
