"""What is about the service itself."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from chalice.app import Response

from chalicelib import VERSION
from chalicelib.api import answers
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope

if TYPE_CHECKING:
    from chalicelib.api import shapes

service_routes = Routes(__name__)
OPENAPI = "openapi.json"  # beside this file, written by `make openapi`


@service_routes.get("/api/health", scope=Scope.PUBLIC)
def health() -> Response:
    """Say that the function runs, and which version it is."""
    shown: shapes.parts.Health = {"status": "ok", "version": VERSION}
    return answers.ok(shown)


@service_routes.get("/api/openapi.json", scope=Scope.PUBLIC)
def describe() -> Response:
    """Describe this API: OpenAPI 3.1."""
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "public, max-age=60"}
    return Response(body=_description(), headers=headers, status_code=200)


@cache
def _description() -> str:
    return (files("chalicelib.api") / OPENAPI).read_text(encoding="utf-8")
