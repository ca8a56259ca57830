"""What can be seen of a deployment from outside: its address, its token, its clock, its offer."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from cli.context import http_of
from cli.doctor.checks import Look, Mark, Odd, checked, skew
from cli.http import Answer, Http
from cli.settings import Settings


def look(settings: Settings) -> Look:
    """Look at one thing after the other; without an answer the rest is left out."""
    http, answers = http_of(settings), list[Answer]()
    health = checked("api", lambda: _healthy(http, answers))
    yield health
    if health.mark is Mark.FAIL:
        return
    yield checked("clock", lambda: skew(answers[0].headers.get("Date"), wiring.now()))
    yield checked("token", lambda: _opens(http))
    yield checked("offer", lambda: _offered(http))


def _healthy(http: Http, answers: list[Answer]) -> str:
    answers.append(http.ask("GET", "/api/health", public=True))
    said = answers[0].json()
    return f"{http.base} is {said['status']}, version {said['version']}"


def _opens(http: Http) -> str:
    http.ask("GET", "/api/admin/quarantine?limit=1")
    return "opens the operators' routes"


def _offered(http: Http) -> str:
    there = {each["package_id"]: each["price"]["amount_minor"] for each in _packages(http)}
    here = {each.package_id: each.price.amount_minor for each in wiring.catalog().packages.values()}
    if there != here:
        raise Odd("other packages are on offer there than in this catalogue")
    return f"{len(there)} packages, as in this catalogue"


def _packages(http: Http) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.ask("GET", "/api/credits/packages", public=True).json()["packages"]
    return found
