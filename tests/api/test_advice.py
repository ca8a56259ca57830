"""Honest advice from the outside: the cheapest option with its sums, and plans side by side."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.desk import ADMIN, MONEY, SERVICE, Desk, refusal
from tests.api.subscriber import PATH, Subscriber
from tests.webhooks.premises import WALLET

ADVICE, COMPARE = "/api/user/recommendation", "/api/plans/compare"
MEMBER = (("team_a", "member"),)


def advised(desk: Desk, query: str = "", **how: Any) -> dict[str, Any]:
    reply = desk.get(ADVICE + query, **how)
    assert reply.status == 200, reply.body
    assert reply.headers["cache-control"] == "no-store"
    found: dict[str, Any] = reply.json()
    return found


def months(desk: Desk, *pulls: int, calls: int = 0) -> None:
    """Use so many pull requests in each month, and API calls, and let it go by."""
    desk.give(100_000)
    for number, quantity in enumerate(pulls):
        if quantity:
            desk.use(quantity, key=f"m{number}")
        if calls:
            desk.use(calls, key=f"c{number}", meter="api_calls")
        desk.premises.advance(days=31)
    desk.use(1, key="last")


def test_a_wallet_without_a_finished_month_gets_the_reason_and_no_advice(desk: Desk) -> None:
    for use in (None, 5):
        if use:
            desk.use(use, key="u1")
        said = advised(desk)
        assert (said["recommended"], said["options"], said["break_even"]) == (None, [], None)
        assert said["based_on"] == {"periods": 0, "from": None, "to": None}
        assert said["message"].startswith("There is nothing to go by yet")


def test_who_uses_much_is_told_which_plan_is_cheaper_and_from_which_use_on(desk: Desk) -> None:
    months(desk, 400, 450, 420, calls=20_000)

    said = advised(desk)

    assert said["current"]["plan_id"] == "free"
    assert (said["recommended"]["plan_id"], said["recommended"]["interval"]) == ("pro", "year")
    assert said["recommended"]["cost"] == {"amount_minor": 2417, "currency": "usd", "exponent": 2}
    assert said["recommended"]["saves"]["amount_minor"] > 0
    assert said["options"][0] == said["recommended"]
    costs = [each["cost"]["amount_minor"] for each in said["options"]]
    assert costs == sorted(costs)
    assert said["recommended"]["cost"]["amount_minor"] <= said["current"]["cost"]["amount_minor"]
    assert said["break_even"]["meter"] == "api_calls", "what costs the most credits"
    assert said["break_even"]["holds"] == "from"
    assert said["based_on"]["periods"] == 3
    assert said["not_counted"]
    assert said["message"].startswith("Pro, paid yearly,")


def test_who_uses_little_is_told_to_stay(desk: Desk) -> None:
    months(desk, 10, 0, 20)

    said = advised(desk)

    assert (said["recommended"]["plan_id"], said["recommended"]["saves"]["amount_minor"]) == ("free", 0)
    assert said["message"] == "You are on the cheapest option for what you used."
    assert said["break_even"] is None
    assert [each for each in said["options"] if each["plan_id"] == "free"] == [said["recommended"]]


def test_a_plan_that_is_too_large_is_said_to_be(desk: Desk) -> None:
    ada = Subscriber(desk)
    ada.subscribe("team")
    months(desk, 10, 20, 30)
    for _ in range(3):
        ada.renew(next(iter(ada.at_stripe("subscription"))))

    said = advised(desk)

    assert said["current"]["plan_id"] == "team"
    assert said["recommended"]["plan_id"] == "free"
    assert said["recommended"]["saves"] == {"amount_minor": 9900, "currency": "usd", "exponent": 2}


def test_an_admins_plan_costs_nothing_and_is_kept(desk: Desk) -> None:
    boss = desk.token("boss", scope=ADMIN)
    desk.post(PATH, {"wallet_id": WALLET, "plan_id": "team"}, key="set", token=boss)
    months(desk, 400, 450, 420)

    said = advised(desk)

    assert (said["current"]["plan_id"], said["current"]["cost"]["amount_minor"]) == ("team", 0)
    assert said["recommended"]["plan_id"] == "team"


def test_the_incentive_is_in_the_sums_of_a_first_plan_only(desk: Desk) -> None:
    months(desk, 400, 450, 420)
    [monthly] = [e for e in advised(desk)["options"] if (e["plan_id"], e["interval"]) == ("pro", "month")]
    assert monthly["incentive"]["percent_off"] == 20
    assert monthly["cost"]["amount_minor"] == 2707, "8700 less 580, over three months"

    ada = Subscriber(desk)
    ada.subscribe("pro")
    ada.cancel("now")
    desk.premises.advance(days=31)
    desk.use(1, key="after")
    [monthly] = [e for e in advised(desk)["options"] if (e["plan_id"], e["interval"]) == ("pro", "month")]
    assert monthly["incentive"] is None


def test_repositories_that_stood_before_the_months_are_counted(desk: Desk) -> None:
    desk.give(100_000)
    body = {"wallet_id": WALLET, "meter": "repositories", "set": 15}
    desk.post("/api/user/usage/increment", body, key="g", token=desk.token("svc", scope=SERVICE))
    desk.premises.advance(days=150)
    desk.use(1, key="u")
    desk.premises.advance(days=1)
    desk.use(1, key="u2")

    free = next(each for each in advised(desk)["options"] if each["plan_id"] == "free")

    assert sum(each["credits"] for each in free["packages"]) >= 3 * 12 * 100


def test_plans_stand_side_by_side_with_the_own_use(desk: Desk) -> None:
    desk.use(40, key="u1")

    said = desk.get(f"{COMPARE}?to=team").json()

    assert (said["from"]["plan_id"], said["to"]["plan_id"]) == ("free", "team")
    rows = {each["row"]: each for each in said["rows"]}
    quota = {
        "row": "quotas.pull_requests",
        "kind": "quota",
        "name": "Pull requests",
        "from": 50,
        "to": 2500,
        "used": 40,
    }
    assert rows["quotas.pull_requests"] == quota
    assert rows["rates.pull_requests"]["to"] == {"credits": 3, "per": 1}
    assert rows["quotas.feedback"]["to"] is None, "unlimited"
    assert rows["prices.month"]["to"]["amount_minor"] == 9900
    assert said["price_difference"] == {"amount_minor": 9900, "currency": "usd", "exponent": 2}
    assert said["price_difference"].keys() == MONEY
    assert said["incentive"]["percent_off"] == 20


def test_the_price_that_is_paid_is_compared(desk: Desk) -> None:
    Subscriber(desk).subscribe("pro", "year")

    said = desk.get(f"{COMPARE}?to=team").json()

    assert said["price_difference"]["amount_minor"] == 99000 - 29000
    assert said["incentive"] is None


@pytest.mark.parametrize("query", ["", "?to=gold", "?to=pro&to=team"])
def test_a_plan_to_compare_with_is_wanted(desk: Desk, query: str) -> None:
    with desk.changing_nothing():
        refusal(desk.get(COMPARE + query), 400, "invalid_request", "to")


@pytest.mark.parametrize("path", [ADVICE, f"{COMPARE}?to=pro"])
def test_advice_is_for_customers_and_members(desk: Desk, path: str) -> None:
    joint = "&" if "?" in path else "?"
    for scope in (SERVICE, ADMIN):
        refusal(desk.get(path, token=desk.token("x", scope=scope)), 403, "forbidden")
    refusal(desk.get(f"{path}{joint}wallet=team_b"), 404, "not_found")
    assert desk.get(f"{path}{joint}wallet=team_a", token=desk.token(teams=MEMBER)).status == 200
