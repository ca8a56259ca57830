"""
What comes in, read strictly by one reader: size, depth, media type, duplicate keys, NaN, unknown fields, types, ranges.

Whatever is wrong is named by its field, and nothing was written.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec
from chalice.app import Request

from chalicelib.domain.catalog import Interval
from chalicelib.domain.errors import InvalidRequest, TooLarge, UnsupportedMediaType
from chalicelib.domain.ledger import KINDS
from chalicelib.domain.times import from_text
from chalicelib.domain.usage import Use

LARGEST_BODY = 64 * 1024  # bytes
DEEPEST = 8  # lists and objects within each other
KEY = re.compile(r"[!-~]{1,128}")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
LIMIT, MOST = 25, 100
LARGEST = 1_000_000_000
SPANS = ("7", "30", "90")  # days of a chart

Body = TypeVar("Body", bound=msgspec.Struct)
WHERE = re.compile(r"(?P<message>.*?)(?: - at (?:`key` in )?`\$(?P<path>.*)`)?$", re.DOTALL)
MISSING = re.compile(r"Object (?:missing required|contains unknown) field `(?P<field>[^`]*)`")


# A pattern's `$` also matches before a line break at the end; the look-ahead doesn't, and JSON Schema reads it alike.
WalletId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:@|-]{1,64}$(?!\n)")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
MeterName = Annotated[Name, msgspec.Meta(description="A meter of the catalogue.", examples=["predictions"])]
PlanId = Annotated[Name, msgspec.Meta(description="A plan of the catalogue.", examples=["pro"])]
PackageId = Annotated[str, msgspec.Meta(max_length=64, description="A package on offer.", examples=["starter"])]
ReturnPath = Annotated[
    str,
    msgspec.Meta(
        description="Where the buyer comes back to: a path of an allowed origin, with one `/` in front; no address.",
        examples=["/billing?bought=1"],
        extra_json_schema={"pattern": r"^/([^/\\].*)?$", "maxLength": 512},
    ),
]
TimeText = Annotated[
    str,
    msgspec.Meta(
        max_length=40,
        description="An RFC 3339 time.",
        examples=["2026-11-22T09:30:00Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Key = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,128}$(?!\n)")]
Amount = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
Labels = Annotated[
    dict[
        Annotated[str, msgspec.Meta(pattern=r"^[ -~]{1,20}$(?!\n)")],
        Annotated[str, msgspec.Meta(max_length=40)],
    ],
    msgspec.Meta(max_length=5),
]


class PurchaseBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/credits/purchase`: so many of a package; `save_card` keeps the card for automatic top-up."""

    package_id: PackageId
    quantity: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    return_path: ReturnPath | None = None
    save_card: bool = False


class UsageBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST /api/user/usage/increment`: either `quantity` of a counter, or the level that a gauge is `set` to."""

    wallet_id: WalletId
    meter: MeterName
    quantity: Amount | None = None
    set: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)] | None = None
    at: TimeText | None = None
    labels: Labels | None = None


class EventBody(UsageBody, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One of a batch: the same, with its key."""

    key: Key


class BatchBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/usage/batch`. Each event is read on its own: a bad one fails alone."""

    events: Annotated[list[Any], msgspec.Meta(min_length=1, max_length=100)]


class QuoteBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/usage/quote`; a gauge's `quantity` is the level it would be set to."""

    wallet_id: WalletId | None = None
    meter: MeterName
    quantity: Amount


class PlanBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/user/subscription`: an admin's word; null clears it."""

    wallet_id: WalletId
    plan_id: PlanId | None


class SubscribeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/user/subscription/checkout`."""

    plan_id: PlanId
    interval: Interval


class CancelBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/user/subscription/cancel`."""

    at: Literal["period_end", "now"]


class EmptyBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body that says nothing: `{}`."""


class NotificationsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`PUT /api/user/notifications`: what is left out stays as it is, null clears it."""

    email: str | msgspec.UnsetType | None = msgspec.UNSET
    webhook_url: str | msgspec.UnsetType | None = msgspec.UNSET
    locale: str | msgspec.UnsetType | None = msgspec.UNSET


def use_of(body: UsageBody) -> Use:
    """
    Read a use.

    Raises:
        InvalidRequest: It says neither how many nor how much it is set to, or both; or `at` is no time.
    """
    if (body.quantity is None) == (body.set is None):
        raise InvalidRequest("quantity", "either quantity or set is wanted")
    return Use(
        wallet_id=body.wallet_id,
        meter=body.meter,
        quantity=body.quantity,
        set_to=body.set,
        at=time_of("at", body.at) if body.at is not None else None,
        labels=body.labels or {},
    )


def event_of(fields: object) -> tuple[EventBody | None, InvalidRequest | None]:
    """Read one event of a batch, or say what is wrong with it."""
    try:
        return convert(fields, EventBody), None
    except InvalidRequest as wrong:
        return None, wrong


def read(request: Request, shape: type[Body]) -> Body:
    """
    Read a JSON body as *shape*.

    Raises:
        TooLarge: Over 64 KB.
        UnsupportedMediaType: It says that it is something else than JSON.
        InvalidRequest: Anything in it is wrong.
    """
    media, _, parameters = request.headers.get("content-type", "application/json").partition(";")
    if media.strip().lower() != "application/json" or parameters.strip().lower() not in ("", "charset=utf-8"):
        raise UnsupportedMediaType("Send application/json.")
    raw = cast(bytes, request.raw_body)
    if len(raw) > LARGEST_BODY:
        raise TooLarge(f"At most {LARGEST_BODY} bytes.")
    return convert(parse(raw), shape)


def read_optional(request: Request, shape: type[Body]) -> Body | None:
    """Read a JSON body as *shape*, if one was sent. Raises as `read` does."""
    return read(request, shape) if request.raw_body else None


def convert(fields: object, shape: type[Body]) -> Body:
    """
    Read parsed JSON as *shape*.

    Raises:
        InvalidRequest: A field is missing, unknown, of the wrong type or out of range.
    """
    try:
        return msgspec.convert(fields, shape, strict=True)
    except msgspec.ValidationError as wrong:
        raise _named(str(wrong)) from None


def parse(raw: bytes) -> Any:
    """
    Parse JSON that says each thing once and nothing that JSON doesn't have.

    Raises:
        InvalidRequest: It is none.
    """
    try:
        parsed = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        if _is_deeper(parsed, DEEPEST):
            raise ValueError(f"nested deeper than {DEEPEST}")
        json.dumps(parsed, ensure_ascii=False).encode()  # a lone surrogate can be neither stored nor hashed
    except (ValueError, RecursionError) as wrong:
        raise InvalidRequest("body", f"not valid JSON: {str(wrong)[:100]}") from None
    return parsed


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    within = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in within)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise InvalidRequest(twice[:64], "given more than once")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _named(message: str) -> InvalidRequest:
    """Find out of msgspec's message which field it means."""
    parts = WHERE.match(message)
    path, said = (parts["path"] or "", parts["message"]) if parts else ("", message)
    missing = MISSING.match(said)
    path = path.replace("[...]", "").strip(".")
    field = ".".join(part for part in (path, missing["field"] if missing else "") if part)
    return InvalidRequest(field[:100] or "body", "missing" if "missing" in said else said[:200])


def key(request: Request) -> str:
    """
    Read the caller's idempotency key.

    Raises:
        InvalidRequest: There is none, or it isn't 1–128 characters from `!` to `~`.
    """
    found: str = request.headers.get("idempotency-key", "")
    if not KEY.fullmatch(found):
        raise InvalidRequest("Idempotency-Key", "1 to 128 characters from ! to ~ are wanted")
    return found


def query(request: Request, name: str) -> str | None:
    """
    Read a query parameter.

    Raises:
        InvalidRequest: It is given more than once.
    """
    given = request.query_params.getlist(name) if request.query_params and name in request.query_params else []
    if len(given) > 1:
        raise InvalidRequest(name, "given more than once")
    return given[0] if given else None


def limit(request: Request) -> int:
    """Read how many lines a page may have."""
    text = query(request, "limit")
    if text is None:
        return LIMIT
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST:
        raise InvalidRequest("limit", f"a whole number from 1 to {MOST} is wanted")
    return int(text)


def days(request: Request) -> int:
    """Read how many days a chart spans."""
    text = query(request, "days") or SPANS[1]
    if text not in SPANS:
        raise InvalidRequest("days", "7, 30 or 90 is wanted")
    return int(text)


def kind(request: Request) -> str | None:
    """Read which kind of entries is wanted; None means all."""
    wanted = query(request, "type")
    if wanted is not None and wanted not in KINDS:
        raise InvalidRequest("type", "no such kind of entry")
    return wanted


def time(request: Request, name: str) -> datetime | None:
    """Read an RFC 3339 time."""
    text = query(request, name)
    return time_of(name, text.replace(" ", "+")) if text is not None else None  # a + not encoded arrives as a space


def time_of(name: str, text: str) -> datetime:
    """
    Read an RFC 3339 time out of the field *name*.

    Raises:
        InvalidRequest: It is none.
    """
    try:
        if not RFC_3339.fullmatch(text):
            raise ValueError(text)
        return from_text(text)
    except (ValueError, OverflowError):
        raise InvalidRequest(name, "an RFC 3339 time is wanted, for example 2026-11-22T09:30:00Z") from None


def as_fields(body: msgspec.Struct) -> dict[str, Any]:
    """Give a body back as plain JSON values, defaults filled in: what makes two requests the same."""
    fields: dict[str, Any] = msgspec.to_builtins(body)
    return fields
