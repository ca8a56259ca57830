"""What a run carries along: its settings, and the office that they lead to, opened at its first use."""

from __future__ import annotations

import typer

from cli.http import Http
from cli.office import Office
from cli.settings import Settings

SETTINGS = "tally.settings"


def put(context: typer.Context, settings: Settings) -> None:
    context.meta[SETTINGS] = settings


def settings_of(context: typer.Context) -> Settings:
    found: Settings = context.meta[SETTINGS]
    return found


def http_of(settings: Settings) -> Http:
    return Http(base=settings.api or "", token=settings.token)


def office_of(context: typer.Context) -> Office:
    """Open the office that the settings lead to; what the other way needs isn't even imported."""
    settings = settings_of(context)
    if settings.api:
        from cli.over_http import HttpOffice

        return HttpOffice(http_of(settings))
    from cli.direct import DirectOffice

    return DirectOffice(settings)
