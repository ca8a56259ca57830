"""
Money back: how many credits of a purchase are revoked follows from the set of facts known about its payment.

Facts only ever join the set, and each has an order of its own states: so any order, repetition and delay of the news
ends in the same set, and with it in the same amount. `target = ceil(credits × min(paid, refunded + lost) ÷ paid)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class RefundState(IntEnum):
    """How far a refund has come; a later state replaces an earlier one."""

    GIVEN = 0  # on its way, or arrived
    FAILED = 1  # it came back, or was cancelled


class DisputeState(IntEnum):
    """How far a dispute has come; a later state replaces an earlier one."""

    INQUIRY = 0  # a question, whatever came of it: no money has moved
    OPEN = 1
    LOST = 2
    WON = 3  # also when it was lost first and the money reinstated


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund, in minor units."""

    amount_minor: int
    state: RefundState


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute, in minor units."""

    amount_minor: int
    state: DisputeState


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyFacts:
    """What is known of the money that went back for one payment: refunds and disputes by the provider's ids."""

    refunds: Mapping[str, Refund] = field(default_factory=dict)
    disputes: Mapping[str, Dispute] = field(default_factory=dict)

    @property
    def refunded_minor(self) -> int:
        return sum(each.amount_minor for each in self.refunds.values() if each.state is RefundState.GIVEN)

    @property
    def lost_minor(self) -> int:
        return sum(each.amount_minor for each in self.disputes.values() if each.state is DisputeState.LOST)

    @property
    def is_disputed(self) -> bool:
        return any(each.state is DisputeState.OPEN for each in self.disputes.values())


def joined(one: MoneyFacts, other: MoneyFacts) -> MoneyFacts:
    """Join two sets of facts: of each refund and dispute the later state."""
    refunds, disputes = dict(one.refunds), dict(one.disputes)
    for name, refund in other.refunds.items():
        if name not in refunds or refund.state > refunds[name].state:
            refunds[name] = refund
    for name, dispute in other.disputes.items():
        if name not in disputes or dispute.state > disputes[name].state:
            disputes[name] = dispute
    return MoneyFacts(refunds=refunds, disputes=disputes)


def target_of(credits: int, paid_minor: int, facts: MoneyFacts) -> int:
    """
    Say how many of a purchase's *credits* are revoked (rule 16): by the part of the money that went back, rounded up.

    A payment of nothing revokes nothing.
    """
    if not paid_minor:
        return 0
    gone = min(paid_minor, facts.refunded_minor + facts.lost_minor)
    return min(credits, -(-credits * gone // paid_minor))
