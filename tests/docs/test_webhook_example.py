"""The quickstart's way to take a message takes ours, once, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from chalicelib.domain.wording import word
from chalicelib.notices import payloads
from chalicelib.notices.webhooks import _headers
from tests.builders import CATALOG
from tests.docs.papers import ROOT, fences
from tests.notices.letters import DEBT, LANGUAGES, SECRET

Take = Callable[[str, dict[str, str], str, set[str]], tuple[str, dict[str, Any]] | None]
BODY = payloads.event(DEBT, word(DEBT, CATALOG, LANGUAGES, locale="en"))


@pytest.fixture
def take() -> Take:
    """The function in the paper."""
    [example] = fences(ROOT / "docs/quickstart.md", "python")
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own paper
    found: Take = names["take"]
    return found


@pytest.fixture
def headers() -> dict[str, str]:
    """What stands beside a message; the library looks at the machine's clock."""
    return _headers(BODY, secret=SECRET, message_id=DEBT.message_id, now=datetime.now(UTC))


def test_a_genuine_message_is_taken_once(take: Take, headers: dict[str, str]) -> None:
    seen: set[str] = set()

    taken = take(SECRET, headers, BODY, seen)

    assert taken
    kind, told = taken
    assert (kind, told["kind"], told["debt"]) == ("tally.debt", "debt", 7)
    assert take(SECRET, headers, BODY, seen) is None


def test_a_message_that_was_changed_or_signed_by_another_is_refused(take: Take, headers: dict[str, str]) -> None:
    for secret, body in ((SECRET, BODY.replace("7", "8")), ("whsec_" + "A" * 32, BODY)):
        with pytest.raises(WebhookVerificationError):
            take(secret, headers, body, set())
