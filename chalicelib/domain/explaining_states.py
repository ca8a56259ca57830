"""Explains what changes how a wallet stands: plans and their periods, settings, freezing, notices and alerts."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.domain.alerts import DEBT, LOW_BALANCE, TOPUP
from chalicelib.domain.explaining_moves import BRINGS, brought
from chalicelib.domain.explaining_steps import Facts, Step, credits_of, day_of, meter_of, said
from chalicelib.domain.plans import QUOTA
from chalicelib.domain.times import from_text

LINES = {
    LOW_BALANCE: ("the balance is low", "the balance is not low any more"),
    DEBT: ("there is debt", "there is no debt any more"),
    TOPUP: ("the line of the automatic top-up is reached", "the line of the automatic top-up is left"),
}


def renewal(facts: Facts) -> Iterator[Step]:
    """State a period that began, by the clock or by news of the subscription."""
    plan, period = facts["plan_id"], facts["period"]
    start, end = day_of(from_text(period["start"])), day_of(from_text(period["end"]))
    unpaid = " It isn't paid yet." if facts.get("provisional") else ""
    yield said(f"The plan {plan} runs from {start} to {end}.{unpaid}")
    if "lot" in facts:
        yield from brought(facts, "What rolled over brings" if unpaid else "The plan, with what rolled over, brings")


def plan_change(facts: Facts) -> Iterator[Step]:
    before, plan = facts["from_plan_id"], facts["plan_id"]
    if facts.get("lapsed"):
        yield said(f"The time of the plan {before} is over; the plan {plan} follows.")
    elif before == plan:
        yield said(f"The plan {plan} stays; who set it changes, or its period.")
    else:
        yield said(f"The plan {plan} takes the place of the plan {before}.")
    if "lot" in facts:
        yield from brought(facts, BRINGS["plan"])


def settings(facts: Facts) -> Iterator[Step]:
    yield said(f"{_set(facts)} No credits move.")


def _set(facts: Facts) -> str:
    if "auto_topup" in facts:
        terms = facts["auto_topup"]
        how = f"on, below {credits_of(terms['below'])}" if terms["enabled"] else "off"
        return f"The automatic top-up is {how}."
    if "erased_up_to" in facts:
        return f"What names persons is erased from the entries up to {facts['erased_up_to']}."
    changed = ", ".join(facts.get("changed", ()))
    return f"Settings change: {facts['settings']}{f' ({changed})' if changed else ''}."


def freeze(facts: Facts) -> Iterator[Step]:
    yield said(f"The wallet is {'frozen' if facts['frozen'] else 'not frozen any more'}. No credits move.")


def notice(facts: Facts) -> Iterator[Step]:
    """State a notice of a lot's end, or which lines of alerts were crossed."""
    if "lot_id" in facts:
        end = day_of(from_text(facts["ends_at"]))
        yield said(f"The customer is told that {facts['lot_id']} ends on {end}. No credits move.")
        return
    lines = [_line(subject, level) for subject, level in facts["latched"].items()]
    yield said(f"With this entry {' and '.join(lines)}.")


def _line(subject: str, level: int) -> str:
    if subject.startswith(QUOTA):
        quota = f"the quota of {meter_of(subject.removeprefix(QUOTA))}"
        return f"{level} % of {quota} is reached" if level else f"{quota} is not nearly used up any more"
    reached, left = LINES[subject]
    return reached if level else left
