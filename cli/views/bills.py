"""What it costs, as people see it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from cli.office import Fields
from cli.screen import facts, table

LEFT_OUT = "Left out: free tiers, tax, traffic, custom metrics, e-mail, the authorizer, Stripe's fees."


def bill(found: Fields) -> Iterator[RenderableType]:
    load, units = found["load"], found["units_per_event"]
    yield facts(
        [
            ("a month of", f"{load['wallets']:,} wallets, {load['events']:,} uses in requests of {load['batch']}"),
            ("", f"{load['reads']:,} balance requests, {load['months']} months kept, {load['ms']} ms a request"),
            ("a use takes", f"{units['write']:g} write units, {units['read']:g} read units"),
        ]
    )
    rows: list[list[object]] = [
        [each["what"], each["price"], round(each["quantity"]), f"{float(each['usd']):,.2f}"] for each in found["lines"]
    ]
    rows.append(["in all", Text(""), Text(""), f"{float(found['total_usd']):,.2f}"])
    yield table("", ["for", "price", ">quantity", ">USD"], rows, total=True)
    if found["usd_per_thousand_events"]:
        yield facts([("a thousand uses", f"{float(found['usd_per_thousand_events']):.4f} USD")])
    yield from _origin(found)
    yield Text(LEFT_OUT, style="dim")


def prices(found: Fields) -> Iterator[RenderableType]:
    rows = [[name, each["what"], f"{each['per']:,}", each["usd"]] for name, each in found["prices"].items()]
    yield table("", ["price", "of", ">per", ">USD"], rows)
    yield from _origin(found)


def _origin(found: Fields) -> Iterator[RenderableType]:
    changed = f", but for {', '.join(found['changed'])}" if found["changed"] else ""
    yield Text(
        f"Prices are assumed: AWS's list prices in {found['region']} as of {found['as_of']}{changed}.", style="dim"
    )
