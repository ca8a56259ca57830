"""Whether Stripe sends its events to us: to the right address, all that are wanted, and not switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.payments.events import SUBJECTS
from cli.doctor.checks import Odd, Wrong
from cli.settings import WEBHOOK

ALL = "*"


def judge(listed: Sequence[Mapping[str, Any]] | None, url: str | None) -> str:
    """
    Say how events come to us.

    Raises:
        Wrong: Nothing is sent to us, or not all that is wanted.
        Odd: It can't be told.
    """
    if listed is None:
        raise Odd("Stripe doesn't say where it sends events")
    ours = [each for each in listed if url is None or each["url"].rstrip("/") == url.rstrip("/")]
    if not ours:
        raise Wrong(f"none of {len(listed)} endpoints is {url}" if listed else "events are sent nowhere")
    if len(ours) > 1 and url is None:
        raise Odd(f"{len(ours)} endpoints; say which is ours: {WEBHOOK}")
    if not (enabled := [each for each in ours if each["status"] == "enabled"]):
        raise Wrong("the endpoint is switched off")
    sent = {event for each in enabled for event in each["enabled_events"]}
    if ALL not in sent and (missing := sorted(SUBJECTS.keys() - sent)):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise Wrong(f"not sent: {missing[0]}{more}")
    return "events are sent to us"
