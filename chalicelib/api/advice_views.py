"""How advice looks as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.api.usage_views import incentive, plan_of
from chalicelib.api.views import money
from chalicelib.domain.advice import Recommendation
from chalicelib.domain.break_even import BreakEven
from chalicelib.domain.catalog import Interval, Rate
from chalicelib.domain.comparison import Cell, Comparison, Row
from chalicelib.domain.ledger import as_text
from chalicelib.domain.money import Money
from chalicelib.domain.options import Option
from chalicelib.domain.replay import Replay

if TYPE_CHECKING:
    from chalicelib.api import shapes


def recommendation(wallet_id: str, option: Option, advised: Recommendation) -> shapes.plans.Recommendation:
    """Show what is recommended, and every option with what it would have cost a month."""
    today, based_on = advised.current, advised.based_on
    return {
        "wallet_id": wallet_id,
        "current": {
            "plan_id": option.plan.plan_id,
            "interval": option.interval.value,
            "cost": money(today.cost) if today else None,
        },
        "options": [_option(each, advised) for each in advised.options if _is_offered(each, today)],
        "recommended": _option(advised.recommended, advised) if advised.recommended else None,
        "break_even": _break_even(advised.break_even) if advised.break_even else None,
        "based_on": {
            "periods": len(based_on),
            "from": as_text(based_on[0].start) if based_on else None,
            "to": as_text(based_on[-1].end) if based_on else None,
        },
        "not_counted": list(advised.not_counted),
        "message": advised.message,
    }


def _is_offered(replay: Replay, today: Replay | None) -> bool:
    """Free by the year is Free."""
    return replay is today or replay.option.interval is Interval.MONTH or replay.option.price.amount_minor > 0


def _option(replay: Replay, advised: Recommendation) -> shapes.plans.AdvisedOption:
    saves = advised.saves(replay)
    return {
        "plan_id": replay.option.plan.plan_id,
        "name": replay.option.plan.name,
        "interval": replay.option.interval.value,
        "self_service": replay.option.plan.self_service,
        "price": money(replay.option.price),
        "packages": [
            {
                "package_id": package.package_id,
                "quantity": quantity,
                "credits": package.total_credits * quantity,
                "price": money(package.price * quantity),
            }
            for package, quantity in replay.packages
        ],
        "cost": money(replay.cost),
        "saves": money(saves) if saves else None,
        "incentive": incentive(replay.option.incentive),
    }


def _break_even(found: BreakEven) -> shapes.plans.BreakEven:
    return {
        "meter": found.meter,
        "quantity": found.quantity,
        "holds": found.holds.value,
        "least": found.least,
        "most": found.most,
    }


def comparison(compared: Comparison) -> shapes.plans.Comparison:
    """Show two plans side by side."""
    return {
        "from": plan_of(compared.current),
        "to": plan_of(compared.other),
        "rows": [_row(row) for row in compared.rows],
        "price_difference": money(compared.price_difference) if compared.price_difference else None,
        "incentive": incentive(compared.incentive),
    }


def _row(row: Row) -> shapes.plans.ComparisonRow:
    shown: shapes.plans.ComparisonRow = {
        "row": row.row,
        "kind": row.kind.value,
        "name": row.name,
        "from": _cell(row.current),
        "to": _cell(row.other),
    }
    if row.used is not None:
        shown["used"] = row.used
    return shown


def _cell(cell: Cell) -> shapes.plans.Cell:
    if isinstance(cell, Money):
        return {"amount_minor": cell.amount_minor, "currency": cell.currency, "exponent": cell.exponent}
    if isinstance(cell, Rate):
        return {"credits": cell.credits, "per": cell.per}
    return cell
