"""Wallets, histories, holds, traces and the quarantine, as people see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from cli.office import Fields
from cli.screen import day, facts, money, signed, table

GAUGE = {"ok": "green", "warning": "yellow", "critical": "red", "exceeded": "red"}


def wallet(found: Fields) -> Iterator[RenderableType]:
    plan, topup = found["plan"], found["auto_topup"]
    state = Text("frozen", style="red") if found["frozen"] else Text("open", style="green")
    yield facts(
        [
            ("wallet", Text(found["wallet_id"], style="bold")),
            ("state", state),
            ("available", Text(f"{found['available']:,}", style="bold")),
            ("held", found["held"]),
            ("set aside", found["set_aside"]),
            ("debt", found["debt"]),
            ("plan", f"{plan['plan_id']}, month to {day(plan['period']['end'])}"),
            ("subscription", (found["subscription"] or {}).get("status") or ("yes" if found["subscription"] else None)),
            ("top-up", topup["status"] if topup else None),
            ("messages to", found["contact"]["email_in_use"]),
            ("messages", _messages(found["messages"])),
            ("entries", f"{found['seq']:,}, the last {day(found['last_at'])}"),
        ]
    )
    if found["lots"]:
        yield table(
            "Lots, in the order in which they pay",
            ["lot", "source", ">granted", ">left", ">held", ">set aside", "ends"],
            [
                [each["lot_id"], each["source"], each["granted"], each["remaining"], each["held"], each["set_aside"],
                 day(each["expires_at"]) if each["expires_at"] else "never"]
                for each in found["lots"]
            ],
        )  # fmt: skip
    yield _meters(found["meters"])
    if found["holds"]:
        yield from holds(found)
    if found["purchases"]:
        yield _purchases(found["purchases"])
    if found["entries"]:
        yield _entries("Latest entries", found["entries"])


def _messages(counts: Mapping[str, int]) -> str:
    return f"{counts['waiting']:,} waiting, {counts['parked']:,} parked"


def _meters(meters: Sequence[Fields]) -> RenderableType:
    rows = []
    for each in meters:
        quota = "unlimited" if each["quota"] is None else f"{each['quota']:,}"
        level = each["level"]
        rows.append([each["name"], each["used"], quota, each["overage_credits"], Text(level, style=GAUGE[level])])
    return table("This month", ["meter", ">used", ">quota", ">credits", "level"], rows)


def _purchases(bought: Sequence[Fields]) -> RenderableType:
    rows = [
        [each["purchase_id"], each["created_at"][:10], each["status"], each["credits"] + each["bonus_credits"],
         money(each["price"]), each["revoked_credits"]]
        for each in bought
    ]  # fmt: skip
    return table("Latest purchases", ["purchase", "at", "status", ">credits", ">price", ">revoked"], rows)


def _entries(title: str, entries: Sequence[Fields]) -> RenderableType:
    rows = [
        [each["seq"], day(each["at"]), each["kind"], signed(each["credits"]), each["available_after"], _about(each)]
        for each in entries
    ]
    return table(title, [">seq", "at", "kind", ">credits", ">available", "about"], rows)


def _about(entry: Fields) -> str:
    """Say the one thing of an entry that tells most, and who did it."""
    uses = entry.get("uses")
    used = f"{entry['meter']} {entry.get('quantity', entry.get('set', ''))}" if "meter" in entry else None
    said = used or (f"{len(uses)} uses" if uses else None)
    said = said or entry.get("reason") or entry.get("purchase_id") or entry.get("hold_id") or entry.get("note")
    who = "erased" if entry.get("erased") else entry.get("actor")
    return " ".join(part for part in (said, f"by {who}" if who else None) if part)


def history(found: Fields) -> Iterator[RenderableType]:
    if not found["entries"]:
        yield Text("no entries")
        return
    yield _entries("", found["entries"])
    yield from _more(found)


def _more(found: Fields) -> Iterator[RenderableType]:
    if found["next_cursor"]:
        yield Text(f"more: --cursor {found['next_cursor']}", style="dim", overflow="fold")


def holds(found: Fields) -> Iterator[RenderableType]:
    if not found["holds"]:
        yield Text("no open holds")
        return
    rows = [
        [each["hold_id"], each["credits"], f"{each['meter']} {each['quantity']:,}" if "meter" in each else None,
         day(each["lapses_at"])]
        for each in found["holds"]
    ]  # fmt: skip
    yield table("Open holds", ["hold", ">credits", "for", "lapses"], rows)


def quarantine(found: Fields) -> Iterator[RenderableType]:
    if not found["events"]:
        yield Text("nothing is kept aside")
        return
    for each in found["events"]:
        yield _event(each)
    yield from _more(found)


def _event(each: Fields) -> RenderableType:
    applied = f", applied {day(each['applied_at'])}" if each.get("applied_at") else ""
    return facts(
        [
            ("event", Text(each["event_id"], style="bold")),
            ("", f"{each['type']}, {day(each['at'])}{applied}"),
            ("", each["reason"]),
            ("", " ".join(filter(None, (each["wallet_id"], each["purchase_id"])))),
        ]
    )


def trace(found: Fields) -> Iterator[RenderableType]:
    yield facts([(found["kind"], Text(found["id"], style="bold")), ("wallet", found["wallet_id"])])
    for name in ("session", "payment", "refund", "dispute", "subscription", "invoice", "customer"):
        if name in found:
            said = ", ".join(
                f"{key} {value}" for key, value in found[name].items() if not isinstance(value, dict | list)
            )
            yield facts([(name, said)])
    bought = [*([found["purchase"]] if "purchase" in found else []), *found.get("purchases", ())]
    if bought:
        yield _purchases(bought)
    if found["entries"]:
        yield _entries("Entries", found["entries"])
    for each in found["events"]:
        yield _event(each)
    if not found["complete"]:
        yield Text("there may be more than this", style="yellow")
