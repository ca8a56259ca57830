"""Whatever is sent to the webhook: never a 5xx, and nothing is touched before a signature was verified."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.payments.events import SESSION_EVENTS
from chalicelib.webhooks.endpoint import handle
from tests.webhooks.premises import Premises
from tests.webhooks.sender import request

EXAMPLES = 400
EVENT = json.dumps({"id": "evt_1", "type": "customer.created", "data": {"object": {"id": "cus_1"}}}).encode()
HEADER_LENGTH = len("t=1795348800,v1=") + 64

texts = st.text(max_size=30)
flags = st.booleans() | st.none()
edits = st.tuples(st.integers(0, HEADER_LENGTH), st.integers(0, 4), st.text("tv0123=, aé", max_size=4))
header_parts = st.sampled_from(["t=", "t=1795348800", "t=0", "v1=", "v0=", "=", " ", "v1=" + "0" * 64]) | texts
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "data", "object", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40) | json_values
sessions = st.fixed_dictionaries({"object": st.fixed_dictionaries({"id": names}) | json_values}) | json_values
events = st.fixed_dictionaries(
    {"id": names, "type": st.sampled_from(sorted(SESSION_EVENTS)) | names, "data": sessions},
    optional={"livemode": json_values},
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(body=st.binary(max_size=200), header=st.lists(header_parts, max_size=6).map(",".join) | st.none(), encoded=flags)
def test_what_nobody_signed_is_refused(building: Premises, body: bytes, header: str | None, encoded: object) -> None:
    building.reset()
    sent = request(body, header)
    if encoded is not None:
        sent["isBase64Encoded"] = encoded

    assert handle(sent, None)["statusCode"] == 400
    assert building.is_untouched
    assert building.lines == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(header_edits=st.lists(edits, max_size=2), body_edits=st.lists(edits, max_size=2))
def test_what_was_changed_on_the_way_is_refused(
    building: Premises, header_edits: list[tuple[int, int, str]], body_edits: list[tuple[int, int, str]]
) -> None:
    building.reset()
    header, body = edited(building.sign(EVENT), header_edits), edited(EVENT.decode(), body_edits).encode()

    status = handle(request(body, header), None)["statusCode"]

    assert status == 400 or (status == 200 and body == EVENT)
    assert building.is_untouched


def edited(text: str, changes: list[tuple[int, int, str]]) -> str:
    """Replace parts of a text, each given by its place, its length, and what stands there instead."""
    for start, length, instead in changes:
        text = text[:start] + instead + text[start + length :]
    return text


@settings(max_examples=EXAMPLES, deadline=None)
@given(said=events | json_values)
def test_whatever_is_signed_is_ignored_or_refused(building: Premises, said: Any) -> None:
    building.reset()
    body = json.dumps(said).encode()

    status = handle(request(body, building.sign(body)), None)["statusCode"]

    assert status in (200, 400)
    assert building.aws == []
    assert all(method == "GET" for method, _ in building.transport.calls)
    assert status == 200 or building.is_untouched
