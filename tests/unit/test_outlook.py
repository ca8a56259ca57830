"""The outlook of a wallet: which lots count, and what is lost of them at the pace of the last days."""

from __future__ import annotations

from datetime import date

from chalicelib.domain.days import Day
from chalicelib.domain.lots import LotId
from chalicelib.domain.outlook import lost_at_pace, outlook
from chalicelib.domain.wallet import PACE_DAYS, Wallet
from tests.builders import DAY, NOON, lot

TODAY = Day(date=date(2026, 11, 22), first_seq=1)
SPENDING = Wallet(
    wallet_id="acct_a",
    pace=(10,) * PACE_DAYS,
    today=TODAY,
    lots=(lot(1, 1000, days=10), lot(2, 50), lot(3, 70, days=-1), lot(4, 0, days=3)),
)


def test_without_a_past_nothing_is_foretold() -> None:
    fresh = Wallet(wallet_id="acct_a", lots=(lot(1, 1000, days=10),))

    assert outlook(fresh, NOON) is None
    assert lost_at_pace(fresh, LotId(1), NOON) is None


def test_what_is_not_used_by_its_end_is_lost() -> None:
    lost = lost_at_pace(SPENDING, LotId(1), NOON)

    assert lost is not None
    assert 850 <= lost <= 950  # ten days of ten


def test_what_never_ends_has_ended_or_is_empty_is_not_lost() -> None:
    assert [lost_at_pace(SPENDING, LotId(seq), NOON) for seq in (2, 3, 4)] == [0, 0, 0]


def test_after_days_without_use_more_of_it_is_lost() -> None:
    early, late = (lost_at_pace(SPENDING, LotId(1), at) for at in (NOON, NOON + 9 * DAY))

    assert early is not None
    assert late is not None
    assert early < late <= 1000
