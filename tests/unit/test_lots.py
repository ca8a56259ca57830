"""Lots: burn order and ends."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from chalicelib.domain.lots import Draw, LotId, Source, burn_down, burn_order
from tests.builders import DAY, NOON, lot


def test_soonest_expiry_pays_first() -> None:
    draws = burn_down([lot(1, 10), lot(2, 4, days=1)], 6, now=NOON)

    assert draws == (Draw(LotId(2), 4), Draw(LotId(1), 2))


def test_burn_order_is_priority_then_expiry_then_promo_then_age_then_id() -> None:
    ordered = [
        lot(9, 1, priority=10),
        lot(8, 1, days=1),
        lot(7, 1, days=2, source=Source.PROMO),
        lot(6, 1, days=2),
        lot(5, 1, source=Source.PLAN, granted_at=NOON - DAY),
        lot(3, 1, source=Source.ADJUSTMENT, id=LotId(3, 0)),
        lot(3, 1, source=Source.ADJUSTMENT, id=LotId(3, 1)),
    ]

    for shuffled in permutations(ordered, len(ordered)):
        assert sorted(shuffled, key=burn_order) == ordered


def test_ended_and_empty_lots_pay_nothing() -> None:
    lots = [lot(1, 5, days=0), lot(2, 0, held=3), lot(3, 2)]

    assert burn_down(lots, 4, now=NOON) == (Draw(LotId(3), 2),)


@pytest.mark.parametrize(
    ("seconds", "spendable"),
    [(-1, True), (0, False), (1, False)],
)
def test_a_lot_can_be_drawn_until_the_instant_of_its_end(seconds: int, *, spendable: bool) -> None:
    ends = lot(1, 5, days=20)

    assert ends.is_spendable(NOON + 20 * DAY + timedelta(seconds=seconds)) is spendable


def test_without_a_notice_a_long_lot_never_ends() -> None:
    unnoticed = lot(1, 5, days=20, noticed_at=None)

    assert unnoticed.ends_at is None
    assert unnoticed.is_spendable(NOON + 400 * DAY)


def test_a_late_notice_moves_the_end_to_seven_days_after_it() -> None:
    late = lot(1, 5, days=20, noticed_at=NOON + 19 * DAY)

    assert late.ends_at == NOON + 26 * DAY


@pytest.mark.parametrize(
    "exempt",
    [
        lot(1, 5, days=13, noticed_at=None),
        lot(1, 5, days=13, noticed_at=None, source=Source.PLAN),
        lot(1, 5, days=30, noticed_at=None, source=Source.PLAN),
    ],
)
def test_short_offers_and_plan_lots_end_without_notice(exempt: object) -> None:
    assert exempt.ends_at == exempt.expires_at  # type: ignore[attr-defined]


def test_a_lot_of_exactly_fourteen_days_needs_a_notice() -> None:
    assert lot(1, 5, days=14).needs_notice
    assert not lot(1, 5).needs_notice


@pytest.mark.parametrize("name", [LotId(7), LotId(7, 3)])
def test_a_lots_name_reads_back(name: LotId) -> None:
    assert LotId.parse(str(name)) == name


def test_left_is_free_held_and_set_aside() -> None:
    assert lot(1, 5, granted=10, held=2, set_aside=3).left == 10
