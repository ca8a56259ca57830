"""The commands on holds: place, capture, release. Lapsing needs none: the clock does it, and the next entry says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.catalog import Catalog, MeterKind
from chalicelib.domain.concluding import conclude
from chalicelib.domain.days import Chart, Flow
from chalicelib.domain.errors import (
    Conflict,
    HoldClosed,
    InsufficientCredits,
    InvalidRequest,
    QuotaExceeded,
    WalletFull,
)
from chalicelib.domain.giving_back import count, give_back, let_go, put_aside
from chalicelib.domain.holds import OPEN_HOLDS, HeldUse, Hold, Transition, first_of
from chalicelib.domain.ledger import Fields, Stamp, as_text, draws_as_fields
from chalicelib.domain.lots import Draw, burn_down
from chalicelib.domain.offers import Offers, offers_for, packages_for
from chalicelib.domain.plans import CaughtUp, catch_up
from chalicelib.domain.usage import Charge, Use, price
from chalicelib.domain.wallet import Decision, Line, RunningPlan, Wallet, refuse_frozen, take_free


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What a hold is wanted for: `credits`, or a use of so much of a meter. It lapses `ttl` after it was placed.

    `at_most` is what was quoted for the use; the hold then takes that or less.
    """

    wallet_id: str
    ttl: timedelta
    credits: int | None = None
    meter: str | None = None
    quantity: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What of a hold is taken: `credits`, a `quantity` of the use that it is for, or `uses` that it pays for."""

    wallet_id: str
    hold_id: str
    credits: int | None = None
    quantity: int | None = None
    uses: tuple[Use, ...] = ()


def place(wallet: Wallet, wish: Wish, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Set credits aside.

    A use is counted at once: its quota is taken, and what goes over is held.

    Raises:
        InvalidRequest: There is no such meter, or it is a gauge, which is set and can't be held.
        QuotaExceeded: The use goes over the quota, and the plan has no rate to pay by.
        InsufficientCredits: The available credits don't cover it.
        Conflict: It costs more by now than was quoted.
        WalletFull: As many holds as a wallet may have are open.
        Frozen: The wallet is frozen.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    refuse_frozen(wallet)
    charge = _charge(current, wish, catalog, at)
    credits = charge.credits if charge else wish.credits or 0
    if wish.at_most is not None and credits > wish.at_most:
        raise Conflict(f"By now it costs {credits} credits, more than the {wish.at_most} quoted.")
    if len(current.wallet.holds) >= OPEN_HOLDS:
        raise WalletFull(OPEN_HOLDS, what="holds")
    _refuse_short(current, credits, charge, catalog, at)
    draws = burn_down(current.wallet.lots, credits, now=at)
    use = _held_use(charge, current.plan) if charge else None
    hold = Hold(seq=wallet.seq + 1, draws=draws, lapses_at=at + wish.ttl, use=use)
    meters = {**current.wallet.meters, charge.use.meter: charge.state} if charge else current.wallet.meters
    after = replace(
        current.wallet,
        lots=put_aside(current.wallet.lots, draws),
        holds=(*current.wallet.holds, hold),
        meters=meters,
        plan=current.plan,
    )
    priced = {**charge.fields(), **charge.terms_fields()} if charge else {}
    line = Line(
        kind="hold",
        credits=-credits,
        draws=tuple(draws_as_fields(draws)),
        facts={"hold_id": hold.hold_id, "lapses_at": as_text(hold.lapses_at), **priced},
    )
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)


def _charge(current: CaughtUp, wish: Wish, catalog: Catalog, at: datetime) -> Charge | None:
    if wish.meter is None:
        return None
    if catalog.meter(wish.meter).kind is MeterKind.GAUGE:
        raise InvalidRequest("meter", f"{wish.meter} is a gauge: it is set, and can't be held")
    use = Use(wallet_id=wish.wallet_id, meter=wish.meter, quantity=wish.quantity)
    return price(current.wallet, current.plan, use, catalog, at)


def _held_use(charge: Charge, plan: RunningPlan) -> HeldUse:
    return HeldUse(
        meter=charge.use.meter,
        quantity=charge.use.quantity or 0,
        base=charge.base,
        period_start=plan.period_start,
        terms=charge.terms,
    )


def _refuse_short(current: CaughtUp, credits: int, charge: Charge | None, catalog: Catalog, at: datetime) -> None:
    wallet, available = current.wallet, current.wallet.available(at)
    if credits <= available:
        return
    shortfall = credits + wallet.debt - wallet.free(at)  # what is bought pays the debt first
    offers: Offers = packages_for(catalog, shortfall)
    if charge:
        offers = offers_for(catalog, current.plan.plan_id, charge.use.meter, charge.priced, shortfall=shortfall)
    raise InsufficientCredits(required=credits, available=available, offers=offers)


def release(wallet: Wallet, name: str, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Give everything that a hold set aside back to the very lots; what has ended meanwhile goes to *expired*.

    Raises:
        HoldClosed: It was captured, released or has lapsed.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    after, line = let_go(current.wallet, _open(current.wallet, name), Transition.RELEASE.value, at)
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)


def _open(wallet: Wallet, name: str) -> Hold:
    for hold in wallet.holds:
        if hold.hold_id == name:
            return hold
    raise HoldClosed(name)


def capture(wallet: Wallet, wanted: Capture, catalog: Catalog, stamp: Stamp) -> Decision:
    """
    Take what was used of a hold and close it: first from its draws; the rest goes back, a surplus comes from what is
    available.

    Raises:
        HoldClosed: It was captured, released or has lapsed.
        InvalidRequest: A hold of credits is captured by quantity, or one of a use by anything else.
        InsufficientCredits: The surplus isn't covered; the hold stays open.
        QuotaExceeded: One of the uses can't be paid for; the hold stays open.
        Frozen: The wallet is frozen.
    """
    at = wallet.time_of_decision(stamp.now)
    current = catch_up(wallet, catalog, at)
    hold = _open(current.wallet, wanted.hold_id)
    refuse_frozen(wallet)
    taking = _taking(current, hold, wanted, catalog, at)
    surplus = max(0, taking.credits - hold.credits)
    taken, rest = first_of(hold.draws, taking.credits)
    spent = _spend(taking.wallet, taken)
    spent, returned = give_back(spent, rest, at)
    spent = replace(spent, holds=tuple(each for each in spent.holds if each.seq != hold.seq))
    _refuse_surplus(spent, surplus, catalog, at)
    more = burn_down(spent.lots, surplus, now=at)
    plan = spent.plan or current.plan
    after = replace(spent, lots=take_free(spent.lots, more), plan=replace(plan, spent=plan.spent + taking.credits))
    line = Line(
        kind="capture",
        credits=returned.credits - surplus,
        draws=(*draws_as_fields(returned.draws, sign=1), *draws_as_fields(more)),
        facts={
            "hold_id": hold.hold_id,
            "captured": taking.credits,
            "taken": draws_as_fields(taken, sign=1),
            **taking.facts,
            **returned.facts(),
        },
        private=taking.private,
        flows={Flow.USED: taking.credits, **returned.flows()},
        charts={at.date(): replace(taking.chart, credits=taking.credits)},
    )
    return conclude(wallet, current, after, line, catalog=catalog, stamp=stamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    """What a capture takes in credits, the wallet with its meters counted, and how the entry says it."""

    credits: int
    wallet: Wallet
    facts: Fields = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict)
    chart: Chart = field(default_factory=Chart)


def _taking(current: CaughtUp, hold: Hold, wanted: Capture, catalog: Catalog, at: datetime) -> _Taking:
    if hold.use:
        if wanted.quantity is None:
            raise InvalidRequest("quantity", "wanted for a hold of a use")
        return _taking_use(current, hold, hold.use, wanted.quantity, catalog)
    if wanted.uses:
        return _taking_uses(current, wanted.uses, catalog, at)
    if wanted.credits is None:
        raise InvalidRequest("credits", "credits or uses are wanted for a hold of credits")
    return _Taking(credits=wanted.credits, wallet=current.wallet)


def _taking_use(current: CaughtUp, hold: Hold, use: HeldUse, quantity: int, catalog: Catalog) -> _Taking:
    over = use.terms.over(use.base + quantity) - use.terms.over(use.base)
    if use.terms.rate is None and over:
        offers = offers_for(catalog, current.plan.plan_id, use.meter, use.base + quantity, shortfall=None)
        raise QuotaExceeded(meter=use.meter, quota=use.terms.quota or 0, used=use.base, offers=offers)
    after, counted = count(current.wallet, hold, quantity - use.quantity)
    rate = {"credits": use.terms.rate.credits, "per": use.terms.rate.per} if use.terms.rate else None
    facts: Fields = {
        "meter": use.meter,
        "quantity": quantity,
        "from_quota": quantity - over,
        "used_before": use.base,
        "quota": use.terms.quota,
        "rate": rate,
        **counted,
    }
    return _Taking(credits=use.cost(quantity), wallet=after, facts=facts, chart=Chart(counted={use.meter: quantity}))


def _taking_uses(current: CaughtUp, uses: Sequence[Use], catalog: Catalog, at: datetime) -> _Taking:
    """Price the uses that a lease was spent on, one after the other: the quota pays first."""
    wallet, credits, chart = current.wallet, 0, Chart()
    said, terms = [], dict[str, Fields]()
    for use in uses:
        if catalog.meter(use.meter).kind is MeterKind.GAUGE:
            raise InvalidRequest("uses", f"{use.meter} is a gauge: it is set, and not paid by a hold")
        charge = price(wallet, current.plan, use, catalog, at)
        wallet = replace(wallet, meters={**wallet.meters, use.meter: charge.state})
        credits += charge.credits
        terms.setdefault(use.meter, charge.terms_fields())
        said.append({**charge.fields(), "credits": -charge.credits})
        chart += Chart(counted={use.meter: use.quantity or 0})
    labels = [dict(use.labels) for use in uses]
    return _Taking(
        credits=credits,
        wallet=wallet,
        facts={"uses": said, "terms": terms},
        private={"labels": labels} if any(labels) else {},
        chart=chart,
    )


def _spend(wallet: Wallet, taken: Sequence[Draw]) -> Wallet:
    drawn = {draw.lot_id: draw.credits for draw in taken}
    lots = tuple(replace(lot, held=lot.held - drawn.get(lot.id, 0)) for lot in wallet.lots)
    return replace(wallet, lots=lots)


def _refuse_surplus(wallet: Wallet, surplus: int, catalog: Catalog, at: datetime) -> None:
    available = wallet.available(at)
    if surplus > available:
        short = surplus + wallet.debt - wallet.free(at)
        raise InsufficientCredits(required=surplus, available=available, offers=packages_for(catalog, short))
