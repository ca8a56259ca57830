"""The wallet item stays within one kilobyte in its full layout: that is two write units a use, for good."""

from __future__ import annotations

from dataclasses import replace

from bench.units import size_of
from chalicelib.domain.catalog import Rate, Terms
from chalicelib.domain.days import Day
from chalicelib.domain.holds import HeldUse, Hold
from chalicelib.domain.lots import Draw, LotId, Source
from chalicelib.domain.wallet import PACE_DAYS, MeterState, RunningPlan, Tenure, Wallet
from chalicelib.store import items
from tests.builders import NOON, lot

METERS = ("pull_requests", "repositories", "api_calls", "predictions")


HELD = Hold(
    seq=100050,
    draws=(Draw(LotId(100004), 120),),
    lapses_at=NOON,
    use=HeldUse(
        meter="predictions",
        quantity=600,
        base=12345,
        period_start=NOON,
        terms=Terms(quota=12400, rate=Rate(credits=1, per=4)),
    ),
)


def full_wallet() -> Wallet:
    """Four lots, two of them bought, and a busy day."""
    bought = {"purchase_id": "pur_01kajy9w0001234567ab", "granted": 21000}
    lots = (
        lot(100001, 20123, days=365, warned=30, **bought),
        lot(100002, 4321, days=730, **bought),
        lot(100003, 99, days=20, source=Source.PLAN, noticed_at=None),
        lot(100004, 500, days=90, source=Source.PROMO, priority=10, held=120),
    )
    today = Day(
        date=NOON.date(),
        first_seq=123400,
        meters=dict.fromkeys(METERS, 12345),
        kinds={"usage": (4321, -54321), "purchase": (1, 21000)},
        flows={"used": 54321, "bought": 21000},
    )
    return Wallet(
        wallet_id="auth0|64b7f3e2a9c1d05e8f" + "0" * 12,
        seq=123456,
        head=b"h" * 32,
        last_at=NOON,
        lots=lots,
        debt=123,
        debt_since=123400,
        today=today,
        last_purchase=21000,
        plan=RunningPlan(
            plan_id="enterprise",
            set_by="stripe",
            anchor=NOON,
            period_start=NOON,
            spent=123456,
            granted=("enterprise",),
            tenure=Tenure(until=NOON),
        ),
        meters={name: MeterState(12345, 12345) for name in METERS},
        pace=(1234,) * PACE_DAYS,
        latches={**{f"quota:{name}": 90 for name in METERS}, "low_balance": 1, "topup": 1},
        holds=(HELD,),
        frozen=True,
        topup_below=5000,
        due_at=NOON,
    )


def test_the_wallet_item_in_its_full_layout_fits_one_kilobyte() -> None:
    item = items.wallet_to_item(full_wallet())

    print(f"wallet item, 4 meters, 4 lots, 1 hold, latches: {size_of(item)} bytes")
    assert size_of(item) <= 1024


def test_an_empty_wallet_is_small() -> None:
    assert (
        size_of(
            items.wallet_to_item(
                replace(full_wallet(), lots=(), today=None, meters={}, plan=None, pace=(), latches={}, holds=())
            )
        )
        <= 160
    )
