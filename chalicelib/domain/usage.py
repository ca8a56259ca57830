"""
Use of meters: quota first, then credits, all or nothing.

Price the total, charge the difference (rule 18): a use of `q` costs `cost(used + q) - cost(used)`, so that ten uses
of one cost exactly what one use of ten costs, and nothing is lost to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.catalog import Catalog, Meter, MeterKind, Terms
from chalicelib.domain.concluding import conclude
from chalicelib.domain.days import Chart, Flow
from chalicelib.domain.errors import InsufficientCredits, InvalidRequest, QuotaExceeded, Refusal, Unprocessable
from chalicelib.domain.ledger import LARGEST_INTEGER, Fields, Stamp, draws_as_fields
from chalicelib.domain.lots import Draw, LotId, burn_down
from chalicelib.domain.offers import offers_for
from chalicelib.domain.plans import CaughtUp, catch_up
from chalicelib.domain.times import to_text
from chalicelib.domain.wallet import Decision, Line, MeterState, RunningPlan, Wallet, refuse_frozen, take_free


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """
    A use to record: a counter's `quantity`, or a gauge's new level (`set_to`).

    `at` is when it happened, if that was before now; it bills the running period and counts on its own day.
    """

    wallet_id: str
    meter: str
    quantity: int | None = None
    set_to: int | None = None
    at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one use takes: from the quota, and in credits from which lots. `base` is what was priced before it."""

    use: Use
    terms: Terms
    base: int
    priced: int  # the total that is priced after it
    state: MeterState
    used_before: int
    from_quota: int
    credits: int
    draws: tuple[Draw, ...] = ()

    def fields(self) -> Fields:
        """Say it as an entry does."""
        said: Fields = {"meter": self.use.meter, "from_quota": self.from_quota}
        if self.use.set_to is None:
            said["quantity"] = self.use.quantity
        else:
            said["set"] = self.use.set_to
        if self.use.at:
            said["used_at"] = to_text(self.use.at)
        return said

    def terms_fields(self) -> Fields:
        """Say by what it was priced: so that the charge can be explained, and repeated, from the entry alone."""
        rate = {"credits": self.terms.rate.credits, "per": self.terms.rate.per} if self.terms.rate else None
        said: Fields = {"used_before": self.used_before, "quota": self.terms.quota, "rate": rate}
        if self.use.set_to is not None:
            said["peak_before"] = self.base
        return said


def decide(wallet: Wallet, use: Use, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Record one use.

    Raises:
        InvalidRequest: There is no such meter, or a counter is set or a gauge incremented.
        Unprocessable: It happened outside the running period.
        QuotaExceeded: It goes over the quota, and the plan has no rate to pay by.
        InsufficientCredits: The available credits don't cover what goes over.
        Frozen: The wallet is frozen.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    charge, after = apply_use(current.wallet, current.plan, use, catalog, at)
    facts = {**charge.fields(), **charge.terms_fields()}
    private = {"labels": dict(use.labels)} if use.labels else {}
    line = _line([charge], facts, private, at)
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of several uses of one wallet: for each its charge or its refusal; one decision for all charged."""

    outcomes: tuple[Charge | Refusal, ...]
    decision: Decision | None


def decide_all(wallet: Wallet, uses: Sequence[Use], catalog: Catalog, stamp: Stamp) -> Batch:
    """Record several uses of one wallet as one entry, in order; what is refused fails alone."""
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    after = current.wallet
    outcomes: list[Charge | Refusal] = []
    for use in uses:
        try:
            charge, after = apply_use(after, after.plan or current.plan, use, catalog, at)
            outcomes.append(charge)
        except Refusal as refusal:
            outcomes.append(refusal)
    charges = [each for each in outcomes if isinstance(each, Charge)]
    if not charges:
        return Batch(tuple(outcomes), None)
    return Batch(tuple(outcomes), _batch_decision(wallet, current, after, charges, catalog=catalog, stamp=stamp))


def _batch_decision(
    wallet: Wallet, current: CaughtUp, after: Wallet, charges: Sequence[Charge], *, catalog: Catalog, stamp: Stamp
) -> Decision:
    terms: dict[str, Fields] = {}
    for charge in charges:
        terms.setdefault(charge.use.meter, charge.terms_fields())
    uses = [{**charge.fields(), "credits": -charge.credits} for charge in charges]
    labels = [dict(charge.use.labels) for charge in charges]
    private = {"labels": labels} if any(labels) else {}
    line = _line(charges, {"uses": uses, "terms": terms}, private, wallet.time_of_decision(stamp.now))
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)


def apply_use(wallet: Wallet, plan: RunningPlan, use: Use, catalog: Catalog, at: datetime) -> tuple[Charge, Wallet]:
    """
    Charge one use to a wallet whose period runs at *at*. Raises as `decide` does, and then changes nothing.
    """
    refuse_frozen(wallet)
    charge = price(wallet, plan, use, catalog, at)
    available = wallet.available(at)
    if charge.credits > available:
        shortfall = charge.credits + wallet.debt - wallet.free(at)  # what is bought pays the debt first
        raise InsufficientCredits(
            required=charge.credits,
            available=available,
            offers=offers_for(catalog, plan.plan_id, use.meter, charge.priced, shortfall=shortfall),
        )
    draws = burn_down(wallet.lots, charge.credits, now=at)
    after = replace(
        wallet,
        lots=take_free(wallet.lots, draws) if draws else wallet.lots,
        meters={**wallet.meters, use.meter: charge.state},
        plan=replace(plan, spent=plan.spent + charge.credits),
    )
    return replace(charge, draws=draws), after


def price(wallet: Wallet, plan: RunningPlan, use: Use, catalog: Catalog, at: datetime) -> Charge:
    """Price a use without asking whether the credits are there. Raises as `decide` does for all else."""
    meter = catalog.meter(use.meter)
    _check(use, meter, plan, at)
    terms = catalog.plan_or_free(plan.plan_id).terms(use.meter)
    before = wallet.meters.get(use.meter, MeterState(0))
    if meter.kind is MeterKind.GAUGE:
        base = before.peak or 0
        level = use.set_to or 0
        priced = max(base, level)
        state = MeterState(level, priced)
    else:
        base = before.used
        priced = base + (use.quantity or 0)
        state = MeterState(priced)
    if priced > LARGEST_INTEGER:
        raise Unprocessable("quantity: more than can be counted in one period")
    over = terms.over(priced) - terms.over(base)
    if over and not terms.rate:
        offers = offers_for(catalog, plan.plan_id, use.meter, priced, shortfall=None)
        raise QuotaExceeded(meter=use.meter, quota=terms.quota or 0, used=before.used, offers=offers)
    return Charge(
        use=use,
        terms=terms,
        base=base,
        priced=priced,
        state=state,
        used_before=before.used,
        from_quota=priced - base - over,
        credits=terms.cost(priced) - terms.cost(base),
    )


def _check(use: Use, meter: Meter, plan: RunningPlan, at: datetime) -> None:
    if meter.kind is MeterKind.GAUGE and use.set_to is None:
        raise InvalidRequest("set", f"{meter.meter} is a gauge: it is set, not added to")
    if meter.kind is MeterKind.COUNTER and use.quantity is None:
        raise InvalidRequest("quantity", f"{meter.meter} is a counter: it is added to, not set")
    if use.at and not plan.period_start <= use.at <= at:
        raise Unprocessable("at: outside the running period")


def _line(charges: Sequence[Charge], facts: Fields, private: Mapping[str, Any], at: datetime) -> Line:
    credits = sum(charge.credits for charge in charges)
    drawn: dict[LotId, int] = {}
    charts: dict[Any, Chart] = {}
    for charge in charges:
        for draw in charge.draws:
            drawn[draw.lot_id] = drawn.get(draw.lot_id, 0) + draw.credits
        gauge = charge.use.set_to is not None
        day = at.date() if gauge or not charge.use.at else charge.use.at.date()
        charts[day] = charts.get(day, Chart()) + _chart(charge)
    return Line(
        kind="usage",
        credits=-credits,
        draws=tuple(draws_as_fields([Draw(lot_id, amount) for lot_id, amount in drawn.items()])),
        facts=facts,
        private=private,
        flows={Flow.USED: credits},
        charts=charts,
    )


def _chart(charge: Charge) -> Chart:
    if charge.use.set_to is not None:
        return Chart(levels={charge.use.meter: charge.use.set_to}, credits=charge.credits)
    return Chart(counted={charge.use.meter: charge.use.quantity or 0}, credits=charge.credits)
