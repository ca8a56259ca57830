"""PynamoDB attributes for our own types: whole numbers, times as epoch milliseconds, lots and days as small maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.constants import LIST, MAP, NUMBER, STRING

from chalicelib.domain.catalog import Rate, Terms
from chalicelib.domain.days import Day
from chalicelib.domain.holds import HeldUse, Hold
from chalicelib.domain.lots import DEFAULT_PRIORITY, Draw, Lot, LotId, Origin, Source
from chalicelib.domain.moneyback import Dispute, DisputeState, MoneyFacts, Refund, RefundState
from chalicelib.domain.times import from_ms, to_ms
from chalicelib.domain.wallet import MeterState, Month, RunningPlan, Tenure

Raw = dict[str, dict[str, Any]]  # an item or a map as DynamoDB's wire has it: {name: {type: value}}


class Whole(Attribute[int]):
    """An integer. PynamoDB's own number attribute would take a float."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return f"{value:d}"

    def deserialize(self, value: str) -> int:
        return int(value)


class Moment(Attribute[datetime]):
    """A time, stored as epoch milliseconds."""

    attr_type = NUMBER

    def serialize(self, value: datetime) -> str:
        return str(to_ms(value))

    def deserialize(self, value: str) -> datetime:
        return from_ms(int(value))


class Lots(Attribute[tuple[Lot, ...]]):
    """The open lots of a wallet, each a map of one-letter names; what has its usual value is left out."""

    attr_type = LIST

    def serialize(self, value: tuple[Lot, ...]) -> list[dict[str, Raw]]:
        return [{"M": _lot_to_raw(lot)} for lot in value]

    def deserialize(self, value: list[dict[str, Raw]]) -> tuple[Lot, ...]:
        return tuple(_lot_from_raw(each["M"]) for each in value)


class Plans(Attribute[RunningPlan]):
    """The plan that runs and its period."""

    attr_type = MAP

    def serialize(self, value: RunningPlan) -> Raw:
        raw = {
            "i": {"S": value.plan_id},
            "b": {"S": value.set_by},
            "a": _number(to_ms(value.anchor)),
            "s": _number(to_ms(value.period_start)),
        }
        if value.spent:
            raw["c"] = _number(value.spent)
        if value.granted:
            raw["g"] = {"L": [{"S": plan_id} for plan_id in value.granted]}
        if value.tenure:
            raw["u"] = _number(to_ms(value.tenure.until))
            raw["f"] = _number(ENDING * value.tenure.is_ending + PAID * value.tenure.is_paid)
        if value.behind:
            raw["m"] = _number(to_ms(value.behind.start))
            raw["h"] = {"L": [{"S": plan_id} for plan_id in value.behind.granted]}
        return raw

    def deserialize(self, value: Raw) -> RunningPlan:
        return RunningPlan(
            plan_id=value["i"]["S"],
            set_by=value["b"]["S"],
            anchor=from_ms(int(value["a"]["N"])),
            period_start=from_ms(int(value["s"]["N"])),
            spent=int(value["c"]["N"]) if "c" in value else 0,
            granted=tuple(each["S"] for each in value["g"]["L"]) if "g" in value else (),
            tenure=_tenure(value) if "u" in value else None,
            behind=_month(value) if "m" in value else None,
        )


ENDING, PAID = 1, 2  # flags of a tenure, in one number


def _tenure(raw: Raw) -> Tenure:
    flags = int(raw["f"]["N"])
    return Tenure(until=from_ms(int(raw["u"]["N"])), is_ending=bool(flags & ENDING), is_paid=bool(flags & PAID))


def _month(raw: Raw) -> Month:
    return Month(from_ms(int(raw["m"]["N"])), tuple(each["S"] for each in raw["h"]["L"]))


class Meters(Attribute[Mapping[str, MeterState]]):
    """What is used of each meter: a number for a counter, level and peak for a gauge."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, MeterState]) -> Raw:
        return {
            name: _number(state.used) if state.peak is None else {"L": [_number(state.used), _number(state.peak)]}
            for name, state in value.items()
        }

    def deserialize(self, value: Raw) -> Mapping[str, MeterState]:
        return {
            name: MeterState(int(each["N"]))
            if "N" in each
            else MeterState(int(each["L"][0]["N"]), int(each["L"][1]["N"]))
            for name, each in value.items()
        }


class Numbers(Attribute[tuple[int, ...]]):
    """A short row of numbers as one text: a list would cost a byte more for each."""

    attr_type = STRING

    def serialize(self, value: tuple[int, ...]) -> str:
        return " ".join(map(str, value))

    def deserialize(self, value: str) -> tuple[int, ...]:
        return tuple(map(int, value.split()))


class Holds(Attribute[tuple[Hold, ...]]):
    """The open holds, each a map of one-letter names; what a hold of credits lacks is left out."""

    attr_type = LIST

    def serialize(self, value: tuple[Hold, ...]) -> list[dict[str, Raw]]:
        return [{"M": _hold_to_raw(hold)} for hold in value]

    def deserialize(self, value: list[dict[str, Raw]]) -> tuple[Hold, ...]:
        return tuple(_hold_from_raw(each["M"]) for each in value)


def _hold_to_raw(hold: Hold) -> Raw:
    draws = " ".join(f"{str(draw.lot_id).removeprefix('lot_')}:{draw.credits}" for draw in hold.draws)
    raw: Raw = {"i": _number(hold.seq), "d": {"S": draws}, "t": _number(to_ms(hold.lapses_at))}
    if hold.use:
        use = hold.use
        quota = "-" if use.terms.quota is None else str(use.terms.quota)
        rate = f" {use.terms.rate.credits} {use.terms.rate.per}" if use.terms.rate else ""
        raw |= {"m": {"S": use.meter}, "q": _number(use.quantity), "b": _number(use.base)}
        raw |= {"s": _number(to_ms(use.period_start)), "r": {"S": quota + rate}}
    return raw


def _hold_from_raw(raw: Raw) -> Hold:
    draws = [each.partition(":") for each in raw["d"]["S"].split()]
    return Hold(
        seq=int(raw["i"]["N"]),
        draws=tuple(Draw(LotId.parse(lot_id), int(credits)) for lot_id, _, credits in draws),
        lapses_at=from_ms(int(raw["t"]["N"])),
        use=_held_use(raw) if "m" in raw else None,
    )


def _held_use(raw: Raw) -> HeldUse:
    quota, *rate = raw["r"]["S"].split()
    return HeldUse(
        meter=raw["m"]["S"],
        quantity=int(raw["q"]["N"]),
        base=int(raw["b"]["N"]),
        period_start=from_ms(int(raw["s"]["N"])),
        terms=Terms(
            quota=None if quota == "-" else int(quota),
            rate=Rate(credits=int(rate[0]), per=int(rate[1])) if rate else None,
        ),
    )


class Facts(Attribute[MoneyFacts]):
    """What is known of money that went back: by the provider's ids, an amount and a state each."""

    attr_type = MAP

    def serialize(self, value: MoneyFacts) -> Raw:
        refunds = {
            name: {"L": [_number(each.amount_minor), _number(each.state)]} for name, each in value.refunds.items()
        }
        disputes = {
            name: {"L": [_number(each.amount_minor), _number(each.state)]} for name, each in value.disputes.items()
        }
        return {"r": {"M": refunds}, "d": {"M": disputes}}

    def deserialize(self, value: Raw) -> MoneyFacts:
        def each(raw: dict[str, Any]) -> tuple[int, int]:
            amount, state = raw["L"]
            return int(amount["N"]), int(state["N"])

        refunds = {name: each(raw) for name, raw in value["r"]["M"].items()}
        disputes = {name: each(raw) for name, raw in value["d"]["M"].items()}
        return MoneyFacts(
            refunds={name: Refund(amount, RefundState(state)) for name, (amount, state) in refunds.items()},
            disputes={name: Dispute(amount, DisputeState(state)) for name, (amount, state) in disputes.items()},
        )


class Levels(Attribute[Mapping[str, int]]):
    """Numbers by name."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, int]) -> Raw:
        return _numbers(value)

    def deserialize(self, value: Raw) -> Mapping[str, int]:
        return {name: int(each["N"]) for name, each in value.items()}


class DayOfWallet(Attribute[Day]):
    """The running day's sums."""

    attr_type = MAP

    def serialize(self, value: Day) -> Raw:
        return day_to_raw(value)

    def deserialize(self, value: Raw) -> Day:
        return day_from_raw(value)


def day_to_raw(day: Day) -> Raw:
    raw = {"d": {"S": day.date.isoformat()}, "f": _number(day.first_seq)}
    if day.credits:
        raw["c"] = _number(day.credits)
    if day.meters:
        raw["m"] = {"M": _numbers(day.meters)}
    if day.flows:
        raw["w"] = {"M": _numbers(day.flows)}
    raw["k"] = {"M": {kind: {"L": [_number(n), _number(credits)]} for kind, (n, credits) in day.kinds.items()}}
    return raw


def day_from_raw(raw: Raw) -> Day:
    return Day(
        date=date.fromisoformat(raw["d"]["S"]),
        first_seq=int(raw["f"]["N"]),
        credits=int(raw["c"]["N"]) if "c" in raw else 0,
        meters=_from_numbers(raw.get("m")),
        flows=_from_numbers(raw.get("w")),
        kinds={kind: (int(each["L"][0]["N"]), int(each["L"][1]["N"])) for kind, each in raw["k"]["M"].items()},
    )


SOURCES = {Source.PURCHASE: "b", Source.PROMO: "g", Source.PLAN: "p", Source.ADJUSTMENT: "a"}
SOURCE_OF = {letter: source for source, letter in SOURCES.items()}


def _lot_to_raw(lot: Lot) -> Raw:
    raw = {
        "i": _number(lot.id.seq),
        "s": {"S": SOURCES[lot.source]},
        "g": _number(lot.granted),
        "f": _number(lot.free),
        "t": _number(to_ms(lot.granted_at)),
    }
    optional = {
        "j": lot.id.nth,
        "h": lot.held,
        "a": lot.set_aside,
        "e": to_ms(lot.expires_at) if lot.expires_at else 0,
        "n": to_ms(lot.noticed_at) if lot.noticed_at else 0,
        "w": lot.warned or 0,
        "p": lot.priority if lot.priority != DEFAULT_PRIORITY else 0,
    }
    raw.update({name: _number(value) for name, value in optional.items() if value})
    if lot.purchase_id:
        raw["u"] = {"S": lot.purchase_id}
    if lot.origin:
        raw["o"] = {"L": [{"S": lot.origin.wallet_id}, *map(_number, lot.origin.lot_id)]}
    return raw


def _lot_from_raw(raw: Raw) -> Lot:
    def number(name: str, default: int = 0) -> int:
        return int(raw[name]["N"]) if name in raw else default

    def time(name: str) -> datetime | None:
        return from_ms(int(raw[name]["N"])) if name in raw else None

    return Lot(
        id=LotId(number("i"), number("j")),
        source=SOURCE_OF[raw["s"]["S"]],
        granted=number("g"),
        free=number("f"),
        held=number("h"),
        set_aside=number("a"),
        priority=number("p", DEFAULT_PRIORITY),
        granted_at=from_ms(number("t")),
        expires_at=time("e"),
        noticed_at=time("n"),
        warned=number("w") or None,
        purchase_id=raw["u"]["S"] if "u" in raw else None,
        origin=_origin(raw["o"]["L"]) if "o" in raw else None,
    )


def _origin(raw: list[dict[str, str]]) -> Origin:
    return Origin(raw[0]["S"], LotId(int(raw[1]["N"]), int(raw[2]["N"])))


def _number(value: int) -> dict[str, Any]:
    return {"N": str(value)}


def _numbers(table: Mapping[str, int], each: Callable[[int], dict[str, Any]] = _number) -> Raw:
    return {name: each(value) for name, value in table.items()}


def _from_numbers(raw: Mapping[str, Any] | None) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in raw["M"].items()} if raw else {}
