"""A small HTTP client for loopback, with nothing but the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

ANSWER_WITHIN = 15  # seconds
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy would not find our loopback


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is JSON, None if there was none."""

    status: int
    headers: Message  # found in any case
    body: Any


def fetch(url: str, *, headers: Mapping[str, str]) -> bytes:
    """
    Read what is no JSON.

    Raises:
        urllib.error.HTTPError: It was refused.
    """
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - on loopback
    with DIRECT.open(request, timeout=ANSWER_WITHIN) as answer:
        read: bytes = answer.read()
    return read


def call(method: str, url: str, *, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Send one request. A refusal is an answer, too."""
    sent = None if body is None else json.dumps(body).encode()
    media = {} if sent is None else {"Content-Type": "application/json"}
    named = {**media, **(headers or {})}
    request = urllib.request.Request(url, data=sent, headers=named, method=method)  # noqa: S310 - on loopback
    try:
        with DIRECT.open(request, timeout=ANSWER_WITHIN) as answer:
            return Answer(answer.status, answer.headers, json.loads(answer.read() or b"null"))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, refusal.headers, json.loads(refusal.read() or b"null"))
