"""What a browser is shown: the parts that all hosted pages share."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from local.stripe.looks import framed

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page, or the redirect to one."""

    status: int = 200
    kind: str = HTML
    body: bytes = b""
    location: str | None = None


def message(status: int, title: str, text: str, more: str = "") -> Shown:
    """A page that says one thing; *more* is HTML, already escaped."""
    return Shown(status=status, body=framed(escape(title), f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{more}"))


def table(rows: list[tuple[str, str]]) -> str:
    """Names and values, one pair a line."""
    pairs = (f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)
    return f"<dl>{''.join(pairs)}</dl>"


def way_back(url: str | None, text: str) -> str:
    """A link that leaves the page, if there is anywhere to go."""
    return f'<p class="back"><a href="{escape(url)}">{escape(text)}</a></p>' if url else ""
