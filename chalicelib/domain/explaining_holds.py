"""Explains holds: what they set aside, what a capture takes of it, and what goes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chalicelib.domain.explaining_steps import (
    Facts,
    Step,
    credits_of,
    less,
    losses,
    meter_of,
    sum_of,
    time_of,
    total_of,
)
from chalicelib.domain.explaining_uses import Priced, uses_of
from chalicelib.domain.times import from_text


def hold(facts: Facts) -> Iterator[Step]:
    """State a hold of credits or of a use."""
    credits, until = -facts["credits"], time_of(from_text(facts["lapses_at"]))
    text = f"{facts['hold_id']} sets {credits_of(credits)} aside until {until}."
    expression = f"0 - {credits}"
    if "meter" in facts:
        priced = Priced.of(facts)
        yield from priced.in_steps()
        expression = f"{priced.paid} - {priced.dear}"
    yield Step(text, expression, facts["credits"])


def capture(facts: Facts) -> Iterator[Step]:
    """State what a capture takes, and what the hold gives back or lacks."""
    yield from _captured(facts)
    captured = facts["captured"]
    surplus = captured - total_of(facts["taken"])
    paid, expired = facts.get("paid_to_debt", 0), total_of(facts.get("expired", ()))
    held = facts["credits"] + captured + paid + expired
    yield Step(f"{facts['hold_id']} had set {credits_of(held)} aside.", str(held), held)
    texts = [losses(paid, expired), f"That gives {credits_of(facts['credits'])} back."]
    if surplus:
        texts = [f"What is available gives the {credits_of(surplus)} that it lacks."]
    yield Step(_joined(texts), less(held, captured, paid, expired), facts["credits"])


def _captured(facts: Facts) -> Iterator[Step]:
    captured, expression = facts["captured"], str(facts["captured"])
    if "uses" in facts:
        uses = list(uses_of(facts))
        yield from (each.in_one() for each in uses)
        expression = sum_of(each.credits for each in uses)
    elif "meter" in facts:
        priced = Priced.of(facts)
        yield from priced.in_steps()
        expression = f"{priced.dear} - {priced.paid}"
    yield Step(f"The capture takes {credits_of(captured)}.", expression, captured)
    yield from _corrected(facts)


def let_go(facts: Facts) -> Iterator[Step]:
    """State a release or a lapse."""
    paid, expired = facts.get("paid_to_debt", 0), total_of(facts.get("expired", ()))
    held = facts["credits"] + paid + expired
    how = "lapses" if facts["kind"] == "lapse" else "is released"
    yield Step(f"{facts['hold_id']} had set {credits_of(held)} aside and {how}.", str(held), held)
    yield from _corrected(facts)
    texts = [losses(paid, expired), f"That gives {credits_of(facts['credits'])} back."]
    yield Step(_joined(texts), less(held, paid, expired), facts["credits"])


def _corrected(facts: Facts) -> Iterator[Step]:
    """Say by how much the use that a hold had counted is corrected."""
    if "counted" in facts:
        name, quantity = meter_of(facts["counted"]["meter"]), facts["counted"]["quantity"]
        way = f"up by {quantity:,}" if quantity > 0 else f"down by {-quantity:,}"
        yield Step(f"The count of {name} goes {way}.", sum_of([quantity]), quantity)


def _joined(texts: Sequence[str]) -> str:
    return " ".join(text for text in texts if text)
