"""Statements and exports: what a month brought and took, and all entries as they were hashed."""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus

from chalice.app import Request, Response

from chalicelib import wiring
from chalicelib.api import answers, bodies, statement_views
from chalicelib.api.accepting import prefers
from chalicelib.api.auth import wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.statements import Month
from chalicelib.services.stating import portion_of, statement_of

statement_routes = Routes(__name__)
MOST = 1000  # entries on a page of an export; as many as that if nothing is asked
CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/x-ndjson"


@statement_routes.get("/api/credits/statement", scope=Scope.CUSTOMER)
def show_statement() -> Response:
    """Show what a month brought and took; of the month that runs, up to now."""
    request, now = statement_routes.current_request, wiring.now()
    drawn = statement_of(wiring.store(), wallet_of(request), _month(request, now), now=now)
    shown, vary = statement_views.statement(drawn), {"Vary": "Accept"}
    if prefers(request.headers.get("accept"), CSV, over=JSON):
        return _text(statement_views.statement_csv(shown), f"{CSV}; charset=utf-8; header=present", vary)
    return answers.answer(HTTPStatus.OK, shown, vary)


@statement_routes.get("/api/credits/export", scope=Scope.CUSTOMER)
def export() -> Response:
    """Hand out all that there is of a wallet, page by page, as lines that anybody can check."""
    request = statement_routes.current_request
    wallet_id, limit = wallet_of(request), _limit(request)
    place = statement_views.place_of(bodies.query(request, "cursor"), wallet_id)
    portion = portion_of(wiring.store(), wallet_id, place, limit=limit)
    page, cursor = statement_views.export_page(portion, place, wallet_id, now=wiring.now())
    return _text(page, JSON_LINES, {"Next-Cursor": cursor} if cursor else {})


def _text(body: str, media: str, headers: dict[str, str]) -> Response:
    sent: dict[str, str | list[str]] = {"Content-Type": media, **answers.NO_STORE, **headers}
    return Response(body=body, headers=sent, status_code=HTTPStatus.OK)


def _month(request: Request, now: datetime) -> Month:
    """Read which month is wanted; without a word the one that runs."""
    text = bodies.query(request, "month")
    if text is None:
        return Month.of(now)
    try:
        return Month.parse(text)
    except ValueError:
        raise InvalidRequest("month", "a month is wanted, for example 2026-11") from None


def _limit(request: Request) -> int:
    text = bodies.query(request, "limit")
    if text is None:
        return MOST
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MOST:
        raise InvalidRequest("limit", f"a whole number from 1 to {MOST} is wanted")
    return int(text)
