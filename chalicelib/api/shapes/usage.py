"""Answers about use: what was recorded, how full quotas are, what a use would take."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from chalicelib.api.shapes.parts import (
    Credits,
    Date,
    Draw,
    Offers,
    Percent,
    Period,
    Quantity,
    RunsOut,
    Seq,
    SuggestedAction,
    Time,
    UsageWarning,
)
from chalicelib.api.shapes.problems import Code, ProblemFacts

MeterKind = Literal["counter", "gauge"]
Level = Literal["ok", "warning", "critical", "exceeded"]


class MeterDefinition(TypedDict):
    """What is measured: a counter is added to and begins anew each period, a gauge is set and its level stands."""

    meter: str
    name: str
    kind: MeterKind


class Meter(MeterDefinition):
    """A meter against its quota; `quota`, `remaining` and `percent` are null where it is unlimited."""

    used: Quantity
    quota: Quantity | None
    remaining: Quantity | None
    percent: Percent | None
    level: Level
    overage_credits: Credits


class UsageMeter(Meter):
    """The same, with when the quota is used up; null: not before the period's end, or no such forecast."""

    runs_out: RunsOut | None


class PlanName(TypedDict):
    """Which plan it is."""

    plan_id: str
    name: str


class PeriodCredits(TypedDict):
    """Credits that can be spent, and those that this period took."""

    available: Credits
    spent_in_period: Credits


class UsageDay(TypedDict):
    """One day of a chart: units by meter, and the credits that uses and captures took."""

    date: Date
    meters: dict[str, Quantity]
    credits: Credits


class Usage(TypedDict):
    """Use against limits: the plan, its period, each meter, what to know and to do, and a chart by day."""

    wallet_id: str
    plan: PlanName
    period: Period
    meters: list[UsageMeter]
    credits: PeriodCredits
    warnings: list[UsageWarning]
    actions: list[SuggestedAction]
    daily: list[UsageDay]
    as_of: Time


class PredictionTotals(TypedDict):
    """How many predictions were made, and how many of them got feedback."""

    total: Quantity
    with_feedback: Quantity


class PredictionDay(TypedDict):
    """One day of predictions."""

    date: Date
    predictions: Quantity
    with_feedback: Quantity
    api_calls: Quantity


class PredictionUsage(TypedDict):
    """Predictions, how many got feedback, and API calls, by day; the rate is null where there are no predictions."""

    days: Annotated[int, msgspec.Meta(description="7, 30 or 90.")]
    predictions: PredictionTotals
    feedback_rate: Annotated[float, msgspec.Meta(ge=0, le=1)] | None
    api_calls: Quantity
    daily: list[PredictionDay]


class UsageRecorded(TypedDict):
    """What a use took: from the quota, and in credits from which lots."""

    entry_id: str
    seq: Seq
    from_quota: Quantity
    credits: Credits
    draws: list[Draw]
    available: Credits
    meter: Meter


class UsageResult(ProblemFacts):
    """
    What became of one event of a batch: `status` 200 with what a recorded use says, or what a problem says.

    `meter` is the meter as it stands now, or where its quota is exceeded its name.
    """

    key: str | None
    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    replayed: bool
    entry_id: NotRequired[str]
    seq: NotRequired[Seq]
    from_quota: NotRequired[Quantity]
    credits: NotRequired[Credits]
    draws: NotRequired[list[Draw]]
    meter: NotRequired[Meter | str]
    type: NotRequired[str]
    title: NotRequired[str]
    detail: NotRequired[str]
    code: NotRequired[Code]


class UsageBatch(TypedDict):
    """What became of each event, in the order of the request."""

    results: list[UsageResult]


class Quote(TypedDict):
    """What a use would take now; `quote_id` holds these terms until `valid_until`."""

    quote_id: str
    allowed: bool
    from_quota: Quantity
    credits: Credits
    draws: list[Draw]
    shortfall: Credits
    offers: Offers | None
    valid_until: Time
