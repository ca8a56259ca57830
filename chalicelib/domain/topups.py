"""
Automatic top-up: what a customer set, and how the one payment stands that may be under way for it. How that reads:

    status                    when
    off                       not enabled, and no payment is under way
    charging                  a payment is under way
    suspended                 stopped: three declines in a row, or no card; until the card is another
    authentication_required   stopped: the bank wants the customer to be there; until the card is another
    capped                    the line was crossed, and this month's cap leaves no room
    backing_off               a card declined; tried again when the pause is over
    waiting                   the line was crossed; charged next, or when the cool-off is over
    armed                     charged when a spend leaves less than the line

The line is crossed in the wallet (`alerts.py`), whose entry's number is the trigger: there is at most one payment under
way, and a trigger is paid at most once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from chalicelib.domain.catalog import MOST_OF_A_PACKAGE, Catalog, Package
from chalicelib.domain.errors import Unprocessable
from chalicelib.domain.messages import Message
from chalicelib.domain.money import Money
from chalicelib.domain.wallet import Decision


class Stop(StrEnum):
    """Why nothing is charged until the customer has another card."""

    SUSPENDED = "suspended"
    AUTHENTICATION = "authentication"


class TopUpStatus(StrEnum):
    """How an automatic top-up reads; the table at the top says when."""

    OFF = "off"
    CHARGING = "charging"
    SUSPENDED = "suspended"
    AUTHENTICATION_REQUIRED = "authentication_required"
    CAPPED = "capped"
    BACKING_OFF = "backing_off"
    WAITING = "waiting"
    ARMED = "armed"


STOPPED = {Stop.SUSPENDED: TopUpStatus.SUSPENDED, Stop.AUTHENTICATION: TopUpStatus.AUTHENTICATION_REQUIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpTerms:
    """
    With less than `below` credits, buy as many of a package as bring them to `target`, for at most so much a month.

    A line of 0 is crossed when nothing is left. `monthly_cap_minor` None: there is no cap.
    """

    below: int
    target: int
    package_id: str
    monthly_cap_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """The one payment under way: which purchase it pays, for which trigger, the how manieth try, with which card."""

    purchase_id: str
    seq: int
    attempt: int
    credits: int
    amount: Money
    card: str
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """
    A wallet's row. One never written reads as version 0.

    `trigger` is the entry that crossed the line, `attempts` the payments that were tried for it. `declines` counts
    those in a row, `not_before` ends a cool-off or a back-off. `card` is the one that was refused when it was
    stopped. `month_minor` is the money of `month` (UTC) that is paid or under way; `capped_month` is the one of which
    the customer was told that its cap is reached. `due_at` is when a job should look.
    """

    wallet_id: str
    version: int = 0
    enabled: bool = False
    terms: TopUpTerms | None = None
    trigger: int | None = None
    attempts: int = 0
    flight: Flight | None = None
    declines: int = 0
    not_before: datetime | None = None
    stopped: Stop | None = None
    stopped_at: datetime | None = None
    card: str | None = None
    month: str = ""
    month_minor: int = 0
    capped_month: str = ""
    due_at: datetime | None = None

    @property
    def line(self) -> int | None:
        """The line below which credits are bought; None: it isn't enabled."""
        return self.terms.below if self.enabled and self.terms else None

    def month_at(self, now: datetime) -> str:
        """The month in whose cap a payment counts; never an earlier one, whatever the machines' clocks say."""
        return max(self.month, month_of(now))

    def charged_in(self, month: str) -> int:
        """What is paid or under way of a month, in minor units."""
        return self.month_minor if self.month == month else 0

    def status(self, now: datetime) -> TopUpStatus:
        """Say how it stands, by the table at the top."""
        if self.flight:
            return TopUpStatus.CHARGING
        if not self.enabled:
            return TopUpStatus.OFF
        if self.stopped:
            return STOPPED[self.stopped]
        if self.trigger is None:
            return TopUpStatus.ARMED
        if self.declines and self.not_before and self.not_before > now:
            return TopUpStatus.BACKING_OFF
        return TopUpStatus.CAPPED if self._waits_for_next_month(now) else TopUpStatus.WAITING

    def _waits_for_next_month(self, now: datetime) -> bool:
        month = self.month_at(now)
        return self.capped_month == month and self.due_at is not None and month_of(self.due_at) > month


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpMoved:
    """A row before and after, the wallet's entry that goes with it, and what the customer is told."""

    before: TopUp
    topup: TopUp
    decision: Decision | None = None
    messages: tuple[Message, ...] = field(default_factory=tuple)


def month_of(at: datetime) -> str:
    """Name a UTC month: 2026-11."""
    return at.astimezone(UTC).strftime("%Y-%m")


def packages_for(gap: int, package: Package) -> int:
    """Count the fewest packages that close a gap: at least one, at most as many as one purchase may have."""
    return min(max(1, -(-gap // package.total_credits)), MOST_OF_A_PACKAGE)


def check_terms(terms: TopUpTerms, catalog: Catalog) -> None:
    """
    Refuse what could never be charged as it is meant.

    Raises:
        InvalidRequest: There is no such package.
        Unprocessable: The target is below its line or more than one payment can reach, or the cap below one package.
    """
    package = catalog.package(terms.package_id)
    if terms.target < terms.below:
        raise Unprocessable("target: it is below the line at which credits are bought.")
    if terms.target > MOST_OF_A_PACKAGE * package.total_credits:
        raise Unprocessable(f"target: more than {MOST_OF_A_PACKAGE} of this package would be needed to reach it.")
    if terms.monthly_cap_minor is not None and terms.monthly_cap_minor < package.price.amount_minor:
        raise Unprocessable("monthly_cap_minor: it is below the price of one package.")
