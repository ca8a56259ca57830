"""What was done, or would be, as people see it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from cli.office import Fields
from cli.screen import facts

PLAIN = ("entry_id", "lot_id", "available", "paid_to_debt", "refund_id", "purchase_id", "revoked", "debt")


def _told(found: Fields, done: str, would: str) -> Iterator[RenderableType]:
    if found["dry_run"]:
        head = Text(f"would be done before: {done}" if found["replayed"] else would, style="yellow")
    else:
        again = " before, under this key; nothing was done now" if found["replayed"] else ""
        head = Text(f"{done}{again}", style="green")
    yield head
    pairs = [(name.replace("_", " "), found[name]) for name in PLAIN if name in found]
    if found.get("decided") is False:
        pairs += [("", f"POST {found['post']}"), ("", "not judged: the API decides when it is asked for real")]
    if "amount_minor" in found:
        pairs.append(("minor units", found["amount_minor"]))
    if not found["dry_run"]:
        pairs.append(("key", found["key"]))
    yield facts(pairs)


def granted(found: Fields) -> Iterator[RenderableType]:
    return _told(found, "granted", "would be granted; nothing was written")


def adjusted(found: Fields) -> Iterator[RenderableType]:
    return _told(found, "adjusted", "would be adjusted; nothing was written")


def refunded(found: Fields) -> Iterator[RenderableType]:
    return _told(found, "refunded", "would be refunded; nothing was written, and Stripe was not asked")


def frozen(found: Fields) -> Iterator[RenderableType]:
    word = "frozen" if found.get("frozen") else "unfrozen"
    return _told(found, f"{word}", "would be done; nothing was written")


def replayed(found: Fields) -> Iterator[RenderableType]:
    if found["dry_run"]:
        event = found.get("event", found)
        yield Text("would be applied; nothing was written", style="yellow")
        yield facts([("event", event["event_id"]), ("type", event["type"]), ("reason", event["reason"])])
        return
    yield facts([("event", found["event_id"]), ("outcome", Text(found["outcome"], style="bold"))])


def seeded(found: Fields) -> Iterator[RenderableType]:
    if found["dry_run"]:
        yield Text("would be written; nothing was", style="yellow")
    yield facts(
        [
            ("stage", found["stage"]),
            ("wallets", f"{found['wallets'][0]} to {found['wallets'][-1]}"),
            ("days", found["days"]),
            ("granted", found["granted"]),
            ("uses", found["uses"]),
            ("refused", found["refused"]),
            ("done before", found["done_before"]),
        ]
    )
