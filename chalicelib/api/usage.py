"""Use: what services record, and what customers see of it against their limits."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chalice.app import Request, Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, usage_views
from chalicelib.api.auth import caller_of, wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import InvalidRequest, NotFound, Refusal
from chalicelib.domain.quotes import quote
from chalicelib.domain.wallet import Wallet
from chalicelib.services.once import Claim
from chalicelib.services.ports import ChartedDay
from chalicelib.services.using import Event, Result, Till, record_batch, record_usage

if TYPE_CHECKING:
    from chalicelib.api import shapes

usage_routes = Routes(__name__)
OPERATION = "usage"


@usage_routes.post("/api/user/usage/increment", scope=Scope.SERVICE)
def increment() -> Response:
    """Record a use, once per `Idempotency-Key`."""
    request = usage_routes.current_request
    body, key = bodies.read(request, bodies.UsageBody), bodies.key(request)
    recorded = record_usage(_till(), _event(body, key), stamp=wiring.stamp(caller_of(request).wallet_id))
    shown = usage_views.recorded(recorded.entry, recorded.nth, wiring.catalog())
    return answers.ok(shown, replayed=recorded.replayed)


@usage_routes.post("/api/usage/batch", scope=Scope.SERVICE)
def batch() -> Response:
    """Record up to 100 uses of any wallets, each once per its key. A bad one fails alone."""
    request = usage_routes.current_request
    listed = bodies.read(request, bodies.BatchBody).events
    read = [_read_event(fields) for fields in listed]
    events = [each for each in read if isinstance(each, Event)]
    settled = iter(record_batch(_till(), events, stamp=wiring.stamp(caller_of(request).wallet_id)))
    shown: shapes.usage.UsageBatch = {
        "results": [
            _result(fields, next(settled) if isinstance(each, Event) else each, wiring.catalog())
            for fields, each in zip(listed, read, strict=True)
        ]
    }
    return answers.ok(shown)


def _read_event(fields: object) -> Event | Refusal:
    body, wrong = bodies.event_of(fields)
    if body is None:
        return wrong or InvalidRequest("events", "not an event")
    try:
        return _event(body, body.key)
    except Refusal as refusal:
        return refusal


def _event(body: bodies.UsageBody, key: str) -> Event:
    """An increment and an event of a batch are the same operation: the key may move between them."""
    said = {name: value for name, value in bodies.as_fields(body).items() if name != "key"}
    return Event(bodies.use_of(body), Claim.on(body.wallet_id, key, operation=OPERATION, body=said))


def _result(fields: object, result: Result, catalog: Catalog) -> shapes.usage.UsageResult:
    said = fields.get("key") if isinstance(fields, dict) else None
    key = said if isinstance(said, str) else None
    if isinstance(result, Refusal):
        refused: Any = {"key": key, "replayed": False, **answers.refusal_body(result)}  # with the facts of its code
        shown: shapes.usage.UsageResult = refused
        return shown
    taken = usage_views.recorded(result.entry, result.nth, catalog)
    return {
        "key": key,
        "status": int(HTTPStatus.OK),
        "replayed": result.replayed,
        "entry_id": taken["entry_id"],
        "seq": taken["seq"],
        "from_quota": taken["from_quota"],
        "credits": taken["credits"],
        "draws": taken["draws"],
        "available": taken["available"],
        "meter": taken["meter"],
    }


@usage_routes.post("/api/usage/quote", scope=Scope.SERVICE, or_scope=Scope.CUSTOMER)
def show_quote() -> Response:
    """Say what a use would take. A service names the wallet; a customer asks for an own one."""
    request = usage_routes.current_request
    body = bodies.read(request, bodies.QuoteBody)
    wallet_id = _quoted_wallet(request, body.wallet_id)
    given = quote(wiring.store().wallet(wallet_id), body.meter, body.quantity, wiring.catalog(), wiring.now())
    return answers.ok(usage_views.quote(given))


def _quoted_wallet(request: Request, named: str | None) -> str:
    caller = caller_of(request)
    if Scope.SERVICE in caller.scopes:
        if not named:
            raise InvalidRequest("wallet_id", "missing")
        return named
    own = wallet_of(request)
    if named and named not in (own, caller.wallet_id, *caller.teams):
        raise NotFound
    return named or own


@usage_routes.get("/api/user/usage", scope=Scope.CUSTOMER)
def show_usage() -> Response:
    """Show use against limits, warnings, what to do, and a chart."""
    request = usage_routes.current_request
    span = bodies.days(request)
    wallet, days = _charted(wallet_of(request), max(span, usage_views.LOOKED_AT))
    shown = usage_views.usage(wallet, days, span, wiring.catalog(), wiring.now())
    return answers.tagged(shown, if_none_match=request.headers.get("if-none-match"))


@usage_routes.get("/api/customer/usage", scope=Scope.CUSTOMER)
def show_predictions() -> Response:
    """Show predictions, how many got feedback, and API calls."""
    request = usage_routes.current_request
    span = bodies.days(request)
    wallet, days = _charted(wallet_of(request), span)
    return answers.ok(usage_views.predictions(wallet, days, span, wiring.catalog(), wiring.now()))


def _charted(wallet_id: str, span: int) -> tuple[Wallet, list[ChartedDay]]:
    wallet = wiring.store().wallet(wallet_id)
    dates = usage_views.span_of(span, wiring.now())
    return wallet, list(wiring.store().days(wallet_id, dates[0], dates[-1]))


def _till() -> Till:
    return wiring.till(usage_routes.lambda_context.get_remaining_time_in_millis())
