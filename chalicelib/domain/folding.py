"""
Folding: rebuilds a wallet from nothing but its history.

It reads the entries' facts alone and never asks the code that decided them, so that one can judge the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any

from chalicelib.domain.catalog import Rate, Terms
from chalicelib.domain.days import Day, Flow
from chalicelib.domain.holds import HeldUse, Hold
from chalicelib.domain.ledger import GENESIS, Entry, as_time, lot_of
from chalicelib.domain.lots import Draw, Lot, LotId, Origin, Source
from chalicelib.domain.times import from_text
from chalicelib.domain.wallet import PACE_DAYS, MeterState, Month, RunningPlan, Tenure, Wallet

Facts = Mapping[str, Any]


@dataclass(slots=True)
class _Books:
    """The running state of a fold."""

    wallet_id: str
    seq: int = 0
    head: bytes = GENESIS
    last_at: datetime | None = None
    debt: int = 0
    debt_since: int | None = None
    lots: dict[LotId, Lot] = field(default_factory=dict)
    today: Day | None = None
    last_purchase: int | None = None
    plan: RunningPlan | None = None
    meters: dict[str, MeterState] = field(default_factory=dict)
    pace: tuple[int, ...] = ()
    holds: dict[int, Hold] = field(default_factory=dict)
    frozen: bool = False
    latches: dict[str, int] = field(default_factory=dict)
    topup_below: int | None = None
    shown: dict[str, int] = field(default_factory=dict)  # today's chart: by meter
    shown_credits: int = 0


def fold(wallet_id: str, entries: Iterable[Entry], *, start: Wallet | None = None) -> Wallet:
    """
    Rebuild the wallet that stood after *entries*, from nothing or from a snapshot.

    Raises:
        ValueError: The entries aren't this wallet's next ones, in order.
    """
    books = _opened(start or Wallet(wallet_id=wallet_id))
    for entry in entries:
        if entry.wallet_id != wallet_id or entry.seq != books.seq + 1:
            raise ValueError(f"{entry.entry_id} does not follow {wallet_id}:{books.seq}")
        _apply(books, entry)
    return Wallet(
        wallet_id=wallet_id,
        seq=books.seq,
        head=books.head,
        last_at=books.last_at,
        lots=tuple(lot for lot in books.lots.values() if lot.left),
        debt=books.debt,
        debt_since=books.debt_since,
        today=books.today,
        last_purchase=books.last_purchase,
        plan=books.plan,
        meters=books.meters,
        pace=books.pace,
        latches=books.latches,
        holds=tuple(books.holds.values()),
        frozen=books.frozen,
        topup_below=books.topup_below,
    )


def _opened(start: Wallet) -> _Books:
    return _Books(
        wallet_id=start.wallet_id,
        seq=start.seq,
        head=start.head,
        last_at=start.last_at,
        debt=start.debt,
        debt_since=start.debt_since,
        lots={lot.id: lot for lot in start.lots},
        today=start.today,
        last_purchase=start.last_purchase,
        plan=start.plan,
        meters=dict(start.meters),
        pace=start.pace,
        latches=dict(start.latches),
        holds={hold.seq: hold for hold in start.holds},
        frozen=start.frozen,
        topup_below=start.topup_below,
        shown=dict(start.today.meters) if start.today else {},
        shown_credits=start.today.credits if start.today else 0,
    )


def _apply(books: _Books, entry: Entry) -> None:
    at = entry.at
    if books.plan is None:
        books.plan = _free_from(at)
    if not books.today or books.today.date != at.date():
        _close_day(books, at.date())
        books.today = Day(date=at.date(), first_seq=entry.seq)
        books.shown = {
            name: state.used for name, state in books.meters.items() if state.peak is not None and state.used
        }
        books.shown_credits = 0
    for step in (*entry.facts.get("also", ()), entry.facts):
        flows = STEPS[step["kind"]](books, {**step, "at": entry.facts["at"], "seq": entry.seq})
        books.today = books.today.plus(step["kind"], step["credits"], flows)
    books.today = replace(books.today, meters=dict(books.shown), credits=books.shown_credits)
    books.seq, books.head, books.last_at = entry.seq, entry.hash, at
    books.debt_since = (books.debt_since or entry.seq) if books.debt else None


def _close_day(books: _Books, day: date) -> None:
    """Add the finished day, and the days since then on which nothing was written, to the pace."""
    if books.today:
        idle = (day - books.today.date).days - 1
        books.pace = (*books.pace, books.shown_credits, *[0] * idle)[-PACE_DAYS:]


def _free_from(at: datetime) -> RunningPlan:
    began = datetime.combine(at.date(), time(), UTC)
    return RunningPlan(plan_id="free", set_by="default", anchor=began, period_start=began)


def _granted(books: _Books, facts: Facts) -> Mapping[str, int]:
    lot, paid = facts["lot"], facts["paid_to_debt"]
    books.debt -= paid
    _put(books, lot, facts["granted"] - paid)
    bought = lot["source"] == Source.PURCHASE
    books.last_purchase = facts["granted"] if bought else books.last_purchase or 0
    column = Flow.BOUGHT if bought else Flow.GRANTED
    return {column: facts["granted"], Flow.PAID_TO_DEBT: paid}


def _adjusted(books: _Books, facts: Facts) -> Mapping[str, int]:
    if "lot" not in facts:
        _move_free(books, facts)
        return {Flow.ADJUSTED: facts["credits"]}
    _granted(books, facts)
    return {Flow.ADJUSTED: facts["granted"], Flow.PAID_TO_DEBT: facts["paid_to_debt"]}


def _put(books: _Books, lot: Facts, kept: int) -> None:
    """Put a lot into the books as an entry names it, with so much in it."""
    origin = lot.get("origin")
    books.lots[lot_of(lot)] = Lot(
        id=lot_of(lot),
        source=Source(lot["source"]),
        granted=kept,
        free=kept,
        priority=lot["priority"],
        granted_at=from_text(lot["granted_at"]),
        expires_at=as_time(lot["expires_at"]),
        noticed_at=as_time(lot.get("noticed_at")),
        warned=lot.get("warned"),
        purchase_id=lot.get("purchase_id"),
        origin=Origin(origin["wallet_id"], lot_of(origin)) if origin else None,
    )


def _included(books: _Books, facts: Facts) -> Mapping[str, int]:
    """The plan's own credits, if the step brought some."""
    if "lot" not in facts:
        return {}
    plan = books.plan or _free_from(from_text(facts["at"]))
    if not facts.get("provisional"):  # then only what was carried over came
        books.plan = replace(plan, granted=(*plan.granted, facts["plan_id"]))
    return _granted(books, facts)


def _renewed(books: _Books, facts: Facts) -> Mapping[str, int]:
    if "set_by" in facts:  # by news of the subscription, and not by the clock
        return _plan_changed(books, facts)
    start = from_text(facts["period"]["start"])
    if books.plan and books.plan.period_start != start:
        books.plan = replace(books.plan, period_start=start, spent=0, granted=())
        books.meters = {name: MeterState(level, 0) for name, level in facts.get("levels", {}).items()}
        _forget_quotas(books)
    return _included(books, facts)


def _forget_quotas(books: _Books) -> None:
    books.latches = {subject: level for subject, level in books.latches.items() if not subject.startswith("quota:")}


def _tenure(facts: Facts) -> Tenure | None:
    if "until" not in facts:
        return None
    return Tenure(until=from_text(facts["until"]), is_ending=facts["is_ending"], is_paid=facts["is_paid"])


def _behind(before: RunningPlan | None, facts: Facts) -> Month | None:
    """The month of a paid plan that lies behind an admin's word."""
    if before is None or before.set_by != "stripe":
        return before.behind if before else None
    return Month(before.period_start, before.granted) if facts["set_by"] == "admin" else None


def _plan_changed(books: _Books, facts: Facts) -> Mapping[str, int]:
    before, start = books.plan, from_text(facts["period"]["start"])
    behind, same_period = _behind(before, facts), before is not None and before.period_start == start
    granted = behind.granted if behind and behind.start == start else ()
    books.plan = RunningPlan(
        plan_id=facts["plan_id"],
        set_by=facts["set_by"],
        anchor=from_text(facts["anchor"]),
        period_start=start,
        spent=before.spent if before and same_period else 0,
        granted=before.granted if before and same_period else granted,
        tenure=_tenure(facts),
        behind=None if facts["set_by"] == "stripe" else behind,
    )
    if not same_period:
        books.meters = {name: MeterState(level, 0) for name, level in facts.get("levels", {}).items()}
        if facts.get("lapsed"):
            _forget_quotas(books)
    return _included(books, facts)


def _used(books: _Books, facts: Facts) -> Mapping[str, int]:
    _move_free(books, facts)
    for use in facts.get("uses", [facts]):
        _count(books, use, from_text(facts["at"]).date())
    plan = books.plan or _free_from(from_text(facts["at"]))
    books.plan = replace(plan, spent=plan.spent - facts["credits"])
    return {Flow.USED: -facts["credits"]}


def _move_free(books: _Books, facts: Facts) -> None:
    """Change what is free in lots by a step's draws, which bear the sign of their effect."""
    for draw in facts["draws"]:
        lot = books.lots[lot_of(draw)]
        books.lots[lot.id] = replace(lot, free=lot.free + draw["credits"])


def _count(books: _Books, use: Facts, day: date) -> None:
    name = use["meter"]
    before = books.meters.get(name, MeterState(0))
    if "set" in use:
        books.meters[name] = MeterState(use["set"], max(before.peak or 0, use["set"]))
        books.shown[name] = use["set"]
        books.shown_credits -= use["credits"]
        return
    books.meters[name] = MeterState(before.used + use["quantity"])
    if "used_at" not in use or from_text(use["used_at"]).date() == day:
        books.shown[name] = books.shown.get(name, 0) + use["quantity"]
        books.shown_credits -= use["credits"]


def _ended(books: _Books, facts: Facts) -> Mapping[str, int]:
    _move_free(books, facts)
    return {Flow.EXPIRED: -facts["credits"]}


def _noticed(books: _Books, facts: Facts) -> Mapping[str, int]:
    """A notice of a lot's end, or what changed in the alerts that are latched."""
    if "lot_id" in facts:
        lot = books.lots[lot_of(facts)]
        noticed_at = lot.noticed_at or (from_text(facts["at"]) if facts["is_last"] else None)
        books.lots[lot.id] = replace(lot, noticed_at=noticed_at, warned=facts["days"])
    books.latches.update(facts.get("latched", {}))
    books.latches = {subject: level for subject, level in books.latches.items() if level}
    return {}


def _held(books: _Books, facts: Facts) -> Mapping[str, int]:
    use = None
    if "meter" in facts:
        _counted(books, facts["meter"], facts["quantity"])
        plan = books.plan or _free_from(from_text(facts["at"]))
        use = HeldUse(
            meter=facts["meter"],
            quantity=facts["quantity"],
            base=facts["used_before"],
            period_start=plan.period_start,
            terms=Terms(quota=facts["quota"], rate=Rate(**facts["rate"]) if facts["rate"] else None),
        )
    draws = tuple(Draw(lot_of(draw), -draw["credits"]) for draw in facts["draws"])
    for draw in draws:
        lot = books.lots[draw.lot_id]
        books.lots[lot.id] = replace(lot, free=lot.free - draw.credits, held=lot.held + draw.credits)
    lapses_at = from_text(facts["lapses_at"])
    books.holds[facts["seq"]] = Hold(seq=facts["seq"], draws=draws, lapses_at=lapses_at, use=use)
    return {}


def _counted(books: _Books, meter: str, quantity: int) -> None:
    books.meters[meter] = MeterState(books.meters.get(meter, MeterState(0)).used + quantity)


def _let_go(books: _Books, facts: Facts) -> Mapping[str, int]:
    """Close a hold: its draws leave what is held; the step's own say what became free or was taken besides."""
    hold = books.holds.pop(int(facts["hold_id"].removeprefix("hold_")))
    for held in hold.draws:
        lot = books.lots[held.lot_id]
        books.lots[lot.id] = replace(lot, held=lot.held - held.credits)
    _move_free(books, facts)
    if "counted" in facts:
        _counted(books, **facts["counted"])
    paid = facts.get("paid_to_debt", 0)
    books.debt -= paid
    return {Flow.EXPIRED: sum(draw["credits"] for draw in facts.get("expired", ())), Flow.PAID_TO_DEBT: paid}


def _captured(books: _Books, facts: Facts) -> Mapping[str, int]:
    for use in facts.get("uses", ()):
        _counted(books, use["meter"], use["quantity"])
    for use in facts.get("uses", [facts] if "meter" in facts else []):
        books.shown[use["meter"]] = books.shown.get(use["meter"], 0) + use["quantity"]
    books.shown_credits += facts["captured"]
    plan = books.plan or _free_from(from_text(facts["at"]))
    books.plan = replace(plan, spent=plan.spent + facts["captured"])
    return {Flow.USED: facts["captured"], **_let_go(books, facts)}


def _sent(books: _Books, facts: Facts) -> Mapping[str, int]:
    _move_free(books, facts)
    return {Flow.SENT: -facts["credits"]}


def _received(books: _Books, facts: Facts) -> Mapping[str, int]:
    kept = {draw["lot_id"]: draw["credits"] for draw in facts["draws"]}
    for lot in facts["lots"]:
        _put(books, lot, kept.get(lot["lot_id"], 0))
    books.debt -= facts["paid_to_debt"]
    books.last_purchase = books.last_purchase or 0
    received = sum(lot["granted"] for lot in facts["lots"])
    return {Flow.RECEIVED: received, Flow.PAID_TO_DEBT: facts["paid_to_debt"]}


def _frozen(books: _Books, facts: Facts) -> Mapping[str, int]:
    books.frozen = facts["frozen"]
    return {}


def _revoked(books: _Books, facts: Facts) -> Mapping[str, int]:
    _move_free(books, facts)
    for draw in facts["from_set_aside"]:
        lot = books.lots[lot_of(draw)]
        books.lots[lot.id] = replace(lot, set_aside=lot.set_aside - draw["credits"])
    books.debt += facts["debt"]
    return {Flow.REVOKED: facts["revoked"] - facts["debt"]}


def _restored(books: _Books, facts: Facts) -> Mapping[str, int]:
    named = facts["lot"]
    there = books.lots.get(lot_of(named))
    if there is None or not there.left:  # it left the wallet; what it knew of notices left with it
        _put(books, named, 0)
    lot = books.lots[lot_of(named)]
    books.lots[lot.id] = replace(lot, free=lot.free + facts["credits"], granted=named["granted"])
    books.debt += facts["debt"]
    return {Flow.RESTORED: facts["restored"], Flow.PAID_TO_DEBT: -facts["debt"], Flow.EXPIRED: facts["expired"]}


def _aside(books: _Books, facts: Facts) -> Mapping[str, int]:
    """Credits set aside (+), or given back (-) to their lots, to debt, and to *expired*."""
    _move_free(books, facts)
    for draw in facts["aside"]:
        lot = books.lots[lot_of(draw)]
        books.lots[lot.id] = replace(lot, set_aside=lot.set_aside + draw["credits"])
    paid = facts.get("paid_to_debt", 0)
    books.debt -= paid
    return {Flow.PAID_TO_DEBT: paid, Flow.EXPIRED: facts.get("expired", 0)}


def _recalled(books: _Books, facts: Facts) -> Mapping[str, int]:
    if "received" in facts:
        books.debt -= facts["paid_to_debt"]
        return {Flow.RECEIVED: facts["received"], Flow.PAID_TO_DEBT: facts["paid_to_debt"]}
    _move_free(books, facts)
    return {Flow.RECALLED: facts["recalled"]}


def _set(books: _Books, facts: Facts) -> Mapping[str, int]:
    """Settings: most of them stand beside the wallet."""
    if "auto_topup" in facts:
        terms = facts["auto_topup"]
        books.topup_below = terms["below"] if terms["enabled"] else None
    return {}


STEPS: dict[str, Callable[[_Books, Facts], Mapping[str, int]]] = {
    "purchase": _granted,
    "grant": _granted,
    "adjustment": _adjusted,
    "usage": _used,
    "renewal": _renewed,
    "plan_change": _plan_changed,
    "expiry": _ended,
    "notice": _noticed,
    "settings": _set,
    "hold": _held,
    "capture": _captured,
    "release": _let_go,
    "lapse": _let_go,
    "transfer_out": _sent,
    "transfer_in": _received,
    "freeze": _frozen,
    "revocation": _revoked,
    "restoration": _restored,
    "set_aside": _aside,
    "recall": _recalled,
}


def total_flows(history: Iterable[Entry], *, start: Wallet | None = None) -> Counter[str]:
    """Add up the statement's columns over a history, or over what followed *start*."""
    books, total = _opened(start or Wallet(wallet_id="")), Counter[str]()
    for entry in history:
        books.plan = books.plan or _free_from(entry.at)
        for step in (*entry.facts.get("also", ()), entry.facts):
            total.update(STEPS[step["kind"]](books, {**step, "at": entry.facts["at"], "seq": entry.seq}))
    return total
