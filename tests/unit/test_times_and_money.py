"""Times in whole milliseconds, money in minor units."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.times import from_ms, from_text, to_grain, to_ms, to_text
from tests.builders import NOON


def test_a_time_is_written_with_three_digits_and_z() -> None:
    assert to_text(NOON + timedelta(milliseconds=7)) == "2026-11-22T12:00:00.007Z"


def test_a_time_reads_back_from_text_and_number() -> None:
    at = NOON + timedelta(milliseconds=7)

    assert from_text(to_text(at)) == at == from_ms(to_ms(at))


def test_finer_than_a_millisecond_is_cut_off() -> None:
    assert to_grain(NOON + timedelta(microseconds=1999)) == NOON + timedelta(milliseconds=1)


def test_any_offset_is_read_as_utc() -> None:
    assert from_text("2026-11-22T13:00:00+01:00") == NOON
    assert to_ms(NOON.astimezone(timezone(timedelta(hours=5)))) == to_ms(NOON)


@pytest.mark.parametrize("text", ["2026-11-22T12:00:00", "yesterday", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|Invalid"):
        from_text(text)


def test_the_epoch_is_zero() -> None:
    assert to_ms(datetime(1970, 1, 1, tzinfo=UTC)) == 0


@pytest.mark.parametrize(("currency", "exponent"), [("usd", 2), ("jpy", 0), ("kwd", 3)])
def test_the_exponent_comes_with_the_currency(currency: str, exponent: int) -> None:
    assert Money(5, currency).exponent == exponent
    assert Money(5, currency) * 3 == Money(15, currency)
