"""A plan in a browser: chosen, compared, changed, cancelled and resumed; advice that is followed; automatic top-up."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.web.browsing import Place, Visitor


def plan(visitor: Visitor, name: str) -> Locator:
    """Find a plan's card."""
    return visitor.page.locator("tally-plans li").filter(has=visitor.page.get_by_role("heading", name=name))


def card(visitor: Visitor, name: str) -> Locator:
    """Find one of the cards of billing."""
    return visitor.page.locator("tally-billing section").filter(has=visitor.page.get_by_role("heading", name=name))


def test_a_plan_is_chosen_paid_for_and_shown(visitor: Visitor) -> None:
    visitor.open("/pricing")
    expect(plan(visitor, "Free")).to_contain_text("Your plan")
    visitor.sees("20% off the first month")

    plan(visitor, "Pro").get_by_role("button", name="Choose").click()
    visitor.page.wait_for_url(re.compile("/pay/"))
    visitor.sees("23.20")
    visitor.press("Subscribe")

    visitor.page.wait_for_url(re.compile(visitor.wallet_id + "|/$|/\\?"))
    visitor.place.subscribed(visitor.wallet_id, "pro")
    visitor.open("/pricing")
    expect(plan(visitor, "Pro")).to_contain_text("Your plan")


def test_monthly_and_yearly_prices_stand_side_by_side_by_a_switch(visitor: Visitor) -> None:
    visitor.open("/pricing")
    expect(plan(visitor, "Pro")).to_contain_text("$29 a month")

    visitor.press("Yearly")

    expect(plan(visitor, "Pro")).to_contain_text("$290 a year")
    expect(plan(visitor, "Pro")).to_contain_text("Save 16%")
    visitor.press("Monthly")
    expect(plan(visitor, "Pro")).to_contain_text("$29 a month")


def test_plans_are_compared_with_the_own_use(visitor: Visitor, place: Place) -> None:
    place.use(visitor.wallet_id, 41)
    visitor.open("/pricing")
    expect(plan(visitor, "Free")).to_contain_text("you: 41")

    plan(visitor, "Team").get_by_role("button", name="Compare").click()

    table = visitor.page.get_by_role("region", name="Free and Team")
    expect(table.get_by_role("row", name="Pull requests 50 2,500 41", exact=True)).to_be_visible()
    expect(table.get_by_role("row", name="Price a month $0.00 $99.00", exact=True)).to_be_visible()
    visitor.sees("Difference in price: $99.00")


def test_a_running_plan_is_raised_at_once_and_another_interval_waits(visitor: Visitor, place: Place) -> None:
    place.subscribe(visitor.wallet_id)
    visitor.open("/pricing")
    expect(plan(visitor, "Pro")).to_contain_text("Your plan")

    plan(visitor, "Team").get_by_role("button", name="Choose").click()
    expect(plan(visitor, "Team")).to_contain_text("Your plan")
    visitor.press("Yearly")
    plan(visitor, "Team").get_by_role("button", name="Choose").click()

    visitor.sees("then Team, paid by the year")
    visitor.press("Billing", "link")
    visitor.sees("Changes to team on")


def test_a_plan_is_cancelled_with_what_stays_and_resumed(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id)
    place.subscribe(visitor.wallet_id)
    visitor.open("/billing")
    expect(card(visitor, "Plan")).to_contain_text("Active")

    visitor.press("Cancel plan")
    dialog = visitor.page.get_by_role("dialog", name="Cancel Pro?")
    expect(dialog).to_contain_text("1,000 bought credits stay yours.")
    dialog.get_by_role("button", name="Keep it").click()
    expect(card(visitor, "Plan")).to_contain_text("Active")
    visitor.press("Cancel plan")
    dialog.get_by_role("button", name="Cancel plan").click()

    visitor.sees("Cancelled. Your plan goes on until then.")
    expect(card(visitor, "Plan")).to_contain_text("Pro ends on")
    visitor.press("Keep my plan")
    visitor.sees("Your plan goes on.")
    expect(card(visitor, "Plan")).to_contain_text("Active")
    assert place.get("/api/user/subscription", visitor.wallet_id)["cancel_at_period_end"] is False


def test_a_plan_is_cancelled_now_with_the_keyboard_alone(visitor: Visitor, place: Place) -> None:
    place.subscribe(visitor.wallet_id)
    visitor.open("/billing")
    expect(card(visitor, "Plan")).to_contain_text("Active")
    page = visitor.page

    opener = page.get_by_role("button", name="Cancel plan").first
    visitor.tab_to(opener)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Cancel Pro?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    visitor.tab_to(dialog.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    visitor.tab_to(dialog.get_by_role("button", name="Cancel plan"))
    page.keyboard.press("Enter")

    visitor.sees("Cancelled.")
    expect(card(visitor, "Plan")).to_contain_text("Free")
    assert place.get("/api/user/subscription", visitor.wallet_id)["plan_id"] == "free"


def test_advice_is_followed(visitor: Visitor) -> None:
    visitor.wallet_id = "acct_demo"
    visitor.open("/pricing")
    visitor.sees("Our advice:")

    visitor.sees("The sums, from 2 months").click()
    visitor.sees("Taxes are not counted.")
    visitor.press("Switch to Pro (Yearly)")

    visitor.sees("then Pro, paid by the year")


def test_the_billing_portal_is_one_press_away(visitor: Visitor, place: Place) -> None:
    place.subscribe(visitor.wallet_id)
    visitor.open("/billing")

    visitor.press("Payment methods")

    visitor.page.wait_for_url(re.compile("/portal/"))


def test_payments_have_receipts_and_more_of_them_come_when_asked(visitor: Visitor, place: Place) -> None:
    for _ in range(6):
        place.buy(visitor.wallet_id)
    visitor.open("/billing")
    lines = card(visitor, "Payments").get_by_role("listitem")
    expect(lines).to_have_count(5)
    expect(lines.first).to_contain_text("$10.00")
    expect(lines.first).to_contain_text("Paid")
    expect(lines.first.get_by_role("link", name="Receipt")).to_have_attribute("href", re.compile("/receipts/"))

    visitor.press("Show more")

    expect(lines).to_have_count(6)


def test_automatic_top_up_is_set_with_a_saved_card_and_refused_without(visitor: Visitor, place: Place) -> None:
    visitor.open("/billing")
    form = card(visitor, "Automatic top-up")
    form.get_by_label("Buy credits automatically").check()
    form.get_by_label("Fill up to").fill("4000")
    form.get_by_label("At most a month").fill("50")
    visitor.press("Save")
    expect(form.get_by_role("status").filter(has_text=re.compile("card", re.IGNORECASE))).to_be_visible()

    place.buy(visitor.wallet_id, save_card=True)
    visitor.press("Try again")

    visitor.sees("Saved.")
    visitor.sees("On: credits are bought when you run low.")
    found = place.get("/api/credits/auto-topup", visitor.wallet_id)
    wanted = {"enabled": True, "below": 500, "target": 4000, "package_id": "starter", "monthly_cap_minor": 5000}
    assert {name: found[name] for name in wanted} == wanted
