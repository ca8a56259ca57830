"""Answers of the local stack, in the shapes that the deployed service has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Response

from chalicelib.api import answers
from chalicelib.domain.errors import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; the names of headers are in small letters."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


def said(body: Mapping[str, Any]) -> Reply:
    """Answer JSON that nobody keeps."""
    return from_response(answers.ok(body))


def refused(refusal: Refusal) -> Reply:
    return from_response(answers.refused(refusal))


def problem(code: str, status: int, detail: str) -> Reply:
    """Answer problem+json for what only a gateway can say."""
    headers = {"Content-Type": answers.PROBLEM}
    return from_response(answers.answer(status, answers.problem(code, status, detail), headers))


def broken() -> Reply:
    """Answer for a mistake of ours."""
    return from_response(answers.broken())


def from_response(response: Response) -> Reply:
    headers = {name.lower(): str(value) for name, value in response.headers.items()}
    return Reply(status=int(response.status_code), headers=headers, body=response.body.encode())
