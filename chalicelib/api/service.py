"""What is about the service itself."""

from __future__ import annotations

from chalice.app import Response

from chalicelib import VERSION
from chalicelib.api import answers
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope

service_routes = Routes(__name__)


@service_routes.get("/api/health", scope=Scope.PUBLIC)
def health() -> Response:
    """Say that the function runs, and which version it is."""
    return answers.ok({"status": "ok", "version": VERSION})
