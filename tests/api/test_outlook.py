"""What lies ahead of a wallet: when credits and quotas run out, what ends, and what a customer is warned of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.times import from_text
from chalicelib.services.deadlines import announce_due, expire_due
from chalicelib.store.items import wallet_to_item
from tests.api.desk import ADMIN, Desk
from tests.builders import DAY, NOON

BALANCE, USAGE = "/api/credits/balance", "/api/user/usage"
THREE = ["earliest", "likely", "latest"]
HOUR = timedelta(hours=1)


def balance(desk: Desk, query: str = "") -> dict[str, Any]:
    said: dict[str, Any] = desk.get(BALANCE + query).json()
    return said


def meters(desk: Desk, query: str = "") -> dict[str, dict[str, Any]]:
    return {meter["meter"]: meter for meter in desk.get(USAGE + query).json()["meters"]}


def warned(desk: Desk, path: str = BALANCE) -> dict[str, str]:
    return {each["code"]: each["message"] for each in desk.get(path).json()["warnings"]}


def use_daily(desk: Desk, days: int, quantity: int, meter: str = "pull_requests") -> None:
    """Use so much at noon of so many days, the last time yesterday."""
    for _ in range(days):
        assert desk.use(quantity, key=f"{meter}-{desk.premises.at:%m%d}", meter=meter).status == 200
        desk.premises.advance(days=1)


def instants(told: dict[str, str]) -> list[datetime]:
    assert list(told) == THREE
    return [from_text(told[name]) for name in THREE]


def notice(desk: Desk) -> int:
    report = announce_due(wiring.errand("send_alerts"))
    assert report.failures == []
    return report.counts["noticed"]


def the_end(desk: Desk) -> tuple[str, object]:
    """The only lot's end, as the lot has it and as the balance has it."""
    said = balance(desk)
    (lot,) = said["lots"]
    return lot["expires_at"], said["expiring_next"] and said["expiring_next"]["at"]


# Credits


def test_a_short_past_forecasts_nothing(desk: Desk) -> None:
    desk.pay(desk.buy())
    assert balance(desk)["runs_out"] is None

    use_daily(desk, 6, 20)
    assert balance(desk)["runs_out"] is None

    use_daily(desk, 1, 4)
    assert balance(desk)["runs_out"] is not None


def test_ten_days_of_use_say_when_credits_run_out(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.use(50, key="quota")
    use_daily(desk, 10, 4)  # 20 credits a day; 800 are left for 40 days

    said = balance(desk)
    earliest, likely, latest = instants(said["runs_out"])

    assert said["available"] == 800
    assert (earliest, likely, latest) == (
        NOON + 10 * DAY - HOUR * 12 + 32 * DAY,
        NOON + 10 * DAY - HOUR * 12 + 40 * DAY,
        NOON + 10 * DAY - HOUR * 12 + 50 * DAY,
    )


def test_a_wallet_that_spends_nothing_runs_out_of_nothing(desk: Desk) -> None:
    desk.pay(desk.buy())
    use_daily(desk, 10, 1)

    assert balance(desk)["runs_out"] is None


def test_a_low_balance_is_a_warning_with_a_way_out(desk: Desk) -> None:
    desk.pay(desk.buy())
    assert warned(desk) == {}

    desk.use(50 + 181, key="u1")

    said = balance(desk)
    assert (said["available"], said["low"], said["low_below"]) == (95, True, 100)
    assert warned(desk)["low_balance"] == "95 credits are left. That is less than 100."
    assert warned(desk, USAGE)["low_balance"] == warned(desk)["low_balance"]
    assert {"buy_credits", "upgrade"} == {each["action"] for each in said["actions"]}
    assert all(set(each) <= {"code", "meter", "message"} for each in said["warnings"])


def test_debt_is_a_warning(desk: Desk) -> None:
    desk.give(100)
    owing = replace(desk.premises.wallet(), debt=130)
    names = desk.premises.store.names
    desk.premises.store.connection.dispatch("PutItem", {"TableName": names.wallets, "Item": wallet_to_item(owing)})

    said = balance(desk)

    assert (said["available"], said["debt"]) == (0, 130)
    assert warned(desk)["debt"] == "You owe 130 credits. What you buy next pays them first."
    assert warned(desk, USAGE)["debt"] == warned(desk)["debt"]


def test_a_quota_that_is_used_up_is_a_warning_in_the_balance_too(desk: Desk) -> None:
    desk.use(40, key="u1")
    assert list(warned(desk)) == ["quota_warning"]
    desk.use(10, key="u2")
    assert list(warned(desk)) == list(warned(desk, USAGE)) == ["quota_exceeded"]


# Ends


def test_an_end_is_a_warning_from_thirty_days_before(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.premises.advance(days=335, microseconds=-1000)
    assert warned(desk) == {}

    desk.premises.advance(microseconds=1000)

    assert warned(desk)["expiring"] == "1,000 credits end on 22 November 2027 if you don't use them."
    assert warned(desk, USAGE)["expiring"] == warned(desk)["expiring"]


def test_an_end_moves_as_long_as_nobody_was_told(desk: Desk) -> None:
    desk.give(70, ends_at=NOON + 20 * DAY)
    granted = "2026-12-12T12:00:00.000Z"
    assert the_end(desk) == (granted, granted)

    desk.premises.advance(days=19, hours=23, minutes=59)
    assert the_end(desk) == ("2026-12-19T11:00:00.000Z",) * 2
    desk.premises.advance(minutes=1)
    assert the_end(desk) == ("2026-12-19T12:00:00.000Z",) * 2
    desk.premises.advance(days=100, minutes=59)
    assert the_end(desk) == ("2027-03-29T12:00:00.000Z",) * 2
    assert balance(desk)["available"] == 70


def test_an_end_stands_once_the_last_notice_was_recorded(desk: Desk) -> None:
    desk.give(70, ends_at=NOON + 20 * DAY)
    desk.premises.advance(days=25, minutes=10)

    assert (notice(desk), notice(desk)) == (1, 0)

    ends_at = "2026-12-24T12:10:00.000Z"
    assert the_end(desk) == (ends_at, ends_at)
    desk.premises.advance(days=6)
    assert the_end(desk) == (ends_at, ends_at)
    desk.premises.advance(days=1)
    said = balance(desk)
    assert (said["available"], said["lots"], said["expiring_next"]) == (0, [], None)


def test_a_notice_in_time_moves_no_end(desk: Desk) -> None:
    desk.give(70, ends_at=NOON + 40 * DAY)
    desk.premises.advance(days=10)
    assert notice(desk) == 1  # thirty days before
    desk.premises.advance(days=23)
    assert notice(desk) == 1  # seven days before

    assert the_end(desk)[0] == "2027-01-01T12:00:00.000Z"
    notices = desk.get("/api/credits/history?type=notice").json()["entries"]
    assert [(each["days"], each["is_last"]) for each in notices] == [(7, True), (30, False)]


def test_the_first_notice_alone_ends_nothing(desk: Desk) -> None:
    desk.give(70, ends_at=NOON + 40 * DAY)
    desk.premises.advance(days=10)
    assert notice(desk) == 1

    desk.premises.advance(days=40)

    assert (balance(desk)["available"], the_end(desk)[0]) == (70, "2027-01-18T12:00:00.000Z")
    assert expire_due(wiring.errand("expire_credits")).counts["expired"] == 0


# The same answer


@pytest.mark.parametrize("path", [BALANCE, USAGE])
def test_an_answer_stays_the_same_within_the_hour(desk: Desk, path: str) -> None:
    desk.give(700, ends_at=NOON + 20 * DAY)
    desk.use(50, key="quota")
    for day in range(25):
        desk.use(38, key=f"calls-{day}", meter="api_calls")
        use_daily(desk, 1, 2)
    desk.premises.advance(minutes=1)  # past the lot's end, of which nobody was told
    first = desk.get(path)
    assert b'"runs_out":{"earliest":' in first.body

    for _ in range(6):
        desk.premises.advance(minutes=9)
        assert desk.get(path, If_None_Match=first.headers["etag"]).status == 304


def test_an_answer_changes_with_the_hour_as_an_end_moves(desk: Desk) -> None:
    desk.give(700, ends_at=NOON + 20 * DAY)
    desk.premises.advance(days=20, minutes=59)
    before = desk.get(BALANCE).headers["etag"]

    desk.premises.advance(minutes=1)

    assert desk.get(BALANCE, If_None_Match=before).status == 200


def test_a_past_balance_says_what_was_said_then(desk: Desk) -> None:
    desk.pay(desk.buy())
    desk.give(70, ends_at=NOON + 20 * DAY)
    said: list[dict[str, Any]] = []
    for day in range(35):
        desk.use(10, key=f"u{day}")
        desk.premises.advance(hours=7)
        notice(desk)
        said.append(balance(desk))
        desk.premises.advance(hours=17)
        assert expire_due(wiring.errand("expire_credits")).failures == []

    assert {each["runs_out"] is None for each in said} == {True, False}
    assert {len(each["lots"]) for each in said} == {1, 2}
    for each in said:
        assert balance(desk, f"?at={each['as_of']}") == each
    assert desk.premises.faults() == []


# Quotas


def test_ten_days_of_use_say_when_a_quota_runs_out(desk: Desk) -> None:
    use_daily(desk, 10, 50, "api_calls")  # 500 of 1,000; ten more days

    said = meters(desk)

    assert said["api_calls"]["used"] == 500
    earliest, likely, latest = instants(said["api_calls"]["runs_out"])
    today = datetime(2026, 12, 2, tzinfo=NOON.tzinfo)
    assert (earliest, likely, latest) == (today + 8 * DAY, today + 10 * DAY, today + 12.5 * DAY)
    assert {name for name, meter in said.items() if meter["runs_out"]} == {"api_calls"}


@pytest.mark.parametrize("days", [6, 7])
def test_a_quota_is_forecast_from_seven_days_on(desk: Desk, days: int) -> None:
    use_daily(desk, days, 50, "api_calls")

    assert (meters(desk)["api_calls"]["runs_out"] is None) == (days < 7)


def test_the_forecast_is_the_same_on_every_chart(desk: Desk) -> None:
    use_daily(desk, 2, 400, "api_calls")
    desk.premises.advance(days=30)
    use_daily(desk, 12, 70, "api_calls")

    told = [meters(desk, f"?days={days}")["api_calls"]["runs_out"] for days in (7, 30, 90)]

    assert told[0] is not None
    assert told == [told[0]] * 3
    assert [len(desk.get(f"{USAGE}?days={days}").json()["daily"]) for days in (7, 30, 90)] == [7, 30, 90]


def test_idle_days_of_a_wallet_that_is_known_count_as_none_used(desk: Desk) -> None:
    use_daily(desk, 1, 5, "feedback")
    desk.premises.advance(days=40)
    use_daily(desk, 2, 480, "api_calls")

    told = meters(desk)["api_calls"]["runs_out"]
    assert (told["likely"], told["latest"]) == ("2027-01-09T08:00:00.000Z", None)  # there was a week without use


def test_a_quota_that_lasts_to_the_periods_end_does_not_run_out(desk: Desk) -> None:
    use_daily(desk, 10, 20, "api_calls")

    assert meters(desk)["api_calls"]["runs_out"] is None


def test_a_quota_that_is_used_up_runs_out_no_more(desk: Desk) -> None:
    desk.give(100)
    use_daily(desk, 10, 101, "api_calls")

    assert (meters(desk)["api_calls"]["level"], meters(desk)["api_calls"]["runs_out"]) == ("exceeded", None)


def test_gauges_and_unlimited_meters_do_not_run_out(desk: Desk) -> None:
    boss = desk.token("boss", scope=ADMIN)
    desk.post("/api/user/subscription", {"wallet_id": "acct_a", "plan_id": "enterprise"}, token=boss)
    use_daily(desk, 10, 9, "pull_requests")
    use_daily(desk, 1, 9, "feedback")

    assert {meter["runs_out"] for meter in meters(desk).values()} == {None}
