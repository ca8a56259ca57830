"""Explains credits that come, go and move without a price: grants, ends, transfers, money back."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.domain.explaining_steps import (
    Facts,
    Step,
    after_debt,
    credits_of,
    day_of,
    less,
    losses,
    sum_of,
    total_of,
)
from chalicelib.domain.times import from_text

BRINGS = {
    "purchase": "The purchase brings",
    "promo": "The grant brings",
    "plan": "The plan brings",
    "adjustment": "The adjustment adds",
}


def grant(facts: Facts) -> Iterator[Step]:
    """State a purchase, a grant, or whatever else made a lot."""
    yield from brought(facts, BRINGS[facts["lot"]["source"]])


def brought(facts: Facts, brings: str) -> Iterator[Step]:
    """State what a new lot brings, and what of it pays debt."""
    granted, paid = facts["granted"], facts["paid_to_debt"]
    yield Step(f"{brings} {credits_of(granted)}.", str(granted), granted)
    if paid:
        yield after_debt(granted, paid)


def adjustment(facts: Facts) -> Iterator[Step]:
    """State an adjustment, up or down."""
    if "lot" in facts:
        yield from grant(facts)
    else:
        yield _taken(facts, f"The adjustment takes {credits_of(-facts['credits'])}.")


def expiry(facts: Facts) -> Iterator[Step]:
    ended = day_of(from_text(facts["ended_at"]))
    yield _taken(facts, f"{facts['lot_id']} ended on {ended} and loses {credits_of(-facts['credits'])}.")


def transfer_out(facts: Facts) -> Iterator[Step]:
    yield _taken(facts, f"The transfer sends {credits_of(-facts['credits'])} to {facts['to_wallet_id']}.")


def _taken(facts: Facts, text: str) -> Step:
    return Step(text, sum_of(draw["credits"] for draw in facts["draws"]), facts["credits"])


def transfer_in(facts: Facts) -> Iterator[Step]:
    lots, paid = [lot["granted"] for lot in facts["lots"]], facts["paid_to_debt"]
    sender = facts["from_entry_id"].rpartition(":")[0]
    yield Step(f"The transfer brings {credits_of(sum(lots))} from {sender}.", sum_of(lots), sum(lots))
    if paid:
        yield after_debt(sum(lots), paid)


def recall(facts: Facts) -> Iterator[Step]:
    """State either end of a recall."""
    if "received" in facts:
        came = facts["received"]
        yield Step(f"The recall brings {credits_of(came)} home from {facts['from_wallet_id']}.", str(came), came)
        yield after_debt(came, facts["paid_to_debt"])
    else:
        text = f"The recall takes {credits_of(facts['recalled'])} home to {facts['to_wallet_id']}, which owes them."
        yield _taken(facts, text)


def revocation(facts: Facts) -> Iterator[Step]:
    revoked, debt, aside = facts["revoked"], facts["debt"], total_of(facts["from_set_aside"])
    yield Step(f"Money went back, which revokes {credits_of(revoked)} of the purchase.", str(revoked), revoked)
    if aside:
        yield Step(f"What was set aside gives {credits_of(aside)}.", _sum_of_draws(facts["from_set_aside"]), aside)
    if debt:
        yield Step(f"The purchase's lots lack {credits_of(debt)}: that is debt now.", str(debt), debt)
    text = f"What was free in the purchase's lots gives {credits_of(-facts['credits'])}."
    covered = sum_of(each for each in (aside, debt) if each)
    yield Step(text, f"{covered} - {revoked}", facts["credits"])


def _sum_of_draws(draws: list[Facts]) -> str:
    return sum_of(draw["credits"] for draw in draws)


def restoration(facts: Facts) -> Iterator[Step]:
    restored = facts["restored"]
    yield Step(f"The money didn't go back after all, which restores {credits_of(restored)}.", str(restored), restored)
    yield _given_back(restored, -facts["debt"], facts["expired"])


def set_aside(facts: Facts) -> Iterator[Step]:
    """State what an open dispute takes out of reach, or what comes back when none is open."""
    aside = total_of(facts["aside"])
    if aside > 0:
        yield _taken(facts, f"An open dispute sets {credits_of(aside)} of the purchase aside.")
        return
    back = [-draw["credits"] for draw in facts["aside"]]
    yield Step(f"No dispute is open any more, which gives {credits_of(-aside)} back.", sum_of(back), -aside)
    yield _given_back(-aside, facts["paid_to_debt"], facts["expired"])


def _given_back(credits: int, paid: int, expired: int) -> Step:
    free = credits - paid - expired
    text = f"{losses(paid, expired)} That leaves {credits_of(free)} free.".strip()
    return Step(text, less(credits, paid, expired), free)
