"""The one place that pages through objects: filters, cursors, `has_more`."""

from __future__ import annotations

from collections.abc import Iterable

from local.stripe.account import Call
from local.stripe.errors import Json, no_such
from local.stripe.params import MAX_INTEGER, Params

PAGING = ("limit", "starting_after", "ending_before")
MOST = 100
USUAL = 10


def page(
    call: Call, things: Iterable[Json], url: str, *, same: tuple[str, ...] = (), also: tuple[str, ...] = ()
) -> Json:
    """
    Answer one page of *things* (newest first), by Stripe's cursors.

    Args:
        same: Parameters that filter by equality with the field of the same name.
        also: Parameters by which the caller has filtered *things* already.
    """
    call.params.only(*PAGING, "created", *same, *also)
    wanted = {name: call.params.text(name) for name in same if call.params.has(name)}
    first, last = _span(call.params)
    matching = [
        thing
        for thing in things
        if first <= thing.get("created", 0) <= last
        and all(_as_sent(thing.get(name)) == value for name, value in wanted.items())
    ]
    shown, has_more = _cut(matching, call.params)
    return listing(shown, url=url, has_more=has_more)


def listing(things: list[Json], *, url: str, has_more: bool = False) -> Json:
    """A list object, also as it stands inside other objects."""
    return {"object": "list", "data": things, "has_more": has_more, "url": url}


def _as_sent(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _span(params: Params) -> tuple[int, int]:
    """The first and the last second that `created` allows: one time, or a table of gt, gte, lt, lte."""
    if isinstance(params.form.get("created"), str):
        at = params.integer("created") or 0
        return at, at
    span = params.nested("created")
    span.only("gt", "gte", "lt", "lte")
    gt, gte, lt, lte = (span.integer(name) for name in ("gt", "gte", "lt", "lte"))
    firsts = [bound for bound in (None if gt is None else gt + 1, gte) if bound is not None]
    lasts = [bound for bound in (None if lt is None else lt - 1, lte) if bound is not None]
    return max(firsts, default=0), min(lasts, default=MAX_INTEGER)


def _cut(things: list[Json], params: Params) -> tuple[list[Json], bool]:
    limit = params.integer("limit", least=1, most=MOST) or USUAL
    if params.has("ending_before"):
        before = things[: _position(things, params, "ending_before")]
        return before[-limit:], len(before) > limit
    first = _position(things, params, "starting_after") + 1 if params.has("starting_after") else 0
    return things[first : first + limit], len(things) > first + limit


def _position(things: list[Json], params: Params, param: str) -> int:
    name = params.required(param)
    for position, thing in enumerate(things):
        if thing["id"] == name:
            return position
    raise no_such("object", name, param=param, status=400)
