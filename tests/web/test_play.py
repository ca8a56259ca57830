"""The switch on the demo's page: time, use, refunds and disputes, and what the books make of them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.browsing import Place, Visitor


def play(visitor: Visitor, name: str, told: str) -> None:
    visitor.press(name)
    expect(visitor.page.locator("#told")).to_contain_text(told)


def test_the_demo_opens_signed_in_with_days_of_use_and_something_to_look_at(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.place.api}/")

    visitor.sees("acct_demo, owner of team_demo")
    visitor.sees("Predictions: all 1,000 are used up.")
    visitor.sees("held for running jobs")
    visitor.press("90 days")
    expect(visitor.page.locator("tally-usage .chart rect")).to_have_count(270)


def test_use_that_goes_over_the_plan_costs_credits(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id)
    visitor.open()
    visitor.balance("1,000 credits")
    visitor.page.locator("#play summary").click()

    play(visitor, "Use 25 predictions", "25 predictions used: 50 credits.")

    visitor.balance("950 credits")


def test_credits_follow_money_that_goes_back(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id)
    place.use(visitor.wallet_id, 170)
    visitor.open("/history")
    visitor.balance("400 credits")
    visitor.page.locator("#play summary").click()

    play(visitor, "Dispute the last payment", "The bank has been heard.")
    visitor.balance("0 credits")
    visitor.sees("400 set aside during a dispute")
    play(visitor, "Win the dispute", "The bank has been heard.")
    visitor.balance("400 credits")
    play(visitor, "Refund the last payment", "The money went back")
    visitor.balance("0 credits")
    visitor.sees("You owe 600 credits; what you buy next pays them first")
    play(visitor, "Refund the last payment", "There is no payment that could go back.")


def test_time_passes_day_by_day_and_plans_are_renewed(visitor: Visitor, place: Place) -> None:
    place.subscribe(visitor.wallet_id)
    before = place.get("/api/user/subscription", visitor.wallet_id)["next_billing_at"]
    visitor.open("/billing")
    visitor.page.locator("#play summary").click()

    play(visitor, "A month later", "Time has passed")
    play(visitor, "A day later", "Time has passed")

    after = place.get("/api/user/subscription", visitor.wallet_id)
    assert after["status"] == "active"
    assert after["next_billing_at"] > before
    assert len(place.get("/api/user/payments", visitor.wallet_id)["payments"]) == 2
